//! Curves of some levels in one picture.

use lessen_records::study::Axis;

use super::found::{Search, Spread, spreads};
use crate::chart::{Dash, Line, Mark, Point, Shape, Tone};
use crate::readable::number;

/// Levels in one picture, at most: more could not be told apart.
const MOST: usize = 6;

/// Marks on a curve, about.
const MARKS: usize = 6;

/// How a level's curve is drawn.
type Look = (Mark, Dash);

/// Curves of one kind, some levels of all.
pub(super) struct Levels<'a> {
    /// By rising level.
    pub(super) curves: Vec<Curve>,
    /// What is drawn.
    pub(super) y: &'a Axis,
    /// Whether there are levels that are not drawn.
    pub(super) is_part: bool,
}

/// A level's curve.
pub(super) struct Curve {
    look: Look,
    /// What is left of the network.
    name: String,
    /// By rising place.
    pub(super) points: Vec<Spread>,
}

const DENSE: Look = (Mark { shape: Shape::Square, tone: Tone::Ink }, Dash::Solid);
const DECIDED: Look = (Mark { shape: Shape::Circle, tone: Tone::Accent }, Dash::Solid);
const OTHERS: [Look; MOST] = [
    (Mark { shape: Shape::Up, tone: Tone::Muted }, Dash::Dashed),
    (Mark { shape: Shape::Diamond, tone: Tone::Muted }, Dash::Solid),
    (Mark { shape: Shape::Down, tone: Tone::Muted }, Dash::Dotted),
    (Mark { shape: Shape::Plus, tone: Tone::Ink }, Dash::Dashed),
    (Mark { shape: Shape::Cross, tone: Tone::Muted }, Dash::Solid),
    (Mark { shape: Shape::Cross, tone: Tone::Ink }, Dash::Dotted),
];

impl<'a> Levels<'a> {
    /// The curves that are named `kind, level N`; `None` where none has a point.
    pub(super) fn of(search: &Search<'a>, kind: &str) -> Option<Self> {
        let levels = search.by_level(kind);
        let y = &levels.first()?.1.first()?.y;
        let is_alike = |axis: &Axis| axis.name == y.name && axis.unit == y.unit;
        let picked = picked(&levels.iter().map(|(level, _)| *level).collect::<Vec<_>>(), search.decided());
        let curve = |(level, (look, name)): (&u64, (Look, String))| {
            let (_, curves) = levels.iter().find(|(of, _)| of == level)?;
            let points = spreads(curves.iter().copied().filter(|series| is_alike(&series.y)));
            (!points.is_empty()).then_some(Curve { look, name, points })
        };
        let curves: Vec<Curve> = picked.iter().zip(looks(search, &picked)).filter_map(curve).collect();
        (!curves.is_empty()).then_some(Self { curves, y, is_part: picked.len() < levels.len() })
    }

    pub(super) fn points(&self) -> impl Iterator<Item = &Spread> {
        self.curves.iter().flat_map(|curve| &curve.points)
    }

    pub(super) fn legend(&self) -> Vec<(Mark, Option<Dash>, String)> {
        let entry = |Curve { look: (mark, dash), name, .. }: &Curve| (*mark, Some(*dash), name.clone());
        self.curves.iter().map(entry).collect()
    }
}

impl Curve {
    pub(super) fn tone(&self) -> Tone {
        self.look.0.tone
    }

    /// The means at those places that are asked for.
    pub(super) fn line(&self, is_drawn: impl Fn(&Spread) -> bool) -> Line {
        let drawn = self.points.iter().filter(|at| is_drawn(at));
        let (Mark { tone, .. }, dash) = self.look;
        Line { points: drawn.map(|at| (at.x, at.mean)).collect(), tone, dash, label: None }
    }

    /// Some marks along its line, by which it is told from others; `shift` (0 to 1) moves them along it.
    pub(super) fn marks(&self, line: &Line, shift: f64, across: &str, unit: &str) -> Vec<Point> {
        let every = line.points.len().div_ceil(MARKS).max(1);
        let places = line.points.iter().skip((shift * every as f64) as usize).step_by(every);
        let point = |&(x, y): &(f64, f64)| Point {
            x,
            y,
            mark: self.look.0,
            title: format!("{}, {across} {}: {}{unit}", self.name, number(x), number(y)),
            label: None,
            strong: false,
        };
        places.map(point).collect()
    }
}

/// Of rising levels those that are drawn: the dense network, the decided ticket, and others, evenly spread up to the last.
fn picked(levels: &[u64], decided: Option<u64>) -> Vec<u64> {
    let is_fixed = |level: &u64| *level == 0 || Some(*level) == decided;
    let (fixed, others): (Vec<u64>, Vec<u64>) = levels.iter().partition(|level| is_fixed(level));
    let room = MOST.saturating_sub(fixed.len()).min(others.len());
    let spread = (1..=room).map(|part| others[part * others.len() / room - 1]);
    let mut picked: Vec<u64> = fixed.iter().copied().chain(spread).collect();
    picked.sort_unstable();
    picked
}

/// How the curves of these levels are drawn, and what they are called.
fn looks(search: &Search<'_>, levels: &[u64]) -> Vec<(Look, String)> {
    let mut others = OTHERS.into_iter().cycle();
    let look = |level: &u64| {
        let left = search.left(*level);
        match *level {
            0 => (DENSE, "dense network".to_owned()),
            level if Some(level) == search.decided() => (DECIDED, format!("{left} left, the decided ticket")),
            _ => (others.next().unwrap_or(DENSE), format!("{left} left")),
        }
    };
    levels.iter().map(look).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_picked_evenly_up_to_the_last() {
        let all: Vec<u64> = (0..=20).collect();
        for (levels, decided, expected) in [
            (&all[..], Some(10), &[0, 4, 9, 10, 15, 20][..]),
            (&all, None, &[0, 4, 8, 12, 16, 20]),
            (&all[..4], Some(2), &[0, 1, 2, 3]),
            (&all[3..4], Some(2), &[3]),
            (&[], Some(2), &[]),
        ] {
            assert_eq!(picked(levels, decided), expected, "{levels:?}");
        }
    }
}
