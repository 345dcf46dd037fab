//! Cross-entropy through softmax, against labels or soft targets.

use crate::kernels::activate::{divide, exponentials, strips, subtract_largest};

/// What a network is to learn, for all rows of its features.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a> {
    /// The true class, one a row.
    Labels(&'a [u32]),
    /// Class probabilities, `[rows][classes]` row-major.
    Soft(&'a [f32]),
}

impl Targets<'_> {
    /// How many rows the targets are for; `None` where they do not divide into rows of `classes`.
    pub(crate) fn rows(&self, classes: usize) -> Option<usize> {
        match self {
            Self::Labels(labels) => Some(labels.len()),
            Self::Soft(soft) => (classes > 0 && soft.len() % classes == 0).then(|| soft.len() / classes),
        }
    }

    /// Number of entries, for messages.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Labels(labels) => labels.len(),
            Self::Soft(soft) => soft.len(),
        }
    }

    /// What is wrong with the target of `row`, which must be there.
    pub(crate) fn problem(&self, row: u32, classes: usize) -> Option<String> {
        match self {
            Self::Labels(labels) => {
                let label = labels[row as usize];
                (label as usize >= classes).then(|| format!("label {label}, expected less than {classes}"))
            }
            Self::Soft(soft) => {
                let target = &soft[row as usize * classes..][..classes];
                let sum: f32 = target.iter().sum();
                // Written so that NaN is refused too.
                let fits = target.iter().all(|&share| share >= 0.0) && (sum - 1.0).abs() <= SUM_TOLERANCE;
                (!fits).then(|| format!("soft target {target:?}, expected probabilities that sum to 1"))
            }
        }
    }
}

/// How far probabilities that were rounded, or printed with few digits, may be from a sum of 1.
const SUM_TOLERANCE: f32 = 1e-3;

/// The mean cross-entropy of `rows` (in nats) under the softmax of their logits and, in place of the logits
/// `[classes][lanes]`, its gradient by them: `(q - p) / rows` (Hinton, Vinyals & Dean 2014, equation 2 at
/// temperature 1). Lanes beyond the rows get 0.
///
/// With `z` the logits less their largest one, the loss of a row is `ln sum_i exp(z_i) - sum_i p_i z_i`: neither
/// overflows, nor is the logarithm of a vanishing probability taken.
pub(crate) fn softmax_cross_entropy(
    targets: Targets<'_>,
    rows: &[u32],
    lanes: usize,
    logits: &mut [f32],
) -> f32 {
    let mut loss = 0.0;
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for strip in strips(lanes) {
                let strip_rows = &rows[strip.start.min(rows.len())..strip.end.min(rows.len())];
                subtract_largest(lanes, strip.clone(), logits);
                for (lane, &row) in strip_rows.iter().enumerate() {
                    loss -= expected(targets, row, lanes, strip.start + lane, logits);
                }
                let sums = exponentials(lanes, strip.clone(), logits);
                loss += sums[..strip_rows.len()].iter().map(|&sum| f64::from(sum).ln()).sum::<f64>();
                divide(lanes, strip, &sums, logits);
            }
        },
    );
    for (lane, &row) in rows.iter().enumerate() {
        subtract_target(targets, row, lanes, lane, logits);
    }
    let share = 1.0 / rows.len() as f32;
    for class in logits.chunks_exact_mut(lanes) {
        class[..rows.len()].iter_mut().for_each(|gradient| *gradient *= share);
        class[rows.len()..].fill(0.0);
    }
    (loss / rows.len() as f64) as f32
}

/// `sum_i p_i z_i` with the target `p` of `row` and the values `z` in `lane`. A class with `p_i = 0` is left out, so that a
/// label and its one-hot soft target give the same bits.
#[inline(always)]
fn expected(targets: Targets<'_>, row: u32, lanes: usize, lane: usize, values: &[f32]) -> f64 {
    match targets {
        Targets::Labels(labels) => f64::from(values[labels[row as usize] as usize * lanes + lane]),
        Targets::Soft(soft) => {
            let values = values.iter().skip(lane).step_by(lanes);
            let target = &soft[row as usize * (values.len())..];
            let products = target.iter().zip(values).filter(|(share, _)| **share != 0.0);
            products.map(|(&share, &value)| f64::from(share) * f64::from(value)).sum()
        }
    }
}

/// Subtracts the target of `row` from the values in `lane`.
fn subtract_target(targets: Targets<'_>, row: u32, lanes: usize, lane: usize, values: &mut [f32]) {
    match targets {
        Targets::Labels(labels) => values[labels[row as usize] as usize * lanes + lane] -= 1.0,
        Targets::Soft(soft) => {
            let values = values.iter_mut().skip(lane).step_by(lanes);
            let target = &soft[row as usize * values.len()..];
            values.zip(target).for_each(|(value, share)| *value -= share);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows of two classes in 16 lanes, whose softmax is (0.25, 0.75) and (0.5, 0.5).
    fn logits() -> Vec<f32> {
        let mut values = vec![7.0; 32];
        (values[0], values[16]) = (2.0, 2.0 + 3f32.ln());
        values
    }

    fn near(found: &[f32], expected: [f32; 4]) {
        let found = [found[0], found[16], found[1], found[17]];
        let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 1e-7, "{found:?}, expected {expected:?}");
    }

    #[test]
    fn labels_and_soft_targets_by_hand() {
        let mut gradient = logits();
        let loss = softmax_cross_entropy(Targets::Labels(&[9, 1, 0]), &[1, 2], 16, &mut gradient);
        assert!((loss - 0.5 * (-(0.75f32.ln()) - 0.5f32.ln())).abs() < 1e-6, "{loss}");
        near(&gradient, [0.125, -0.125, -0.25, 0.25]);
        for class in gradient.chunks(16) {
            assert!(class[2..].iter().all(|gradient| *gradient == 0.0), "no gradient from no row");
        }

        let mut gradient = logits();
        let soft = Targets::Soft(&[0.5, 0.5, 1.0, 0.0]);
        let loss = softmax_cross_entropy(soft, &[0, 1], 16, &mut gradient);
        let by_hand = 0.5 * (-0.5 * 0.25f32.ln() - 0.5 * 0.75f32.ln() - 0.5f32.ln());
        assert!((loss - by_hand).abs() < 1e-6, "{loss}");
        near(&gradient, [-0.125, 0.125, -0.25, 0.25]);
    }

    #[test]
    fn a_hopeless_row_has_its_true_loss() {
        // The probability of the label, exp(-1000), is no number of single precision.
        let mut gradient = vec![0.0; 32];
        gradient[0] = 1000.0;
        let loss = softmax_cross_entropy(Targets::Labels(&[1]), &[0], 16, &mut gradient);
        assert_eq!(loss, 1000.0);
        assert_eq!((gradient[0], gradient[16]), (1.0, -1.0));
    }

    #[test]
    fn more_rows_than_a_strip_are_all_counted() {
        let rows: Vec<u32> = (0..100).collect();
        let labels: Vec<u32> = rows.iter().map(|row| row % 2).collect();
        let mut gradient = vec![0.0; 2 * 112];
        let loss = softmax_cross_entropy(Targets::Labels(&labels), &rows, 112, &mut gradient);
        assert!((loss - 2f32.ln()).abs() < 1e-6, "{loss}");
        for (lane, label) in labels.iter().enumerate() {
            let expected = if *label == 0 { -0.005 } else { 0.005 };
            assert!(
                (gradient[lane] - expected).abs() < 1e-8 && (gradient[112 + lane] + expected).abs() < 1e-8
            );
        }
    }

    #[test]
    fn infinite_and_missing_logits_are_not_hidden() {
        for broken in [f32::INFINITY, f32::NAN] {
            let mut gradient = logits();
            gradient[1] = broken;
            let loss = softmax_cross_entropy(Targets::Labels(&[1, 1]), &[0, 1], 16, &mut gradient);
            assert!(loss.is_nan(), "{loss}");
        }
    }

    #[test]
    fn targets_that_are_none_are_found() {
        assert_eq!(Targets::Labels(&[0, 2]).problem(0, 2), None);
        assert_eq!(Targets::Labels(&[0, 2]).problem(1, 2).unwrap(), "label 2, expected less than 2");
        let soft = [0.5, 0.5, 0.3334, 0.6667, 1.5, -0.5, f32::NAN, 1.0, 0.5, 0.4, f32::INFINITY, 0.0];
        let refused: Vec<u32> =
            (0..6).filter(|&row| Targets::Soft(&soft).problem(row, 2).is_some()).collect();
        assert_eq!(refused, [2, 3, 4, 5]);
    }
}
