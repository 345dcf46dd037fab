//! What can be wrong with a table.

use std::path::PathBuf;

use super::reading::Unfit;

/// What is wrong with a table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A file or the folder cannot be read.
    #[error("`{}` cannot be read: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Something else has the name of a table: a folder, a device, a pipe.
    #[error("`{}`: expected a file, found {found}", path.display())]
    NotAFile {
        /// What was looked at.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// A file that no table needs to be as large as.
    #[error("`{}` has {found} bytes, expected {most} at most", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size, in bytes; of a file that grows while it is read, what was read.
        found: u64,
        /// The most that is read, in bytes.
        most: u64,
    },
    /// A folder without a table.
    #[error("`{}` holds none of the tables {names}", folder.display())]
    NoneOfOurs {
        /// The folder.
        folder: PathBuf,
        /// The names that were looked for.
        names: String,
    },
    /// A CSV file that has no table's name: likely one with a slip in it, whose rows would be missed.
    #[error("`{}` has the name of no table{}", path.display(), near.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// The nearest name of a table.
        near: Option<&'static str>,
    },
    /// A file without a row.
    #[error("`{file}`: expected a line of column names and a row at least, found no row")]
    Empty {
        /// The file.
        file: String,
    },
    /// No CSV, a missing column, or a cell of another type.
    #[error("`{file}`, line {line}{}: {problem}", column.as_ref().map(|name| format!(", column `{name}`")).unwrap_or_default())]
    Syntax {
        /// The file.
        file: String,
        /// The line that the row begins on, from 1.
        line: u64,
        /// The column's name, where it is known.
        column: Option<String>,
        /// What is wrong.
        problem: String,
        /// What to do about it; empty where there is nothing to say.
        hint: &'static str,
    },
    /// A value that cannot be true.
    #[error("`{file}`, line {line}, column `{}`: expected {}, found {}", unfit.column, unfit.expected, unfit.found)]
    Unfit {
        /// The file.
        file: String,
        /// The line that the row begins on, from 1.
        line: u64,
        /// What does not fit.
        unfit: Unfit,
    },
    /// Two rows with one key.
    #[error("`{file}`, line {line}: the key `{key}` was used before, expected one row a key")]
    Twice {
        /// The file.
        file: String,
        /// The line that the second begins on, from 1.
        line: u64,
        /// The key.
        key: String,
    },
    /// A row that refers to one that is not there.
    #[error("`{file}`, row `{key}`: `{column}` is `{found}`, which is no key of `{refers_to}`")]
    Dangling {
        /// The file.
        file: &'static str,
        /// The row.
        key: String,
        /// The column that refers.
        column: &'static str,
        /// What it says.
        found: String,
        /// The table that it refers to.
        refers_to: &'static str,
    },
}

impl TableError {
    /// What to do about it, where there is something to say.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Unreadable { .. } | Self::NotAFile { .. } => None,
            Self::TooLarge { .. } => {
                Some("a table of yours needs only the rows that it adds to ours or puts in their place")
            }
            Self::NotOurs { .. } => {
                Some("docs/tables.md lists the tables by name; keep other CSV files elsewhere")
            }
            Self::NoneOfOurs { .. } => Some("a table of yours has the name of the one that it is laid over"),
            Self::Empty { .. } => Some("remove the file where you have no rows for it"),
            Self::Syntax { hint, .. } => (!hint.is_empty()).then_some(hint),
            Self::Unfit { .. } => Some(COLUMNS),
            Self::Twice { .. } => Some("leave one of the two rows out"),
            Self::Dangling { .. } => {
                Some("add the row that is missing to your tables, or correct what refers to it")
            }
        }
    }
}

/// Where the columns are described.
pub(super) const COLUMNS: &str = "docs/tables.md lists the columns of each table and their units";
