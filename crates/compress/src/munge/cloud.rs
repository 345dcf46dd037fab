//! The rows that MUNGE moves about: scaled, column by column, so that distances vectorise.

use lessen_data::{Column, Table};

/// One cell, scaled where it is a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell {
    Number(f32),
    /// A missing number.
    Missing,
    /// A nominal code; missing ones have a code of their own.
    Code(u32),
}

#[derive(Clone)]
enum CloudColumn {
    /// NaN is missing. `any_missing` spares the complete columns the question.
    Numbers {
        values: Vec<f32>,
        any_missing: bool,
    },
    Codes(Vec<u32>),
}

/// A missing nominal cell's code.
const MISSING: u32 = u32::MAX;

/// A table's rows as points.
#[derive(Clone)]
pub(super) struct Cloud {
    columns: Vec<CloudColumn>,
    pub(super) rows: usize,
}

impl Cloud {
    pub(super) fn new(table: &Table) -> Self {
        let column = |column: &Column| match column {
            Column::Numeric { values, .. } => {
                let (smallest, range) = smallest_and_range(values);
                CloudColumn::Numbers {
                    values: values.iter().map(|value| (value - smallest) / range).collect(),
                    any_missing: values.iter().any(|value| value.is_nan()),
                }
            }
            Column::Nominal { codes, .. } => {
                CloudColumn::Codes(codes.iter().map(|code| code.unwrap_or(MISSING)).collect())
            }
        };
        Self { columns: table.columns().iter().map(column).collect(), rows: table.rows() }
    }

    pub(super) fn columns(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn cell(&self, column: usize, row: usize) -> Cell {
        match &self.columns[column] {
            CloudColumn::Numbers { values, .. } if values[row].is_nan() => Cell::Missing,
            CloudColumn::Numbers { values, .. } => Cell::Number(values[row]),
            CloudColumn::Codes(codes) => Cell::Code(codes[row]),
        }
    }

    pub(super) fn set(&mut self, column: usize, row: usize, cell: Cell) {
        match (&mut self.columns[column], cell) {
            (CloudColumn::Numbers { values, .. }, Cell::Number(number)) => values[row] = number,
            (CloudColumn::Numbers { values, .. }, _) => values[row] = f32::NAN,
            (CloudColumn::Codes(codes), Cell::Code(code)) => codes[row] = code,
            (CloudColumn::Codes(codes), _) => codes[row] = MISSING,
        }
    }

    /// The nearest other row, the first of several; `None` where there is none. `distances` is scratch.
    pub(super) fn nearest(&self, row: usize, distances: &mut Vec<f32>) -> Option<usize> {
        distances.clear();
        distances.resize(self.rows, 0.0);
        pulp::Arch::new().dispatch(|| self.add_distances(row, distances));
        let mut nearest: Option<(f32, usize)> = None;
        for (other, &distance) in distances.iter().enumerate() {
            if other != row && nearest.is_none_or(|(best, _)| distance < best) {
                nearest = Some((distance, other));
            }
        }
        nearest.map(|(_, other)| other)
    }

    /// Squared distances of `row` to all rows. Lane by lane the same additions in the same order on every
    /// instruction set, so the bits do not depend on it.
    #[inline(always)]
    fn add_distances(&self, row: usize, distances: &mut [f32]) {
        for column in &self.columns {
            match column {
                CloudColumn::Numbers { values, any_missing: false } => {
                    let mine = values[row];
                    for (distance, value) in distances.iter_mut().zip(values) {
                        let difference = value - mine;
                        *distance += difference * difference;
                    }
                }
                CloudColumn::Numbers { values, any_missing: true } => {
                    let mine = values[row];
                    for (distance, value) in distances.iter_mut().zip(values) {
                        let difference = value - mine;
                        let one_missing = f32::from(u8::from(value.is_nan() != mine.is_nan()));
                        *distance += if difference.is_nan() { one_missing } else { difference * difference };
                    }
                }
                CloudColumn::Codes(codes) => {
                    let mine = codes[row];
                    for (distance, &code) in distances.iter_mut().zip(codes) {
                        *distance += f32::from(u8::from(code != mine));
                    }
                }
            }
        }
    }

    /// [`Cloud::nearest`] of every row.
    pub(super) fn nearest_to_each(&self) -> Vec<Option<usize>> {
        use rayon::prelude::*;
        (0..self.rows)
            .into_par_iter()
            .map_init(Vec::new, |distances, row| self.nearest(row, distances))
            .collect()
    }

    /// A row's bits, to tell exact copies.
    pub(super) fn row_bits(&self, row: usize) -> Vec<u32> {
        let bits = |column: &CloudColumn| match column {
            CloudColumn::Numbers { values, .. } => values[row].to_bits(),
            CloudColumn::Codes(codes) => codes[row],
        };
        self.columns.iter().map(bits).collect()
    }

    /// The first `rows` rows of all `clouds`, unscaled: a table with the columns of `like`.
    pub(super) fn table(like: &Table, clouds: &[Self], rows: usize) -> Table {
        let column = |(place, column): (usize, &Column)| match column {
            Column::Numeric { name, values } => {
                let (smallest, range) = smallest_and_range(values);
                let scaled = clouds.iter().flat_map(|cloud| match &cloud.columns[place] {
                    CloudColumn::Numbers { values, .. } => values.as_slice(),
                    CloudColumn::Codes(_) => &[],
                });
                let values = scaled.take(rows).map(|value| smallest + value * range).collect();
                Column::Numeric { name: name.clone(), values }
            }
            Column::Nominal { name, levels, .. } => {
                let codes = clouds.iter().flat_map(|cloud| match &cloud.columns[place] {
                    CloudColumn::Codes(codes) => codes.as_slice(),
                    CloudColumn::Numbers { .. } => &[],
                });
                let codes = codes.take(rows).map(|&code| (code != MISSING).then_some(code)).collect();
                Column::Nominal { name: name.clone(), levels: levels.clone(), codes }
            }
        };
        let columns = like.columns().iter().enumerate().map(column).collect();
        // Every column was cut to the same number of rows.
        Table::new(columns).unwrap_or_else(|_| like.select(&[]))
    }
}

/// The smallest number of a column and the way to its largest; 1 where nothing varies.
fn smallest_and_range(values: &[f32]) -> (f32, f32) {
    let smallest = values.iter().copied().fold(f32::INFINITY, f32::min);
    let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let range = largest - smallest;
    let smallest = if smallest.is_finite() { smallest } else { 0.0 };
    (smallest, if range > 0.0 && range.is_finite() { range } else { 1.0 })
}
