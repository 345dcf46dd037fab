//! A plan cut to a budget.

use lessen_teachers::library;

use super::estimate::{Estimate, Problem};
use super::{CompressSpec, Planned, affordable};
use crate::budget::Budget;
use crate::error::CompressError;
use crate::train::TrainSpec;

/// Share of the time that is planned for: estimates err.
const PLANNED: f64 = 0.8;

/// Share of what is planned for that fitting the library may take.
const LIBRARY: f64 = 0.45;

/// Share that making and labelling the transfer set may take.
const TRANSFER: f64 = 0.15;

/// Fewest rows of a transfer set.
const FEWEST_ROWS: usize = 2_000;

/// Differences of a search for neighbours where time is short; about a second on two cores.
const SHORT_SEARCH: u128 = 6_000_000_000;

/// Share of its steps that a training shall keep where trying less can save as much: half-trained networks are no rivals.
const HALF: f64 = 0.5;

/// Least share of its steps that a training is left with.
const FEWEST_STEPS: f64 = 0.1;

/// Cuts `planned` until it is expected to stay within `budget`; what is cut is said. In this order: the library is cut to
/// its share, then the transfer set to its own, then the number of trainings, then all trainings alike.
///
/// # Errors
/// [`CompressError::Budget`] where even so it is expected to take longer than the budget.
pub(super) fn cut_to(planned: &mut Planned, problem: &Problem, budget: &Budget) -> Result<(), CompressError> {
    let Planned { spec, cut } = planned;
    let seconds = PLANNED * budget.seconds;
    let library = library::plan_within(&problem.size, Estimate::cpu_seconds(budget, LIBRARY * seconds));
    let estimate = Estimate::new(*problem, *budget, &library);
    spec.library = library.learners;
    cut.extend(library.cut);
    cut_transfer(spec, cut, problem, &estimate, TRANSFER * seconds);
    cut_trainings(spec, cut, &estimate, seconds);
    let expected = estimate.whole(spec);
    if expected > budget.seconds {
        return Err(CompressError::Budget { seconds: budget.seconds, expected });
    }
    Ok(())
}

/// Fewer rows to start from, then fewer rows to be labelled. A pass is shorter then: trainings keep their passes.
fn cut_transfer(
    spec: &mut CompressSpec,
    cut: &mut Vec<String>,
    problem: &Problem,
    estimate: &Estimate,
    seconds: f64,
) {
    let before = spec.munge.rows;
    let rows = estimate.rows_within(seconds, spec).max(FEWEST_ROWS).min(before);
    if rows < before && estimate.rows_within(seconds, spec) < FEWEST_ROWS {
        // Looking neighbours up is what does not fit.
        let affordable = affordable(spec.munge_from, problem.columns, FEWEST_ROWS, SHORT_SEARCH, None, cut);
        (spec.munge.neighbours, spec.munge_from) = affordable;
    }
    if rows < before {
        cut.push(format!("the transfer set has {rows} rows instead of {before}"));
        let share = (rows + problem.size.rows) as f64 / (before + problem.size.rows) as f64;
        spec.munge.rows = rows;
        trainings(spec).for_each(|train| shorten(train, share));
    }
}

/// Tries less where that is needed to keep half of the steps, then cuts all trainings alike to what is left of `seconds`.
fn cut_trainings(spec: &mut CompressSpec, cut: &mut Vec<String>, estimate: &Estimate, seconds: f64) {
    let share =
        |spec: &CompressSpec| (seconds - estimate.without_training(spec)) / estimate.training(spec).max(1e-9);
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
        trainings(spec).for_each(|train| shorten(train, share));
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

/// Every kind of training of the plan.
fn trainings(spec: &mut CompressSpec) -> impl Iterator<Item = &mut TrainSpec> {
    let students = spec.students.iter_mut().map(|student| &mut student.train);
    let distil = spec.distil.iter_mut().map(|distil| &mut distil.train);
    let prune = spec.prune.iter_mut().map(|prune| &mut prune.train);
    let ticket = spec.ticket.iter_mut().map(|ticket| &mut ticket.train);
    students.chain(distil).chain(prune).chain(ticket)
}

#[cfg(test)]
mod tests {
    use lessen_data::digits;

    use super::*;
    use crate::plan::CompressOptions;

    fn budget(seconds: f64) -> Budget {
        Budget { seconds, threads: 2, speed: 1.0 }
    }

    fn planned(budget: Option<Budget>) -> Result<Planned, CompressError> {
        let digits = digits().unwrap();
        let split = digits.split(1).unwrap();
        Planned::new(&digits, &split, &CompressOptions { budget, ..CompressOptions::default() })
    }

    #[test]
    fn a_generous_budget_changes_nothing() {
        let (free, generous) = (planned(None).unwrap(), planned(Some(budget(3600.0))).unwrap());
        assert_eq!(generous.cut, free.cut);
        assert_eq!(generous.spec, CompressSpec { budget: generous.spec.budget, ..free.spec });
    }

    #[test]
    fn a_short_one_tries_less_and_says_so_and_too_short_a_one_is_refused() {
        let mut before = u64::MAX;
        for seconds in [40.0, 30.0, 22.0, 18.0] {
            let mut planned = planned(Some(budget(seconds))).unwrap();
            assert!(seconds > 30.0 || !planned.cut.is_empty(), "{seconds} s");
            let steps: u64 = trainings(&mut planned.spec).map(|train| train.steps).sum();
            assert!(steps <= before, "{steps} steps in {seconds} s, {before} with more time");
            before = steps;
            assert!(planned.spec.distil.is_some() && !planned.spec.students.is_empty());
        }
        match planned(Some(budget(5.0))) {
            Err(CompressError::Budget { seconds, expected }) => assert!(seconds == 5.0 && expected > 5.0),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn two_rounds_in_one_leave_as_many_weights() {
        assert!((doubled(0.3) - 0.51).abs() < 1e-12);
    }
}
