//! A network: layers, weights, the encoding it expects and what its outputs stand for.

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
    /// `y = tanh(x)`.
    Tanh,
    /// Probabilities: `y_i = exp(x_i) / sum_j exp(x_j)` within a row.
    Softmax,
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

impl Network {
    /// Checks that nodes, encoding and answer fit together.
    ///
    /// # Errors
    /// [`NetworkError`] naming the first node that does not fit.
    pub fn new(nodes: Vec<Node>, encoding: Encoding, answer: Answer) -> Result<Self, NetworkError> {
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
                Layer::Relu | Layer::Tanh | Layer::Softmax => inputs,
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
            Layer::Dense(dense) => Operations {
                macs: macs(&dense.weights) as u64,
                adds: dense.bias.len() as u64,
                comparisons: 0,
            },
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
        Some(Self { nodes, encoding, answer: self.answer.clone(), widths: self.widths.clone() })
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
mod tests {
    use super::*;
    use lessen_data::ColumnEncoding;

    fn pixels(count: usize) -> Encoding {
        Encoding::try_from(vec![ColumnEncoding::Pixels { count, shift: 0.0, scale: 1.0 }]).unwrap()
    }

    fn dense(shape: [usize; 2], values: &[f32], bias: &[f32]) -> Layer {
        let weights = Weights::new(shape.to_vec(), values.to_vec()).unwrap();
        Layer::Dense(Dense { weights, bias: bias.to_vec() })
    }

    fn node(name: &str, layer: Layer, inputs: &[usize]) -> Node {
        Node { name: name.into(), layer, inputs: inputs.to_vec() }
    }

    fn names(count: usize) -> Answer {
        Answer::Classes((0..count).map(|class| format!("class {class}")).collect())
    }

    /// 2 features, 3 hidden units, 2 classes; of its 17 parameters 4 are zero.
    fn small() -> Network {
        let hidden = dense([3, 2], &[1.0, 0.0, 2.0, -1.0, 0.5, -0.0], &[0.5, 0.0, 1.0]);
        let output = dense([2, 3], &[1.0, 2.0, 3.0, 0.0, 5.0, 6.0], &[1.0, 2.0]);
        let nodes = vec![
            node("hidden", hidden, &[0]),
            node("relu", Layer::Relu, &[1]),
            node("output", output, &[2]),
            node("softmax", Layer::Softmax, &[3]),
        ];
        Network::new(nodes, pixels(2), names(2)).unwrap()
    }

    #[test]
    fn nodes_that_do_not_fit_are_refused() {
        let wide = |bias: &[f32]| dense([2, 3], &[0.0; 6], bias);
        let inputs = |node: &str, found| NetworkError::Inputs { node: node.into(), found };
        let shape = |weights: &[usize], bias| NetworkError::Shape {
            node: "a".into(),
            weights: weights.to_vec(),
            bias,
            inputs: 3,
        };
        let flat = Weights::new(vec![3], vec![0.0; 3]).unwrap();
        let flat = Layer::Dense(Dense { weights: flat, bias: vec![0.0] });
        let cases = [
            ("no node", vec![], NetworkError::Empty),
            ("no input", vec![node("a", Layer::Relu, &[])], inputs("a", 0)),
            ("two inputs", vec![node("a", Layer::Relu, &[0, 0])], inputs("a", 2)),
            ("its own output", vec![node("a", Layer::Relu, &[1])], inputs("a", 0)),
            ("nowhere", vec![node("a", Layer::Relu, &[usize::MAX])], inputs("a", 0)),
            (
                "too few columns",
                vec![node("a", dense([2, 2], &[0.0; 4], &[0.0; 2]), &[0])],
                shape(&[2, 2], 2),
            ),
            ("too short a bias", vec![node("a", wide(&[0.0]), &[0])], shape(&[2, 3], 1)),
            ("a vector", vec![node("a", flat, &[0])], shape(&[3], 1)),
            (
                "one name twice",
                vec![node("a", Layer::Relu, &[0]), node("a", Layer::Tanh, &[1])],
                NetworkError::Duplicate { node: "a".into() },
            ),
            (
                "more outputs than classes",
                vec![node("a", Layer::Relu, &[0])],
                NetworkError::Outputs { expected: 2, found: 3 },
            ),
        ];
        let wrong: Vec<_> = cases
            .into_iter()
            .map(|(what, nodes, expected)| (what, Network::new(nodes, pixels(3), names(2)), expected))
            .filter(|(_, found, expected)| found.as_ref().err() != Some(expected))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let right = Network::new(vec![node("a", wide(&[0.0; 2]), &[0])], pixels(3), names(2)).unwrap();
        assert_eq!(right.widths(), [3, 2]);
    }

    #[test]
    fn an_answer_is_scaled_in_the_last_layer() {
        let network = || {
            let layer = node("a", dense([1, 2], &[3.0, -1.0], &[0.5]), &[0]);
            Network::new(vec![layer], pixels(2), Answer::Value("y".into())).unwrap()
        };
        let unit = Unit { centre: 10.0, scale: 2.0 };
        let scaled = network().answering_in(unit);
        let dense = scaled.dense().next().unwrap();
        assert_eq!((dense.weights.values(), dense.bias.as_slice()), (&[6.0, -2.0][..], &[11.0][..]));
        assert_eq!((scaled.outputs(), network().answer().classes()), (1, None));
        assert_eq!(small().answering_in(unit), small(), "probabilities are not scaled");
    }

    #[test]
    fn an_error_names_the_node_and_both_shapes() {
        let error =
            Network::new(vec![node("a", dense([1, 2], &[0.0; 2], &[0.0]), &[0])], pixels(3), names(1));
        let expected = "node `a` has weights [1, 2] and bias [1], expected [n, 3] and [n] with n above 0";
        assert_eq!(error.unwrap_err().to_string(), expected);
    }

    #[test]
    fn parameters_and_operations_are_those_counted_by_hand() {
        let mut network = small();
        assert_eq!((network.parameters(), network.nonzero(), network.density()), (17, 13, 1.0));
        // MACs: 3 * 2 + 2 * 3. Adds: the biases 3 + 2, the softmax 4 * 2. Comparisons: 3 of the ReLU.
        assert_eq!(network.operations(), Operations { macs: 12, adds: 13, comparisons: 3 });
        // Three of the twelve weights are zero.
        assert_eq!(network.operations_nonzero(), Operations { macs: 9, adds: 13, comparisons: 3 });

        // Of twelve weights six are left, the first, which is 1.0 in both layers, not among them.
        for dense in network.dense_mut() {
            dense.weights.shrink(|index| index > 2);
        }
        assert_eq!(network.density(), 0.5);
        // Left and not zero: -1.0, 0.5 and 5.0, 6.0; biases 0.5, 1.0 and 1.0, 2.0.
        assert_eq!((network.parameters(), network.nonzero()), (17, 8));
        assert_eq!(network.operations_nonzero(), Operations { macs: 4, adds: 13, comparisons: 3 });
        assert_eq!(network.operations(), small().operations());
    }

    #[test]
    fn a_tanh_counts_one_add_a_unit_and_no_weights_are_dense() {
        let network = Network::new(vec![node("tanh", Layer::Tanh, &[0])], pixels(5), names(5)).unwrap();
        assert_eq!(network.operations(), Operations { macs: 0, adds: 5, comparisons: 0 });
        assert_eq!((network.parameters(), network.density()), (0, 1.0));
    }

    /// A number with an indicator, then two levels: `[(x - 2) / 4, missing?, level a?, level b?]`.
    fn scaled() -> Encoding {
        let number =
            ColumnEncoding::Numeric { name: "x".into(), fill: 6.0, shift: 2.0, scale: 4.0, indicator: true };
        let levels = ColumnEncoding::Nominal { name: "l".into(), levels: vec!["a".into(), "b".into()] };
        Encoding::try_from(vec![number, levels]).unwrap()
    }

    #[test]
    fn scaling_is_folded_as_by_hand() {
        let layer = dense([2, 4], &[8.0, 3.0, 5.0, 7.0, -4.0, 0.0, 1.0, 2.0], &[1.0, 0.0]);
        let mut network = Network::new(vec![node("a", layer, &[0])], scaled(), names(2)).unwrap();
        network.dense_mut().for_each(|dense| dense.weights.shrink(|index| index != 2));

        let folded = network.with_scaling_folded().unwrap();
        let dense = folded.dense().next().unwrap();
        // Column 0 is divided by 4, the others are not scaled.
        assert_eq!(dense.weights.values(), [2.0, 3.0, 0.0, 7.0, -1.0, 0.0, 1.0, 2.0]);
        // 1 - 8 * 2 / 4 and 0 + 4 * 2 / 4: at x = 10 both give 8 * 2 + 1 = 2 * 10 - 3 = 17.
        assert_eq!(dense.bias, [-3.0, 2.0]);
        assert_eq!(folded.density(), network.density());
        let unscaled =
            ColumnEncoding::Numeric { name: "x".into(), fill: 6.0, shift: 0.0, scale: 1.0, indicator: true };
        assert_eq!(folded.encoding().columns()[0], unscaled);
        assert_eq!(folded.encoding().columns()[1], network.encoding().columns()[1]);
        assert_eq!(folded.with_scaling_of(&scaled()).as_ref(), Some(&network), "and back");
        assert_eq!(network.with_scaling_of(&scaled()), None, "it is scaled already");
        assert_eq!(folded.with_scaling_folded(), Some(folded), "folding twice changes nothing");
    }

    #[test]
    fn only_layers_that_read_the_row_are_folded_and_only_dense_ones_can_be() {
        let first = node("a", dense([4, 4], &[1.0; 16], &[0.0; 4]), &[0]);
        let second = node("b", dense([1, 4], &[1.0; 4], &[0.5]), &[1]);
        let network = Network::new(vec![first, second.clone()], scaled(), names(1)).unwrap();
        let folded = network.with_scaling_folded().unwrap();
        assert_eq!(folded.nodes()[1], second);
        assert_eq!(folded.dense().next().unwrap().bias, [-0.5; 4]);

        let relu = Network::new(vec![node("relu", Layer::Relu, &[0])], scaled(), names(4)).unwrap();
        assert_eq!(relu.with_scaling_folded(), None);
    }
}
