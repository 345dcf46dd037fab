//! A network compiled to predict.

mod activity;
mod layer;

use std::convert::Infallible;
use std::ops::Range;
use std::sync::Mutex;

use lessen_data::Encoded;
use lessen_model::{Batch, Cost, Network, PredictError, Predictor};
use lessen_units::Operations;

use crate::chain::{self, Activation};
use crate::error::EngineError;
use crate::forward::{Forward, Layers, Room};
use crate::kernels::aligned::Aligned;

pub use self::activity::Activity;
use self::layer::{Limits, PlanLayer};

/// A network compiled to predict: layers in a row, buffers that are kept between calls.
///
/// Up to four rows are predicted one by one, by the columns of the weights: inputs that are zero, such as the dark pixels of a
/// digit or the units that a ReLU has silenced, cost nothing, so the time depends on the row. More rows go through all layers
/// in chunks of 64, on more threads where that is worth it. Layers of which little is left are computed without the zeros,
/// masked or not: for many rows up to 35 % of the weights, for single ones up to 6 %. In the other layers inputs cost nothing
/// that are zero in sixteen rows (in 64 with AVX-512). Where zeros are left out, one of them times an infinity counts as zero. The forms of the
/// weights that a call needs are made by the first such call.
///
/// From which share of the weights on leaving zeros out pays is drawn in `docs/crossover.svg` (`examples/crossover.rs`): 7 % for one
/// row, 36 to 42 % for sixteen and more.
///
/// LeNet-300-100 (784-300-100-10), microseconds a call on a Zen 3 with AVX2 and two threads, the encoding of the rows
/// included, least of 2000 (`examples/sparse_times.rs`; with digits 256 rows by all weights take 0.7 of this, as the dark edges of
/// sixteen digits meet):
///
/// | weights left | 1 row | 1 row, 81 % of its pixels zero | 16 rows | 256 rows |
/// | --- | --- | --- | --- | --- |
/// | 100 % | 17.7 | 6.7 | 103 | 1020 |
/// | 21 % | 19.8 | 5.1 | 52 | 427 |
/// | 8 % | 16.8 | 6.6 | 26 | 169 |
/// | 3.6 % | 9.5 | 3.6 | 11 | 104 |
pub struct Plan {
    name: String,
    network: Network,
    layers: Vec<PlanLayer>,
    forward: Forward,
}

impl Plan {
    /// Compiles `network`.
    ///
    /// # Errors
    /// [`EngineError::Node`] for a network that is not a chain of dense layers with activations.
    pub fn new(name: impl Into<String>, network: Network) -> Result<Self, EngineError> {
        Self::compile(name.into(), network, Limits::MEASURED)
    }

    fn compile(name: String, network: Network, limits: Limits) -> Result<Self, EngineError> {
        let layers: Vec<_> =
            chain::links(&network)?.iter().map(|link| PlanLayer::new(link, limits)).collect();
        let forward = Forward {
            outputs: network.outputs(),
            ends_in_softmax: layers.last().is_some_and(|layer| layer.activation == Activation::Softmax),
            macs: layers.iter().map(PlanLayer::macs).sum(),
            idle: Mutex::default(),
        };
        Ok(Self { name, network, layers, forward })
    }

    /// Compiles `network` so that every weight is computed with, zero or not: what [`Plan::new`] is compared with.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn whole(name: impl Into<String>, network: Network) -> Result<Self, EngineError> {
        Self::compile(name.into(), network, Limits { few: -1.0, many: -1.0 })
    }

    /// Compiles `network` so that every weight that is zero is left out, however few they are.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn without_zeros(name: impl Into<String>, network: Network) -> Result<Self, EngineError> {
        Self::compile(name.into(), network, Limits { few: 1.0, many: 1.0 })
    }

    /// The network that was compiled.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// All weights of a layer, row by row.
    fn weights(&self, place: usize) -> &[f32] {
        self.network.dense().nth(place).map_or(&[], |dense| dense.weights.values())
    }

    /// Outputs for rows that are encoded already, `[rows][outputs]` row-major.
    ///
    /// # Panics
    /// Where `encoded` is not as wide as the network's encoding, or `into` has not that length.
    pub fn predict_encoded(&self, encoded: &Encoded, into: &mut [f32]) {
        let outputs = self.network.outputs();
        assert!(encoded.width == self.network.encoding().width() && into.len() == encoded.rows * outputs);
        let width = encoded.width;
        let fill = |rows: Range<usize>, lanes: usize, into: &mut [f32]| {
            for (feature, into) in into.chunks_exact_mut(lanes.max(1)).enumerate() {
                let values = &encoded.values[feature * encoded.lanes..][rows.clone()];
                let (there, beyond) = into.split_at_mut(values.len());
                there.copy_from_slice(values);
                beyond.fill(0.0);
            }
            Ok::<(), Infallible>(())
        };
        let Ok(()) = self.forward.answer(self, encoded.rows, width, &fill, into);
    }
}

impl Layers for Plan {
    fn count(&self) -> usize {
        self.layers.len()
    }

    fn one_row(&self, place: usize, room: &mut Room, inputs: &[f32], outputs: &mut Aligned) {
        self.layers[place].one_row(self.weights(place), &mut room.nonzero, inputs, outputs);
    }

    fn many_rows(&self, place: usize, lanes: usize, room: &mut Room, inputs: &[f32], outputs: &mut Aligned) {
        self.layers[place].many_rows(self.weights(place), lanes, &mut room.strips, inputs, outputs);
    }
}

impl Predictor for Plan {
    fn name(&self) -> &str {
        &self.name
    }

    fn outputs(&self) -> usize {
        self.network.outputs()
    }

    /// What is computed: all weights of a layer that is computed whole, those that are not zero of the others. (A layer
    /// that only few rows take whole is counted as for many.)
    fn cost(&self) -> Cost {
        Cost::own(Operations { macs: self.forward.macs as u64, ..self.network.operations() })
    }

    fn predict(&self, batch: &Batch<'_>, into: &mut [f32]) -> Result<(), PredictError> {
        self.forward.predict(self, self, self.network.encoding(), batch, into)
    }
}

#[cfg(test)]
mod tests {
    use lessen_data::{Answer, ColumnEncoding, Encoding, Features, Images};
    use lessen_model::{Dense, Layer, Node, Weights};

    use super::*;
    use crate::forward::FEW_ROWS;
    use crate::forward::examples::{self, network};

    /// Two pixels, two hidden units, two classes.
    fn by_hand(activation: Layer) -> Network {
        let dense = |values: &[f32], bias: &[f32]| {
            let weights = Weights::new(vec![2, 2], values.to_vec()).unwrap();
            Layer::Dense(Dense { weights, bias: bias.to_vec() })
        };
        let layers = [
            dense(&[1.0, -1.0, 0.5, 0.5], &[0.0, -1.0]),
            activation,
            dense(&[1.0, 0.0, 0.0, 2.0], &[0.0, 0.5]),
            Layer::Softmax,
        ];
        let node = |(place, layer)| Node { name: format!("node {place}"), layer, inputs: vec![place] };
        let nodes = layers.into_iter().enumerate().map(node).collect();
        let encoding = ColumnEncoding::Pixels { count: 2, shift: 0.0, scale: 2.0 };
        let encoding = Encoding::try_from(vec![encoding]).unwrap();
        Network::new(nodes, encoding, Answer::Classes(vec!["a".into(), "b".into()])).unwrap()
    }

    fn images(bytes: &[u8]) -> Features {
        Features::Images(Images { channels: 1, height: 1, width: 2, bytes: bytes.to_vec() })
    }

    /// Pixels (6, 2) are encoded as (3, 1): before the activation 2 and 1. Pixels (2, 6): -2 and 1.
    #[test]
    fn a_forward_pass_by_hand_for_few_rows_and_many() {
        let features = images(&[6, 2, 2, 6]);
        let tanh = |x: f32| x.tanh();
        for (activation, logits) in [
            // Logits are the first unit, and twice the second and a half.
            (Layer::Relu, [[2.0, 2.5], [0.0, 2.5]]),
            (Layer::Tanh, [[tanh(2.0), 2.0 * tanh(1.0) + 0.5], [tanh(-2.0), 2.0 * tanh(1.0) + 0.5]]),
        ] {
            let plan = Plan::new("by hand", by_hand(activation)).unwrap();
            for count in [0, 1, 2, FEW_ROWS, FEW_ROWS + 1, 16, 17, 70] {
                let rows: Vec<u32> = (0..count as u32).map(|row| row % 2).collect();
                let mut into = vec![f32::NAN; 2 * count];
                plan.predict(&Batch::new(&features, &rows), &mut into).unwrap();
                for (row, found) in rows.iter().zip(into.chunks(2)) {
                    let [a, b] = logits[*row as usize];
                    let expected = 1.0 / (1.0 + (b - a).exp());
                    assert!((found[0] - expected).abs() < 1e-6, "{count} rows: {found:?}, {expected}");
                    assert!((found[1] - (1.0 - expected)).abs() < 1e-6, "{count} rows: {found:?}");
                }
            }
        }
    }

    #[test]
    fn rows_that_do_not_fit_are_refused_by_name() {
        let plan = Plan::new("small", by_hand(Layer::Relu)).unwrap();
        let wide = Features::Images(Images { channels: 1, height: 1, width: 3, bytes: vec![0; 30] });
        for rows in [&[0][..], &[0, 1, 2, 3, 4, 5, 6]] {
            let mut into = vec![0.0; 2 * rows.len()];
            let error = plan.predict(&Batch::new(&wide, rows), &mut into).unwrap_err();
            assert_eq!(error.predictor, "small");
            assert!(error.source.to_string().contains("3 columns, expected 2"), "{}", error.source);
        }
        let features = images(&[0; 4]);
        assert!(plan.predict(&Batch::new(&features, &[0]), &mut [0.0]).is_err(), "room for one of two");
    }

    #[test]
    fn calls_one_after_the_other_share_a_buffer() {
        let plan = Plan::new("small", by_hand(Layer::Relu)).unwrap();
        let features = images(&[0; 40]);
        let rows: Vec<u32> = (0..20).collect();
        for count in [20, 1, 7, 0, 20] {
            let mut into = vec![0.0; 2 * count];
            plan.predict(&Batch::new(&features, &rows[..count]), &mut into).unwrap();
            assert_eq!(plan.forward.idle.lock().unwrap().len(), 1);
        }
    }

    #[test]
    fn the_cost_is_what_is_computed() {
        let mut pruned = by_hand(Layer::Relu);
        // One of four weights is left in the first layer, two (not zero) of four in the second.
        pruned.dense_mut().next().unwrap().weights.shrink(|index| index == 0);
        let cost = Plan::new("small", pruned.clone()).unwrap().cost().total();
        assert_eq!(cost, Operations { macs: 1 + 4, ..pruned.operations() });
        let everything_sparse = Plan::without_zeros("small", pruned.clone()).unwrap();
        assert_eq!(everything_sparse.cost().total(), pruned.operations_nonzero());

        let network = by_hand(Layer::Relu);
        assert_eq!(Plan::new("small", network.clone()).unwrap().cost().total(), network.operations());
    }

    #[test]
    fn rows_that_overflow_are_answered_with_all_classes_alike() {
        let column =
            lessen_data::Column::Numeric { name: "x".into(), values: vec![f32::MAX, -f32::MAX, 1.0] };
        let features = Features::Table(lessen_data::Table::new(vec![column]).unwrap());
        let encoding =
            Encoding::try_from(vec![ColumnEncoding::Pixels { count: 1, shift: 0.0, scale: 0.5 }]).unwrap();
        let classes = Answer::Classes(vec!["a".to_owned(), "b".to_owned()]);
        let network = crate::initial::mlp(encoding, &[4], crate::Activation::Relu, classes, 1).unwrap();
        let plan = Plan::new("p", network).unwrap();
        for rows in [vec![0, 1, 2], vec![0, 1, 2, 0, 1, 2, 0, 1, 2]] {
            let mut into = vec![f32::NAN; 2 * rows.len()];
            plan.predict(&Batch::new(&features, &rows), &mut into).unwrap();
            for row in into.chunks(2) {
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{into:?}");
            }
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 64 }))]
        #[test]
        fn with_and_without_zeros_the_answers_agree(
            rows in 1usize..90, width in 1usize..60, hidden in 1usize..40, density in 0.0f32..1.0, seed: u64,
        ) {
            let network = network([width, hidden], crate::Activation::Tanh, density, seed);
            let features = examples::images(rows, width);
            let answers = |plan: Result<Plan, EngineError>| examples::answers(&plan.unwrap(), &features);
            let whole = answers(Plan::whole("p", network.clone()));
            let mixed = Limits { few: -1.0, many: 1.0 };
            for plan in [
                Plan::new("p", network.clone()),
                Plan::without_zeros("p", network.clone()),
                Plan::compile("p".into(), network.clone(), mixed),
            ] {
                for (found, expected) in answers(plan).iter().zip(&whole) {
                    proptest::prop_assert!((found - expected).abs() < 1e-5, "{} {}", found, expected);
                }
            }
        }
    }
}
