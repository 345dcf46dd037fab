//! What can be wrong with a CSV file of CodeCarbon's.

use std::path::PathBuf;

/// A file that cannot be read as CodeCarbon's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CsvError {
    /// The file cannot be opened or read.
    #[error("cannot read `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The bytes are no text.
    #[error("`{file}`, line {line}, column {column}: expected UTF-8, found other bytes")]
    NotText {
        /// The file's name.
        file: String,
        /// From 1.
        line: u64,
        /// The column's name, or its number from 1 where it has none.
        column: String,
    },
    /// Columns without which there is no receipt.
    #[error("`{file}`, line 1: no column {}", .missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))]
    MissingColumns {
        /// The file's name.
        file: String,
        /// Their names.
        missing: Vec<&'static str>,
    },
    /// Two columns of one name: which of them is meant cannot be told.
    #[error("`{file}`, line 1, column {position}: a second column `{column}`")]
    ColumnTwice {
        /// The file's name.
        file: String,
        /// The column's name.
        column: String,
        /// The second one's number, from 1.
        position: usize,
    },
    /// A row with cells missing or too many, as CodeCarbon leaves them where trackers stop at once.
    #[error("`{file}`, line {line}: expected {expected} cells, found {found}")]
    BrokenRow {
        /// The file's name.
        file: String,
        /// From 1.
        line: u64,
        /// Cells of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// A cell that does not hold what its column holds.
    #[error("`{file}`, line {line}, column {position} (`{column}`): expected {expected}, found `{found}`")]
    Cell {
        /// The file's name.
        file: String,
        /// From 1.
        line: u64,
        /// The column's name.
        column: String,
        /// The column's number, from 1.
        position: usize,
        /// What would fit.
        expected: &'static str,
        /// The cell, shortened.
        found: String,
    },
}

impl CsvError {
    /// Advice, where there is some.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::BrokenRow { .. } => Some(
                "CodeCarbon breaks rows when trackers stop at once; skip such rows, or mend them by hand",
            ),
            Self::MissingColumns { .. } => {
                Some("expected an emissions.csv of CodeCarbon, with its header and with commas between cells")
            }
            Self::NotText { .. } => Some("save the file as CSV in UTF-8"),
            _ => None,
        }
    }
}
