//! Small networks that learn from a transfer set, and the same networks on the given labels alone.

use std::path::Path;
use std::sync::Arc;

use lessen_data::{DataError, Dataset, Encoding, Features, Split};
use lessen_engine::{Activation, Optimiser, Plan, Recipe, Schedule, Targets, Trainer, TrainingRows, initial};
use lessen_model::{Network, Predictor, onnx, predict_rows};
use lessen_records::{RecordError, write_whole};
use serde::{Deserialize, Serialize};

use crate::error::CompressError;
use crate::metric::Metric;
use crate::stages::Keep;

/// How a one-hidden-layer network is trained.
///
/// | setting | default | purpose |
/// | --- | --- | --- |
/// | `hidden` | | hidden units (tanh) |
/// | `steps` | | minibatches; the learning rate falls to 0 along half a cosine |
/// | `batch` | 64 | rows in a minibatch |
/// | `rate` | 0.01 | Adam's learning rate in the beginning |
/// | `evaluations` | 20 | times that the validation rows are looked at, evenly spread; the best state is kept |
/// | `metric` | RMSE | by which it is the best |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudentSpec {
    /// Hidden units.
    pub hidden: usize,
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

/// Rows that choose the best state of a network while it is trained.
pub struct Validation<'a> {
    dataset: &'a Dataset,
    rows: &'a [u32],
    labels: Vec<u32>,
    classes: usize,
}

impl<'a> Validation<'a> {
    /// The validation part of `split`.
    ///
    /// # Errors
    /// Where the target is no class.
    pub fn new(dataset: &'a Dataset, split: &'a Split) -> Result<Self, DataError> {
        let (names, labels) = dataset.classes()?;
        let labels = split.validation.iter().map(|&row| labels[row as usize]).collect();
        Ok(Self { dataset, rows: &split.validation, labels, classes: names.len() })
    }

    /// True classes, one a validation row.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// What a predictor says of the validation rows, `[rows][classes]`.
    ///
    /// # Errors
    /// Where the predictor fails.
    pub fn probabilities(&self, predictor: &dyn Predictor) -> Result<Vec<f32>, CompressError> {
        Ok(predict_rows(predictor, &self.dataset.features, self.rows)?)
    }

    /// How good a predictor is on the validation rows; more is better.
    fn score(&self, predictor: &dyn Predictor, metric: Metric) -> Result<f64, CompressError> {
        Ok(metric.score(&self.probabilities(predictor)?, 1.0, &self.labels, self.classes))
    }
}

/// Trains a network by `spec` on `rows` of `features` and keeps its best state on the validation rows.
/// Same seed, same bits.
///
/// # Errors
/// Where the data does not fit, or training diverges.
pub fn train(
    spec: &StudentSpec,
    encoding: &Arc<Encoding>,
    (features, rows, targets): (&Features, &[u32], Targets<'_>),
    validation: &Validation<'_>,
    seed: u64,
) -> Result<Network, CompressError> {
    let answer = validation.dataset.answer();
    let network = initial::mlp(encoding.as_ref().clone(), &[spec.hidden], Activation::Tanh, answer, seed)?;
    let recipe = Recipe {
        batch: spec.batch,
        optimiser: Optimiser::adam(spec.rate),
        schedule: Schedule::Cosine { steps: spec.steps, warm_up: spec.steps / 20 },
        weight_decay: 0.0,
    };
    let mut trainer = Trainer::new(network, recipe, seed)?;
    let training = TrainingRows { features, rows, targets };
    let mut best: Option<(f64, Network)> = None;
    let every = (spec.steps / spec.evaluations.max(1)).max(1);
    for step in 1..=spec.steps {
        trainer
            .step(&training)
            .map_err(|source| CompressError::Step { network: format!("net {}", spec.hidden), source })?;
        if step % every == 0 || step == spec.steps {
            let network = trainer.network();
            let score = validation.score(&Plan::new("in training", network.clone())?, spec.metric)?;
            if best.as_ref().is_none_or(|(best, _)| score > *best) {
                best = Some((score, network));
            }
        }
    }
    Ok(best.map_or_else(|| trainer.network(), |(_, network)| network))
}

const FILE: &str = "network.onnx";

impl Keep for Network {
    fn save(&self, folder: &Path) -> Result<(), CompressError> {
        Ok(write_whole(&folder.join(FILE), &onnx::write(self))?)
    }

    fn load(folder: &Path) -> Result<Self, CompressError> {
        let path = folder.join(FILE);
        let read = |source| RecordError::File { action: "read", path: path.clone(), source };
        let bytes = std::fs::read(&path).map_err(read)?;
        onnx::read(&bytes)
            .map_err(|error| CompressError::Kept { path: path.clone(), problem: error.to_string() })
    }
}
