//! Doing the trainings of a search, each found again where it was done before.

use std::sync::OnceLock;

use lessen_data::{Dataset, Encoding, Split, random};
use lessen_engine::{Plan, Recipe, initial};
use lessen_model::{Network, predict_rows};
use lessen_records::StageRecord;
use rand::Rng;

use super::masks::{scattered, shuffled};
use super::plan::{Kind, Task};
use super::queue::{self, Wait};
use super::spec::{LotterySpec, Rewound, layer_name};
use super::training::{Ended, LAST, State, Training, Watched, network};
use super::way::Way;
use crate::course::{Course, Look, Scored, Tested, Trained};
use crate::error::CompressError;
use crate::fit::{FitStart, begin};
use crate::magnitude::{left_by_layer, under_mask_of, without_the_smallest};
use crate::metric::Metric;
use crate::stages::{Company, Partial, Stages};
use crate::train::{Given, Validation};
use crate::truth::Truth;

/// A search under way.
pub(crate) struct Search<'a, 's> {
    pub(crate) dataset: &'a Dataset,
    pub(crate) split: &'a Split,
    pub(crate) spec: &'a LotterySpec,
    /// How rows become numbers.
    pub(crate) encoding: &'a Encoding,
    /// What [`FitStart::File`] names.
    pub(crate) file: Option<&'a Network>,
    pub(crate) validation: &'a Validation<'a>,
    pub(crate) stages: &'a Stages<'s>,
    pub(crate) tasks: &'a [Task],
    /// Whether a training whose files are broken is done again.
    pub(crate) repair: bool,
}

/// A finished training with what it took.
pub(crate) struct Found {
    pub(crate) training: Training,
    pub(crate) receipt: StageRecord,
}

impl Search<'_, '_> {
    /// Does every training, or finds that it was done; in the order of the tasks.
    pub(crate) fn run(&self, way: &Way<'_>) -> Result<Vec<Found>, CompressError> {
        let waits: Vec<Wait> = self.tasks.iter().map(wait).collect();
        let found: Vec<OnceLock<Found>> = self.tasks.iter().map(|_| OnceLock::new()).collect();
        let given = Given::of(self.dataset, self.split, self.validation.unit());
        queue::run(&waits, |place, company| {
            let done = self.task(place, company, &given, way)?;
            // Each task is done once.
            let _ = found[place].set(done);
            Ok::<(), CompressError>(())
        })?;
        Ok(found.into_iter().filter_map(OnceLock::into_inner).collect())
    }

    fn task(
        &self,
        place: usize,
        company: Company,
        given: &Given<'_>,
        way: &Way<'_>,
    ) -> Result<Found, CompressError> {
        let task = &self.tasks[place];
        let (path, name) = (task.place(), task.name());
        let folder = self.stages.folder();
        if self.repair && self.stages.is_broken::<Ended>(&path)? {
            self.stages.progress().note(&format!("{name}: its files are broken, it is done again"));
            folder.discard(&path)?;
        }
        let watched = Watched::new(folder.partial(&path)?.with_extension("jsonl"));
        let work = |partial: &Partial<'_>| {
            let first = self.start(task)?;
            let said = |looks: &[Look]| {
                watched.tell(looks);
                way.looked(place, looks);
            };
            let course = self.course(task);
            let seed = self.seed(task.replicate, &format!("training {}", order_of(task.kind)));
            let trained = course.run(
                (&name, partial),
                first.clone(),
                given.for_training(),
                self.validation,
                seed,
                &said,
            )?;
            let before = course.recipe.schedule_from;
            let states = self.states(&trained, before)?;
            Ended::new(&first, &trained, states, before)
        };
        let (done, was_found) = self.stages.at((&name, &path), company, work)?;
        watched.forget()?;
        way.ended(place, was_found.then_some(&done.receipt.joules));
        Ok(Found { training: done.made.training, receipt: done.receipt })
    }

    fn course(&self, task: &Task) -> Course<'_> {
        let begins_late = task.steps < self.spec.steps && task.kind != Kind::Rewind;
        let schedule_from = if begins_late { self.spec.pruning.rewind } else { 0 };
        Course {
            recipe: Recipe { schedule_from, ..self.spec.recipe.clone() },
            steps: task.steps,
            every: self.spec.validate_every,
            patience: None,
            // Of values it is their squared error that is least.
            metric: Metric::LogLoss,
            test: Some(Tested::new(self.dataset, self.split, self.spec.test_every)),
        }
    }

    /// The network that a training begins with.
    fn start(&self, task: &Task) -> Result<Network, CompressError> {
        let first = self.first(task.replicate)?;
        let Some(ranked) = task.after.ranked else { return Ok(first) };
        let layers = first.weights().count();
        let pruning = &self.spec.pruning;
        let cut = match task.kind {
            Kind::OneShot { rate, .. } => pruning.one_shot(rate, layers),
            _ => pruning.cut(layers),
        };
        let masked = without_the_smallest(&self.network_of(ranked, LAST)?, &cut);
        if let Some(layer) = left_by_layer(&masked).iter().position(|&left| left == 0) {
            let (round, layer) = (task.level(), layer_name(&masked, layer));
            return Err(CompressError::NothingLeft { round, layer, rounds: pruning.rounds });
        }
        let origin = match task.after.rewound {
            Some(rewound) => self.network_of(rewound, LAST)?,
            None => first,
        };
        let seed = |purpose: &str| self.seed(task.replicate, purpose);
        Ok(match task.kind {
            Kind::Continued(_) => masked,
            _ if pruning.rewound == Rewound::Rate && pruning.rewind > 0 && task.is_ticket() => masked,
            Kind::Reinit { level, draw } => {
                let drawn = self.drawn(seed(&format!("random reinit {level}, {draw}")))?;
                under_mask_of(drawn, &masked)
            }
            Kind::Random { level, draw } => {
                scattered(&origin, &masked, seed(&format!("random mask {level}, {draw}")))
            }
            Kind::Shuffled { level, draw } => {
                shuffled(&origin, &masked, seed(&format!("shuffled mask {level}, {draw}")))
            }
            _ => under_mask_of(origin, &masked),
        })
    }

    /// The weights that a replicate begins with.
    fn first(&self, replicate: u32) -> Result<Network, CompressError> {
        let seed = self.seed(replicate, "first weights");
        self.begun(seed)
    }

    /// The network before it is trained, drawn by a seed or read.
    fn begun(&self, seed: u64) -> Result<Network, CompressError> {
        begin(
            (self.dataset, self.encoding.clone()),
            (&self.spec.start, seed),
            self.file.cloned(),
            self.validation,
        )
    }

    /// Weights drawn anew; those of a file from Glorot's distribution.
    fn drawn(&self, seed: u64) -> Result<Network, CompressError> {
        let network = self.begun(seed)?;
        Ok(match self.spec.start {
            FitStart::Drawn { .. } => network,
            FitStart::File { .. } => initial::drawn_again(network, seed),
        })
    }

    /// A network that a finished training has left.
    pub(crate) fn network_of(&self, place: usize, name: &str) -> Result<Network, CompressError> {
        let path = self.tasks[place].place();
        let folder = self.stages.folder().find(&path);
        let missing = || CompressError::Kept {
            path: self.stages.folder().path().join(&path),
            problem: "it was removed while its successors were at work".into(),
        };
        network(&folder.ok_or_else(missing)?, name)
    }

    fn states(&self, trained: &Trained, before: u64) -> Result<(State, State), CompressError> {
        let state = |network: &Network, step: u64| -> Result<State, CompressError> {
            let plan = Plan::new("tested", network.clone())?;
            let scored = |rows: &[u32]| -> Result<Scored, CompressError> {
                let answers = predict_rows(&plan, &self.dataset.features, rows)?;
                Ok(Scored::of(&Truth::of(self.dataset, rows), &answers, Metric::LogLoss))
            };
            let (validation, test) = (scored(&self.split.validation)?, scored(&self.split.test)?);
            Ok(State { step: before + step, validation, test })
        };
        let steps = trained.looks.last().map_or(trained.best_step, |look| look.step);
        Ok((state(&trained.best, trained.best_step)?, state(&trained.last, steps)?))
    }

    fn seed(&self, replicate: u32, purpose: &str) -> u64 {
        random::stream(self.spec.seed, &format!("lottery, replicate {replicate}: {purpose}")).next_u64()
    }
}

fn wait(task: &Task) -> Wait {
    let after = [task.after.ranked, task.after.rewound].into_iter().flatten().collect();
    Wait { after, cost: task.cost() }
}

/// The way to the rewind is the beginning of the dense training: the same rows in the same order.
fn order_of(kind: Kind) -> String {
    match kind {
        Kind::Rewind => Kind::Ticket(0).place(),
        kind => kind.place(),
    }
}
