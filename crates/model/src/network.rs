//! A network: layers, weights, the encoding it expects and what its outputs stand for.

use lessen_data::Encoding;
use lessen_units::Operations;
use serde::{Deserialize, Serialize};

use crate::mask::Weights;

/// A fully connected layer: `y = W x + b`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dense {
    /// `[outputs, inputs]`.
    pub weights: Weights,
    /// `[outputs]`; neither counted as prunable nor pruned.
    pub bias: Vec<f32>,
}

/// What a node does to the outputs of the nodes before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Layer {
    /// `y = W x + b`.
    Dense(Dense),
    /// `y = max(x, 0)`.
    Relu,
    /// `y = tanh(x)`.
    Tanh,
    /// Probabilities: `y_i = exp(x_i) / sum_j exp(x_j)` within a row.
    Softmax,
}

/// One layer in its place in the graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Unique in the network; the tensor it makes carries this name in files.
    pub name: String,
    /// What it does.
    pub layer: Layer,
    /// Where its inputs come from: 0 is the encoded row, `k` the node at place `k - 1`.
    pub inputs: Vec<usize>,
}

/// A network whose nodes fit together. Its last node's outputs are the network's.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    nodes: Vec<Node>,
    encoding: Encoding,
    classes: Vec<String>,
    widths: Vec<usize>,
}

/// Nodes that make no network.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkError {
    /// There is no node.
    #[error("a network needs at least one layer")]
    Empty,
    /// A node takes its input from itself, a later node or nowhere.
    #[error("node `{node}` takes {found} inputs from earlier nodes, expected 1")]
    Inputs {
        /// The node.
        node: String,
        /// Usable inputs found.
        found: usize,
    },
    /// A dense layer's weights or bias do not have the extent that its input has.
    #[error("node `{node}` has weights {weights:?} and bias [{bias}], expected [n, {inputs}] and [n]")]
    Shape {
        /// The node.
        node: String,
        /// Shape of the weights.
        weights: Vec<usize>,
        /// Length of the bias.
        bias: usize,
        /// Width of what it takes in.
        inputs: usize,
    },
    /// Two nodes have one name.
    #[error("two nodes are named `{node}`")]
    Duplicate {
        /// The name.
        node: String,
    },
    /// The last layer is not as wide as there are classes.
    #[error("the last layer has {found} outputs, expected {expected}, one a class")]
    Outputs {
        /// Number of classes.
        expected: usize,
        /// Width of the last node.
        found: usize,
    },
}

impl Network {
    /// Checks that nodes, encoding and classes fit together.
    ///
    /// # Errors
    /// [`NetworkError`] naming the first node that does not fit.
    pub fn new(nodes: Vec<Node>, encoding: Encoding, classes: Vec<String>) -> Result<Self, NetworkError> {
        let mut widths = vec![encoding.width()];
        for (place, node) in nodes.iter().enumerate() {
            if nodes[..place].iter().any(|earlier| earlier.name == node.name) {
                return Err(NetworkError::Duplicate { node: node.name.clone() });
            }
            let &[input] = node.inputs.as_slice() else {
                return Err(NetworkError::Inputs { node: node.name.clone(), found: node.inputs.len() });
            };
            let Some(&inputs) = widths.get(input) else {
                return Err(NetworkError::Inputs { node: node.name.clone(), found: 0 });
            };
            widths.push(match &node.layer {
                Layer::Dense(dense) => match dense.weights.shape() {
                    &[outputs, columns] if columns == inputs && outputs == dense.bias.len() => outputs,
                    shape => {
                        let (node, weights, bias) = (node.name.clone(), shape.to_vec(), dense.bias.len());
                        return Err(NetworkError::Shape { node, weights, bias, inputs });
                    }
                },
                Layer::Relu | Layer::Tanh | Layer::Softmax => inputs,
            });
        }
        let &[_, .., found] = widths.as_slice() else { return Err(NetworkError::Empty) };
        if found != classes.len() {
            return Err(NetworkError::Outputs { expected: classes.len(), found });
        }
        Ok(Self { nodes, encoding, classes, widths })
    }

    /// Nodes in topological order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Width of the encoded row (place 0) and of each node's output (node `k` at place `k + 1`).
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    /// How raw rows become the network's input.
    pub fn encoding(&self) -> &Encoding {
        &self.encoding
    }

    /// What the outputs stand for.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The dense layers, in order.
    pub fn dense(&self) -> impl Iterator<Item = &Dense> {
        self.nodes.iter().filter_map(|node| match &node.layer {
            Layer::Dense(dense) => Some(dense),
            _ => None,
        })
    }

    /// The dense layers, in order, for training. Their shapes must stay as they are.
    pub fn dense_mut(&mut self) -> impl Iterator<Item = &mut Dense> {
        self.nodes.iter_mut().filter_map(|node| match &mut node.layer {
            Layer::Dense(dense) => Some(dense),
            _ => None,
        })
    }

    /// Weights and biases.
    pub fn parameters(&self) -> usize {
        self.dense().map(|dense| dense.weights.values().len() + dense.bias.len()).sum()
    }

    /// Weights and biases that are not zero.
    pub fn nonzero(&self) -> usize {
        let bias = |dense: &Dense| dense.bias.iter().filter(|&&bias| bias != 0.0).count();
        self.dense().map(|dense| dense.weights.nonzero() + bias(dense)).sum()
    }

    /// Weights left over prunable weights; 1 where nothing was pruned.
    pub fn density(&self) -> f64 {
        let left: usize = self.dense().map(|dense| dense.weights.left()).sum();
        let all: usize = self.dense().map(|dense| dense.weights.values().len()).sum();
        if all == 0 { 1.0 } else { left as f64 / all as f64 }
    }

    /// One prediction as a dense engine would compute it: a MAC a weight, an add a bias and activation, four
    /// passes (maximum, difference with exp, sum, quotient) a softmax output.
    pub fn operations(&self) -> Operations {
        self.count(|weights| weights.values().len())
    }

    /// One prediction as an engine that skips zeros computes it: MACs at the nonzero weights only.
    pub fn operations_nonzero(&self) -> Operations {
        self.count(Weights::nonzero)
    }

    fn count(&self, macs: impl Fn(&Weights) -> usize) -> Operations {
        let of_node = |(node, &width): (&Node, &usize)| match &node.layer {
            Layer::Dense(dense) => {
                Operations { macs: macs(&dense.weights) as u64, adds: dense.bias.len() as u64, comparisons: 0 }
            }
            Layer::Relu => Operations { comparisons: width as u64, ..Operations::NONE },
            Layer::Tanh => Operations { adds: width as u64, ..Operations::NONE },
            Layer::Softmax => Operations { adds: 4 * width as u64, ..Operations::NONE },
        };
        self.nodes.iter().zip(&self.widths[1..]).map(of_node).sum()
    }

    /// The same function with the encoding's centring and scaling taken into every first layer, so that it
    /// takes raw numbers: `W (x - c) / s + b = (W / s) x + (b - W c / s)`. Exact but for rounding. `None` where
    /// something other than a dense layer reads the encoded row.
    pub fn with_scaling_folded(&self) -> Option<Self> {
        let (encoding, scaling) = self.encoding.unscaled();
        let mut nodes = self.nodes.clone();
        for node in nodes.iter_mut().filter(|node| node.inputs.contains(&0)) {
            let Layer::Dense(dense) = &mut node.layer else { return None };
            let inputs = scaling.len();
            for (row, bias) in dense.weights.values().chunks_exact(inputs.max(1)).zip(&mut dense.bias) {
                let shift = |(&weight, &(centre, scale)): (&f32, &(f32, f32))| {
                    f64::from(weight) * f64::from(centre) / f64::from(scale)
                };
                let shift: f64 = row.iter().zip(&scaling).map(shift).sum();
                *bias = (f64::from(*bias) - shift) as f32;
            }
            dense.weights.update(|index, weight| weight / scaling[index % inputs].1);
        }
        Some(Self { nodes, encoding, classes: self.classes.clone(), widths: self.widths.clone() })
    }
}
