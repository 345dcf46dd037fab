//! The table of models.

use lessen_records::{ModelRecord, ResultRecord};

use super::cells::{heading, known, plain, scrolling, with_bounds};
use super::group::{Group, groups};
use super::section as titled;
use crate::html::{Element, element, name};
use crate::readable::{self, bytes, count, joules, microseconds, number, percent, predictions};
use crate::table::{chosen_note, estimated_accounts};

/// Heading and second line of each column but the first.
fn columns(result: &ResultRecord) -> [[&'static str; 2]; 11] {
    let quality = if result.dataset.classes.is_some() { "accuracy" } else { "RMSE" };
    [
        [quality, "validation"],
        [quality, "test"],
        ["parameters", ""],
        ["density", ""],
        ["operations", ""],
        ["file", ""],
        ["latency", "1 row"],
        ["latency", "256 rows"],
        ["per row", "all threads"],
        ["energy", "per prediction"],
        ["repaid after", "predictions"],
    ]
}

/// All models with their numbers, and what the columns mean; `against` is what energy is saved against.
pub(crate) fn section(result: &ResultRecord, against: &str) -> Element {
    if result.models.is_empty() {
        return titled("Models").child(element("p").text("The run made no model."));
    }
    let head = element("tr")
        .child(element("th").with("scope", "col").text("model"))
        .children(columns(result).map(heading));
    let table = element("table")
        .child(element("caption").text("Models by role and how they were made"))
        .child(element("thead").child(head))
        .children(groups(result).iter().map(|group| body(result, group)));
    titled("Models").child(scrolling("Table of models", table)).child(notes(result, against))
}

fn body(result: &ResultRecord, group: &Group<'_>) -> Element {
    let across = (columns(result).len() + 1).to_string();
    let heading = element("th")
        .with("scope", "rowgroup")
        .with("colspan", across)
        .child(element("span").class("group").child(name(&group.name)));
    element("tbody")
        .child(element("tr").class("heading").child(heading))
        .children(group.models.iter().map(|model| row(result, model)))
}

fn row(result: &ResultRecord, model: &ModelRecord) -> Element {
    let chosen = result.chosen.as_deref() == Some(model.name.as_str());
    let mark = chosen.then(|| {
        let text = if result.chosen_within_drop == Some(false) { "nearest" } else { "chosen" };
        element("strong").class("badge").text(format!("★ {text}"))
    });
    let heading = element("th").with("scope", "row").child(name(&model.name)).text(" ").children(mark);
    let row = if chosen { element("tr").class("chosen") } else { element("tr") };
    row.child(heading).children(cells(model))
}

fn cells(model: &ModelRecord) -> Vec<Element> {
    let latency = &model.latency_us;
    vec![
        plain(quality(model.validation_accuracy, model.validation_rmse)),
        plain(quality(model.test_accuracy, model.test_rmse)),
        plain(model.parameters.map(count)),
        plain(model.density.map(number)),
        plain(model.operations().map(count)),
        plain(model.file_bytes.map(bytes)),
        known(&latency.batch_1, microseconds),
        known(&latency.batch_256, microseconds),
        known(&latency.row_on_all_threads, microseconds),
        with_bounds(&model.joules_per_prediction, joules),
        with_bounds(&model.break_even_predictions, predictions),
    ]
}

fn quality(accuracy: Option<f64>, rmse: Option<f64>) -> Option<String> {
    accuracy.map(percent).or_else(|| rmse.map(readable::number))
}

/// What marks and columns mean.
fn notes(result: &ResultRecord, against: &str) -> Element {
    let chosen = chosen_note(result).map(|note| element("li").text(format!("★ {note}")));
    let repaid = format!(
        "repaid after: predictions after which the energy saved against {against} has repaid what making the model \
         took, the other sizes that were tried included"
    );
    let columns = [
        "density: weights left of those that could be pruned; 1 where nothing was",
        "operations: multiply-accumulates with weights that are not zero, and comparisons, of one prediction",
        "file: the saved model",
        "latency: of one call with 1 and with 256 rows, on one thread, median",
        "per row, all threads: time for one of many rows, in blocks of 256 on all threads",
        &repaid,
        "small print: between which bounds the number lies; –: not known or not applicable",
    ];
    let estimated =
        estimated_accounts(result).into_iter().map(|how| element("li").child(name(&format!("~ {how}"))));
    element("ul")
        .class("notes")
        .children(chosen)
        .children(columns.map(|note: &str| element("li").text(note)))
        .children(estimated)
}
