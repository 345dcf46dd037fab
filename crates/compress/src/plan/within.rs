//! A plan cut to a budget.

use lessen_teachers::{ProblemSize, library};

use super::{CompressSpec, Planned};
use crate::budget::{Budget, training_seconds};
use crate::train::{Shape, TrainSpec};

/// Share of the time that fitting the library may take.
const LIBRARY: f64 = 0.45;

/// Share that making and labelling the transfer set may take.
const TRANSFER: f64 = 0.12;

/// Fewest rows of a transfer set.
const FEWEST_ROWS: usize = 2_000;

/// Share of the library's members that a selection takes, as it is expected: the teacher costs as much of them.
const SELECTED: f64 = 0.6;

/// Rows that the teacher answers while its time and energy are taken.
const MEASURED_ROWS: usize = 36_000;

/// Seconds that measuring one network takes, mostly on one thread.
const MEASURING: f64 = 0.8;

/// Share of its steps that a training shall keep where trying less can save as much: half-trained networks are no rivals.
const HALF: f64 = 0.5;

/// Least share of its steps that a training is left with.
const FEWEST_STEPS: f64 = 0.1;

/// What the plan is for.
pub(super) struct Problem {
    pub(super) size: ProblemSize,
    pub(super) test_rows: usize,
}

impl Problem {
    fn outputs(&self) -> usize {
        self.size.classes.unwrap_or(1)
    }
}

/// Cuts `planned` until it is estimated to stay within `budget`; what is cut is said. In this order: the library is cut to
/// its share, then the transfer set to its own, then all trainings alike to what is left, then their number.
pub(super) fn cut_to(planned: &mut Planned, problem: &Problem, budget: &Budget) {
    let Planned { spec, cut } = planned;
    let cpu_seconds = budget.cpu_seconds();
    let library = library::plan_within(&problem.size, LIBRARY * cpu_seconds);
    let fitting: f64 = library.learners.iter().map(|member| member.fit_cost(&problem.size).fitting()).sum();
    let asking: f64 = library.learners.iter().map(|member| member.predict_cost_per_row(&problem.size)).sum();
    spec.library = library.learners;
    cut.extend(library.cut);

    let teacher_row = SELECTED * asking;
    let given = if spec.distil.is_some() { problem.size.rows + problem.size.validation_rows } else { 0 };
    let labelling = teacher_row * given as f64;
    let rows = ((TRANSFER * cpu_seconds - labelling).max(0.0) / teacher_row.max(1e-9)) as usize;
    let rows = rows.max(FEWEST_ROWS);
    if rows < spec.munge.rows {
        cut.push(format!("the transfer set has {rows} rows instead of {}", spec.munge.rows));
        let share = (rows + problem.size.rows) as f64 / (spec.munge.rows + problem.size.rows) as f64;
        spec.munge.rows = rows;
        // A pass is shorter: as many passes as before.
        trainings(spec).for_each(|(_, train)| shorten(train, share));
    }
    let transfer = labelling + teacher_row * spec.munge.rows as f64;

    let judged = problem.size.validation_rows + problem.test_rows + MEASURED_ROWS;
    let measuring = teacher_row * judged as f64;
    // Selection asks every member of the library for the validation rows.
    let selecting = asking * problem.size.validation_rows as f64;
    let left = cpu_seconds - fitting - selecting - transfer - measuring;
    cut_trainings(spec, cut, problem, left, budget.threads);
}

/// Cuts all trainings alike to `left` CPU seconds, their measurement included; where that leaves too few steps, tries less.
fn cut_trainings(
    spec: &mut CompressSpec,
    cut: &mut Vec<String>,
    problem: &Problem,
    left: f64,
    threads: usize,
) {
    let share = |spec: &CompressSpec| {
        let measuring = MEASURING * (networks(spec) * threads) as f64;
        (left - measuring) / training(spec, problem, threads).max(1e-9)
    };
    type Cut = fn(&mut CompressSpec) -> Option<String>;
    let tries: [Cut; 4] = [fewer_tickets, fewer_temperatures, fewer_students, fewer_rounds];
    for fewer in tries {
        if share(spec) < HALF {
            cut.extend(fewer(spec));
        }
    }
    let share = share(spec);
    if share < 1.0 {
        let share = share.max(FEWEST_STEPS);
        trainings(spec).for_each(|(_, train)| shorten(train, share));
        cut.push(format!("networks are trained with {:.0} % of their steps", 100.0 * share));
    }
}

fn fewer_tickets(spec: &mut CompressSpec) -> Option<String> {
    let ticket = spec.ticket.as_mut()?;
    ticket.every *= 2;
    Some(format!("tickets are drawn of every {}th round of pruning", ticket.every))
}

fn fewer_temperatures(spec: &mut CompressSpec) -> Option<String> {
    let distil = spec.distil.as_mut()?;
    distil.temperatures.retain(|temperature| *temperature == 4.0);
    Some("one temperature, 4, is tried".to_owned())
}

fn fewer_students(spec: &mut CompressSpec) -> Option<String> {
    let before = spec.students.len();
    if before < 3 {
        return None;
    }
    let mut place = 0;
    spec.students.retain(|_| {
        place += 1;
        place % 3 == 0
    });
    Some(format!("{} of {before} sizes of students are tried", spec.students.len()))
}

fn fewer_rounds(spec: &mut CompressSpec) -> Option<String> {
    let prune = spec.prune.as_mut()?;
    let output_rate = prune.output_rate;
    // Two rounds in one leave as many weights.
    (prune.rate, prune.output_rate) = (doubled(prune.rate), doubled(output_rate));
    prune.rounds = prune.rounds.div_ceil(2);
    Some(format!("a round of pruning takes {:.0} % of the weights", 100.0 * prune.rate))
}

fn doubled(rate: f64) -> f64 {
    1.0 - (1.0 - rate) * (1.0 - rate)
}

fn shorten(train: &mut TrainSpec, share: f64) {
    train.steps = ((train.steps as f64 * share).ceil() as u64).max(1);
}

/// Every kind of training of the plan, with the shape that it is of where that is its own.
fn trainings(spec: &mut CompressSpec) -> impl Iterator<Item = (Option<&Shape>, &mut TrainSpec)> {
    let students = spec.students.iter_mut().map(|student| (Some(&student.shape), &mut student.train));
    let distil = spec.distil.iter_mut().map(|distil| (Some(&distil.shape), &mut distil.train));
    let prune = spec.prune.iter_mut().map(|prune| (None, &mut prune.train));
    let ticket = spec.ticket.iter_mut().map(|ticket| (None, &mut ticket.train));
    students.chain(distil).chain(prune).chain(ticket)
}

/// Networks that are measured.
fn networks(spec: &CompressSpec) -> usize {
    let pairs = [spec.distil.is_some(), spec.prune.is_some(), spec.ticket.is_some()];
    2 * (1 + spec.students.len() + pairs.iter().filter(|is_wanted| **is_wanted).count())
}

/// CPU seconds that all trainings take. Rounds of pruning follow on each other, so other threads have nothing to do.
fn training(spec: &CompressSpec, problem: &Problem, threads: usize) -> f64 {
    let of = |shape: &Shape, train: &TrainSpec| {
        training_seconds(shape, train, problem.size.width, problem.outputs())
    };
    let mut seconds: f64 = spec.students.iter().map(|student| 2.0 * of(&student.shape, &student.train)).sum();
    let Some(distil) = &spec.distil else { return seconds };
    seconds += (distil.temperatures.len() + 1) as f64 * of(&distil.shape, &distil.train);
    let Some(prune) = &spec.prune else { return seconds };
    seconds += (prune.rounds * threads) as f64 * of(&distil.shape, &prune.train);
    if let Some(ticket) = &spec.ticket {
        let levels = prune.rounds.div_ceil(ticket.every);
        seconds += (2 * levels) as f64 * of(&distil.shape, &ticket.train);
    }
    seconds
}

#[cfg(test)]
mod tests {
    use lessen_data::digits;

    use super::*;
    use crate::plan::CompressOptions;

    fn budget(seconds: f64) -> Budget {
        Budget { seconds, threads: 2, speed: 1.0 }
    }

    fn planned(budget: Option<Budget>) -> Planned {
        let digits = digits().unwrap();
        let split = digits.split(1).unwrap();
        Planned::new(&digits, &split, &CompressOptions { budget, ..CompressOptions::default() })
    }

    #[test]
    fn a_generous_budget_changes_nothing() {
        let (free, generous) = (planned(None), planned(Some(budget(3600.0))));
        assert_eq!(generous.cut, free.cut);
        assert_eq!(generous.spec, CompressSpec { budget: generous.spec.budget, ..free.spec });
    }

    #[test]
    fn a_short_one_tries_less_and_says_so() {
        let mut before = f64::INFINITY;
        for seconds in [40.0, 25.0, 15.0, 10.0] {
            let planned = planned(Some(budget(seconds)));
            assert!(!planned.cut.is_empty(), "{seconds} s");
            let problem = Problem {
                size: ProblemSize { rows: 1079, width: 64, classes: Some(10), validation_rows: 359 },
                test_rows: 359,
            };
            let seconds = training(&planned.spec, &problem, 2);
            assert!(seconds <= before, "{seconds} s of training, {before} s with more time");
            before = seconds;
            assert!(planned.spec.distil.is_some() && !planned.spec.students.is_empty());
        }
    }

    #[test]
    fn two_rounds_in_one_leave_as_many_weights() {
        assert!((doubled(0.3) - 0.51).abs() < 1e-12);
    }
}
