//! Numbers as they are typed.

use std::str::FromStr;

/// A kind of number that can be typed: `f32` and `f64`.
pub(super) trait Real: FromStr + Copy + Into<f64> {}

impl<T: FromStr + Copy + Into<f64>> Real for T {}

/// Any number, finite or not.
pub(super) fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a number"))
}

/// A finite number above 0.
pub(super) fn above_zero<T: Real>(text: &str) -> Result<T, String> {
    that(text, |number| number > 0.0 && number.is_finite(), "a number above 0")
}

/// A finite number of at least 0.
pub(super) fn at_least_zero<T: Real>(text: &str) -> Result<T, String> {
    that(text, |number| number >= 0.0 && number.is_finite(), "a number of at least 0")
}

/// A number from 0 to below 1.
pub(super) fn below_one<T: Real>(text: &str) -> Result<T, String> {
    that(text, |number| (0.0..1.0).contains(&number), "a number from 0 to below 1")
}

/// A number from `low` to `high`.
pub(super) fn in_range(text: &str, low: f64, high: f64, expected: &str) -> Result<f64, String> {
    that(text, |number| (low..=high).contains(&number), expected)
}

fn that<T: Real>(text: &str, fits: impl Fn(f64) -> bool, expected: &str) -> Result<T, String> {
    let number: T = number(text)?;
    if fits(number.into()) { Ok(number) } else { Err(format!("expected {expected}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_refused() {
        for bad in ["0", "-2", "nan", "inf", "1e400", "x", ""] {
            assert!(above_zero::<f64>(bad).is_err() && above_zero::<f32>(bad).is_err(), "{bad}");
        }
        for bad in ["-1", "inf", "nan", ""] {
            assert!(at_least_zero::<f32>(bad).is_err(), "{bad}");
        }
        for bad in ["1", "-0.1", "nan", "x"] {
            assert!(below_one::<f32>(bad).is_err(), "{bad}");
        }
        assert_eq!(
            (above_zero(" 1.5"), at_least_zero("0"), below_one("0")),
            (Ok(1.5f64), Ok(0f32), Ok(0f32))
        );
        assert_eq!(in_range("101", 0.0, 100.0, "points"), Err("expected points".to_owned()));
    }
}
