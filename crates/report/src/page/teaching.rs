//! What the teacher adds: students of each size against the same networks on the given labels only.

use lessen_records::{ModelRecord, ResultRecord, Role};

use super::quality::Quality;
use super::{caption, section as titled};
use crate::chart::{Axis, Chart, Dash, Labels, Level, Line, Mark, Point, Scale, Shape, Tone};
use crate::html::{Element, paragraph};
use crate::readable::{count, number, points};

const WITH: Mark = Mark { shape: Shape::Circle, tone: Tone::Accent };
const WITHOUT: Mark = Mark { shape: Shape::Diamond, tone: Tone::Muted };

/// A student and its control, by their parameters.
struct Pair<'result> {
    parameters: f64,
    student: (&'result ModelRecord, f64),
    control: (&'result ModelRecord, f64),
}

/// Students that mimic against their controls; `None` where the run made no such students.
pub(super) fn section(result: &ResultRecord) -> Option<Element> {
    let mimics = |model: &&ModelRecord| model.role == Role::Student && model.method == "mimic";
    result.models.iter().find(mimics)?;
    let quality = Quality::of(result);
    let section = titled("What the teacher adds");
    let pairs = pairs(result, quality);
    let Some(chart) = chart(result, quality, &pairs) else {
        return Some(section.child(paragraph(
            "No picture: of no student there is a network of the same size that was trained without the teacher.",
        )));
    };
    let legend = [
        (WITH, Some(Dash::Solid), "with the teacher".to_owned()),
        (WITHOUT, Some(Dash::Dashed), "the same networks without it, on the given labels only".to_owned()),
    ];
    Some(section.child(chart.figure(&legend, caption(&said(quality, &pairs)))))
}

/// From the smallest to the largest.
fn pairs<'result>(result: &'result ResultRecord, quality: Quality<'_>) -> Vec<Pair<'result>> {
    let pair = |student: &'result ModelRecord| {
        let control = result.model(student.control.as_deref()?)?;
        let parameters = student.parameters.filter(|&parameters| parameters > 0)? as f64;
        Some(Pair {
            parameters,
            student: (student, quality.test(student)?),
            control: (control, quality.test(control)?),
        })
    };
    let students =
        result.models.iter().filter(|model| model.role == Role::Student && model.method == "mimic");
    let mut pairs: Vec<Pair<'_>> = students.filter_map(pair).collect();
    pairs.sort_by(|a, b| a.parameters.total_cmp(&b.parameters));
    pairs
}

fn chart(result: &ResultRecord, quality: Quality<'_>, pairs: &[Pair<'_>]) -> Option<Chart> {
    let teacher = result.teacher().and_then(|teacher| quality.test(teacher));
    let x = Scale::log(pairs.iter().map(|pair| pair.parameters))?;
    let values = pairs.iter().flat_map(|pair| [pair.student.1, pair.control.1]);
    let y = Scale::linear(values.chain(teacher))?;
    let line = |value: fn(&Pair<'_>) -> f64, tone, dash, label: &str| Line {
        points: pairs.iter().map(|pair| (pair.parameters, value(pair))).collect(),
        tone,
        dash,
        label: Some(label.to_owned()),
    };
    let point = |parameters: f64, (model, value): (&ModelRecord, f64), mark| Point {
        x: parameters,
        y: value,
        mark,
        title: format!("{}: {}, {} parameters", model.name, quality.write(value), count(parameters as u64)),
        label: None,
        strong: false,
    };
    let marks = pairs.iter().flat_map(|pair| {
        [(pair.control, WITHOUT), (pair.student, WITH)]
            .map(|(model, mark)| point(pair.parameters, model, mark))
    });
    Some(Chart {
        title: "Students of each size with and without the teacher".to_owned(),
        description: said(quality, pairs).replace('`', ""),
        x: Axis { name: "parameters".to_owned(), scale: x, labels: Labels::Prefixed("") },
        y: Axis { name: quality.axis(), scale: y, labels: quality.labels() },
        bands: Vec::new(),
        levels: teacher.map(|y| Level { y, label: "teacher".to_owned() }).into_iter().collect(),
        lines: vec![
            line(|pair| pair.control.1, Tone::Muted, Dash::Dashed, "without the teacher"),
            line(|pair| pair.student.1, Tone::Accent, Dash::Solid, "with the teacher"),
        ],
        points: marks.collect(),
    })
}

fn said(quality: Quality<'_>, pairs: &[Pair<'_>]) -> String {
    let gain = |pair: &Pair<'_>| quality.gain(pair.student.1, pair.control.1);
    let better = pairs.iter().filter(|pair| gain(pair) > 0.0).count();
    let of = pairs.len();
    let sizes = if of == 1 { "size" } else { "sizes" };
    let counted = format!("With the teacher the test rows are answered better at {better} of {of} {sizes}");
    let largest = pairs.iter().max_by(|a, b| gain(a).total_cmp(&gain(b))).filter(|pair| gain(pair) > 0.0);
    let most = match (largest, quality) {
        (None, _) => String::new(),
        (Some(pair), Quality::Accuracy) => {
            format!(", most at `{}`: by {} points", pair.student.0.name, points(gain(pair)))
        }
        (Some(pair), Quality::Error(_)) => {
            format!(", most at `{}`: its error is less by {}", pair.student.0.name, number(gain(pair)))
        }
    };
    format!("{counted}{most}. One run with one seed: small differences may be chance.")
}
