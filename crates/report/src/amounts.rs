//! Figures with their doubt, and lines of a label, a figure and a remark.

use lessen_units::{Figure, Kind, Quantity};

use crate::readable::{NOTHING, one_line, significant, thousands, with_unit, wrapped};
use crate::table::WIDTH;

/// How a number is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// `12,345 kWh`; three digits where it is in doubt.
    Plain,
    /// `12,345 USD`; whole from a thousand on, in doubt or not.
    Money,
    /// `1.23 ZFLOP`.
    Prefixes,
}

/// A figure with its band: `~1,510 kWh (1,020 to 4,300)`.
pub(crate) fn figure<Q: Quantity>(figure: &Figure<Q>, unit: &str, scale: Scale) -> String {
    let (Some(value), Some(low), Some(high)) = (figure.value(), figure.low(), figure.high()) else {
        return NOTHING.to_owned();
    };
    let exact = low == high && figure.kind() != Some(Kind::Estimated);
    let write = |number: Q| match scale {
        Scale::Prefixes => with_unit(number.raw(), unit),
        Scale::Money => plain(number.raw()),
        Scale::Plain if exact => plain(number.raw()),
        Scale::Plain => significant(number.raw(), 3),
    };
    let mark = if exact { "" } else { "~" };
    let unit = if scale == Scale::Prefixes || unit.is_empty() { String::new() } else { format!(" {unit}") };
    let [value, low, high] = [value, low, high].map(write);
    let band = if low == value && high == value { String::new() } else { format!(" ({low} to {high})") };
    format!("{mark}{value}{unit}{band}")
}

/// A figure without its band.
pub(crate) fn quantity<Q: Quantity>(of: &Figure<Q>, unit: &str, scale: Scale) -> String {
    let text = figure(of, unit, scale);
    match text.split_once(" (") {
        Some((value, _)) => value.to_owned(),
        None => text,
    }
}

/// A number that was said or follows from such: whole from a thousand on, four digits below.
fn plain(value: f64) -> String {
    if value.abs() >= 1000.0 && value.abs() < 1e15 {
        thousands(value.abs().round() as u64)
    } else {
        significant(value, 4)
    }
}

/// The remark on a figure, or else why there is none.
pub(crate) fn remark<Q: Quantity>(figure: &Figure<Q>, remark: &str) -> String {
    if figure.value().is_some() { remark.to_owned() } else { figure.how().to_owned() }
}

pub(crate) fn line(label: &str, value: &str, remark: &str) -> String {
    const LABEL: usize = 13;
    line_of(label, LABEL, value, remark)
}

/// A label, a figure and a remark that goes on below itself.
pub(crate) fn line_of(label: &str, width: usize, value: &str, remark: &str) -> String {
    const VALUE: usize = 34;
    let start = format!("  {:<width$} {value:<VALUE$}", one_line(label));
    if remark.is_empty() {
        return start.trim_end().to_owned() + "\n";
    }
    let indent = " ".repeat(start.chars().count().min(WIDTH / 2) + 1);
    let text = wrapped(&format!("{start} {}", one_line(remark)), WIDTH, &indent);
    text.trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use lessen_units::KilowattHours;

    #[test]
    fn figures_say_how_sure_they_are() {
        let kwh = |value, low, high, kind| {
            figure(
                &Figure::band(KilowattHours(value), KilowattHours(low), KilowattHours(high), kind, ""),
                "kWh",
                Scale::Plain,
            )
        };
        assert_eq!(kwh(1506.83, 1506.83, 1506.83, Kind::Declared), "1,507 kWh");
        assert_eq!(kwh(26.8382, 26.8382, 26.8382, Kind::Declared), "26.84 kWh");
        assert_eq!(kwh(1506.83, 1012.0, 4321.0, Kind::Estimated), "~1,510 kWh (1,010 to 4,320)");
        assert_eq!(kwh(0.0, 0.0, 0.0, Kind::Declared), "0 kWh");
        assert_eq!(figure(&Figure::<KilowattHours>::unavailable("no power"), "kWh", Scale::Plain), NOTHING);
    }

    #[test]
    fn a_remark_goes_on_below_itself() {
        let text = line("energy", "1 kWh", &"word ".repeat(30));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert_eq!(
            text.lines().nth(1).map(|line| line.chars().take_while(|letter| *letter == ' ').count()),
            Some(51)
        );
    }
}
