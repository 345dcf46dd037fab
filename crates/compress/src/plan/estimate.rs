//! What a plan is expected to take, in wall time.

use lessen_teachers::ProblemSize;
use lessen_teachers::library::LibraryPlan;

use super::CompressSpec;
use crate::budget::{Budget, training_seconds};
use crate::train::{Shape, TrainSpec};

/// What a plan is for.
#[derive(Clone, Copy)]
pub(super) struct Problem {
    pub(super) size: ProblemSize,
    /// Raw columns or pixels.
    pub(super) columns: usize,
    pub(super) test_rows: usize,
}

/// Share of the library's members that a selection takes, as it is expected: the teacher costs as much of them.
const SELECTED: f64 = 0.6;

/// How much longer parts side by side take than their sum over the threads, since the last ones run alone.
const IMBALANCE: f64 = 1.1;

/// Rows that the teacher answers while its time and energy are taken.
const MEASURED_ROWS: usize = 36_000;

/// Wall time that measuring one model takes, however fast the machine is: figures are taken over fixed times.
const MEASURING: f64 = 0.73;

/// Differences a second that a search for neighbours takes.
const DIFFERENCES: f64 = 3e9;

/// Stages by what they take, in wall seconds.
pub(super) struct Estimate {
    problem: Problem,
    budget: Budget,
    /// Fitting the library and asking it about the validation rows.
    library: f64,
    /// CPU seconds of an answer of the teacher.
    teacher_row: f64,
}

impl Estimate {
    pub(super) fn new(problem: Problem, budget: Budget, library: &LibraryPlan) -> Self {
        let mut this = Self { problem, budget, library: 0.0, teacher_row: 0.0 };
        this.library = IMBALANCE * this.side_by_side(library.cpu_seconds(&problem.size));
        this.teacher_row = SELECTED * library.seconds_per_row(&problem.size);
        this
    }

    /// All of it.
    pub(super) fn whole(&self, spec: &CompressSpec) -> f64 {
        self.without_training(spec) + self.training(spec)
    }

    /// All but the trainings, which are what is left to be cut when the rest is settled.
    pub(super) fn without_training(&self, spec: &CompressSpec) -> f64 {
        self.library + self.transfer(spec) + self.measuring(spec)
    }

    /// Making the transfer set, and the teacher's answers for it and for the rows that are there.
    pub(super) fn transfer(&self, spec: &CompressSpec) -> f64 {
        let columns = self.problem.columns;
        let searching = spec.munge.neighbours.differences(spec.munge_from, columns, spec.munge.rows);
        self.side_by_side(searching as f64 / DIFFERENCES) + self.labelling(spec, spec.munge.rows)
    }

    /// The teacher's answers for `rows` of a transfer set and for the rows that are there.
    fn labelling(&self, spec: &CompressSpec, rows: usize) -> f64 {
        let ProblemSize { rows: training, validation_rows, .. } = self.problem.size;
        let given = if spec.distil.is_some() { training + validation_rows } else { 0 };
        self.side_by_side(self.teacher_row * (rows + given) as f64)
    }

    /// Rows of a transfer set that are made and labelled in `seconds`.
    pub(super) fn rows_within(&self, seconds: f64, spec: &CompressSpec) -> usize {
        let one = self.side_by_side(self.teacher_row);
        let mut without = spec.clone();
        without.munge.rows = 0;
        ((seconds - self.transfer(&without)).max(0.0) / one.max(1e-12)) as usize
    }

    fn measuring(&self, spec: &CompressSpec) -> f64 {
        let judged = self.problem.size.validation_rows + self.problem.test_rows + MEASURED_ROWS;
        MEASURING * models(spec) as f64 + self.side_by_side(self.teacher_row * judged as f64)
    }

    /// All trainings. Rounds of pruning follow on each other, so other threads have nothing to do meanwhile.
    pub(super) fn training(&self, spec: &CompressSpec) -> f64 {
        let size = &self.problem.size;
        let of = |shape: &Shape, train: &TrainSpec, density: f64| {
            training_seconds(shape, train, (size.width, size.classes.unwrap_or(1)), density)
        };
        let students = spec.students.iter().map(|student| 2.0 * of(&student.shape, &student.train, 1.0));
        let mut parts: f64 = students.sum();
        let mut alone = 0.0;
        if let Some(distil) = &spec.distil {
            parts += (distil.temperatures.len() + 1) as f64 * of(&distil.shape, &distil.train, 1.0);
            if let Some(prune) = &spec.prune {
                let left = |round: usize| (1.0 - prune.rate).powi(round as i32);
                let rounds = (1..=prune.rounds).map(left);
                alone += rounds.map(|left| of(&distil.shape, &prune.train, left)).sum::<f64>();
                if let Some(ticket) = &spec.ticket {
                    let levels = (1..=prune.rounds).rev().step_by(ticket.every.max(1)).map(left);
                    parts += levels.map(|left| 2.0 * of(&distil.shape, &ticket.train, left)).sum::<f64>();
                }
            }
        }
        IMBALANCE * self.side_by_side(parts) + alone / self.budget.speed
    }

    /// Wall time of CPU seconds of the reference machine that all threads share.
    fn side_by_side(&self, cpu_seconds: f64) -> f64 {
        cpu_seconds / (self.budget.threads as f64 * self.budget.speed)
    }

    /// CPU seconds of the reference machine that fit into wall seconds.
    pub(super) fn cpu_seconds(budget: &Budget, wall: f64) -> f64 {
        wall * budget.threads as f64 * budget.speed / IMBALANCE
    }
}

/// Models that are measured: the teacher and its best member, each student and the distilled network with its control, the
/// pruned one, the ticket with its control.
fn models(spec: &CompressSpec) -> usize {
    let of = |is_made: bool, models: usize| if is_made { models } else { 0 };
    2 + 2 * spec.students.len()
        + of(spec.distil.is_some(), 2)
        + of(spec.prune.is_some(), 1)
        + of(spec.ticket.is_some(), 2)
}
