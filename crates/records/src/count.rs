//! What computing models takes, counted (`lessen.count/1`).

use lessen_units::{Figure, Joules};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::schema::{Record, Schema, finite_or_none};

/// Models whose arithmetic was counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountRecord {
    /// `lessen.count/1`.
    pub schema: Schema<Self>,
    /// The models, in the order in which they were named.
    pub models: Vec<CountedModelRecord>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A model and what computing it once takes.
///
/// `None` says that a number is not known, or that a file of weights alone has no such thing; 0 always means none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountedModelRecord {
    /// The file, as it was named.
    pub file: String,
    /// `onnx`, `compact` or `safetensors`.
    pub format: String,
    /// Whether every node is counted; what is not is in `uncounted`, and the sums are of the others.
    pub complete: bool,
    /// Free dimensions, as they were filled in.
    pub dimensions: Vec<DimensionRecord>,
    /// Numbers that were learned.
    pub parameters: u64,
    /// Those of them that are not zero.
    pub nonzero: Option<u64>,
    /// Bytes of parameters, statistics, scales and zero points.
    pub weight_bytes: u64,
    /// Multiply-accumulates.
    pub macs: Option<u64>,
    /// Multiply-accumulates with weights that are not zero.
    pub macs_nonzero: Option<u64>,
    /// Floating-point operations: two a multiply-accumulate, and all others.
    pub flops: Option<u64>,
    /// Comparisons, which are no FLOPs.
    pub comparisons: Option<u64>,
    /// Bytes of inputs and results, each once.
    pub activation_bytes: Option<u64>,
    /// The most bytes of inputs and results that there are at a time.
    pub peak_activation_bytes: Option<u64>,
    /// FLOPs for each byte of weights, inputs and results.
    #[serde(default, serialize_with = "finite_or_none")]
    pub flops_per_byte: Option<f64>,
    /// What it takes on a chip, where that was asked for.
    #[serde(default)]
    pub energy: Option<ChipEnergyRecord>,
    /// How much of what its layers give is not zero, where rows were predicted to tell.
    #[serde(default)]
    pub activity: Option<ActivityRecord>,
    /// Its nodes in their order.
    pub layers: Vec<LayerRecord>,
    /// Tensors of a file of weights.
    #[serde(default)]
    pub tensors: Vec<TensorRecord>,
    /// Nodes whose operations are not known.
    pub uncounted: Vec<UncountedRecord>,
    /// What was assumed, in sentences.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Energy by what each operation takes on a chip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChipEnergyRecord {
    /// The table: `45nm`.
    pub table: String,
    /// Of all arithmetic.
    pub arithmetic_joules: Figure<Joules>,
    /// Of that with weights that are not zero.
    pub arithmetic_nonzero_joules: Figure<Joules>,
    /// Of fetching all weights once from DRAM.
    pub weights_from_dram_joules: Figure<Joules>,
    /// Of fetching them from a cache.
    pub weights_from_sram_joules: Figure<Joules>,
}

/// How much of what layers give is not zero for some rows, and what that leaves of their arithmetic (Han et al. 2015, Tables 2 to 5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivityRecord {
    /// The rows' data set.
    pub data: String,
    /// How many.
    pub rows: u64,
    /// Share of the encoded rows' numbers that are not zero; Han counts these as dense, and so does `flops_share`.
    pub input_density: f64,
    /// Layers with weights, in order.
    pub layers: Vec<LayerActivityRecord>,
    /// Share of all layers' results that is not zero.
    pub activation_density: f64,
    /// Share of the weights that is not zero.
    pub weight_density: f64,
    /// Share of the multiply-accumulates left where neither the weight nor what it is multiplied with is zero, as each layer's is.
    pub flops_share: f64,
    /// Share of them left where the weight is not zero: what an engine saves that looks at weights alone.
    pub flops_share_of_weights: f64,
}

/// The same of a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerActivityRecord {
    /// Its name.
    pub name: String,
    /// Its weights.
    pub weights: u64,
    /// Two a multiply-accumulate.
    pub flops: u64,
    /// Share of its results behind the activation that is not zero.
    pub activation_density: f64,
    /// Share of its weights that is not zero.
    pub weight_density: f64,
    /// `weight_density` times the `activation_density` of the layer before, which is 1 for the first.
    pub flops_share: f64,
}

/// A free dimension of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DimensionRecord {
    /// Its name.
    pub name: String,
    /// What it is; `None` where nothing was said.
    pub value: Option<u64>,
    /// Whether nothing was said and 1 was taken.
    pub assumed: bool,
}

/// A node of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerRecord {
    /// Its name, behind those of the nodes in whose bodies it is.
    pub name: String,
    /// Its operator.
    pub op: String,
    /// Extents of its first result; each is `None` where it is not known.
    pub result: Option<Vec<Option<u64>>>,
    /// Kind of its first result's numbers.
    pub element: Option<String>,
    /// How often it is done.
    pub times: u64,
    /// Multiply-accumulates, every time; as the next ones.
    pub macs: Option<u64>,
    /// With weights that are not zero.
    pub macs_nonzero: Option<u64>,
    /// Floating-point operations.
    pub flops: Option<u64>,
    /// Comparisons.
    pub comparisons: Option<u64>,
}

/// A tensor in a file of weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TensorRecord {
    /// Its name.
    pub name: String,
    /// What its numbers are, as in `bf16`.
    pub element: String,
    /// Its extents.
    pub shape: Vec<u64>,
    /// Bytes in the file.
    pub bytes: u64,
    /// Numbers that are not zero.
    pub nonzero: Option<u64>,
}

/// A node that is not counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UncountedRecord {
    /// Its name.
    pub name: String,
    /// Its operator.
    pub op: String,
    /// Extents of its first result.
    pub result: Option<Vec<Option<u64>>>,
    /// Why.
    pub reason: String,
}

impl Record for CountRecord {
    const NAME: &'static str = "lessen.count";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<(), String> {
        if self.models.is_empty() {
            return Err("`models` is empty".into());
        }
        for model in &self.models {
            if model.complete != model.uncounted.is_empty() {
                return Err(format!("model `{}`: `complete` is not what `uncounted` says", model.file));
            }
        }
        Ok(())
    }
}
