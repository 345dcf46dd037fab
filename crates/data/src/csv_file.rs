//! Tables from text files with one row a line, and the column to be predicted.
//!
//! The content is gone through twice: once to see which columns are numbers, once to keep the cells. So no
//! more than the finished table is ever in memory, however far a packed file unpacks.

mod for_encoding;
mod rows;

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use crate::nearest::nearest;
use crate::{Column, DataError, Table};
use rows::Rows;

pub use for_encoding::read_for;

/// A file that was read: its content, and its path for messages.
#[derive(Clone, Copy, Debug)]
pub struct CsvFile<'a> {
    /// Where it came from.
    pub path: &'a Path,
    /// What is in it, as text or packed with gzip.
    pub bytes: &'a [u8],
}

/// How text becomes columns.
#[derive(Clone, Debug)]
pub struct CsvOptions {
    /// The column to be predicted.
    pub target: TargetColumn,
    /// Where the names of the columns are.
    pub header: Header,
    /// What stands between two cells.
    pub delimiter: u8,
    /// Cells that say that there is no value.
    pub missing: Vec<String>,
    /// Whether white space around a cell is taken off.
    pub trim: bool,
    /// Lines that begin with this are passed over.
    pub comment: Option<u8>,
}

impl CsvOptions {
    /// The usual file: names in the first row, commas, white space that means nothing, and `?` or nothing at
    /// all where a value is missing.
    pub fn new(target: TargetColumn) -> Self {
        let missing = vec![String::new(), "?".to_owned()];
        Self { target, header: Header::InFile, delimiter: b',', missing, trim: true, comment: None }
    }

    fn kind(&self, cell: &str) -> Cell {
        if self.missing.iter().any(|marker| marker == cell) {
            return Cell::Missing;
        }
        match cell.parse::<f32>() {
            Ok(number) if number.is_finite() => Cell::Number(number),
            Ok(_) => Cell::NotFinite,
            Err(_) => Cell::Text,
        }
    }
}

/// The column to be predicted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetColumn {
    /// The one of this name.
    Name(String),
    /// The one in this place, counted from 1.
    Position(usize),
}

/// Where the names of the columns are. A column without one is called after its place, `column_1` the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Header {
    /// In the first row of each file.
    InFile,
    /// Nowhere.
    Absent,
    /// Not in the files, but known: one a column.
    Given(Vec<String>),
}

/// What the files hold, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct CsvRows {
    /// All columns but the target. A column is numeric where every cell of every file is a number or missing,
    /// otherwise nominal with its levels ascending.
    pub table: Table,
    /// Class names, ascending: as numbers where all of them are, otherwise as text.
    pub names: Vec<String>,
    /// Index into `names`, one a row.
    pub labels: Vec<u32>,
    /// How many of the rows came from each file.
    pub rows_by_file: Vec<usize>,
}

/// Reads `files` into one table, the rows of the first file first.
///
/// # Errors
/// [`DataError::NoColumn`] where the target is not there; [`DataError::Malformed`], with line and column, where
/// a row has more or fewer cells than the header, a cell is not UTF-8, a label is missing, a file has no rows
/// or is damaged, or a column of numbers holds `inf`, `NaN` or a number too large to compute with.
pub fn read(files: &[CsvFile<'_>], options: &CsvOptions) -> Result<CsvRows, DataError> {
    let survey = Survey::of(files, options)?;
    let mut columns: Vec<Cells> = survey.seen.iter().map(|seen| Cells::new(seen.text)).collect();
    columns[survey.target] = Cells::new(true);
    for file in files {
        let (mut rows, _) = open(file, options)?;
        while rows.advance()? {
            for (place, (column, name)) in columns.iter_mut().zip(&survey.names).enumerate() {
                let cell = rows.cell(place, name)?;
                column.push(cell, options.kind(cell));
            }
        }
    }
    let target = columns.remove(survey.target);
    let mut names = survey.names;
    names.remove(survey.target);
    let columns = names.into_iter().zip(columns).map(|(name, cells)| cells.into_column(name));
    let table = Table::new(columns.collect())?;
    let (names, labels) = target.into_classes();
    Ok(CsvRows { table, names, labels, rows_by_file: survey.rows_by_file })
}

/// A cell as it is written into a CSV file: quoted where it must be.
pub fn quoted(cell: &str) -> Cow<'_, str> {
    if cell.contains(['"', ',', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(cell)
    }
}

/// What a cell turned out to be.
#[derive(Clone, Copy)]
enum Cell {
    Missing,
    Number(f32),
    /// Rust reads it as a number, but one that nothing can be computed with.
    NotFinite,
    Text,
}

/// The file's rows, past the header, and the names of its columns.
fn open<'a>(file: &CsvFile<'a>, options: &CsvOptions) -> Result<(Rows<'a>, Vec<String>), DataError> {
    let mut rows = Rows::new(file, options);
    let made_up = |place: usize| format!("column_{}", place + 1);
    let names = match &options.header {
        Header::Given(names) => names.clone(),
        Header::Absent => {
            let mut first = Rows::new(file, options);
            first.advance()?;
            (0..first.cells()).map(made_up).collect()
        }
        Header::InFile => {
            if !rows.advance()? {
                return Err(DataError::malformed(file.path, "", "there is nothing in it, expected a header"));
            }
            let name = |place: usize| {
                let name = rows.cell(place, &made_up(place))?;
                Ok(if name.is_empty() { made_up(place) } else { name.to_owned() })
            };
            (0..rows.cells()).map(name).collect::<Result<_, DataError>>()?
        }
    };
    Ok((rows, names))
}

/// What the first time through the files shows.
struct Survey {
    names: Vec<String>,
    target: usize,
    /// One a column.
    seen: Vec<Seen>,
    rows_by_file: Vec<usize>,
}

/// What the cells of a column were so far.
#[derive(Default)]
struct Seen {
    /// Some cell is neither a number nor missing, so that all of them are levels.
    text: bool,
    /// The complaint about the first cell that is no finite number; it holds if the column proves numeric.
    not_finite: Option<DataError>,
}

impl Survey {
    fn of(files: &[CsvFile<'_>], options: &CsvOptions) -> Result<Self, DataError> {
        let Some(first) = files.first() else {
            return Err(DataError::Unusable { name: "csv".into(), problem: "no file was given".into() });
        };
        let (_, names) = open(first, options)?;
        let target = find_target(first.path, &names, &options.target)?;
        if names.len() < 2 {
            return Err(DataError::malformed(first.path, "", "there is no column beside the target"));
        }
        let seen = names.iter().map(|_| Seen::default()).collect();
        let mut survey = Self { names, target, seen, rows_by_file: Vec::new() };
        for file in files {
            let (mut rows, names) = open(file, options)?;
            survey.check_names(file.path, &names, first.path)?;
            let count = survey.read(&mut rows, options)?;
            if count == 0 {
                return Err(DataError::malformed(file.path, "", "there are no rows"));
            }
            survey.rows_by_file.push(count);
        }
        let target = survey.target;
        let columns =
            survey.seen.iter_mut().enumerate().filter(|(place, seen)| *place != target && !seen.text);
        match columns.filter_map(|(_, seen)| seen.not_finite.take()).next() {
            Some(complaint) => Err(complaint),
            None => Ok(survey),
        }
    }

    fn check_names(&self, path: &Path, names: &[String], first: &Path) -> Result<(), DataError> {
        let malformed = |problem| Err(DataError::malformed(path, "", problem));
        if names.len() != self.names.len() {
            let expected = format!("expected {} as in `{}`", self.names.len(), first.display());
            return malformed(format!("{} columns, {expected}", names.len()));
        }
        match names.iter().zip(&self.names).find(|(name, expected)| name != expected) {
            Some((name, expected)) => {
                malformed(format!("column `{name}`, expected `{expected}` as in `{}`", first.display()))
            }
            None => Ok(()),
        }
    }

    /// Looks at each cell of one file; the number of rows.
    fn read(&mut self, rows: &mut Rows<'_>, options: &CsvOptions) -> Result<usize, DataError> {
        let earlier: usize = self.rows_by_file.iter().sum();
        let mut count = 0;
        while rows.advance()? {
            if rows.cells() != self.names.len() {
                return Err(
                    rows.malformed(None, format!("{} cells, expected {}", rows.cells(), self.names.len()))
                );
            }
            for (place, (name, seen)) in self.names.iter().zip(&mut self.seen).enumerate() {
                let cell = rows.cell(place, name)?;
                match options.kind(cell) {
                    Cell::Missing if place == self.target => {
                        return Err(rows.malformed(Some(name), "the label is missing"));
                    }
                    Cell::Missing | Cell::Number(_) => {}
                    Cell::NotFinite if seen.text || seen.not_finite.is_some() => {}
                    Cell::NotFinite => {
                        let shown: String = cell.chars().take(40).collect();
                        let problem =
                            format!("`{shown}`, expected a finite number or a mark for a missing one");
                        seen.not_finite = Some(rows.malformed(Some(name), problem));
                    }
                    Cell::Text => seen.text = true,
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

fn find_target(path: &Path, names: &[String], target: &TargetColumn) -> Result<usize, DataError> {
    let missing = |column: String, hint| Err(DataError::NoColumn { path: path.to_owned(), column, hint });
    match target {
        TargetColumn::Position(position) if (1..=names.len()).contains(position) => Ok(position - 1),
        TargetColumn::Position(position) => {
            missing(position.to_string(), format!("there are {} columns, counted from 1", names.len()))
        }
        TargetColumn::Name(wanted) => {
            let mut places = (0..names.len()).filter(|&place| names[place] == *wanted);
            match (places.next(), places.next()) {
                (Some(place), None) => Ok(place),
                (Some(_), Some(_)) => {
                    Err(DataError::malformed(path, "", format!("several columns are called `{wanted}`")))
                }
                (None, _) => missing(wanted.clone(), column_hint(wanted, names)),
            }
        }
    }
}

/// Names shown where none is near to the one asked for.
const NAMES_SHOWN: usize = 10;

fn column_hint(wanted: &str, names: &[String]) -> String {
    if let Some(near) = nearest(wanted, names.iter().map(String::as_str)) {
        return format!("did you mean `{near}`?");
    }
    let shown: Vec<String> = names.iter().take(NAMES_SHOWN).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > NAMES_SHOWN { ", …" } else { "" };
    format!("the columns are {}{more}", shown.join(", "))
}

/// The cells of one column as they are kept.
enum Cells {
    Numbers(Vec<f32>),
    /// Codes in order of first appearance, until all levels are known.
    Levels {
        codes: Vec<Option<u32>>,
        known: HashMap<String, u32>,
    },
}

impl Cells {
    fn new(text: bool) -> Self {
        if text {
            Self::Levels { codes: Vec::new(), known: HashMap::new() }
        } else {
            Self::Numbers(Vec::new())
        }
    }

    fn push(&mut self, cell: &str, kind: Cell) {
        match self {
            Self::Numbers(values) => {
                values.push(if let Cell::Number(number) = kind { number } else { f32::NAN })
            }
            Self::Levels { codes, .. } if matches!(kind, Cell::Missing) => codes.push(None),
            Self::Levels { codes, known } => {
                let code = known.get(cell).copied().unwrap_or_else(|| {
                    let next = known.len() as u32;
                    known.insert(cell.to_owned(), next);
                    next
                });
                codes.push(Some(code));
            }
        }
    }

    fn into_column(self, name: String) -> Column {
        match self {
            Self::Numbers(values) => Column::Numeric { name, values },
            Self::Levels { codes, known } => {
                let (levels, codes) = ascending(known, codes, str::cmp);
                Column::Nominal { name, levels, codes }
            }
        }
    }

    /// The classes of a target that has no missing cell.
    fn into_classes(self) -> (Vec<String>, Vec<u32>) {
        let Self::Levels { codes, known } = self else { return (Vec::new(), Vec::new()) };
        let number = |name: &str| name.parse::<f64>().ok().filter(|number| number.is_finite());
        let (names, codes) = if known.keys().all(|name| number(name).is_some()) {
            let value = |name: &str| number(name).unwrap_or(f64::NAN);
            ascending(known, codes, |a, b| value(a).total_cmp(&value(b)).then_with(|| a.cmp(b)))
        } else {
            ascending(known, codes, str::cmp)
        };
        (names, codes.into_iter().flatten().collect())
    }
}

/// Puts levels in `order`, so that they do not depend on which row came first, and codes with them.
fn ascending(
    known: HashMap<String, u32>,
    mut codes: Vec<Option<u32>>,
    order: impl Fn(&str, &str) -> std::cmp::Ordering,
) -> (Vec<String>, Vec<Option<u32>>) {
    let mut levels: Vec<(String, u32)> = known.into_iter().collect();
    levels.sort_unstable_by(|(a, _), (b, _)| order(a, b));
    let mut places = vec![0; levels.len()];
    for (place, (_, code)) in levels.iter().enumerate() {
        places[*code as usize] = place as u32;
    }
    for code in codes.iter_mut().flatten() {
        *code = places[*code as usize];
    }
    (levels.into_iter().map(|(level, _)| level).collect(), codes)
}
