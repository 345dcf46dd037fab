//! Numbers as people read them: three digits and a prefix of the SI.

use lessen_units::{Figure, Joules, Kind, Microseconds, Quantity};

/// What is printed where there is no number.
pub const NOTHING: &str = "–";

/// A quantity with its unit: `12.3 kB`, `4.50 µJ`, `812 s`.
pub fn with_unit(value: f64, unit: &str) -> String {
    const PREFIXES: [&str; 12] = ["f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E"];
    const OF_ONE: i32 = 5;
    if value == 0.0 {
        return format!("0 {unit}").trim_end().to_owned();
    }
    let rounded = format!("{value:.2e}");
    let parts =
        rounded.split_once('e').and_then(|(digits, exponent)| Some((digits, exponent.parse::<i32>().ok()?)));
    let Some((digits, exponent)) = parts else { return NOTHING.to_owned() };
    let prefix = usize::try_from(exponent.div_euclid(3) + OF_ONE).ok().and_then(|index| PREFIXES.get(index));
    let Some(prefix) = prefix else { return format!("{rounded} {unit}").trim_end().to_owned() };
    let sign = if value < 0.0 { "-" } else { "" };
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let (whole, part) = digits.split_at(1 + exponent.rem_euclid(3) as usize);
    let point = if part.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{part} {prefix}{unit}").trim_end().to_owned()
}

/// A number of things: exact below a thousand, then `1.23 k`.
pub fn count(number: u64) -> String {
    if number < 1000 { number.to_string() } else { with_unit(number as f64, "") }
}

/// A size: exact below a thousand bytes, then `1.23 kB` (of 1000 bytes).
pub fn bytes(number: u64) -> String {
    if number < 1000 { format!("{number} B") } else { with_unit(number as f64, "B") }
}

/// A share as a percentage with two decimals: `97.50%`.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent.is_finite() { format!("{percent:.2}%") } else { NOTHING.to_owned() }
}

/// A factor: `1.3`, `52`, `1,230`.
pub fn times(factor: f64) -> String {
    if !factor.is_finite() {
        NOTHING.to_owned()
    } else if factor < 0.095 {
        one_digit(factor)
    } else if factor < 9.95 {
        format!("{factor:.1}")
    } else {
        thousands(factor.round() as u64)
    }
}

/// Percentage points: one decimal, and one digit where that would be 0: `0.6`, `0.02`.
pub fn points(points: f64) -> String {
    if !points.is_finite() {
        return NOTHING.to_owned();
    }
    if points != 0.0 && points.abs() < 0.05 { one_digit(points) } else { format!("{points:.1}") }
}

/// A number of a study, in its own unit: at most four significant digits, none of them superfluous zeros.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    if value.fract() == 0.0 && value.abs() < 1e15 {
        let sign = if value < 0.0 { "-" } else { "" };
        return format!("{sign}{}", thousands(value.abs() as u64));
    }
    let magnitude = value.abs().log10().floor();
    if !(-5.0..15.0).contains(&magnitude) {
        return format!("{value:.3e}");
    }
    without_zeros(&format!("{value:.*}", digits_of_four(magnitude)))
}

/// A number as a paper prints it, with all its decimals: `1,507`, `3.36351`.
pub fn printed(value: f64) -> String {
    match decimals(value) {
        Some(places) => with_decimals(value, places),
        None => number(value),
    }
}

/// A number beside the one that a paper prints: with two decimals more, so that it is seen whether it rounds to that, and
/// never fewer than [`number`] gives it. `1,506.83` beside `1,507`.
pub fn beside_printed(value: f64, paper: f64) -> String {
    match (decimals(value), decimals(paper)) {
        (Some(_), Some(places)) => {
            let of_four = digits_of_four(value.abs().log10().floor());
            with_decimals(value, (places + 2).max(of_four))
        }
        _ => number(value),
    }
}

/// Decimals of the shortest text that is read as this very number; `None` where it is no number for a table.
fn decimals(value: f64) -> Option<usize> {
    let fits = value == 0.0 || (1e-5..1e15).contains(&value.abs());
    fits.then(|| value.to_string().split_once('.').map_or(0, |(_, decimals)| decimals.len()))
}

/// With thousands set apart and that many decimals, none of them superfluous zeros.
fn with_decimals(value: f64, places: usize) -> String {
    let text = without_zeros(&format!("{:.places$}", value.abs()));
    let (whole, part) = text.split_at(text.find('.').unwrap_or(text.len()));
    let sign = if value < 0.0 && text != "0" { "-" } else { "" };
    format!("{sign}{}{part}", whole.parse().map_or_else(|_| whole.to_owned(), thousands))
}

/// Decimals that four significant digits of a number of this magnitude (of its decimal logarithm) have.
fn digits_of_four(magnitude: f64) -> usize {
    (3.0 - magnitude).clamp(0.0, 8.0) as usize
}

fn without_zeros(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

/// A figure's value: `~` in front where it was estimated, [`NOTHING`] where it is unavailable.
pub fn figure<Q: Quantity>(figure: &Figure<Q>, write: impl Fn(Q) -> String) -> String {
    match (figure.value(), figure.kind()) {
        (Some(value), Some(Kind::Estimated)) => format!("~{}", write(value)),
        (Some(value), _) => write(value),
        (None, _) => NOTHING.to_owned(),
    }
}

/// A figure's bounds: ` (1.20 J to 3.40 J)`; empty where they read the same as the value.
pub fn band<Q: Quantity>(figure: &Figure<Q>, write: impl Fn(Q) -> String) -> String {
    let (Some(value), Some(low), Some(high)) = (figure.value(), figure.low(), figure.high()) else {
        return String::new();
    };
    let [value, low, high] = [value, low, high].map(write);
    if low == value && high == value { String::new() } else { format!(" ({low} to {high})") }
}

/// Energy: `4.50 µJ`.
pub fn joules(energy: Joules) -> String {
    with_unit(energy.0, "J")
}

/// A latency: `3.50 µs`, `12.0 ms`.
pub fn microseconds(time: Microseconds) -> String {
    with_unit(time.0 * 1e-6, "s")
}

/// A number of predictions that a figure gives: part of one is one.
pub fn predictions(number: f64) -> String {
    count(number.ceil() as u64)
}

/// The text in one line: names and accounts come from files, and a control character in one of them must not
/// reach a terminal.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn one_digit(value: f64) -> String {
    let decimals = (-value.abs().log10().floor()).clamp(0.0, 12.0) as usize;
    format!("{value:.decimals$}")
}

/// A number of so many significant digits, without a prefix: `1,510`, `26.8`, `0.0123`, `1.23e-7`.
pub(crate) fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let rounded: f64 = format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(value);
    let magnitude = rounded.abs().log10().floor();
    if !(-5.0..15.0).contains(&magnitude) {
        return format!("{value:.*e}", digits.saturating_sub(1));
    }
    let decimals = (digits as f64 - 1.0 - magnitude).max(0.0) as usize;
    if decimals == 0 {
        let sign = if rounded < 0.0 { "-" } else { "" };
        return format!("{sign}{}", thousands(rounded.abs() as u64));
    }
    let text = format!("{rounded:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The text, or its beginning and `…`.
pub(crate) fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// The text broken between words so that no line is longer than `width` characters where a word is not; lines after the first
/// begin with `indent`.
pub(crate) fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    // Spaces at the beginning and between columns stay as they are.
    let mut line = String::new();
    for word in text.split_inclusive(' ') {
        let length = line.chars().count() + word.trim_end().chars().count();
        if length > width && !line.trim().is_empty() {
            lines.push(line.trim_end().to_owned());
            line = indent.to_owned();
        }
        line += word;
    }
    lines.push(line.trim_end().to_owned());
    lines.join("\n")
}

/// Groups of three digits: `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
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
    fn quantities_have_three_digits_and_a_prefix() {
        for (value, text) in [
            (0.0, "0 J"),
            (1.0, "1.00 J"),
            (9.994, "9.99 J"),
            (9.996, "10.0 J"),
            (99.96, "100 J"),
            (999.4, "999 J"),
            (999.6, "1.00 kJ"),
            (12_345.0, "12.3 kJ"),
            (0.001, "1.00 mJ"),
            (0.000_999_6, "1.00 mJ"),
            (4.5e-6, "4.50 µJ"),
            (1.5e-13, "150 fJ"),
            (3.6e6, "3.60 MJ"),
            (-2500.0, "-2.50 kJ"),
            (1.5e-20, "1.50e-20 J"),
            (1.5e30, "1.50e30 J"),
            (f64::NAN, "–"),
            (f64::INFINITY, "–"),
        ] {
            assert_eq!(joules(Joules(value)), text, "{value:e}");
        }
        assert_eq!(microseconds(Microseconds(3.5)), "3.50 µs");
        assert_eq!(microseconds(Microseconds(12_000.0)), "12.0 ms");
    }

    #[test]
    fn counts_are_exact_below_a_thousand() {
        for (number, text) in [
            (0, "0"),
            (7, "7"),
            (999, "999"),
            (1000, "1.00 k"),
            (4810, "4.81 k"),
            (999_999, "1.00 M"),
            (u64::MAX, "18.4 E"),
        ] {
            assert_eq!(count(number), text);
        }
        for (number, text) in [(0, "0 B"), (812, "812 B"), (20_480, "20.5 kB")] {
            assert_eq!(bytes(number), text);
        }
        for (number, text) in [(0.2, "1"), (811.5, "812"), (12_345.6, "12.3 k")] {
            assert_eq!(predictions(number), text);
        }
    }

    #[test]
    fn factors_and_shares() {
        for (factor, text) in [
            (1.0, "1.0"),
            (9.94, "9.9"),
            (9.96, "10"),
            (52.3, "52"),
            (1234.5, "1,235"),
            (0.5, "0.5"),
            (0.012, "0.01"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(times(factor), text, "{factor}");
        }
        for (share, text) in
            [(0.975, "97.50%"), (1.0, "100.00%"), (0.0, "0.00%"), (1e308, "–"), (f64::NAN, "–")]
        {
            assert_eq!(percent(share), text);
        }
        for (difference, text) in
            [(0.5556, "0.6"), (0.0, "0.0"), (0.02, "0.02"), (-1.25, "-1.2"), (12.0, "12.0"), (f64::NAN, "–")]
        {
            assert_eq!(points(difference), text, "{difference}");
        }
    }

    #[test]
    fn numbers_of_studies_keep_four_digits() {
        for (value, text) in [
            (146.0, "146"),
            (67.4, "67.4"),
            (0.98853, "0.9885"),
            (1234.56, "1235"),
            (626_155.0, "626,155"),
            (-0.5, "-0.5"),
            (-1500.0, "-1,500"),
            (0.0, "0"),
            (2.5e-300, "2.500e-300"),
            (9.99999, "10"),
            (100.04, "100"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(number(value), text, "{value}");
        }
    }

    #[test]
    fn significant_digits() {
        for (value, digits, text) in [
            (1506.83, 3, "1,510"),
            (26.838, 3, "26.8"),
            (0.012_34, 3, "0.0123"),
            (999.6, 3, "1,000"),
            (0.5, 3, "0.5"),
            (-1506.83, 3, "-1,510"),
            (432.727_12, 4, "432.7"),
            (1.234e-7, 3, "1.23e-7"),
            (1.234e20, 3, "1.23e20"),
            (0.0, 3, "0"),
            (f64::NAN, 3, "–"),
        ] {
            assert_eq!(significant(value, digits), text, "{value}");
        }
    }

    #[test]
    fn numbers_beside_printed_ones_show_what_they_round_to() {
        for (paper, ours, texts) in [
            (1507.0, 1506.826, ["1,507", "1,506.83"]),
            (626_155.0, 626_155.306_2, ["626,155", "626,155.31"]),
            (274_120.0, 274_120.0, ["274,120", "274,120"]),
            (3.36351, 3.363_513_6, ["3.36351", "3.3635136"]),
            (28.54, 28.538_812_8, ["28.54", "28.5388"]),
            (103_000.0, 103_175.06, ["103,000", "103,175.06"]),
            (0.5, -0.001_234_56, ["0.5", "-0.001235"]),
            (-0.5, 1234.0, ["-0.5", "1,234"]),
            (0.0, -0.000_000_1, ["0", "-1.000e-7"]),
            (0.0, 0.0, ["0", "0"]),
            (1e-300, 2.0, ["1.000e-300", "2"]),
            (1e15, 1.5, ["1.000e15", "1.5"]),
            (f64::NAN, f64::INFINITY, ["–", "–"]),
        ] {
            assert_eq!([printed(paper), beside_printed(ours, paper)], texts, "{paper} and {ours}");
        }
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrapped("one two three", 7, "  "), "one two\n  three");
        assert_eq!(wrapped("  label   one two", 11, "    "), "  label\n    one two");
        assert_eq!(wrapped("incomprehensible", 5, ""), "incomprehensible");
        assert_eq!(wrapped("", 5, ""), "");
    }

    #[test]
    fn figures_say_how_sure_they_are() {
        let modelled = Figure::band(Joules(2.0), Joules(1.0), Joules(4.0), Kind::Estimated, "a model");
        assert_eq!(figure(&modelled, joules) + &band(&modelled, joules), "~2.00 J (1.00 J to 4.00 J)");
        let exact = Figure::exact(Joules(2.0), Kind::Measured, "a meter");
        assert_eq!(figure(&exact, joules) + &band(&exact, joules), "2.00 J");
        let none = Figure::<Joules>::unavailable("no sensor");
        assert_eq!(figure(&none, joules) + &band(&none, joules), "–");
    }
}
