//! Quality against the share of weights that are left.

use lessen_records::ResultRecord;
use lessen_records::study::Series;

use super::{caption, quantity, section as titled};
use crate::chart::{Axis, Chart, Dash, Labels, Level, Line, Mark, Point, Scale, Shape, Tone};
use crate::html::{Element, paragraph};
use crate::readable::number;

/// How a kind of curve is drawn and what it shows.
struct Kind {
    /// The name of its series.
    name: &'static str,
    mark: Mark,
    dash: Dash,
    meaning: &'static str,
}

/// The curves on test rows; those on validation rows are for choosing.
const KINDS: [Kind; 3] = [
    Kind {
        name: "pruned",
        mark: Mark { shape: Shape::Square, tone: Tone::Ink },
        dash: Dash::Solid,
        meaning: "pruned: the smallest weights are removed, the others trained on",
    },
    Kind {
        name: "ticket",
        mark: Mark { shape: Shape::Circle, tone: Tone::Accent },
        dash: Dash::Solid,
        meaning: "ticket: the survivors trained again from their first weights",
    },
    Kind {
        name: "random reinit",
        mark: Mark { shape: Shape::Diamond, tone: Tone::Muted },
        dash: Dash::Dashed,
        meaning: "random reinit: the survivors trained from newly drawn weights",
    },
];

/// The curves of pruning; `None` where the run has none.
pub(super) fn section(result: &ResultRecord) -> Option<Element> {
    let curves: Vec<(&Kind, &Series)> = result.series.iter().filter_map(kind).collect();
    let (_, first) = curves.first()?;
    let same_axis = |series: &Series| series.y.name == first.y.name && series.y.unit == first.y.unit;
    let curves: Vec<(&Kind, &Series)> =
        curves.iter().filter(|(_, series)| same_axis(series)).copied().collect();
    let section = titled("Quality against density");
    let Some(chart) = chart(&curves) else {
        return Some(section.child(paragraph("No picture: the run's curves of density have no points.")));
    };
    let drawn = KINDS.iter().filter(|kind| curves.iter().any(|(of, _)| of.name == kind.name));
    let legend: Vec<_> = drawn.map(|kind| (kind.mark, Some(kind.dash), kind.meaning.to_owned())).collect();
    Some(section.child(chart.figure(&legend, caption(SAID))))
}

const SAID: &str = "Density is the share of the prunable weights that are left; it falls to the right, each step to the \
                    right keeps fewer. A dotted line is the level of the network with all its weights.";

fn kind(series: &Series) -> Option<(&'static Kind, &Series)> {
    Some((KINDS.iter().find(|kind| kind.name == series.name)?, series))
}

/// Points that can be drawn, from the densest on.
fn points(series: &Series) -> Vec<(f64, f64)> {
    let pairs = series.x.values.iter().copied().zip(series.y.values.iter().copied());
    let mut points: Vec<(f64, f64)> =
        pairs.filter(|(x, y)| *x > 0.0 && x.is_finite() && y.is_finite()).collect();
    points.sort_by(|a, b| b.0.total_cmp(&a.0));
    points
}

fn chart(curves: &[(&Kind, &Series)]) -> Option<Chart> {
    let all = || curves.iter().flat_map(|(_, series)| points(series));
    let x = Scale::log(all().map(|(density, _)| density))?.falling();
    let y = Scale::linear(all().map(|(_, quality)| quality))?;
    let (name, unit) = quantity(&curves.first()?.1.y);
    let line = |(kind, series): &(&Kind, &Series)| Line {
        points: points(series),
        tone: kind.mark.tone,
        dash: kind.dash,
        label: Some(kind.name.to_owned()),
    };
    let marks = curves.iter().flat_map(|(kind, series)| {
        points(series).into_iter().map(|(density, quality)| Point {
            x: density,
            y: quality,
            mark: kind.mark,
            title: format!("{} at density {}: {}{unit}", kind.name, number(density), number(quality)),
            label: None,
            strong: false,
        })
    });
    Some(Chart {
        title: "Quality against density".to_owned(),
        description: SAID.to_owned(),
        x: Axis { name: "density, falling".to_owned(), scale: x, labels: Labels::Plain("") },
        y: Axis { name, scale: y, labels: Labels::Plain(unit) },
        bands: Vec::new(),
        levels: dense_levels(curves),
        lines: curves.iter().map(line).collect(),
        points: marks.collect(),
    })
}

/// The qualities at density 1, each once: curves that begin with the same network share it.
fn dense_levels(curves: &[(&Kind, &Series)]) -> Vec<Level> {
    let mut levels: Vec<(f64, &str)> = Vec::new();
    for (kind, series) in curves {
        let dense = points(series).into_iter().find(|(density, _)| *density == 1.0);
        if let Some((_, y)) = dense.filter(|(_, y)| levels.iter().all(|(before, _)| before != y)) {
            levels.push((y, kind.name));
        }
    }
    let one = levels.len() == 1;
    let named = |(y, name): (f64, &str)| {
        let label = if one { "all weights".to_owned() } else { format!("all weights, {name}") };
        Level { y, label }
    };
    levels.into_iter().map(named).collect()
}
