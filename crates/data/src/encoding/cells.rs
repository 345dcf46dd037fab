//! Cells of tables become numbers.

use std::collections::HashMap;

use super::{ColumnEncoding, Encoding};
use crate::row_major::{self, RowMajor};
use crate::{Column, DataError, Table};

/// A table, whichever of its cells lie together.
#[derive(Clone, Copy)]
pub(super) enum Cells<'a> {
    ByColumn(&'a Table),
    ByRow(&'a RowMajor),
}

/// A column of numbers, each `stride` after the one before.
#[derive(Clone, Copy)]
struct Numbers<'a> {
    cells: &'a [f32],
    stride: usize,
}

impl Numbers<'_> {
    #[inline(always)]
    fn of(self, row: u32) -> f32 {
        self.cells[row as usize * self.stride]
    }
}

/// A column of codes.
#[derive(Clone, Copy)]
enum Codes<'a> {
    Together(&'a [Option<u32>]),
    Apart(Numbers<'a>),
}

impl Codes<'_> {
    #[inline(always)]
    fn of(self, row: u32) -> Option<u32> {
        match self {
            Self::Together(codes) => codes[row as usize],
            Self::Apart(cells) => row_major::code(cells.of(row)),
        }
    }
}

impl<'a> Cells<'a> {
    fn numbers(self, place: usize) -> Result<Numbers<'a>, DataError> {
        match (self, &self.columns()[place]) {
            (Self::ByColumn(_), Column::Numeric { values, .. }) => Ok(Numbers { cells: values, stride: 1 }),
            (Self::ByRow(table), Column::Numeric { .. }) => Ok(Self::apart(table, place)),
            (_, Column::Nominal { name, .. }) => Err(DataError::Mismatch {
                problem: format!("column `{name}` holds levels, expected numbers"),
            }),
        }
    }

    /// The levels of a column, and which each row has.
    fn codes(self, place: usize) -> Result<(&'a [String], Codes<'a>), DataError> {
        match (self, &self.columns()[place]) {
            (Self::ByColumn(_), Column::Nominal { levels, codes, .. }) => {
                Ok((levels, Codes::Together(codes)))
            }
            (Self::ByRow(table), Column::Nominal { levels, .. }) => {
                Ok((levels, Codes::Apart(Self::apart(table, place))))
            }
            (_, Column::Numeric { name, .. }) => Err(DataError::Mismatch {
                problem: format!("column `{name}` holds numbers, expected levels"),
            }),
        }
    }

    fn columns(self) -> &'a [Column] {
        match self {
            Self::ByColumn(table) => table.columns(),
            Self::ByRow(table) => table.columns(),
        }
    }

    fn apart(table: &RowMajor, place: usize) -> Numbers<'_> {
        // A table without rows has no cells.
        let cells = table.cells().get(place..).unwrap_or_default();
        Numbers { cells, stride: table.columns().len() }
    }
}

impl Encoding {
    /// [`Encoding::gather`] of a table with as many columns as this encoding has.
    pub(super) fn gather_cells(
        &self,
        cells: Cells<'_>,
        rows: &[u32],
        lanes: usize,
        into: &mut [f32],
    ) -> Result<(), DataError> {
        let (mut place, mut into) = (0, into);
        for encoding in &self.columns {
            let (out, rest) = std::mem::take(&mut into).split_at_mut(encoding.width() * lanes);
            into = rest;
            match encoding {
                ColumnEncoding::Pixels { count, shift, scale } => {
                    for pixel in 0..*count {
                        let numbers = cells.numbers(place + pixel)?;
                        let out = &mut out[pixel * lanes..][..lanes];
                        gather_numbers(numbers, rows, (*shift, *shift, *scale), out);
                    }
                }
                ColumnEncoding::Numeric { fill, shift, scale, indicator, .. } => {
                    let numbers = cells.numbers(place)?;
                    gather_numbers(numbers, rows, (*fill, *shift, *scale), &mut out[..lanes]);
                    if *indicator {
                        gather_missing(numbers, rows, &mut out[lanes..]);
                    }
                }
                ColumnEncoding::Nominal { levels, .. } => {
                    gather_levels(cells.codes(place)?, levels, rows, lanes, out);
                }
            }
            place += encoding.raw_columns();
        }
        Ok(())
    }
}

fn gather_numbers(
    numbers: Numbers<'_>,
    rows: &[u32],
    (fill, shift, scale): (f32, f32, f32),
    out: &mut [f32],
) {
    let inverse = 1.0 / scale;
    let (there, beyond) = out.split_at_mut(rows.len());
    for (out, &row) in there.iter_mut().zip(rows) {
        let value = numbers.of(row);
        let value = if value.is_nan() { fill } else { value };
        *out = (value - shift) * inverse;
    }
    beyond.fill(0.0);
}

fn gather_missing(numbers: Numbers<'_>, rows: &[u32], out: &mut [f32]) {
    let (there, beyond) = out.split_at_mut(rows.len());
    for (out, &row) in there.iter_mut().zip(rows) {
        *out = f32::from(u8::from(numbers.of(row).is_nan()));
    }
    beyond.fill(0.0);
}

fn gather_levels(
    (raw_levels, codes): (&[String], Codes<'_>),
    levels: &[String],
    rows: &[u32],
    lanes: usize,
    out: &mut [f32],
) {
    out.fill(0.0);
    let mut mark = |place_of: &dyn Fn(u32) -> Option<usize>| {
        for (lane, &row) in rows.iter().enumerate() {
            if let Some(place) = codes.of(row).and_then(place_of) {
                out[place * lanes + lane] = 1.0;
            }
        }
    };
    if raw_levels == levels {
        mark(&|code| Some(code as usize));
    } else {
        // The table at hand lists its levels in another order than the one that was fitted, or has others.
        let place: HashMap<&str, usize> =
            levels.iter().enumerate().map(|(place, level)| (level.as_str(), place)).collect();
        let places: Vec<Option<usize>> =
            raw_levels.iter().map(|level| place.get(level.as_str()).copied()).collect();
        mark(&|code| places[code as usize]);
    }
}
