//! Quality against the arithmetic of a prediction.

use lessen_records::{ModelRecord, ResultRecord};

use super::group::groups;
use super::quality::Quality;
use super::{caption, section as titled};
use crate::chart::{Axis, Band, Chart, Dash, Labels, Level, Line, Point, Scale, Tone, front};
use crate::html::{Element, paragraph};
use crate::readable::{count, points};

/// All models by their multiply-accumulates, with the front of those that are not beaten.
pub(super) fn section(result: &ResultRecord) -> Element {
    let quality = Quality::of(result);
    let section = titled(&format!("{} against arithmetic", quality.name()));
    let Some(chart) = chart(result, quality) else {
        return section.child(paragraph(
            "No picture: of no model both its quality on test rows and its multiply-accumulates are known and not 0.",
        ));
    };
    let legend: Vec<_> = groups(result)
        .into_iter()
        .filter(|group| group.models.iter().any(|model| drawable(quality, model).is_some()))
        .map(|group| (group.mark, None, group.name))
        .collect();
    section.child(chart.figure(&legend, caption(&said(result, quality))))
}

/// Multiply-accumulates and quality, where both can be drawn.
fn drawable(quality: Quality<'_>, model: &ModelRecord) -> Option<(f64, f64)> {
    let macs = model.macs_nonzero.or(model.macs).filter(|&macs| macs > 0)?;
    Some((macs as f64, quality.test(model)?))
}

fn chart(result: &ResultRecord, quality: Quality<'_>) -> Option<Chart> {
    let drawn: Vec<(&ModelRecord, (f64, f64))> =
        result.models.iter().filter_map(|model| Some((model, drawable(quality, model)?))).collect();
    let x = Scale::log(drawn.iter().map(|(_, (macs, _))| *macs))?;
    let dearest = drawn.iter().map(|(_, (macs, _))| *macs).fold(0.0, f64::max);
    let cheapest = drawn.iter().map(|(_, (macs, _))| *macs).fold(f64::INFINITY, f64::min);
    let allowed = allowed_drop(result, quality);
    let edges = allowed.as_ref().map(|(teacher, lowest, _)| [*teacher, *lowest]);
    let y = Scale::linear(drawn.iter().map(|(_, (_, value))| *value).chain(edges.into_iter().flatten()))?;
    let costs: Vec<(f64, f64)> =
        drawn.iter().map(|(_, (macs, value))| (*macs, quality.gain(0.0, *value))).collect();
    let front = front(&costs);
    let on_front: Vec<&ModelRecord> = front.iter().map(|&index| drawn[index].0).collect();
    let steps = steps(front.iter().map(|&index| drawn[index].1), dearest);
    let bands = allowed.as_ref().map(|(teacher, lowest, _)| {
        let (low, high) = (teacher.min(*lowest), teacher.max(*lowest));
        Band { edges: vec![(cheapest, low, high), (dearest, low, high)], tone: Tone::Accent }
    });
    let levels = allowed.iter().map(|(_, lowest, label)| Level { y: *lowest, label: label.clone() });
    let named = |model: &ModelRecord| {
        is_chosen(result, model)
            || matches!(model.role.as_str(), "teacher" | "best member")
            || on_front.iter().any(|front| front.name == model.name)
    };
    let marks = groups(result).into_iter().flat_map(|group| {
        let mark = group.mark;
        group.models.into_iter().map(move |model| (model, mark))
    });
    let marks = marks.filter_map(|(model, mark)| {
        let (macs, value) = drawable(quality, model)?;
        let work = model.macs_nonzero.or(model.macs).map(count).unwrap_or_default();
        Some(Point {
            x: macs,
            y: value,
            mark,
            title: format!("{}: {}, {work} multiply-accumulates", model.name, quality.write(value)),
            label: named(model).then(|| model.name.clone()),
            strong: is_chosen(result, model),
        })
    });
    Some(Chart {
        title: format!("{} against multiply-accumulates", quality.axis()),
        description: said(result, quality).replace('`', ""),
        x: Axis {
            name: "multiply-accumulates of a prediction".to_owned(),
            scale: x,
            labels: Labels::Prefixed(""),
        },
        y: Axis { name: quality.axis(), scale: y, labels: quality.labels() },
        bands: bands.into_iter().collect(),
        levels: levels.collect(),
        lines: vec![Line { points: steps, tone: Tone::Ink, dash: Dash::Solid, label: None }],
        points: marks.collect(),
    })
}

fn is_chosen(result: &ResultRecord, model: &ModelRecord) -> bool {
    result.chosen.as_deref() == Some(model.name.as_str())
}

/// The teacher's quality, the least that is allowed, and what the border is called.
fn allowed_drop(result: &ResultRecord, quality: Quality<'_>) -> Option<(f64, f64, String)> {
    let drop = result.spec.get("max_drop_points")?.as_f64()?;
    let teacher = quality.test(result.teacher()?)?;
    let lowest = quality.after_drop(result, teacher, drop).filter(|lowest| lowest.is_finite())?;
    Some((teacher, lowest, format!("allowed drop: {} points", points(drop))))
}

/// From point to point to the right and then up, and on to the dearest of all: what a given cost buys at best.
fn steps(front: impl Iterator<Item = (f64, f64)>, dearest: f64) -> Vec<(f64, f64)> {
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for (macs, value) in front {
        steps.extend(steps.last().map(|&(_, before)| (macs, before)));
        steps.push((macs, value));
    }
    steps.extend(steps.last().map(|&(_, best)| (dearest, best)));
    steps
}

fn said(result: &ResultRecord, quality: Quality<'_>) -> String {
    let mut text =
        "Each mark is a model; the further left, the cheaper. The steps join the models that no other beats \
                    at the same cost: the best to be had for so much arithmetic."
            .to_owned();
    if result.chosen_model().is_some_and(|model| drawable(quality, model).is_some()) {
        text += " The ring is around the chosen model.";
    }
    if allowed_drop(result, quality).is_some() {
        text += " The shaded band reaches from the teacher's quality down to the drop that was allowed; the choice was made \
                 on validation rows with doubt included, so a model in the band need not have qualified.";
    }
    let missing: Vec<String> = result
        .models
        .iter()
        .filter(|model| drawable(quality, model).is_none())
        .map(|model| format!("`{}`", model.name))
        .collect();
    if !missing.is_empty() {
        text += &format!(
            " Not drawn, as they have no multiply-accumulates or they are not known: {}.",
            missing.join(", ")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_go_right_and_then_up() {
        let front = [(1.0, 10.0), (4.0, 20.0)];
        assert_eq!(steps(front.into_iter(), 9.0), [(1.0, 10.0), (4.0, 10.0), (4.0, 20.0), (9.0, 20.0)]);
        assert_eq!(steps([].into_iter(), 9.0), []);
    }
}
