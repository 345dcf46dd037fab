//! One row of text after the other.

use std::io::{BufRead, BufReader};
use std::path::Path;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::{CsvFile, CsvOptions};
use crate::DataError;
use crate::unpack::Unpacked;

/// Most text that a packed file may unpack to: far above any table that is learnt from on one machine.
pub(crate) const MOST_UNPACKED: u64 = 4 << 30;

/// Longest row. A stray quotation mark makes all that follows one cell: this is where it is noticed.
pub(super) const LONGEST_ROW: usize = 16 << 20;

/// Most cells of a row: each takes some memory as a column, even where it is empty.
const MOST_CELLS: usize = 1 << 18;

/// Advice where text is in another encoding.
pub(super) const SAVE_AS_UTF8: &str =
    "save the file as UTF-8; `iconv -f LATIN1 -t UTF-8` turns one into the other";

/// The rows of a file; the one at hand is kept as bytes, its cells end to end.
pub(super) struct Rows<'a> {
    path: &'a Path,
    content: Box<dyn BufRead + 'a>,
    parser: Reader,
    trim: bool,
    bytes: Vec<u8>,
    /// Where each cell ends in `bytes`; the first `cells` of them are of the row at hand.
    ends: Vec<usize>,
    cells: usize,
    line: u64,
}

impl<'a> Rows<'a> {
    pub(super) fn new(file: &CsvFile<'a>, options: &CsvOptions) -> Self {
        let content = BufReader::new(Unpacked::new(file.bytes, MOST_UNPACKED));
        Self::over(file.path, Box::new(content), options)
    }

    /// The rows of unpacked `content`.
    pub(super) fn over(path: &'a Path, content: Box<dyn BufRead + 'a>, options: &CsvOptions) -> Self {
        Self {
            path,
            content,
            parser: ReaderBuilder::new().delimiter(options.delimiter).comment(options.comment).build(),
            trim: options.trim,
            bytes: vec![0; 1024],
            ends: vec![0; 64],
            cells: 0,
            line: 1,
        }
    }

    /// Goes to the next row; false at the end. Empty lines are no rows.
    pub(super) fn advance(&mut self) -> Result<bool, DataError> {
        let (mut length, mut cells) = (0, 0);
        self.cells = 0;
        loop {
            let input = match self.content.fill_buf() {
                Ok(input) => input,
                Err(error) => return Err(self.malformed(None, error.to_string())),
            };
            let (result, read, wrote, ended) =
                self.parser.read_record(input, &mut self.bytes[length..], &mut self.ends[cells..]);
            let ends_with_newline = input[..read].last() == Some(&b'\n');
            self.content.consume(read);
            length += wrote;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.make_room(length)?,
                ReadRecordResult::OutputEndsFull => self.make_room_for_cells(cells)?,
                ReadRecordResult::Record => {
                    self.cells = cells;
                    self.line = self.parser.line() - u64::from(ends_with_newline);
                    return Ok(true);
                }
                ReadRecordResult::End => return Ok(false),
            }
        }
    }

    fn make_room(&mut self, length: usize) -> Result<(), DataError> {
        if length >= LONGEST_ROW {
            self.line = self.parser.line();
            let problem = format!("a row is longer than {LONGEST_ROW} bytes; is a quotation mark open?");
            return Err(self.malformed(None, problem));
        }
        self.bytes.resize((length * 2).min(LONGEST_ROW), 0);
        Ok(())
    }

    fn make_room_for_cells(&mut self, cells: usize) -> Result<(), DataError> {
        if cells >= MOST_CELLS {
            self.line = self.parser.line();
            return Err(self.malformed(None, format!("a row has more than {MOST_CELLS} cells")));
        }
        self.ends.resize((cells * 2).min(MOST_CELLS), 0);
        Ok(())
    }

    /// How many cells the row at hand has.
    pub(super) fn cells(&self) -> usize {
        self.cells
    }

    /// A cell of the row at hand, which has so many; `name` is its column's, for the message.
    pub(super) fn cell(&self, place: usize, name: &str) -> Result<&str, DataError> {
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        let cell = std::str::from_utf8(&self.bytes[start..self.ends[place]])
            .map_err(|_| self.malformed(Some(name), "the text is not UTF-8").advised(SAVE_AS_UTF8))?;
        Ok(if self.trim { cell.trim() } else { cell })
    }

    /// The cells of the row at hand, whatever their text is worth.
    pub(super) fn lossy(&self) -> Vec<String> {
        let start = |place: usize| if place == 0 { 0 } else { self.ends[place - 1] };
        let cell = |place: usize| String::from_utf8_lossy(&self.bytes[start(place)..self.ends[place]]);
        (0..self.cells).map(|place| cell(place).trim().to_owned()).collect()
    }

    /// The line that the row at hand ends in, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// An error about the row at hand, or one cell of it.
    pub(super) fn malformed(&self, column: Option<&str>, problem: impl Into<String>) -> DataError {
        let place = match column {
            Some(column) => format!("line {}, column `{column}`", self.line),
            None => format!("line {}", self.line),
        };
        DataError::malformed(self.path, place, problem)
    }
}
