//! `exp` and `tanh` of many numbers at once, the same bits on every instruction set.

/// `exp` of this, 1.6e-38, is just above the smallest normal number in single precision; subnormals are given up.
const SMALLEST_ARGUMENT: f32 = -87.0;

/// `exp` of this, 1.7e38, is finite in single precision; that of 89 is not.
const LARGEST_ARGUMENT: f32 = 88.0;

/// `exp(x)` for `x` clamped to [-87, 88]; relative error below 2e-7. NaN stays NaN.
///
/// `x = n ln 2 + r` with a whole `n` and `|r| <= ln 2 / 2` (Cody & Waite: ln 2 in two parts, so that the product
/// with `n` is exact), the Taylor polynomial of `r` to the 7th power, and `n` added to the exponent's bits.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    // Adding and subtracting 1.5 * 2^23 rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    let clamped = x.clamp(SMALLEST_ARGUMENT, LARGEST_ARGUMENT);
    let whole = (clamped * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = (clamped - whole * LN_2_HIGH) - whole * LN_2_LOW;
    let polynomial = 1.0
        + r * (1.0
            + r * (0.5
                + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0 + r / 5040.0))))));
    let scale = f32::from_bits((((whole as i32) + 127) << 23) as u32);
    polynomial * scale
}

/// `exp` of each value, in place; see `exp` for range and error: kernels of support vector machines are made of it.
pub fn exp_in_place(values: &mut [f32]) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || values.iter_mut().for_each(|value| *value = exp(*value)),
    );
}

/// `tanh(x)`; absolute error below 3e-7. NaN stays NaN.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}

/// `1 / (1 + exp(-x))`; absolute error below 2e-7. NaN stays NaN.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "slow there, and all of it safe")]
    fn both_agree_with_double_precision_over_their_range() {
        for step in -87_000..=88_000 {
            let x = step as f32 / 1000.0;
            let expected = f64::from(x).exp();
            let error = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(error < 2e-7, "exp({x}) is off by {error}");
            let error = (f64::from(tanh(x)) - f64::from(x).tanh()).abs();
            assert!(error < 3e-7, "tanh({x}) is off by {error}");
            let error = (f64::from(sigmoid(x)) - 1.0 / (1.0 + (-f64::from(x)).exp())).abs();
            assert!(error < 2e-7, "sigmoid({x}) is off by {error}");
        }
    }

    #[test]
    fn many_at_once_are_the_same_bits_as_one() {
        let mut values: Vec<f32> = (-500..500).map(|step| step as f32 / 7.0).collect();
        let expected: Vec<f32> = values.iter().map(|&value| exp(value)).collect();
        exp_in_place(&mut values);
        assert_eq!(values, expected);
    }

    #[test]
    fn the_ends_are_finite_and_nan_is_kept() {
        assert!(exp(f32::NEG_INFINITY) < 1e-37 && exp(1000.0).is_finite());
        assert_eq!((tanh(1e30), tanh(-1e30)), (1.0, -1.0));
        assert!(exp(f32::NAN).is_nan() && tanh(f32::NAN).is_nan());
    }
}
