//! What a model is, before anything runs or trains it.
//!
//! A [`Network`] is a graph of layers with [`Weights`] (and, where it was pruned, a [`Mask`]), the `Encoding`
//! it expects and its class names: all that a file must hold, be it [`onnx`] or [`compact`]; [`read()`] takes both. A [`Predictor`] is anything that gives class
//! probabilities for raw rows: networks, learners, ensembles, foreign models. Measuring, choosing and
//! labelling see predictors only and never ask what is behind one.
//!
//! Predictors are given a [`Batch`]: rows, and a memo of what can be derived from them, so that the members
//! of an ensemble share their common work (encoding, distances) in fact as well as in the count ([`Cost`]).

mod batch;
pub mod compact;
mod dead;
mod file;
mod mask;
mod network;
pub mod onnx;
mod predictor;

pub use batch::{Batch, SharedKey};
pub use file::{Format, ReadError, read};
pub use mask::{Mask, Weights};
pub use network::{Dense, Layer, Network, NetworkError, Node};
pub use predictor::{BLOCK, Cost, PredictError, PredictErrorKind, Predictor, predict_rows};
