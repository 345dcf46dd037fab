//! Dropout in training, and its absence elsewhere.

use super::*;
use crate::Start;
use lessen_model::Layer;

fn dropping(seed: u64) -> Network {
    let start = Start { input_dropout: 0.2, hidden_dropout: 0.5, ..Start::of(Kind::Tanh) };
    initial::mlp_from(start, pixels(6), &[12, 9], classes(3), seed).unwrap()
}

/// Rows, their labels and their features.
fn rows() -> (Vec<u32>, Vec<u32>, Features) {
    ((0..60).collect(), (0..60).map(|row| row * row % 7 % 3).collect(), drawn(60, 6, 5))
}

/// Whole or without what is gone, dead units left out or computed: the same units are dropped.
#[test]
fn what_is_dropped_does_not_depend_on_how_layers_are_held() {
    let (rows, labels, features) = rows();
    let training = TrainingRows { features: &features, rows: &rows, targets: Targets::Labels(&labels) };
    let mut network = dropping(4);
    for (place, dense) in network.dense_mut().enumerate() {
        let inputs = dense.weights.shape()[1];
        // The second layer reads every third unit of the first only.
        dense.weights.shrink(|index| if place == 1 { index % inputs % 3 == 2 } else { index % 4 != 1 });
    }
    // The same function, and the same draws, with nothing left out: what is dead is read by weights of zero.
    let mut whole = dropping(4);
    for (dense, pruned) in whole.dense_mut().zip(network.dense()) {
        dense.weights.update(|index, _| pruned.weights.values()[index]);
    }
    let train = |network: &Network, limit, steps| {
        let mut trainer =
            Trainer::with_limit(network.clone(), recipe(16, Optimiser::sgd(0.1)), 9, limit).unwrap();
        let losses: Vec<f32> = (0..steps).map(|_| trainer.step(&training).unwrap()).collect();
        (losses, trainer.live[0].outputs.len())
    };
    let (sparse, masked) = (train(&network, ALWAYS, 60), train(&network, NEVER, 60));
    assert_eq!((sparse.1, masked.1), (4, 4));
    assert!(sparse.0.iter().zip(&masked.0).all(|(a, b)| (a - b).abs() < 1e-5));
    let (one, whole) = (train(&network, NEVER, 1), train(&whole, NEVER, 1));
    assert_eq!(whole.1, 12);
    assert!((one.0[0] - whole.0[0]).abs() < 1e-6);
}

#[test]
fn nothing_is_dropped_where_a_network_answers() {
    let (rows, labels, features) = rows();
    let training = TrainingRows { features: &features, rows: &rows, targets: Targets::Labels(&labels) };
    let mut trainer = Trainer::new(dropping(4), recipe(16, Optimiser::adam(0.01)), 9).unwrap();
    for _ in 0..5 {
        trainer.step(&training).unwrap();
    }
    let answers = trainer.answers(&features, &rows).unwrap();
    let plan = Plan::new("p", trainer.network()).unwrap();
    let expected = lessen_model::predict_rows(&plan, &features, &rows).unwrap();
    assert!(answers.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6));
    // A look between two steps leaves the next one as it would have been.
    let mut other = Trainer::new(dropping(4), recipe(16, Optimiser::adam(0.01)), 9).unwrap();
    for _ in 0..5 {
        other.step(&training).unwrap();
    }
    assert_eq!(trainer.step(&training).unwrap(), other.step(&training).unwrap());
}

#[test]
fn each_step_and_each_seed_drops_others() {
    let (rows, labels, features) = rows();
    // At a rate of almost nothing only what is dropped changes the loss of the same rows.
    let losses = |seed| {
        let training = TrainingRows { features: &features, rows: &rows, targets: Targets::Labels(&labels) };
        let mut trainer = Trainer::new(dropping(4), recipe(60, Optimiser::sgd(1e-9)), seed).unwrap();
        (0..4).map(|_| trainer.step(&training).unwrap()).collect::<Vec<f32>>()
    };
    let mut all = [losses(1), losses(2)].concat();
    assert_eq!(all[..4], losses(1));
    all.sort_by(f32::total_cmp);
    assert!(all.windows(2).all(|pair| (pair[0] - pair[1]).abs() > 1e-5), "{all:?}");
}

#[test]
fn a_slope_below_zero_is_predicted_and_not_trained() {
    let network = initial::mlp(pixels(6), &[4], Kind::LeakyRelu, classes(3), 1).unwrap();
    let mut nodes = network.nodes().to_vec();
    nodes[1].layer = Layer::LeakyRelu(-0.5);
    let network = Network::new(nodes, pixels(6), classes(3)).unwrap();
    assert!(Plan::new("p", network.clone()).is_ok());
    let refused = Trainer::new(network, recipe(8, Optimiser::adam(0.1)), 1).err().unwrap().to_string();
    assert_eq!(
        refused,
        "node `leaky_relu_1` cannot be run: expected a slope of at least 0, as it is trained"
    );
}
