//! Bias and activation of a layer's outputs, `[width][lanes]`, and their way back.

use std::ops::Range;

use pulp::Simd;

use super::dense::Finish;
use super::function::{exp, sigmoid, tanh};
use super::share::Share;
use crate::chain::Activation;

/// Adds a layer's bias to its sums and writes them down; an activation that is a choice between two numbers is applied on
/// the way, the others by [`activate`] afterwards.
pub(crate) struct AddBias<'a> {
    pub(crate) bias: &'a [f32],
    pub(crate) activation: Activation,
    /// `[rows][stride]`.
    pub(crate) into: &'a mut [f32],
    pub(crate) stride: usize,
}

impl Finish for AddBias<'_> {
    #[inline(always)]
    fn finish<S: Simd>(&mut self, simd: S, row: usize, column: usize, sums: S::f32s) {
        let mut sums = simd.add_f32s(sums, simd.splat_f32s(self.bias[row]));
        let zero = simd.splat_f32s(0.0);
        match self.activation {
            // NaN is not below zero, so it stays: training must see that it has diverged.
            Activation::Relu => sums = simd.select_f32s(simd.less_than_f32s(sums, zero), zero, sums),
            Activation::LeakyRelu(slope) => {
                let less = simd.mul_f32s(sums, simd.splat_f32s(slope));
                sums = simd.select_f32s(simd.less_than_f32s(sums, zero), less, sums);
            }
            _ => {}
        }
        let at = row * self.stride + column;
        S::as_mut_simd_f32s(&mut self.into[at..at + S::F32_LANES]).0[0] = sums;
    }
}

impl Share for AddBias<'_> {
    fn share(self, row: usize) -> (Self, Self) {
        let Self { bias, activation, into, stride } = self;
        let (first, second) = into.split_at_mut(row * stride);
        let (bias_first, bias_second) = bias.split_at(row);
        (
            Self { bias: bias_first, activation, into: first, stride },
            Self { bias: bias_second, activation, into: second, stride },
        )
    }
}

/// Applies what [`AddBias`] has not, in place.
pub(crate) fn activate(activation: Activation, lanes: usize, values: &mut [f32]) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || match activation {
            Activation::None | Activation::Relu | Activation::LeakyRelu(_) => {}
            Activation::Tanh => values.iter_mut().for_each(|value| *value = tanh(*value)),
            Activation::Sigmoid => values.iter_mut().for_each(|value| *value = sigmoid(*value)),
            Activation::Softmax => softmax(lanes, values),
        },
    );
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

/// An activation of one row, whose outputs follow each other.
pub(crate) fn activate_row(activation: Activation, outputs: &mut [f32]) {
    match activation {
        Activation::Relu => {
            outputs.iter_mut().for_each(|value| *value = if *value < 0.0 { 0.0 } else { *value })
        }
        Activation::LeakyRelu(slope) => {
            outputs.iter_mut().filter(|value| **value < 0.0).for_each(|value| *value *= slope);
        }
        // One lane: the sum of a softmax goes down the outputs of a row.
        other => activate(other, 1, outputs),
    }
}

#[inline(always)]
fn times_derivative<S: Simd>(
    simd: S,
    activation: Activation,
    activated: S::f32s,
    gradient: S::f32s,
) -> S::f32s {
    let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
    match activation {
        Activation::None | Activation::Softmax => gradient,
        Activation::Relu => simd.select_f32s(simd.less_than_f32s(zero, activated), gradient, zero),
        Activation::LeakyRelu(slope) => {
            let less = simd.mul_f32s(gradient, simd.splat_f32s(slope));
            simd.select_f32s(simd.less_than_f32s(activated, zero), less, gradient)
        }
        Activation::Tanh => simd.mul_f32s(gradient, simd.sub_f32s(one, simd.mul_f32s(activated, activated))),
        Activation::Sigmoid => {
            simd.mul_f32s(gradient, simd.mul_f32s(activated, simd.sub_f32s(one, activated)))
        }
    }
}

/// Multiplies gradients by the derivative of an activation at its outputs `activated`, in place. Softmax is not
/// among them: its gradient is taken together with the loss.
pub(crate) fn back_through(activation: Activation, activated: &[f32], gradient: &mut [f32]) {
    struct Work<'a>(Activation, &'a [f32], &'a mut [f32]);
    impl pulp::WithSimd for Work<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let (activated, _) = S::as_simd_f32s(self.1);
            let (gradient, _) = S::as_mut_simd_f32s(self.2);
            for (gradient, activated) in gradient.iter_mut().zip(activated) {
                *gradient = times_derivative(simd, self.0, *activated, *gradient);
            }
        }
    }
    pulp::Arch::new().dispatch(Work(activation, activated, gradient));
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

    /// As the product of a layer that hands over `sums`, `[bias.len()][16]`, would be finished.
    fn finished(activation: Activation, bias: &[f32], sums: &[f32]) -> Vec<f32> {
        struct Work<'a>(AddBias<'a>, &'a [f32]);
        impl pulp::WithSimd for Work<'_> {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: Simd>(mut self, simd: S) {
                for (place, &sums) in S::as_simd_f32s(self.1).0.iter().enumerate() {
                    let at = place * S::F32_LANES;
                    self.0.finish(simd, at / 16, at % 16, sums);
                }
            }
        }
        let mut into = vec![f32::NAN; sums.len()];
        let finish = AddBias { bias, activation, into: &mut into, stride: 16 };
        pulp::Arch::new().dispatch(Work(finish, sums));
        activate(activation, 16, &mut into);
        let mut plain = vec![f32::NAN; sums.len()];
        let finish = AddBias { bias, activation, into: &mut plain, stride: 16 };
        pulp::WithSimd::with_simd(Work(finish, sums), pulp::Scalar::new());
        activate(activation, 16, &mut plain);
        assert_eq!(into.map_bits(), plain.map_bits(), "portable");
        into
    }

    trait MapBits {
        fn map_bits(&self) -> Vec<u32>;
    }

    impl MapBits for Vec<f32> {
        fn map_bits(&self) -> Vec<u32> {
            // Any NaN is as good as any other.
            self.iter().map(|value| if value.is_nan() { f32::NAN } else { *value }.to_bits()).collect()
        }
    }

    #[test]
    fn softmax_of_two_lanes_by_hand() {
        // Lane 0: logits ln 1, ln 3; lane 1: 1000, 1000 (would overflow).
        let mut values = vec![0.0; 32];
        (values[0], values[16]) = (0.0, 3f32.ln() - 0.5);
        (values[1], values[17]) = (1000.0, 999.5);
        let values = finished(Activation::Softmax, &[0.0, 0.5], &values);
        for (place, expected) in [(0, 0.25), (16, 0.75), (1, 0.5), (17, 0.5)] {
            assert!((values[place] - expected).abs() < 1e-6, "{place}: {}", values[place]);
        }
    }

    #[test]
    fn bias_comes_before_the_activation_and_nan_stays() {
        for (activation, sum, expected) in [
            (Activation::None, -1.0, 0.5),
            (Activation::Relu, -1.0, 0.5),
            (Activation::Relu, -2.0, 0.0),
            (Activation::LeakyRelu(0.1), -2.5, -0.1),
            (Activation::LeakyRelu(0.1), 2.5, 4.0),
            (Activation::Tanh, -1.0, 0.5f32.tanh()),
            (Activation::Sigmoid, -1.5, 0.5),
        ] {
            let found = finished(activation, &[1.5], &[sum; 16]);
            assert!(found.iter().all(|value| (value - expected).abs() < 1e-6), "{activation:?}: {found:?}");
            assert!(finished(activation, &[1.5], &[f32::NAN; 16])[3].is_nan(), "{activation:?}");
        }
    }

    #[test]
    fn row_sums_by_hand() {
        let values: Vec<f32> = (0..64).map(|value| value as f32).collect();
        let mut sums = [0.0; 2];
        row_sums(&values, 32, &mut sums);
        assert_eq!(sums, [496.0, 1520.0]);
    }
}
