//! What finding each ticket took, beside what training it saves.

use std::collections::BTreeSet;

use lessen_records::result::NOTHING_SAVED;
use lessen_records::study::{Effort, TicketCost};
use lessen_units::{Figure, Joules, Kind};

use super::found::Search;
use crate::chart::{Axis, Chart, Dash, Labels, Level, Line, Mark, Point, Scale, Shape, Tone};
use crate::html::{Element, element, name, paragraph};
use crate::page::cells::{heading, known, notes, plain, scrolling, with_bounds};
use crate::page::{caption, energy, section as titled};
use crate::readable::{NOTHING, band, figure, joules, percent, predictions, with_unit};

const HEADING: &str = "What finding a ticket takes";

const COLUMNS: [[&str; 2]; 9] = [
    ["left", ""],
    ["round", ""],
    ["finding it", "CPU time"],
    ["finding it", "energy"],
    ["training it", "CPU time"],
    ["training it", "energy"],
    ["dense network", "CPU time"],
    ["dense network", "energy"],
    ["repaid after", "trainings"],
];

const MEANING: [&str; 4] = [
    "finding it: every training that its mask stands on, the dense network's among them",
    "training it: once more, when it is found; dense network: training that",
    "repaid after: trainings of the ticket in the dense network's place after which the energy that they save is what finding \
     it took; never: training it saves none",
    "all in the mean over replicates; small print: between which bounds the number lies; –: not known",
];

const FINDING: Mark = Mark { shape: Shape::Circle, tone: Tone::Accent };
const TRAINING: Mark = Mark { shape: Shape::Diamond, tone: Tone::Muted };

/// The table and the picture of costs by level; `None` where there are none.
pub(super) fn section(search: &Search<'_>) -> Option<Element> {
    let costs = &search.study.tickets;
    if costs.is_empty() {
        return None;
    }
    let table = element("table")
        .child(element("caption").text("Time and energy of finding and training tickets by level"))
        .child(element("thead").child(element("tr").children(COLUMNS.map(heading))))
        .child(element("tbody").children(costs.iter().map(|cost| row(search, cost))));
    let whole = energy::total(search.result).filter(|total| total.value().is_some()).map(|total| {
        let text = figure(&total, joules) + &band(&total, joules);
        paragraph(&format!(
            "The whole search, with all replicates and controls and what was measured after, took {text}."
        ))
    });
    let meaning = MEANING.into_iter().map(str::to_owned).chain(accounts(costs));
    let meaning = meaning.map(|note| element("li").child(name(&note)));
    let table = scrolling("Table of costs", table);
    Some(titled(HEADING).children(whole).children(picture(costs)).child(table).child(notes(meaning)))
}

fn row(search: &Search<'_>, cost: &TicketCost) -> Element {
    let decided = search.decided() == Some(cost.level);
    let badge = decided.then(|| element("strong").class("badge").text("★ decided"));
    let row = if decided { element("tr").class("chosen") } else { element("tr") };
    let left = if cost.density.is_finite() { percent(cost.density) } else { NOTHING.to_owned() };
    let efforts = [&cost.finding, &cost.training, &cost.dense].into_iter().flat_map(effort);
    row.child(element("th").with("scope", "row").text(left + " ").children(badge))
        .child(plain(Some(cost.level.to_string())))
        .children(efforts)
        .child(repaid(&cost.break_even_trainings))
}

/// What is not known of an effort's energy is not known of its time either where that is none.
fn effort(effort: &Effort) -> [Element; 2] {
    let seconds = effort.cpu_seconds.0;
    let is_known = seconds > 0.0 || effort.joules.value().is_some();
    [plain(is_known.then(|| with_unit(seconds, "s"))), with_bounds(&effort.joules, joules)]
}

fn repaid(trainings: &Figure<f64>) -> Element {
    if trainings.how() == NOTHING_SAVED {
        return element("td").text("never");
    }
    match trainings.value() {
        Some(_) => with_bounds(trainings, predictions),
        None => known(trainings, predictions),
    }
}

/// How estimates were made and why numbers are not known, each account once.
fn accounts(costs: &[TicketCost]) -> BTreeSet<String> {
    let energies = costs.iter().flat_map(|cost| [&cost.finding, &cost.training, &cost.dense]);
    let of_energies = energies.filter_map(|effort| match effort.joules.kind() {
        Some(Kind::Estimated) => Some(format!("~ {}", effort.joules.how())),
        Some(_) => None,
        None => Some(format!("{NOTHING} {}", effort.joules.how())),
    });
    let repaid = costs.iter().map(|cost| &cost.break_even_trainings);
    let unknown = repaid.filter(|trainings| trainings.value().is_none() && trainings.how() != NOTHING_SAVED);
    of_energies.chain(unknown.map(|trainings| format!("{NOTHING} {}", trainings.how()))).collect()
}

/// Energy of finding and of training against what is left, beside one training of the dense network.
fn picture(costs: &[TicketCost]) -> Option<Element> {
    let curve = |of: fn(&TicketCost) -> &Figure<Joules>| -> Vec<(f64, f64)> {
        let point = |cost: &TicketCost| Some((100.0 * cost.density, of(cost).value()?.0));
        let mut points: Vec<(f64, f64)> = costs.iter().filter_map(point).collect();
        points.retain(|(left, _)| *left > 0.0 && left.is_finite());
        points.sort_by(|a, b| b.0.total_cmp(&a.0));
        points
    };
    let finding = curve(|cost| &cost.finding.joules);
    let training = curve(|cost| &cost.training.joules);
    if finding.is_empty() {
        return None;
    }
    let dense = costs.iter().find_map(|cost| cost.dense.joules.value()).map(|joules| joules.0);
    let said = "Energy of finding the ticket of each level grows with every round; that of training it once is to be compared \
                with the dotted line, one training of the dense network. The doubt of the energies is in the table.";
    let curves = [
        (FINDING, Dash::Solid, "finding the ticket", finding),
        (TRAINING, Dash::Dashed, "training it once", training),
    ];
    let all = || curves.iter().flat_map(|(_, _, _, points)| points);
    let marks = curves.iter().rev().flat_map(|(mark, _, what, points)| {
        points.iter().map(move |&(x, y)| Point {
            x,
            y,
            mark: *mark,
            title: format!("{what}, {} left: {}", percent(x / 100.0), joules(Joules(y))),
            label: None,
            strong: false,
        })
    });
    let line = |(mark, dash, what, points): &(Mark, Dash, &str, Vec<(f64, f64)>)| Line {
        points: points.clone(),
        tone: mark.tone,
        dash: *dash,
        label: Some((*what).to_owned()),
    };
    let chart = Chart {
        title: "Energy of finding and training against weights left".to_owned(),
        description: said.to_owned(),
        x: Axis {
            name: "weights left, falling".to_owned(),
            scale: Scale::log(all().map(|(left, _)| *left))?.falling(),
            labels: Labels::Plain("%"),
        },
        y: Axis {
            name: "Energy".to_owned(),
            scale: Scale::from_zero(all().map(|(_, joules)| *joules).chain(dense)),
            labels: Labels::Prefixed("J"),
        },
        bands: Vec::new(),
        levels: dense.map(|y| Level { y, label: "dense network, once".to_owned() }).into_iter().collect(),
        lines: curves.iter().map(line).collect(),
        points: marks.collect(),
    };
    let legend: Vec<_> =
        curves.iter().map(|(mark, dash, what, _)| (*mark, Some(*dash), (*what).to_owned())).collect();
    Some(chart.figure(&legend, caption(said)))
}
