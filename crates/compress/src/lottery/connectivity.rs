//! Linear mode connectivity: whether two copies of a ticket, trained on other orders of rows, end in one valley.
//!
//! Instability is the most that the error rises on the straight line between their weights over the mean of the errors at its
//! ends (Frankle, Dziugaite, Roy & Carbin 2020, section 2); below 2 points a network is called stable.

use lessen_engine::Plan;
use lessen_model::{Network, predict_rows};

use super::found::Outcome;
use super::plan::Kind;
use super::search::Search;
use super::training::LAST;
use crate::error::CompressError;
use crate::judged::Judged;
use crate::truth::Truth;

/// The errors of the test rows between two copies of a ticket.
pub(crate) struct Line {
    pub(crate) replicate: u32,
    pub(crate) level: usize,
    /// Of the second copy's weights from 0 to 1, with the error: percent of rows, or root mean squared.
    pub(crate) points: Vec<(f64, f64)>,
}

/// Parts that the line is divided into, as in the paper.
const PARTS: usize = 30;

impl Line {
    /// The most that the error rises over the mean of its ends.
    pub(crate) fn instability(&self) -> f64 {
        let error = |place: usize| self.points.get(place).map_or(f64::NAN, |point| point.1);
        let ends = 0.5 * (error(0) + error(PARTS));
        self.points.iter().map(|point| point.1 - ends).fold(f64::NEG_INFINITY, f64::max)
    }
}

/// One line for each copy. Called after the choice: test rows are looked at.
pub(crate) fn of(search: &Search<'_, '_>, outcome: &Outcome<'_>) -> Result<Vec<Line>, CompressError> {
    let mut lines = Vec::new();
    for (place, task) in outcome.tasks.iter().enumerate() {
        let Kind::Copy(level) = task.kind else { continue };
        let ticket = outcome
            .tasks
            .iter()
            .position(|other| other.replicate == task.replicate && other.kind == Kind::Ticket(level));
        let Some(ticket) = ticket else { continue };
        let (first, second) = (search.network_of(ticket, LAST)?, search.network_of(place, LAST)?);
        let mut points = Vec::new();
        for part in 0..=PARTS {
            let share = part as f64 / PARTS as f64;
            points.push((share, error(search, &between(&first, &second, share as f32))?));
        }
        lines.push(Line { replicate: task.replicate, level, points });
    }
    Ok(lines)
}

fn error(search: &Search<'_, '_>, network: &Network) -> Result<f64, CompressError> {
    let rows = &search.split.test;
    let answers = predict_rows(&Plan::new("between", network.clone())?, &search.dataset.features, rows)?;
    let quality = Judged::new(&Truth::of(search.dataset, rows), &answers, 1.0).quality();
    Ok(if search.dataset.classes().is_ok() { 100.0 - quality } else { quality })
}

/// `(1 - share) first + share second`, weight by weight.
fn between(first: &Network, second: &Network, share: f32) -> Network {
    let mut network = first.clone();
    for (dense, other) in network.dense_mut().zip(second.dense()) {
        let mix = |a: f32, b: f32| (1.0 - share).mul_add(a, share * b);
        let values = other.weights.values();
        dense.weights.update(|index, value| mix(value, values[index]));
        dense.bias.iter_mut().zip(&other.bias).for_each(|(a, &b)| *a = mix(*a, b));
    }
    network
}
