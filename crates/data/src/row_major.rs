//! Tables whose rows lie together.

use crate::{Column, Table};

/// A table with the cells of a row together. What learns from rows in random order waits for memory a few times a row, not once
/// for each of its cells, as it does where columns lie together and are longer than the caches.
#[derive(Clone, Debug, PartialEq)]
pub struct RowMajor {
    /// Names and levels, without cells.
    columns: Vec<Column>,
    /// `[rows][columns]`: a number, NaN where it is missing, or the bits of a code, [`MISSING`] where that is.
    cells: Vec<f32>,
    rows: usize,
    /// Whether no column is nominal.
    is_numeric: bool,
}

/// More levels than a table can have.
const MISSING: u32 = u32::MAX;

/// Rows whose cells stay near while they are written column after column.
const BLOCK: usize = 64;

impl From<&Table> for RowMajor {
    fn from(table: &Table) -> Self {
        let (rows, columns) = (table.rows(), table.columns());
        let width = columns.len();
        let mut cells = vec![0.0; rows * width];
        for (block, cells) in cells.chunks_mut(BLOCK * width.max(1)).enumerate() {
            for (place, column) in columns.iter().enumerate() {
                let into = cells[place..].iter_mut().step_by(width);
                match column {
                    Column::Numeric { values, .. } => {
                        into.zip(&values[block * BLOCK..]).for_each(|(into, &value)| *into = value);
                    }
                    Column::Nominal { codes, .. } => into
                        .zip(&codes[block * BLOCK..])
                        .for_each(|(into, code)| *into = f32::from_bits(code.unwrap_or(MISSING))),
                }
            }
        }
        let is_numeric = columns.iter().all(|column| matches!(column, Column::Numeric { .. }));
        Self { columns: table.select(&[]).into_columns(), cells, rows, is_numeric }
    }
}

impl RowMajor {
    /// Names and levels of the columns, in order; they hold no cells.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The given rows in the given order, as a table.
    pub fn table(&self, rows: &[u32]) -> Table {
        let columns = self.columns.iter().enumerate().map(|(place, column)| {
            let cells = rows.iter().map(|&row| self.cells[row as usize * self.columns.len() + place]);
            match column {
                Column::Numeric { name, .. } => {
                    Column::Numeric { name: name.clone(), values: cells.collect() }
                }
                Column::Nominal { name, levels, .. } => Column::Nominal {
                    name: name.clone(),
                    levels: levels.clone(),
                    codes: cells.map(code).collect(),
                },
            }
        });
        Table::of_columns(columns.collect(), rows.len())
    }

    /// `[rows][columns]`, where all are numbers.
    pub(crate) fn numbers(&self) -> Option<&[f32]> {
        self.is_numeric.then_some(&self.cells)
    }

    /// `[rows][columns]`, numbers and codes.
    pub(crate) fn cells(&self) -> &[f32] {
        &self.cells
    }
}

/// The code in the cell of a nominal column.
#[inline(always)]
pub(crate) fn code(cell: f32) -> Option<u32> {
    let code = cell.to_bits();
    (code != MISSING).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_comes_back_as_it_was() {
        // More rows than are written at once, and not a multiple of them.
        for rows in [0, 1, 64, 150] {
            let values = (0..rows).map(|row| row as f32 * 0.5 - 7.0).collect();
            let codes = (0..rows).map(|row| (row % 3 > 0).then_some(row % 3 - 1)).collect();
            let levels = vec!["a".into(), "b".into()];
            let table = Table::new(vec![
                Column::Numeric { name: "x".into(), values },
                Column::Nominal { name: "n".into(), levels, codes },
            ])
            .unwrap();
            let turned = RowMajor::from(&table);
            assert_eq!((turned.rows(), turned.columns().len()), (rows as usize, 2));
            let all: Vec<u32> = (0..rows).collect();
            assert_eq!(turned.table(&all), table);
            let backwards: Vec<u32> = (0..rows).rev().collect();
            assert_eq!(turned.table(&backwards), table.select(&backwards));
        }
    }

    #[test]
    fn a_missing_number_stays_missing_and_no_column_is_no_cell() {
        let column = Column::Numeric { name: "x".into(), values: vec![f32::NAN, 1.0] };
        let turned = RowMajor::from(&Table::new(vec![column]).unwrap());
        assert!(turned.cells()[0].is_nan() && turned.cells()[1] == 1.0);
        let none = RowMajor::from(&Table::new(vec![]).unwrap());
        assert_eq!((none.rows(), none.columns().len()), (0, 0));
    }
}
