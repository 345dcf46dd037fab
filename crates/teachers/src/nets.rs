//! Neural networks as library members; without a hidden layer, multinomial logistic (for a number: linear) regression.

use std::sync::Arc;

use lessen_data::{Answer, Encoded, Task, random};
use lessen_engine::{
    Activation, EngineError, Optimiser, Plan, Recipe, Schedule, StepError, Targets, Trainer, TrainingRows,
    initial,
};
use lessen_model::onnx;
use lessen_units::Operations;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::examples::{Examples, Labels, Lesson};

/// A ReLU network of its own, trained on labels (or, by squared error, on numbers) for a fixed number of passes (validation rows belong to the selection
/// and choose nothing here).
///
/// | setting | purpose |
/// | --- | --- |
/// | `hidden` | units by layer; none for logistic or linear regression |
/// | `epochs` | passes over the rows; the rate falls to 0 along half a cosine |
/// | `batch` | rows in a minibatch |
/// | `rate` | Adam's learning rate |
/// | `weight_decay` | decoupled; keeps the net's probabilities humble |
/// | `smoothing` | share of each label that is spread over all classes (Szegedy et al. 2016): a net that fits its rows perfectly would otherwise be certain of everything; of no meaning for numbers |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetSpec {
    /// Units by layer.
    pub hidden: Vec<usize>,
    /// Passes over the rows.
    pub epochs: u64,
    /// Rows in a minibatch.
    pub batch: usize,
    /// Adam's learning rate.
    pub rate: f32,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// Share of each label that is spread over all classes; of no meaning for numbers.
    pub smoothing: f32,
}

impl NetSpec {
    /// `net 128-64, decay 0.01` or `logistic regression, decay 0.1`; of numbers, `linear regression, decay 0.1`.
    pub fn name(&self, task: Task) -> String {
        if self.hidden.is_empty() {
            return format!("{}, decay {}", self.kind(task), self.weight_decay);
        }
        let hidden: Vec<String> = self.hidden.iter().map(usize::to_string).collect();
        format!("net {}, decay {}", hidden.join("-"), self.weight_decay)
    }

    /// The kind, for people.
    pub fn kind(&self, task: Task) -> &'static str {
        match task {
            _ if !self.hidden.is_empty() => "neural net",
            Task::Classification => "logistic regression",
            Task::Regression => "linear regression",
        }
    }

    /// Trains on all of `examples`.
    ///
    /// # Errors
    /// Where the settings are out of range or training diverges.
    pub(crate) fn fit(&self, examples: &Examples, seed: u64) -> Result<Net, EngineError> {
        // A stream of its own for each net, or all would start alike and see rows in one order.
        let name = self.name(examples.lesson.task());
        let seed = random::stream(seed, &name).next_u64();
        let encoding = examples.as_they_are().map_err(StepError::Data)?;
        let answer = match &examples.lesson {
            Lesson::Labels(labels) => {
                Answer::Classes((0..labels.classes).map(|class| class.to_string()).collect())
            }
            Lesson::Values(_) => Answer::Value("value".into()),
        };
        let start = initial::mlp(encoding, &self.hidden, Activation::Relu, answer, seed)?;
        let rows: Vec<u32> = (0..examples.rows() as u32).collect();
        let steps = self.epochs * rows.len().div_ceil(self.batch.max(1)) as u64;
        let recipe = Recipe {
            schedule: Schedule::Cosine { steps, warm_up: steps / 20 },
            weight_decay: self.weight_decay,
            ..Recipe::plain(self.batch, Optimiser::adam(self.rate))
        };
        let not_finite = StepError::Diverged { step: 0, loss: f32::NAN, layer: String::new() };
        let features = examples.by_row().ok_or(not_finite)?;
        let soft = match &examples.lesson {
            Lesson::Labels(labels) => smoothed(labels, self.smoothing),
            Lesson::Values(_) => Vec::new(),
        };
        let targets = match &examples.lesson {
            Lesson::Labels(_) => Targets::Soft(&soft),
            Lesson::Values(values) => Targets::Values(&values.standardised),
        };
        let mut trainer = Trainer::new(start, recipe, seed)?;
        let training = TrainingRows { features, rows: &rows, targets };
        for _ in 0..steps {
            trainer.step(&training)?;
        }
        let network = trainer.into_network();
        let network = match &examples.lesson {
            Lesson::Labels(_) => network,
            Lesson::Values(values) => network.answering_in(values.unit),
        };
        let bytes = onnx::write(&network);
        Ok(Net { bytes, plan: Arc::new(Plan::new(name, network)?) })
    }
}

/// Labels as class probabilities: `1 - s + s / C` of the true class, `s / C` of each other.
fn smoothed(labels: &Labels, smoothing: f32) -> Vec<f32> {
    let Labels { classes, of_rows } = labels;
    let rest = smoothing / *classes as f32;
    let mut targets = vec![rest; of_rows.len() * classes];
    for (row, &label) in of_rows.iter().enumerate() {
        targets[row * classes + label as usize] += 1.0 - smoothing;
    }
    targets
}

/// A trained network; saved as the bytes of its ONNX file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub(crate) struct Net {
    bytes: Vec<u8>,
    plan: Arc<Plan>,
}

impl TryFrom<Vec<u8>> for Net {
    type Error = String;

    fn try_from(bytes: Vec<u8>) -> Result<Self, String> {
        let network = onnx::read(&bytes).map_err(|error| error.to_string())?;
        let plan = Plan::new("net", network).map_err(|error| error.to_string())?;
        Ok(Self { bytes, plan: Arc::new(plan) })
    }
}

impl From<Net> for Vec<u8> {
    fn from(net: Net) -> Self {
        net.bytes
    }
}

impl std::fmt::Debug for Net {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Net").field("widths", &self.plan.network().widths()).finish()
    }
}

impl Net {
    pub(crate) fn answer(&self, encoded: &Encoded, into: &mut [f32]) {
        self.plan.predict_encoded(encoded, into);
    }

    pub(crate) fn operations(&self) -> Operations {
        self.plan.network().operations()
    }

    /// Encoded features that it takes.
    pub(crate) fn width(&self) -> usize {
        self.plan.network().encoding().width()
    }

    /// Numbers in its answer.
    pub(crate) fn outputs(&self) -> usize {
        self.plan.network().outputs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothed_labels_by_hand() {
        let targets = smoothed(&Labels { classes: 4, of_rows: vec![1, 0] }, 0.2);
        for (found, expected) in targets.iter().zip([0.05, 0.85, 0.05, 0.05, 0.85, 0.05, 0.05, 0.05]) {
            assert!((found - expected).abs() < 1e-6, "{targets:?}");
        }
    }

    #[test]
    fn names_say_the_settings() {
        let spec =
            NetSpec { hidden: vec![], epochs: 1, batch: 32, rate: 0.01, weight_decay: 0.5, smoothing: 0.0 };
        assert_eq!(
            (spec.name(Task::Classification).as_str(), spec.kind(Task::Classification)),
            ("logistic regression, decay 0.5", "logistic regression")
        );
        assert_eq!(
            (spec.name(Task::Regression).as_str(), spec.kind(Task::Regression)),
            ("linear regression, decay 0.5", "linear regression")
        );
        let deep = NetSpec { hidden: vec![12, 8], ..spec };
        assert_eq!(
            (deep.name(Task::Regression).as_str(), deep.kind(Task::Classification)),
            ("net 12-8, decay 0.5", "neural net")
        );
    }
}
