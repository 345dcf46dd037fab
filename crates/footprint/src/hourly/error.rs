//! What is wrong with a file of intensities.

use std::path::PathBuf;

use lessen_units::Hours;
use time::Duration;

/// A file that is no regular series of intensities, or a window that does not fit it.
#[derive(Debug, thiserror::Error)]
pub enum HourlyError {
    /// The file cannot be read.
    #[error("`{}` cannot be read: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is larger than any series of intensities.
    #[error("`{}` is too large: expected at most {most} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The bound, in bytes.
        most: u64,
    },
    /// No column of times, or none of intensities.
    #[error("`{file}`, line 1: no column of {what}: expected {expected}, found {}", found.join(", "))]
    NoColumn {
        /// The file.
        file: String,
        /// What is missing: times or intensities.
        what: &'static str,
        /// The names that were looked for.
        expected: String,
        /// The file's headers.
        found: Vec<String>,
    },
    /// No CSV.
    #[error("`{file}`, line {line}: {problem}")]
    Syntax {
        /// The file.
        file: String,
        /// Its line, from 1.
        line: u64,
        /// What was expected and found.
        problem: String,
    },
    /// A cell that is no instant, or no intensity.
    #[error("`{file}`, line {line}, column `{column}`: expected {expected}, found {found}")]
    Unfit {
        /// The file.
        file: String,
        /// Its line, from 1.
        line: u64,
        /// The column's header.
        column: String,
        /// What would be fit.
        expected: String,
        /// What is there.
        found: String,
    },
    /// One row, or none.
    #[error("`{file}`: expected 2 rows or more, found {found}")]
    TooFew {
        /// The file.
        file: String,
        /// Its rows.
        found: usize,
    },
    /// Two rows of one instant.
    #[error("`{file}`, line {line}: expected one row an instant, found {instant} on line {before} too")]
    Twice {
        /// The file.
        file: String,
        /// The line of the second, from 1.
        line: u64,
        /// The line of the first.
        before: u64,
        /// The instant, as RFC 3339.
        instant: String,
    },
    /// A gap, or a step of another length than most.
    #[error(
        "`{file}`, between lines {before} and {line}: expected a step of {expected}, as most are, found {found}"
    )]
    Uneven {
        /// The file.
        file: String,
        /// The line of the earlier instant, from 1.
        before: u64,
        /// The line of the later one.
        line: u64,
        /// The commonest step of the file.
        expected: Duration,
        /// The step between the two lines.
        found: Duration,
    },
    /// Instants too far apart to tell one hour of a day from another.
    #[error("`{file}`: expected a step of {most} or less, found {found}")]
    Coarse {
        /// The file.
        file: String,
        /// The bound.
        most: Duration,
        /// The commonest step of the file.
        found: Duration,
    },
    /// A window that has no length.
    #[error("expected a window longer than 0 hours, found {} h", found.0)]
    NoLength {
        /// What was asked for.
        found: Hours,
    },
    /// A window that is longer than the file.
    #[error("`{file}` is {} h long, expected at least the window's {} h", holds.0, wanted.0)]
    TooLong {
        /// The file.
        file: String,
        /// What was asked for.
        wanted: Hours,
        /// The file's length.
        holds: Hours,
    },
}

impl HourlyError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "say the path of a CSV file",
            Self::TooLarge { .. } => "cut out the months that the run may fall into",
            Self::NoColumn { .. } => "name the columns `datetime` and `g_per_kwh`; other columns may stay",
            Self::Syntax { .. } => "the file must be UTF-8 text with commas between cells",
            Self::Unfit { .. } => {
                "times are UTC unless they have an offset; intensities are grams of CO2e a kilowatt-hour"
            }
            Self::TooFew { .. } => "give a row for each hour of the days that the run may fall into",
            Self::Twice { .. } => {
                "give one grid's rows only, in UTC: local time has an hour twice when summer time ends"
            }
            Self::Uneven { .. } => {
                "fill the gap or cut the file there; give UTC: local time lacks an hour when summer time begins"
            }
            Self::Coarse { .. } => "give hours rather than months or years",
            Self::NoLength { .. } => "say how many hours the run takes",
            Self::TooLong { .. } => "give a longer file, or split the run",
        }
    }
}

/// A text of somebody else's for a message: its beginning, on one line.
pub(crate) fn excerpt(text: &str) -> String {
    const MOST: usize = 60;
    let shown = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut cut: String = text.trim().chars().take(MOST).map(shown).collect();
    if text.trim().chars().nth(MOST).is_some() {
        cut.push('…');
    }
    if cut.is_empty() { "nothing".to_owned() } else { format!("`{cut}`") }
}
