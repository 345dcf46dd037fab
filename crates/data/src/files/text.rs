//! Tables in text files.

use super::content::Content;
use super::target::{TargetCells, find_column};
use super::whole::{Half, Whole};
use crate::csv_file::{
    CsvFile, Header, Layout, Part, Parts, TargetColumnCells, check_no_name_twice, missing_column, names,
};
use crate::{DataError, Features, Table};

/// A table, and that of its test part.
pub(super) fn read(
    content: Content,
    test: Option<Content>,
    target: Option<&str>,
) -> Result<Whole, DataError> {
    let file = CsvFile { path: &content.path, bytes: &content.bytes };
    let layout = Layout::of(&file)?;
    let columns = names(&file, &layout.options)?;
    check_no_name_twice(&content.path, &columns)?;
    if columns.len() < 2 {
        let error = DataError::malformed(&content.path, "", "there is no column beside the target");
        return Err(error.advised("commas, semicolons, tabs and vertical bars are looked for between cells"));
    }
    let has_header = layout.options.header == Header::InFile;
    let mut notes = layout.findings;
    let (place, note) = find_column(&content.path, &columns, target)?;
    notes.extend(note);
    let places = (0..columns.len()).collect();
    let mut parts = vec![Part { file, options: layout.options, places }];
    if let Some(test) = &test {
        let file = CsvFile { path: &test.path, bytes: &test.bytes };
        let (part, findings) = test_part(file, &columns, has_header)?;
        parts.push(part);
        notes.extend(findings);
    }
    let target_name = columns[place].clone();
    let read = Parts { names: columns, target: place, parts, text_among_numbers: false }.read()?;
    let features = Features::Table(Table::new(read.columns)?);
    let target = target_cells(read.target)?;
    let test_path = test.as_ref().map(|test| test.path.clone());
    let both = Half { path: content.path, features, target };
    let whole = Whole::new(both, read.rows_by_file[0], test_path, target_name, notes);
    Ok(whole.digesting(
        std::iter::once(content.bytes.as_slice()).chain(test.as_ref().map(|test| test.bytes.as_slice())),
    ))
}

/// The file of a test part: its columns are found by name where both files have a header, otherwise by place.
fn test_part<'a>(
    file: CsvFile<'a>,
    columns: &[String],
    has_header: bool,
) -> Result<(Part<'a>, Vec<String>), DataError> {
    let layout = Layout::of(&file)?;
    let own = names(&file, &layout.options)?;
    let places = if has_header && layout.options.header == Header::InFile {
        check_no_name_twice(file.path, &own)?;
        let place = |name: &String| {
            own.iter().position(|own| own == name).ok_or_else(|| missing_column(file.path, name, &own))
        };
        columns.iter().map(place).collect::<Result<_, _>>()?
    } else if own.len() == columns.len() {
        (0..own.len()).collect()
    } else {
        let problem = format!("{} columns, expected {}", own.len(), columns.len());
        return Err(DataError::malformed(file.path, "", problem));
    };
    Ok((Part { file, options: layout.options, places }, layout.findings))
}

fn target_cells(read: TargetColumnCells) -> Result<TargetCells, DataError> {
    let (names, labels) = read.classes;
    if let Some(complaint) = read.not_finite {
        return Err(complaint);
    }
    if let Some(not_numbers) = read.text {
        let slip = read.text_among_numbers.map(Box::new);
        return Ok(TargetCells::Levels { names, labels, not_numbers: Box::new(not_numbers), slip });
    }
    let values: Vec<f64> = names.iter().map(|name| name.parse().unwrap_or(f64::NAN)).collect();
    Ok(TargetCells::Numbers(labels.iter().map(|&label| values[label as usize]).collect()))
}
