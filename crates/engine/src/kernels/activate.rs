//! Bias and activation in one pass over a layer's outputs, `[width][lanes]`, and their way back.

use std::ops::Range;

use crate::chain::Activation;
use crate::kernels::function::{exp, tanh};

/// Adds a layer's bias and applies its activation, in place. `values` is `[bias.len()][lanes]`.
pub(crate) fn add_bias_and_activate(activation: Activation, bias: &[f32], lanes: usize, values: &mut [f32]) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for (row, &bias) in values.chunks_exact_mut(lanes).zip(bias) {
                match activation {
                    Activation::None | Activation::Softmax => row.iter_mut().for_each(|value| *value += bias),
                    Activation::Relu => row.iter_mut().for_each(|value| *value = positive(*value + bias)),
                    Activation::Tanh => row.iter_mut().for_each(|value| *value = tanh(*value + bias)),
                }
            }
            if activation == Activation::Softmax {
                softmax(lanes, values);
            }
        },
    );
}

/// `max(x, 0)`, but NaN stays NaN: training must see that it has diverged.
#[inline(always)]
fn positive(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// Lanes at a time, so that their largest values and sums stay on the stack.
const STRIP: usize = 64;

/// Softmax down each lane.
#[inline(always)]
fn softmax(lanes: usize, values: &mut [f32]) {
    for strip in strips(lanes) {
        subtract_largest(lanes, strip.clone(), values);
        let sums = exponentials(lanes, strip.clone(), values);
        divide(lanes, strip, &sums, values);
    }
}

/// The lanes, [`STRIP`] at a time.
#[inline(always)]
pub(crate) fn strips(lanes: usize) -> impl Iterator<Item = Range<usize>> {
    (0..lanes).step_by(STRIP).map(move |start| start..lanes.min(start + STRIP))
}

/// Subtracts from each lane its largest value, in place: softmax stays the same, and nothing can overflow.
#[inline(always)]
pub(crate) fn subtract_largest(lanes: usize, strip: Range<usize>, values: &mut [f32]) {
    let mut largest = [f32::NEG_INFINITY; STRIP];
    for row in values.chunks_exact(lanes) {
        for (largest, value) in largest.iter_mut().zip(&row[strip.clone()]) {
            *largest = largest.max(*value);
        }
    }
    for row in values.chunks_exact_mut(lanes) {
        for (value, largest) in row[strip.clone()].iter_mut().zip(&largest) {
            *value -= largest;
        }
    }
}

/// Takes the exponential of each value, in place, and gives its sum down each lane of the strip.
#[inline(always)]
pub(crate) fn exponentials(lanes: usize, strip: Range<usize>, values: &mut [f32]) -> [f32; STRIP] {
    let mut sums = [0.0; STRIP];
    for row in values.chunks_exact_mut(lanes) {
        for (value, sum) in row[strip.clone()].iter_mut().zip(&mut sums) {
            *value = exp(*value);
            *sum += *value;
        }
    }
    sums
}

/// Divides each lane of the strip by its number in `by`, in place.
#[inline(always)]
pub(crate) fn divide(lanes: usize, strip: Range<usize>, by: &[f32; STRIP], values: &mut [f32]) {
    for row in values.chunks_exact_mut(lanes) {
        for (value, by) in row[strip.clone()].iter_mut().zip(by) {
            *value /= by;
        }
    }
}

/// Multiplies gradients by the derivative of an activation at its output `activated`, in place. Softmax is not
/// among them: its gradient is taken together with the loss.
pub(crate) fn back_through(activation: Activation, activated: &[f32], gradient: &mut [f32]) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || match activation {
            Activation::None | Activation::Softmax => {}
            Activation::Relu => {
                for (gradient, &activated) in gradient.iter_mut().zip(activated) {
                    *gradient = if activated > 0.0 { *gradient } else { 0.0 };
                }
            }
            Activation::Tanh => {
                for (gradient, &activated) in gradient.iter_mut().zip(activated) {
                    *gradient *= 1.0 - activated * activated;
                }
            }
        },
    );
}

/// Sums over the lanes of each row, in a fixed order.
pub(crate) fn row_sums(values: &[f32], lanes: usize, into: &mut [f32]) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for (row, into) in values.chunks_exact(lanes).zip(into) {
                let mut sums = [0.0; lessen_data::LANES];
                for register in row.chunks_exact(lessen_data::LANES) {
                    for (sum, value) in sums.iter_mut().zip(register) {
                        *sum += value;
                    }
                }
                *into = sums.iter().sum();
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_of_two_lanes_by_hand() {
        // Lane 0: logits ln 1, ln 3; lane 1: 1000, 1000 (would overflow).
        let mut values = vec![0.0; 32];
        (values[0], values[16]) = (0.0, 3f32.ln() - 0.5);
        (values[1], values[17]) = (1000.0, 999.5);
        add_bias_and_activate(Activation::Softmax, &[0.0, 0.5], 16, &mut values);
        for (place, expected) in [(0, 0.25), (16, 0.75), (1, 0.5), (17, 0.5)] {
            assert!((values[place] - expected).abs() < 1e-6, "{place}: {}", values[place]);
        }
    }

    #[test]
    fn bias_comes_before_the_activation() {
        let mut values = vec![-1.0; 16];
        add_bias_and_activate(Activation::Relu, &[1.5], 16, &mut values);
        assert_eq!(values, [0.5; 16]);
        add_bias_and_activate(Activation::Tanh, &[0.5], 16, &mut values);
        assert!((values[3] - 1f32.tanh()).abs() < 1e-6);
        add_bias_and_activate(Activation::None, &[1.0], 16, &mut values);
        assert!((values[3] - 1f32.tanh() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn row_sums_by_hand() {
        let values: Vec<f32> = (0..64).map(|value| value as f32).collect();
        let mut sums = [0.0; 2];
        row_sums(&values, 32, &mut sums);
        assert_eq!(sums, [496.0, 1520.0]);
    }
}
