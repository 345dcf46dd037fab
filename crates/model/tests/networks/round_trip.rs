//! What is written is read back as it was.

use lessen_data::Answer;
use lessen_model::{Layer, Network, onnx};
use proptest::prelude::*;

use crate::examples::{by_hand, dense, networks, node, pixels};

/// Every value's bits; a weight that is left of a mask and is zero may have changed its sign.
fn bits(network: &Network) -> Vec<u32> {
    let layer_bits = |layer: &lessen_model::Dense| {
        let mask = layer.weights.mask().cloned();
        let left_zero = move |index, value| value == 0.0 && mask.as_ref().is_some_and(|mask| mask.has(index));
        let weights = layer.weights.values().iter().enumerate();
        let weights =
            weights.map(|(index, &value)| if left_zero(index, value) { -0.0 } else { value }.to_bits());
        let bias = layer.bias.iter().map(|value| value.to_bits());
        weights.chain(bias).collect::<Vec<_>>()
    };
    network.dense().flat_map(layer_bits).collect()
}

proptest! {
    #[test]
    fn any_network_is_read_as_it_was_written(
        network in networks(any::<f32>().prop_filter("finite", |value| value.is_finite())),
    ) {
        let written = onnx::write(&network);
        let read = onnx::read(&written).unwrap();
        // Nodes, shapes, values, masks, encoding and classes.
        prop_assert_eq!(&read, &network);
        prop_assert_eq!(bits(&read), bits(&network));
        prop_assert_eq!(read.density(), network.density());
        prop_assert_eq!(read.nonzero(), network.nonzero());
        prop_assert_eq!(onnx::write(&read), written);
    }
}

#[test]
fn nodes_may_branch() {
    // `tanh` reads the row, `relu` is read by nobody, and the last node reads the first but one.
    let nodes = vec![
        node("first", dense([2, 3], &[1.0; 6], &[0.5; 2]), 0),
        node("tanh", Layer::Tanh, 0),
        node("relu", Layer::LeakyRelu(0.1), 1),
        node("last", dense([1, 3], &[2.0; 3], &[0.0]), 2),
    ];
    let network = Network::new(nodes, pixels(3), Answer::Value("value".into())).unwrap();
    assert_eq!(onnx::read(&onnx::write(&network)).unwrap(), network);
}

#[test]
fn a_network_without_masks_stays_one_although_it_has_zeros() {
    let network = Network::new(
        vec![node("a", dense([1, 2], &[0.0, 1.0], &[0.0]), 0)],
        pixels(2),
        Answer::Classes(vec!["v".into()]),
    );
    let network = network.unwrap();
    let read = onnx::read(&onnx::write(&network)).unwrap();
    assert_eq!(read.dense().next().unwrap().weights.mask(), None);
    assert!(by_hand().dense().next().unwrap().weights.mask().is_some());
}
