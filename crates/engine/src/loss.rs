//! Losses and their gradients: cross-entropy through softmax, against labels or soft targets at a temperature, squared
//! error of numbers, logits or probabilities, and weighted sums of them.

use crate::chain::Activation;
use crate::kernels::activate::{activate, divide, exponentials, strips, subtract_largest};
use crate::targets::{Blend, NO_LABEL, Targets, Taught};

/// The mean loss of `rows` given what the last layer makes of them, `[outputs][lanes]`, and, in its place, the gradient by
/// it. Lanes beyond the rows get 0. `scratch` is room that is kept from step to step.
///
/// With `z` what the last layer makes of a row and `q` its softmax:
///
/// - labels and soft targets: cross-entropy in nats, gradient `q - p` (Hinton, Vinyals & Dean 2014, equation 2 at
///   temperature 1);
/// - taught: as [`Blend`] says, gradient `soft T (q_T - p) + hard (q - y)`;
/// - values and logits: half the squared error, `1/2 sum_i (z_i - v_i)^2`, gradient `z - v` (Ba & Caruana 2014, equation 1);
/// - probabilities: half their squared error, `1/2 sum_i (q_i - p_i)^2`, gradient `q_i (r_i - sum_j q_j r_j)` with `r = q - p`;
/// - weighted: the sum of the parts' losses times their weights, and of their gradients likewise.
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
        Targets::Logits(values) | Targets::Values(values) => squared_residuals(values, rows, lanes, outputs),
        Targets::Probabilities(wanted) => probability_residuals(wanted, rows, lanes, outputs),
        Targets::Taught(_) | Targets::Weighted(_) => {
            let length = outputs.len();
            if scratch.len() < 2 * length {
                scratch.resize(2 * length, 0.0);
            }
            let (given, work) = scratch[..2 * length].split_at_mut(length);
            given.copy_from_slice(outputs);
            outputs.fill(0.0);
            Sum { rows, lanes, given, work, into: outputs }.add(targets, 1.0)
        }
    };
    let share = 1.0 / rows.len() as f32;
    for output in outputs.chunks_exact_mut(lanes) {
        output[..rows.len()].iter_mut().for_each(|gradient| *gradient *= share);
        output[rows.len()..].fill(0.0);
    }
    (loss / rows.len() as f64) as f32
}

/// Several losses of the same outputs. All slices but the rows are `[outputs][lanes]`.
struct Sum<'a> {
    rows: &'a [u32],
    lanes: usize,
    /// What the last layer made.
    given: &'a [f32],
    /// Room for one part.
    work: &'a mut [f32],
    /// The sum of the residuals so far.
    into: &'a mut [f32],
}

impl Sum<'_> {
    /// Adds what these targets give, times `weight`: the residuals to those so far, and the sum of the rows' losses is given.
    fn add(&mut self, targets: Targets<'_>, weight: f32) -> f64 {
        let (rows, lanes) = (self.rows, self.lanes);
        match targets {
            Targets::Weighted(parts) => {
                parts.iter().map(|&(of_part, part)| self.add(part, weight * of_part)).sum()
            }
            Targets::Taught(Taught { soft, labels, blend }) => {
                let Blend { temperature, soft: of_soft, hard } = blend;
                let (of_soft, hard) = (weight * of_soft, weight * hard);
                let cross_entropy = |wanted| move |work: &mut [f32]| residuals(wanted, rows, lanes, work);
                // The softmax at a temperature is that of the logits over it, and so is the residual.
                let at_temperature = |work: &mut [f32]| {
                    work.iter_mut().for_each(|logit| *logit /= temperature);
                    residuals(Wanted::Soft(soft), rows, lanes, work)
                };
                let hard_loss = self.part((hard, hard), cross_entropy(Wanted::Labels(labels)));
                let of_loss = of_soft * temperature * temperature;
                hard_loss + self.part((of_loss, of_soft * temperature), at_temperature)
            }
            Targets::Labels(labels) => {
                self.part((weight, weight), |work| residuals(Wanted::Labels(labels), rows, lanes, work))
            }
            Targets::Soft(soft) => {
                self.part((weight, weight), |work| residuals(Wanted::Soft(soft), rows, lanes, work))
            }
            Targets::Logits(values) | Targets::Values(values) => {
                self.part((weight, weight), |work| squared_residuals(values, rows, lanes, work))
            }
            Targets::Probabilities(wanted) => {
                self.part((weight, weight), |work| probability_residuals(wanted, rows, lanes, work))
            }
        }
    }

    /// Adds one loss, which makes residuals of what is given in their place. One without weight is not computed.
    fn part(&mut self, (of_loss, of_residual): (f32, f32), loss: impl FnOnce(&mut [f32]) -> f64) -> f64 {
        if of_residual == 0.0 {
            return 0.0;
        }
        self.work.copy_from_slice(self.given);
        let loss = loss(self.work);
        for (into, residual) in self.into.iter_mut().zip(&*self.work) {
            *into += of_residual * residual;
        }
        f64::from(of_loss) * loss
    }
}

/// Half the sum of squared errors against `wanted`, `[all rows][outputs]`; in place of what was answered, how far it is off.
fn squared_residuals(wanted: &[f32], rows: &[u32], lanes: usize, answers: &mut [f32]) -> f64 {
    let outputs = answers.len() / lanes;
    let mut loss = 0.0;
    for (output, answers) in answers.chunks_exact_mut(lanes).enumerate() {
        for (answer, &row) in answers.iter_mut().zip(rows) {
            *answer -= wanted[row as usize * outputs + output];
            loss += 0.5 * f64::from(*answer) * f64::from(*answer);
        }
    }
    loss
}

/// Half the sum of squared errors of the softmax of the logits against `wanted`, `[all rows][classes]`, and, in place of the
/// logits, the gradient by them.
fn probability_residuals(wanted: &[f32], rows: &[u32], lanes: usize, logits: &mut [f32]) -> f64 {
    activate(Activation::Softmax, lanes, logits);
    let classes = logits.len() / lanes;
    let mut loss = 0.0;
    for (lane, &row) in rows.iter().enumerate() {
        let wanted = &wanted[row as usize * classes..][..classes];
        let mut mean = 0.0;
        for (probability, wanted) in logits.iter().skip(lane).step_by(lanes).zip(wanted) {
            let off = probability - wanted;
            loss += 0.5 * f64::from(off) * f64::from(off);
            mean += probability * off;
        }
        for (probability, wanted) in logits.iter_mut().skip(lane).step_by(lanes).zip(wanted) {
            *probability *= *probability - wanted - mean;
        }
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
mod tests;
