//! The product of two rows of numbers.

use pulp::{Arch, Simd, WithSimd};

/// `sum of left[k] right[k]`, over as many as both have; in some registers of sums, which are then added up.
pub(crate) fn dot(left: &[f32], right: &[f32]) -> f32 {
    let count = left.len().min(right.len());
    Arch::new().dispatch(Dot { left: &left[..count], right: &right[..count] })
}

struct Dot<'a> {
    left: &'a [f32],
    right: &'a [f32],
}

/// Sums that take turns, so that no addition has to wait for the one before it.
const TURNS: usize = 8;

impl WithSimd for Dot<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let (left, left_rest) = S::as_simd_f32s(self.left);
        let (right, right_rest) = S::as_simd_f32s(self.right);
        let mut sums = [simd.splat_f32s(0.0); TURNS];
        let (left_turns, left) = left.as_chunks::<TURNS>();
        let (right_turns, right) = right.as_chunks::<TURNS>();
        for (left, right) in left_turns.iter().zip(right_turns) {
            for turn in 0..TURNS {
                sums[turn] = simd.mul_add_e_f32s(left[turn], right[turn], sums[turn]);
            }
        }
        for (turn, (left, right)) in left.iter().zip(right).enumerate() {
            sums[turn] = simd.mul_add_e_f32s(*left, *right, sums[turn]);
        }
        let sum = sums.into_iter().fold(simd.splat_f32s(0.0), |sum, turn| simd.add_f32s(sum, turn));
        let rest: f32 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
        simd.reduce_sum_f32s(sum) + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_agrees_with_the_plain_loop_on_this_processor_and_on_any() {
        for count in (0..70).chain([128, 784]) {
            let number =
                |place: usize, seed: usize| ((place * place * 7 + place / 3 + seed) % 11) as f32 - 5.0;
            let left: Vec<f32> = (0..count).map(|place| number(place, 1)).collect();
            let right: Vec<f32> = (0..count + 2).map(|place| number(place, 4)).collect();
            let expected: f32 = left.iter().zip(&right).map(|(a, b)| a * b).sum();
            assert_eq!(dot(&left, &right), expected, "{count}");
            let right = &right[..count];
            assert_eq!(
                Dot { left: &left, right }.with_simd(pulp::Scalar::new()),
                expected,
                "{count}, portable"
            );
        }
    }
}
