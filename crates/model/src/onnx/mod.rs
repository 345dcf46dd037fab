//! The ONNX file: what a network is kept in, and what other runtimes read.
//!
//! [`write()`] makes a plain ONNX model (IR version 8, operators of opset 17) that any runtime computes: input
//! `rows`, `[batch, width]` floats as the network's `Encoding` makes them, output `probabilities`,
//! `[batch, classes]`, or `value`, `[batch, 1]`, where the answer is a number. Each node's tensor has the node's name (the
//! last one's is the output's), a dense
//! layer's parameters add `.weights` and `.bias` to it, a dropout's `.ratio`; a name that is taken already gets a `_`.
//! What ONNX has no place for travels in the model's metadata:
//!
//! | key | value |
//! | --- | --- |
//! | `lessen.format` | `1` |
//! | `lessen.classes` | JSON list of the classes' names; absent where the answer is a number |
//! | `lessen.value` | JSON string: the name of the column that the answer is a number of; absent for classes |
//! | `lessen.encoding` | JSON of the `Encoding` |
//! | `lessen.masked` | JSON list of the weight tensors that have a mask; absent where none has |
//!
//! In a masked tensor a weight that is gone is `0.0`. One that is left and happens to be zero is written as
//! `-0.0`, which computes the same, so that the file alone tells which weights are left.
//!
//! [`read()`] makes the same [`Network`](crate::Network) of such a file again, [`Foreign`] one of another tool's file.
//!
//! # Example
//! ```
//! use lessen_data::{Answer, ColumnEncoding, Encoding};
//! use lessen_model::{Dense, Layer, Network, Node, Weights, onnx};
//!
//! let encoding = Encoding::try_from(vec![ColumnEncoding::Pixels { count: 2, shift: 0.0, scale: 1.0 }])?;
//! let weights = Weights::new(vec![1, 2], vec![0.5, -0.5]).ok_or("the shape holds the values")?;
//! let dense = Layer::Dense(Dense { weights, bias: vec![0.0] });
//! let node = Node { name: "difference".into(), layer: dense, inputs: vec![0] };
//! let network = Network::new(vec![node], encoding, Answer::Value("price".into()))?;
//!
//! let bytes = onnx::write(&network);
//! assert_eq!(onnx::read(&bytes)?, network);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod foreign;
mod metadata;
mod read;
mod tensors;
mod write;

pub use error::OnnxError;
pub use foreign::{Ending, Foreign, Signature};
pub use read::read;
pub use write::write;

/// Whether a model says that lessen wrote it; what it then says may still be wrong.
pub fn is_ours(model: &lessen_graph::proto::ModelProto) -> bool {
    model.metadata_props.iter().any(|entry| entry.key.starts_with("lessen."))
}

/// Name of the graph's input.
const ROWS: &str = "rows";
/// Name of the graph's output where the answer is a class.
const PROBABILITIES: &str = "probabilities";
/// Name of the graph's output where the answer is a number.
const VALUE: &str = "value";

/// The version of what [`FORMAT_KEY`] and its kin mean.
const FORMAT: &str = "1";
const FORMAT_KEY: &str = "lessen.format";
const CLASSES_KEY: &str = "lessen.classes";
const VALUE_KEY: &str = "lessen.value";
const ENCODING_KEY: &str = "lessen.encoding";
const MASKED_KEY: &str = "lessen.masked";
