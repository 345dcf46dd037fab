//! Instants as records and foreign files write them: RFC 3339 as text, microseconds after 1970 for sorting.

use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

/// The time of day, as records have it: RFC 3339, UTC. To say when something began; times are taken by other clocks.
pub fn now() -> String {
    // The calendar has the year that a clock can show.
    text(OffsetDateTime::now_utc()).unwrap_or_default()
}

/// Reads RFC 3339.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// Reads what other programs write: RFC 3339, with a space instead of the `T` or without an offset, which is then
/// taken as UTC, since the row does not say where its clock stood. `None` too outside of the years 1990 to 2100, in which
/// no run was metered.
pub fn parse_loosely(text: &str) -> Option<OffsetDateTime> {
    let text = text.trim().replacen(' ', "T", 1);
    let with_offset = OffsetDateTime::parse(&text, &Iso8601::PARSING).ok();
    let found = with_offset
        .or_else(|| Some(PrimitiveDateTime::parse(&text, &Iso8601::PARSING).ok()?.assume_utc()))?;
    (1990..=2100).contains(&found.year()).then_some(found)
}

/// The instant as RFC 3339, in UTC, to the microsecond; `None` in years that RFC 3339 has not.
pub fn text(instant: OffsetDateTime) -> Option<String> {
    let utc = instant.checked_to_offset(time::UtcOffset::UTC)?;
    let fraction = utc.nanosecond() % 1000;
    utc.replace_nanosecond(utc.nanosecond() - fraction).ok()?.format(&Rfc3339).ok()
}

/// Microseconds after 1970.
pub(crate) fn microseconds(instant: OffsetDateTime) -> Option<i64> {
    i64::try_from(instant.unix_timestamp_nanos() / 1000).ok()
}

/// The instant `seconds` later, earlier where they are below zero; `None` past the ends of the calendar.
pub(crate) fn after(instant: OffsetDateTime, seconds: f64) -> Option<OffsetDateTime> {
    instant.checked_add(Duration::checked_seconds_f64(seconds)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_python_programs_write_them() {
        for (written, meant) in [
            ("2024-04-13T21:30:53", Some("2024-04-13T21:30:53Z")),
            ("2024-04-13 21:30:53", Some("2024-04-13T21:30:53Z")),
            ("2024-04-13T21:30:53.25Z", Some("2024-04-13T21:30:53.25Z")),
            (" 2024-04-13T21:30:53+02:00 ", Some("2024-04-13T19:30:53Z")),
            ("2024-04-13T21:30:53.123456789", Some("2024-04-13T21:30:53.123456Z")),
            ("13/04/2024", None),
            ("0024-04-13T21:30:53", None),
            ("", None),
        ] {
            assert_eq!(parse_loosely(written).and_then(text).as_deref(), meant, "{written}");
        }
    }

    #[test]
    fn instants_sort_by_microseconds() {
        let at = |text| microseconds(parse(text).unwrap());
        assert_eq!(at("1970-01-01T00:00:01.5Z"), Some(1_500_000));
        assert_eq!(at("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(at("1969-12-31T23:59:59Z"), Some(-1_000_000));
        assert!(parse("2024-04-13T21:30:53").is_none(), "a receipt says its offset");
    }

    #[test]
    fn an_instant_can_be_moved_but_not_off_the_calendar() {
        let noon = parse("2024-01-01T12:00:00Z").unwrap();
        assert_eq!(after(noon, -1.5).and_then(text).as_deref(), Some("2024-01-01T11:59:58.5Z"));
        for seconds in [f64::NAN, f64::INFINITY, 1e300, 1e18] {
            assert_eq!(after(noon, seconds), None, "{seconds}");
        }
    }
}
