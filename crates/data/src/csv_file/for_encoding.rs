//! Rows for a model that is there already: its encoding says which columns, and of which kind.

use std::collections::HashMap;
use std::io::BufRead;
use std::path::Path;

use super::rows::Rows;
use super::{Cell, CsvFile, CsvOptions, Header, TargetColumn, made_up_name, missing_column};
use crate::{Column, ColumnEncoding, DataError, Encoding, Table};

/// A column that the encoding wants.
struct Wanted {
    name: String,
    cells: WantedCells,
}

enum WantedCells {
    Numbers(Vec<f32>),
    /// The encoding's levels first, then whatever else the file holds.
    Levels {
        levels: Vec<String>,
        codes: Vec<Option<u32>>,
        known: HashMap<String, u32>,
        /// Levels that are the encoding's.
        fitted: usize,
    },
}

/// Reads the columns that `encoding` was fitted to; no label is needed, and other columns are passed over.
///
/// Where the first row names all of them, columns are found by name, in any order. A file without a header must have
/// just these columns, in the encoding's order, or those in their places that the encoding's names (`column_2`) say.
///
/// # Errors
/// [`DataError::NoColumn`] for a column that is not there, [`DataError::Malformed`], with line and column, for a
/// ragged row, text where a number is expected, or a number that is not finite.
pub fn read_for(encoding: &Encoding, file: &CsvFile<'_>) -> Result<Table, DataError> {
    read_for_with(encoding, file, &CsvOptions::new(TargetColumn::Position(1)))
}

/// The same of a file with other delimiters or marks for missing cells. Whether there is a header is found out, and
/// nothing is a target.
///
/// # Errors
/// See [`read_for`].
pub fn read_for_with(
    encoding: &Encoding,
    file: &CsvFile<'_>,
    options: &CsvOptions,
) -> Result<Table, DataError> {
    let options = CsvOptions { header: Header::Absent, ..options.clone() };
    RowsFor::new(encoding, file.path, Rows::new(file, &options), options)?.take(usize::MAX)
}

/// Rows of the columns that an encoding was fitted to, some at a time.
pub(crate) struct RowsFor<'a> {
    rows: Rows<'a>,
    options: CsvOptions,
    wanted: Vec<Wanted>,
    /// Where each wanted column is.
    places: Vec<usize>,
    width: usize,
    /// Whether the row at hand is yet to be taken.
    there: bool,
}

impl<'a> RowsFor<'a> {
    /// Rows of unpacked `content`; see [`read_for_with`].
    pub(crate) fn over(
        encoding: &Encoding,
        path: &'a Path,
        content: Box<dyn BufRead + 'a>,
        options: &CsvOptions,
    ) -> Result<Self, DataError> {
        let options = CsvOptions { header: Header::Absent, ..options.clone() };
        Self::new(encoding, path, Rows::over(path, content, &options), options)
    }

    fn new(
        encoding: &Encoding,
        path: &Path,
        mut rows: Rows<'a>,
        options: CsvOptions,
    ) -> Result<Self, DataError> {
        if !rows.advance()? {
            return Err(DataError::malformed(path, "", "there is nothing in it, expected rows"));
        }
        // Before a column is made: a hostile encoding may ask for millions.
        let wanted = if encoding.raw_columns() <= rows.cells() { wanted(encoding) } else { Vec::new() };
        if wanted.is_empty() {
            let (expected, found) = (encoding.raw_columns(), rows.cells());
            return Err(rows.malformed(None, format!("{found} columns, expected at least {expected}")));
        }
        let first: Vec<String> = (0..rows.cells())
            .map(|place| rows.cell(place, "").map(str::to_owned))
            .collect::<Result<_, _>>()?;
        if let Some(column) =
            wanted.iter().find(|column| first.iter().filter(|name| **name == column.name).count() > 1)
        {
            return Err(rows.malformed(None, format!("several columns are called `{}`", column.name)));
        }
        let made_up: Vec<String> = (0..first.len()).map(made_up_name).collect();
        let as_made_up =
            places_in(&made_up, &wanted).filter(|places| is_data(&first, places, &wanted, &options));
        let in_order: Vec<usize> = (0..first.len()).collect();
        let (places, has_header) = match (places_in(&first, &wanted), as_made_up) {
            (Some(places), _) => (places, true),
            (None, Some(places)) => (places, false),
            (None, None) if is_data(&first, &in_order, &wanted, &options) => (in_order, false),
            // The pixels of an image have no names of their own: as many columns are those, whatever they are called, unless some
            // are called as pixels are here, and so others are missing.
            (None, None)
                if is_image(encoding)
                    && first.len() == wanted.len()
                    && !wanted.iter().any(|column| first.contains(&column.name)) =>
            {
                (in_order, true)
            }
            (None, None) => {
                let missing = wanted.iter().find(|column| !first.contains(&column.name));
                return Err(missing_column(path, missing.map_or("", |column| &column.name), &first));
            }
        };
        let there = !has_header || rows.advance()?;
        Ok(Self { rows, options, wanted, places, width: first.len(), there })
    }

    /// The next rows, at most that many; none at the end.
    pub(crate) fn take(&mut self, most: usize) -> Result<Table, DataError> {
        let mut taken = 0;
        while self.there && taken < most {
            if self.rows.cells() != self.width {
                let problem = format!("{} cells, expected {}", self.rows.cells(), self.width);
                return Err(self.rows.malformed(None, problem));
            }
            for (column, &place) in self.wanted.iter_mut().zip(&self.places) {
                let cell = self.rows.cell(place, &column.name)?;
                if let Err(problem) = column.cells.push(cell, self.options.kind(cell)) {
                    return Err(self.rows.malformed(Some(&column.name), problem));
                }
            }
            taken += 1;
            self.there = self.rows.advance()?;
        }
        Table::new(self.wanted.iter_mut().map(Wanted::take).collect())
    }
}

fn is_image(encoding: &Encoding) -> bool {
    matches!(encoding.columns(), [ColumnEncoding::Pixels { .. }])
}

fn wanted(encoding: &Encoding) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for column in encoding.columns() {
        match column {
            ColumnEncoding::Pixels { count, .. } => {
                let pixel = |pixel| Wanted {
                    name: format!("pixel_{pixel}"),
                    cells: WantedCells::Numbers(Vec::new()),
                };
                wanted.extend((0..*count).map(pixel));
            }
            ColumnEncoding::Numeric { name, .. } => {
                wanted.push(Wanted { name: name.clone(), cells: WantedCells::Numbers(Vec::new()) });
            }
            ColumnEncoding::Nominal { name, levels } => {
                let known = levels.iter().cloned().zip(0..).collect();
                let (levels, fitted) = (levels.clone(), levels.len());
                let cells = WantedCells::Levels { levels, codes: Vec::new(), known, fitted };
                wanted.push(Wanted { name: name.clone(), cells });
            }
        }
    }
    wanted
}

/// Where the wanted columns are among `names`, if all are there.
fn places_in(names: &[String], wanted: &[Wanted]) -> Option<Vec<usize>> {
    let places: HashMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
    wanted.iter().map(|column| places.get(column.name.as_str()).copied()).collect()
}

/// Whether a first row looks like data: a cell in each place, and a number (or nothing) wherever one is wanted.
fn is_data(first: &[String], places: &[usize], wanted: &[Wanted], options: &CsvOptions) -> bool {
    let fits = |(&place, column): (&usize, &Wanted)| match column.cells {
        WantedCells::Numbers(_) => !matches!(options.kind(&first[place]), Cell::Text),
        WantedCells::Levels { .. } => true,
    };
    places.len() == wanted.len() && places.iter().zip(wanted).all(fits)
}

impl WantedCells {
    fn push(&mut self, cell: &str, kind: Cell) -> Result<(), String> {
        match (self, kind) {
            (Self::Numbers(values), Cell::Number(number)) => values.push(number),
            (Self::Numbers(values), Cell::Missing) => values.push(f32::NAN),
            (Self::Numbers(_), Cell::NotFinite | Cell::Text) => {
                let shown: String = cell.chars().take(40).collect();
                return Err(format!("`{shown}`, expected a finite number or a mark for a missing one"));
            }
            (Self::Levels { codes, .. }, Cell::Missing) => codes.push(None),
            (Self::Levels { levels, codes, known, .. }, _) => {
                let code = known.get(cell).copied().unwrap_or_else(|| {
                    let next = levels.len() as u32;
                    levels.push(cell.to_owned());
                    known.insert(cell.to_owned(), next);
                    next
                });
                codes.push(Some(code));
            }
        }
        Ok(())
    }
}

impl Wanted {
    /// The cells so far as a column. Levels that are not the encoding's are forgotten: of endless rows there may be endless
    /// many.
    fn take(&mut self) -> Column {
        let name = self.name.clone();
        match &mut self.cells {
            WantedCells::Numbers(values) => Column::Numeric { name, values: std::mem::take(values) },
            WantedCells::Levels { levels, codes, known, fitted } => {
                let taken = levels.clone();
                levels.truncate(*fitted);
                known.retain(|_, code| (*code as usize) < *fitted);
                Column::Nominal { name, levels: taken, codes: std::mem::take(codes) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoding() -> Encoding {
        Encoding::try_from(vec![
            ColumnEncoding::Numeric { name: "x".into(), fill: 0.0, shift: 0.0, scale: 1.0, indicator: false },
            ColumnEncoding::Nominal { name: "n".into(), levels: vec!["1".into(), "2".into()] },
        ])
        .unwrap()
    }

    fn read(text: &str) -> Result<Table, DataError> {
        read_for(&encoding(), &CsvFile { path: Path::new("rows.csv"), bytes: text.as_bytes() })
    }

    fn expected(levels: &[&str]) -> Table {
        Table::new(vec![
            Column::Numeric { name: "x".into(), values: vec![0.5, 2.0] },
            Column::Nominal {
                name: "n".into(),
                levels: levels.iter().map(|level| level.to_string()).collect(),
                codes: vec![Some(1), Some(0)],
            },
        ])
        .unwrap()
    }

    #[test]
    fn columns_are_found_by_name_or_by_place() {
        // The level 2 is a number in the file, and a level all the same.
        assert_eq!(read("label,n,x\nyes,2,0.5\nno,1,2\n").unwrap(), expected(&["1", "2"]));
        assert_eq!(read("0.5,2\n2,1\n").unwrap(), expected(&["1", "2"]));
    }

    #[test]
    fn rows_are_taken_some_at_a_time_and_strange_levels_forgotten() {
        let text = "n,x\n2,1\n7,2\n1,3\n8,4\n7,5\n";
        let options = CsvOptions::new(TargetColumn::Position(1));
        let content = Box::new(text.as_bytes());
        let mut rows = RowsFor::over(&encoding(), Path::new("rows.csv"), content, &options).unwrap();
        let taken: Vec<Table> = (0..4).map(|_| rows.take(2).unwrap()).collect();
        assert_eq!(taken.iter().map(Table::rows).collect::<Vec<_>>(), [2, 2, 1, 0]);
        let levels: Vec<_> = taken
            .iter()
            .map(|table| match &table.columns()[1] {
                Column::Nominal { levels, codes, .. } => (levels.join(" "), codes.clone()),
                Column::Numeric { .. } => panic!("levels"),
            })
            .collect();
        let expected = [
            ("1 2 7", vec![Some(1), Some(2)]),
            ("1 2 8", vec![Some(0), Some(2)]),
            ("1 2 7", vec![Some(2)]),
            ("1 2", vec![]),
        ];
        assert_eq!(levels, expected.map(|(levels, codes)| (levels.to_owned(), codes)));
    }

    #[test]
    fn a_level_that_was_never_seen_is_kept_apart_and_encodes_as_nothing() {
        let table = read("x,n\n1,7\n").unwrap();
        let encoded = encoding().encode(&crate::Features::Table(table), &[0]).unwrap();
        assert_eq!(encoded.row_major(), [1.0, 0.0, 0.0]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (text, expected) in [
            ("", "`rows.csv`: there is nothing in it, expected rows"),
            ("x,m\n1,2\n", "`rows.csv` has no column `n`"),
            ("x\n1\n", "`rows.csv`, line 1: 1 columns, expected at least 2"),
            ("x,n,x\n1,2,3\n", "`rows.csv`, line 1: several columns are called `x`"),
            ("x,n\n1,2,3\n", "`rows.csv`, line 2: 3 cells, expected 2"),
            (
                "x,n\n1,2\ntwo,2\n",
                "`rows.csv`, line 3, column `x`: `two`, expected a finite number or a mark for a missing one",
            ),
            (
                "x,n\ninf,2\n",
                "`rows.csv`, line 2, column `x`: `inf`, expected a finite number or a mark for a missing one",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), expected, "{text:?}");
        }
        assert_eq!(read("x,n\n").unwrap().rows(), 0);
    }
}
