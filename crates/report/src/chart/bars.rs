//! Bars from 0, with whiskers over the bounds of a number.

use super::label::{shortened, width};
use super::scale::{Labels, Scale};
use super::{NARROW, Size, WIDE, canvas, straight, text};
use crate::html::{Element, element};

/// A picture of bars that lie, one below the other.
pub(crate) struct Bars {
    pub(crate) title: String,
    pub(crate) description: String,
    /// The quantity along the bars.
    pub(crate) axis: String,
    pub(crate) labels: Labels,
    pub(crate) bars: Vec<Bar>,
}

/// A bar and what is said of it.
pub(crate) struct Bar {
    pub(crate) label: String,
    /// The number between its bounds; `None` where it is not known, and then there is no bar.
    pub(crate) length: Option<[f64; 3]>,
    /// The number with its unit, or that it is not known.
    pub(crate) text: String,
}

/// From the label's line to that of the next bar, and what a bar takes of it.
const THICKNESS: f64 = 14.0;
const BETWEEN: f64 = 14.0;
const BOTTOM: f64 = 44.0;
/// Of labels beside the bars.
const LABELS: f64 = 170.0;

impl Bars {
    pub(crate) fn figure(&self, caption: Element) -> Element {
        element("figure").children([WIDE, NARROW].map(|size| self.draw(size))).child(caption)
    }

    /// On a narrow page the labels stand above the bars.
    fn draw(&self, size: Size) -> Element {
        let narrow = size.is_narrow();
        let row = THICKNESS + BETWEEN + if narrow { 14.0 } else { 0.0 };
        let bottom = 6.0 + row * self.bars.len() as f64;
        let size = Size { height: bottom + BOTTOM, ..size };
        let left = if narrow { 4.0 } else { LABELS };
        let widest = self.bars.iter().map(|bar| width(&bar.text)).fold(0.0, f64::max);
        let right = (size.width - widest - 14.0).max(left + size.width / 4.0);
        let scale = Scale::from_zero(self.bars.iter().filter_map(|bar| bar.length).flatten());
        let along = |value: f64| scale.place(value).map(|place| left + place * (right - left));

        let mut picture = canvas(size, &self.title, &self.description);
        for tick in scale.ticks(((right - left) / 80.0) as usize, self.labels) {
            let Some(x) = along(tick.value) else { continue };
            let class = if tick.value == 0.0 { "axis" } else { "grid" };
            picture = picture.child(straight((x, 2.0), (x, bottom), class)).child(text(
                (x, bottom + 16.0),
                if x < 20.0 { "tick" } else { "tick middle" },
                &tick.label,
            ));
        }
        picture = picture.child(text((size.width, bottom + 38.0), "name end", &self.axis));
        for (index, bar) in self.bars.iter().enumerate() {
            let top = 6.0 + BETWEEN / 2.0 + row * index as f64 + if narrow { 14.0 } else { 0.0 };
            let middle = top + THICKNESS / 2.0;
            let label = shortened(&bar.label, if narrow { 44 } else { 24 });
            picture = picture.child(if narrow {
                text((left, top - 4.0), "label", &label)
            } else {
                text((left - 10.0, middle + 4.0), "label end", &label)
            });
            picture = picture.children(bar.draw(&along, left, top));
        }
        picture
    }
}

impl Bar {
    /// The bar, its whisker, and its text behind both.
    fn draw(&self, along: &impl Fn(f64) -> Option<f64>, left: f64, top: f64) -> Vec<Element> {
        let middle = top + THICKNESS / 2.0;
        let ends =
            self.length.and_then(|[low, value, high]| Some((along(low)?, along(value)?, along(high)?)));
        let Some((low, value, high)) = ends else {
            return vec![text((left + 6.0, middle + 4.0), "label quiet", &self.text)];
        };
        let bar = element("rect")
            .at("x", left)
            .at("y", top)
            .at("width", value - left)
            .at("height", THICKNESS)
            .class("bar")
            .child(element("title").text(format!("{}: {}", self.label, self.text)));
        let mut drawn = vec![bar];
        if high > low {
            drawn.push(straight((low, middle), (high, middle), "whisker"));
            drawn.extend([low, high].map(|x| straight((x, middle - 4.0), (x, middle + 4.0), "whisker")));
        }
        drawn.push(text((high + 6.0, middle + 4.0), "label", &self.text));
        drawn
    }
}
