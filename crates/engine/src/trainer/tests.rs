use lessen_data::{Answer, Column, ColumnEncoding, Encoding, Table};
use lessen_model::{Batch, Predictor};
use proptest::prelude::*;

use super::*;
use crate::{Activation as Kind, Optimiser, Plan, Schedule, initial};

mod dropped;
mod gradients;

fn pixels(count: usize) -> Encoding {
    Encoding::try_from(vec![ColumnEncoding::Pixels { count, shift: 0.0, scale: 1.0 }]).unwrap()
}

fn drawn(rows: usize, columns: usize, seed: u64) -> Features {
    let mut random = random::stream(seed, "test rows");
    let column = |column| Column::Numeric {
        name: format!("x{column}"),
        values: (0..rows).map(|_| rand::RngExt::random_range(&mut random, -1.0f32..1.0)).collect(),
    };
    Features::Table(Table::new((0..columns).map(column).collect()).unwrap())
}

fn classes(count: usize) -> Answer {
    Answer::Classes((0..count).map(|class| class.to_string()).collect())
}

fn recipe(batch: usize, optimiser: Optimiser) -> Recipe {
    Recipe::plain(batch, optimiser)
}

/// Parameters of each layer, weights before the bias.
fn parameters(trainer: &Trainer) -> Vec<Vec<f32>> {
    trainer.states().iter().map(|layer| [&*layer.weights.values, &*layer.bias.values].concat()).collect()
}

/// The loss of all rows, and the gradients as a step of descent at rate 1 shows them.
fn loss_and_gradients(trainer: &mut Trainer, training: &TrainingRows<'_>) -> (f32, Vec<Vec<f32>>) {
    let before = parameters(trainer);
    let loss = trainer.step(training).unwrap();
    let after = parameters(trainer);
    let difference =
        |(before, after): (Vec<f32>, &Vec<f32>)| before.iter().zip(after).map(|(a, b)| a - b).collect();
    (loss, before.into_iter().zip(&after).map(difference).collect())
}

/// A net with biases that are not 0 and keep ReLU's kink away from where a difference is taken.
fn net(columns: usize, hidden: &[usize], activation: Kind, count: usize, seed: u64) -> Network {
    let mut network = initial::mlp(pixels(columns), hidden, activation, classes(count), seed).unwrap();
    network.dense_mut().for_each(vary_bias);
    network
}

fn vary_bias(dense: &mut lessen_model::Dense) {
    dense.bias.iter_mut().enumerate().for_each(|(place, bias)| *bias = 0.3 - 0.2 * (place % 4) as f32);
}

/// Limits that hold every pruned layer without what is gone, and none.
const ALWAYS: f64 = 1.0;
const NEVER: f64 = -1.0;

#[test]
fn one_hot_soft_targets_train_like_labels() {
    let features = drawn(20, 3, 1);
    let labels: Vec<u32> = (0..20).map(|row| row % 2).collect();
    let one_hot: Vec<f32> = labels.iter().flat_map(|&label| [1.0 - label as f32, label as f32]).collect();
    let rows: Vec<u32> = (0..20).collect();
    let train = |targets: Targets<'_>| {
        let network = initial::mlp(pixels(3), &[4], Kind::Tanh, classes(2), 1).unwrap();
        let mut trainer = Trainer::new(network, recipe(8, Optimiser::adam(0.05)), 1).unwrap();
        for _ in 0..30 {
            trainer.step(&TrainingRows { features: &features, rows: &rows, targets }).unwrap();
        }
        trainer.into_network()
    };
    assert_eq!(train(Targets::Labels(&labels)), train(Targets::Soft(&one_hot)));
}

#[test]
fn a_network_without_softmax_at_the_end_is_refused_with_its_node() {
    let network = initial::mlp(pixels(3), &[4], Kind::Tanh, classes(2), 1).unwrap();
    let mut nodes = network.nodes().to_vec();
    nodes.pop();
    let network = Network::new(nodes, pixels(3), classes(2)).unwrap();
    let error = Trainer::new(network, recipe(8, Optimiser::adam(0.1)), 1).err().unwrap();
    assert_eq!(error.to_string(), "node `dense_2` cannot be run: expected softmax at the end");
}

#[test]
fn steps_are_counted_and_an_epoch_has_a_short_last_one() {
    let features = drawn(20, 3, 1);
    let labels = [0; 20];
    let rows: Vec<u32> = (0..20).collect();
    let network = initial::mlp(pixels(3), &[4], Kind::Tanh, classes(2), 1).unwrap();
    let mut trainer = Trainer::new(network, recipe(8, Optimiser::adam(0.05)), 1).unwrap();
    let counts = [0, 1, 8, 9, 20].map(|rows| trainer.steps_per_epoch(rows));
    assert_eq!(counts, [0, 1, 1, 2, 3]);
    for step in 1..=4 {
        let targets = Targets::Labels(&labels);
        trainer.step(&TrainingRows { features: &features, rows: &rows, targets }).unwrap();
        assert_eq!(trainer.steps_taken(), step);
    }
}

/// Lanes that hold no row must not count: a minibatch of 17 rows in 32 lanes trains as the mean over 17.
#[test]
fn empty_lanes_have_no_part_in_the_loss_or_the_gradients() {
    let features = drawn(17, 3, 4);
    let labels: Vec<u32> = (0..17).map(|row| row % 2).collect();
    let network = initial::mlp(pixels(3), &[5], Kind::Relu, classes(2), 4).unwrap();
    let gradients = |rows: Vec<u32>| {
        let sgd = recipe(rows.len(), Optimiser::sgd(1.0));
        let mut trainer = Trainer::new(network.clone(), sgd, 4).unwrap();
        let training = TrainingRows { features: &features, rows: &rows, targets: Targets::Labels(&labels) };
        let (loss, gradients) = loss_and_gradients(&mut trainer, &training);
        std::iter::once(loss).chain(gradients.concat()).collect::<Vec<f32>>()
    };
    let together = gradients((0..17).collect());
    let (sixteen, last) = (gradients((0..16).collect()), gradients(vec![16]));
    for ((together, sixteen), last) in together.iter().zip(sixteen).zip(last) {
        assert!((together - (16.0 * sixteen + last) / 17.0).abs() < 1e-6);
    }
}

#[test]
fn masked_weights_stay_zero_without_moments() {
    let features = drawn(32, 6, 2);
    let labels: Vec<u32> = (0..32).map(|row| row % 3).collect();
    let rows: Vec<u32> = (0..32).collect();
    let mut network = initial::mlp(pixels(6), &[8], Kind::Relu, classes(3), 2).unwrap();
    for dense in network.dense_mut() {
        dense.weights.shrink(|index| index % 3 == 0);
    }
    let density = network.density();
    for optimiser in [Optimiser::adam(0.05), Optimiser::Sgd { rate: 0.1, momentum: 0.9, nesterov: false }] {
        for limit in [NEVER, ALWAYS] {
            let recipe = Recipe { weight_decay: 0.01, ..recipe(8, optimiser) };
            let mut trainer = Trainer::with_limit(network.clone(), recipe, 1, limit).unwrap();
            for _ in 0..20 {
                let targets = Targets::Labels(&labels);
                trainer.step(&TrainingRows { features: &features, rows: &rows, targets }).unwrap();
            }
            for (state, dense) in trainer.states().iter().zip(network.dense()) {
                let mask = dense.weights.mask().unwrap();
                nothing_is_under(mask, &state.weights);
                assert_ne!(state.weights.first[0], 0.0, "what is left is learned");
            }
            assert_eq!(trainer.into_network().density(), density);
        }
    }
}

fn nothing_is_under(mask: &lessen_model::Mask, tensor: &Tensor) {
    for numbers in [&tensor.values, &tensor.first, &tensor.second] {
        let mut gone = numbers.iter().enumerate().filter(|(index, _)| !mask.has(*index));
        assert!(gone.all(|(_, number)| *number == 0.0));
    }
}

/// The same 200 steps with and without what is gone: 1e-4 after 200 steps of Adam, whose first steps are as long as the rate
/// whatever the gradient, so that roundings of small gradients show.
#[test]
fn two_hundred_steps_without_what_is_gone_are_two_hundred_masked_steps() {
    let features = drawn(150, 20, 7);
    let labels: Vec<u32> = (0..150).map(|row| row * row % 7 % 3).collect();
    let rows: Vec<u32> = (0..150).collect();
    let targets = Targets::Labels(&labels);
    let training = TrainingRows { features: &features, rows: &rows, targets };
    let mut network = net(20, &[24, 17], Kind::Relu, 3, 7);
    let mut random = random::stream(7, "test mask");
    for dense in network.dense_mut() {
        let drawn: Vec<f32> =
            dense.weights.values().iter().map(|_| rand::RngExt::random(&mut random)).collect();
        dense.weights.shrink(|index| drawn[index] < 0.2);
    }
    let penalised =
        Recipe { penalty: crate::Penalty { l1: 1e-3, l2: 1e-3 }, ..recipe(32, Optimiser::sgd(0.1)) };
    for recipe in [
        recipe(32, Optimiser::adam(0.003)),
        recipe(32, Optimiser::Sgd { rate: 0.05, momentum: 0.9, nesterov: true }),
        Recipe { clip: Some(0.3), ..recipe(32, Optimiser::sgd(0.1)) },
        Recipe { max_norm: Some(0.8), ..penalised },
    ] {
        let trained = |limit| {
            let mut trainer = Trainer::with_limit(network.clone(), recipe.clone(), 1, limit).unwrap();
            let losses: Vec<f32> = (0..200).map(|_| trainer.step(&training).unwrap()).collect();
            (losses, trainer)
        };
        let ((sparse_losses, sparse), (masked_losses, masked)) = (trained(ALWAYS), trained(NEVER));
        for (a, b) in sparse_losses.iter().zip(&masked_losses) {
            assert!((a - b).abs() < 1e-4, "{recipe:?}: {a}, {b}");
        }
        let live = &sparse.live;
        for (place, (a, b)) in sparse.states().iter().zip(masked.states()).enumerate() {
            let mask = network.dense().nth(place).unwrap().weights.mask().unwrap().clone();
            nothing_is_under(&mask, &a.weights);
            nothing_is_under(&mask, &b.weights);
            for index in 0..live[place].outputs.len() * live[place].inputs.len() {
                let index = live[place].index(index);
                let (a, b) = (a.weights.values[index], b.weights.values[index]);
                assert!((a - b).abs() < 1e-4, "{recipe:?}: layer {place}, weight {index}: {a}, {b}");
            }
        }
    }
}

#[test]
fn what_is_pruned_in_training_has_no_moments_and_the_rest_keeps_its_own() {
    let features = drawn(64, 12, 3);
    let labels: Vec<u32> = (0..64).map(|row| row % 3).collect();
    let rows: Vec<u32> = (0..64).collect();
    let training = TrainingRows { features: &features, rows: &rows, targets: Targets::Labels(&labels) };
    let network = net(12, &[16], Kind::Relu, 3, 3);
    let mut trainer = Trainer::new(network, recipe(16, Optimiser::adam(0.01)), 1).unwrap();
    for round in 0..4 {
        for _ in 0..7 {
            trainer.step(&training).unwrap();
        }
        let before = trainer.states();
        trainer = trainer.prune(|layer, index| layer == "dense_2" || index % (round + 2) != 0).unwrap();
        let after = trainer.states();
        let mask = trainer.network().dense().next().unwrap().weights.mask().unwrap().clone();
        nothing_is_under(&mask, &after[0].weights);
        for index in (0..mask.len()).filter(|index| mask.has(*index)) {
            assert_eq!(after[0].weights.first[index], before[0].weights.first[index]);
            assert_eq!(after[0].weights.values[index], before[0].weights.values[index]);
        }
        assert_eq!(after[1], before[1]);
        assert_eq!(trainer.steps_taken(), 7 * (round as u64 + 1));
    }
}

/// Units that nothing reads have no part in a step, and what reads none of a layer still answers.
#[test]
fn dead_units_are_left_out_and_keep_their_weights() {
    let features = drawn(40, 6, 3);
    let labels: Vec<u32> = (0..40).map(|row| row % 2).collect();
    let rows: Vec<u32> = (0..40).collect();
    let training = TrainingRows { features: &features, rows: &rows, targets: Targets::Labels(&labels) };
    for kept in [5, 0] {
        let mut network = net(6, &[8], Kind::Tanh, 2, 3);
        // The output layer reads the first units only.
        network.dense_mut().nth(1).unwrap().weights.shrink(|index| index % 8 < kept);
        let mut trainer = Trainer::new(network.clone(), recipe(8, Optimiser::adam(0.01)), 1).unwrap();
        assert_eq!(trainer.live[0].outputs.len(), kept.max(1));
        for _ in 0..10 {
            trainer.step(&training).unwrap();
        }
        let trained = trainer.network();
        let (before, after) = (network.dense().next().unwrap(), trained.dense().next().unwrap());
        assert_eq!(before.weights.values()[6 * kept.max(1)..], after.weights.values()[6 * kept.max(1)..]);
        let answers = trainer.answers(&features, &rows).unwrap();
        let plan = Plan::new("p", trained).unwrap();
        let expected = lessen_model::predict_rows(&plan, &features, &rows).unwrap();
        assert!(answers.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}

#[test]
fn frozen_layers_stay_and_rates_are_factors() {
    let features = drawn(16, 4, 3);
    let labels: Vec<u32> = (0..16).map(|row| row % 3).collect();
    let rows: Vec<u32> = (0..16).collect();
    let training = TrainingRows { features: &features, rows: &rows, targets: Targets::Labels(&labels) };
    let network = net(4, &[6], Kind::Relu, 3, 3);
    let moved = |rates: &[(&str, f32)]| {
        let rates = rates.iter().map(|&(name, rate)| (name.to_owned(), rate)).collect();
        let recipe = Recipe { rates, ..recipe(16, Optimiser::sgd(0.5)) };
        let mut trainer = Trainer::new(network.clone(), recipe, 1).unwrap();
        loss_and_gradients(&mut trainer, &training).1
    };
    let plain = moved(&[]);
    for (rates, factors) in [
        (&[("dense_1", 0.0)][..], [0.0, 1.0]),
        (&[("dense_2", 0.0)], [1.0, 0.0]),
        (&[("dense_1", 0.5), ("dense_2", 2.0)], [0.5, 2.0]),
        (&[("dense_1", 0.0), ("dense_2", 0.0)], [0.0, 0.0]),
    ] {
        for ((plain, found), factor) in plain.iter().zip(moved(rates)).zip(factors) {
            for (plain, found) in plain.iter().zip(found) {
                assert!((factor * plain - found).abs() < 1e-6, "{rates:?}: {plain}, {found}");
            }
        }
    }
    let recipe = Recipe { rates: [("dense_7".to_owned(), 1.0)].into(), ..recipe(16, Optimiser::sgd(0.5)) };
    let error = Trainer::new(network, recipe, 1).err().unwrap().to_string();
    assert_eq!(error, "node `dense_7` cannot be run: expected a dense layer, as it has a rate");
}

#[test]
fn gradients_are_clipped_together_and_weights_bounded_by_unit() {
    let features = drawn(16, 4, 3);
    let labels: Vec<u32> = (0..16).map(|row| row % 3).collect();
    let rows: Vec<u32> = (0..16).collect();
    let training = TrainingRows { features: &features, rows: &rows, targets: Targets::Labels(&labels) };
    let network = net(4, &[6], Kind::Relu, 3, 3);
    let moved = |recipe: Recipe| {
        let mut trainer = Trainer::new(network.clone(), recipe, 1).unwrap();
        let gradients = loss_and_gradients(&mut trainer, &training).1.concat();
        (gradients, trainer.into_network())
    };
    let length = |values: &[f32]| values.iter().map(|value| value * value).sum::<f32>().sqrt();
    let sgd = recipe(16, Optimiser::sgd(1.0));
    let (plain, _) = moved(sgd.clone());
    for clip in [0.01, 100.0] {
        let (clipped, _) = moved(Recipe { clip: Some(clip), ..sgd.clone() });
        let expected = clip.min(length(&plain));
        assert!((length(&clipped) - expected).abs() < 1e-5 * expected.max(0.1));
    }
    let (_, network) = moved(Recipe { max_norm: Some(0.5), ..sgd });
    for dense in network.dense() {
        let inputs = dense.weights.shape()[1];
        let lengths: Vec<f32> = dense.weights.values().chunks(inputs).map(length).collect();
        assert!(lengths.iter().all(|length| *length < 0.5 + 1e-6), "{lengths:?}");
        assert!(lengths.iter().any(|length| *length > 0.49), "{lengths:?}");
    }
}

#[test]
fn a_loss_that_is_not_finite_stops_and_rows_that_do_not_fit_are_refused() {
    let features = drawn(4, 2, 1);
    let rows = [0, 1, 2, 3];
    let labels = [0, 1, 0, 1];
    let network = initial::mlp(pixels(2), &[3], Kind::Relu, classes(2), 1).unwrap();
    // NaN must come through ReLU, softmax and the logarithm, each of which could swallow it.
    let mut broken = network.clone();
    broken.dense_mut().for_each(|dense| dense.weights.update(|_, _| f32::NAN));
    let mut trainer = Trainer::new(broken, recipe(4, Optimiser::adam(0.1)), 1).unwrap();
    let training = TrainingRows { features: &features, rows: &rows, targets: Targets::Labels(&labels) };
    let outcome = trainer.step(&training);
    assert!(
        matches!(&outcome, Err(StepError::Diverged { step: 0, layer, .. }) if layer == "dense_1"),
        "{outcome:?}"
    );

    let mut trainer = Trainer::new(network.clone(), recipe(4, Optimiser::adam(0.1)), 1).unwrap();
    let short = TrainingRows { targets: Targets::Labels(&labels[..3]), ..training };
    assert!(matches!(trainer.step(&short), Err(StepError::Targets { .. })));
    let none = TrainingRows { rows: &[], ..training };
    assert!(matches!(trainer.step(&none), Err(StepError::NoRows)));
    let row = |row: u32, problem: &str| format!("row {row}: {problem}");
    let (beyond, unlike) = ([0, 4, 1], [0, 1, 2, 1]);
    let soft = [0.5, 0.5, 0.0, 1.0, 1.0, 0.0, 0.5, 0.6];
    for (training, expected) in [
        (TrainingRows { rows: &beyond, ..training }, row(4, "there are 4 rows")),
        (
            TrainingRows { targets: Targets::Labels(&unlike), ..training },
            row(2, "label 2, expected less than 2"),
        ),
        (
            TrainingRows { targets: Targets::Soft(&soft), ..training },
            row(3, "soft target [0.5, 0.6], expected probabilities that sum to 1"),
        ),
    ] {
        assert_eq!(trainer.step(&training).unwrap_err().to_string(), expected);
    }
    let wide = drawn(4, 3, 1);
    let wide = TrainingRows { features: &wide, ..training };
    assert!(matches!(trainer.step(&wide), Err(StepError::Data(_))));
    assert_eq!((trainer.network(), trainer.steps_taken()), (network, 0), "errors leave all as it was");
}

#[test]
fn a_small_net_learns_a_circle() {
    let features = drawn(400, 2, 5);
    let Features::Table(table) = &features else { panic!("a table was made") };
    let (Column::Numeric { values: x, .. }, Column::Numeric { values: y, .. }) =
        (&table.columns()[0], &table.columns()[1])
    else {
        panic!("numbers were made")
    };
    let labels: Vec<u32> = x.iter().zip(y).map(|(x, y)| u32::from(x * x + y * y < 0.6)).collect();
    let rows: Vec<u32> = (0..400).collect();
    let network = initial::mlp(pixels(2), &[16], Kind::Tanh, classes(2), 1).unwrap();
    let schedule = Schedule::Cosine { steps: 2000, warm_up: 10 };
    let recipe = Recipe { schedule, ..recipe(32, Optimiser::adam(0.02)) };
    let mut trainer = Trainer::new(network, recipe, 1).unwrap();
    for _ in 0..2000 {
        let targets = Targets::Labels(&labels);
        trainer.step(&TrainingRows { features: &features, rows: &rows, targets }).unwrap();
    }
    let plan = Plan::new("circle", trainer.into_network()).unwrap();
    let mut answers = vec![0.0; 800];
    plan.predict(&Batch::new(&features, &rows), &mut answers).unwrap();
    let right = answers.chunks(2).zip(&labels).filter(|(p, label)| u32::from(p[1] > p[0]) == **label).count();
    assert!(right >= 380, "{right} of 400");
}

#[test]
fn a_net_learns_digits() {
    let digits = lessen_data::digits().unwrap();
    let split = digits.split(1).unwrap();
    let (_, labels) = digits.classes().unwrap();
    let encoding = Encoding::fit(&digits.features, &split.train);
    let network = initial::mlp(encoding, &[32], Kind::Relu, digits.answer(), 1).unwrap();
    let schedule = Schedule::Cosine { steps: 600, warm_up: 20 };
    let mut trainer =
        Trainer::new(network, Recipe { schedule, ..recipe(64, Optimiser::adam(0.01)) }, 1).unwrap();
    let training =
        TrainingRows { features: &digits.features, rows: &split.train, targets: Targets::Labels(labels) };
    let losses: Vec<f32> = (0..600).map(|_| trainer.step(&training).unwrap()).collect();
    assert!(losses[0] > 2.0 && losses[599] < 0.1, "{} to {}", losses[0], losses[599]);
    let plan = Plan::new("digits", trainer.into_network()).unwrap();
    let answers = lessen_model::predict_rows(&plan, &digits.features, &split.test).unwrap();
    let is_right = |(answer, row): (&[f32], &u32)| {
        let label = labels[*row as usize] as usize;
        answer.iter().all(|probability| *probability <= answer[label])
    };
    let right = answers.chunks(10).zip(&split.test).filter(|pair| is_right(*pair)).count();
    assert!(right * 100 >= 95 * split.test.len(), "{right} of {}", split.test.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn few_and_many_rows_are_predicted_alike(rows in 1usize..40, width in 1usize..40, hidden in 1usize..40, seed: u64) {
        let features = drawn(rows, width, seed);
        let network = initial::mlp(pixels(width), &[hidden], Kind::Tanh, classes(3), seed).unwrap();
        let plan = Plan::new("p", network).unwrap();
        let all: Vec<u32> = (0..rows as u32).collect();
        let mut together = vec![0.0; rows * 3];
        plan.predict(&Batch::new(&features, &all), &mut together).unwrap();
        for (row, expected) in all.iter().zip(together.chunks(3)) {
            let mut alone = [0.0; 3];
            plan.predict(&Batch::new(&features, &[*row]), &mut alone).unwrap();
            prop_assert!((alone.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            for (alone, expected) in alone.iter().zip(expected) {
                prop_assert!((alone - expected).abs() < 1e-5);
            }
        }
    }
}
