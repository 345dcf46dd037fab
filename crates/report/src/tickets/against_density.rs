//! Tickets and what they are held against, by the share of weights that are left: the paper's figure 4.

use lessen_records::study::Series;

use super::found::{Search, Spread, TICKET, differ, spreads};
use crate::chart::{Axis, Band, Chart, Dash, Labels, Level, Line, Mark, Point, Scale, Shape, Tone};
use crate::html::Element;
use crate::page::{caption, quantity, section as titled};
use crate::readable::{number, percent};

/// What is looked at.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Look {
    /// Quality of the network at its least validation loss.
    Early,
    /// The step of that loss.
    Step,
    /// Quality of the network after all steps.
    Last,
}

/// How networks of a sort are drawn.
struct Sort {
    /// Of its series.
    name: &'static str,
    mark: Mark,
    dash: Dash,
    /// Whether its least and greatest bound an area, or are joined by a line at each level: areas of many sorts would lie over
    /// each other.
    has_band: bool,
    meaning: &'static str,
}

const SORTS: [Sort; 5] = [
    Sort {
        name: TICKET,
        mark: Mark { shape: Shape::Circle, tone: Tone::Accent },
        dash: Dash::Solid,
        has_band: true,
        meaning: "ticket: survivors with their first weights",
    },
    Sort {
        name: "random reinit",
        mark: Mark { shape: Shape::Diamond, tone: Tone::Muted },
        dash: Dash::Dashed,
        has_band: true,
        meaning: "random reinit: the same survivors, newly drawn weights",
    },
    Sort {
        name: "random mask",
        mark: Mark { shape: Shape::Up, tone: Tone::Muted },
        dash: Dash::Dotted,
        has_band: false,
        meaning: "random mask: as many survivors anywhere, their first weights",
    },
    Sort {
        name: "shuffled mask",
        mark: Mark { shape: Shape::Down, tone: Tone::Muted },
        dash: Dash::Dotted,
        has_band: false,
        meaning: "shuffled mask: as many in each layer, their first weights",
    },
    Sort {
        name: "one-shot",
        mark: Mark { shape: Shape::Square, tone: Tone::Ink },
        dash: Dash::Solid,
        has_band: false,
        meaning: "one-shot: pruned in one round",
    },
];

/// A sort with its curve, from the densest on.
type Curve = (&'static Sort, Vec<Spread>);

impl Look {
    fn is_of(self, series: &Series) -> bool {
        let name = series.y.name.as_str();
        match self {
            Self::Early => name.starts_with("test ") && name.ends_with(" at early stop"),
            Self::Step => name == "step of early stop",
            Self::Last => name.starts_with("test ") && name.ends_with(" after the last step"),
        }
    }

    /// 1 where more is better, -1 where less is.
    fn sign(self, search: &Search<'_>) -> f64 {
        if self != Self::Step && search.has_classes() { 1.0 } else { -1.0 }
    }

    fn said(self) -> &'static str {
        match self {
            Self::Early => {
                "Of each network at early stop, the step of its least validation loss, on the test rows, against the \
                 share of weights that are left; each round to the right keeps fewer."
            }
            Self::Step => {
                "Early stop is the step at which the validation loss is least: the sooner, the faster the network \
                 learned. Where it is the last step of all, training was too short to tell."
            }
            Self::Last => "The same networks after all steps, without early stop.",
        }
    }
}

/// The picture of a look; `None` where there are no points for it.
pub(super) fn section(search: &Search<'_>, look: Look) -> Option<Element> {
    let of_look: Vec<&Series> = search.study.series.iter().filter(|series| look.is_of(series)).collect();
    let (name, unit) = quantity(&of_look.first()?.y);
    let heading = format!("{name} against weights left");
    let curve = |sort: &'static Sort| {
        let mut curve = spreads(of_look.iter().copied().filter(|series| series.name == sort.name));
        curve.retain(|at| at.x > 0.0);
        curve.reverse();
        (!curve.is_empty()).then_some((sort, curve))
    };
    let curves: Vec<Curve> = SORTS.iter().filter_map(curve).collect();
    let dense = curves.iter().find_map(|(sort, curve)| dense(sort, curve));
    let less = if look == Look::Step || search.has_classes() { "" } else { ", less is better" };
    let said = said(search, look, &curves, dense);
    let all = || curves.iter().flat_map(|(_, curve)| curve);
    let chart = Chart {
        title: heading.clone(),
        description: said.clone(),
        x: Axis {
            name: "weights left, falling".to_owned(),
            scale: Scale::log(all().map(|at| 100.0 * at.x))?.falling(),
            labels: Labels::Plain("%"),
        },
        y: Axis {
            name: name + less,
            scale: Scale::linear(all().flat_map(|at| [at.low, at.mean, at.high]))?,
            labels: if look == Look::Step { Labels::Prefixed(unit) } else { Labels::Plain(unit) },
        },
        bands: curves.iter().filter_map(band).collect(),
        levels: dense.map(|y| Level { y, label: "dense network".to_owned() }).into_iter().collect(),
        // What the page is about lies above what it is held against.
        lines: curves.iter().rev().flat_map(lines).collect(),
        points: curves.iter().rev().flat_map(|curve| points(search, curve, unit)).collect(),
    };
    let legend = |(sort, _): &Curve| (sort.mark, Some(sort.dash), sort.meaning.to_owned());
    let legend: Vec<_> = curves.iter().map(legend).collect();
    Some(titled(&heading).child(chart.figure(&legend, caption(&said))))
}

/// The mean of the dense network, which begins the tickets' curve.
fn dense(sort: &Sort, curve: &[Spread]) -> Option<f64> {
    let first = curve.first().filter(|first| sort.name == TICKET && (first.x - 1.0).abs() < 1e-9)?;
    Some(first.mean)
}

/// Whether the least and the greatest bound an area: at one level there is none.
fn has_band((sort, curve): &Curve) -> bool {
    sort.has_band && curve.len() > 1
}

fn band(curve: &Curve) -> Option<Band> {
    let (sort, spreads) = curve;
    let edges = spreads.iter().map(|at| (100.0 * at.x, at.low, at.high));
    (has_band(curve) && differ(spreads)).then(|| Band { edges: edges.collect(), tone: sort.mark.tone })
}

/// The line through the means and, where there is no area, those from the least to the greatest.
fn lines(curve: &Curve) -> Vec<Line> {
    let (sort, spreads) = curve;
    let line = |points, dash, label| Line { points, tone: sort.mark.tone, dash, label };
    let upright =
        |at: &Spread| line(vec![(100.0 * at.x, at.low), (100.0 * at.x, at.high)], Dash::Solid, None);
    let apart = spreads.iter().filter(|at| !has_band(curve) && at.low < at.high);
    let mut lines: Vec<Line> = apart.map(upright).collect();
    let means = spreads.iter().map(|at| (100.0 * at.x, at.mean)).collect();
    lines.push(line(means, sort.dash, Some(sort.name.to_owned())));
    lines
}

fn points(search: &Search<'_>, (sort, curve): &Curve, unit: &str) -> Vec<Point> {
    let decided = search.decided().filter(|_| sort.name == TICKET).and_then(|level| search.density(level));
    let point = |at: &Spread| {
        let is_decided = decided.is_some_and(|density| (density - at.x).abs() < 1e-9);
        Point {
            x: 100.0 * at.x,
            y: at.mean,
            mark: sort.mark,
            title: title(sort, at, unit),
            label: is_decided.then(|| percent(at.x)),
            strong: is_decided,
        }
    };
    curve.iter().map(point).collect()
}

fn title(sort: &Sort, at: &Spread, unit: &str) -> String {
    let bounds = if at.low < at.high {
        format!(" ({}{unit} to {}{unit})", number(at.low), number(at.high))
    } else {
        String::new()
    };
    format!("{}, {} left: {}{unit}{bounds}", sort.name, percent(at.x), number(at.mean))
}

fn said(search: &Search<'_>, look: Look, curves: &[Curve], dense: Option<f64>) -> String {
    let mut text = look.said().to_owned();
    let tickets = curves.iter().find(|(sort, _)| sort.name == TICKET).map_or(&[][..], |(_, curve)| curve);
    if let Some(dense) = dense.filter(|_| tickets.len() > 1) {
        let is_good = |at: &&Spread| look.sign(search) * (at.mean - dense) >= 0.0;
        let good: Vec<&Spread> = tickets[1..].iter().filter(is_good).collect();
        let does = if look == Look::Step { "stop no later than" } else { "are no worse than" };
        let of = tickets.len() - 1;
        let sparsest = good.last().map(|at| format!(", the sparsest of them with {} left", percent(at.x)));
        text += &format!(
            " In the mean, tickets {does} the dense network at {} of {of} levels{}.",
            good.len(),
            sparsest.unwrap_or_default()
        );
    }
    let reach = |areas: bool| curves.iter().any(|curve| has_band(curve) == areas && differ(&curve.1));
    let reaching = match (reach(true), reach(false)) {
        (true, true) => Some("shaded areas and upright lines reach"),
        (true, false) => Some("shaded areas reach"),
        (false, true) => Some("upright lines reach"),
        (false, false) => None,
    };
    if let Some(reaching) = reaching {
        text +=
            &format!(" Marks are means over replicates; {reaching} from the least of them to the greatest.");
    }
    if search.decided().is_some_and(|level| level > 0) {
        text += " The ring is around the ticket that validation decided for.";
    }
    text
}
