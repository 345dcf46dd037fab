//! Tables of models and of studies.

mod study;
mod tickets;

use std::collections::BTreeSet;

use lessen_records::{ModelRecord, ResultRecord};
use lessen_units::{Figure, Kind, Quantity};

use crate::grid::Grid;
use crate::readable::{
    self, NOTHING, bytes, count, figure, joules, microseconds, one_line, percent, predictions,
};

pub use study::{Notes, study_markdown, study_markdown_with, study_text, study_text_with};
pub(crate) use study::{notes, row_of_runs};
pub use tickets::{tickets_markdown, tickets_text};

/// Characters of the widest line, so that the table fits a terminal of 120 columns.
pub const WIDTH: usize = 118;

/// The models of a result for a terminal: one line each, the chosen one with `*` in front, and what the marks
/// and columns mean below.
pub fn models(result: &ResultRecord) -> String {
    let quality = if result.dataset.classes.is_some() { "accuracy" } else { "RMSE" };
    let header = vec![
        vec!["", quality, "", "", "", "", "latency", "", "row, all", "energy per", "repaid"],
        vec![
            "  model",
            "valid.",
            "test",
            "params",
            "operations",
            "file",
            "1 row",
            "256 rows",
            "threads",
            "prediction",
            "after",
        ],
    ];
    Grid::new(header, rows(result, "* ", "  ")).text(WIDTH) + &legend(result)
}

/// The models of a result as Markdown, the chosen one in words.
pub fn models_markdown(result: &ResultRecord) -> String {
    let [validation, test] = match result.dataset.classes {
        Some(_) => ["validation accuracy", "test accuracy"],
        None => ["validation RMSE", "test RMSE"],
    };
    let header = vec![
        "model",
        validation,
        test,
        "parameters",
        "operations",
        "file",
        "latency, 1 row",
        "latency, 256 rows",
        "row, all threads",
        "energy per prediction",
        "repaid after",
    ];
    Grid::new(vec![header], rows(result, "chosen: ", "")).markdown()
}

/// A row for each model, its name after the mark of the chosen one or that of the others.
fn rows(result: &ResultRecord, chosen: &str, other: &str) -> impl Iterator<Item = Vec<String>> {
    result.models.iter().map(move |model| {
        let mark = if result.chosen.as_deref() == Some(model.name.as_str()) { chosen } else { other };
        let mut row = vec![format!("{mark}{}", model.name)];
        row.extend(cells(model));
        row
    })
}

/// All columns but the name.
fn cells(model: &ModelRecord) -> [String; 10] {
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
    [
        or_nothing(quality(model.validation_accuracy, model.validation_rmse)),
        or_nothing(quality(model.test_accuracy, model.test_rmse)),
        or_nothing(model.parameters.map(count)),
        or_nothing(model.operations().map(count)),
        or_nothing(model.file_bytes.map(bytes)),
        figure(&model.latency_us.batch_1, microseconds),
        figure(&model.latency_us.batch_256, microseconds),
        figure(&model.latency_us.row_on_all_threads, microseconds),
        figure(&model.joules_per_prediction, joules),
        figure(&model.break_even_predictions, predictions),
    ]
}

/// An accuracy in percent, or a root mean squared error in the target's unit.
fn quality(accuracy: Option<f64>, rmse: Option<f64>) -> Option<String> {
    accuracy.map(percent).or_else(|| rmse.map(readable::number))
}

/// What the marks and columns mean, as far as they occur.
fn legend(result: &ResultRecord) -> String {
    let mut lines = Vec::new();
    lines.extend(chosen_note(result).map(|note| format!("* {note}")));
    lines.push("operations: multiply-accumulates and comparisons".to_owned());
    lines.push("latency: of one call with 1 and with 256 rows, on one thread, median".to_owned());
    lines.push("row, all threads: time for one of many rows, in blocks of 256 on all threads".to_owned());
    lines.extend(estimated_accounts(result).into_iter().map(|how| format!("~ {how}")));
    lines.into_iter().map(|line| one_line(&line) + "\n").collect()
}

/// What the mark of the chosen model means; `None` where none was chosen.
pub(crate) fn chosen_note(result: &ResultRecord) -> Option<&'static str> {
    result.chosen.as_ref().map(|_| match result.chosen_within_drop {
        Some(false) => "nearest; none stays within the allowed drop",
        Some(true) | None => "chosen on validation rows",
    })
}

/// How the energies of models were obtained, as far as they are estimates.
pub(crate) fn estimated_accounts(result: &ResultRecord) -> BTreeSet<&str> {
    let energies = result
        .models
        .iter()
        .flat_map(|model| [&model.joules_per_prediction, &model.made_with_joules, &model.to_repay_joules]);
    energies.filter_map(estimated_how).collect()
}

fn estimated_how<Q: Quantity>(figure: &Figure<Q>) -> Option<&str> {
    (figure.kind() == Some(Kind::Estimated)).then(|| figure.how())
}
