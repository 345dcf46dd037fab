//! A layer's product for few rows: its weights are walked once, each row of them against every row of inputs.

use std::array::from_fn;

use pulp::{Arch, Simd, WithSimd};

/// `into[row][output] = weights[output] . inputs[row]`, added up in an order that depends on `width` and the
/// instruction set only. All three are row-major: `weights` is `[outputs][width]`, `inputs` `[rows][width]`, `into`
/// `[rows][outputs]`.
pub(crate) fn walk(weights: &[f32], inputs: &[f32], width: usize, outputs: usize, into: &mut [f32]) {
    if width == 0 {
        into.fill(0.0);
    } else {
        Arch::new().dispatch(Walk { weights, inputs, width, outputs, into });
    }
}

struct Walk<'a> {
    weights: &'a [f32],
    inputs: &'a [f32],
    width: usize,
    outputs: usize,
    into: &'a mut [f32],
}

impl WithSimd for Walk<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { weights, inputs, width, outputs, into } = self;
        let blocks = weights.chunks_exact(ABREAST * width);
        let rest = blocks.remainder().chunks_exact(width);
        let first_of_rest = outputs - rest.len();
        for (block, weights) in blocks.enumerate() {
            let weights: [&[f32]; ABREAST] = from_fn(|place| &weights[place * width..(place + 1) * width]);
            for (inputs, into) in inputs.chunks_exact(width).zip(into.chunks_exact_mut(outputs)) {
                into[block * ABREAST..][..ABREAST].copy_from_slice(&dots(simd, weights, inputs));
            }
        }
        for (place, weights) in rest.enumerate() {
            for (inputs, into) in inputs.chunks_exact(width).zip(into.chunks_exact_mut(outputs)) {
                [into[first_of_rest + place]] = dots(simd, [weights], inputs);
            }
        }
    }
}

/// Rows of weights that are walked side by side: inputs are loaded once for all of them, and no addition has to wait
/// for the one before it.
const ABREAST: usize = 4;

/// The sums of products of each of `weights` with `inputs`, all of one length.
#[inline(always)]
fn dots<S: Simd, const N: usize>(simd: S, weights: [&[f32]; N], inputs: &[f32]) -> [f32; N] {
    let weights = weights.map(|weights| S::as_simd_f32s(weights));
    let (inputs, inputs_tail) = S::as_simd_f32s(inputs);
    let mut sums = [simd.splat_f32s(0.0); N];
    for (place, input) in inputs.iter().enumerate() {
        for row in 0..N {
            sums[row] = simd.mul_add_e_f32s(weights[row].0[place], *input, sums[row]);
        }
    }
    let input = simd.partial_load_f32s(inputs_tail);
    from_fn(|row| {
        let weights = simd.partial_load_f32s(weights[row].1);
        simd.reduce_sum_f32s(simd.mul_add_e_f32s(weights, input, sums[row]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole numbers, so that sums are exact in any order.
    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|place| ((place * 7 + seed) % 11) as f32 - 5.0).collect()
    }

    #[test]
    fn every_width_agrees_with_the_plain_loops_on_this_processor_and_on_any() {
        let (rows, outputs) = (3, 5);
        for width in 0..150 {
            let (weights, inputs) = (numbers(outputs * width, 1), numbers(rows * width, 4));
            let mut expected = Vec::new();
            for row in 0..rows {
                for output in 0..outputs {
                    let products = (0..width).map(|k| weights[output * width + k] * inputs[row * width + k]);
                    expected.push(products.sum::<f32>());
                }
            }
            let mut found = vec![f32::NAN; rows * outputs];
            walk(&weights, &inputs, width, outputs, &mut found);
            assert_eq!(found, expected, "width {width}");
            if width > 0 {
                found.fill(f32::NAN);
                let (weights, inputs) = (weights.as_slice(), inputs.as_slice());
                Walk { weights, inputs, width, outputs, into: &mut found }.with_simd(pulp::Scalar::new());
                assert_eq!(found, expected, "width {width}, portable");
            }
        }
    }
}
