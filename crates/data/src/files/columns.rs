//! Columns from numbers.

use std::path::Path;

use crate::csv_file::made_up_name;
use crate::npy::Elements;
use crate::{Column, DataError};

/// The columns of a matrix whose rows have `width` numbers each; NaN is a missing cell.
pub(super) fn of_matrix(path: &Path, elements: &Elements, width: usize) -> Result<Vec<Column>, DataError> {
    let rows = elements.len().checked_div(width).unwrap_or(0);
    // Row numbers are `u32` everywhere.
    if u32::try_from(rows).is_err() {
        return Err(DataError::malformed(path, "", format!("{rows} rows, expected at most {}", u32::MAX)));
    }
    let column = |place: usize| {
        let name = made_up_name(place);
        let cells = (0..rows).filter_map(|row| elements.get(row * width + place));
        numeric(path, name, cells)
    };
    (0..width).map(column).collect()
}

/// A column of numbers; NaN is a missing cell.
pub(super) fn numeric(
    path: &Path,
    name: String,
    cells: impl Iterator<Item = f64>,
) -> Result<Column, DataError> {
    let values: Vec<f32> = cells.map(|cell| cell as f32).collect();
    match values.iter().position(|value| value.is_infinite()) {
        Some(row) => {
            let place = format!("row {}, column `{name}`", row + 1);
            let error =
                DataError::malformed(path, place, "an infinite number, or one too large to compute with");
            Err(error.advised("NaN is a missing cell"))
        }
        None => Ok(Column::Numeric { name, values }),
    }
}
