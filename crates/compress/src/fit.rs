//! One network trained on given answers: `lessen train`.

use std::path::Path;
use std::sync::Arc;

use lessen_data::{Dataset, Encoding, Split, hex};
use lessen_engine::{Plan, Recipe, Start};
use lessen_model::{Network, compact};
use lessen_records::study::{Axis, Series};
use lessen_records::{Machine, Record, ResultRecord, Role, Schema, write_whole};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::architecture::Architecture;
use crate::assessment::{Entrant, assess};
use crate::course::{Course, Look, Trained};
use crate::error::CompressError;
use crate::job::dataset_record;
use crate::kept::{as_json, load, save_json};
use crate::metric::Metric;
use crate::shipped::ship;
use crate::stages::{Keep, Stages};
use crate::train::{Given, Validation};

/// A training, fully resolved: part of the result's record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FitSpec {
    /// What every random choice comes from.
    pub seed: u64,
    /// The network, and what stands behind its hidden layers; or the file that it comes from.
    pub start: FitStart,
    /// How it is trained.
    pub recipe: Recipe,
    /// Most minibatches.
    pub steps: u64,
    /// Minibatches from one look at the validation rows to the next.
    pub evaluate_every: u64,
    /// Looks in a row without a better one after which training ends early; `None` to go through to the end.
    pub patience: Option<u64>,
    /// What is better.
    pub metric: Metric,
}

/// What training begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FitStart {
    /// First weights drawn by the seed.
    Drawn {
        /// The network's shape.
        architecture: Architecture,
        /// What it is beside its widths.
        start: Start,
    },
    /// The weights of a file.
    File {
        /// As it was named.
        path: String,
        /// Its digest.
        sha256: String,
    },
}

impl FitStart {
    /// The weights of a file with these bytes.
    pub fn of_file(path: &Path, bytes: &[u8]) -> Self {
        Self::File { path: path.display().to_string(), sha256: hex(&Sha256::digest(bytes)) }
    }
}

/// Trains a network on the training rows, keeps its best state on the validation rows, measures it, and looks at the test
/// rows at the end. The model and `result.json` are written into the folder of `stages`. `network` is what
/// [`FitStart::File`] names.
///
/// # Errors
/// Where the network does not fit the data or training diverges; what was done is saved every ten seconds, and the same call
/// goes on from there.
pub fn fit(
    (dataset, split): (&Dataset, &Split),
    spec: &FitSpec,
    network: Option<Network>,
    mut stages: Stages<'_>,
) -> Result<ResultRecord, CompressError> {
    let validation = Validation::new(dataset, split);
    let encoding = Encoding::fit(&dataset.features, &split.train);
    let start = begin((dataset, encoding), (&spec.start, spec.seed), network, &validation)?;
    let course = Course {
        recipe: spec.recipe.clone(),
        steps: spec.steps,
        every: spec.evaluate_every.max(1),
        patience: spec.patience,
        metric: spec.metric,
        test: None,
    };
    let given = Given::of(dataset, split, validation.unit());
    let done = stages.stage("train", &(dataset.digest(), spec), |progress, partial| {
        let (metric, sign) = quality(spec.metric, dataset);
        let said = |looks: &[Look]| {
            let Some(look) = looks.last() else { return };
            let share = look.step as f64 / spec.steps.max(1) as f64;
            progress.advance(share, &format!("step {}: {metric} {:.4}", look.step, sign * look.score));
        };
        let named = ("network", partial);
        let trained = course.run(named, start, given.for_training(), &validation, spec.seed, &said)?;
        let Trained { best, best_step, looks, .. } = trained;
        Ok(Fitted { best, best_step, looks })
    })?;
    let trained = done.made;
    let (folder, meter) = (stages.folder(), stages.meter());
    let assessment = stages.unkept("measure", |progress| {
        let shipped = ship(&trained.best, "network", folder, dataset, &split.validation)?;
        let entrant = Entrant {
            name: "network".to_owned(),
            role: Role::Trained,
            method: "train".to_owned(),
            control: None,
            predictor: Arc::new(Plan::new("network", shipped.network.clone())?),
            network: Some(shipped.network),
            density: Some(shipped.density),
            file: Some(shipped.file),
            other_files: shipped.other_files,
            file_bytes: Some(shipped.bytes),
            made_with: done.receipt.joules.clone(),
            to_repay: done.receipt.joules.clone(),
        };
        assess(vec![entrant], (dataset, split), 0.0, meter, progress)
    })?;
    let record = ResultRecord {
        schema: Schema::default(),
        dataset: dataset_record(dataset, split, &validation),
        machine: Machine::here(),
        seed: spec.seed,
        spec: as_json("spec", spec)?,
        stages: stages.into_receipts(),
        models: assessment.models,
        chosen_within_drop: None,
        chosen: None,
        cut: notes(spec, &trained),
        series: series(spec, dataset, &trained.looks),
        extra: serde_json::Map::default(),
    };
    folder.write("result.json", record.to_json()?.as_bytes())?;
    Ok(record)
}

/// The network that training begins with: drawn by the seed, or read.
pub(crate) fn begin(
    (dataset, encoding): (&Dataset, Encoding),
    (start, seed): (&FitStart, u64),
    network: Option<Network>,
    validation: &Validation<'_>,
) -> Result<Network, CompressError> {
    match (start, network) {
        (FitStart::Drawn { architecture, start }, _) => {
            let network = architecture.start(encoding, dataset.answer(), *start, seed)?;
            Ok(network.answering_in(validation.unit()))
        }
        (FitStart::File { path, .. }, Some(network)) => {
            let (model, data) = (network.widths()[0], encoding.width());
            if model != data {
                return Err(CompressError::Shape { network: path.clone(), what: "inputs", model, data });
            }
            let (model, data) = (network.outputs(), dataset.answer().outputs());
            if model != data {
                return Err(CompressError::Shape { network: path.clone(), what: "outputs", model, data });
            }
            // Shipped networks take raw numbers; with inputs centred again they learn as they once did.
            Ok(network.with_scaling_of(&encoding).unwrap_or(network))
        }
        (FitStart::File { path, .. }, None) => Err(CompressError::NoNetwork { path: path.clone() }),
    }
}

/// What ended early, in plain sentences.
fn notes(spec: &FitSpec, trained: &Fitted) -> Vec<String> {
    let last = trained.looks.last().map_or(0, |look| look.step);
    let early = (last < spec.steps).then(|| {
        format!(
            "training ended after {last} of {} steps: the last {} looks at the validation rows were not better than that at step {}",
            spec.steps,
            spec.patience.unwrap_or_default(),
            trained.best_step
        )
    });
    early.into_iter().collect()
}

/// What a score of the validation rows is called, and what it is multiplied with to be that.
fn quality(metric: Metric, dataset: &Dataset) -> (&'static str, f64) {
    match (dataset.classes(), metric) {
        (Ok(_), Metric::Accuracy) => ("validation accuracy", 1.0),
        (Ok(_), Metric::Auc) => ("validation AUC", 1.0),
        (Ok(_), Metric::LogLoss) => ("validation log-loss", -1.0),
        // Values are judged by their RMSE whatever the metric.
        _ => ("validation RMSE", -1.0),
    }
}

/// The curves of training: loss of the minibatches and quality on the validation rows.
fn series(spec: &FitSpec, dataset: &Dataset, looks: &[Look]) -> Vec<Series> {
    let (metric, sign) = quality(spec.metric, dataset);
    let steps: Vec<f64> = looks.iter().map(|look| look.step as f64).collect();
    let curve = |name: &str, values: Vec<f64>| Series {
        name: name.to_owned(),
        seed: Some(spec.seed),
        x: Axis::new("step", "", steps.clone()),
        y: Axis::new(name, "", values),
        extra: serde_json::Map::default(),
    };
    vec![
        curve("training loss", looks.iter().map(|look| look.training_loss).collect()),
        curve(metric, looks.iter().map(|look| sign * look.score).collect()),
    ]
}

const NETWORK: &str = "network.lsm";
const LOOKS: &str = "looks.json";

/// What is kept of a training: its best state on the validation rows.
struct Fitted {
    best: Network,
    /// Steps taken when it was in it.
    best_step: u64,
    looks: Vec<Look>,
}

impl Keep for Fitted {
    fn save(&self, folder: &Path) -> Result<(), CompressError> {
        write_whole(&folder.join(NETWORK), &compact::write(&self.best))?;
        save_json(&(self.best_step, &self.looks), "looks", &folder.join(LOOKS))
    }

    fn load(folder: &Path) -> Result<Self, CompressError> {
        let best = load(&folder.join(NETWORK), compact::read)?;
        let (best_step, looks) = load(&folder.join(LOOKS), |bytes| serde_json::from_slice(bytes))?;
        Ok(Self { best, best_step, looks })
    }
}
