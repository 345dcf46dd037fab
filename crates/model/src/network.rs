//! A network: layers, weights, the encoding it expects and what its outputs stand for.

use std::collections::HashSet;

use lessen_data::{Answer, Encoding, Unit};
use lessen_units::Operations;

use crate::mask::Weights;

/// A fully connected layer: `y = W x + b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// `[outputs, inputs]`.
    pub weights: Weights,
    /// `[outputs]`; neither counted as prunable nor pruned.
    pub bias: Vec<f32>,
}

/// What a node does to the outputs of the nodes before it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Layer {
    /// `y = W x + b`.
    Dense(Dense),
    /// `y = max(x, 0)`.
    Relu,
    /// `y = x`, below zero times this slope (Maas, Hannun & Ng 2013); the slope is finite.
    LeakyRelu(f32),
    /// `y = tanh(x)`.
    Tanh,
    /// `y = 1 / (1 + exp(-x))`.
    Sigmoid,
    /// Probabilities: `y_i = exp(x_i) / sum_j exp(x_j)` within a row.
    Softmax,
    /// In training this share of its inputs, drawn anew for each row and step, becomes 0, and the others are divided by what
    /// is kept (Srivastava et al. 2014, the division by their section 10); in `[0, 1)`. A prediction passes it unchanged.
    Dropout(f32),
}

/// One layer in its place in the graph.
#[derive(Clone, Debug, PartialEq)]
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
    answer: Answer,
    widths: Vec<usize>,
}

/// Nodes that make no network.
#[derive(Debug, thiserror::Error, PartialEq)]
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
    #[error(
        "node `{node}` has weights {weights:?} and bias [{bias}], expected [n, {inputs}] and [n] with n above 0"
    )]
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
    /// A layer's number is out of its range.
    #[error("node `{node}` has the {setting} {found}, expected {expected}")]
    Setting {
        /// The node.
        node: String,
        /// Which number.
        setting: &'static str,
        /// As it is.
        found: f32,
        /// Its range.
        expected: &'static str,
    },
    /// Two nodes have one name.
    #[error("two nodes are named `{node}`")]
    Duplicate {
        /// The name.
        node: String,
    },
    /// The last layer is not as wide as the answer has numbers.
    #[error("the last layer has {found} outputs, expected {expected}, one a class or one in all for a value")]
    Outputs {
        /// Number of classes, or 1.
        expected: usize,
        /// Width of the last node.
        found: usize,
    },
}

/// What a layer that is not dense computes of `width` numbers.
pub(crate) fn operations_of(layer: &Layer, width: usize) -> Operations {
    let width = width as u64;
    match layer {
        Layer::Dense(_) | Layer::Dropout(_) => Operations::NONE,
        Layer::Relu => Operations { comparisons: width, ..Operations::NONE },
        Layer::LeakyRelu(_) => Operations { comparisons: width, adds: width, ..Operations::NONE },
        Layer::Tanh | Layer::Sigmoid => Operations { adds: width, ..Operations::NONE },
        Layer::Softmax => Operations { adds: 4 * width, ..Operations::NONE },
    }
}

impl Network {
    /// Checks that nodes, encoding and answer fit together.
    ///
    /// # Errors
    /// [`NetworkError`] naming the first node that does not fit.
    pub fn new(nodes: Vec<Node>, encoding: Encoding, answer: Answer) -> Result<Self, NetworkError> {
        let mut widths = vec![encoding.width()];
        let mut names = HashSet::new();
        for node in &nodes {
            if !names.insert(node.name.as_str()) {
                return Err(NetworkError::Duplicate { node: node.name.clone() });
            }
            let &[input] = node.inputs.as_slice() else {
                return Err(NetworkError::Inputs { node: node.name.clone(), found: node.inputs.len() });
            };
            let Some(&inputs) = widths.get(input) else {
                return Err(NetworkError::Inputs { node: node.name.clone(), found: 0 });
            };
            let out_of_range = |setting, found, expected| {
                Err(NetworkError::Setting { node: node.name.clone(), setting, found, expected })
            };
            widths.push(match &node.layer {
                Layer::Dense(dense) => match dense.weights.shape() {
                    &[outputs, columns]
                        if outputs > 0 && columns == inputs && outputs == dense.bias.len() =>
                    {
                        outputs
                    }
                    shape => {
                        let (node, weights, bias) = (node.name.clone(), shape.to_vec(), dense.bias.len());
                        return Err(NetworkError::Shape { node, weights, bias, inputs });
                    }
                },
                &Layer::LeakyRelu(slope) if !slope.is_finite() => {
                    return out_of_range("slope", slope, "a finite number");
                }
                &Layer::Dropout(rate) if !(0.0..1.0).contains(&rate) => {
                    return out_of_range("dropout rate", rate, "at least 0 and below 1");
                }
                Layer::Relu
                | Layer::LeakyRelu(_)
                | Layer::Tanh
                | Layer::Sigmoid
                | Layer::Softmax
                | Layer::Dropout(_) => inputs,
            });
        }
        let &[_, .., found] = widths.as_slice() else { return Err(NetworkError::Empty) };
        if found != answer.outputs() {
            return Err(NetworkError::Outputs { expected: answer.outputs(), found });
        }
        Ok(Self { nodes, encoding, answer, widths })
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
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// Numbers that it gives for a row.
    pub fn outputs(&self) -> usize {
        self.answer.outputs()
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

    /// Each layer that has weights, in order: its name, and what pruning may take of it.
    pub fn weights(&self) -> impl Iterator<Item = (&str, &Weights)> {
        self.nodes.iter().filter_map(|node| match &node.layer {
            Layer::Dense(dense) => Some((node.name.as_str(), &dense.weights)),
            _ => None,
        })
    }

    /// The weights of each layer that has some, in order, to be pruned or changed.
    pub fn weights_mut(&mut self) -> impl Iterator<Item = &mut Weights> {
        self.dense_mut().map(|dense| &mut dense.weights)
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

    /// One prediction as a dense engine would compute it: a MAC a weight, an add a bias, tanh or sigmoid, a comparison a
    /// ReLU, a comparison and an add (its multiplication) a leaky one, four passes (maximum, difference with exp, sum,
    /// quotient) a softmax output, nothing a dropout.
    pub fn operations(&self) -> Operations {
        self.count(|weights| weights.values().len())
    }

    /// One prediction as an engine that skips zeros computes it: MACs at the nonzero weights only.
    pub fn operations_nonzero(&self) -> Operations {
        self.count(Weights::nonzero)
    }

    fn count(&self, macs: impl Fn(&Weights) -> usize) -> Operations {
        let of_node = |(node, &width): (&Node, &usize)| match &node.layer {
            Layer::Dense(dense) => Operations {
                macs: macs(&dense.weights) as u64,
                adds: dense.bias.len() as u64,
                comparisons: 0,
            },
            other => operations_of(other, width),
        };
        self.nodes.iter().zip(&self.widths[1..]).map(of_node).sum()
    }

    /// The same function with the encoding's centring and scaling taken into every first layer, so that it
    /// takes raw numbers: `W (x - c) / s + b = (W / s) x + (b - W c / s)`. Exact but for rounding. `None` where
    /// something other than a dense layer reads the encoded row. A dropout of the row, which a prediction passes unchanged,
    /// is left out: of raw numbers it would drop others.
    pub fn with_scaling_folded(&self) -> Option<Self> {
        let (encoding, scaling) = self.encoding.unscaled();
        let mut nodes = self.without_row_dropout()?;
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
        Self::new(nodes, encoding, self.answer.clone()).ok()
    }

    /// The nodes without those that drop entries of the row itself; `None` where the network answers with the row.
    fn without_row_dropout(&self) -> Option<Vec<Node>> {
        let mut nodes: Vec<Node> = Vec::with_capacity(self.nodes.len());
        // What place each old place has become.
        let mut places = vec![0];
        for node in &self.nodes {
            let mut node = node.clone();
            node.inputs.iter_mut().for_each(|input| *input = places[*input]);
            if matches!(node.layer, Layer::Dropout(_)) && node.inputs == [0] {
                places.push(0);
                continue;
            }
            nodes.push(node);
            places.push(nodes.len());
        }
        (places.last() != Some(&0)).then_some(nodes)
    }

    /// The same function of rows that are centred and scaled as `encoding` does it, where this one takes them as they are:
    /// [`Network::with_scaling_folded`] the other way round. `None` where the two encodings are otherwise not the same.
    pub fn with_scaling_of(&self, encoding: &Encoding) -> Option<Self> {
        let (unscaled, scaling) = encoding.unscaled();
        if unscaled != self.encoding {
            return None;
        }
        let mut nodes = self.nodes.clone();
        for node in nodes.iter_mut().filter(|node| node.inputs.contains(&0)) {
            let Layer::Dense(dense) = &mut node.layer else { return None };
            let inputs = scaling.len();
            for (row, bias) in dense.weights.values().chunks_exact(inputs.max(1)).zip(&mut dense.bias) {
                let shift =
                    |(&weight, &(centre, _)): (&f32, &(f32, f32))| f64::from(weight) * f64::from(centre);
                let shift: f64 = row.iter().zip(&scaling).map(shift).sum();
                *bias = (f64::from(*bias) + shift) as f32;
            }
            dense.weights.update(|index, weight| weight * scaling[index % inputs].1);
        }
        let (answer, widths) = (self.answer.clone(), self.widths.clone());
        Some(Self { nodes, encoding: encoding.clone(), answer, widths })
    }

    /// The network that answers with `centre + scale y` where this one answers with the number `y`: what learned in a unit
    /// answers as that unit's numbers were. Both are taken into the last dense layer, exact but for rounding; a network of
    /// classes, or one whose last layer is not dense, is given back as it is.
    pub fn answering_in(mut self, Unit { centre, scale }: Unit) -> Self {
        if let (Answer::Value(_), Some(Node { layer: Layer::Dense(dense), .. })) =
            (&self.answer, self.nodes.last_mut())
        {
            dense.weights.update(|_, weight| weight * scale);
            dense.bias.iter_mut().for_each(|bias| *bias = bias.mul_add(scale, centre));
        }
        self
    }
}

#[cfg(test)]
mod tests;
