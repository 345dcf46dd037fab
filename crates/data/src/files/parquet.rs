//! Tables in Parquet files.
//!
//! Of flat columns: truth values, numbers and text, in pages that are packed with Snappy or gzip, or not at all.
//! Zstandard, which needs a C compiler, is left out.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::columns::numeric;
use super::content::Content;
use super::target::{TargetCells, find_column};
use super::whole::{Half, Whole};
use crate::csv_file::{ascending, check_no_name_twice, missing_column};
use crate::{Column, DataError, Features, Table};

/// A table, and that of its test part, whose columns are found by name.
pub(super) fn read(
    content: Content,
    test: Option<Content>,
    target: Option<&str>,
) -> Result<Whole, DataError> {
    let raw = raw_columns(&content.path, &content.bytes)?;
    let names: Vec<String> = raw.iter().map(|column| column.name.clone()).collect();
    let (place, note) = find_column(&content.path, &names, target)?;
    if names.len() < 2 {
        return Err(DataError::malformed(&content.path, "", "there is no column beside the target"));
    }
    let training = half(&content.path, raw, place)?;
    let test_half = test.as_ref().map(|test| {
        let mut raw: HashMap<String, Raw> = raw_columns(&test.path, &test.bytes)?
            .into_iter()
            .map(|column| (column.name.clone(), column))
            .collect();
        let own: Vec<String> = raw.keys().cloned().collect();
        let named = |name: &String| raw.remove(name).ok_or_else(|| missing_column(&test.path, name, &own));
        half(&test.path, names.iter().map(named).collect::<Result<_, _>>()?, place)
    });
    let whole =
        Whole::of_halves(training, test_half.transpose()?, names[place].clone(), note.into_iter().collect())?;
    let files = std::iter::once(&content).chain(&test);
    Ok(whole.digesting(files.map(|file| file.bytes.as_slice())))
}

/// All columns of a file.
pub(super) fn columns(path: &Path, bytes: &[u8]) -> Result<Vec<Column>, DataError> {
    raw_columns(path, bytes)?.into_iter().map(|column| column.into_column(path)).collect()
}

/// A column as it comes.
struct Raw {
    name: String,
    cells: Cells,
}

enum Cells {
    /// All were missing so far.
    Missing(usize),
    /// NaN is a missing cell.
    Numbers(Vec<f64>),
    Truths(Vec<Option<bool>>),
    Texts {
        codes: Vec<Option<u32>>,
        known: HashMap<String, u32>,
    },
}

fn raw_columns(path: &Path, bytes: &[u8]) -> Result<Vec<Raw>, DataError> {
    // The reader of foreign code is not held to our rule that no input makes it panic.
    let read = catch_unwind(AssertUnwindSafe(|| raw_columns_of(path, Bytes::copy_from_slice(bytes))));
    let columns = read.unwrap_or_else(|_| Err(damaged(path, &"its reader gave up")))?;
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    check_no_name_twice(path, &names)?;
    Ok(columns)
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> DataError {
    let error = DataError::malformed(path, "", format!("the Parquet file cannot be read ({error})"));
    error.advised(
        "pages packed with Snappy or gzip are read, others are not: write them with `compression=\"snappy\"`",
    )
}

fn raw_columns_of(path: &Path, bytes: Bytes) -> Result<Vec<Raw>, DataError> {
    let error = |error: ParquetError| damaged(path, &error);
    let reader = SerializedFileReader::new(bytes).map_err(error)?;
    let schema = reader.metadata().file_metadata().schema();
    let mut columns: Vec<Raw> = Vec::new();
    for field in schema.get_fields() {
        if !field.is_primitive() {
            let place = format!("column `{}`", field.name());
            return Err(DataError::malformed(
                path,
                place,
                "it is nested, expected numbers, truth values or text",
            ));
        }
        columns.push(Raw { name: field.name().to_owned(), cells: Cells::Missing(0) });
    }
    for (row, record) in reader.get_row_iter(None).map_err(error)?.enumerate() {
        let record = record.map_err(error)?;
        if u32::try_from(row).is_err() {
            return Err(DataError::malformed(path, "", format!("expected at most {} rows", u32::MAX)));
        }
        for (column, (_, field)) in columns.iter_mut().zip(record.get_column_iter()) {
            if let Err(problem) = column.cells.push(field) {
                let place = format!("row {}, column `{}`", row + 1, column.name);
                return Err(DataError::malformed(path, place, problem));
            }
        }
    }
    Ok(columns)
}

impl Cells {
    fn push(&mut self, field: &Field) -> Result<(), String> {
        let number = match field {
            Field::Null => {
                self.push_missing();
                return Ok(());
            }
            Field::Bool(value) => return self.push_truth(*value),
            Field::Str(text) => return self.push_text(text),
            Field::Bytes(bytes) => {
                let text =
                    std::str::from_utf8(bytes.data()).map_err(|_| "bytes, expected numbers or text")?;
                return self.push_text(text);
            }
            Field::Byte(value) => f64::from(*value),
            Field::Short(value) => f64::from(*value),
            Field::Int(value) => f64::from(*value),
            Field::Long(value) => *value as f64,
            Field::UByte(value) => f64::from(*value),
            Field::UShort(value) => f64::from(*value),
            Field::UInt(value) => f64::from(*value),
            Field::ULong(value) => *value as f64,
            Field::Float16(value) => f64::from(*value),
            Field::Float(value) => f64::from(*value),
            Field::Double(value) => *value,
            _ => return Err("a date, time, decimal or list, expected numbers, truth values or text".into()),
        };
        self.push_number(number)
    }

    fn push_missing(&mut self) {
        match self {
            Self::Missing(count) => *count += 1,
            Self::Numbers(values) => values.push(f64::NAN),
            Self::Truths(values) => values.push(None),
            Self::Texts { codes, .. } => codes.push(None),
        }
    }

    fn push_number(&mut self, value: f64) -> Result<(), String> {
        if let Self::Missing(count) = self {
            *self = Self::Numbers(vec![f64::NAN; *count]);
        }
        let Self::Numbers(values) = self else { return Err("a number among other cells".into()) };
        values.push(value);
        Ok(())
    }

    fn push_truth(&mut self, value: bool) -> Result<(), String> {
        if let Self::Missing(count) = self {
            *self = Self::Truths(vec![None; *count]);
        }
        let Self::Truths(values) = self else { return Err("a truth value among other cells".into()) };
        values.push(Some(value));
        Ok(())
    }

    fn push_text(&mut self, text: &str) -> Result<(), String> {
        if let Self::Missing(count) = self {
            *self = Self::Texts { codes: vec![None; *count], known: HashMap::new() };
        }
        let Self::Texts { codes, known } = self else { return Err("text among other cells".into()) };
        let next = known.len() as u32;
        let code = known.get(text).copied().unwrap_or_else(|| {
            known.insert(text.to_owned(), next);
            next
        });
        codes.push(Some(code));
        Ok(())
    }
}

impl Raw {
    fn into_column(self, path: &Path) -> Result<Column, DataError> {
        let name = self.name;
        match self.cells {
            Cells::Missing(count) => Ok(Column::Numeric { name, values: vec![f32::NAN; count] }),
            Cells::Numbers(values) => numeric(path, name, values.into_iter()),
            Cells::Truths(values) => {
                let levels = vec!["false".to_owned(), "true".to_owned()];
                let codes = values.into_iter().map(|value| value.map(u32::from)).collect();
                Ok(Column::Nominal { name, levels, codes })
            }
            Cells::Texts { codes, known } => {
                let (levels, codes) = ascending(known, codes, str::cmp);
                Ok(Column::Nominal { name, levels, codes })
            }
        }
    }

    fn into_target(self, path: &Path) -> Result<TargetCells, DataError> {
        let place = |row: usize| format!("row {}, column `{}`", row + 1, self.name);
        let missing = |row: usize| DataError::malformed(path, place(row), "the label is missing");
        match self.cells {
            Cells::Missing(_) => Err(missing(0)),
            Cells::Numbers(values) => TargetCells::numbers(path, values, place),
            Cells::Truths(values) => match values.iter().position(Option::is_none) {
                Some(row) => Err(missing(row)),
                None => Ok(TargetCells::truths(path, &values.into_iter().flatten().collect::<Vec<_>>())),
            },
            Cells::Texts { codes, known } => {
                if let Some(row) = codes.iter().position(Option::is_none) {
                    return Err(missing(row));
                }
                let (names, codes) = ascending(known, codes, str::cmp);
                let labels: Vec<u32> = codes.into_iter().flatten().collect();
                let first = labels.first().map_or("", |&label| &names[label as usize]);
                let problem = format!("`{first}`, expected a number");
                let not_numbers = Box::new(DataError::malformed(path, place(0), problem));
                Ok(TargetCells::Levels { names, labels, not_numbers, slip: None })
            }
        }
    }
}

fn half(path: &Path, mut columns: Vec<Raw>, place: usize) -> Result<Half, DataError> {
    let target = columns.remove(place).into_target(path)?;
    let columns = columns.into_iter().map(|column| column.into_column(path));
    let features = Features::Table(Table::new(columns.collect::<Result<_, _>>()?)?);
    Ok(Half { path: path.to_owned(), features, target })
}
