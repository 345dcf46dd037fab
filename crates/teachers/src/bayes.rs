//! Features taken as independent within a class.

mod gaussian;
mod histogram;

use lessen_data::Encoded;
use lessen_units::Operations;
use serde::{Deserialize, Serialize};

use crate::examples::{Examples, Labels};
use gaussian::Gaussian;
use histogram::Histogram;

/// Naive Bayes: a class is as probable as its share times the densities of all features within it.
///
/// | setting | purpose |
/// | --- | --- |
/// | `kind` | what a feature's density within a class is taken for |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BayesSpec {
    /// What densities are taken for.
    pub kind: BayesKind,
}

/// What a feature's density within a class is taken for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BayesKind {
    /// A normal distribution.
    Gaussian,
    /// Shares of bins of equal width between the feature's least and greatest training value; what is outside falls
    /// into the outermost. Each bin is counted once more than it was seen (Laplace).
    Histogram {
        /// Bins a feature; taken as 1 where it is 0.
        bins: usize,
    },
}

impl BayesSpec {
    /// `naive Bayes, Gaussian` or `naive Bayes, 8 bins`.
    pub fn name(&self) -> String {
        match self.kind {
            BayesKind::Gaussian => "naive Bayes, Gaussian".into(),
            BayesKind::Histogram { bins } => format!("naive Bayes, {bins} bins"),
        }
    }

    pub(crate) fn fit(&self, examples: &Examples, labels: &Labels) -> Bayes {
        match self.kind {
            BayesKind::Gaussian => Bayes::Gaussian(Gaussian::fit(examples, labels)),
            BayesKind::Histogram { bins } => Bayes::Histogram(Histogram::fit(examples, labels, bins.max(1))),
        }
    }
}

/// Fitted naive Bayes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Bayes {
    Gaussian(Gaussian),
    Histogram(Histogram),
}

impl Bayes {
    /// Class probabilities of encoded rows into `[rows][classes]`.
    pub(crate) fn probabilities(&self, encoded: &Encoded, into: &mut [f32]) {
        let classes = self.classes();
        // A class at a time: one row of densities after the other, `[classes][rows]`.
        let scores = match self {
            Self::Gaussian(gaussian) => gaussian.scores(encoded),
            Self::Histogram(histogram) => histogram.scores(encoded),
        };
        for (row, into) in into.chunks_exact_mut(classes).enumerate() {
            softmax(into, |class| scores[class * encoded.rows + row]);
        }
    }

    /// What one prediction takes. Gaussian, for each class and feature: two multiply-accumulates (the deviation in
    /// units of its spread, and its square). Histogram: one multiply-accumulate a feature (which bin), and an add for
    /// each class and feature. Both: exponential, sum and division of each class, as adds.
    pub(crate) fn operations(&self) -> Operations {
        let (classes, width) = (self.classes() as u64, self.width() as u64);
        let (macs, adds) = match self {
            Self::Gaussian(_) => (2 * classes * width, 0),
            Self::Histogram(_) => (width, classes * width),
        };
        Operations { macs, adds: adds + 3 * classes, comparisons: 0 }
    }

    /// Encoded features that it takes.
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Gaussian(gaussian) => gaussian.width(),
            Self::Histogram(histogram) => histogram.width(),
        }
    }

    /// Class probabilities that it gives.
    pub(crate) fn classes(&self) -> usize {
        match self {
            Self::Gaussian(gaussian) => gaussian.classes(),
            Self::Histogram(histogram) => histogram.classes(),
        }
    }
}

/// Probabilities in proportion to the exponentials of the classes' scores; all alike where no score is finite, which
/// rows with infinite features bring about.
fn softmax(into: &mut [f32], score: impl Fn(usize) -> f64) {
    let largest = (0..into.len()).map(&score).fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() {
        into.fill(1.0 / into.len() as f32);
        return;
    }
    let sum: f64 = (0..into.len()).map(|class| (score(class) - largest).exp()).sum();
    for (class, into) in into.iter_mut().enumerate() {
        *into = ((score(class) - largest).exp() / sum) as f32;
    }
}

/// Rows of each class.
fn counts(labels: &Labels) -> Vec<u64> {
    let mut counts = vec![0; labels.classes];
    for &label in &labels.of_rows {
        counts[label as usize] += 1;
    }
    counts
}

/// The logarithm of each class' share, each counted once more than it is there: no class is impossible.
fn log_priors(counts: &[u64]) -> Vec<f64> {
    let total = (counts.iter().sum::<u64>() + counts.len() as u64) as f64;
    counts.iter().map(|&count| ((count + 1) as f64 / total).ln()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Learner;
    use crate::testing::{digits, examples, labels, line};

    fn fit(kind: BayesKind, training: &Examples) -> Bayes {
        BayesSpec { kind }.fit(training, labels(training))
    }

    fn probabilities(kind: BayesKind, training: &Examples, values: &[f32]) -> Vec<f32> {
        let mut found = vec![f32::NAN; values.len() * training.lesson.outputs()];
        fit(kind, training).probabilities(&line(values), &mut found);
        found
    }

    fn assert_near(found: &[f32], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (one, expected) in found.iter().zip(expected) {
            assert!((f64::from(*one) - expected).abs() < 1e-6, "{found:?}, expected {expected}");
        }
    }

    #[test]
    fn a_normal_posterior_by_hand() {
        // Means 1 and 6, variances 1 and 4. At 3 the exponents are -2 and -9/8, and the second is half as high.
        let training = examples(line(&[0.0, 2.0, 4.0, 8.0]), &[0, 0, 1, 1], 2);
        let odds = 2.0 * (-2.0 + 9.0 / 8.0f64).exp();
        let expected = [odds / (1.0 + odds), 1.0 / (1.0 + odds)];
        assert_near(&probabilities(BayesKind::Gaussian, &training, &[3.0]), &expected);
    }

    #[test]
    fn a_variance_is_at_least_a_share_of_the_largest() {
        // The first class does not vary, the second has mean 0 and variance 100: so the first gets 1. Shares are 4 and
        // 3 of 7.
        let training = examples(line(&[1.0, 1.0, 1.0, 10.0, -10.0]), &[0, 0, 0, 1, 1], 2);
        let all =
            [1.0, 1.0, 1.0, 10.0, -10.0].map(|value: f64| (value - 0.6).powi(2)).iter().sum::<f64>() / 5.0;
        let odds = (4.0 / 3.0) * (100.0 / (0.01 * all)).sqrt() * (1.0 / 200.0f64).exp();
        let expected = [odds / (1.0 + odds), 1.0 / (1.0 + odds)];
        assert_near(&probabilities(BayesKind::Gaussian, &training, &[1.0]), &expected);
    }

    #[test]
    fn shares_of_bins_by_hand() {
        // Two bins between 0 and 4. Class shares 4 and 2 of 6; the first class has 3/5 and 2/5 in its bins, the second
        // 1/3 and 2/3.
        let training = examples(line(&[0.0, 1.0, 3.0, 4.0]), &[0, 0, 0, 1], 2);
        let (low, high) = ([4.0 * 0.6, 2.0 / 3.0], [4.0 * 0.4, 4.0 / 3.0]);
        for (values, scores) in [([0.0, 1.9, -100.0], low), ([2.0, 4.0, 100.0], high)] {
            let sum = scores[0] + scores[1];
            let expected = [scores[0] / sum, scores[1] / sum].repeat(3);
            assert_near(&probabilities(BayesKind::Histogram { bins: 2 }, &training, &values), &expected);
        }
    }

    #[test]
    fn features_and_classes_without_information_do_no_harm() {
        // Nothing varies and the third class has no row: only shares count.
        let training = examples(line(&[5.0, 5.0, 5.0]), &[0, 0, 1], 3);
        let gaussian = probabilities(BayesKind::Gaussian, &training, &[5.0]);
        assert_near(&gaussian, &[3.0 / 6.0, 2.0 / 6.0, 1.0 / 6.0]);
        for kind in [BayesKind::Gaussian, BayesKind::Histogram { bins: 4 }] {
            for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
                let row = probabilities(kind.clone(), &training, &[value]);
                let is_probability = row.iter().all(|p| (0.0..=1.0).contains(p));
                assert!(is_probability && (row.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{value}: {row:?}");
            }
        }
    }

    #[test]
    fn arithmetic_is_counted() {
        let training = examples(line(&[0.0, 1.0]), &[0, 1], 2);
        let operations = |kind| fit(kind, &training).operations();
        assert_eq!(operations(BayesKind::Gaussian), Operations { macs: 4, adds: 6, comparisons: 0 });
        let bins = operations(BayesKind::Histogram { bins: 9 });
        assert_eq!(bins, Operations { macs: 1, adds: 2 + 6, comparisons: 0 });
    }

    #[test]
    fn digits_are_told_apart() {
        let digits = digits();
        for (kind, accuracy, loss) in
            [(BayesKind::Gaussian, 0.86, 0.5), (BayesKind::Histogram { bins: 8 }, 0.86, 0.5)]
        {
            let learned = Learner::Bayes(BayesSpec { kind: kind.clone() }).fit(&digits.training, 0).unwrap();
            let found = digits.accuracy_and_loss(&learned);
            assert!(found.0 >= accuracy && found.1 <= loss, "{kind:?}: {found:?}");
        }
    }

    #[test]
    fn names_say_the_settings() {
        let name = |kind| BayesSpec { kind }.name();
        assert_eq!(name(BayesKind::Gaussian), "naive Bayes, Gaussian");
        assert_eq!(name(BayesKind::Histogram { bins: 8 }), "naive Bayes, 8 bins");
    }
}
