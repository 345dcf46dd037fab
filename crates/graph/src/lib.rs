//! Models of any tool as graphs of operators: read, understood, counted.
//!
//! An ONNX file is a graph of operators. [`Model::open`] reads it (mapped, not copied), [`Model::count`] walks it: what the extents of
//! each result are, what each node takes, which constants were learned and how many of their numbers are not zero. What cannot be known
//! is never counted as nothing: it is listed with the reason ([`Count::unknown`]).

mod call;
mod constants;
mod count;
mod element;
mod error;
pub mod file;
pub mod limits;
mod memory;
mod model;
mod numbers;
mod operators;
pub mod proto;
pub mod safetensors;
mod tensor;
mod value;
mod walk;

pub use self::call::Reason;
pub use self::constants::{Constant, Role};
pub use self::count::{Count, Dimension};
pub use self::element::{Class, Element};
pub use self::error::GraphError;
pub use self::memory::Activations;
pub use self::model::{Model, Options};
pub use self::numbers::{Array, Numbers};
pub use self::value::{Content, Dims, Value};
pub use self::walk::NodeCount;
