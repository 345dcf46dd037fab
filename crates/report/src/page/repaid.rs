//! When the energy that the chosen model saves has repaid what making it took.

use lessen_records::{ModelRecord, ResultRecord};
use lessen_units::{Figure, Joules};

use super::{caption, section as titled};
use crate::chart::{Axis, Band, Chart, Dash, Labels, Line, Mark, Point, Scale, Shape, Tone};
use crate::html::{Element, paragraph};
use crate::readable::{band, figure, predictions};

/// Predictions are drawn from the break-even divided by this to the break-even times [`AFTER`].
const BEFORE: f64 = 300.0;
const AFTER: f64 = 30.0;
/// Points of a curve: on logarithmic axes a sum is no straight line.
const STEPS: u32 = 40;

/// A value between its bounds.
type Bounds = [f64; 3];

/// The energies of teacher and chosen model over predictions; or the reason why there is no such picture.
pub(super) fn section(result: &ResultRecord) -> Element {
    let section = titled("When it is repaid");
    match lines(result) {
        Ok(lines) => match lines.chart() {
            Some(chart) => section.child(chart.figure(&[], caption(&lines.said()))),
            None => {
                section.child(paragraph("No picture: the energies are too small or too large to be drawn."))
            }
        },
        Err(why) => section.child(paragraph(&why)),
    }
}

/// Energies of a prediction and what is to be repaid, in joules.
struct Lines<'result> {
    teacher: Bounds,
    student: Bounds,
    to_repay: Bounds,
    break_even: &'result Figure<f64>,
    crossing: Bounds,
    names: [&'result str; 2],
    /// Whether all energies come from one meter, so that their doubt is mostly a common factor.
    one_meter: bool,
}

fn lines(result: &ResultRecord) -> Result<Lines<'_>, String> {
    let chosen = result.chosen_model().ok_or("No model was chosen, so there is nothing to be repaid.")?;
    let teacher = result.teacher().ok_or("There is no teacher against which energy could be saved.")?;
    if teacher.name == chosen.name {
        return Err(
            "The teacher itself was chosen: nothing is saved, and nothing has to be repaid.".to_owned()
        );
    }
    let unknown = |what: &str, model: &ModelRecord, why: &str| {
        format!("No picture: {what} of `{}` is not known ({why}).", model.name)
    };
    let after = &chosen.break_even_predictions;
    let crossing = plain(after).ok_or_else(|| unknown("the break-even", chosen, after.how()))?;
    let energy = |model: &ModelRecord| {
        let energy = &model.joules_per_prediction;
        bounds(energy).ok_or_else(|| unknown("the energy of a prediction", model, energy.how()))
    };
    let to_repay = &chosen.to_repay_joules;
    Ok(Lines {
        teacher: energy(teacher)?,
        student: energy(chosen)?,
        to_repay: bounds(to_repay).ok_or_else(|| unknown("what is to be repaid", chosen, to_repay.how()))?,
        break_even: after,
        crossing,
        names: [&teacher.name, &chosen.name],
        one_meter: [&teacher.joules_per_prediction, &chosen.joules_per_prediction]
            .iter()
            .all(|energy| energy.how() == to_repay.how()),
    })
}

fn bounds(energy: &Figure<Joules>) -> Option<Bounds> {
    Some([energy.low()?.0, energy.value()?.0, energy.high()?.0])
}

fn plain(number: &Figure<f64>) -> Option<Bounds> {
    Some([number.low()?, number.value()?, number.high()?])
}

impl Lines<'_> {
    fn teacher_at(&self, predictions: f64) -> Bounds {
        self.teacher.map(|energy| energy * predictions)
    }

    fn student_at(&self, predictions: f64) -> Bounds {
        [0, 1, 2].map(|bound| self.to_repay[bound] + self.student[bound] * predictions)
    }

    fn chart(&self) -> Option<Chart> {
        let [earliest, crossing, latest] = self.crossing;
        let (from, to) =
            ((earliest.min(crossing / BEFORE)).max(1.0), (crossing * AFTER).max(latest).max(10.0));
        let across: Vec<f64> =
            (0..=STEPS).map(|step| from * (to / from).powf(f64::from(step) / f64::from(STEPS))).collect();
        let x = Scale::log(across.iter().copied())?;
        let energies = across.iter().flat_map(|&n| [self.teacher_at(n), self.student_at(n)]).flatten();
        let y = Scale::log(energies)?;
        let [teacher, student] = self.names;
        let line = |at: &dyn Fn(f64) -> Bounds, tone, dash, name: &str| Line {
            points: across.iter().map(|&n| (n, at(n)[1])).collect(),
            tone,
            dash,
            label: Some(name.to_owned()),
        };
        let edges = |at: &dyn Fn(f64) -> Bounds, tone| Band {
            edges: across.iter().map(|&n| (n, at(n)[0], at(n)[2])).collect(),
            tone,
        };
        let at_crossing = self.teacher_at(crossing)[1];
        let (teacher_at, student_at) = (|n| self.teacher_at(n), |n| self.student_at(n));
        let lower = across.iter().flat_map(|&n| [teacher_at(n)[0], student_at(n)[0]]);
        let foot = lower.filter(|energy| *energy > 0.0).fold(f64::INFINITY, f64::min);
        let plumb = |points| Line { points, tone: Tone::Ink, dash: Dash::Dotted, label: None };
        let drop = plumb(vec![(crossing, at_crossing), (crossing, foot)]);
        let doubt = Line { dash: Dash::Solid, ..plumb(vec![(earliest, foot), (latest, foot)]) };
        let repaid = format!("repaid after {}", figure(self.break_even, predictions));
        Some(Chart {
            title: "Energy of the teacher and of the chosen model against predictions".to_owned(),
            description: self.said().replace('`', ""),
            x: Axis { name: "predictions".to_owned(), scale: x, labels: Labels::Prefixed("") },
            y: Axis { name: "Energy in all".to_owned(), scale: y, labels: Labels::Prefixed("J") },
            bands: vec![edges(&teacher_at, Tone::Muted), edges(&student_at, Tone::Accent)],
            levels: Vec::new(),
            lines: vec![
                drop,
                doubt,
                line(&teacher_at, Tone::Ink, Dash::Dashed, teacher),
                line(&student_at, Tone::Accent, Dash::Solid, student),
            ],
            points: vec![Point {
                x: crossing,
                y: at_crossing,
                mark: Mark { shape: Shape::Circle, tone: Tone::Ink },
                title: format!("{repaid}{}", band(self.break_even, predictions)),
                label: Some(repaid),
                strong: true,
            }],
        })
    }

    fn said(&self) -> String {
        let [teacher, student] = self.names;
        let doubt = band(self.break_even, predictions);
        let bounds = if doubt.is_empty() { "" } else { " The shaded areas are the bounds of each." };
        let together = if doubt.is_empty() || !self.one_meter {
            ""
        } else {
            " The energies are of one meter: if it is wrong, then by one factor, which raises or lowers both lines \
             together. So where they cross is known better than the lines are, as the bar at the foot shows."
        };
        format!(
            "Energy used in all after so many predictions: `{teacher}` uses its own at each (dashed); `{student}` begins with \
             what making it took and then uses less (solid). They meet after {} predictions{doubt}. Both axes are \
             logarithmic.{bounds}{together}",
            figure(self.break_even, predictions)
        )
    }
}
