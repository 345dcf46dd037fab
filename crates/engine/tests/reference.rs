//! Training and prediction agree with PyTorch, step by step, from the same start weights.
//!
//! The reference is `testdata/reference/training.json`, made in double precision by `make_training_reference.py` beside
//! it. Each step takes all rows, so the order that the trainer draws them in only changes the order of sums.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use lessen_data::{Answer, Column, ColumnEncoding, Encoding, Features, Table};
use lessen_engine::{Blend, Plan, Recipe, Targets, Taught, Trainer, TrainingRows};
use lessen_model::{Batch, Dense, Layer, Network, Node, Predictor, Weights};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    single_precision: SinglePrecision,
    rows: u32,
    features: usize,
    classes: usize,
    /// `[rows][features]`.
    inputs: Vec<f32>,
    labels: Vec<u32>,
    /// `[rows][classes]`.
    soft: Vec<f32>,
    /// `[rows][classes]`.
    logits: Vec<f32>,
    /// Below zero, of the leaky ReLU.
    slope: f32,
    blend: BlendWeights,
    weights: SumWeights,
    nets: Vec<Net>,
    cases: Vec<Case>,
}

/// As [`Blend`].
#[derive(Deserialize)]
struct BlendWeights {
    temperature: f32,
    soft: f32,
    hard: f32,
}

/// Of a sum of three losses.
#[derive(Deserialize)]
struct SumWeights {
    labels: f32,
    logits: f32,
    probabilities: f32,
}

/// How far PyTorch's own single precision is from its double precision, at most over all cases.
#[derive(Deserialize)]
struct SinglePrecision {
    losses_off_by: f64,
    weights_off_by: f64,
}

#[derive(Deserialize)]
struct Net {
    name: String,
    activation: String,
    layers: Vec<Parameters>,
    /// `[rows][classes]`, with the start weights.
    predictions: Vec<f64>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    net: String,
    targets: String,
    recipe: Recipe,
    losses: Vec<f64>,
    layers: Vec<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    weights: Vec<f64>,
    bias: Vec<f64>,
}

// A single-precision step rounds losses of about 1 to some 1e-7; 20 steps carry that on, and Adam's division by the root
// of small moments magnifies it. PyTorch's own single precision is off by `single_precision`, 4e-7 and 8e-7; the engine
// was off by as much, 4e-7 and 8e-7, when this was written. The rest is room for processors that add up in another order.
const LOSSES_WITHIN: f64 = 2e-5;
const WEIGHTS_WITHIN: f64 = 1e-4;

/// No step has been taken, so only one forward pass rounds.
const PREDICTIONS_WITHIN: f64 = 1e-6;

#[test]
fn losses_and_weights_agree_with_pytorch() {
    let reference = Reference::read();
    assert_eq!(reference.cases.len(), 41);
    let failures: Vec<String> = reference
        .cases
        .iter()
        .filter_map(|case| {
            let (losses, weights) = reference.distances(case, &case.recipe);
            let agrees = losses <= LOSSES_WITHIN && weights <= WEIGHTS_WITHIN;
            (!agrees).then(|| format!("{}: losses off by {losses:.1e}, weights by {weights:.1e}", case.name))
        })
        .collect();
    assert!(failures.is_empty(), "{} cases differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_tolerances_have_room_for_rounding_and_none_for_another_recipe() {
    let reference = Reference::read();
    let SinglePrecision { losses_off_by, weights_off_by } = reference.single_precision;
    assert!(losses_off_by < LOSSES_WITHIN / 4.0, "{losses_off_by}");
    assert!(weights_off_by < WEIGHTS_WITHIN / 4.0, "{weights_off_by}");
    for case in &reference.cases {
        for other in reference.cases.iter().filter(|other| other.recipe != case.recipe) {
            let (losses, weights) = reference.distances(case, &other.recipe);
            assert!(
                losses > 10.0 * LOSSES_WITHIN && weights > 10.0 * WEIGHTS_WITHIN,
                "{} trained as {}: losses off by {losses:.1e}, weights by {weights:.1e}",
                case.name,
                other.name
            );
        }
    }
}

#[test]
fn predictions_agree_with_pytorch() {
    let reference = Reference::read();
    assert_eq!(reference.nets.len(), 4);
    let features = reference.table();
    let all: Vec<u32> = (0..reference.rows).collect();
    let mut failures = Vec::new();
    for net in &reference.nets {
        let plan = Plan::new(&net.name, reference.network(net)).unwrap();
        // Few rows and many take different ways through a plan.
        for rows_at_once in [1, 3, all.len()] {
            let mut answers = vec![f32::NAN; net.predictions.len()];
            for (rows, into) in
                all.chunks(rows_at_once).zip(answers.chunks_mut(rows_at_once * reference.classes))
            {
                plan.predict(&Batch::new(&features, rows), into).unwrap();
            }
            let off = farthest(&answers, &net.predictions);
            if off > PREDICTIONS_WITHIN {
                failures.push(format!("{}, {rows_at_once} rows at once: off by {off:.1e}", net.name));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

impl Reference {
    fn read() -> Self {
        serde_json::from_str(include_str!("../../../testdata/reference/training.json")).unwrap()
    }

    /// Trains a case's network by `recipe`: how far losses and end weights are from the reference, at most.
    fn distances(&self, case: &Case, recipe: &Recipe) -> (f64, f64) {
        let net = self.nets.iter().find(|net| net.name == case.net).unwrap();
        let mut trainer = Trainer::new(self.network(net), recipe.clone(), 1).unwrap();
        let features = self.table();
        let rows: Vec<u32> = (0..self.rows).collect();
        let BlendWeights { temperature, soft, hard } = self.blend;
        let taught =
            Taught { soft: &self.soft, labels: &self.labels, blend: Blend { temperature, soft, hard } };
        let (labels, logits) = (Targets::Labels(&self.labels), Targets::Logits(&self.logits));
        let probabilities = Targets::Probabilities(&self.soft);
        let parts = [
            (self.weights.labels, labels),
            (self.weights.logits, logits),
            (self.weights.probabilities, probabilities),
        ];
        let targets = match case.targets.as_str() {
            "labels" => labels,
            "soft" => Targets::Soft(&self.soft),
            "logits" => logits,
            "probabilities" => probabilities,
            "taught" => Targets::Taught(taught),
            "weighted" => Targets::Weighted(&parts),
            other => panic!("no targets are called `{other}`"),
        };
        let training = TrainingRows { features: &features, rows: &rows, targets };
        let losses: Vec<f32> = case.losses.iter().map(|_| trainer.step(&training).unwrap()).collect();
        let network = trainer.into_network();
        assert_eq!(network.dense().count(), case.layers.len());
        let weights = network.dense().zip(&case.layers).map(|(found, expected)| {
            farthest(found.weights.values(), &expected.weights).max(farthest(&found.bias, &expected.bias))
        });
        (farthest(&losses, &case.losses), weights.fold(0.0, f64::max))
    }

    fn table(&self) -> Features {
        let column = |place| Column::Numeric {
            name: format!("x{place}"),
            values: self.inputs.iter().skip(place).step_by(self.features).copied().collect(),
        };
        Features::Table(Table::new((0..self.features).map(column).collect()).unwrap())
    }

    /// The network of `net` with its start weights.
    fn network(&self, net: &Net) -> Network {
        let activation = match net.activation.as_str() {
            "tanh" => Layer::Tanh,
            "relu" => Layer::Relu,
            "leaky_relu" => Layer::LeakyRelu(self.slope),
            "sigmoid" => Layer::Sigmoid,
            other => panic!("no activation is called `{other}`"),
        };
        let mut layers = Vec::new();
        for (place, layer) in net.layers.iter().enumerate() {
            let is_last = place + 1 == net.layers.len();
            layers.push(Layer::Dense(layer.dense()));
            layers.push(if is_last { Layer::Softmax } else { activation.clone() });
        }
        let node = |(place, layer)| Node { name: format!("node_{place}"), layer, inputs: vec![place] };
        let nodes = layers.into_iter().enumerate().map(node).collect();
        let unchanged = ColumnEncoding::Pixels { count: self.features, shift: 0.0, scale: 1.0 };
        let classes = Answer::Classes((0..self.classes).map(|class| class.to_string()).collect());
        Network::new(nodes, Encoding::try_from(vec![unchanged]).unwrap(), classes).unwrap()
    }
}

impl Parameters {
    fn dense(&self) -> Dense {
        let single = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<f32>>();
        let shape = vec![self.bias.len(), self.weights.len() / self.bias.len()];
        Dense { weights: Weights::new(shape, single(&self.weights)).unwrap(), bias: single(&self.bias) }
    }
}

/// The largest difference between entries at the same place; infinite where one is not a number.
fn farthest(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let differences =
        found.iter().zip(expected).map(|(found, expected)| (f64::from(*found) - expected).abs());
    differences.fold(0.0, |most, next| if next.is_nan() { f64::INFINITY } else { most.max(next) })
}
