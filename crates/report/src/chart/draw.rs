//! A chart in one size: axes, areas, lines, marks, and labels where they find room.

use super::label::{Area, Crowd, LINE, Place, shortened, width};
use super::mark::{self, RADIUS};
use super::scale::Tick;
use super::{Chart, Dash, Line, Point, Size, canvas, straight, text};
use crate::html::{Element, element, pixels};

/// Above the picture, for the name of the vertical axis.
const TOP: f64 = 30.0;
/// Below it, for values and the name of the horizontal axis.
const BOTTOM: f64 = 44.0;
const RIGHT: f64 = 14.0;
/// Of a bold name, about.
const WIDE_LETTER: f64 = 8.0;
/// Characters of the longest label.
const LABEL: usize = 26;

/// The picture of a chart in this size.
pub(super) fn chart(chart: &Chart, size: Size) -> Element {
    let paper = Paper::new(chart, size);
    let mut crowd = paper.crowd();
    let marks = chart.points.iter().filter_map(|point| paper.point(point));
    let names = paper.names(&mut crowd);
    let levels = paper.levels(&mut crowd);
    canvas(size, &chart.title, &chart.description)
        .children(paper.axes())
        .children(chart.bands.iter().filter_map(|band| {
            let class = format!("band {}", band.tone.class());
            Some(element("path").with("d", paper.area(&band.edges)?).class(class))
        }))
        .children(chart.levels.iter().filter_map(|level| {
            let y = paper.y(level.y)?;
            Some(straight((paper.frame.left, y), (paper.frame.right, y), "level"))
        }))
        .children(chart.lines.iter().filter_map(|line| paper.line(line)))
        .children(marks)
        .children(levels)
        .children(names)
}

/// Where values come to lie.
struct Paper<'chart> {
    chart: &'chart Chart,
    size: Size,
    frame: Area,
    across: Vec<Tick>,
    up: Vec<Tick>,
}

impl<'chart> Paper<'chart> {
    fn new(chart: &'chart Chart, size: Size) -> Self {
        let bottom = size.height - BOTTOM;
        let up = chart.y.scale.ticks(((bottom - TOP) / 45.0) as usize, chart.y.labels);
        let widest = up.iter().map(|tick| width(&tick.label)).fold(0.0, f64::max);
        let left = (widest + 10.0).min(size.width / 3.0);
        let right = size.width - RIGHT;
        let across = chart.x.scale.ticks(((right - left) / 70.0) as usize, chart.x.labels);
        Self { chart, size, frame: Area { left, top: TOP, right, bottom }, across, up }
    }

    fn x(&self, value: f64) -> Option<f64> {
        let place = self.chart.x.scale.place(value)?;
        Some(self.frame.left + place * (self.frame.right - self.frame.left))
    }

    fn y(&self, value: f64) -> Option<f64> {
        let place = self.chart.y.scale.place(value)?;
        Some(self.frame.bottom - place * (self.frame.bottom - self.frame.top))
    }

    fn at(&self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        Some((self.x(x)?, self.y(y)?))
    }

    fn axes(&self) -> Vec<Element> {
        let Area { left, top, right, bottom } = self.frame;
        let mut drawn = Vec::new();
        for tick in &self.up {
            let Some(y) = self.y(tick.value) else { continue };
            drawn.push(straight((left, y), (right, y), "grid"));
            drawn.push(text((left - 7.0, y + 4.0), "tick end", &tick.label));
        }
        let mut ends = Vec::new();
        for tick in &self.across {
            let Some(x) = self.x(tick.value) else { continue };
            drawn.push(straight((x, bottom), (x, bottom + 4.0), "axis"));
            let half = width(&tick.label) / 2.0;
            let clear = |&(start, end): &(f64, f64)| x + half + 6.0 < start || end + 6.0 < x - half;
            if ends.iter().all(clear) && x + half <= self.size.width {
                ends.push((x - half, x + half));
                drawn.push(text((x, bottom + 18.0), "tick middle", &tick.label));
            }
        }
        drawn.push(straight((left, bottom), (right, bottom), "axis"));
        let name = shortened(&self.chart.y.name, (self.size.width / WIDE_LETTER) as usize);
        drawn.push(text((0.0, top - 14.0), "name", &name));
        drawn.push(text((right, bottom + 38.0), "name end", &self.chart.x.name));
        drawn
    }

    /// The path of a line through those of its points that can be drawn.
    fn line(&self, line: &Line) -> Option<Element> {
        let points = self.drawable(line);
        let class = format!("curve {} {}", line.tone.class(), line.dash.class());
        (points.len() > 1).then(|| element("path").with("d", path(&points)).class(class))
    }

    fn drawable(&self, line: &Line) -> Vec<(f64, f64)> {
        line.points.iter().filter_map(|&point| self.at(point)).collect()
    }

    fn area(&self, edges: &[(f64, f64, f64)]) -> Option<String> {
        let upper = edges.iter().filter_map(|&(x, _, high)| self.at((x, high)));
        let lower = edges.iter().rev().filter_map(|&(x, low, _)| self.at((x, low)));
        let outline: Vec<(f64, f64)> = upper.chain(lower).collect();
        (outline.len() > 2).then(|| path(&outline) + "Z")
    }

    fn point(&self, point: &Point) -> Option<Element> {
        let place = self.at((point.x, point.y))?;
        let ring = point.strong.then(|| {
            element("circle").at("cx", place.0).at("cy", place.1).at("r", RADIUS + 4.0).class("ring")
        });
        let mark = mark::draw(point.mark, place).child(element("title").text(&point.title));
        Some(element("g").children(ring).child(mark))
    }

    /// All marks and lines, of which labels have to keep clear.
    fn crowd(&self) -> Crowd {
        let room = Area { right: self.size.width, top: self.frame.top - LINE / 2.0, ..self.frame };
        let mut crowd = Crowd::new(room);
        for place in self.chart.points.iter().filter_map(|point| self.at((point.x, point.y))) {
            crowd.take(Area::around(place, RADIUS + 1.0));
        }
        for line in &self.chart.lines {
            crowd.line(&self.drawable(line));
        }
        for y in self.chart.levels.iter().filter_map(|level| self.y(level.y)) {
            crowd.line(&[(self.frame.left, y), (self.frame.right, y)]);
        }
        crowd
    }

    /// The names of points, what matters most first, and of lines.
    fn names(&self, crowd: &mut Crowd) -> Vec<Element> {
        let (strong, others): (Vec<&Point>, Vec<&Point>) =
            self.chart.points.iter().partition(|point| point.strong);
        let points = strong.into_iter().chain(others).filter_map(|point| {
            let class = if point.strong { "label strong" } else { "label" };
            Some((self.at((point.x, point.y))?, point.label.as_deref()?, class))
        });
        let lines = self.chart.lines.iter().filter_map(|line| {
            let class = if line.dash == Dash::Dotted { "label quiet" } else { "label" };
            Some((*self.drawable(line).last()?, line.label.as_deref()?, class))
        });
        let label = |(place, name, class): ((f64, f64), &str, &str)| {
            let name = shortened(name, LABEL);
            let Place { anchor, x, y } = crowd.beside(place, width(&name))?;
            Some(text((x, y), &format!("{class} {}", anchor.class()), &name))
        };
        points.chain(lines).filter_map(label).collect()
    }

    fn levels(&self, crowd: &mut Crowd) -> Vec<Element> {
        let label = |level: &super::Level| {
            let name = shortened(&level.label, LABEL + 10);
            let Place { anchor, x, y } = crowd.along(self.y(level.y)?, width(&name))?;
            Some(text((x, y), &format!("label quiet {}", anchor.class()), &name))
        };
        self.chart.levels.iter().filter_map(label).collect()
    }
}

fn path(points: &[(f64, f64)]) -> String {
    let step = |(index, (x, y)): (usize, &(f64, f64))| {
        format!("{}{} {}", if index == 0 { 'M' } else { 'L' }, pixels(*x), pixels(*y))
    };
    points.iter().enumerate().map(step).collect()
}
