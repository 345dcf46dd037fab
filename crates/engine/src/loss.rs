//! Losses and their gradients: cross-entropy through softmax, against labels or soft targets at a temperature, and
//! squared error.

use crate::kernels::activate::{divide, exponentials, strips, subtract_largest};
use crate::targets::{Blend, NO_LABEL, Targets, Taught};

/// The mean loss of `rows` given what the last layer makes of them, `[outputs][lanes]`, and, in its place, the gradient by
/// it. Lanes beyond the rows get 0. `scratch` is room that is kept from step to step.
///
/// - labels and soft targets: cross-entropy in nats under the softmax of the logits, gradient `q - p` (Hinton, Vinyals &
///   Dean 2014, equation 2 at temperature 1);
/// - taught: as [`Blend`] says, gradient `soft T (q_T - p) + hard (q - y)`;
/// - values: half the squared error, gradient `z - y`.
///
/// All are divided by the number of rows.
pub(crate) fn loss_and_gradient(
    targets: Targets<'_>,
    rows: &[u32],
    lanes: usize,
    outputs: &mut [f32],
    scratch: &mut Vec<f32>,
) -> f32 {
    let loss = match targets {
        Targets::Labels(labels) => residuals(Wanted::Labels(labels), rows, lanes, outputs),
        Targets::Soft(soft) => residuals(Wanted::Soft(soft), rows, lanes, outputs),
        Targets::Taught(taught) => taught_residuals(&taught, rows, lanes, outputs, scratch),
        Targets::Values(values) => squared_residuals(values, rows, outputs),
    };
    let share = 1.0 / rows.len() as f32;
    for output in outputs.chunks_exact_mut(lanes) {
        output[..rows.len()].iter_mut().for_each(|gradient| *gradient *= share);
        output[rows.len()..].fill(0.0);
    }
    (loss / rows.len() as f64) as f32
}

/// Half the sum of squared errors; in place of what was answered, how far it is off.
fn squared_residuals(values: &[f32], rows: &[u32], answers: &mut [f32]) -> f64 {
    let mut loss = 0.0;
    for (answer, &row) in answers.iter_mut().zip(rows) {
        *answer -= values[row as usize];
        loss += 0.5 * f64::from(*answer) * f64::from(*answer);
    }
    loss
}

/// The two cross-entropies of a blend, weighed; in place of the logits their weighed residuals.
fn taught_residuals(
    taught: &Taught<'_>,
    rows: &[u32],
    lanes: usize,
    logits: &mut [f32],
    scratch: &mut Vec<f32>,
) -> f64 {
    let Blend { temperature, soft, hard } = taught.blend;
    let mut loss = 0.0;
    scratch.clear();
    if hard > 0.0 {
        scratch.extend_from_slice(logits);
        loss += f64::from(hard) * residuals(Wanted::Labels(taught.labels), rows, lanes, scratch);
    }
    logits.iter_mut().for_each(|logit| *logit /= temperature);
    let soft_loss = residuals(Wanted::Soft(taught.soft), rows, lanes, logits);
    loss += f64::from(soft * temperature * temperature) * soft_loss;
    logits.iter_mut().for_each(|residual| *residual *= soft * temperature);
    for (residual, of_label) in logits.iter_mut().zip(&*scratch) {
        *residual += hard * of_label;
    }
    loss
}

/// What the softmax is held against.
#[derive(Clone, Copy)]
enum Wanted<'a> {
    Labels(&'a [u32]),
    Soft(&'a [f32]),
}

/// The sum of the rows' cross-entropies under the softmax `q` of their logits, `[classes][lanes]`, and, in place of the
/// logits, `q - p`. A row without a label has neither loss nor residual.
///
/// With `z` the logits less their largest one, the loss of a row is `ln sum_i exp(z_i) - sum_i p_i z_i`: neither
/// overflows, nor is the logarithm of a vanishing probability taken.
fn residuals(wanted: Wanted<'_>, rows: &[u32], lanes: usize, logits: &mut [f32]) -> f64 {
    let mut loss = 0.0;
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for strip in strips(lanes) {
                let strip_rows = &rows[strip.start.min(rows.len())..strip.end.min(rows.len())];
                subtract_largest(lanes, strip.clone(), logits);
                for (lane, &row) in strip_rows.iter().enumerate() {
                    loss -= wanted.expected(row, lanes, strip.start + lane, logits);
                }
                let sums = exponentials(lanes, strip.clone(), logits);
                let known = strip_rows.iter().zip(&sums).filter(|(row, _)| wanted.is_known(**row));
                loss += known.map(|(_, &sum)| f64::from(sum).ln()).sum::<f64>();
                divide(lanes, strip, &sums, logits);
            }
        },
    );
    for (lane, &row) in rows.iter().enumerate() {
        wanted.subtract(row, lanes, lane, logits);
    }
    loss
}

impl Wanted<'_> {
    #[inline(always)]
    fn is_known(self, row: u32) -> bool {
        match self {
            Self::Labels(labels) => labels[row as usize] != NO_LABEL,
            Self::Soft(_) => true,
        }
    }

    /// `sum_i p_i z_i` with the target `p` of `row` and the values `z` in `lane`. A class with `p_i = 0` is left out, so that a
    /// label and its one-hot soft target give the same bits.
    #[inline(always)]
    fn expected(self, row: u32, lanes: usize, lane: usize, values: &[f32]) -> f64 {
        match self {
            Self::Labels(labels) if labels[row as usize] == NO_LABEL => 0.0,
            Self::Labels(labels) => f64::from(values[labels[row as usize] as usize * lanes + lane]),
            Self::Soft(soft) => {
                let values = values.iter().skip(lane).step_by(lanes);
                let target = &soft[row as usize * (values.len())..];
                let products = target.iter().zip(values).filter(|(share, _)| **share != 0.0);
                products.map(|(&share, &value)| f64::from(share) * f64::from(value)).sum()
            }
        }
    }

    /// Subtracts the target of `row` from the values in `lane`; where there is none, nothing is left of them.
    fn subtract(self, row: u32, lanes: usize, lane: usize, values: &mut [f32]) {
        match self {
            Self::Labels(labels) if labels[row as usize] == NO_LABEL => {
                values.iter_mut().skip(lane).step_by(lanes).for_each(|value| *value = 0.0);
            }
            Self::Labels(labels) => values[labels[row as usize] as usize * lanes + lane] -= 1.0,
            Self::Soft(soft) => {
                let values = values.iter_mut().skip(lane).step_by(lanes);
                let target = &soft[row as usize * values.len()..];
                values.zip(target).for_each(|(value, share)| *value -= share);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::NO_LABEL;

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
        let loss =
            loss_and_gradient(Targets::Labels(&[9, 1, 0]), &[1, 2], 16, &mut gradient, &mut Vec::new());
        assert!((loss - 0.5 * (-(0.75f32.ln()) - 0.5f32.ln())).abs() < 1e-6, "{loss}");
        near(&gradient, [0.125, -0.125, -0.25, 0.25]);
        for class in gradient.chunks(16) {
            assert!(class[2..].iter().all(|gradient| *gradient == 0.0), "no gradient from no row");
        }

        let mut gradient = logits();
        let soft = Targets::Soft(&[0.5, 0.5, 1.0, 0.0]);
        let loss = loss_and_gradient(soft, &[0, 1], 16, &mut gradient, &mut Vec::new());
        let by_hand = 0.5 * (-0.5 * 0.25f32.ln() - 0.5 * 0.75f32.ln() - 0.5f32.ln());
        assert!((loss - by_hand).abs() < 1e-6, "{loss}");
        near(&gradient, [-0.125, 0.125, -0.25, 0.25]);
    }

    #[test]
    fn a_hopeless_row_has_its_true_loss() {
        // The probability of the label, exp(-1000), is no number of single precision.
        let mut gradient = vec![0.0; 32];
        gradient[0] = 1000.0;
        let loss = loss_and_gradient(Targets::Labels(&[1]), &[0], 16, &mut gradient, &mut Vec::new());
        assert_eq!(loss, 1000.0);
        assert_eq!((gradient[0], gradient[16]), (1.0, -1.0));
    }

    #[test]
    fn more_rows_than_a_strip_are_all_counted() {
        let rows: Vec<u32> = (0..100).collect();
        let labels: Vec<u32> = rows.iter().map(|row| row % 2).collect();
        let mut gradient = vec![0.0; 2 * 112];
        let loss = loss_and_gradient(Targets::Labels(&labels), &rows, 112, &mut gradient, &mut Vec::new());
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
            let loss =
                loss_and_gradient(Targets::Labels(&[1, 1]), &[0, 1], 16, &mut gradient, &mut Vec::new());
            assert!(loss.is_nan(), "{loss}");
        }
    }

    /// The unit vector of `z = (2, 1, 0, -3)` and `v = (1.5, .2, -.4, -1.3)`: `T^2 dC/dz = T (q - p)` at several temperatures,
    /// worked out apart.
    #[test]
    fn the_gradient_of_soft_targets_is_that_of_the_paper() {
        let (z, v) = ([2.0f32, 1.0, 0.0, -3.0], [1.5f32, 0.2, -0.4, -1.3]);
        for (temperature, expected) in [
            (1.0, [-0.01208, 0.05985, -0.01123, -0.03654]),
            (2.0, [0.04462, 0.10546, -0.00109, -0.14899]),
            (5.0, [0.09785, 0.15889, 0.04322, -0.29996]),
            (20.0, [0.11984, 0.19022, 0.08402, -0.39409]),
            (100.0, [0.12408, 0.1981, 0.09673, -0.41891]),
        ] {
            let exponentials = v.map(|v| (v / temperature).exp());
            let soft = exponentials.map(|e| e / exponentials.iter().sum::<f32>());
            let blend = Blend { temperature, soft: 1.0, hard: 0.0 };
            let mut logits: Vec<f32> = z.iter().flat_map(|&z| std::iter::repeat_n(z, 16)).collect();
            let taught = Targets::Taught(Taught { soft: &soft, labels: &[NO_LABEL], blend });
            loss_and_gradient(taught, &[0], 16, &mut logits, &mut Vec::new());
            for (class, expected) in expected.iter().enumerate() {
                let found = logits[class * 16];
                assert!(
                    (found - expected).abs() < 2e-5,
                    "T {temperature}, class {class}: {found}, {expected}"
                );
                assert_eq!(logits[class * 16 + 1], 0.0);
            }
        }
    }

    #[test]
    fn hard_targets_join_where_they_are_known() {
        // Row 0 has a label, row 1 none; temperature 1 makes the soft part a plain cross-entropy.
        let soft = [0.5, 0.5, 1.0, 0.0];
        let blend = Blend { temperature: 1.0, soft: 2.0, hard: 0.5 };
        let taught = Targets::Taught(Taught { soft: &soft, labels: &[1, NO_LABEL], blend });
        let mut gradient = logits();
        let loss = loss_and_gradient(taught, &[0, 1], 16, &mut gradient, &mut Vec::new());
        // Softmax (0.25, 0.75) and (0.5, 0.5); soft parts as in the test above, hard part of row 0: -ln 0.75.
        let soft_loss = -0.5 * 0.25f32.ln() - 0.5 * 0.75f32.ln() - 0.5f32.ln();
        let by_hand = 0.5 * (2.0 * soft_loss - 0.5 * 0.75f32.ln());
        assert!((loss - by_hand).abs() < 1e-6, "{loss}, {by_hand}");
        // Halves of 2 (q - p) + 0.5 (q - y): row 0: 2 (-.25, .25) + .5 (.25, -.25); row 1: 2 (-.5, .5).
        near(&gradient, [-0.1875, 0.1875, -0.5, 0.5]);
    }

    #[test]
    fn squared_error_by_hand() {
        // Answers 2 and 3, wanted 1 and 5: half the mean of 1 and 4, gradients (1, -2) / 2.
        let mut values = vec![7.0; 16];
        (values[0], values[1]) = (2.0, 3.0);
        let loss = loss_and_gradient(Targets::Values(&[5.0, 1.0]), &[1, 0], 16, &mut values, &mut Vec::new());
        assert_eq!((loss, values[0], values[1], values[2]), (1.25, 0.5, -1.0, 0.0));
    }
}
