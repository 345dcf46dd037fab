//! Networks of other tools.
//!
//! A feed-forward network says the same thing in as many ways as there are exporters. [`Foreign::of`] takes such a graph apart
//! and puts it together of the layers that are known here, so that it can be trained and pruned:
//!
//! | in the file | here |
//! | --- | --- |
//! | `Gemm` with any factors; `MatMul`, with an `Add` behind it or none; a `Conv` that covers all of what it reads | a dense layer |
//! | `BatchNormalization`, `Add`, `Sub`, `Mul`, `Div`, `Neg` with constants | taken into the dense layer before or, where that is none, behind it |
//! | `Relu`, `LeakyRelu`, `PRelu` of one slope, `Clip` at 0, `Tanh`, `Sigmoid`, `Softmax`, `Dropout` | the same |
//! | `Flatten`, `Reshape`, `Squeeze`, `Unsqueeze`, `Transpose` that keep a row's numbers in their order; `Identity`, `Cast` | nothing |
//! | `Shape`, `Gather`, `Slice`, `Concat` of extents; arithmetic of constants; `DequantizeLinear` of weights | worked out |
//! | `LogSoftmax` at the end, or none where classes are asked for | a softmax |
//! | one number through a sigmoid, or without, where two classes are asked for | a softmax of that number and 0 |
//!
//! A layer of which more than a tenth of the weights, but not all, are exactly 0 was pruned: those are gone ([`Mask`](crate::Mask)).
//! What rows and answers stand for, the file does not say: [`Foreign::network`] is told.

mod affine;
mod answer;
mod attributes;
mod constants;
mod layers;
mod reader;
mod rows;
mod signature;
mod value;

use lessen_data::{Answer, Encoding};
use lessen_graph::Model;
use lessen_graph::proto::NodeProto;

use super::OnnxError;
use crate::{Layer, Network, Node};
use reader::Reader;
pub use signature::{Ending, Signature};

/// Layers of another tool's model, not yet a network: what its rows and answers stand for is to be said.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreign {
    nodes: Vec<Node>,
    /// Operators behind the last layer's name, for messages.
    last: (String, String),
    inputs: usize,
    outputs: usize,
    notes: Vec<String>,
}

impl Foreign {
    /// Layers of a model's graph.
    ///
    /// # Errors
    /// [`OnnxError::Kept`] where a node is nothing that layers here do: such a model can be run, but not changed.
    /// Others where the file is broken. Memory is bounded by the sizes of the files: a small multiple of them.
    pub fn of(model: &Model) -> Result<Self, OnnxError> {
        Reader::read(model)
    }

    /// Numbers in a row.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Numbers in an answer, as the file has them.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Whether the last layer is a sigmoid: a single one is the probability of the second of two classes.
    pub fn is_sigmoid(&self) -> bool {
        matches!(self.nodes.last(), Some(Node { layer: Layer::Sigmoid, .. }))
    }

    /// What was done to the graph beyond reading it, in sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The network, for rows that `encoding` makes and these answers.
    ///
    /// # Errors
    /// [`OnnxError::Rows`] where the encoding makes rows of another width, [`OnnxError::Network`] where the answer has another number
    /// of outputs, [`OnnxError::Kept`] where the last layer gives neither probabilities nor what a softmax makes probabilities of.
    pub fn network(self, encoding: Encoding, answer: Answer) -> Result<Network, OnnxError> {
        if encoding.width() != self.inputs {
            return Err(OnnxError::Rows { expected: self.inputs, found: encoding.width() });
        }
        let nodes = answer::ending(self, &answer)?;
        Ok(Network::new(nodes, encoding, answer)?)
    }
}

/// Layers of which this share of the weights is exactly zero, and not all, were pruned.
const PRUNED_FROM: f64 = 0.1;

/// Marks what earlier pruning took, so that training leaves it gone.
fn mark_pruned(nodes: &mut [Node], notes: &mut Vec<String>) {
    for node in nodes {
        let Layer::Dense(dense) = &mut node.layer else { continue };
        let (all, nonzero) = (dense.weights.values().len(), dense.weights.nonzero());
        if nonzero > 0 && (all - nonzero) as f64 > PRUNED_FROM * all as f64 {
            let is_zero: Vec<bool> = dense.weights.values().iter().map(|&weight| weight == 0.0).collect();
            dense.weights.shrink(|place| !is_zero[place]);
            notes.push(format!("`{}` was pruned: {nonzero} of {all} weights are left", node.name));
        }
    }
}

/// The error of a node that is no layer here.
fn kept(node: &NodeProto, why: impl Into<String>) -> OnnxError {
    OnnxError::Kept { node: name(node), op: super::read::qualified(node), why: why.into() }
}

/// What messages call a node: its name, or its result's.
fn name(node: &NodeProto) -> String {
    let named = [&node.name].into_iter().chain(&node.output).find(|name| !name.is_empty());
    named.cloned().unwrap_or_default()
}
