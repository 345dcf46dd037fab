//! Gradients against finite differences of the same loss in double precision, by the plain formulas.

use super::*;
use crate::{Blend, NO_LABEL, Start, Taught};
use lessen_model::Layer;

const ROWS: usize = 5;
const COLUMNS: usize = 4;
const CLASSES: usize = 3;

/// What one row's logits cost.
fn loss_of_row(targets: &Targets<'_>, row: usize, logits: &[f64]) -> f64 {
    let count = logits.len();
    let wanted = |all: &[f32]| all[row * count..][..count].iter().map(|&p| f64::from(p)).collect::<Vec<_>>();
    let softmax = |temperature: f64| {
        let powers = logits.iter().map(|z| (z / temperature).exp());
        let sum: f64 = powers.clone().sum();
        powers.map(|power| power / sum).collect::<Vec<f64>>()
    };
    let cross = |wanted: &[f64], found: &[f64]| -> f64 {
        -wanted.iter().zip(found).map(|(p, q)| p * q.ln()).sum::<f64>()
    };
    let squared = |wanted: &[f64], found: &[f64]| -> f64 {
        wanted.iter().zip(found).map(|(p, q)| 0.5 * (p - q) * (p - q)).sum()
    };
    match *targets {
        Targets::Labels(labels) => -softmax(1.0)[labels[row] as usize].ln(),
        Targets::Soft(soft) => cross(&wanted(soft), &softmax(1.0)),
        Targets::Logits(values) | Targets::Values(values) => squared(&wanted(values), logits),
        Targets::Probabilities(probabilities) => squared(&wanted(probabilities), &softmax(1.0)),
        Targets::Taught(Taught { soft, labels, blend }) => {
            let temperature = f64::from(blend.temperature);
            let of_soft = temperature * temperature * cross(&wanted(soft), &softmax(temperature));
            let label = labels[row];
            let of_label = if label == NO_LABEL { 0.0 } else { -softmax(1.0)[label as usize].ln() };
            f64::from(blend.soft) * of_soft + f64::from(blend.hard) * of_label
        }
        Targets::Weighted(parts) => {
            parts.iter().map(|(weight, part)| f64::from(*weight) * loss_of_row(part, row, logits)).sum()
        }
    }
}

/// Weights and bias of a layer.
type Parameters = (Vec<f64>, Vec<f64>);

/// A network, its rows, and what is dropped of each.
struct Problem<'a> {
    network: &'a Network,
    rows: Vec<Vec<f64>>,
    /// For each dropout, for each row, what each unit is multiplied with.
    factors: Vec<Vec<Vec<f64>>>,
    targets: Targets<'a>,
}

impl Problem<'_> {
    fn loss(&self, layers: &[Parameters]) -> f64 {
        let of_row = |row: usize| loss_of_row(&self.targets, row, &self.logits(layers, row));
        (0..self.rows.len()).map(of_row).sum::<f64>() / self.rows.len() as f64
    }

    fn logits(&self, layers: &[Parameters], row: usize) -> Vec<f64> {
        let (mut layers, mut factors) = (layers.iter(), self.factors.iter());
        let mut values = self.rows[row].clone();
        for node in self.network.nodes() {
            let each = |values: &mut Vec<f64>, of: fn(f64) -> f64| {
                values.iter_mut().for_each(|value| *value = of(*value))
            };
            match node.layer {
                Layer::Dense(_) => {
                    let (weights, bias) = layers.next().unwrap();
                    let dot = |row: &[f64]| row.iter().zip(&values).map(|(w, x)| w * x).sum::<f64>();
                    values = weights.chunks(values.len()).zip(bias).map(|(row, b)| dot(row) + b).collect();
                }
                Layer::Relu => each(&mut values, |x| x.max(0.0)),
                Layer::LeakyRelu(_) => each(&mut values, |x| if x < 0.0 { 0.01 * x } else { x }),
                Layer::Tanh => each(&mut values, f64::tanh),
                Layer::Sigmoid => each(&mut values, |x| 1.0 / (1.0 + (-x).exp())),
                Layer::Dropout(_) => {
                    let factors = &factors.next().unwrap()[row];
                    values.iter_mut().zip(factors).for_each(|(value, factor)| *value *= factor);
                }
                _ => {}
            }
        }
        values
    }
}

/// What each unit of each row was multiplied with in the last step.
fn factors_by_row(trainer: &Trainer) -> Vec<Vec<Vec<f64>>> {
    let of_layers = trainer.layers.iter().map(|layer| layer.dropout.as_ref());
    let all = [trainer.gathered.dropout.as_ref()].into_iter().chain(of_layers).flatten();
    let lanes = padded(ROWS);
    let by_row = |dropout: &crate::trainer::dropout::Dropout| {
        let mut rows = vec![Vec::new(); ROWS];
        for (lane, &row) in trainer.batch_rows.iter().enumerate() {
            let of_lane = dropout.factors().iter().skip(lane).step_by(lanes);
            rows[row as usize] = of_lane.map(|&factor| f64::from(factor)).collect();
        }
        rows
    };
    all.map(by_row).collect()
}

/// A third of the weights is gone.
fn check_gradients(start: Start, hidden: &[usize], targets: Targets<'_>, limit: f64) {
    let what = format!("{start:?} {hidden:?} {targets:?} limit {limit}");
    let features = drawn(ROWS, COLUMNS, 3);
    let answer = match targets {
        Targets::Values(_) => Answer::Value("y".into()),
        _ => classes(CLASSES),
    };
    let mut network = initial::mlp_from(start, pixels(COLUMNS), hidden, answer, 3).unwrap();
    for dense in network.dense_mut() {
        vary_bias(dense);
        dense.weights.shrink(|index| index % 3 != 1);
    }
    let mut trainer =
        Trainer::with_limit(network.clone(), recipe(ROWS, Optimiser::sgd(1.0)), 3, limit).unwrap();
    let all: Vec<u32> = (0..ROWS as u32).collect();
    let training = TrainingRows { features: &features, rows: &all, targets };
    let (loss, found) = loss_and_gradients(&mut trainer, &training);

    let encoded = pixels(COLUMNS).encode(&features, &all).unwrap().row_major();
    let double = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<f64>>();
    let problem = Problem {
        network: &network,
        rows: encoded.chunks(COLUMNS).map(double).collect(),
        factors: factors_by_row(&trainer),
        targets,
    };
    let mut layers: Vec<_> =
        network.dense().map(|dense| (double(dense.weights.values()), double(&dense.bias))).collect();
    let expected = problem.loss(&layers);
    assert!((f64::from(loss) - expected).abs() < 2e-6, "{what}: {loss}, expected {expected}");
    for (place, (found, dense)) in found.into_iter().zip(network.dense()).enumerate() {
        let weights = layers[place].0.len();
        for (index, found) in found.into_iter().enumerate() {
            let mut moved = |by: f64| {
                let entry = |layers: &mut [Parameters]| match index.checked_sub(weights) {
                    None => std::mem::replace(&mut layers[place].0[index], f64::NAN),
                    Some(index) => std::mem::replace(&mut layers[place].1[index], f64::NAN),
                };
                let put = |layers: &mut [Parameters], value| match index.checked_sub(weights) {
                    None => layers[place].0[index] = value,
                    Some(index) => layers[place].1[index] = value,
                };
                let before = entry(&mut layers);
                put(&mut layers, before + by);
                let loss = problem.loss(&layers);
                put(&mut layers, before);
                loss
            };
            let is_gone = index < weights && !dense.weights.mask().unwrap().has(index);
            let expected = if is_gone { 0.0 } else { (moved(1e-5) - moved(-1e-5)) / 2e-5 };
            assert!(
                (f64::from(found) - expected).abs() < 2e-5,
                "{what}: layer {place} entry {index}: {found}, expected {expected}"
            );
        }
    }
}

const ACTIVATIONS: [Kind; 4] = [Kind::Relu, Kind::LeakyRelu, Kind::Tanh, Kind::Sigmoid];
const LABELS: [u32; ROWS] = [0, 1, 2, 0, 1];
const SOFT: [f32; ROWS * CLASSES] =
    [0.5, 0.25, 0.25, 0.0, 1.0, 0.0, 0.125, 0.25, 0.625, 0.75, 0.25, 0.0, 0.5, 0.5, 0.0];
const LOGITS: [f32; ROWS * CLASSES] =
    [1.0, -1.0, 0.0, 0.5, 0.25, -0.75, 2.0, -1.0, -1.0, 0.0, 0.0, 0.0, -0.5, 1.5, -1.0];

#[test]
fn of_each_activation() {
    for hidden in [&[][..], &[6], &[5, 4]] {
        for activation in ACTIVATIONS {
            for targets in [Targets::Labels(&LABELS), Targets::Soft(&SOFT)] {
                for limit in [NEVER, ALWAYS] {
                    check_gradients(Start::of(activation), hidden, targets, limit);
                }
            }
        }
    }
}

#[test]
fn of_each_loss() {
    let blend = Blend { temperature: 2.0, soft: 0.5, hard: 0.75 };
    let taught = Targets::Taught(Taught { soft: &SOFT, labels: &[0, NO_LABEL, 2, 0, NO_LABEL], blend });
    let (logits, probabilities) = (Targets::Logits(&LOGITS), Targets::Probabilities(&SOFT));
    let parts = [(0.5, Targets::Labels(&LABELS)), (0.25, logits), (2.0, probabilities), (0.5, taught)];
    let values = Targets::Values(&LOGITS[..ROWS]);
    for targets in [logits, probabilities, taught, Targets::Weighted(&parts), values] {
        for activation in [Kind::LeakyRelu, Kind::Tanh] {
            for limit in [NEVER, ALWAYS] {
                check_gradients(Start::of(activation), &[6], targets, limit);
            }
        }
    }
}

#[test]
fn through_what_is_dropped() {
    for activation in ACTIVATIONS {
        for (input_dropout, hidden_dropout) in [(0.3, 0.5), (0.0, 0.25), (0.5, 0.0)] {
            let start = Start { input_dropout, hidden_dropout, ..Start::of(activation) };
            for limit in [NEVER, ALWAYS] {
                check_gradients(start, &[5, 4], Targets::Labels(&LABELS), limit);
            }
        }
    }
}
