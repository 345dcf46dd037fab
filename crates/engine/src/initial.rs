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
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `max(x, 0)`; its layers start He-normal (He et al. 2015).
    Relu,
    /// `x`, below zero times 0.01 (Maas, Hannun & Ng 2013); its layers start as those of a ReLU do, of a slightly smaller
    /// variance, as He et al. 2015 have it.
    LeakyRelu,
    /// `tanh(x)`; its layers start Glorot-normal (Glorot & Bengio 2010).
    Tanh,
    /// `1 / (1 + exp(-x))`; its layers start Glorot-normal.
    Sigmoid,
}

/// The slope of [`Activation::LeakyRelu`] below zero.
const SLOPE: f32 = 0.01;

impl Activation {
    fn layer(self) -> Layer {
        match self {
            Self::Relu => Layer::Relu,
            Self::LeakyRelu => Layer::LeakyRelu(SLOPE),
            Self::Tanh => Layer::Tanh,
            Self::Sigmoid => Layer::Sigmoid,
        }
    }

    /// As nodes are named by.
    fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::LeakyRelu => "leaky_relu",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
        }
    }
}

/// What the weights of hidden layers are drawn from. All are normal distributions around 0; the output layer's is always
/// Glorot's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initial {
    /// He's for ReLU and leaky ReLU, Glorot's for tanh and sigmoid.
    #[default]
    ByActivation,
    /// Of variance `2 / inputs`, for a slope `a` below zero `2 / ((1 + a^2) inputs)` (He et al. 2015, equations 10 and 15).
    He,
    /// Of variance `2 / (inputs + outputs)` (Glorot & Bengio 2010, equation 12). Frankle & Carbin 2019 start their LeNet, a
    /// net of ReLUs, so.
    Glorot,
}

/// What a multilayer perceptron is beside its widths. Absent fields of a serialised one are those of [`Start::of`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// What stands behind each hidden layer.
    pub activation: Activation,
    /// What weights are drawn from.
    #[serde(default)]
    pub initial: Initial,
    /// Share of the encoded row that training drops, in `[0, 1)`.
    #[serde(default)]
    pub input_dropout: f32,
    /// Share of each hidden layer's units that training drops, in `[0, 1)`.
    #[serde(default)]
    pub hidden_dropout: f32,
}

impl Start {
    /// With this activation, the weights that go with it, and nothing dropped.
    pub fn of(activation: Activation) -> Self {
        Self { activation, initial: Initial::ByActivation, input_dropout: 0.0, hidden_dropout: 0.0 }
    }

    /// Standard deviation of the weights of a hidden layer with `inputs` and `outputs`.
    fn deviation(self, inputs: usize, outputs: usize) -> f32 {
        let slope = if self.activation == Activation::LeakyRelu { SLOPE } else { 0.0 };
        let is_he = match self.initial {
            Initial::He => true,
            Initial::Glorot => false,
            Initial::ByActivation => {
                matches!(self.activation, Activation::Relu | Activation::LeakyRelu)
            }
        };
        if is_he { normal(inputs as f32 * (1.0 + slope * slope)) } else { glorot(inputs, outputs) }
    }
}

/// The standard deviation that goes with a variance of `2 / fan`, for a fan of at least 1.
fn normal(fan: f32) -> f32 {
    (1.0 / (fan / 2.0).max(0.5)).sqrt()
}

fn glorot(inputs: usize, outputs: usize) -> f32 {
    normal((inputs + outputs) as f32)
}

/// A multilayer perceptron as [`mlp_from`] makes it of [`Start::of`] this activation.
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
    mlp_from(Start::of(activation), encoding, hidden, answer, seed)
}

/// A multilayer perceptron: a dense layer, an activation and, where there is some, dropout for each of `hidden`, then a
/// dense layer and, for classes, softmax. Without hidden layers it is multinomial logistic (for a number: linear) regression.
///
/// Weights are drawn from the stream `start weights` of `seed`; biases are 0.
///
/// # Errors
/// Where a layer has no unit, there is no class, or a dropout is out of its range.
pub fn mlp_from(
    start: Start,
    encoding: Encoding,
    hidden: &[usize],
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
    let mut dropout = start.input_dropout;
    for (place, &outputs) in hidden.iter().chain(&[answer.outputs()]).enumerate() {
        let is_last = place == hidden.len();
        if outputs == 0 {
            let setting = if is_last { "classes" } else { "hidden" };
            return Err(EngineError::Recipe { setting, found: 0.0, expected: "at least 1" });
        }
        let deviation = if is_last { glorot(inputs, outputs) } else { start.deviation(inputs, outputs) };
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
        if dropout != 0.0 {
            push(format!("dropout_{place}"), Layer::Dropout(dropout));
        }
        push(format!("dense_{}", place + 1), Layer::Dense(Dense { weights, bias: vec![0.0; outputs] }));
        if !is_last {
            push(format!("{}_{}", start.activation.name(), place + 1), start.activation.layer());
        } else if answer.classes().is_some() {
            push("probabilities".into(), Layer::Softmax);
        }
        dropout = start.hidden_dropout;
        inputs = outputs;
    }
    Ok(Network::new(nodes, encoding, answer)?)
}

/// The same network with weights drawn from Glorot's normal distribution, layer by layer from the stream `start weights` of
/// `seed`, and biases of 0; what was pruned stays so.
pub fn drawn_again(mut network: Network, seed: u64) -> Network {
    let mut random = random::stream(seed, "start weights");
    for dense in network.dense_mut() {
        let shape = dense.weights.shape();
        let deviation = glorot(shape[1], shape[0]);
        let count = dense.weights.values().len();
        let drawn: Vec<f32> = (0..count)
            .map(|_| {
                let normal: f32 = StandardNormal.sample(&mut random);
                deviation * normal
            })
            .collect();
        dense.weights.update(|index, _| drawn[index]);
        dense.bias.fill(0.0);
    }
    network
}

#[cfg(test)]
mod tests {
    use lessen_data::ColumnEncoding;

    use super::*;

    fn started(start: Start, hidden: &[usize]) -> Result<Network, EngineError> {
        let pixels = ColumnEncoding::Pixels { count: 400, shift: 0.0, scale: 1.0 };
        let encoding = Encoding::try_from(vec![pixels]).unwrap();
        mlp_from(start, encoding, hidden, Answer::Classes(vec!["a".into(), "b".into()]), 1)
    }

    fn network(activation: Activation, hidden: &[usize]) -> Network {
        started(Start::of(activation), hidden).unwrap()
    }

    #[test]
    fn start_weights_have_the_variance_of_their_paper() {
        let (he, glorot) = (2.0 / 400.0, 2.0 / 600.0);
        for (activation, initial, expected) in [
            (Activation::Relu, Initial::ByActivation, he),
            (Activation::LeakyRelu, Initial::ByActivation, he),
            (Activation::Tanh, Initial::ByActivation, glorot),
            (Activation::Sigmoid, Initial::ByActivation, glorot),
            (Activation::Relu, Initial::Glorot, glorot),
            (Activation::Tanh, Initial::He, he),
        ] {
            let network = started(Start { initial, ..Start::of(activation) }, &[200]).unwrap();
            let weights = network.dense().next().unwrap().weights.values();
            let variance = weights.iter().map(|w| w * w).sum::<f32>() / weights.len() as f32;
            // 80,000 draws: the variance's standard error is 0.5 %.
            assert!((variance / expected - 1.0).abs() < 0.02, "{activation:?}: {variance}");
        }
    }

    #[test]
    fn weights_drawn_again_are_others_of_the_same_distribution() {
        let tanh = network(Activation::Tanh, &[200]);
        let weights = |network: &Network| network.dense().next().unwrap().weights.values().to_vec();
        assert_eq!(weights(&drawn_again(tanh.clone(), 1)), weights(&tanh), "that is how it was drawn");
        let mut other = tanh.clone();
        other.dense_mut().for_each(|dense| dense.bias.fill(1.0));
        let other = drawn_again(other, 2);
        assert_ne!(weights(&other), weights(&tanh));
        assert!(other.dense().all(|dense| dense.bias.iter().all(|&bias| bias == 0.0)));
    }

    #[test]
    fn names_in_specs_stay() {
        let named = |activation| serde_json::to_string(&activation).unwrap();
        let found =
            [Activation::Relu, Activation::LeakyRelu, Activation::Tanh, Activation::Sigmoid].map(named);
        assert_eq!(found, [r#""relu""#, r#""leaky_relu""#, r#""tanh""#, r#""sigmoid""#]);
        let start: Start = serde_json::from_str(r#"{"activation":"tanh"}"#).unwrap();
        assert_eq!(start, Start::of(Activation::Tanh));
    }

    #[test]
    fn layers_are_named_in_order_and_a_net_without_hidden_ones_is_one_layer() {
        let names =
            |network: &Network| network.nodes().iter().map(|node| node.name.clone()).collect::<Vec<_>>();
        let deep = network(Activation::Relu, &[8, 4]);
        assert_eq!(names(&deep), ["dense_1", "relu_1", "dense_2", "relu_2", "dense_3", "probabilities"]);
        assert_eq!(names(&network(Activation::Tanh, &[])), ["dense_1", "probabilities"]);
        let dropping = Start { input_dropout: 0.2, hidden_dropout: 0.5, ..Start::of(Activation::LeakyRelu) };
        let dropped = started(dropping, &[8]).unwrap();
        let expected = ["dropout_0", "dense_1", "leaky_relu_1", "dropout_1", "dense_2", "probabilities"];
        assert_eq!(names(&dropped), expected);
        let refused = started(Start { hidden_dropout: 1.0, ..dropping }, &[8]).unwrap_err().to_string();
        assert_eq!(refused, "node `dropout_1` has the dropout rate 1, expected at least 0 and below 1");
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
