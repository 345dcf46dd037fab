//! One dense layer in training, with its activation.

use lessen_model::Mask;

use crate::chain::{Activation, Link};
use crate::kernels::activate::{add_bias_and_activate, back_through, row_sums};
use crate::kernels::product::{Matrix, MatrixMut, product};
use crate::optimiser::{Moments, Step};
use crate::recipe::Recipe;

/// One dense layer, with room for everything that a step computes of it.
pub(crate) struct TrainerLayer {
    pub(super) outputs: usize,
    inputs: usize,
    /// `[outputs][inputs]`.
    pub(super) weights: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) mask: Option<Mask>,
    activation: Activation,
    pub(super) weight_gradient: Vec<f32>,
    pub(super) bias_gradient: Vec<f32>,
    pub(super) weight_moments: Moments,
    bias_moments: Moments,
    /// `[outputs][lanes]`, after the activation; empty in the last layer, whose softmax (if any) is taken with the loss.
    activated: Vec<f32>,
    /// `[outputs][lanes]`, of the loss by what is before the activation.
    pub(super) gradient: Vec<f32>,
}

impl TrainerLayer {
    /// A layer with room for `lanes` rows; `is_last` where the loss stands behind it.
    pub(super) fn new(link: &Link<'_>, recipe: &Recipe, lanes: usize, is_last: bool) -> Self {
        let (outputs, inputs) = link.shape();
        let activated = if is_last { 0 } else { outputs * lanes };
        Self {
            outputs,
            inputs,
            weights: link.dense.weights.values().to_vec(),
            bias: link.dense.bias.clone(),
            mask: link.dense.weights.mask().cloned(),
            activation: link.activation,
            weight_gradient: vec![0.0; outputs * inputs],
            bias_gradient: vec![0.0; outputs],
            weight_moments: Moments::new(recipe.optimiser, outputs * inputs),
            bias_moments: Moments::new(recipe.optimiser, outputs),
            activated: vec![0.0; activated],
            gradient: vec![0.0; outputs * lanes],
        }
    }

    /// What the layer makes of `[inputs][lanes]`; what the last layer makes is put where their gradient will be.
    pub(super) fn forward(&mut self, inputs: &[f32], lanes: usize) {
        let (activation, outputs) = if self.activated.is_empty() {
            (Activation::None, &mut self.gradient)
        } else {
            (self.activation, &mut self.activated)
        };
        let outputs = &mut outputs[..self.outputs * lanes];
        product(
            Matrix::row_major(&self.weights, self.outputs, self.inputs),
            Matrix::row_major(inputs, self.inputs, lanes),
            MatrixMut { values: outputs, shape: (self.outputs, lanes) },
        );
        add_bias_and_activate(activation, &self.bias, lanes, outputs);
    }

    /// The layer's outputs after [`TrainerLayer::forward`], `[outputs][lanes]`.
    pub(super) fn outputs(&self, lanes: usize) -> &[f32] {
        &self.activated[..self.outputs * lanes]
    }

    /// From this layer's gradient: that of its weights and bias, and that of the layer before. `inputs` are the encoded
    /// rows, for the layer that has none before it.
    pub(super) fn back(&mut self, before: Option<&mut Self>, inputs: &[f32], lanes: usize) {
        let gradient = Matrix::row_major(&self.gradient[..self.outputs * lanes], self.outputs, lanes);
        row_sums(gradient.values, lanes, &mut self.bias_gradient);
        let inputs = before.as_ref().map_or(inputs, |before| before.outputs(lanes));
        product(
            gradient,
            Matrix::row_major(inputs, self.inputs, lanes).transposed(),
            MatrixMut { values: &mut self.weight_gradient, shape: (self.outputs, self.inputs) },
        );
        let Some(before) = before else { return };
        let length = self.inputs * lanes;
        product(
            Matrix::row_major(&self.weights, self.outputs, self.inputs).transposed(),
            gradient,
            MatrixMut { values: &mut before.gradient[..length], shape: (self.inputs, lanes) },
        );
        back_through(before.activation, &before.activated[..length], &mut before.gradient[..length]);
    }

    /// Moves weights and bias against their gradients; biases do not decay.
    pub(super) fn update(&mut self, step: Step, weight_decay: f32) {
        let mask = self.mask.as_ref();
        self.weight_moments.apply(step, weight_decay, mask, &mut self.weights, &mut self.weight_gradient);
        self.bias_moments.apply(step, 0.0, None, &mut self.bias, &mut self.bias_gradient);
    }
}
