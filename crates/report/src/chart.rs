//! Pictures as SVG: what is to be seen is said once and drawn twice, for a wide page and for a telephone, on which a
//! picture made smaller could not be read. The style sheet shows one of the two.
//!
//! Whatever is told by a colour is told by a shape, a dash or a label too.

mod bars;
mod draw;
mod label;
mod mark;
mod scale;

pub(crate) use bars::{Bar, Bars};
pub(crate) use mark::{Mark, Shape, Tone};
pub(crate) use scale::{Labels, Scale};

use crate::html::{Element, element};

/// A picture of points and lines between two axes.
pub(crate) struct Chart {
    /// What it shows, in a few words.
    pub(crate) title: String,
    /// What is to be seen in it, for who cannot see it.
    pub(crate) description: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// Areas, behind all else.
    pub(crate) bands: Vec<Band>,
    /// Level lines across the picture.
    pub(crate) levels: Vec<Level>,
    pub(crate) lines: Vec<Line>,
    /// Drawn in this order; labelled in this order, as long as there is room.
    pub(crate) points: Vec<Point>,
}

/// One of the two axes.
pub(crate) struct Axis {
    pub(crate) name: String,
    pub(crate) scale: Scale,
    pub(crate) labels: Labels,
}

/// The area between two lines.
pub(crate) struct Band {
    /// Values across, with the lower and the upper value.
    pub(crate) edges: Vec<(f64, f64, f64)>,
    pub(crate) tone: Tone,
}

/// A value for comparison.
pub(crate) struct Level {
    pub(crate) y: f64,
    pub(crate) label: String,
}

/// Straight lines from point to point.
pub(crate) struct Line {
    pub(crate) points: Vec<(f64, f64)>,
    pub(crate) tone: Tone,
    pub(crate) dash: Dash,
    /// Stands at its end, if there is room.
    pub(crate) label: Option<String>,
}

/// How a line is interrupted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Dash {
    Solid,
    Dashed,
    Dotted,
}

/// A thing with two values.
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) mark: Mark,
    /// Shown when pointed at.
    pub(crate) title: String,
    pub(crate) label: Option<String>,
    /// Whether the label matters more than others.
    pub(crate) strong: bool,
}

/// Width and height of a picture in its own pixels, and the class by which the style sheet finds it.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    width: f64,
    height: f64,
    class: &'static str,
}

const WIDE: Size = Size { width: 720.0, height: 430.0, class: "wide" };
const NARROW: Size = Size { width: 360.0, height: 320.0, class: "narrow" };

impl Size {
    fn is_narrow(self) -> bool {
        self.class == NARROW.class
    }
}

impl Chart {
    /// The picture with what its marks mean above and the caption below.
    pub(crate) fn figure(&self, legend: &[(Mark, Option<Dash>, String)], caption: Element) -> Element {
        let legend = (!legend.is_empty()).then(|| {
            let entries = legend.iter().map(|(mark, dash, text)| {
                element("li").child(mark::sample(*mark, *dash)).child(crate::html::name(text))
            });
            element("ul").class("legend").children(entries)
        });
        let pictures = [WIDE, NARROW].map(|size| draw::chart(self, size));
        element("figure").children(legend).children(pictures).child(caption)
    }
}

/// An empty picture that says what it is.
fn canvas(size: Size, title: &str, description: &str) -> Element {
    element("svg")
        .class(size.class)
        .with(
            "viewBox",
            format!("0 0 {} {}", crate::html::pixels(size.width), crate::html::pixels(size.height)),
        )
        .with("role", "img")
        .with("aria-label", format!("{title}. {description}"))
        .child(element("title").text(title))
        .child(element("desc").text(description))
}

fn text((x, y): (f64, f64), class: &str, text: &str) -> Element {
    element("text").at("x", x).at("y", y).class(class).text(text)
}

fn straight((x, y): (f64, f64), (to_x, to_y): (f64, f64), class: &str) -> Element {
    element("line").at("x1", x).at("y1", y).at("x2", to_x).at("y2", to_y).class(class)
}

/// Points of the least cost for their quality: none of the others is as cheap and as good. Of each point its cost and
/// what it lacks (an error); the answer is their places, from the cheapest to the best. Of equals the first is taken.
pub(crate) fn front(points: &[(f64, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| {
        let ((cost_a, lack_a), (cost_b, lack_b)) = (points[a], points[b]);
        cost_a.total_cmp(&cost_b).then(lack_a.total_cmp(&lack_b))
    });
    let mut best = f64::INFINITY;
    order.retain(|&index| {
        let better = points[index].1 < best;
        best = best.min(points[index].1);
        better
    });
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_holds_what_is_not_beaten() {
        // Dearer and worse; on the front; equal to the one before; best of all; as cheap as it and worse.
        let points = [(20.0, 0.3), (10.0, 0.2), (10.0, 0.2), (100.0, 0.1), (100.0, 0.15)];
        assert_eq!(front(&points), [1, 3]);
        assert_eq!(front(&[(1.0, 5.0), (2.0, 4.0), (3.0, 4.0)]), [0, 1], "as good for more is beaten");
        assert_eq!(front(&[]), [0; 0]);
    }
}
