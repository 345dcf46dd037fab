//! Raw rows: tables of columns, or images.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{DataError, RowMajor};

/// Columns as they came: what MUNGE works on. All columns have [`Table::rows`] cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    columns: Vec<Column>,
    rows: usize,
}

/// One column of a [`Table`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Column {
    /// Numbers; NaN is a missing cell.
    Numeric {
        /// The column's name, from the file's header or made up from its place.
        name: String,
        /// One value a row.
        values: Vec<f32>,
    },
    /// One of a set of levels; `None` is a missing cell.
    Nominal {
        /// The column's name.
        name: String,
        /// What the codes stand for.
        levels: Vec<String>,
        /// Index into `levels`, one a row.
        codes: Vec<Option<u32>>,
    },
}

impl Column {
    /// The column's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Numeric { name, .. } | Self::Nominal { name, .. } => name,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Numeric { values, .. } => values.len(),
            Self::Nominal { codes, .. } => codes.len(),
        }
    }
}

impl Table {
    /// A table of columns of one length.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] where lengths differ, a code has no level, or a number is infinite.
    pub fn new(columns: Vec<Column>) -> Result<Self, DataError> {
        let rows = columns.first().map_or(0, Column::len);
        for column in &columns {
            if column.len() != rows {
                let problem =
                    format!("column `{}` has {} cells, expected {rows}", column.name(), column.len());
                return Err(DataError::Mismatch { problem });
            }
            if let Column::Numeric { name, values } = column
                && let Some(row) = values.iter().position(|value| value.is_infinite())
            {
                let problem =
                    format!("column `{name}` is infinite in row {row}, expected finite numbers or NaN");
                return Err(DataError::Mismatch { problem });
            }
            if let Column::Nominal { name, levels, codes } = column
                && let Some(code) = codes.iter().flatten().find(|&&code| code as usize >= levels.len())
            {
                let problem = format!("column `{name}` has code {code}, expected less than {}", levels.len());
                return Err(DataError::Mismatch { problem });
            }
        }
        Ok(Self { columns, rows })
    }

    /// Columns that are known to be of `rows` cells, with codes of levels and no infinite number.
    pub(crate) fn of_columns(columns: Vec<Column>, rows: usize) -> Self {
        Self { columns, rows }
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns, to be taken apart.
    pub fn into_columns(self) -> Vec<Column> {
        self.columns
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The given rows in the given order, as a table of their own.
    pub fn select(&self, rows: &[u32]) -> Self {
        let columns = self.columns.iter().map(|column| match column {
            Column::Numeric { name, values } => Column::Numeric {
                name: name.clone(),
                values: rows.iter().map(|&row| values[row as usize]).collect(),
            },
            Column::Nominal { name, levels, codes } => Column::Nominal {
                name: name.clone(),
                levels: levels.clone(),
                codes: rows.iter().map(|&row| codes[row as usize]).collect(),
            },
        });
        Self { columns: columns.collect(), rows: rows.len() }
    }

    /// Puts the rows of `other` below these.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] where the columns are not the same in number, kind and levels.
    pub fn append(&mut self, other: &Self) -> Result<(), DataError> {
        if self.columns.len() != other.columns.len() {
            let problem = format!("{} columns, expected {}", other.columns.len(), self.columns.len());
            return Err(DataError::Mismatch { problem });
        }
        let fits = |(mine, theirs): (&Column, &Column)| match (mine, theirs) {
            (Column::Numeric { .. }, Column::Numeric { .. }) => true,
            (Column::Nominal { levels: a, .. }, Column::Nominal { levels: b, .. }) => a == b,
            _ => false,
        };
        if let Some((mine, _)) = self.columns.iter().zip(&other.columns).find(|pair| !fits(*pair)) {
            let problem = format!("column `{}` is of another kind or has other levels", mine.name());
            return Err(DataError::Mismatch { problem });
        }
        for (mine, theirs) in self.columns.iter_mut().zip(&other.columns) {
            match (mine, theirs) {
                (Column::Numeric { values, .. }, Column::Numeric { values: more, .. }) => values.extend(more),
                (Column::Nominal { codes, .. }, Column::Nominal { codes: more, .. }) => codes.extend(more),
                _ => {}
            }
        }
        self.rows += other.rows;
        Ok(())
    }
}

/// Images of one size, kept as bytes: a quarter of the memory of `f32`.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    /// Colour planes.
    pub channels: usize,
    /// Pixel rows.
    pub height: usize,
    /// Pixel columns.
    pub width: usize,
    /// `[images][channels][height][width]` (NCHW), row after row.
    pub bytes: Vec<u8>,
}

impl Images {
    /// Pixels of one image, all channels.
    pub fn pixels(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Number of images.
    pub fn rows(&self) -> usize {
        self.bytes.len() / self.pixels().max(1)
    }
}

/// Raw rows of either form.
#[derive(Clone, Debug, PartialEq)]
pub enum Features {
    /// Columns.
    Table(Table),
    /// Columns, with the cells of a row together.
    RowMajor(RowMajor),
    /// Images.
    Images(Images),
}

impl Features {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Table(table) => table.rows(),
            Self::RowMajor(table) => table.rows(),
            Self::Images(images) => images.rows(),
        }
    }

    /// Raw features of one row: columns or pixels.
    pub fn count(&self) -> usize {
        match self {
            Self::Table(table) => table.columns().len(),
            Self::RowMajor(table) => table.columns().len(),
            Self::Images(images) => images.pixels(),
        }
    }

    /// The same with the cells of a row together, as those of images are: for what reads rows in random order.
    pub fn by_row(&self) -> Cow<'_, Self> {
        match self {
            Self::Table(table) => Cow::Owned(Self::RowMajor(table.into())),
            Self::RowMajor(_) | Self::Images(_) => Cow::Borrowed(self),
        }
    }

    /// The given rows as a table; a pixel becomes a numeric column `pixel_<index>` of its byte values.
    pub fn table(&self, rows: &[u32]) -> Table {
        match self {
            Self::Table(table) => table.select(rows),
            Self::RowMajor(table) => table.table(rows),
            Self::Images(images) => {
                let pixels = images.pixels();
                let column = |pixel: usize| Column::Numeric {
                    name: format!("pixel_{pixel}"),
                    values: rows
                        .iter()
                        .map(|&row| f32::from(images.bytes[row as usize * pixels + pixel]))
                        .collect(),
                };
                Table { columns: (0..pixels).map(column).collect(), rows: rows.len() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(values: &[f32], levels: &[&str], codes: &[Option<u32>]) -> Table {
        let levels = levels.iter().map(|&level| level.to_owned()).collect();
        Table::new(vec![
            Column::Numeric { name: "x".into(), values: values.into() },
            Column::Nominal { name: "n".into(), levels, codes: codes.into() },
        ])
        .unwrap()
    }

    #[test]
    fn rows_are_selected_and_appended() {
        let mut rows = table(&[1.0, 2.0, 3.0], &["a", "b"], &[Some(0), None, Some(1)]);
        let selected = rows.select(&[2, 0, 2]);
        assert_eq!(selected, table(&[3.0, 1.0, 3.0], &["a", "b"], &[Some(1), Some(0), Some(1)]));
        rows.append(&selected.select(&[1])).unwrap();
        assert_eq!(rows, table(&[1.0, 2.0, 3.0, 1.0], &["a", "b"], &[Some(0), None, Some(1), Some(0)]));
        assert_eq!(rows.rows(), 4);
    }

    #[test]
    fn only_rows_of_the_same_columns_are_appended() {
        let mut rows = table(&[1.0], &["a", "b"], &[Some(0)]);
        let before = rows.clone();
        let swapped = Table::new(rows.columns().iter().rev().cloned().collect()).unwrap();
        for other in [table(&[1.0], &["b", "a"], &[Some(0)]), swapped, Table::new(vec![]).unwrap()] {
            assert!(rows.append(&other).is_err());
            assert_eq!(rows, before);
        }
    }

    #[test]
    fn images_become_a_column_a_pixel() {
        let images = Images { channels: 1, height: 1, width: 2, bytes: vec![1, 2, 3, 4, 5, 6] };
        assert_eq!((images.rows(), images.pixels()), (3, 2));
        let expected =
            ["pixel_0", "pixel_1"].map(str::to_owned).into_iter().zip([vec![5.0, 1.0], vec![6.0, 2.0]]);
        let expected = expected.map(|(name, values)| Column::Numeric { name, values }).collect();
        assert_eq!(Features::Images(images).table(&[2, 0]), Table::new(expected).unwrap());
    }
}
