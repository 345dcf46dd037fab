//! From the text of a table to checked rows.

use std::collections::HashMap;

use serde::de::DeserializeOwned;

use super::error::{COLUMNS, TableError};

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

/// `Ok` where the text begins with such a year, alone or before a dash: `2019`, `2026-03`, `2025-Q2`.
pub(super) fn date(column: &'static str, text: &str) -> Result<(), Unfit> {
    let first = text.split('-').next().unwrap_or_default();
    let digits = first.len() == 4 && first.bytes().all(|byte| byte.is_ascii_digit());
    match first.parse() {
        Ok(number) if digits => year(column, number),
        _ => Err(Unfit {
            column,
            expected: "a date such as 2019 or 2026-03".to_owned(),
            found: format!("`{text}`"),
        }),
    }
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

impl<R: Row> Table<R> {
    /// Reads and checks a table; `file` is its name for messages. An UTF-8 byte order mark and any line ends are taken.
    ///
    /// # Errors
    /// [`TableError`] with the line that the row begins on, and its column where one is at fault: where the bytes are no
    /// CSV with the columns of `R`, where there is no row, where a value cannot be true, and where a key is there twice.
    ///
    /// # Example
    /// ```
    /// use lessen_footprint::tables::{Grid, Table};
    ///
    /// let text = "code,name,g_co2e_per_kwh,year,scope,source\nLAB,our roof,41,2026,lifecycle,our meter\n";
    /// let grids = Table::<Grid>::read("grid.csv", text.as_bytes())?;
    /// assert_eq!(grids.get("LAB").map(|grid| grid.g_co2e_per_kwh), Some(41.0));
    /// # Ok::<(), lessen_footprint::TableError>(())
    /// ```
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, TableError> {
        let place = Place { file, bytes };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
        let headers = reader.headers().map_err(|error| place.syntax(&error, None))?.clone();
        let mut table = Self { rows: Vec::new(), places: HashMap::new() };
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(|error| place.syntax(&error, Some(&headers)))? {
            let row: R =
                record.deserialize(Some(&headers)).map_err(|error| place.syntax(&error, Some(&headers)))?;
            let line = || place.line(record.position());
            row.check().map_err(|unfit| TableError::Unfit { file: file.to_owned(), line: line(), unfit })?;
            if table.places.insert(row.key(), table.rows.len()).is_some() {
                return Err(TableError::Twice { file: file.to_owned(), line: line(), key: row.key() });
            }
            table.rows.push(row);
        }
        if table.rows.is_empty() {
            return Err(TableError::Empty { file: file.to_owned() });
        }
        Ok(table)
    }
}

/// What messages name places in.
struct Place<'t> {
    file: &'t str,
    bytes: &'t [u8],
}

impl Place<'_> {
    /// The line, from 1, that the record begins on.
    ///
    /// The reader's own count is that of the end of the record before: too low where empty lines or the second half of
    /// a CR LF lie between.
    fn line(&self, position: Option<&csv::Position>) -> u64 {
        let before = position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX));
        let (before, rest) = self.bytes.split_at(before.min(self.bytes.len()));
        let skipped = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = &self.bytes[..before.len() + skipped];
        let feeds = passed.iter().filter(|&&byte| byte == b'\n').count();
        let lone_returns = passed
            .iter()
            .zip(passed.iter().skip(1).chain([&0]))
            .filter(|&pair| pair.0 == &b'\r' && pair.1 != &b'\n');
        1 + (feeds + lone_returns.count()) as u64
    }

    /// What the CSV reader says, with the place in fields of its own.
    fn syntax(&self, error: &csv::Error, headers: Option<&csv::StringRecord>) -> TableError {
        let (column, problem) = match error.kind() {
            csv::ErrorKind::Deserialize { err, .. } => {
                let name = err.field().and_then(|field| headers?.get(usize::try_from(field).ok()?));
                // Fields of records are columns to who wrote the file.
                (name.map(str::to_owned), err.kind().to_string().replace(" field `", " column `"))
            }
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                (None, format!("expected {expected_len} cells, found {len}"))
            }
            csv::ErrorKind::Utf8 { .. } => (None, "the text is not UTF-8".to_owned()),
            _ => (None, error.to_string()),
        };
        let semicolons = |headers: &csv::StringRecord| headers.len() == 1 && headers.as_slice().contains(';');
        let hint = match error.kind() {
            csv::ErrorKind::Utf8 { .. } => "save the table as CSV in UTF-8",
            csv::ErrorKind::UnequalLengths { .. } => "put cells with commas in quotation marks",
            _ if headers.is_some_and(semicolons) => "save the table with commas between the cells",
            _ => COLUMNS,
        };
        TableError::Syntax {
            file: self.file.to_owned(),
            line: self.line(error.position()),
            column,
            problem,
            hint,
        }
    }
}
