//! Numbers as people read them.

/// What stands for a value that is not known.
pub(super) const UNKNOWN: &str = "–";

/// All digits, those before the point in groups of three from 10,000 on.
pub(super) fn plain(value: f64) -> String {
    let digits = value.to_string();
    let (whole, fraction) = digits.split_once('.').map_or((digits.as_str(), None), |(a, b)| (a, Some(b)));
    let whole = if value.abs() < 1e4 || !value.is_finite() { whole.to_owned() } else { grouped(whole) };
    fraction.map_or(whole.clone(), |fraction| format!("{whole}.{fraction}"))
}

/// Four digits that count.
pub(super) fn rounded(value: f64) -> String {
    // Through the printed form, so that no digit comes from a division.
    format!("{value:.3e}").parse().map_or_else(|_| plain(value), plain)
}

/// With `k`, `M`, `B`, `T` for thousands, millions, 10^9 and 10^12, and four digits that count.
pub(super) fn prefixed(value: f64) -> String {
    for (size, prefix) in [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")] {
        if value >= size {
            return format!("{} {prefix}", rounded(value / size));
        }
    }
    rounded(value)
}

/// With a power of ten: `3.14e23`.
pub(super) fn scientific(value: f64) -> String {
    format!("{value:e}")
}

/// In that form, or the sign for what is not known.
pub(super) fn known(value: Option<f64>, form: impl Fn(f64) -> String) -> String {
    value.map_or(UNKNOWN.to_owned(), form)
}

fn grouped(whole: &str) -> String {
    let mut text = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) && text != "-" {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_their_forms() {
        for (found, expected) in [
            (plain(0.0), "0"),
            (plain(211.2), "211.2"),
            (plain(9999.5), "9999.5"),
            (plain(10_000.0), "10,000"),
            (plain(1_287_000.25), "1,287,000.25"),
            (plain(-123_456.0), "-123,456"),
            (plain(2.662e-5), "0.00002662"),
            (rounded(899.927_262_08), "899.9"),
            (rounded(57_152.638), "57,150"),
            (rounded(1.125), "1.125"),
            (rounded(0.0), "0"),
            (prefixed(175e9), "175 B"),
            (prefixed(836_096.0), "836.1 k"),
            (prefixed(1.571e12), "1.571 T"),
            (prefixed(60e6), "60 M"),
            (prefixed(999.0), "999"),
            (scientific(3.14e23), "3.14e23"),
            (known(None, plain), "–"),
            (known(Some(0.0), plain), "0"),
        ] {
            assert_eq!(found, expected);
        }
    }
}
