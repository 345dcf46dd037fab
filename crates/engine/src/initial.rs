//! Networks before training.

use lessen_data::{Answer, Encoding, random};
use lessen_model::{Dense, Layer, Network, Node, Weights};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::error::EngineError;

/// Most weights of one layer: 1 GiB of them.
const MOST_WEIGHTS: usize = 1 << 28;

/// What stands behind each hidden layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// `max(x, 0)`; its layers start He-normal (He et al. 2015).
    Relu,
    /// `tanh(x)`; its layers start Glorot-normal (Glorot & Bengio 2010).
    Tanh,
}

/// A multilayer perceptron: a dense layer and `activation` for each of `hidden`, then a dense layer and, for classes,
/// softmax. Without hidden layers it is multinomial logistic (for a number: linear) regression.
///
/// Weights are drawn from the stream `start weights` of `seed`, from normal distributions (the output layer's is
/// Glorot's); biases are 0.
///
/// # Errors
/// Where a layer has no unit, or there is no class.
pub fn mlp(
    encoding: Encoding,
    hidden: &[usize],
    activation: Activation,
    answer: Answer,
    seed: u64,
) -> Result<Network, EngineError> {
    let mut random = random::stream(seed, "start weights");
    let mut nodes: Vec<Node> = Vec::new();
    let mut push = |name: String, layer: Layer| {
        let inputs = vec![nodes.len()];
        nodes.push(Node { name, layer, inputs });
    };
    let mut inputs = encoding.width();
    for (place, &outputs) in hidden.iter().chain(&[answer.outputs()]).enumerate() {
        let is_last = place == hidden.len();
        if outputs == 0 {
            let setting = if is_last { "classes" } else { "hidden" };
            return Err(EngineError::Recipe { setting, found: 0.0, expected: "at least 1" });
        }
        let fan = match activation {
            Activation::Relu if !is_last => inputs as f32 / 2.0,
            _ => (inputs + outputs) as f32 / 2.0,
        };
        let deviation = (1.0 / fan.max(0.5)).sqrt();
        let draw = |_| -> f32 {
            let normal: f32 = StandardNormal.sample(&mut random);
            deviation * normal
        };
        // Before anything is drawn: a layer too large must be an error, not the end of the process.
        let count = outputs.checked_mul(inputs).filter(|count| *count <= MOST_WEIGHTS);
        let values = (0..count.unwrap_or(0)).map(draw).collect();
        let Some(weights) = Weights::new(vec![outputs, inputs], values) else {
            return Err(EngineError::Recipe {
                setting: "hidden",
                found: outputs as f64,
                expected: "a smaller layer",
            });
        };
        push(format!("dense_{}", place + 1), Layer::Dense(Dense { weights, bias: vec![0.0; outputs] }));
        match activation {
            _ if is_last && answer.classes().is_none() => {}
            _ if is_last => push("probabilities".into(), Layer::Softmax),
            Activation::Relu => push(format!("relu_{}", place + 1), Layer::Relu),
            Activation::Tanh => push(format!("tanh_{}", place + 1), Layer::Tanh),
        }
        inputs = outputs;
    }
    Ok(Network::new(nodes, encoding, answer)?)
}

#[cfg(test)]
mod tests {
    use lessen_data::ColumnEncoding;

    use super::*;

    fn network(activation: Activation, hidden: &[usize]) -> Network {
        let pixels = ColumnEncoding::Pixels { count: 400, shift: 0.0, scale: 1.0 };
        let encoding = Encoding::try_from(vec![pixels]).unwrap();
        mlp(encoding, hidden, activation, Answer::Classes(vec!["a".into(), "b".into()]), 1).unwrap()
    }

    #[test]
    fn start_weights_have_the_variance_of_their_paper() {
        for (activation, expected) in [(Activation::Relu, 2.0 / 400.0), (Activation::Tanh, 2.0 / 600.0)] {
            let network = network(activation, &[200]);
            let weights = network.dense().next().unwrap().weights.values();
            let variance = weights.iter().map(|w| w * w).sum::<f32>() / weights.len() as f32;
            // 80,000 draws: the variance's standard error is 0.5 %.
            assert!((variance / expected - 1.0).abs() < 0.02, "{activation:?}: {variance}");
        }
    }

    #[test]
    fn layers_are_named_in_order_and_a_net_without_hidden_ones_is_one_layer() {
        let names =
            |network: &Network| network.nodes().iter().map(|node| node.name.clone()).collect::<Vec<_>>();
        let deep = network(Activation::Relu, &[8, 4]);
        assert_eq!(names(&deep), ["dense_1", "relu_1", "dense_2", "relu_2", "dense_3", "probabilities"]);
        assert_eq!(names(&network(Activation::Tanh, &[])), ["dense_1", "probabilities"]);
        let encoding = network(Activation::Relu, &[]).encoding().clone();
        let value = mlp(encoding, &[4], Activation::Relu, Answer::Value("y".into()), 1).unwrap();
        assert_eq!(names(&value), ["dense_1", "relu_1", "dense_2"]);
    }

    #[test]
    fn a_layer_too_large_is_refused() {
        for hidden in [1 << 40, usize::MAX] {
            let pixels = ColumnEncoding::Pixels { count: 400, shift: 0.0, scale: 1.0 };
            let encoding = Encoding::try_from(vec![pixels]).unwrap();
            let refused = mlp(encoding, &[hidden], Activation::Relu, Answer::Classes(vec!["a".into()]), 1);
            assert!(matches!(refused, Err(EngineError::Recipe { setting: "hidden", .. })), "{refused:?}");
        }
    }

    #[test]
    fn a_layer_without_units_is_refused() {
        let encoding = Encoding::try_from(vec![]).unwrap();
        assert!(mlp(encoding.clone(), &[0], Activation::Relu, Answer::Classes(vec!["a".into()]), 1).is_err());
        assert!(mlp(encoding, &[], Activation::Relu, Answer::Classes(vec![]), 1).is_err());
    }
}
