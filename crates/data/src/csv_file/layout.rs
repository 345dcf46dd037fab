//! What a text file does not say about itself, found out from its content.

use std::io::Read;
use std::path::Path;

use super::cells::Cell;
use super::rows::{LONGEST_ROW, MOST_UNPACKED, Rows, SAVE_AS_UTF8};
use super::{CsvFile, CsvOptions, Header, TargetColumn};
use crate::DataError;
use crate::unpack::Unpacked;

/// How a file of somebody's own is laid out.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// What to read it by; the target in it means nothing.
    pub(crate) options: CsvOptions,
    /// What was found out that a person might want to know, in sentences that begin with the file's name.
    pub(crate) findings: Vec<String>,
}

/// Cells that hold no value, in the files that people have.
const MISSING: [&str; 8] = ["", "?", "NA", "N/A", "na", "null", "NULL", "None"];

/// What may stand between cells; of equals the first.
const DELIMITERS: [(u8, &str); 4] =
    [(b',', "commas"), (b';', "semicolons"), (b'\t', "tabs"), (b'|', "vertical bars")];

/// What may begin lines at a file's top that are no rows.
const COMMENTS: [u8; 2] = [b'#', b'|'];

/// Bytes that are looked at; where they hold too few rows, these are long and more is looked at.
const SAMPLES: [u64; 2] = [1 << 18, 3 * LONGEST_ROW as u64];

/// Rows that are looked at, and as few of them as do.
const ROWS: usize = 1000;
const FEWEST_ROWS: usize = 20;

/// Fewest numbers in a first row that are names when they count the columns.
const FEWEST_COUNTING: usize = 3;

impl Layout {
    /// Looks at the beginning of a file.
    pub(crate) fn of(file: &CsvFile<'_>) -> Result<Self, DataError> {
        let mut content = Unpacked::new(file.bytes, MOST_UNPACKED);
        Ok(Self::of_beginning(file.path, &mut content)?.0)
    }

    /// Looks at the beginning of unpacked content, which is given back: it is not there to be read a second time.
    pub(crate) fn of_beginning(path: &Path, content: &mut dyn Read) -> Result<(Self, Vec<u8>), DataError> {
        let sample = Sample::of(path, content)?;
        let layout = Self::of_sample(&sample)?;
        Ok((layout, sample.text))
    }

    fn of_sample(sample: &Sample<'_>) -> Result<Self, DataError> {
        let path = sample.path;
        let mut options = CsvOptions {
            missing: MISSING.map(str::to_owned).into(),
            ..CsvOptions::new(TargetColumn::Position(1))
        };
        let mut findings = Vec::new();
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let (mut rows, between) = sample.best_rows(&mut options);
        if let [first, second, ..] = rows.as_slice()
            && first.len() != second.len()
            && let Some(&mark) = COMMENTS.iter().find(|&&mark| sample.begins_with(mark))
        {
            options.comment = Some(mark);
            findings.push(format!("`{name}`: lines that begin with `{}` are passed over", char::from(mark)));
            rows = sample.rows(&options);
        }
        if options.delimiter != b',' {
            findings.push(format!("`{name}` has {between} between its cells"));
        }
        if rows.is_empty() {
            return Err(DataError::malformed(path, "", "there is nothing in it, expected a table"));
        }
        if !has_header(&rows, &options) {
            options.header = Header::Absent;
            let last = rows[0].len();
            findings.push(format!(
                "`{name}` has no header: its columns are called `column_1` to `column_{last}`"
            ));
        }
        Ok(Self { options, findings })
    }
}

/// The beginning of a file's text.
struct Sample<'a> {
    path: &'a Path,
    text: Vec<u8>,
    /// Whether this is all of it.
    whole: bool,
}

impl<'a> Sample<'a> {
    fn of(path: &'a Path, content: &mut dyn Read) -> Result<Self, DataError> {
        let mut sample = Self { path, text: Vec::new(), whole: false };
        for most in SAMPLES {
            let more = most - sample.text.len() as u64;
            let read = content.take(more).read_to_end(&mut sample.text);
            read.map_err(|error| DataError::malformed(path, "", error.to_string()))?;
            sample.whole = (sample.text.len() as u64) < most;
            if sample.whole || sample.text.iter().filter(|&&byte| byte == b'\n').count() > FEWEST_ROWS {
                break;
            }
        }
        if sample.text.starts_with(&[0xff, 0xfe]) || sample.text.starts_with(&[0xfe, 0xff]) {
            let error = DataError::malformed(path, "line 1", "the text is UTF-16, expected UTF-8");
            return Err(error.advised("save the file as UTF-8"));
        }
        if let Some(place) = sample.text.iter().position(|&byte| byte == 0) {
            let line = 1 + sample.text[..place].iter().filter(|&&byte| byte == b'\n').count();
            let error = DataError::malformed(path, format!("line {line}"), "a zero byte, expected text");
            return Err(error.advised(SAVE_AS_UTF8));
        }
        Ok(sample)
    }

    fn begins_with(&self, mark: u8) -> bool {
        self.text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&self.text).first() == Some(&mark)
    }

    /// Whole rows as `options` read them. What is wrong with them is said when they are read in earnest.
    fn rows(&self, options: &CsvOptions) -> Vec<Vec<String>> {
        let mut reader = Rows::new(&CsvFile { path: self.path, bytes: &self.text }, options);
        let mut rows = Vec::new();
        while rows.len() <= ROWS && matches!(reader.advance(), Ok(true)) {
            rows.push(reader.lossy());
        }
        // What is cut off after so many bytes may end in the middle of a row.
        if !self.whole && rows.len() <= ROWS && rows.len() > 1 {
            rows.pop();
        }
        rows
    }

    /// Chooses the delimiter that most rows have in like number and, of these, the one with most cells; the rows by
    /// it, and its name.
    fn best_rows(&self, options: &mut CsvOptions) -> (Vec<Vec<String>>, &'static str) {
        let mut best: Option<((f64, usize), u8)> = None;
        for (delimiter, _) in DELIMITERS {
            let rows = self.rows(&CsvOptions { delimiter, ..options.clone() });
            let (cells, alike) = most_common_length(&rows);
            let score = (alike as f64 / rows.len().max(1) as f64, cells);
            if cells > 1 && best.is_none_or(|(highest, _)| score > highest) {
                best = Some((score, delimiter));
            }
        }
        options.delimiter = best.map_or(DELIMITERS[0].0, |(_, delimiter)| delimiter);
        let name = DELIMITERS.iter().find(|(delimiter, _)| *delimiter == options.delimiter);
        (self.rows(options), name.map_or("", |(_, name)| name))
    }
}

/// The number of cells that most rows have, and how many have it.
fn most_common_length(rows: &[Vec<String>]) -> (usize, usize) {
    let mut lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
    lengths.sort_unstable();
    let runs = lengths.chunk_by(|a, b| a == b).map(|run| (run[0], run.len()));
    runs.max_by_key(|(_, count)| *count).unwrap_or((0, 0))
}

/// Whether the first row names the columns.
///
/// It does where it has text above columns of numbers, and does not where it has numbers there; where it has both, the
/// greater part tells. Without columns of numbers it does unless half of its cells are found again below them.
fn has_header(rows: &[Vec<String>], options: &CsvOptions) -> bool {
    let Some((first, rest)) = rows.split_first() else { return false };
    if counts_columns(first) {
        return true;
    }
    let is_number = |cell: &str| matches!(options.kind(cell), Cell::Number(_) | Cell::NotFinite);
    let is_missing = |cell: &str| matches!(options.kind(cell), Cell::Missing);
    if rest.is_empty() {
        return !first.iter().any(|cell| is_number(cell));
    }
    let (mut text_above_numbers, mut numbers_above_numbers) = (0, 0);
    let (mut there, mut found_again) = (0, 0);
    for (place, head) in first.iter().enumerate().filter(|(_, head)| !is_missing(head)) {
        let below = || rest.iter().filter_map(|row| row.get(place)).filter(|cell| !is_missing(cell));
        let numbers = below().filter(|cell| is_number(cell)).count();
        if numbers > 0 && 10 * numbers >= 9 * below().count() {
            *(if is_number(head) { &mut numbers_above_numbers } else { &mut text_above_numbers }) += 1;
        }
        there += 1;
        found_again += usize::from(below().any(|cell| cell == head));
    }
    if text_above_numbers + numbers_above_numbers > 0 {
        return text_above_numbers >= numbers_above_numbers;
    }
    2 * found_again < there || there == 0
}

/// Whether the numbers of a first row are the columns' own, from 0 or from 1: what a table made from an array has.
fn counts_columns(first: &[String]) -> bool {
    let from = |start: usize| {
        let numbers = first.iter().enumerate().filter(|(_, cell)| cell.parse::<f32>().is_ok());
        let (right, wrong): (Vec<_>, Vec<_>) =
            numbers.partition(|(place, cell)| cell.parse::<usize>() == Ok(place + start));
        right.len() >= FEWEST_COUNTING && wrong.is_empty()
    };
    from(0) || from(1)
}
