//! What the page begins with: the decided ticket, what it is worth, and what finding it took.

use lessen_records::result::{NOTHING_SAVED, times_less_energy};
use lessen_records::study::{Holds, StudyRow};

use super::found::Search;
use super::settings::network;
use crate::html::{Element, element, name, paragraph};
use crate::readable::{band, count, figure, joules, percent, predictions, significant, times};

/// The title and the sentences.
pub(super) fn header(search: &Search<'_>) -> Element {
    let dataset = &search.result.dataset.name;
    let kind = "Lottery tickets after Frankle & Carbin 2019";
    let named =
        (!search.study.name.is_empty()).then(|| element("span").text(": ").child(name(&search.study.name)));
    let sentences = [Some(ticket(search)), worth(search), cost(search)];
    element("header")
        .child(element("p").class("kind").text(kind).children(named))
        .child(element("h1").child(name(dataset)))
        .child(
            element("div")
                .class("summary")
                .children(sentences.iter().flatten().map(|sentence| paragraph(sentence))),
        )
}

/// What was searched, and for which ticket validation decided.
fn ticket(search: &Search<'_>) -> String {
    let counted = |path: &str, one: &str, many: &str| match search.count(path) {
        Some(1) => format!("1 {one}"),
        Some(number) => format!("{} {many}", count(number)),
        None => format!("an unknown number of {many}"),
    };
    let network = network(search).unwrap_or_else(|| "A network".to_owned());
    let replicates = counted("/replicates", "replicate", "replicates");
    let rounds = counted("/pruning/rounds", "round", "rounds");
    let decided = match search.decided() {
        Some(0) => "On the validation rows no ticket was better than the dense network.".to_owned(),
        Some(level) => format!(
            "Validation decided for the ticket of round {level}, which has `{}` of the weights left.",
            search.left(level)
        ),
        None => "Which ticket validation decided for is not known.".to_owned(),
    };
    format!("{network}, pruned in {rounds}, in {replicates}. {decided}")
}

/// How the decided ticket compares with the dense network and with its random reinitialisation.
fn worth(search: &Search<'_>) -> Option<String> {
    let level = search.decided().filter(|level| *level > 0)?;
    let dense = search.row("best-ticket").map(|row| verdict(search, row, "the dense network"));
    let dense = dense.map(|verdict| format!("At early stop, on the test rows, the ticket {verdict}."));
    let reinit = match nearest_reinit(search, level) {
        Some((row, None)) => {
            format!("It {}.", verdict(search, row, "the same survivors with newly drawn weights"))
        }
        Some((row, Some(left))) => format!(
            "With `{left}` left, the nearest level that has such a control, the ticket {}.",
            verdict(search, row, "the same survivors with newly drawn weights")
        ),
        None => {
            "No survivors were trained from newly drawn weights, so what the first weights add is not known."
                .to_owned()
        }
    };
    Some(dense.into_iter().chain([reinit]).collect::<Vec<_>>().join(" "))
}

/// The claim against random reinitialisation at a level, or else at the nearest that has one, with what is left there.
fn nearest_reinit<'a>(search: &Search<'a>, level: u64) -> Option<(&'a StudyRow, Option<String>)> {
    const ID: &str = "random-reinit-";
    let left = 100.0 * search.density(level)?;
    if let Some(row) = search.row(&format!("{ID}{left:.2}")) {
        return Some((row, None));
    }
    let of_row = |row: &StudyRow| row.id.strip_prefix(ID)?.parse::<f64>().ok().filter(|left| *left > 0.0);
    let rows = search.study.rows.iter().filter_map(|row| Some((row, of_row(row)?)));
    let off = |at: f64| (at / left).ln().abs();
    let (row, at) = rows.min_by(|a, b| off(a.1).total_cmp(&off(b.1)))?;
    Some((row, Some(percent(at / 100.0))))
}

/// What a claim of being better says, with its number and its interval.
fn verdict(search: &Search<'_>, row: &StudyRow, other: &str) -> String {
    let Some(ours) = row.ours else { return format!("could not be held against {other}") };
    let unit = if search.has_classes() { "points" } else { "of RMSE" };
    let signed = |number: f64| format!("{}{}", if number > 0.0 { "+" } else { "" }, significant(number, 3));
    let mean = format!("{} {unit}", signed(ours));
    let replicates = count(row.seeds);
    let Some((low, high)) = row.low.zip(row.high) else {
        return format!("differs from {other} by {mean}; without an interval that shows nothing");
    };
    let interval = format!("{} to {} at 95%, {replicates} replicates", signed(low), signed(high));
    match row.holds {
        Holds::Yes => format!("is better than {other}: {mean} ({interval})"),
        Holds::No => format!("is not better than {other}: {mean} ({interval})"),
        Holds::NotShown => format!("is not shown to be better or worse than {other}: {mean} ({interval})"),
    }
}

/// What finding the decided ticket took against what it saves.
fn cost(search: &Search<'_>) -> Option<String> {
    let level = search.decided().filter(|level| *level > 0)?;
    let Some(cost) = search.cost(level) else { return Some("What finding it took is not known.".to_owned()) };
    let finding = &cost.finding.joules;
    if finding.value().is_none() {
        return Some(format!("What finding it took is not known (`{}`).", finding.how()));
    }
    let as_many = times_less_energy(finding, &cost.dense.joules);
    let trainings = as_many
        .value()
        .map(|_| format!(", as much as {} trainings of the dense network", figure(&as_many, times)));
    let after = &cost.break_even_trainings;
    let repaid = match after.value() {
        Some(_) => format!(
            "that is repaid after {} trainings of the ticket in the dense network's place{}",
            figure(after, predictions),
            band(after, predictions)
        ),
        None if after.how() == NOTHING_SAVED => {
            "that is never repaid, as training the ticket takes no less than training the dense network"
                .to_owned()
        }
        None => format!("whether that is ever repaid is not known (`{}`)", after.how()),
    };
    Some(format!(
        "Finding it took {}{}{}; {repaid}: {} against {} a training.",
        figure(finding, joules),
        band(finding, joules),
        trainings.unwrap_or_default(),
        figure(&cost.training.joules, joules),
        figure(&cost.dense.joules, joules)
    ))
}
