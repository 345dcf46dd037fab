//! The names of columns, and the one that is asked for.

use std::path::Path;

use super::rows::Rows;
use super::{CsvFile, CsvOptions, Header, TargetColumn};
use crate::DataError;
use lessen_names::nearest;

/// What the column in `place`, counted from 0, is called where nothing names it.
pub(crate) fn made_up_name(place: usize) -> String {
    format!("column_{}", place + 1)
}

/// The names of a file's columns.
pub(crate) fn names(file: &CsvFile<'_>, options: &CsvOptions) -> Result<Vec<String>, DataError> {
    if let Header::Given(names) = &options.header {
        return Ok(names.clone());
    }
    let mut rows = Rows::new(file, options);
    let there = rows.advance()?;
    if options.header == Header::Absent {
        return Ok((0..rows.cells()).map(made_up_name).collect());
    }
    if !there {
        return Err(DataError::malformed(file.path, "", "there is nothing in it, expected a header"));
    }
    let name = |place: usize| {
        let name = rows.cell(place, &made_up_name(place))?;
        Ok(if name.is_empty() { made_up_name(place) } else { name.to_owned() })
    };
    (0..rows.cells()).map(name).collect()
}

/// Refuses names that are not those of the `first` file.
pub(super) fn check_same(
    path: &Path,
    names: &[String],
    first: &Path,
    expected: &[String],
) -> Result<(), DataError> {
    let malformed = |problem| Err(DataError::malformed(path, "", problem));
    if names.len() != expected.len() {
        let expected = format!("expected {} as in `{}`", expected.len(), first.display());
        return malformed(format!("{} columns, {expected}", names.len()));
    }
    match names.iter().zip(expected).find(|(name, expected)| name != expected) {
        Some((name, expected)) => {
            malformed(format!("column `{name}`, expected `{expected}` as in `{}`", first.display()))
        }
        None => Ok(()),
    }
}

/// Refuses two columns of one name: neither could be asked for.
pub(crate) fn check_no_name_twice(path: &Path, names: &[String]) -> Result<(), DataError> {
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(twice(path, pair[0])),
        None => Ok(()),
    }
}

fn twice(path: &Path, name: &str) -> DataError {
    DataError::malformed(path, "", format!("several columns are called `{name}`"))
}

/// The complaint about a column that is not among `names`.
pub(crate) fn missing_column(path: &Path, column: &str, names: &[String]) -> DataError {
    let hint = column_hint(column, names);
    DataError::NoColumn { path: path.to_owned(), column: column.to_owned(), hint }
}

pub(super) fn find_target(path: &Path, names: &[String], target: &TargetColumn) -> Result<usize, DataError> {
    match target {
        TargetColumn::Position(position) if (1..=names.len()).contains(position) => Ok(position - 1),
        TargetColumn::Position(position) => {
            let hint = format!("there are {} columns, counted from 1", names.len());
            Err(DataError::NoColumn { path: path.to_owned(), column: position.to_string(), hint })
        }
        TargetColumn::Name(wanted) => {
            let mut places = (0..names.len()).filter(|&place| names[place] == *wanted);
            match (places.next(), places.next()) {
                (Some(place), None) => Ok(place),
                (Some(_), Some(_)) => Err(twice(path, wanted)),
                (None, _) => Err(missing_column(path, wanted, names)),
            }
        }
    }
}

/// Names shown where none is near to the one asked for.
const NAMES_SHOWN: usize = 10;

fn column_hint(wanted: &str, names: &[String]) -> String {
    if let Some(near) = nearest(wanted, names.iter().map(String::as_str)) {
        return format!("did you mean `{near}`?");
    }
    listed(names)
}

/// The columns that there are, as advice.
pub(crate) fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMES_SHOWN).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > NAMES_SHOWN { ", …" } else { "" };
    format!("the columns are {}{more}", shown.join(", "))
}
