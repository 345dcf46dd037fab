//! Instants as files and services write them.

use lessen_records::instant;
use time::{OffsetDateTime, UtcOffset};

/// How an instant may be written, for messages.
pub(crate) const EXPECTED: &str =
    "an instant such as 2024-01-31T05:00:00Z or 2024-01-31 05:00, between 1990 and 2100";

/// Reads an instant: RFC 3339, with a space instead of the `T`, without seconds, or without an offset, which is
/// then UTC. `None` where it is none of these, or lies outside of the years in which electricity was published.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    let found = instant::parse_loosely(text)?;
    let utc = found.checked_to_offset(UtcOffset::UTC)?;
    (1990..=2100).contains(&utc.year()).then_some(utc)
}

/// An instant as RFC 3339 has it.
pub(crate) fn text(instant: OffsetDateTime) -> String {
    // Only years that RFC 3339 has are read.
    instant::text(instant).unwrap_or_else(|| instant.to_string())
}

/// The year of an instant that was read.
pub(crate) fn year(instant: OffsetDateTime) -> u16 {
    u16::try_from(instant.year()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_files_write_them() {
        for (written, meant) in [
            ("2024-01-31T05:00:00Z", "2024-01-31T05:00:00Z"),
            ("2024-01-31 05:00:00", "2024-01-31T05:00:00Z"),
            ("2024-01-31 05:00", "2024-01-31T05:00:00Z"),
            ("2024-01-31T05:00Z", "2024-01-31T05:00:00Z"),
            ("2024-01-31T05:00:00.000Z", "2024-01-31T05:00:00Z"),
            ("2024-01-31T05:00:00+01:00", "2024-01-31T04:00:00Z"),
            ("2024-01-01 00:30:00+05:30", "2023-12-31T19:00:00Z"),
            (" 2024-02-29T23:59:59-08:00 ", "2024-03-01T07:59:59Z"),
        ] {
            assert_eq!(parse(written).map(text).as_deref(), Some(meant), "{written}");
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "noon",
            "1706677200",
            "2023-02-29 05:00",
            "2024-01-31",
            "2024-01-31 25:00",
            "31/01/2024 05:00",
            "1889-01-31T05:00:00Z",
            "9999-12-31T23:00:00-09:00",
            "2024-01-31 05:00 nonsense",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
