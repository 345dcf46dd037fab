//! Cells by the names of their columns.

use std::collections::HashMap;

use csv::StringRecord;

use super::error::CsvError;

/// Which column is where.
pub(super) struct Columns {
    file: String,
    headers: StringRecord,
    places: HashMap<String, usize>,
}

/// One row.
pub(super) struct Cells<'row> {
    columns: &'row Columns,
    row: &'row StringRecord,
}

const NO_NEGATIVE: &str = "a number, not below 0";

impl Columns {
    /// Checks the header.
    pub(super) fn new(file: &str, headers: StringRecord) -> Result<Self, CsvError> {
        let mut places = HashMap::new();
        for (place, name) in headers.iter().enumerate() {
            // Columns without a name are the indices that pandas writes.
            if !name.is_empty() && places.insert(name.to_owned(), place).is_some() {
                let (column, position) = (name.to_owned(), place + 1);
                return Err(CsvError::ColumnTwice { file: file.to_owned(), column, position });
            }
        }
        let needed = ["timestamp", "duration", "emissions", "energy_consumed"];
        let missing: Vec<_> = needed.into_iter().filter(|name| !places.contains_key(*name)).collect();
        if !missing.is_empty() {
            return Err(CsvError::MissingColumns { file: file.to_owned(), missing });
        }
        Ok(Self { file: file.to_owned(), headers, places })
    }

    /// The name of a column, where it has one.
    pub(super) fn name(&self, place: usize) -> Option<String> {
        Some(format!("`{}`", self.headers.get(place).filter(|name| !name.is_empty())?))
    }

    pub(super) fn count(&self) -> usize {
        self.headers.len()
    }

    /// Whether a row is the header once more, as in files that were put together.
    pub(super) fn repeats_header(&self, row: &StringRecord) -> bool {
        *row == self.headers
    }

    pub(super) fn of<'row>(&'row self, row: &'row StringRecord) -> Cells<'row> {
        Cells { columns: self, row }
    }
}

impl<'row> Cells<'row> {
    /// A cell's text; `None` where the column is missing or the cell says nothing.
    pub(super) fn text(&self, column: &str) -> Option<&'row str> {
        let cell = self.row.get(*self.columns.places.get(column)?)?;
        says_something(cell).then_some(cell)
    }

    /// All cells that say something, with the names of their columns.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'row str, &'row str)> {
        let named = self.columns.headers.iter().zip(self.row.iter());
        named.filter(|(name, cell)| !name.is_empty() && says_something(cell))
    }

    /// A quantity that cannot be negative.
    pub(super) fn number(&self, column: &str) -> Result<Option<f64>, CsvError> {
        let Some(text) = self.text(column) else { return Ok(None) };
        let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
        Ok(Some(number.ok_or_else(|| self.unfit(column, NO_NEGATIVE))?))
    }

    /// The same, where a row without it makes no receipt.
    pub(super) fn needed(&self, column: &str) -> Result<f64, CsvError> {
        self.number(column)?.ok_or_else(|| self.unfit(column, NO_NEGATIVE))
    }

    /// The error for a cell that does not fit.
    pub(super) fn unfit(&self, column: &str, expected: &'static str) -> CsvError {
        const MOST: usize = 40;
        let place = self.columns.places.get(column).copied();
        let found = place.and_then(|place| self.row.get(place)).unwrap_or_default();
        let mut short: String = found.chars().take(MOST).collect();
        if short.len() < found.len() {
            short.push('…');
        }
        CsvError::Cell {
            file: self.columns.file.clone(),
            line: self.row.position().map_or(0, csv::Position::line),
            column: column.to_owned(),
            position: place.map_or(0, |place| place + 1),
            expected,
            found: short,
        }
    }
}

/// Python's and pandas' words for nothing count as nothing.
fn says_something(cell: &str) -> bool {
    !matches!(cell, "" | "nan" | "NaN" | "None" | "null")
}
