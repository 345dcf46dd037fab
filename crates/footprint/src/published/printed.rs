//! Numbers as papers print them.

use serde::Deserialize;

/// A number with the step of its last printed digit: `1507` is exact to 1, `28.54` to 0.01, `103k` to 1000.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Printed {
    pub(super) value: f64,
    pub(super) step: f64,
}

impl Printed {
    pub(super) fn agrees(self, ours: f64) -> bool {
        agrees(self.value, self.step, ours)
    }
}

/// Whether `ours` may be printed as `printed` where the last digit counts `step`.
///
/// A number halfway between two steps agrees with both: half up gives the one, half to even, as programs write it, the
/// other. A NaN agrees with nothing.
pub(super) fn agrees(printed: f64, step: f64, ours: f64) -> bool {
    // Decimals are not exact in binary, and a tie must stay one.
    const ROUNDING: f64 = 4.0 * f64::EPSILON;
    (ours - printed).abs() <= step / 2.0 + printed.abs() * ROUNDING
}

impl TryFrom<String> for Printed {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let no_number =
            || format!("expected digits as they are printed, such as 1507, 28.54 or 103k, found `{text}`");
        let (digits, unit) = match text.strip_suffix('k') {
            Some(digits) => (digits, 1e3),
            None => (text.as_str(), 1.0),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than a double holds could not be told from their neighbours.
        if !all_digits(whole) || !all_digits(decimals) || digits.len() > 16 {
            return Err(no_number());
        }
        let places = if digits.contains('.') { decimals.len() as i32 } else { 0 };
        let value: f64 = digits.parse().map_err(|_| no_number())?;
        Ok(Self { value: value * unit, step: unit * 0.1_f64.powi(places) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn printed(text: &str) -> Result<Printed, String> {
        Printed::try_from(text.to_owned())
    }

    #[test]
    fn ours_agrees_where_it_rounds_to_what_is_printed() {
        for (text, ours, expected) in [
            ("27", 26.84, true),
            ("27", 26.49, false),
            ("27", 27.51, false),
            ("26", 26.5, true),
            ("27", 26.5, true),
            ("103k", 103_175.06, true),
            ("103k", 103_600.0, false),
            ("103000", 103_175.06, false),
            ("28.54", 28.538_8, true),
            ("28.54", 28.534, false),
            ("0.21427", 0.214_265, true),
            ("0", 0.0, true),
            ("27", f64::NAN, false),
            ("27", f64::INFINITY, false),
        ] {
            assert_eq!(printed(text).unwrap().agrees(ours), expected, "{text} and {ours}");
        }
    }

    #[test]
    fn what_is_no_printed_number_is_refused() {
        for text in
            ["", "k", ".5", "5.", "-1", "+1", "1e3", "1,507", "NaN", "1.2.3", "12k0", "12345678901234567"]
        {
            assert!(printed(text).unwrap_err().contains(&format!("found `{text}`")), "{text}");
        }
    }

    proptest! {
        /// Whatever is printed of a number agrees with it, and with none that is more than a step away.
        #[test]
        fn a_number_agrees_with_what_is_printed_of_it(number in 0.0..1e6_f64, places in 0..6_usize) {
            let printed = printed(&format!("{number:.places$}")).unwrap();
            prop_assert!(printed.agrees(number), "{printed:?} of {number}");
            let away = 1.01 * printed.step;
            prop_assert!(!printed.agrees(number + away) && !printed.agrees(number - away), "{printed:?} of {number}");
        }
    }
}
