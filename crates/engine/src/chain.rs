//! A network as the engine sees it: dense layers in a row, each with the activation fused behind it.

use lessen_model::compact::{DenseLayout, Layout, LayoutLayer};
use lessen_model::{Dense, Layer, Network};

use crate::error::EngineError;

/// What is applied to a dense layer's outputs in the same pass as its bias.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Activation {
    None,
    Relu,
    /// With the slope below zero.
    LeakyRelu(f32),
    Tanh,
    Sigmoid,
    Softmax,
}

/// One dense layer of a chain, its numbers held in a `D`.
pub(crate) struct Link<'n, D = Dense> {
    pub(crate) dense: &'n D,
    /// Share of its inputs that training drops; 0 for none.
    pub(crate) dropout: f32,
    /// The layer's node.
    pub(crate) name: &'n str,
    pub(crate) activation: Activation,
    /// The node that the activation, or else the layer, came from: for messages.
    pub(crate) node: &'n str,
}

impl Link<'_> {
    /// Outputs (at least one) and inputs.
    pub(crate) fn shape(&self) -> (usize, usize) {
        let outputs = self.dense.bias.len();
        (outputs, self.dense.weights.values().len() / outputs)
    }
}

/// A node as the reading of a chain sees it.
struct Part<'n, D> {
    name: &'n str,
    inputs: &'n [usize],
    what: What<'n, D>,
}

enum What<'n, D> {
    Dense(&'n D),
    Other(&'n Layer),
}

/// Reads a network as a chain.
///
/// # Errors
/// [`EngineError::Node`] where it is none; see [`chained`].
pub(crate) fn links(network: &Network) -> Result<Vec<Link<'_>>, EngineError> {
    chained(network.nodes().iter().map(|node| {
        let what = match &node.layer {
            Layer::Dense(dense) => What::Dense(dense),
            other => What::Other(other),
        };
        Part { name: &node.name, inputs: &node.inputs, what }
    }))
}

/// Reads what a compact file holds as a chain, whose layers fit together and to the encoding and answer.
///
/// # Errors
/// [`EngineError::Node`] where it is none; see [`chained`].
pub(crate) fn links_of_layout(layout: &Layout) -> Result<Vec<Link<'_, DenseLayout>>, EngineError> {
    let links = chained(layout.nodes.iter().map(|node| {
        let what = match &node.layer {
            LayoutLayer::Dense(dense) => What::Dense(dense),
            LayoutLayer::Other(other) => What::Other(other),
        };
        Part { name: &node.name, inputs: &node.inputs, what }
    }))?;
    let mut width = layout.encoding.width();
    for link in &links {
        if matches!(link.activation, Activation::LeakyRelu(slope) if !slope.is_finite()) {
            return Err(EngineError::Node { node: link.node.to_owned(), expected: "a finite slope" });
        }
        if link.dense.inputs != width || link.dense.outputs == 0 {
            let expected = "as many inputs as the layer before it has outputs, and an output";
            return Err(EngineError::Node { node: link.name.to_owned(), expected });
        }
        width = link.dense.outputs;
    }
    match links.last() {
        Some(last) if width != layout.answer.outputs() => {
            let expected = "as many outputs as the answer has numbers";
            Err(EngineError::Node { node: last.name.to_owned(), expected })
        }
        _ => Ok(links),
    }
}

/// Reads nodes as a chain.
///
/// # Errors
/// [`EngineError::Node`] for a node that takes its input from elsewhere than the node before it, an activation
/// or a dropout that stands elsewhere than behind a dense layer, a dense layer without outputs, or a softmax before the
/// end. A dropout may also come first, but not last.
fn chained<'n, D>(
    parts: impl ExactSizeIterator<Item = Part<'n, D>>,
) -> Result<Vec<Link<'n, D>>, EngineError> {
    let count = parts.len();
    let mut links: Vec<Link<'n, D>> = Vec::new();
    // What the next dense layer's inputs have gone through.
    let mut dropout: Option<f32> = None;
    for (place, node) in parts.enumerate() {
        let refused = |expected| EngineError::Node { node: node.name.to_owned(), expected };
        if node.inputs != [place] {
            return Err(refused("its input to be the node before it"));
        }
        let layer = match node.what {
            What::Dense(dense) => {
                let (activation, dropout) = (Activation::None, dropout.take().unwrap_or(0.0));
                links.push(Link { dense, dropout, name: node.name, activation, node: node.name });
                continue;
            }
            What::Other(layer) => layer,
        };
        let activation = match layer {
            &Layer::Dropout(_) if dropout.is_some() => return Err(refused("one dropout between two layers")),
            &Layer::Dropout(_) if place + 1 == count => {
                return Err(refused("a layer behind a dropout"));
            }
            &Layer::Dropout(rate) => {
                dropout = Some(rate);
                continue;
            }
            _ if dropout.is_some() => return Err(refused("a dense layer behind a dropout")),
            Layer::Relu => Activation::Relu,
            // Training tells from what comes out of an activation which side of zero went in; here it cannot.
            &Layer::LeakyRelu(0.0) => Activation::Relu,
            &Layer::LeakyRelu(slope) => Activation::LeakyRelu(slope),
            Layer::Tanh => Activation::Tanh,
            Layer::Sigmoid => Activation::Sigmoid,
            Layer::Softmax => Activation::Softmax,
            _ => return Err(refused("a dense layer, an activation or a dropout")),
        };
        match links.last_mut() {
            Some(link) if link.activation == Activation::None => {
                link.activation = activation;
                link.node = node.name;
            }
            _ => return Err(refused("one activation behind each dense layer")),
        }
    }
    let last = links.len().saturating_sub(1);
    if let Some(link) = links[..last].iter().find(|link| link.activation == Activation::Softmax) {
        return Err(EngineError::Node { node: link.node.to_owned(), expected: "softmax at the end only" });
    }
    Ok(links)
}

#[cfg(test)]
mod tests {
    use lessen_data::{Answer, ColumnEncoding, Encoding};
    use lessen_model::{Node, Weights};

    use super::*;

    fn dense(outputs: usize) -> Layer {
        let weights = Weights::new(vec![outputs, 2], vec![0.5; outputs * 2]).unwrap();
        Layer::Dense(Dense { weights, bias: vec![0.0; outputs] })
    }

    /// A network of these layers, each with its input from the node at that place, and all two wide but the last.
    fn network(layers: Vec<(Layer, usize)>, outputs: usize) -> Network {
        let node = |(place, (layer, input))| Node { name: format!("n{place}"), layer, inputs: vec![input] };
        let nodes = layers.into_iter().enumerate().map(node).collect();
        let encoding = ColumnEncoding::Pixels { count: 2, shift: 0.0, scale: 1.0 };
        let classes = Answer::Classes((0..outputs).map(|class| class.to_string()).collect());
        Network::new(nodes, Encoding::try_from(vec![encoding]).unwrap(), classes).unwrap()
    }

    #[test]
    fn each_activation_goes_to_the_layer_before_it() {
        let layers = vec![(dense(2), 0), (Layer::Tanh, 1), (dense(2), 2), (dense(3), 3), (Layer::Softmax, 4)];
        let network = network(layers, 3);
        let links = links(&network).unwrap();
        let found: Vec<_> = links.iter().map(|link| (link.node, link.activation, link.shape())).collect();
        let expected = [
            ("n1", Activation::Tanh, (2, 2)),
            ("n2", Activation::None, (2, 2)),
            ("n4", Activation::Softmax, (3, 2)),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_dropout_goes_to_the_layer_behind_it_and_a_slope_of_zero_is_a_relu() {
        let layers = vec![
            (Layer::Dropout(0.2), 0),
            (dense(2), 1),
            (Layer::LeakyRelu(0.1), 2),
            (Layer::Dropout(0.5), 3),
            (dense(2), 4),
            (Layer::LeakyRelu(0.0), 5),
            (dense(2), 6),
            (Layer::Sigmoid, 7),
        ];
        let network = network(layers, 2);
        let found: Vec<_> =
            links(&network).unwrap().iter().map(|link| (link.dropout, link.activation)).collect();
        let expected =
            [(0.2, Activation::LeakyRelu(0.1)), (0.5, Activation::Relu), (0.0, Activation::Sigmoid)];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_chain_is_refused_with_its_node() {
        let dropout = Layer::Dropout(0.5);
        let cases = [
            (
                vec![(dense(2), 0), (dropout.clone(), 1), (Layer::Relu, 2), (dense(2), 3)],
                2,
                "node `n2` cannot be run: expected a dense layer behind a dropout",
            ),
            (
                vec![(dropout.clone(), 0), (dropout.clone(), 1), (dense(2), 2)],
                2,
                "node `n1` cannot be run: expected one dropout between two layers",
            ),
            (
                vec![(dense(2), 0), (dropout, 1)],
                2,
                "node `n1` cannot be run: expected a layer behind a dropout",
            ),
            (
                vec![(Layer::Relu, 0)],
                2,
                "node `n0` cannot be run: expected one activation behind each dense layer",
            ),
            (
                vec![(dense(2), 0), (Layer::Relu, 1), (Layer::Tanh, 2)],
                2,
                "node `n2` cannot be run: expected one activation behind each dense layer",
            ),
            (
                vec![(dense(2), 0), (dense(2), 0)],
                2,
                "node `n1` cannot be run: expected its input to be the node before it",
            ),
            (
                vec![(dense(2), 0), (Layer::Softmax, 1), (dense(2), 2)],
                2,
                "node `n1` cannot be run: expected softmax at the end only",
            ),
        ];
        for (layers, outputs, expected) in cases {
            let network = network(layers, outputs);
            assert_eq!(links(&network).err().map(|error| error.to_string()).as_deref(), Some(expected));
        }
    }
}
