//! The ledger for a terminal: runs, sums, and what is wrong.

use lessen_records::ledger::{Run, Total, Verification};
use lessen_records::receipt::State;
use lessen_units::{GramsCo2e, Quantity as _, Seconds, WattHours};

use crate::amounts::{Scale, figure, quantity};
use crate::grid::Grid;
use crate::readable::{NOTHING, one_line, percent, shortened, thousands, with_unit};
use crate::table::WIDTH;

/// A line a run.
pub fn list(runs: &[Run]) -> String {
    if runs.is_empty() {
        return "no runs\n".to_owned();
    }
    let rows = runs.iter().map(|run| {
        let tags: Vec<String> = run.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        vec![
            run.id.clone(),
            run.started.get(..16).unwrap_or(&run.started).replace('T', " "),
            state(run),
            seconds(run.seconds),
            quantity(&run.kwh_with_pue.map(WattHours::from), "Wh", Scale::Prefixes),
            quantity(&run.kg_co2e.map(GramsCo2e::from), "g", Scale::Prefixes),
            shortened(&run.name, 24),
            shortened(&tags.join(" "), 24),
        ]
    });
    let header = vec!["id", "started (UTC)", "state", "time", "energy", "CO2e", "name", "tags"];
    Grid::new(vec![header], rows).with_words(&[1, 2, 6, 7]).text(WIDTH)
}

fn state(run: &Run) -> String {
    match (run.state, run.exit_code) {
        (State::Running, _) => "running".to_owned(),
        (State::Interrupted, _) => "interrupted".to_owned(),
        (State::Done, Some(0)) => "done".to_owned(),
        (State::Done, Some(code)) => format!("exit {code}"),
        (State::Done, None) => "signal".to_owned(),
    }
}

/// A line a value of a tag, or one of all runs.
pub fn total(totals: &[Total], by: Option<&str>) -> String {
    let rows = totals.iter().map(|total| {
        let tag = match (&total.tag, by) {
            (Some(tag), _) => tag.clone(),
            (None, Some(_)) => "(none)".to_owned(),
            (None, None) => "all runs".to_owned(),
        };
        vec![
            tag,
            thousands(total.runs),
            seconds(total.seconds),
            figure(&total.kwh_with_pue.figure.map(WattHours::from), "Wh", Scale::Prefixes),
            total.measured_share().map_or_else(|| NOTHING.to_owned(), percent),
            figure(&total.kg_co2e.figure.map(GramsCo2e::from), "g", Scale::Prefixes),
            figure(&total.electricity_usd.figure, "USD", Scale::Plain),
        ]
    });
    let first = by.unwrap_or_default();
    let header = vec![first, "runs", "time", "energy with PUE", "measured", "CO2e", "electricity"];
    let mut text = Grid::new(vec![header], rows).text(WIDTH);
    text.extend(totals.iter().flat_map(remarks).map(|remark| remark + "\n"));
    text
}

/// What the sums of one line lack.
fn remarks(total: &Total) -> impl Iterator<Item = String> {
    let of = total.tag.as_ref().map(|tag| format!("{}: ", one_line(tag))).unwrap_or_default();
    let counts = [
        (total.running, "under way: their figures are those so far"),
        (total.interrupted, "interrupted: their figures go up to the last checkpoint"),
        (total.incomplete, "with a component whose energy is not known: the sums are too small by that"),
        (total.joules.unknown, "of no known energy, and in no sum of it"),
    ];
    counts.into_iter().filter(|(count, _)| *count > 0).map(move |(count, what)| {
        let runs = if count == 1 { "run" } else { "runs" };
        format!("{of}{} {runs} {what}", thousands(count))
    })
}

/// What was checked and what is wrong.
pub fn verification(found: &Verification) -> String {
    let mut text = format!("{} events of {} runs checked", thousands(found.events), thousands(found.runs));
    if found.is_sound() {
        return text + ": every row is whole and unchanged\n";
    }
    text.push('\n');
    text.extend(found.problems.iter().map(|problem| one_line(&problem.to_string()) + "\n"));
    if found.more > 0 {
        text += &format!("and {} more\n", thousands(found.more));
    }
    text
}

fn seconds(time: Seconds) -> String {
    with_unit(time.raw(), "s")
}
