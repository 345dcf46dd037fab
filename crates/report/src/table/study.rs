//! Tables of studies: what a paper says beside what was found.

use lessen_records::Study;
use lessen_records::study::{Holds, StudyRow};

use super::WIDTH;
use crate::grid::{Grid, escaped};
use crate::readable::{self, NOTHING, count, one_line, significant, wrapped};

/// Characters of the widest line of a note in a terminal.
const NOTE_WIDTH: usize = 110;

/// Which rows' notes stand below a study's table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notes {
    /// Those of rows that were found not to hold.
    #[default]
    WhereNotHeld,
    /// All: the inputs of each number, too.
    All,
}

/// A study's rows as Markdown: each claim, the paper's number, ours, its interval over seeds where there is one, and
/// what became of it; below, why rows do not hold.
pub fn study_markdown(study: &Study) -> String {
    study_markdown_with(study, Notes::default())
}

/// [`study_markdown`] with the notes that are asked for.
pub fn study_markdown_with(study: &Study, which: Notes) -> String {
    let notes = notes(study, which).map(|note| format!("- {}\n", escaped(&note)));
    below(grid(study).markdown(), notes)
}

/// A study's rows for a terminal, as [`study_markdown`] has them.
pub fn study_text(study: &Study) -> String {
    study_text_with(study, Notes::default())
}

/// [`study_text`] with the notes that are asked for.
pub fn study_text_with(study: &Study, which: Notes) -> String {
    let notes = notes(study, which).map(|note| wrapped(&note, NOTE_WIDTH, "  ") + "\n");
    below(grid(study).text(WIDTH), notes)
}

fn below(table: String, notes: impl Iterator<Item = String>) -> String {
    let notes: String = notes.collect();
    if notes.is_empty() { table } else { format!("{table}\n{notes}") }
}

/// Each note after its claim, one line each.
pub(crate) fn notes(study: &Study, which: Notes) -> impl Iterator<Item = String> {
    let asked = move |row: &&StudyRow| which == Notes::All || row.holds == Holds::No;
    study.rows.iter().filter(asked).filter_map(|row| {
        let note = row.note.as_ref()?;
        Some(one_line(&format!("{}: {note}", row.what)))
    })
}

/// The columns follow from what a study is of. Of runs: an interval over seeds. Of estimates: a band, and ours over theirs.
/// Of arithmetic: neither, and the decimals that are printed and two more.
fn grid(study: &Study) -> Grid {
    let any = |has: fn(&StudyRow) -> bool| study.rows.iter().any(has);
    let rows = study.rows.iter();
    if any(|row| row.seeds > 0) {
        let header = vec!["claim", "paper", "ours", "interval", "seeds", "holds"];
        Grid::new(vec![header], rows.map(row_of_runs))
    } else if any(|row| row.low.is_some() || row.high.is_some()) {
        let header = vec!["claim", "theirs", "ours", "band", "ours/theirs", "holds"];
        Grid::new(vec![header], rows.map(row_of_estimates))
    } else {
        Grid::new(vec![vec!["claim", "paper", "ours", "holds"]], rows.map(row_of_arithmetic))
    }
}

/// Claim, paper, ours, interval, seeds, and what became of it.
pub(crate) fn row_of_runs(row: &StudyRow) -> Vec<String> {
    let number = |number: Option<f64>| number.map_or_else(|| NOTHING.to_owned(), readable::number);
    let interval = match (row.low, row.high) {
        (None, None) => NOTHING.to_owned(),
        (low, high) => format!("{} to {}", number(low), number(high)),
    };
    vec![
        row.what.clone(),
        number(row.paper),
        number(row.ours),
        interval,
        count(row.seeds),
        holds(row.holds).to_owned(),
    ]
}

fn row_of_estimates(row: &StudyRow) -> Vec<String> {
    const DIGITS: usize = 3;
    let number =
        |number: Option<f64>| number.map_or_else(|| NOTHING.to_owned(), |number| significant(number, DIGITS));
    let band = match (row.low, row.high) {
        (None, None) => NOTHING.to_owned(),
        (low, high) => format!("{} to {}", number(low), number(high)),
    };
    let ratio = row.ours.zip(row.paper).map(|(ours, theirs)| ours / theirs);
    let theirs = row.paper.map_or_else(|| NOTHING.to_owned(), readable::printed);
    vec![row.what.clone(), theirs, number(row.ours), band, number(ratio), holds(row.holds).to_owned()]
}

fn row_of_arithmetic(row: &StudyRow) -> Vec<String> {
    let paper = row.paper.map_or_else(|| NOTHING.to_owned(), readable::printed);
    let ours = match (row.ours, row.paper) {
        (Some(ours), Some(paper)) => readable::beside_printed(ours, paper),
        (Some(ours), None) => readable::number(ours),
        (None, _) => NOTHING.to_owned(),
    };
    vec![row.what.clone(), paper, ours, holds(row.holds).to_owned()]
}

fn holds(holds: Holds) -> &'static str {
    match holds {
        Holds::Yes => "yes",
        Holds::No => "no",
        Holds::NotShown => "not shown",
    }
}
