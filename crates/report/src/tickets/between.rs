//! What lies between two copies of a ticket that were trained on other orders of rows.

use super::found::{Search, differ};
use super::levels::{Curve, Levels};
use crate::chart::{Axis, Band, Chart, Labels, Line, Scale};
use crate::html::Element;
use crate::page::{caption, quantity, section as titled};

const HEADING: &str = "Between two copies";

/// Errors on the line between copies; `None` where there are no copies.
pub(super) fn section(search: &Search<'_>) -> Option<Element> {
    let levels = Levels::of(search, "between copies")?;
    let (name, unit) = quantity(levels.y);
    let said = said(&levels);
    let lines: Vec<Line> = levels.curves.iter().map(|curve| curve.line(|_| true)).collect();
    let marks = levels.curves.iter().zip(&lines);
    let band = |curve: &Curve| Band {
        edges: curve.points.iter().map(|at| (at.x, at.low, at.high)).collect(),
        tone: curve.tone(),
    };
    let chart = Chart {
        title: HEADING.to_owned(),
        description: said.clone(),
        x: Axis {
            name: "share of the second copy".to_owned(),
            scale: Scale::linear(levels.points().map(|at| at.x))?,
            labels: Labels::Plain(""),
        },
        y: Axis {
            name,
            scale: Scale::linear(levels.points().flat_map(|at| [at.low, at.mean, at.high]))?,
            labels: Labels::Plain(unit),
        },
        bands: levels.curves.iter().filter(|curve| differ(&curve.points)).map(band).collect(),
        levels: Vec::new(),
        points: marks.flat_map(|(curve, line)| curve.marks(line, 0.0, "share", unit)).collect(),
        lines,
    };
    Some(titled(HEADING).child(chart.figure(&levels.legend(), caption(&said))))
}

fn said(levels: &Levels<'_>) -> String {
    let spread = if differ(levels.points()) {
        " Lines are means over replicates, shaded areas reach from the least to the greatest."
    } else {
        ""
    };
    format!(
        "Two copies of a ticket are trained on other orders of the rows; the error is that of the networks on the straight \
         line between their weights. Where it does not rise, both have come to one valley (linear mode connectivity, \
         Frankle et al. 2020).{spread}"
    )
}
