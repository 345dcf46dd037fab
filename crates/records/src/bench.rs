//! Models side by side on one machine: how good each is and what its predictions cost (`lessen.bench/1`).

use lessen_units::{Figure, Joules, Microseconds, Seconds};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::machine::Machine;
use crate::schema::{Record, Schema, finite_or_none};

/// Models that were measured in turns on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchRecord {
    /// `lessen.bench/1`.
    pub schema: Schema<Self>,
    /// The rows.
    pub dataset: BenchDatasetRecord,
    /// Where the times and energies were taken.
    pub machine: Machine,
    /// Threads that many cases were predicted on.
    pub threads: u64,
    /// What the data was divided by, where a part of it was asked for.
    pub seed: u64,
    /// Turns that each model had; who goes first changes from turn to turn.
    pub turns: u64,
    /// The models, in the order in which they were named; the others are set against the first. Names are unique together
    /// with their runtimes.
    pub models: Vec<BenchModelRecord>,
    /// What was assumed, in sentences.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The rows that models were measured on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchDatasetRecord {
    /// As the user named it.
    pub name: String,
    /// `test`, `validation`, `train`, or `all`.
    pub part: String,
    /// How many rows.
    pub rows: u64,
    /// Columns (or pixels) of a row as it came, before encoding.
    pub features: u64,
    /// Classes; `None` where the target is a value.
    pub classes: Option<u64>,
    /// Name of the column of values that is predicted; `None` where the target is a class.
    #[serde(default)]
    pub target: Option<String>,
    /// SHA-256 of the data, 64 hex digits.
    pub sha256: String,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One model in one runtime.
///
/// `None` and unavailable figures say that a number is not known or that the model has no such thing; 0 always means none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchModelRecord {
    /// As short as tells it from the others.
    pub name: String,
    /// Where it was read from.
    pub file: String,
    /// `ours`, or the name and version of another.
    pub runtime: String,
    /// Rows that it gets right; `None` where the target is a value.
    pub right: Option<u64>,
    /// Share of rows that it gets right, with a 95 % interval of what it is on other rows of the kind; `None` where the target
    /// is a value.
    #[serde(default)]
    pub accuracy: Option<Figure<f64>>,
    /// Root mean squared error in the target's unit, with a 95 % interval; `None` where the target is a class.
    #[serde(default)]
    pub rmse: Option<Figure<f64>>,
    /// Wall time of calls, one entry a number of rows.
    pub latency: Vec<BatchLatency>,
    /// Rows that are predicted at once on all threads.
    pub cases: u64,
    /// Wall time of predicting them.
    pub seconds: Figure<Seconds>,
    /// Energy of one prediction among these.
    pub joules_per_prediction: Figure<Joules>,
    /// Size of the file, or of all files of an ensemble.
    pub file_bytes: Option<u64>,
    /// Weights and biases; `None` for what is no network.
    pub parameters: Option<u64>,
    /// Parameters that are not zero.
    pub nonzero: Option<u64>,
    /// Weights left / prunable weights; `None` for what is no network.
    #[serde(default, serialize_with = "finite_or_none")]
    pub density: Option<f64>,
    /// Multiply-accumulates of one prediction, zeros multiplied too.
    pub macs: Option<u64>,
    /// Multiply-accumulates of one prediction with weights that are not zero.
    pub macs_nonzero: Option<u64>,
    /// Comparisons of one prediction.
    pub comparisons: Option<u64>,
    /// Largest difference of an answer from that of our own runtime with the same model; `None` for our own.
    #[serde(default, serialize_with = "finite_or_none")]
    pub largest_difference: Option<f64>,
    /// This model against the first one; `None` for the first.
    #[serde(default)]
    pub against_first: Option<AgainstFirst>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Wall time of calls with so many rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchLatency {
    /// Rows a call.
    pub batch: u64,
    /// Of the whole call: the median over turns of each turn's median, between the ends of its 95 % interval.
    pub us: Figure<Microseconds>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A model against the first one: how many times less it takes, with the doubt of both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgainstFirst {
    /// Percentage points of accuracy that it loses on the same rows, or percent of the target's standard deviation that its
    /// error is larger; below 0 where it is better.
    pub points_lost: Figure<f64>,
    /// Times less wall time a call, one entry a number of rows.
    pub latency: Vec<Figure<f64>>,
    /// Times less wall time for many cases.
    pub seconds: Figure<f64>,
    /// Times less energy a prediction.
    pub joules_per_prediction: Figure<f64>,
    /// Times fewer bytes.
    #[serde(serialize_with = "finite_or_none")]
    pub file_bytes: Option<f64>,
    /// Times fewer multiply-accumulates, those with zeros not counted.
    #[serde(serialize_with = "finite_or_none")]
    pub macs_nonzero: Option<f64>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Record for BenchRecord {
    const NAME: &'static str = "lessen.bench";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<(), String> {
        let batches = |model: &BenchModelRecord| model.latency.iter().map(|at| at.batch).collect::<Vec<_>>();
        let Some(first) = self.models.first() else { return Err("`models` is empty".into()) };
        for (place, model) in self.models.iter().enumerate() {
            let named = |other: &BenchModelRecord| other.name == model.name && other.runtime == model.runtime;
            if self.models.iter().take(place).any(named) {
                return Err(format!("two models are called `{}` in `{}`", model.name, model.runtime));
            }
            if batches(model) != batches(first) {
                return Err(format!(
                    "model `{}`: other numbers of rows in `latency` than the first",
                    model.name
                ));
            }
            if model.right.is_some_and(|right| right > self.dataset.rows) {
                return Err(format!("model `{}`: `right` is more than there are rows", model.name));
            }
            let against = model.against_first.as_ref().map(|against| against.latency.len());
            if against.is_some_and(|ratios| ratios != model.latency.len()) {
                return Err(format!("model `{}`: `against_first` has other latencies than it", model.name));
            }
        }
        Ok(())
    }
}
