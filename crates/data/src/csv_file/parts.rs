//! Files whose rows make one table, gone through twice.

use std::path::PathBuf;

use super::cells::{Cell, Cells};
use super::rows::Rows;
use super::{CsvFile, CsvOptions, Header};
use crate::{Column, DataError};

/// One file and where its cells are.
pub(crate) struct Part<'a> {
    pub(crate) file: CsvFile<'a>,
    pub(crate) options: CsvOptions,
    /// The place in this file of each column.
    pub(crate) places: Vec<usize>,
}

/// Files whose rows make one table, those of the first file first.
pub(crate) struct Parts<'a> {
    /// The names of the columns.
    pub(crate) names: Vec<String>,
    /// The place among them of the one to be predicted.
    pub(crate) target: usize,
    pub(crate) parts: Vec<Part<'a>>,
    /// Whether a column is nominal because of a few cells of text among numbers; an error otherwise.
    pub(crate) text_among_numbers: bool,
}

/// What the files hold.
pub(crate) struct Gathered {
    /// All columns but the target.
    pub(crate) columns: Vec<Column>,
    pub(crate) target: TargetColumnCells,
    pub(crate) rows_by_file: Vec<usize>,
}

/// The column to be predicted.
pub(crate) struct TargetColumnCells {
    /// Its different cells, ascending, and one index into them a row.
    pub(crate) classes: (Vec<String>, Vec<u32>),
    /// The complaint about its first cell that is no number, where there is one.
    pub(crate) text: Option<DataError>,
    /// The same where it is text among numbers: nearly all other cells are numbers.
    pub(crate) text_among_numbers: Option<DataError>,
    /// The complaint about a number that is not finite, where there is no text.
    pub(crate) not_finite: Option<DataError>,
}

/// What the cells of a column were so far.
#[derive(Default)]
struct Seen {
    numbers: u64,
    texts: u64,
    /// Of the texts, those that are numbers but for a comma before their decimals.
    decimal_commas: u64,
    /// The first cell that is neither a number nor missing: all of them are levels then.
    text: Option<Spot>,
    /// The complaint about the first cell that is no finite number; it holds if the column proves numeric.
    not_finite: Option<DataError>,
}

/// Where a cell is.
struct Spot {
    path: PathBuf,
    line: u64,
    cell: String,
}

/// Fewest cells of a column that say that it is one of numbers with some slips.
const FEWEST_CELLS_OF_NUMBERS: u64 = 20;

/// Of these, the share of numbers, in percent.
const LEAST_PERCENT_OF_NUMBERS: u64 = 90;

impl Parts<'_> {
    /// Reads all files: once to see which columns are numbers, once to keep the cells.
    pub(crate) fn read(self) -> Result<Gathered, DataError> {
        let (mut seen, rows_by_file) = self.survey()?;
        let mut columns: Vec<Cells> = seen.iter().map(|seen| Cells::new(seen.text.is_some())).collect();
        columns[self.target] = Cells::new(true);
        for part in &self.parts {
            let mut rows = part.rows()?;
            while rows.advance()? {
                for ((column, name), &place) in columns.iter_mut().zip(&self.names).zip(&part.places) {
                    let cell = rows.cell(place, name)?;
                    column.push(cell, part.options.kind(cell));
                }
            }
        }
        let cells = columns.remove(self.target);
        let of_target = seen.swap_remove(self.target);
        let name = &self.names[self.target];
        let hint = self.parts.first().map(|part| part.options.missing_hint()).unwrap_or_default();
        let target = TargetColumnCells {
            classes: cells.into_classes(),
            text: of_target.text.as_ref().map(|text| text.complaint(name, "expected a number")),
            text_among_numbers: of_target.text_among_numbers(name, &hint),
            not_finite: of_target.not_finite.filter(|_| of_target.text.is_none()),
        };
        let mut names = self.names;
        names.remove(self.target);
        let columns = names.into_iter().zip(columns).map(|(name, cells)| cells.into_column(name)).collect();
        Ok(Gathered { columns, target, rows_by_file })
    }

    /// What each column's cells are, and how many rows each file has.
    fn survey(&self) -> Result<(Vec<Seen>, Vec<usize>), DataError> {
        let mut seen: Vec<Seen> = self.names.iter().map(|_| Seen::default()).collect();
        let mut rows_by_file = Vec::new();
        for part in &self.parts {
            let earlier: usize = rows_by_file.iter().sum();
            let count = self.survey_part(part, &mut seen, earlier)?;
            if count == 0 {
                return Err(DataError::malformed(part.file.path, "", "there are no rows"));
            }
            rows_by_file.push(count);
        }
        let hint = self.parts.first().map(|part| part.options.missing_hint()).unwrap_or_default();
        for (place, (name, seen)) in self.names.iter().zip(&mut seen).enumerate() {
            if place == self.target {
                continue;
            }
            if !self.text_among_numbers
                && let Some(complaint) = seen.text_among_numbers(name, &hint)
            {
                return Err(complaint);
            }
            if let (None, Some(complaint)) = (&seen.text, seen.not_finite.take()) {
                return Err(complaint);
            }
        }
        Ok((seen, rows_by_file))
    }

    /// Looks at each cell of one file; the number of rows.
    fn survey_part(&self, part: &Part<'_>, seen: &mut [Seen], earlier: usize) -> Result<usize, DataError> {
        let mut rows = part.rows()?;
        let width = part.width()?;
        let mut count = 0;
        while rows.advance()? {
            if rows.cells() != width {
                return Err(rows.malformed(None, format!("{} cells, expected {width}", rows.cells())));
            }
            for (column, ((name, seen), &place)) in
                self.names.iter().zip(seen.iter_mut()).zip(&part.places).enumerate()
            {
                let cell = rows.cell(place, name)?;
                match part.options.kind(cell) {
                    Cell::Missing if column == self.target => {
                        return Err(rows.malformed(Some(name), "the label is missing"));
                    }
                    Cell::Missing => {}
                    Cell::Number(_) => seen.numbers += 1,
                    Cell::NotFinite if seen.text.is_some() || seen.not_finite.is_some() => {}
                    Cell::NotFinite => {
                        let problem = format!(
                            "`{}`, expected a finite number or a mark for a missing one",
                            shown(cell)
                        );
                        let complaint = rows.malformed(Some(name), problem);
                        seen.not_finite = Some(complaint.advised(part.options.missing_hint()));
                    }
                    Cell::Text => {
                        seen.texts += 1;
                        seen.decimal_commas += u64::from(cell.replacen(',', ".", 1).parse::<f32>().is_ok());
                        if seen.text.is_none() {
                            let path = part.file.path.to_owned();
                            seen.text = Some(Spot { path, line: rows.line(), cell: shown(cell) });
                        }
                    }
                }
            }
            count += 1;
            // Row numbers are `u32` everywhere.
            if u32::try_from(earlier + count).is_err() {
                return Err(rows.malformed(None, format!("expected at most {} rows", u32::MAX)));
            }
        }
        Ok(count)
    }
}

impl<'a> Part<'a> {
    /// The file's rows, past the header.
    fn rows(&self) -> Result<Rows<'a>, DataError> {
        let mut rows = Rows::new(&self.file, &self.options);
        if self.options.header == Header::InFile {
            rows.advance()?;
        }
        Ok(rows)
    }

    /// Cells of each row: columns that nobody asks for are among them.
    fn width(&self) -> Result<usize, DataError> {
        Ok(super::names(&self.file, &self.options)?.len())
    }
}

impl Seen {
    /// The complaint about text in a column whose other cells are nearly all numbers, if it is one.
    fn text_among_numbers(&self, name: &str, hint: &str) -> Option<DataError> {
        let text = self.text.as_ref()?;
        let cells = self.numbers + self.texts;
        let numbers = self.numbers + self.decimal_commas;
        if cells < FEWEST_CELLS_OF_NUMBERS || numbers * 100 < cells * LEAST_PERCENT_OF_NUMBERS {
            return None;
        }
        if self.decimal_commas > 0 {
            let complaint = text.complaint(name, "expected a number with a point before its decimals");
            return Some(complaint.advised("write the file with decimal points"));
        }
        let problem = format!("expected a number, as in {} of {cells} cells", self.numbers);
        let hint = format!("{hint}; quotation marks do not make numbers text");
        Some(text.complaint(name, &problem).advised(hint))
    }
}

impl Spot {
    fn complaint(&self, column: &str, problem: &str) -> DataError {
        let place = format!("line {}, column `{column}`", self.line);
        DataError::malformed(&self.path, place, format!("`{}`, {problem}", self.cell))
    }
}

/// The beginning of a cell, for a message.
fn shown(cell: &str) -> String {
    cell.chars().take(40).collect()
}
