//! Models side by side.

use std::collections::BTreeSet;

use lessen_records::BenchRecord;
use lessen_records::bench::{AgainstFirst, BenchModelRecord};
use lessen_units::{Figure, Kind, Microseconds};

use crate::grid::Grid;
use crate::readable::{
    self, NOTHING, bytes, count, figure, joules, microseconds, one_line, percent, times, wrapped,
};
use crate::table::WIDTH;

/// The models of a bench for a terminal: a line each, then what each loses and how many times less it takes than the first,
/// and what the columns mean.
pub fn text(record: &BenchRecord) -> String {
    let Some(first) = record.models.first() else { return String::new() };
    let quality = if record.dataset.classes.is_some() { "accuracy" } else { "RMSE" };
    let mut times: Vec<String> = first.latency.iter().map(|at| rows(at.batch)).collect();
    times.push(rows(first.cases));
    let header = |begin: &[&str], end: &[&str]| {
        let words = |words: &[&str]| words.iter().map(|word| word.to_string()).collect::<Vec<_>>();
        vec![[words(begin), times.clone(), words(end)].concat()]
    };
    let figures = header(&["model", quality], &["energy", "file", "MACs", "not 0", "density"]);
    let mut text = Grid::new(figures, record.models.iter().map(cells)).text(WIDTH);
    let others = record.models.iter().filter_map(|model| Some((model, model.against_first.as_ref()?)));
    let others: Vec<_> = others.map(|(model, ratios)| against(model, ratios)).collect();
    if !others.is_empty() {
        let ratios = header(&["times less", "points"], &["energy", "file", "not 0"]);
        text += "\n";
        text += &Grid::new(ratios, others.into_iter()).text(WIDTH);
    }
    text + "\n" + &legend(record, first)
}

fn rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{} rows", readable::number(count as f64)) }
}

fn cells(model: &BenchModelRecord) -> Vec<String> {
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
    let accuracy = model.accuracy.as_ref().map(|accuracy| figure(accuracy, percent));
    let rmse = model.rmse.as_ref().map(|rmse| figure(rmse, readable::number));
    let mut cells = vec![name(model), or_nothing(accuracy.or(rmse))];
    cells.extend(model.latency.iter().map(|at| figure(&at.us, microseconds)));
    cells.push(figure(&model.seconds.map(Microseconds::from), microseconds));
    cells.push(figure(&model.joules_per_prediction, joules));
    cells.push(or_nothing(model.file_bytes.map(bytes)));
    cells.push(or_nothing(model.macs.map(count)));
    cells.push(or_nothing(model.macs_nonzero.map(count)));
    cells.push(or_nothing(model.density.map(percent)));
    cells
}

fn name(model: &BenchModelRecord) -> String {
    match model.runtime.as_str() {
        "ours" => model.name.clone(),
        other => format!("{} in {other}", model.name),
    }
}

fn against(model: &BenchModelRecord, against: &AgainstFirst) -> Vec<String> {
    let or_nothing = |ratio: Option<f64>| ratio.map_or_else(|| NOTHING.to_owned(), times);
    let mut cells = vec![name(model), points(&against.points_lost)];
    cells.extend(against.latency.iter().map(ratio));
    cells.extend([ratio(&against.seconds), ratio(&against.joules_per_prediction)]);
    cells.extend([or_nothing(against.file_bytes), or_nothing(against.macs_nonzero)]);
    cells
}

/// Points gained or lost: `-0.6 ±1.1`.
fn points(lost: &Figure<f64>) -> String {
    let (Some(value), Some(high)) = (lost.value(), lost.high()) else { return NOTHING.to_owned() };
    format!("{:+.1} ±{:.1}", 0.0 - value, high - value)
}

/// A ratio between its bounds: `5.2 (4.9-5.6)`.
fn ratio(ratio: &Figure<f64>) -> String {
    match (ratio.low(), ratio.high()) {
        (Some(low), Some(high)) if times(low) != times(high) => {
            format!("{} ({}-{})", figure(ratio, times), times(low), times(high))
        }
        _ => figure(ratio, times),
    }
}

fn legend(record: &BenchRecord, first: &BenchModelRecord) -> String {
    let dataset = &record.dataset;
    let part = match dataset.part.as_str() {
        "all" => format!("{} rows of {}", dataset.rows, dataset.name),
        part => format!(
            "{} rows of the {part} part of {} under --seed {}",
            dataset.rows, dataset.name, record.seed
        ),
    };
    let intervals: Vec<String> = record.models.iter().filter_map(interval).collect();
    let mut lines = vec![format!("measured on {part}, in {} turns of each model", record.turns)];
    if let Some(first) = intervals.first() {
        lines.push(format!("95 % intervals, in order: {}{}", first, rest(&intervals[1..])));
    }
    lines.push(format!(
        "rows: wall time of a call, median of the turns; the last on {} threads, repeated where rows are fewer",
        record.threads
    ));
    lines.push(
        "energy: of one prediction among the last; MACs: of one prediction, and of them those not with a 0"
            .into(),
    );
    if record.models.len() > 1 {
        lines.push(format!(
            "times less: than `{}`, the first model, with the doubt of both; points: gained, with the doubt of the paired difference",
            name(first)
        ));
    }
    lines.extend(estimated(record).into_iter().map(|how| format!("~ {how}")));
    lines.iter().map(|line| wrapped(&one_line(line), WIDTH, "  ") + "\n").collect()
}

fn rest(intervals: &[String]) -> String {
    intervals.iter().map(|interval| format!("; {interval}")).collect()
}

/// The interval of the quality, with the count where there is one: `345 of 359 right, 93.6% to 97.7%`.
fn interval(model: &BenchModelRecord) -> Option<String> {
    let bounds = |figure: &Figure<f64>, write: fn(f64) -> String| {
        Some(format!("{} to {}", write(figure.low()?), write(figure.high()?)))
    };
    match (&model.accuracy, &model.rmse) {
        (Some(accuracy), _) => {
            let right = model.right.map(|right| format!("{right} right, ")).unwrap_or_default();
            Some(right + &bounds(accuracy, percent)?)
        }
        (None, Some(rmse)) => bounds(rmse, readable::number),
        (None, None) => None,
    }
}

fn estimated(record: &BenchRecord) -> BTreeSet<&str> {
    let energies = record.models.iter().map(|model| &model.joules_per_prediction);
    energies.filter(|figure| figure.kind() == Some(Kind::Estimated)).map(Figure::how).collect()
}
