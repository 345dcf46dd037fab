//! Cross-entropy through softmax, against labels or soft targets.

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
}

/// Probabilities below this are taken for it in the loss (not in the gradient): its logarithm must be finite.
const SMALLEST: f32 = 1e-37;

/// NaN stays NaN (`f32::max` would swallow it): training must see that it has diverged.
fn logarithm(probability: f32) -> f32 {
    if probability < SMALLEST { SMALLEST.ln() } else { probability.ln() }
}

/// The mean cross-entropy of `rows` and, in place of the probabilities `[classes][lanes]`, its gradient by
/// the logits: `(q - p) / rows` (Hinton, Vinyals & Dean 2014, equation 2 at temperature 1). Lanes beyond the rows
/// get 0.
pub(crate) fn cross_entropy(
    targets: Targets<'_>,
    rows: &[u32],
    lanes: usize,
    probabilities: &mut [f32],
) -> f32 {
    let share = 1.0 / rows.len() as f32;
    let mut loss = 0.0;
    let classes = probabilities.len() / lanes;
    match targets {
        Targets::Labels(labels) => {
            for (lane, &row) in rows.iter().enumerate() {
                let of_label = &mut probabilities[labels[row as usize] as usize * lanes + lane];
                loss -= logarithm(*of_label);
                *of_label -= 1.0;
            }
        }
        Targets::Soft(soft) => {
            for (lane, &row) in rows.iter().enumerate() {
                let targets = &soft[row as usize * classes..][..classes];
                for (class, &target) in targets.iter().enumerate() {
                    let q = &mut probabilities[class * lanes + lane];
                    if target > 0.0 {
                        loss -= target * logarithm(*q);
                    }
                    *q -= target;
                }
            }
        }
    }
    for class in probabilities.chunks_exact_mut(lanes) {
        class[..rows.len()].iter_mut().for_each(|gradient| *gradient *= share);
        class[rows.len()..].fill(0.0);
    }
    loss * share
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows of two classes in 16 lanes: (0.25, 0.75), (0.5, 0.5).
    fn probabilities() -> Vec<f32> {
        let mut values = vec![0.5; 32];
        (values[0], values[16]) = (0.25, 0.75);
        values
    }

    #[test]
    fn labels_and_soft_targets_by_hand() {
        let mut gradient = probabilities();
        let loss = cross_entropy(Targets::Labels(&[9, 1, 0]), &[1, 2], 16, &mut gradient);
        assert!((loss - 0.5 * (-(0.75f32.ln()) - 0.5f32.ln())).abs() < 1e-6);
        assert_eq!((gradient[0], gradient[16], gradient[1], gradient[17]), (0.125, -0.125, -0.25, 0.25));
        assert!(gradient[2..16].iter().all(|gradient| *gradient == 0.0), "no gradient from no row");

        let mut gradient = probabilities();
        let loss = cross_entropy(Targets::Soft(&[0.5, 0.5, 1.0, 0.0]), &[0, 1], 16, &mut gradient);
        let by_hand = 0.5 * (-0.5 * 0.25f32.ln() - 0.5 * 0.75f32.ln() - 0.5f32.ln());
        assert!((loss - by_hand).abs() < 1e-6, "{loss}");
        assert_eq!((gradient[0], gradient[16], gradient[1], gradient[17]), (-0.125, 0.125, -0.25, 0.25));
    }
}
