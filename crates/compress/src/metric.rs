//! How good class probabilities are.

use serde::{Deserialize, Serialize};

/// What ensemble selection and students are judged by on validation rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Root of the mean squared difference between probabilities and the true 0s and 1s, over rows and classes:
    /// what Bucila et al. 2006 report (for two classes it is their RMSE of the positive class). Rewards
    /// calibration.
    #[default]
    Rmse,
    /// Share of rows whose most probable class is the true one.
    Accuracy,
    /// Mean negative log-probability (natural logarithm) of the true class.
    LogLoss,
    /// Area under the ROC curve, class against the others, mean over the classes that occur.
    Auc,
}

/// Probabilities are kept this far from 0 before a logarithm is taken.
const SMALLEST: f32 = 1e-7;

impl Metric {
    /// The metric's value for `probabilities`, `[labels.len()][classes]` row-major, times `scale`: a running sum
    /// of probabilities is judged without dividing it first. NaN where there is no row.
    pub fn value(self, probabilities: &[f32], scale: f32, labels: &[u32], classes: usize) -> f64 {
        let rows = probabilities.chunks_exact(classes).zip(labels);
        let mean = |sum: f64| sum / labels.len() as f64;
        match self {
            Self::Rmse => {
                let row = |(row, &label): (&[f32], &u32)| -> f64 {
                    let error = |(class, &p): (usize, &f32)| {
                        let difference = f64::from(p * scale) - f64::from(u8::from(class == label as usize));
                        difference * difference
                    };
                    row.iter().enumerate().map(error).sum()
                };
                (mean(rows.map(row).sum()) / classes as f64).sqrt()
            }
            Self::Accuracy => {
                mean(rows.filter(|(row, label)| arg_max(row) == **label as usize).count() as f64)
            }
            Self::LogLoss => {
                let row = |(row, &label): (&[f32], &u32)| {
                    -f64::from((row[label as usize] * scale).max(SMALLEST)).ln()
                };
                mean(rows.map(row).sum())
            }
            Self::Auc => mean_auc(probabilities, labels, classes),
        }
    }

    /// [`Metric::value`] turned so that more is better.
    pub fn score(self, probabilities: &[f32], scale: f32, labels: &[u32], classes: usize) -> f64 {
        let value = self.value(probabilities, scale, labels, classes);
        match self {
            Self::Rmse | Self::LogLoss => -value,
            Self::Accuracy | Self::Auc => value,
        }
    }
}

/// The place of the largest value; the first of several.
pub fn arg_max(values: &[f32]) -> usize {
    let mut best = 0;
    for (place, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = place;
        }
    }
    best
}

fn mean_auc(probabilities: &[f32], labels: &[u32], classes: usize) -> f64 {
    // With two classes both curves are the same one.
    let curves = if classes == 2 { 1..2 } else { 0..classes };
    let areas: Vec<f64> = curves.filter_map(|class| auc(probabilities, labels, classes, class)).collect();
    areas.iter().sum::<f64>() / areas.len() as f64
}

/// Mann-Whitney: the share of pairs (one row of the class, one of another) that the probability puts in the
/// right order, ties counted half. `None` where the class or the others do not occur.
fn auc(probabilities: &[f32], labels: &[u32], classes: usize, class: usize) -> Option<f64> {
    let mut rows: Vec<(f32, bool)> = probabilities
        .chunks_exact(classes)
        .zip(labels)
        .map(|(row, &label)| (row[class], label as usize == class))
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = rows.iter().filter(|row| row.1).count() as f64;
    let negatives = rows.len() as f64 - positives;
    let (mut below, mut in_order) = (0.0, 0.0);
    for tied in rows.chunk_by(|a, b| a.0 == b.0) {
        let here = tied.iter().filter(|row| row.1).count() as f64;
        let others = tied.len() as f64 - here;
        in_order += here * (below + others / 2.0);
        below += others;
    }
    (positives > 0.0 && negatives > 0.0).then(|| in_order / (positives * negatives))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Three rows of two classes: right and sure, right and unsure, wrong.
    const PROBABILITIES: [f32; 6] = [0.9, 0.1, 0.4, 0.6, 0.8, 0.2];
    const LABELS: [u32; 3] = [0, 1, 1];

    fn check(metric: Metric, expected: f64) {
        let value = metric.value(&PROBABILITIES, 1.0, &LABELS, 2);
        assert!((value - expected).abs() < 1e-6, "{metric:?}: {value}, expected {expected}");
        let doubled = PROBABILITIES.map(|p| 2.0 * p);
        let scaled = metric.value(&doubled, 0.5, &LABELS, 2);
        assert!(
            (scaled - expected).abs() < 1e-6,
            "{metric:?} of a scaled sum: {scaled}, expected {expected}"
        );
    }

    #[test]
    fn values_agree_with_hand_work() {
        // Squared errors of class 1: 0.01, 0.16, 0.64; class 0 has the same; mean 0.27.
        check(Metric::Rmse, 0.27f64.sqrt());
        check(Metric::Accuracy, 2.0 / 3.0);
        check(Metric::LogLoss, -(0.9f64.ln() + 0.6f64.ln() + 0.2f64.ln()) / 3.0);
        // Positives score 0.6 and 0.2, the negative 0.1: both pairs in order.
        check(Metric::Auc, 1.0);
    }

    #[test]
    fn ties_count_half_in_the_area() {
        // Positive 0.5 and 0.7, negative 0.5: one pair tied, one in order.
        let area = Metric::Auc.value(&[0.5, 0.5, 0.3, 0.7, 0.5, 0.5], 1.0, &[1, 1, 0], 2);
        assert!((area - 0.75).abs() < 1e-9);
    }

    #[test]
    fn the_first_of_equal_values_wins() {
        assert_eq!(arg_max(&[0.2, 0.4, 0.4]), 1);
    }
}
