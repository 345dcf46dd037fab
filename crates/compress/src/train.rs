//! Training small networks, with the best state on the validation rows kept.

use std::path::Path;

use lessen_data::{Dataset, Encoding, Features, Split, Target, Unit};
use lessen_engine::{
    Activation, EngineError, Optimiser, Plan, Recipe, Schedule, StepError, Targets, Trainer, TrainingRows,
    initial,
};
use lessen_model::{Network, Predictor, compact, onnx, predict_rows};
use lessen_records::write_whole;
use serde::{Deserialize, Serialize};

use crate::error::CompressError;
use crate::judged::Judged;
use crate::kept::load;
use crate::metric::Metric;
use crate::stages::{Keep, Partial};
use crate::truth::Truth;

/// What a network looks like before it is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Hidden units by layer.
    pub hidden: Vec<usize>,
    /// What stands behind each hidden layer.
    pub activation: Activation,
}

impl Shape {
    /// `64`, `128-64`.
    pub fn name(&self) -> String {
        self.hidden.iter().map(usize::to_string).collect::<Vec<_>>().join("-")
    }

    /// The network with its first weights, drawn from the stream `start weights` of `seed`; values it answers in the unit of
    /// the target.
    ///
    /// # Errors
    /// Where a layer is too large or has no unit.
    pub(crate) fn start(
        &self,
        encoding: &Encoding,
        validation: &Validation<'_>,
        seed: u64,
    ) -> Result<Network, EngineError> {
        let answer = validation.dataset.answer();
        let network = initial::mlp(encoding.clone(), &self.hidden, self.activation, answer, seed)?;
        Ok(network.answering_in(validation.unit))
    }
}

/// How a network is trained.
///
/// | setting | default | purpose |
/// | --- | --- | --- |
/// | `steps` | | minibatches; the learning rate falls to 0 along half a cosine |
/// | `batch` | 64 | rows in a minibatch |
/// | `rate` | 0.01 | Adam's learning rate in the beginning |
/// | `evaluations` | 20 | times that the validation rows are looked at, evenly spread; the best state is kept |
/// | `metric` | RMSE | by which it is the best |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainSpec {
    /// Minibatches.
    pub steps: u64,
    /// Rows in a minibatch.
    pub batch: usize,
    /// Adam's learning rate in the beginning.
    pub rate: f32,
    /// Times that the validation rows are looked at.
    pub evaluations: u64,
    /// What is best on them.
    pub metric: Metric,
}

/// Rows that choose the best state of a network while it is trained; and the unit in which values are learned.
pub(crate) struct Validation<'a> {
    dataset: &'a Dataset,
    rows: &'a [u32],
    truth: Truth,
    unit: Unit,
}

/// The unit in which a number of `unit` is the number that was: `(x - centre) / scale` is `-centre / scale + x / scale`.
fn inverse(unit: Unit) -> Unit {
    let scale = 1.0 / unit.scale;
    Unit { centre: -unit.centre * scale, scale }
}

impl<'a> Validation<'a> {
    /// The validation part of `split`.
    pub(crate) fn new(dataset: &'a Dataset, split: &'a Split) -> Self {
        let truth = Truth::of(dataset, &split.validation);
        Self { dataset, rows: &split.validation, truth, unit: dataset.target_unit(&split.train) }
    }

    /// What is true of the validation rows.
    pub(crate) fn truth(&self) -> &Truth {
        &self.truth
    }

    pub(crate) fn unit(&self) -> Unit {
        self.unit
    }

    /// What a predictor says of the validation rows, `[rows][outputs]`.
    ///
    /// # Errors
    /// Where the predictor fails.
    pub(crate) fn answers(&self, predictor: &dyn Predictor) -> Result<Vec<f32>, CompressError> {
        Ok(predict_rows(predictor, &self.dataset.features, self.rows)?)
    }

    /// How a predictor answers the validation rows.
    ///
    /// # Errors
    /// Where the predictor fails.
    pub(crate) fn judge(&self, predictor: &dyn Predictor) -> Result<Judged, CompressError> {
        Ok(Judged::of(predictor, self.dataset, self.rows, self.unit)?)
    }

    /// How a network answers the validation rows.
    ///
    /// # Errors
    /// Where it cannot predict them.
    pub(crate) fn judge_network(&self, network: &Network) -> Result<Judged, CompressError> {
        self.judge(&Plan::new("judged", network.clone())?)
    }

    /// How good a network is on the validation rows; more is better.
    ///
    /// # Errors
    /// Where it cannot predict them.
    pub(crate) fn score(&self, network: &Network, metric: Metric) -> Result<f64, CompressError> {
        let answers = self.answers(&Plan::new("judged", network.clone())?)?;
        Ok(self.truth.score(metric, &answers, 1.0))
    }
}

/// The answers that a data set gives, as networks learn them.
pub(crate) enum Given<'a> {
    Labels(&'a [u32]),
    /// In the unit that networks learn in.
    Values(Vec<f32>),
}

impl<'a> Given<'a> {
    pub(crate) fn of(dataset: &'a Dataset, unit: Unit) -> Self {
        match &dataset.target {
            Target::Classes { labels, .. } => Self::Labels(labels),
            Target::Values { values, .. } => {
                Self::Values(values.iter().map(|&value| unit.scaled(value)).collect())
            }
        }
    }

    pub(crate) fn targets(&self) -> Targets<'_> {
        match self {
            Self::Labels(labels) => Targets::Labels(labels),
            Self::Values(values) => Targets::Values(values),
        }
    }
}

/// Trains `start` by `spec` on `rows` of `features` and keeps its best state on the validation rows. Weights that its masks
/// say are gone stay gone. Values are learned in the unit of `validation`: `targets` are in that unit, `start` and what
/// comes out answer in the target's own. Same seed, same bits, wherever it was stopped and went on.
///
/// # Errors
/// Where the data does not fit, or training diverges.
pub(crate) fn train(
    named: (&str, &Partial<'_>),
    start: Network,
    spec: &TrainSpec,
    lessons: (&Features, &[u32], Targets<'_>),
    validation: &Validation<'_>,
    seed: u64,
) -> Result<Network, CompressError> {
    let schedule = Schedule::Cosine { steps: spec.steps, warm_up: spec.steps / 20 };
    let course = Course {
        recipe: Recipe { schedule, ..Recipe::plain(spec.batch, Optimiser::adam(spec.rate)) },
        steps: spec.steps,
        every: (spec.steps / spec.evaluations.max(1)).max(1),
        patience: None,
        metric: spec.metric,
        test: None,
    };
    Ok(course.run(named, start, lessons, validation, seed, &|_| ())?.best)
}

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
                    start.answering_in(inverse(validation.unit)),
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
        let last = trainer.into_network().answering_in(validation.unit);
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
        let Scored { score, quality } = self.scored(way, validation, validation.rows, &validation.truth)?;
        let before = way.looks.last().map_or(0, |look| look.step);
        let training_loss = way.loss / (step - before) as f64;
        way.loss = 0.0;
        way.looks.push(Look { step, training_loss, score, quality, test });
        if way.best.as_ref().is_none_or(|best| score > best.score) {
            let network = way.trainer.network().answering_in(validation.unit);
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
            let Unit { centre, scale } = validation.unit;
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

const FILE: &str = "network.onnx";

impl Keep for Network {
    fn save(&self, folder: &Path) -> Result<(), CompressError> {
        Ok(write_whole(&folder.join(FILE), &onnx::write(self))?)
    }

    fn load(folder: &Path) -> Result<Self, CompressError> {
        load(&folder.join(FILE), onnx::read)
    }
}

#[cfg(test)]
mod tests {
    use lessen_data::{Column, Table};

    use super::*;

    /// `y = 100 + 50 x`, learned in the unit of the target and answered in its own.
    #[test]
    fn a_value_is_learned_whatever_its_unit() {
        let x: Vec<f32> = (0..60).map(|row| row as f32 / 60.0).collect();
        let values = x.iter().map(|x| 1000.0 + 50.0 * x).collect();
        let column = Column::Numeric { name: "x".into(), values: x };
        let dataset = Dataset {
            name: "line".into(),
            features: Features::Table(Table::new(vec![column]).unwrap()),
            target: Target::Values { name: "y".into(), values },
            given_test: None,
            sha256: [0; 32],
        };
        let rows = |of: u32| (0..60).filter(|row| row % 3 == of).collect();
        let split = Split { train: rows(0), validation: rows(1), test: rows(2) };
        let validation = Validation::new(&dataset, &split);
        let shape = Shape { hidden: vec![4], activation: Activation::Tanh };
        let encoding = Encoding::fit(&dataset.features, &split.train);
        let spec = TrainSpec { steps: 600, batch: 8, rate: 0.02, evaluations: 4, metric: Metric::Rmse };
        let Target::Values { values, .. } = &dataset.target else { panic!("values were made") };
        let wanted: Vec<f32> = values.iter().map(|&value| validation.unit().scaled(value)).collect();
        let start = shape.start(&encoding, &validation, 1).unwrap();
        let lessons = (&dataset.features, split.train.as_slice(), Targets::Values(&wanted));
        let folder = tempfile::tempdir().unwrap();
        let partial = Partial::for_tests(&folder.path().join("partial"));
        let network = train(("line", &partial), start, &spec, lessons, &validation, 1).unwrap();
        let judged = validation.judge(&Plan::new("line", network.clone()).unwrap()).unwrap();
        // The target's standard deviation is 14.4.
        assert!(judged.rmse().unwrap() < 2.0, "{:?}", judged.rmse());

        let unit = validation.unit();
        let again = network.clone().answering_in(inverse(unit)).answering_in(unit);
        let answers = |network| validation.answers(&Plan::new("p", network).unwrap()).unwrap();
        for (a, b) in answers(network).iter().zip(answers(again)) {
            assert!((a - b).abs() < 1e-2, "{a}, {b}");
        }
    }

    #[test]
    fn a_course_that_is_stopped_anywhere_ends_as_if_it_had_never_been() {
        let digits = lessen_data::digits().unwrap();
        let split = digits.split(1).unwrap();
        let validation = Validation::new(&digits, &split);
        let given = Given::of(&digits, validation.unit());
        let lessons = (&digits.features, split.train.as_slice(), given.targets());
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
        let given = Given::of(&digits, validation.unit());
        let lessons = (&digits.features, split.train.as_slice(), given.targets());
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
