//! Training small networks, with the best state on the validation rows kept.

use std::borrow::Cow;
use std::path::Path;

use lessen_data::{Dataset, Encoding, Features, Split, Target, Unit};
use lessen_engine::{Activation, EngineError, Optimiser, Plan, Recipe, Schedule, Targets, initial};
use lessen_model::{Network, Predictor, onnx, predict_rows};
use lessen_records::write_whole;
use serde::{Deserialize, Serialize};

use crate::course::Course;
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
    pub(crate) dataset: &'a Dataset,
    pub(crate) rows: &'a [u32],
    truth: Truth,
    unit: Unit,
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

/// Training rows with the answers that their data set gives, as networks learn them.
pub(crate) struct Given<'a> {
    features: Cow<'a, Features>,
    rows: &'a [u32],
    answers: Answers<'a>,
}

enum Answers<'a> {
    Labels(&'a [u32]),
    /// In the unit that networks learn in.
    Values(Vec<f32>),
}

impl<'a> Given<'a> {
    /// The training part of `split`; values are learned in `unit`.
    pub(crate) fn of(dataset: &'a Dataset, split: &'a Split, unit: Unit) -> Self {
        let answers = match &dataset.target {
            Target::Classes { labels, .. } => Answers::Labels(labels),
            Target::Values { values, .. } => {
                Answers::Values(values.iter().map(|&value| unit.scaled(value)).collect())
            }
        };
        Self { features: dataset.features.by_row(), rows: &split.train, answers }
    }

    /// Everything that a training takes.
    pub(crate) fn for_training(&self) -> (&Features, &[u32], Targets<'_>) {
        let targets = match &self.answers {
            Answers::Labels(labels) => Targets::Labels(labels),
            Answers::Values(values) => Targets::Values(values),
        };
        (&self.features, self.rows, targets)
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
    use crate::course::inverse;

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
        let given = Given::of(&dataset, &split, validation.unit());
        let start = shape.start(&encoding, &validation, 1).unwrap();
        let lessons = given.for_training();
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
}
