//! How networks of some levels learn.

use super::found::{Search, Spread};
use super::levels::Levels;
use crate::chart::{Axis, Chart, Labels, Line, Scale};
use crate::html::Element;
use crate::page::{caption, quantity, section as titled};
use crate::readable::count;

/// Share of the steps at the beginning that the vertical axis need not hold: there every network learns fast, and what tells
/// them apart later could not be seen.
const BEGINNING: f64 = 0.1;

/// The learning curves; `None` where there are none.
pub(super) fn section(search: &Search<'_>) -> Option<Element> {
    let levels = Levels::of(search, "learning")?;
    let (name, unit) = quantity(levels.y);
    let heading = format!("{name} while training");
    let said = said(search, &levels);
    let last = levels.points().map(|at| at.x).fold(f64::NEG_INFINITY, f64::max);
    let y = Scale::linear(levels.points().filter(|at| at.x >= BEGINNING * last).map(|at| at.mean))?;
    let is_drawn = |at: &Spread| at.x >= BEGINNING * last || y.place(at.mean).is_some();
    let lines: Vec<Line> = levels.curves.iter().map(|curve| curve.line(is_drawn)).collect();
    let marks = levels.curves.iter().zip(&lines).enumerate().flat_map(|(index, (curve, line))| {
        curve.marks(line, index as f64 / levels.curves.len() as f64, "step", unit)
    });
    let chart = Chart {
        title: heading.clone(),
        description: said.clone(),
        x: Axis {
            name: "step".to_owned(),
            scale: Scale::linear(levels.points().map(|at| at.x))?,
            labels: Labels::Prefixed(""),
        },
        bands: Vec::new(),
        levels: Vec::new(),
        points: marks.collect(),
        y: Axis { name, scale: y, labels: Labels::Plain(unit) },
        lines,
    };
    Some(titled(&heading).child(chart.figure(&levels.legend(), caption(&said))))
}

fn said(search: &Search<'_>, levels: &Levels<'_>) -> String {
    let mean = match search.count("/replicates") {
        Some(1) => " of one replicate".to_owned(),
        Some(replicates) => format!(", in the mean over {} replicates", count(replicates)),
        None => String::new(),
    };
    let part = if levels.is_part { " Not all levels are drawn." } else { "" };
    format!(
        "On the validation rows{mean}. The vertical axis holds what comes after the first tenth of the steps; what lies \
         outside of it before is cut off. Marks only tell the curves apart.{part}"
    )
}
