//! The claims of a search against the paper.

use lessen_records::study::StudyRow;

use super::found::Search;
use crate::html::{Element, element, name};
use crate::page::cells::{heading, notes, scrolling};
use crate::page::section as titled;
use crate::table::{self, Notes, row_of_runs};

const COLUMNS: [[&str; 2]; 6] =
    [["claim", ""], ["paper", ""], ["ours", "mean"], ["interval", "95%"], ["replicates", ""], ["holds", ""]];

const MEANING: [&str; 3] = [
    "interval: where the mean over replicates lies with a certainty of 95%, by Student's distribution; the paper gives the \
     least and the greatest instead",
    "holds: yes, where the whole interval says so; no, where the whole interval says the opposite; not shown, where it \
     includes both, or there is one replicate and so no interval",
    "–: not known; of the paper, where it gives no number",
];

/// A row for each claim; `None` where there are none.
pub(super) fn section(search: &Search<'_>) -> Option<Element> {
    let rows = &search.study.rows;
    if rows.is_empty() {
        return None;
    }
    let table = element("table")
        .child(element("caption").text("Claims, the paper's numbers and ours"))
        .child(element("thead").child(element("tr").children(COLUMNS.map(heading))))
        .child(element("tbody").children(rows.iter().map(row)));
    let remarks = table::notes(search.study, Notes::All);
    let meaning = MEANING.into_iter().map(str::to_owned).chain(remarks);
    let meaning = meaning.map(|note| element("li").child(name(&note)));
    Some(titled("Claims").child(scrolling("Table of claims", table)).child(notes(meaning)))
}

fn row(row: &StudyRow) -> Element {
    let mut cells = row_of_runs(row).into_iter();
    let claim = cells.next().unwrap_or_default();
    element("tr")
        .child(element("th").with("scope", "row").child(name(&claim)))
        .children(cells.map(|cell| element("td").text(cell)))
}
