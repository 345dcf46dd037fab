//! A network compiled to predict.

use std::sync::Mutex;

use lessen_data::{Encoded, padded};
use lessen_model::{Batch, Cost, Network, PredictError, Predictor};

use crate::chain::{self, Activation};
use crate::error::EngineError;
use crate::kernels::activate::{add_bias_and_activate, dot};
use crate::kernels::product::{Matrix, MatrixMut, product};

/// A network compiled to predict: layers in a row, buffers that are kept between calls.
pub struct Plan {
    name: String,
    network: Network,
    layers: Vec<PlanLayer>,
    fingerprint: u64,
    /// Buffers that no call is using; each call takes one, so many threads may predict at once.
    idle: Mutex<Vec<Workspace>>,
}

struct PlanLayer {
    outputs: usize,
    inputs: usize,
    /// `[outputs][inputs]`.
    weights: Vec<f32>,
    bias: Vec<f32>,
    activation: Activation,
}

/// Activations of two layers in a row, `[width][lanes]` each.
#[derive(Default)]
struct Workspace {
    current: Vec<f32>,
    next: Vec<f32>,
}

/// Up to this many rows, a layer walks its weights once a row: packing them for a matrix product costs more than it
/// saves, and padding rows to a register wastes most of it. Measured on
/// 784-300-100-10 (`examples/step_time.rs`): 29 us a row against 84 us for any 7 to 16 rows.
const FEW_ROWS: usize = 3;

impl Plan {
    /// Compiles `network`.
    ///
    /// # Errors
    /// [`EngineError::Node`] for a network that is not a chain of dense layers with activations.
    pub fn new(name: impl Into<String>, network: Network) -> Result<Self, EngineError> {
        let layer = |link: &chain::Link<'_>| {
            let (outputs, inputs) = link.shape();
            PlanLayer {
                outputs,
                inputs,
                weights: link.dense.weights.values().to_vec(),
                bias: link.dense.bias.clone(),
                activation: link.activation,
            }
        };
        let layers = chain::links(&network)?.iter().map(layer).collect();
        let fingerprint = network.encoding().fingerprint();
        Ok(Self { name: name.into(), network, layers, fingerprint, idle: Mutex::default() })
    }

    /// The network that was compiled.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Outputs for rows that are encoded already, `[rows][outputs]` row-major.
    ///
    /// # Panics
    /// Where `encoded` is not as wide as the network's encoding, or `into` has not that length.
    pub fn predict_encoded(&self, encoded: &Encoded, into: &mut [f32]) {
        let outputs = self.network.classes().len();
        assert!(encoded.width == self.network.encoding().width() && into.len() == encoded.rows * outputs);
        let mut workspace = self.idle.lock().ok().and_then(|mut idle| idle.pop()).unwrap_or_default();
        if encoded.rows <= FEW_ROWS {
            self.row_by_row(encoded, &mut workspace, into);
        } else {
            self.all_rows(encoded, &mut workspace, into);
        }
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(workspace);
        }
    }

    fn row_by_row(&self, encoded: &Encoded, workspace: &mut Workspace, into: &mut [f32]) {
        let Workspace { current, next } = workspace;
        for (row, into) in into.chunks_exact_mut(self.network.classes().len()).enumerate() {
            current.clear();
            current.extend((0..encoded.width).map(|feature| encoded.values[feature * encoded.lanes + row]));
            for layer in &self.layers {
                next.clear();
                next.resize(layer.outputs, 0.0);
                pulp::Arch::new().dispatch(
                    #[inline(always)]
                    || {
                        for (next, weights) in
                            next.iter_mut().zip(layer.weights.chunks_exact(layer.inputs.max(1)))
                        {
                            *next = dot(weights, current);
                        }
                    },
                );
                add_bias_and_activate(layer.activation, &layer.bias, 1, next);
                std::mem::swap(current, next);
            }
            into.copy_from_slice(current);
        }
    }

    fn all_rows(&self, encoded: &Encoded, workspace: &mut Workspace, into: &mut [f32]) {
        let lanes = padded(encoded.rows);
        let Workspace { current, next } = workspace;
        for (place, layer) in self.layers.iter().enumerate() {
            let inputs = if place == 0 { &encoded.values } else { &*current };
            next.resize(layer.outputs * lanes, 0.0);
            product(
                Matrix::row_major(&layer.weights, layer.outputs, layer.inputs),
                Matrix::row_major(inputs, layer.inputs, lanes),
                MatrixMut { values: next, shape: (layer.outputs, lanes) },
            );
            add_bias_and_activate(layer.activation, &layer.bias, lanes, next);
            std::mem::swap(current, next);
        }
        let outputs = self.network.classes().len();
        for (output, values) in current.chunks_exact(lanes).enumerate() {
            for (row, &value) in values[..encoded.rows].iter().enumerate() {
                into[row * outputs + output] = value;
            }
        }
    }
}

impl Predictor for Plan {
    fn name(&self) -> &str {
        &self.name
    }

    fn outputs(&self) -> usize {
        self.network.classes().len()
    }

    fn cost(&self) -> Cost {
        Cost::own(self.network.operations())
    }

    fn predict(&self, batch: &Batch<'_>, into: &mut [f32]) -> Result<(), PredictError> {
        self.check_room(batch, into)?;
        let encoded = batch.encoded(self.network.encoding(), self.fingerprint);
        let encoded = encoded.map_err(|problem| self.error(problem))?;
        self.predict_encoded(&encoded, into);
        Ok(())
    }
}
