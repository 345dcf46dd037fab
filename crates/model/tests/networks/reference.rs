//! What a network computes, written down plainly in double precision.

use lessen_model::{Dense, Layer, Network};

/// The network's outputs of one encoded row.
pub(crate) fn forward(network: &Network, row: &[f64]) -> Vec<f64> {
    let mut outputs = vec![row.to_vec()];
    for node in network.nodes() {
        let input = &outputs[node.inputs[0]];
        outputs.push(match &node.layer {
            Layer::Dense(layer) => dense(layer, input),
            Layer::Relu => input.iter().map(|value| value.max(0.0)).collect(),
            Layer::Tanh => input.iter().map(|value| value.tanh()).collect(),
            Layer::LeakyRelu(slope) => input
                .iter()
                .map(|&value| if value < 0.0 { f64::from(*slope) * value } else { value })
                .collect(),
            Layer::Sigmoid => input.iter().map(|value| 1.0 / (1.0 + (-value).exp())).collect(),
            Layer::Dropout(_) => input.clone(),
            Layer::Softmax => softmax(input),
            layer => panic!("no reference for {layer:?}"),
        });
    }
    outputs.pop().unwrap()
}

fn dense(layer: &Dense, input: &[f64]) -> Vec<f64> {
    let rows = layer.weights.values().chunks_exact(input.len());
    let product =
        |row: &[f32]| -> f64 { row.iter().zip(input).map(|(&weight, x)| f64::from(weight) * x).sum() };
    rows.zip(&layer.bias).map(|(row, &bias)| product(row) + f64::from(bias)).collect()
}

fn softmax(input: &[f64]) -> Vec<f64> {
    let largest = input.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = input.iter().map(|value| (value - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

#[test]
fn the_reference_agrees_with_the_hand() {
    let network = crate::examples::by_hand();
    let expected = [0.377_540_668_798_145_4, 0.622_459_331_201_854_6];
    for (row, expected) in [([2.0, 1.0], [0.5, 0.5]), ([0.0, 0.0], [0.5, 0.5]), ([0.0, 1.0], expected)] {
        let found = forward(&network, &row);
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15), "{row:?}: {found:?}");
    }
}
