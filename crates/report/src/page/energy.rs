//! What the run spent its energy on.

use lessen_records::{ResultRecord, StageRecord};
use lessen_units::{Figure, GramsCo2e, Joules, KilogramsCo2e, Quantity};

use super::cells::scrolling;
use super::{caption, section as titled};
use crate::chart::{Bar, Bars, Labels};
use crate::html::{Element, element, name};
use crate::readable::{NOTHING, band, figure, joules, with_unit};

/// Stages of one kind, added up.
struct Kind {
    name: String,
    stages: usize,
    seconds: f64,
    cpu_seconds: f64,
    joules: Figure<Joules>,
    kg_co2e: Figure<KilogramsCo2e>,
}

/// Bars and a table of the kinds of stages; `None` where the run has none.
pub(super) fn section(result: &ResultRecord) -> Option<Element> {
    let total = sum("all stages", result.stages.iter())?;
    let kinds = kinds(&result.stages);
    let bar = |kind: &Kind| Bar {
        label: kind.label(),
        length: length(&kind.joules),
        text: energy_text(&kind.joules),
    };
    let said = said(&total);
    let bars = Bars {
        title: "Energy by kind of stage".to_owned(),
        description: said.clone(),
        axis: "energy".to_owned(),
        labels: Labels::Prefixed("J"),
        bars: kinds.iter().map(bar).collect(),
    };
    Some(titled("Energy by stage").child(bars.figure(caption(&said))).child(table(&kinds, &total)))
}

/// The energy of all stages; `None` where the run has none.
pub(crate) fn total(result: &ResultRecord) -> Option<Figure<Joules>> {
    sum("all stages", result.stages.iter()).map(|total| total.joules)
}

/// The beginning of a stage's name that it shares with its kind: what stands before a colon, or the words before the
/// first with a digit. `library: net 64` is of `library`, `student 8` of `student`.
fn kind_of(stage: &str) -> &str {
    if let Some((kind, _)) = stage.split_once(": ") {
        return kind;
    }
    let digit = stage.find(|letter: char| letter.is_ascii_digit()).unwrap_or(stage.len());
    let words = match stage.get(..digit) {
        Some(before) if digit < stage.len() => {
            before.rfind(' ').map_or("", |space| before[..space].trim_end())
        }
        _ => stage,
    };
    if words.is_empty() { stage } else { words }
}

/// In the order in which they began.
fn kinds(stages: &[StageRecord]) -> Vec<Kind> {
    let mut names: Vec<&str> = Vec::new();
    for stage in stages {
        let kind = kind_of(&stage.name);
        if !names.contains(&kind) {
            names.push(kind);
        }
    }
    let of = |kind: &str| sum(kind, stages.iter().filter(|stage| kind_of(&stage.name) == kind));
    names.iter().filter_map(|kind| of(kind)).collect()
}

/// `None` of no stages. A sum with a part that is not known is not known.
fn sum<'a>(name: &str, mut stages: impl Iterator<Item = &'a StageRecord>) -> Option<Kind> {
    let first = stages.next()?;
    let begin = Kind {
        name: name.to_owned(),
        stages: 1,
        seconds: first.seconds.0,
        cpu_seconds: first.cpu_seconds.0,
        joules: first.joules.clone(),
        kg_co2e: first.kg_co2e.clone(),
    };
    Some(stages.fold(begin, |sum, stage| Kind {
        stages: sum.stages + 1,
        seconds: sum.seconds + stage.seconds.0,
        cpu_seconds: sum.cpu_seconds + stage.cpu_seconds.0,
        joules: &sum.joules + &stage.joules,
        kg_co2e: &sum.kg_co2e + &stage.kg_co2e,
        name: sum.name,
    }))
}

impl Kind {
    fn label(&self) -> String {
        if self.stages == 1 { self.name.clone() } else { format!("{} ({})", self.name, self.stages) }
    }
}

fn length(energy: &Figure<Joules>) -> Option<[f64; 3]> {
    Some([energy.low()?.0, energy.value()?.0, energy.high()?.0])
}

fn energy_text(energy: &Figure<Joules>) -> String {
    match energy.value() {
        Some(_) => figure(energy, joules),
        None => "not known".to_owned(),
    }
}

fn said(total: &Kind) -> String {
    let time = seconds(total.seconds);
    let all = match total.joules.value() {
        Some(_) => {
            let energy = figure(&total.joules, joules) + &band(&total.joules, joules);
            format!("All stages together took {energy} and {time}")
        }
        None => {
            format!("What all stages took is not known ({}); they ran for {time}", total.joules.how())
        }
    };
    format!(
        "{all}. A whisker reaches over the bounds of a number; ~ stands before what was modelled and not measured; the \
         number of stages of a kind stands in parentheses."
    )
}

fn seconds(time: f64) -> String {
    with_unit(time, "s")
}

/// Kilograms as grams: a run's are small.
fn emissions(mass: KilogramsCo2e) -> String {
    with_unit(GramsCo2e::from(mass).0, "g")
}

fn table(kinds: &[Kind], total: &Kind) -> Element {
    let columns = ["stages", "time", "CPU time", "energy", "between", "CO2e", "between"];
    let head = element("tr")
        .child(element("th").with("scope", "col").text("kind of stage"))
        .children(columns.map(|column| element("th").with("scope", "col").text(column)));
    let table = element("table")
        .child(element("caption").text("Time, energy and emissions by kind of stage"))
        .child(element("thead").child(head))
        .child(element("tbody").children(kinds.iter().map(row)))
        .child(element("tfoot").child(row(total)));
    scrolling("Table of stages", table)
}

fn row(kind: &Kind) -> Element {
    let plain = |text: String| element("td").text(text);
    element("tr")
        .child(element("th").with("scope", "row").child(name(&kind.name)))
        .child(plain(kind.stages.to_string()))
        .child(plain(seconds(kind.seconds)))
        .child(plain(seconds(kind.cpu_seconds)))
        .children(cells(&kind.joules, joules))
        .children(cells(&kind.kg_co2e, emissions))
}

/// A figure and its bounds; or that it is not known, and why.
fn cells<Q: Quantity>(number: &Figure<Q>, write: impl Fn(Q) -> String) -> [Element; 2] {
    match (number.low(), number.high()) {
        (Some(low), Some(high)) => {
            let bounds = if band(number, &write).is_empty() {
                NOTHING.to_owned()
            } else {
                format!("{} to {}", write(low), write(high))
            };
            [figure(number, &write), bounds].map(|text| element("td").with("title", number.how()).text(text))
        }
        _ => {
            let why = element("td").class("why").child(element("small").child(name(number.how())));
            [element("td").text("not known"), why]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_grouped_by_the_beginning_of_their_names() {
        for (stage, kind) in [
            ("library: net 64, decay 0.1", "library"),
            ("student 8", "student"),
            ("hard labels 128", "hard labels"),
            ("ticket round 3 of 9", "ticket round"),
            ("transfer set", "transfer set"),
            ("student64", "student64"),
            ("64", "64"),
            ("prune ä 5", "prune ä"),
            ("", ""),
        ] {
            assert_eq!(kind_of(stage), kind, "{stage}");
        }
    }
}
