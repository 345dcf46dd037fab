//! One dense layer in training, with its activation.

use std::ops::Range;

use lessen_data::{padded, transpose};

use super::dropout::{Draw, Dropout};
use super::live::Live;
use super::state::LayerState;
use super::weights::{Inputs, Weights};
use crate::chain::{Activation, Link};
use crate::kernels::activate::{AddBias, activate, back_through, row_sums};
use crate::kernels::aligned::Aligned;
use crate::kernels::dense::Strips;
use crate::optimiser::{Parameters, Step};
use crate::recipe::Recipe;

/// One dense layer, with room for everything that a step computes of it. Units that nothing reads and inputs that nobody
/// reads are left out: its rows and columns are those of `live`.
pub(super) struct TrainerLayer {
    pub(super) name: String,
    outputs: usize,
    inputs: usize,
    pub(super) weights: Weights,
    pub(super) bias: Parameters,
    bias_gradient: Aligned,
    activation: Activation,
    /// What the learning rate is multiplied with.
    pub(super) rate: f32,
    /// `[outputs][lanes]`, after the activation; of the last layer before it, as its softmax (if any) is taken with the loss.
    activated: Aligned,
    /// Of what is activated, before the next layer.
    pub(super) dropout: Option<Dropout>,
    /// `[rows][padded outputs]`, what is given to the next layer by row; empty where the next layer does not want it.
    by_row: Aligned,
    /// `[outputs][lanes]`, of the loss by what is before the activation.
    pub(super) delta: Aligned,
    is_last: bool,
}

/// Where a layer stands and how it is held.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Room for so many rows, filled up to whole registers.
    pub(super) lanes: usize,
    pub(super) is_last: bool,
    pub(super) is_sparse: bool,
    /// From 1 for the first layer.
    pub(super) number: usize,
    /// Share of its outputs that training drops.
    pub(super) dropout: f32,
    /// Whether the next layer wants this one's outputs by row.
    pub(super) by_row: bool,
}

impl TrainerLayer {
    /// A layer with the parameters and moments of `state`.
    pub(super) fn new(
        link: &Link<'_>,
        recipe: &Recipe,
        live: &Live,
        state: &LayerState,
        place: Place,
    ) -> Self {
        let (outputs, inputs) = (live.outputs.len(), live.inputs.len());
        let mask = link.dense.weights.mask();
        let has = |index: usize| {
            let index = live.index(index);
            mask.is_none_or(|mask| mask.has(index))
        };
        let mut weights = Weights::new((outputs, inputs), recipe.optimiser, place.is_sparse, has);
        for (index, at) in weights.places() {
            state.weights.put(live.index(index), weights.parameters_mut(), at);
        }
        let mut bias = Parameters::zeros(recipe.optimiser, padded(outputs));
        for (at, &output) in live.outputs.iter().enumerate() {
            state.bias.put(output as usize, &mut bias, at);
        }
        let by_row = if place.by_row { place.lanes * padded(outputs) } else { 0 };
        Self {
            name: link.name.to_owned(),
            outputs,
            inputs,
            weights,
            bias,
            bias_gradient: Aligned::zeros(padded(outputs)),
            activation: link.activation,
            rate: recipe.rates.get(link.name).copied().unwrap_or(1.0),
            activated: Aligned::zeros(if place.is_last { 0 } else { outputs * place.lanes }),
            dropout: Dropout::new(place.dropout, place.number, &live.outputs, place.lanes),
            by_row: Aligned::zeros(by_row),
            delta: Aligned::zeros(outputs * place.lanes),
            is_last: place.is_last,
        }
    }

    /// Puts parameters and moments where `live` says that they belong.
    pub(super) fn write(&self, live: &Live, state: &mut LayerState) {
        for (index, at) in self.weights.places() {
            state.weights.take(live.index(index), self.weights.parameters(), at);
        }
        for (at, &output) in live.outputs.iter().enumerate() {
            state.bias.take(output as usize, &self.bias, at);
        }
    }

    /// What the layer makes of `[inputs][lanes]`, of which `nonzero` is what is not zero where that is known, some of it dropped where there is a draw; what the last layer makes is put
    /// where its gradient will be.
    pub(super) fn forward(
        &mut self,
        inputs: &[f32],
        nonzero: Option<&Strips>,
        lanes: usize,
        draw: Option<Draw>,
    ) {
        let activation = if self.is_last { Activation::None } else { self.activation };
        let into = if self.is_last { &mut self.delta } else { &mut self.activated };
        let into = &mut into[..self.outputs * lanes];
        let bias = &self.bias.values[..self.outputs];
        let finish = AddBias { bias, activation, into, stride: lanes };
        self.weights.forward((inputs, nonzero), lanes, finish);
        activate(activation, lanes, into);
        if let Some(dropout) = &mut self.dropout {
            dropout.apply(draw, into, lanes);
        }
    }

    /// The same by row, where the next layer wants it so.
    pub(super) fn turn(&mut self, lanes: usize) {
        if self.by_row.is_empty() {
            return;
        }
        let (outputs, stride) = (self.outputs, padded(self.outputs));
        let into = &mut self.by_row[..lanes * stride];
        let activated = &self.activated[..outputs * lanes];
        let given = self.dropout.as_ref().map_or(activated, |dropout| dropout.outputs(activated));
        // What is beyond the outputs of a row becomes zero.
        transpose(given, (outputs, lanes), lanes, stride, into);
    }

    /// The layer's outputs after [`TrainerLayer::forward`], `[outputs][lanes]`, as the next layer is given them.
    pub(super) fn outputs(&self, lanes: usize) -> &[f32] {
        let outputs = if self.is_last { &self.delta } else { &self.activated };
        let outputs = &outputs[..self.outputs * lanes];
        self.dropout.as_ref().map_or(outputs, |dropout| dropout.outputs(outputs))
    }

    /// The same to be changed, of a layer that drops nothing.
    pub(super) fn outputs_mut(&mut self, lanes: usize) -> &mut [f32] {
        let outputs = if self.is_last { &mut self.delta } else { &mut self.activated };
        &mut outputs[..self.outputs * lanes]
    }

    /// Both forms of the outputs, for the layer behind.
    pub(super) fn as_inputs(&self, rows: usize, lanes: usize) -> Inputs<'_> {
        let nonzero_by_row = None;
        Inputs { by_feature: self.outputs(lanes), lanes, by_row: &self.by_row, rows, nonzero_by_row }
    }

    /// From this layer's gradient that of the layer before.
    pub(super) fn back(&self, before: &mut Self, lanes: usize) {
        let length = self.inputs * lanes;
        let into = &mut before.delta[..length];
        self.weights.back(&self.delta[..self.outputs * lanes], lanes, into);
        if let Some(dropout) = &before.dropout {
            dropout.back(into);
        }
        back_through(before.activation, &before.activated[..length], into);
    }

    /// Moves weights and bias against their gradients.
    pub(super) fn descend(
        &mut self,
        inputs: Inputs<'_>,
        recipe: &Recipe,
        (of_weights, of_biases): (Step, Step),
    ) {
        let delta = &self.delta[..self.outputs * inputs.lanes];
        row_sums(delta, inputs.lanes, &mut self.bias_gradient);
        self.weights.descend(delta, inputs, of_weights);
        self.bias.descend(of_biases, &self.bias_gradient);
        self.bound(recipe);
    }

    /// Keeps the gradients of weights and bias, and gives the sum of their squares.
    pub(super) fn keep_gradients(&mut self, inputs: Inputs<'_>) -> f64 {
        let delta = &self.delta[..self.outputs * inputs.lanes];
        row_sums(delta, inputs.lanes, &mut self.bias_gradient);
        let of_bias: f64 = self.bias_gradient.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
        self.weights.keep_gradient(delta, inputs) + of_bias
    }

    /// Moves weights and bias against the gradients that were kept.
    pub(super) fn descend_by_kept(&mut self, recipe: &Recipe, (of_weights, of_biases): (Step, Step)) {
        self.weights.descend_by_kept(of_weights);
        self.bias.descend(of_biases, &self.bias_gradient);
        self.bound(recipe);
    }

    fn bound(&mut self, recipe: &Recipe) {
        if let Some(longest) = recipe.max_norm {
            self.weights.shorten(longest);
        }
    }

    /// Outputs that are no finite numbers, among those of the rows.
    pub(super) fn is_finite(&self, rows: Range<usize>, lanes: usize) -> bool {
        self.outputs(lanes)
            .chunks_exact(lanes)
            .all(|lane| lane[rows.clone()].iter().all(|value| value.is_finite()))
    }
}
