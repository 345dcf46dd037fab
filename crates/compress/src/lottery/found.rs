//! All finished trainings, and the ticket that validation decides for.

use lessen_data::Dataset;
use lessen_records::StageRecord;

use super::plan::{Kind, Task};
use super::search::Found;
use super::spec::LotterySpec;
use super::training::State;

/// All trainings of a search.
pub(crate) struct Outcome<'a> {
    pub(crate) spec: &'a LotterySpec,
    pub(crate) tasks: &'a [Task],
    pub(crate) found: Vec<Found>,
    /// Whether what is predicted are classes.
    pub(crate) classes: bool,
    best_level: usize,
}

/// What a kind of network is called in curves and tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Ticket,
    Reinit,
    Random,
    Shuffled,
    OneShot,
}

impl Sort {
    pub(crate) const ALL: [Self; 5] =
        [Self::Ticket, Self::Reinit, Self::Random, Self::Shuffled, Self::OneShot];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Reinit => "random reinit",
            Self::Random => "random mask",
            Self::Shuffled => "shuffled mask",
            Self::OneShot => "one-shot",
        }
    }

    fn of(kind: Kind) -> Option<(Self, usize)> {
        match kind {
            Kind::Ticket(level) => Some((Self::Ticket, level)),
            Kind::Reinit { level, .. } => Some((Self::Reinit, level)),
            Kind::Random { level, .. } => Some((Self::Random, level)),
            Kind::Shuffled { level, .. } => Some((Self::Shuffled, level)),
            Kind::OneShot { place, .. } => Some((Self::OneShot, place)),
            Kind::Rewind | Kind::Continued(_) | Kind::Copy(_) => None,
        }
    }
}

/// When a network is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// At the least validation loss.
    Early,
    /// After the last step.
    Last,
}

impl Moment {
    pub(crate) fn of(self, found: &Found) -> State {
        match self {
            Self::Early => found.training.early,
            Self::Last => found.training.last,
        }
    }
}

impl<'a> Outcome<'a> {
    pub(crate) fn new(
        spec: &'a LotterySpec,
        dataset: &Dataset,
        tasks: &'a [Task],
        found: Vec<Found>,
    ) -> Self {
        let mut outcome = Self { spec, tasks, found, classes: dataset.classes().is_ok(), best_level: 0 };
        outcome.best_level = outcome.decide();
        outcome
    }

    /// The level that is best on the validation rows at early stop, in the mean over replicates; of equals the sparser one.
    fn decide(&self) -> usize {
        let quality = |level: usize| {
            let all =
                self.per_replicate(Sort::Ticket, level, |found| found.training.early.validation.quality);
            self.sign() * mean(&all).unwrap_or(f64::NAN)
        };
        let levels = (1..=self.spec.pruning.rounds).map(|level| (level, quality(level)));
        levels.max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(level, _)| level)
    }

    /// The level that validation decided for.
    pub(crate) fn best_level(&self) -> usize {
        self.best_level
    }

    /// 1 where more of a quality is better, -1 where less is.
    pub(crate) fn sign(&self) -> f64 {
        if self.classes { 1.0 } else { -1.0 }
    }

    /// The trainings of a sort and level (of one-shot networks, the place of their rate), in the order of their replicates.
    pub(crate) fn of(&self, sort: Sort, level: usize) -> impl Iterator<Item = (&Task, &Found)> {
        let is_asked = move |task: &Task| Sort::of(task.kind) == Some((sort, level));
        self.tasks.iter().zip(&self.found).filter(move |(task, _)| is_asked(task))
    }

    /// The training of this very kind in a replicate.
    pub(crate) fn one(&self, replicate: u32, kind: Kind) -> Option<(&Task, &Found)> {
        let is_it = |task: &Task| task.replicate == replicate && task.kind == kind;
        self.tasks.iter().zip(&self.found).find(|(task, _)| is_it(task))
    }

    /// A number of each replicate that has trainings of a sort and level: their mean.
    pub(crate) fn per_replicate(&self, sort: Sort, level: usize, number: impl Fn(&Found) -> f64) -> Vec<f64> {
        (1..=self.spec.replicates)
            .filter_map(|replicate| {
                let of_it = self.of(sort, level).filter(|(task, _)| task.replicate == replicate);
                mean(&of_it.map(|(_, found)| number(found)).collect::<Vec<_>>())
            })
            .collect()
    }

    /// Levels (places) at which there are trainings of a sort, with the share of weights that they have.
    pub(crate) fn levels(&self, sort: Sort) -> Vec<(usize, f64)> {
        let mut levels: Vec<(usize, f64)> = Vec::new();
        for (task, found) in self.tasks.iter().zip(&self.found) {
            match Sort::of(task.kind) {
                Some((of, level)) if of == sort && levels.iter().all(|(known, _)| *known != level) => {
                    levels.push((level, found.training.density()));
                }
                _ => {}
            }
        }
        levels
    }

    /// The share of weights that a level has.
    pub(crate) fn density(&self, level: usize) -> f64 {
        self.of(Sort::Ticket, level).next().map_or(f64::NAN, |(_, found)| found.training.density())
    }

    pub(crate) fn receipts(&self) -> Vec<StageRecord> {
        self.found.iter().map(|found| found.receipt.clone()).collect()
    }
}

pub(crate) fn mean(numbers: &[f64]) -> Option<f64> {
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}
