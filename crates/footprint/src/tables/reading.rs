//! From the text of a table to checked rows.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::de::DeserializeOwned;

/// A row of a table.
pub trait Row: DeserializeOwned + Clone {
    /// The table's file.
    const FILE: &'static str;

    /// What tells the row from all others.
    fn key(&self) -> String;

    /// Whether its values can be true.
    ///
    /// # Errors
    /// The column that cannot be, and what was expected there.
    fn check(&self) -> Result<(), Unfit>;
}

/// A value that cannot be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// Its column.
    pub column: &'static str,
    /// What would be fit.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// `Ok` where the value lies between the bounds, both included; a NaN does not.
pub(crate) fn within(column: &'static str, value: f64, low: f64, high: f64) -> Result<(), Unfit> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Unfit { column, expected: format!("a number between {low} and {high}"), found: value.to_string() })
}

/// [`within`] for a value that may be unknown.
pub(crate) fn within_if_known(
    column: &'static str,
    value: Option<f64>,
    low: f64,
    high: f64,
) -> Result<(), Unfit> {
    value.map_or(Ok(()), |value| within(column, value, low, high))
}

/// `Ok` where there is a text.
pub(crate) fn said(column: &'static str, text: &str) -> Result<(), Unfit> {
    if text.trim().is_empty() {
        return Err(Unfit { column, expected: "a text".to_owned(), found: "nothing".to_owned() });
    }
    Ok(())
}

/// Years that a fact of computing may be of.
pub(super) fn year(column: &'static str, year: u16) -> Result<(), Unfit> {
    within(column, f64::from(year), 1990.0, 2100.0)
}

/// Rows with their keys.
#[derive(Clone, Debug)]
pub struct Table<R> {
    rows: Vec<R>,
    places: HashMap<String, usize>,
}

impl<R: Row> Table<R> {
    /// All rows, in the order of the file.
    pub fn rows(&self) -> &[R] {
        &self.rows
    }

    /// The row with that key, exactly.
    pub fn get(&self, key: &str) -> Option<&R> {
        self.places.get(key).and_then(|&place| self.rows.get(place))
    }

    /// Takes the rows of another table, over those with the same key; says how many those were.
    pub(super) fn replace(&mut self, other: Self) -> usize {
        let mut replaced = 0;
        for row in other.rows {
            match self.places.get(&row.key()).and_then(|&place| self.rows.get_mut(place)) {
                Some(place) => {
                    *place = row;
                    replaced += 1;
                }
                None => {
                    self.places.insert(row.key(), self.rows.len());
                    self.rows.push(row);
                }
            }
        }
        replaced
    }
}

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
    /// A folder without a table.
    #[error("`{}` holds none of the tables {names}", folder.display())]
    NoneOfOurs {
        /// The folder.
        folder: PathBuf,
        /// The names that were looked for.
        names: String,
    },
    /// No CSV, a missing column, or a cell of another type.
    #[error("`{file}`, line {line}{}: {problem}", column.as_ref().map(|name| format!(", column `{name}`")).unwrap_or_default())]
    Syntax {
        /// The file.
        file: String,
        /// Its line, from 1.
        line: u64,
        /// The column's name, where it is known.
        column: Option<String>,
        /// What is wrong.
        problem: String,
    },
    /// A value that cannot be true.
    #[error("`{file}`, line {line}, column `{}`: expected {}, found {}", unfit.column, unfit.expected, unfit.found)]
    Unfit {
        /// The file.
        file: String,
        /// Its line, from 1.
        line: u64,
        /// What does not fit.
        unfit: Unfit,
    },
    /// Two rows with one key.
    #[error("`{file}`, line {line}: the key `{key}` was used before, expected one row a key")]
    Twice {
        /// The file.
        file: String,
        /// The line of the second, from 1.
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

/// Reads and checks a table; `file` is its name for messages.
pub(crate) fn read<R: Row>(file: &str, bytes: &[u8]) -> Result<Table<R>, TableError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let headers = reader.headers().map_err(|error| syntax(file, &error, None))?.clone();
    let mut table = Table { rows: Vec::new(), places: HashMap::new() };
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| syntax(file, &error, Some(&headers)))? {
        let line = record.position().map_or(0, csv::Position::line);
        let row: R =
            record.deserialize(Some(&headers)).map_err(|error| syntax(file, &error, Some(&headers)))?;
        row.check().map_err(|unfit| TableError::Unfit { file: file.to_owned(), line, unfit })?;
        if table.places.insert(row.key(), table.rows.len()).is_some() {
            return Err(TableError::Twice { file: file.to_owned(), line, key: row.key() });
        }
        table.rows.push(row);
    }
    Ok(table)
}

/// What the CSV reader says, with the place in fields of its own.
fn syntax(file: &str, error: &csv::Error, headers: Option<&csv::StringRecord>) -> TableError {
    let line = error.position().map_or(1, csv::Position::line);
    let (column, problem) = match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => {
            let name = err.field().and_then(|field| headers?.get(usize::try_from(field).ok()?));
            (name.map(str::to_owned), err.kind().to_string())
        }
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            (None, format!("expected {expected_len} cells, found {len}"))
        }
        csv::ErrorKind::Utf8 { .. } => (None, "the text is not UTF-8".to_owned()),
        _ => (None, error.to_string()),
    };
    TableError::Syntax { file: file.to_owned(), line, column, problem }
}
