//! Tables from text files with one row a line, and the column to be predicted.
//!
//! The content is gone through twice: once to see which columns are numbers, once to keep the cells. So no
//! more than the finished table is ever in memory, however far a packed file unpacks.

mod cells;
mod for_encoding;
mod layout;
mod names;
mod parts;
mod rows;

use std::borrow::Cow;
use std::path::Path;

use crate::{DataError, Table};
use cells::Cell;
#[cfg(feature = "parquet")]
pub(crate) use cells::ascending;
pub(crate) use for_encoding::RowsFor;
pub use for_encoding::{read_for, read_for_with};
pub(crate) use layout::Layout;
pub(crate) use names::{check_no_name_twice, listed, made_up_name, missing_column, names};
pub(crate) use parts::{Part, Parts, TargetColumnCells};
pub(crate) use rows::MOST_UNPACKED;

/// A file that was read: its content, and its path for messages.
#[derive(Clone, Copy, Debug)]
pub struct CsvFile<'a> {
    /// Where it came from.
    pub path: &'a Path,
    /// What is in it, as text or packed with gzip.
    pub bytes: &'a [u8],
}

/// How text becomes columns.
#[derive(Clone, Debug)]
pub struct CsvOptions {
    /// The column to be predicted.
    pub target: TargetColumn,
    /// Where the names of the columns are.
    pub header: Header,
    /// What stands between two cells.
    pub delimiter: u8,
    /// Cells that say that there is no value.
    pub missing: Vec<String>,
    /// Whether white space around a cell is taken off.
    pub trim: bool,
    /// Lines that begin with this are passed over.
    pub comment: Option<u8>,
}

impl CsvOptions {
    /// The usual file: names in the first row, commas, white space that means nothing, and `?` or nothing at
    /// all where a value is missing.
    pub fn new(target: TargetColumn) -> Self {
        let missing = vec![String::new(), "?".to_owned()];
        Self { target, header: Header::InFile, delimiter: b',', missing, trim: true, comment: None }
    }

    /// How a missing cell is written, as advice.
    fn missing_hint(&self) -> String {
        let markers: Vec<String> = self
            .missing
            .iter()
            .filter(|marker| !marker.is_empty())
            .map(|marker| format!("`{marker}`"))
            .collect();
        format!("a missing cell is left empty, or written {}", markers.join(" or "))
    }

    fn kind(&self, cell: &str) -> Cell {
        if self.missing.iter().any(|marker| marker == cell) {
            return Cell::Missing;
        }
        match cell.parse::<f32>() {
            Ok(number) if number.is_finite() => Cell::Number(number),
            Ok(_) => Cell::NotFinite,
            Err(_) => Cell::Text,
        }
    }
}

/// The column to be predicted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetColumn {
    /// The one of this name.
    Name(String),
    /// The one in this place, counted from 1.
    Position(usize),
}

/// Where the names of the columns are. A column without one is called after its place, `column_1` the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Header {
    /// In the first row of each file.
    InFile,
    /// Nowhere.
    Absent,
    /// Not in the files, but known: one a column.
    Given(Vec<String>),
}

/// What the files hold, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct CsvRows {
    /// All columns but the target. A column is numeric where every cell of every file is a number or missing,
    /// otherwise nominal with its levels ascending.
    pub table: Table,
    /// Class names, ascending: as numbers where all of them are, otherwise as text.
    pub names: Vec<String>,
    /// Index into `names`, one a row.
    pub labels: Vec<u32>,
    /// How many of the rows came from each file.
    pub rows_by_file: Vec<usize>,
}

/// Reads `files` into one table, the rows of the first file first.
///
/// # Errors
/// [`DataError::NoColumn`] where the target is not there; [`DataError::Malformed`], with line and column, where
/// a row has more or fewer cells than the header, a cell is not UTF-8, a label is missing, a file has no rows
/// or is damaged, or a column of numbers holds `inf`, `NaN` or a number too large to compute with.
pub fn read(files: &[CsvFile<'_>], options: &CsvOptions) -> Result<CsvRows, DataError> {
    let Some(first) = files.first() else {
        return Err(DataError::Unusable { name: "csv".into(), problem: "no file was given".into() });
    };
    let columns = names(first, options)?;
    let target = names::find_target(first.path, &columns, &options.target)?;
    if columns.len() < 2 {
        return Err(DataError::malformed(first.path, "", "there is no column beside the target"));
    }
    let mut parts = Vec::new();
    for file in files {
        names::check_same(file.path, &names(file, options)?, first.path, &columns)?;
        parts.push(Part { file: *file, options: options.clone(), places: (0..columns.len()).collect() });
    }
    let read = Parts { names: columns, target, parts, text_among_numbers: true }.read()?;
    let (names, labels) = read.target.classes;
    Ok(CsvRows { table: Table::new(read.columns)?, names, labels, rows_by_file: read.rows_by_file })
}

/// A cell as it is written into a CSV file: quoted where it must be.
pub fn quoted(cell: &str) -> Cow<'_, str> {
    if cell.contains(['"', ',', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(cell)
    }
}
