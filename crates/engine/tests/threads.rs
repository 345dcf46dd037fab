//! The same seed gives the same bits, however many threads there are.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use lessen_data::{Dataset, Encoding};
use lessen_engine::{
    Activation, Optimiser, Plan, Recipe, Schedule, Start, Targets, Trainer, TrainingRows, initial,
};
use lessen_model::{BLOCK, Batch, Network, Predictor, predict_rows};
use rayon::prelude::*;

/// Enough for several passes over the rows, so that they are shuffled anew, with a short last minibatch each.
const STEPS: usize = 60;

#[test]
fn networks_trained_side_by_side_have_the_same_bits_on_any_number_of_threads() {
    let digits = lessen_data::digits().unwrap();
    let on_one = on_threads(1, || train_two(&digits, 1));
    for (place, (start, trained)) in on_one.iter().enumerate() {
        assert_ne!(start, trained, "training net {place} changed nothing");
    }
    assert_ne!(on_one[0], on_one[1], "two nets that are the same show nothing");
    assert_ne!(on_one, on_threads(1, || train_two(&digits, 2)), "the seed changes nothing");
    for threads in [1, 2, 4] {
        // With `assert`, not `assert_eq`: a failure should not print thousands of numbers.
        let found = on_threads(threads, || train_two(&digits, 1));
        for (place, (found, expected)) in found.iter().zip(&on_one).enumerate() {
            assert!(found == expected, "net {place} on {threads} threads has other bits than on one");
        }
        assert_eq!(found.len(), on_one.len());
    }
}

#[test]
fn predictions_have_the_same_bits_on_any_number_of_threads() {
    let digits = lessen_data::digits().unwrap();
    let whole = network(&digits, Activation::Tanh, 1);
    let mut pruned = whole.clone();
    pruned.dense_mut().for_each(|dense| dense.weights.shrink(|index| index % 17 == 3));
    for network in [whole, pruned] {
        same_bits_on_any_number_of_threads(&digits, network);
    }
}

fn same_bits_on_any_number_of_threads(digits: &Dataset, network: Network) {
    let plan = Plan::new("digits", network).unwrap();
    // A last block of 2 rows is predicted row by row, one of 5 as a matrix product.
    for count in [6 * BLOCK as u32 + 2, 6 * BLOCK as u32 + 5] {
        let rows: Vec<u32> = (0..count).rev().collect();
        let predict = |threads| {
            let answers = on_threads(threads, || predict_rows(&plan, &digits.features, &rows)).unwrap();
            bits(&answers)
        };
        let on_one = predict(1);
        assert_ne!(on_one[..10], on_one[10..20], "predictions that are all the same show nothing");
        // Twice each: the second call finds buffers that the first has left behind.
        for threads in [1, 1, 2, 2] {
            assert!(
                predict(threads) == on_one,
                "{count} rows on {threads} threads have other bits than on one"
            );
        }
    }
}

/// Layers that are large enough to be shared between threads within a step, whole and without the weights that are gone, and
/// rows that are within a prediction.
#[test]
fn a_step_and_a_prediction_that_are_shared_have_the_same_bits_on_any_number_of_threads() {
    let digits = lessen_data::digits().unwrap();
    let split = digits.split(1).unwrap();
    let encoding = Encoding::fit(&digits.features, &split.train);
    let whole = initial::mlp(encoding, &[2003], Activation::Relu, digits.answer(), 1).unwrap();
    let mut pruned = whole.clone();
    pruned.dense_mut().for_each(|dense| dense.weights.shrink(|index| index * index % 7 < 3));
    for start in [whole, pruned] {
        let on_one = on_threads(1, || step_and_predict(&digits, &split.train, start.clone()));
        assert_ne!(on_one.0, weight_bits(&start));
        for threads in [2, 4] {
            let found = on_threads(threads, || step_and_predict(&digits, &split.train, start.clone()));
            assert!(found == on_one, "{threads} threads give other bits than one");
        }
    }
}

fn step_and_predict(digits: &Dataset, rows: &[u32], start: Network) -> (Vec<u32>, Vec<u32>) {
    let (_, labels) = digits.classes().unwrap();
    let mut trainer = Trainer::new(start, Recipe::plain(64, Optimiser::adam(0.01)), 1).unwrap();
    let training = TrainingRows { features: &digits.features, rows, targets: Targets::Labels(labels) };
    for _ in 0..6 {
        trainer.step(&training).unwrap();
    }
    let network = trainer.into_network();
    let plan = Plan::new("wide", network.clone()).unwrap();
    // The last chunk has two rows.
    let rows = &rows[..4 * 64 + 2];
    let mut answers = vec![0.0; rows.len() * 10];
    plan.predict(&Batch::new(&digits.features, rows), &mut answers).unwrap();
    (weight_bits(&network), bits(&answers))
}

/// Bits of the weights before and after training, of two different nets trained at the same time.
fn train_two(digits: &Dataset, seed: u64) -> Vec<(Vec<u32>, Vec<u32>)> {
    let settings = [
        (Activation::Relu, Optimiser::adam(0.01)),
        (Activation::Tanh, Optimiser::Sgd { rate: 0.05, momentum: 0.9, nesterov: false }),
    ];
    settings.par_iter().map(|&(activation, optimiser)| train(digits, activation, optimiser, seed)).collect()
}

fn train(digits: &Dataset, activation: Activation, optimiser: Optimiser, seed: u64) -> (Vec<u32>, Vec<u32>) {
    let split = digits.split(1).unwrap();
    let (_, labels) = digits.classes().unwrap();
    let start = network(digits, activation, seed);
    let schedule = Schedule::Cosine { steps: STEPS as u64, warm_up: 5 };
    let recipe = Recipe { schedule, weight_decay: 0.01, ..Recipe::plain(50, optimiser) };
    let mut trainer = Trainer::new(start.clone(), recipe, seed).unwrap();
    let training =
        TrainingRows { features: &digits.features, rows: &split.train, targets: Targets::Labels(labels) };
    for _ in 0..STEPS {
        trainer.step(&training).unwrap();
    }
    (weight_bits(&start), weight_bits(&trainer.into_network()))
}

fn network(digits: &Dataset, activation: Activation, seed: u64) -> Network {
    let split = digits.split(1).unwrap();
    let encoding = Encoding::fit(&digits.features, &split.train);
    let start = Start { input_dropout: 0.1, hidden_dropout: 0.3, ..Start::of(activation) };
    initial::mlp_from(start, encoding, &[33, 17], digits.answer(), seed).unwrap()
}

fn weight_bits(network: &Network) -> Vec<u32> {
    network.dense().flat_map(|dense| [bits(dense.weights.values()), bits(&dense.bias)]).flatten().collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}
