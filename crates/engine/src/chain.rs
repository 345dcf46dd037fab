//! A network as the engine sees it: dense layers in a row, each with the activation fused behind it.

use lessen_model::{Dense, Layer, Network};

use crate::error::EngineError;

/// What is applied to a dense layer's outputs in the same pass as its bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    None,
    Relu,
    Tanh,
    Softmax,
}

/// One dense layer of a chain.
pub(crate) struct Link<'n> {
    pub(crate) dense: &'n Dense,
    pub(crate) activation: Activation,
    /// The node that the activation, or else the layer, came from: for messages.
    pub(crate) node: &'n str,
}

impl Link<'_> {
    /// Outputs and inputs.
    pub(crate) fn shape(&self) -> (usize, usize) {
        let outputs = self.dense.bias.len();
        (outputs, self.dense.weights.values().len() / outputs.max(1))
    }
}

/// Reads a network as a chain.
///
/// # Errors
/// [`EngineError::Node`] for a node that takes its input from elsewhere than the node before it, an activation
/// that follows no dense layer, or a softmax before the end.
pub(crate) fn links(network: &Network) -> Result<Vec<Link<'_>>, EngineError> {
    let mut links: Vec<Link<'_>> = Vec::new();
    for (place, node) in network.nodes().iter().enumerate() {
        let refused = |expected| EngineError::Node { node: node.name.clone(), expected };
        if node.inputs != [place] {
            return Err(refused("its input to be the node before it"));
        }
        let activation = match &node.layer {
            Layer::Dense(dense) => {
                links.push(Link { dense, activation: Activation::None, node: &node.name });
                continue;
            }
            Layer::Relu => Activation::Relu,
            Layer::Tanh => Activation::Tanh,
            Layer::Softmax => Activation::Softmax,
            _ => return Err(refused("a dense layer, ReLU, tanh or softmax")),
        };
        match links.last_mut() {
            Some(link) if link.activation == Activation::None => {
                link.activation = activation;
                link.node = &node.name;
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
