//! Marks of points: shapes, filled or not.

use super::{Dash, straight};
use crate::html::{Element, element, pixels};

/// How a point is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mark {
    pub(crate) shape: Shape,
    pub(crate) tone: Tone,
}

/// The outline of a mark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shape {
    Circle,
    Square,
    Diamond,
    Up,
    Down,
    Cross,
    Plus,
}

/// How much a mark or a line stands out: the accent is for what the page is about, ink for what it is compared
/// with, muted (and then hollow) for the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Tone {
    Accent,
    Ink,
    Muted,
}

impl Tone {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Accent => "accent",
            Self::Ink => "ink",
            Self::Muted => "muted",
        }
    }
}

impl Dash {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Solid => "solid",
            Self::Dashed => "dashed",
            Self::Dotted => "dotted",
        }
    }
}

/// Half the height of a mark.
pub(super) const RADIUS: f64 = 4.5;

/// The mark at a place.
pub(super) fn draw(mark: Mark, (x, y): (f64, f64)) -> Element {
    let class = format!("mark {}", mark.tone.class());
    if mark.shape == Shape::Circle {
        return element("circle").at("cx", x).at("cy", y).at("r", RADIUS).class(class);
    }
    // In units of the radius; the areas look alike.
    let (outline, closed): (&[(f64, f64)], bool) = match mark.shape {
        Shape::Circle | Shape::Square => (&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)], true),
        Shape::Diamond => (&[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)], true),
        Shape::Up => (&[(0.0, -1.2), (1.15, 0.8), (-1.15, 0.8)], true),
        Shape::Down => (&[(0.0, 1.2), (1.15, -0.8), (-1.15, -0.8)], true),
        Shape::Cross => (&[(-0.9, -0.9), (0.9, 0.9), (0.0, 0.0), (-0.9, 0.9), (0.9, -0.9)], false),
        Shape::Plus => (&[(-1.2, 0.0), (1.2, 0.0), (0.0, 0.0), (0.0, -1.2), (0.0, 1.2)], false),
    };
    let mut path = String::new();
    for (index, (right, down)) in outline.iter().enumerate() {
        path.push(if index == 0 { 'M' } else { 'L' });
        path += &format!("{} {}", pixels(x + right * RADIUS), pixels(y + down * RADIUS));
    }
    path.push_str(if closed { "Z" } else { "" });
    element("path").with("d", path).class(if closed { class } else { class + " open" })
}

/// The mark for a legend, on a piece of its line.
pub(super) fn sample(mark: Mark, dash: Option<Dash>) -> Element {
    let line = dash.map(|dash| {
        straight((1.0, 8.0), (27.0, 8.0), &format!("curve {} {}", mark.tone.class(), dash.class()))
    });
    element("svg")
        .class("sample")
        .with("viewBox", "0 0 28 16")
        .with("aria-hidden", "true")
        .children(line)
        .child(draw(mark, (14.0, 8.0)))
}
