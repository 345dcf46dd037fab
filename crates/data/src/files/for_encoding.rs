//! Rows for a model that is there already.

use std::io::{self, BufRead, Read};
use std::path::Path;

use super::arrays::features_of;
use super::content::{self, Content, Format};
use crate::csv_file::{Layout, MOST_UNPACKED, RowsFor, missing_column};
use crate::npy::{Archive, Array};
use crate::unpack::Unpacked;
use crate::{Column, ColumnEncoding, DataError, Encoding, Features, Table, idx};

/// Rows for a model that is there already, block by block: however many there are, no more than a block is in memory.
///
/// # Example
/// ```
/// use std::path::Path;
///
/// use lessen_data::files::RowBlocks;
/// use lessen_data::{ColumnEncoding, Encoding};
///
/// let x = ColumnEncoding::Numeric { name: "x".into(), fill: 0.0, shift: 0.0, scale: 1.0, indicator: false };
/// let content = "y,x\n1,2\n3,4\n5,6\n".as_bytes();
/// let mut rows = RowBlocks::of_text(&Encoding::try_from(vec![x])?, Path::new("standard input"), content)?;
/// assert_eq!(rows.next_block(2)?.map(|block| block.rows()), Some(2));
/// assert_eq!(rows.next_block(2)?.map(|block| block.rows()), Some(1));
/// assert_eq!(rows.next_block(2)?, None);
/// # Ok::<(), lessen_data::DataError>(())
/// ```
pub struct RowBlocks<'a>(Source<'a>);

enum Source<'a> {
    Text(Box<RowsFor<'a>>),
    /// What was read whole, until it is taken.
    Whole(Option<Features>),
}

impl<'a> RowBlocks<'a> {
    /// Opens a file in any of the formats of [`open`](super::open). Text, packed or not, is read as it is asked for; of the other
    /// formats all rows are one block.
    ///
    /// # Errors
    /// See [`read_rows_for`].
    pub fn open(encoding: &Encoding, path: &'a Path) -> Result<Self, DataError> {
        Self::open_up_to(encoding, path, u64::MAX)
    }

    /// The same where a packed file may unpack to so many bytes at most.
    fn open_up_to(encoding: &Encoding, path: &'a Path, limit: u64) -> Result<Self, DataError> {
        let mut file = content::open(path)?;
        let beginning =
            file.fill_buf().map_err(|source| DataError::Read { path: path.to_owned(), source })?;
        if Format::of(path, beginning) == Format::Text {
            return Self::of_packed(encoding, path, file, limit);
        }
        drop(file);
        Ok(Self(Source::Whole(Some(read_whole(encoding, path)?))))
    }

    /// Reads text, packed with gzip or not, that does not come from a file; `name` is what messages call it.
    ///
    /// # Errors
    /// See [`read_rows_for`].
    pub fn of_text(encoding: &Encoding, name: &'a Path, text: impl BufRead + 'a) -> Result<Self, DataError> {
        Self::of_packed(encoding, name, text, u64::MAX)
    }

    fn of_packed(
        encoding: &Encoding,
        path: &'a Path,
        content: impl BufRead + 'a,
        limit: u64,
    ) -> Result<Self, DataError> {
        let failed = |error: io::Error| DataError::malformed(path, "", error.to_string());
        let mut content = Unpacked::of(content, limit).map_err(failed)?;
        let (layout, beginning) = Layout::of_beginning(path, &mut content)?;
        let content = io::Cursor::new(beginning).chain(io::BufReader::new(content));
        let rows = RowsFor::over(encoding, path, Box::new(content), &layout.options)?;
        Ok(Self(Source::Text(Box::new(rows))))
    }

    /// The next rows: at most `most`, unless the format is read whole; `None` at the end.
    ///
    /// # Errors
    /// [`DataError::Malformed`], with line and column, where a row is not what it should be.
    pub fn next_block(&mut self, most: usize) -> Result<Option<Features>, DataError> {
        match &mut self.0 {
            Source::Text(rows) => {
                let table = rows.take(most.max(1))?;
                Ok((table.rows() > 0).then_some(Features::Table(table)))
            }
            Source::Whole(features) => Ok(features.take()),
        }
    }
}

/// Reads the columns or pixels that `encoding` was fitted to from a file in any of the formats of
/// [`open`](super::open); no label is needed, and other columns are passed over. Columns are found by name or, where
/// the file does not name them, by place. Of an `.npz` file it is the array `x`, or `x_test`.
///
/// # Errors
/// [`DataError::Read`] where the file is not there, [`DataError::NoColumn`] for a column that is not in it,
/// [`DataError::Malformed`], with line and column, where its content is not what its format promises, or it has other
/// columns or pixels than the encoding.
pub fn read_rows_for(encoding: &Encoding, path: &Path) -> Result<Features, DataError> {
    match RowBlocks::open_up_to(encoding, path, MOST_UNPACKED)?.0 {
        Source::Text(mut rows) => Ok(Features::Table(rows.take(usize::MAX)?)),
        Source::Whole(features) => features.map_or_else(|| read_whole(encoding, path), Ok),
    }
}

/// Rows in a format that cannot be read row by row.
fn read_whole(encoding: &Encoding, path: &Path) -> Result<Features, DataError> {
    let content = Content::read(path)?;
    let features = match content.format {
        // It was no text a moment ago.
        Format::Text => return Err(DataError::malformed(path, "", "the file changed while it was read")),
        Format::Idx => Features::Images(idx::images(path, &content.bytes)?),
        Format::Npy => features_of(path, Array::read(path, &content.bytes)?)?,
        Format::Npz => features_of(path, features_in(&Archive::open(path, &content.bytes)?, path)?)?,
        #[cfg(feature = "parquet")]
        Format::Parquet => Features::Table(Table::new(super::parquet::columns(path, &content.bytes)?)?),
        #[cfg(not(feature = "parquet"))]
        Format::Parquet => return Err(super::without_parquet(path)),
    };
    match features {
        Features::Table(table) => Ok(Features::Table(columns_for(encoding, path, table)?)),
        Features::Images(images) if images.pixels() != encoding.raw_columns() => {
            let problem =
                format!("images of {} pixels, expected {}", images.pixels(), encoding.raw_columns());
            Err(DataError::malformed(path, "", problem))
        }
        others => Ok(others),
    }
}

fn features_in(archive: &Archive<'_>, path: &Path) -> Result<Array, DataError> {
    let names = ["x", "X", "x_test", "X_test", "data", "features", "images"];
    let only = (archive.names().count() == 1).then(|| archive.names().next()).flatten();
    let found = names.into_iter().chain(only).find_map(|name| archive.array(name));
    found.unwrap_or_else(|| {
        Err(DataError::malformed(path, "", "there is no array of rows, expected `x` or `x_test`"))
    })
}

/// The columns that `encoding` wants, by name or, where there are as many, by place.
fn columns_for(encoding: &Encoding, path: &Path, table: Table) -> Result<Table, DataError> {
    let columns = table.into_columns();
    let expected = encoding.raw_columns();
    let is_image = encoding.columns().iter().any(|part| matches!(part, ColumnEncoding::Pixels { .. }));
    let wanted: Vec<(&str, bool)> = encoding.columns().iter().filter_map(named).collect();
    let by_name: Option<Vec<usize>> =
        wanted.iter().map(|(name, _)| columns.iter().position(|column| column.name() == *name)).collect();
    let places = match by_name {
        Some(places) if !is_image => places,
        _ if columns.len() == expected => (0..expected).collect(),
        _ if is_image => {
            let problem = format!("{} columns, expected {expected}", columns.len());
            return Err(DataError::malformed(path, "", problem));
        }
        _ => {
            let names: Vec<String> = columns.iter().map(|column| column.name().to_owned()).collect();
            let missing = wanted.iter().find(|(name, _)| !names.iter().any(|own| own == name));
            return Err(missing_column(path, missing.map_or("", |(name, _)| name), &names));
        }
    };
    let mut taken: Vec<Column> = places.iter().map(|&place| columns[place].clone()).collect();
    if !is_image {
        for (column, (name, numeric)) in taken.iter_mut().zip(wanted) {
            *column = of_kind(column, name, numeric, path)?;
        }
    }
    Table::new(taken)
}

/// The name that a part of an encoding gives its column, and whether that is one of numbers.
fn named(part: &ColumnEncoding) -> Option<(&str, bool)> {
    match part {
        ColumnEncoding::Pixels { .. } => None,
        ColumnEncoding::Numeric { name, .. } => Some((name, true)),
        ColumnEncoding::Nominal { name, .. } => Some((name, false)),
    }
}

/// A column under the encoding's name, and of its kind: numbers are levels too, text is no number.
fn of_kind(column: &Column, name: &str, numeric: bool, path: &Path) -> Result<Column, DataError> {
    match column {
        Column::Numeric { values, .. } if numeric => {
            Ok(Column::Numeric { name: name.to_owned(), values: values.clone() })
        }
        Column::Nominal { levels, codes, .. } if !numeric => {
            Ok(Column::Nominal { name: name.to_owned(), levels: levels.clone(), codes: codes.clone() })
        }
        Column::Numeric { values, .. } => {
            let mut sorted: Vec<f32> = values.iter().copied().filter(|value| !value.is_nan()).collect();
            sorted.sort_unstable_by(f32::total_cmp);
            sorted.dedup();
            let code =
                |value: &f32| (!value.is_nan()).then(|| sorted.partition_point(|other| other < value) as u32);
            let codes = values.iter().map(code).collect();
            let levels = sorted.iter().map(f32::to_string).collect();
            Ok(Column::Nominal { name: name.to_owned(), levels, codes })
        }
        Column::Nominal { .. } => {
            Err(DataError::malformed(path, format!("column `{name}`"), "text, expected numbers"))
        }
    }
}
