//! A network on its way: steps, looks at rows that are not learned from, the best state kept, all of it saved now and then.

use lessen_data::{Dataset, Features, Split, Unit};
use lessen_engine::{Recipe, StepError, Targets, Trainer, TrainingRows};
use lessen_model::{Network, compact};
use serde::{Deserialize, Serialize};

use crate::error::CompressError;
use crate::judged::Judged;
use crate::metric::Metric;
use crate::stages::Partial;
use crate::train::Validation;
use crate::truth::Truth;

/// How long a network is trained, and when it is looked at.
pub(crate) struct Course<'a> {
    pub(crate) recipe: Recipe,
    pub(crate) steps: u64,
    /// Steps from one look at the validation rows to the next.
    pub(crate) every: u64,
    /// Looks in a row without a better one after which training ends early.
    pub(crate) patience: Option<u64>,
    /// What is better.
    pub(crate) metric: Metric,
    /// Rows that are looked at beside those of validation, and choose nothing.
    pub(crate) test: Option<Tested<'a>>,
}

/// Rows that choose nothing.
pub(crate) struct Tested<'a> {
    rows: &'a [u32],
    truth: Truth,
    /// Steps from one look at them to the next, a multiple of those of validation; the last state is looked at too.
    every: u64,
}

impl<'a> Tested<'a> {
    /// The test part of `split`, looked at every so many steps.
    pub(crate) fn new(dataset: &'a Dataset, split: &'a Split, every: u64) -> Self {
        Self { rows: &split.test, truth: Truth::of(dataset, &split.test), every: every.max(1) }
    }
}

/// One look at the validation rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Look {
    /// Steps taken before it.
    pub(crate) step: u64,
    /// Mean loss of the minibatches since the look before.
    pub(crate) training_loss: f64,
    /// By the metric; more is better.
    pub(crate) score: f64,
    /// Accuracy in percent, or the root mean squared error.
    #[serde(default)]
    pub(crate) quality: f64,
    /// The same of the rows that choose nothing, where it was their turn.
    #[serde(default)]
    pub(crate) test: Option<Scored>,
}

/// How some rows were answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scored {
    /// By the metric; more is better.
    pub(crate) score: f64,
    /// Accuracy in percent, or the root mean squared error.
    pub(crate) quality: f64,
}

impl Scored {
    pub(crate) fn of(truth: &Truth, answers: &[f32], metric: Metric) -> Self {
        let quality = Judged::new(truth, answers, 1.0).quality();
        Self { score: truth.score(metric, answers, 1.0), quality }
    }
}

/// A trained network.
pub(crate) struct Trained {
    /// Its best state on the validation rows.
    pub(crate) best: Network,
    /// Steps taken when it was in it.
    pub(crate) best_step: u64,
    /// Its state after the last step.
    pub(crate) last: Network,
    pub(crate) looks: Vec<Look>,
}

/// A course under way.
struct Way {
    trainer: Trainer,
    looks: Vec<Look>,
    best: Option<Best>,
    /// Sum of the losses since the last look.
    loss: f64,
}

struct Best {
    score: f64,
    step: u64,
    network: Network,
}

/// What is saved of a course under way.
#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    trainer: Vec<u8>,
    looks: Vec<Look>,
    /// Score, step and network, as a compact file.
    best: Option<(f64, u64, Vec<u8>)>,
    loss: f64,
}

/// Of [`Saved`]: what has another one is as good as not there.
const SAVED_VERSION: u32 = 2;

impl Course<'_> {
    /// Trains `start`, going on from what `partial` has found; `said` hears all looks so far, at once where there are some and
    /// after each new one.
    ///
    /// # Errors
    /// Where the data does not fit, or training diverges.
    pub(crate) fn run(
        &self,
        (name, partial): (&str, &Partial<'_>),
        start: Network,
        (features, rows, targets): (&Features, &[u32], Targets<'_>),
        validation: &Validation<'_>,
        seed: u64,
        said: &dyn Fn(&[Look]),
    ) -> Result<Trained, CompressError> {
        let training = TrainingRows { features, rows, targets };
        let mut way = match partial.found().and_then(Way::resume) {
            Some(way) => way,
            None => Way {
                trainer: Trainer::new(
                    start.answering_in(inverse(validation.unit())),
                    self.recipe.clone(),
                    seed,
                )?,
                looks: Vec::new(),
                best: None,
                loss: 0.0,
            },
        };
        if !way.looks.is_empty() {
            said(&way.looks);
        }
        while way.trainer.steps_taken() < self.steps && !self.is_out_of_patience(&way) {
            match way.trainer.step(&training) {
                Ok(loss) => way.loss += f64::from(loss),
                Err(source) => return Err(way.failed(name, source, partial)),
            }
            let step = way.trainer.steps_taken();
            if step % self.every == 0 || step == self.steps {
                match self.look(&mut way, validation) {
                    Ok(()) => said(&way.looks),
                    Err(source) => return Err(way.failed(name, source, partial)),
                }
            }
            if partial.is_due() {
                partial.save(&way.state()?)?;
            }
        }
        let Way { trainer, looks, best, .. } = way;
        let steps = trainer.steps_taken();
        let last = trainer.into_network().answering_in(validation.unit());
        let (best, best_step) = match best {
            Some(Best { step, network, .. }) => (network, step),
            None => (last.clone(), steps),
        };
        Ok(Trained { best, best_step, last, looks })
    }

    /// Whether the last so many looks were none of them better than the one before.
    fn is_out_of_patience(&self, way: &Way) -> bool {
        let (Some(patience), Some(best)) = (self.patience, &way.best) else { return false };
        way.looks.iter().filter(|look| look.step > best.step).count() as u64 >= patience
    }

    fn look(&self, way: &mut Way, validation: &Validation<'_>) -> Result<(), StepError> {
        let step = way.trainer.steps_taken();
        let test = match &self.test {
            Some(test) if step.is_multiple_of(test.every) || step == self.steps => {
                Some(self.scored(way, validation, test.rows, &test.truth)?)
            }
            _ => None,
        };
        let Scored { score, quality } = self.scored(way, validation, validation.rows, validation.truth())?;
        let before = way.looks.last().map_or(0, |look| look.step);
        let training_loss = way.loss / (step - before) as f64;
        way.loss = 0.0;
        way.looks.push(Look { step, training_loss, score, quality, test });
        if way.best.as_ref().is_none_or(|best| score > best.score) {
            let network = way.trainer.network().answering_in(validation.unit());
            way.best = Some(Best { score, step, network });
        }
        Ok(())
    }

    fn scored(
        &self,
        way: &mut Way,
        validation: &Validation<'_>,
        rows: &[u32],
        truth: &Truth,
    ) -> Result<Scored, StepError> {
        let mut answers = way.trainer.answers(&validation.dataset.features, rows)?;
        if let Truth::Values(_) = truth {
            let Unit { centre, scale } = validation.unit();
            answers.iter_mut().for_each(|answer| *answer = answer.mul_add(scale, centre));
        }
        Ok(Scored::of(truth, &answers, self.metric))
    }
}

impl Way {
    /// What is to be said of a step that failed; the best state until then is kept.
    fn failed(&self, name: &str, source: StepError, partial: &Partial<'_>) -> CompressError {
        let kept = self.best.as_ref().and_then(|best| {
            // Where it cannot be written either, the failure itself is the news.
            partial.keep(&best.network).ok().map(|path| Box::new((best.step, path)))
        });
        CompressError::Step { network: name.into(), source, kept }
    }

    fn state(&self) -> Result<Vec<u8>, CompressError> {
        let best = self.best.as_ref();
        let saved = Saved {
            version: SAVED_VERSION,
            trainer: self.trainer.checkpoint(),
            looks: self.looks.clone(),
            best: best.map(|best| (best.score, best.step, compact::write(&best.network))),
            loss: self.loss,
        };
        let unwritable = |error: postcard::Error| CompressError::Unwritable {
            what: "checkpoint",
            problem: error.to_string(),
        };
        postcard::to_stdvec(&saved).map_err(unwritable)
    }

    /// `None` where the bytes are damaged: the course then begins anew.
    fn resume(bytes: &[u8]) -> Option<Self> {
        let Saved { version, trainer, looks, best, loss } = postcard::from_bytes(bytes).ok()?;
        if version != SAVED_VERSION {
            return None;
        }
        let best = match best {
            Some((score, step, network)) => {
                Some(Best { score, step, network: compact::read(&network).ok()? })
            }
            None => None,
        };
        Some(Self { trainer: Trainer::resume(&trainer).ok()?, looks, best, loss })
    }
}

/// The unit in which a number of `unit` is the number that was: `(x - centre) / scale` is `-centre / scale + x / scale`.
pub(crate) fn inverse(unit: Unit) -> Unit {
    let scale = 1.0 / unit.scale;
    Unit { centre: -unit.centre * scale, scale }
}

#[cfg(test)]
mod tests {
    use lessen_data::Encoding;
    use lessen_engine::{Activation, Optimiser};

    use super::*;
    use crate::train::{Given, Shape};

    #[test]
    fn a_course_that_is_stopped_anywhere_ends_as_if_it_had_never_been() {
        let digits = lessen_data::digits().unwrap();
        let split = digits.split(1).unwrap();
        let validation = Validation::new(&digits, &split);
        let given = Given::of(&digits, &split, validation.unit());
        let lessons = given.for_training();
        let shape = Shape { hidden: vec![12], activation: Activation::Relu };
        let start = shape.start(&Encoding::fit(&digits.features, &split.train), &validation, 1).unwrap();
        let course = Course {
            recipe: Recipe::plain(32, Optimiser::adam(0.01)),
            steps: 90,
            every: 7,
            patience: None,
            metric: Metric::Accuracy,
            test: Some(Tested::new(&digits, &split, 14)),
        };
        let folder = tempfile::tempdir().unwrap();
        let run = |name: &str, stop: Option<u64>| {
            let partial = Partial::for_tests(&folder.path().join(name));
            let said = |looks: &[Look]| {
                assert!(looks.last().map(|look| look.step) != stop, "stopped on purpose");
            };
            course.run((name, &partial), start.clone(), lessons, &validation, 3, &said).unwrap()
        };
        let whole = run("whole", None);
        // Every second look, and the last one.
        let tested: Vec<u64> =
            whole.looks.iter().filter(|look| look.test.is_some()).map(|look| look.step).collect();
        assert_eq!(tested, [14, 28, 42, 56, 70, 84, 90]);
        for stop in [7, 42, 90] {
            let stopped =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run("stopped", Some(stop))));
            assert!(stopped.is_err());
            let resumed = run("stopped", None);
            assert_eq!((&resumed.looks, resumed.best_step), (&whole.looks, whole.best_step));
            assert!(resumed.best == whole.best && resumed.last == whole.last, "stopped at {stop}");
            std::fs::remove_file(folder.path().join("stopped")).unwrap();
        }
        // The file of a sitting that ended in a damaged one: training begins anew.
        std::fs::write(folder.path().join("damaged"), b"rubbish").unwrap();
        assert!(run("damaged", None).best == whole.best);
    }

    #[test]
    fn patience_ends_a_course_early() {
        let digits = lessen_data::digits().unwrap();
        let split = digits.split(1).unwrap();
        let validation = Validation::new(&digits, &split);
        let given = Given::of(&digits, &split, validation.unit());
        let lessons = given.for_training();
        let shape = Shape { hidden: vec![4], activation: Activation::Relu };
        let start = shape.start(&Encoding::fit(&digits.features, &split.train), &validation, 1).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let partial = Partial::for_tests(&folder.path().join("patience"));
        let course = Course {
            // A rate at which nothing is learned after a while.
            recipe: Recipe::plain(32, Optimiser::sgd(1e-9)),
            steps: 1000,
            every: 5,
            patience: Some(3),
            metric: Metric::Rmse,
            test: None,
        };
        let trained = course.run(("p", &partial), start, lessons, &validation, 3, &|_| ()).unwrap();
        let last = trained.looks.last().unwrap().step;
        assert!(last < 1000 && last == trained.best_step + 15, "{last}, {}", trained.best_step);
    }
}
