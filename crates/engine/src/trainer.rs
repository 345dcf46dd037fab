//! Training as a value: made, stepped, looked at, taken apart.

use lessen_data::{Encoding, Features, padded, random};
use lessen_model::{Mask, Network};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::chain::{self, Activation};
use crate::error::{EngineError, StepError};
use crate::kernels::activate::{add_bias_and_activate, back_through, row_sums};
use crate::kernels::product::{Matrix, MatrixMut, product};
use crate::loss::{Targets, cross_entropy};
use crate::optimiser::{Moments, Step};
use crate::recipe::Recipe;

/// Rows that a network learns from.
#[derive(Clone, Copy)]
pub struct TrainingRows<'a> {
    /// The rows' home.
    pub features: &'a Features,
    /// Which of them.
    pub rows: &'a [u32],
    /// What they should give; indexed by row number, so there is one for each row of `features`.
    pub targets: Targets<'a>,
}

/// A network in training. The loop around it (how long, when to look, what to keep) is the caller's.
pub struct Trainer {
    /// Encoding, names and masks; its weights are those of the start until [`Trainer::network`] is asked.
    start: Network,
    encoding: Encoding,
    recipe: Recipe,
    layers: Vec<TrainerLayer>,
    order: Order,
    steps: u64,
    /// The encoded minibatch, `[width][lanes]`.
    inputs: Vec<f32>,
    batch_rows: Vec<u32>,
}

/// One dense layer, with room for everything that a step computes of it.
struct TrainerLayer {
    outputs: usize,
    inputs: usize,
    weights: Vec<f32>,
    bias: Vec<f32>,
    mask: Option<Mask>,
    activation: Activation,
    weight_gradient: Vec<f32>,
    bias_gradient: Vec<f32>,
    weight_moments: Moments,
    bias_moments: Moments,
    /// `[outputs][lanes]`, after the activation.
    activated: Vec<f32>,
    /// `[outputs][lanes]`, of the loss by what is before the activation.
    gradient: Vec<f32>,
}

/// Which rows come next: all of them in a random order, then all of them in another.
struct Order {
    random: ChaCha8Rng,
    shuffled: Vec<u32>,
    next: usize,
}

impl Trainer {
    /// Begins training; rows are drawn from the stream `training order` of `seed`.
    ///
    /// # Errors
    /// [`EngineError::Node`] for a network that is no chain ending in softmax, [`EngineError::Recipe`] for a setting
    /// out of its range.
    pub fn new(network: Network, recipe: Recipe, seed: u64) -> Result<Self, EngineError> {
        recipe.check()?;
        let lanes = padded(recipe.batch);
        let links = chain::links(&network)?;
        if let Some(last) = links.last().filter(|last| last.activation != Activation::Softmax) {
            return Err(EngineError::Node { node: last.node.to_owned(), expected: "softmax at the end" });
        }
        let layer = |link: &chain::Link<'_>| {
            let (outputs, inputs) = link.shape();
            TrainerLayer {
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
                activated: vec![0.0; outputs * lanes],
                gradient: vec![0.0; outputs * lanes],
            }
        };
        let layers = links.iter().map(layer).collect();
        let encoding = network.encoding().clone();
        let order = Order { random: random::stream(seed, "training order"), shuffled: Vec::new(), next: 0 };
        let inputs = vec![0.0; encoding.width() * lanes];
        let batch_rows = Vec::with_capacity(recipe.batch);
        Ok(Self { start: network, encoding, recipe, layers, order, steps: 0, inputs, batch_rows })
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// One minibatch: forward, back, and a step of the optimiser. Gives the minibatch's mean loss (cross-entropy,
    /// in nats) before the step. The last minibatch of a pass over the rows may be short.
    ///
    /// # Errors
    /// Where rows or targets do not fit the network, or the loss is not finite; the network is then as it was.
    pub fn step(&mut self, training: &TrainingRows<'_>) -> Result<f32, StepError> {
        self.check(training)?;
        self.order.draw(training.rows, self.recipe.batch, &mut self.batch_rows);
        let loss = self.gradients(training)?;
        if !loss.is_finite() {
            return Err(StepError::Diverged { step: self.steps, loss });
        }
        self.steps += 1;
        let step = Step {
            optimiser: self.recipe.optimiser,
            factor: self.recipe.schedule.factor(self.steps - 1),
            number: self.steps,
        };
        for layer in &mut self.layers {
            layer.update(step, self.recipe.weight_decay);
        }
        Ok(loss)
    }

    /// The network as it is now.
    pub fn network(&self) -> Network {
        let mut network = self.start.clone();
        for (dense, layer) in network.dense_mut().zip(&self.layers) {
            dense.weights.update(|index, _| layer.weights[index]);
            dense.bias.copy_from_slice(&layer.bias);
        }
        network
    }

    /// The trained network.
    pub fn into_network(self) -> Network {
        self.network()
    }

    fn check(&self, training: &TrainingRows<'_>) -> Result<(), StepError> {
        let classes = self.start.classes().len();
        let rows = training.features.rows();
        let fits = training.targets.rows(classes) == Some(rows) && !training.rows.is_empty();
        if fits { Ok(()) } else { Err(StepError::Targets { rows, classes, found: training.targets.len() }) }
    }

    /// Loss and gradients of the rows in `batch_rows`.
    fn gradients(&mut self, training: &TrainingRows<'_>) -> Result<f32, StepError> {
        let lanes = padded(self.batch_rows.len());
        let inputs = &mut self.inputs[..self.encoding.width() * lanes];
        self.encoding.gather(training.features, &self.batch_rows, lanes, inputs)?;
        for place in 0..self.layers.len() {
            let (before, layer) = self.layers.split_at_mut(place);
            let inputs = before.last().map_or(&*inputs, |before| &before.activated[..before.outputs * lanes]);
            layer[0].forward(inputs, lanes);
        }
        let Some(last) = self.layers.last_mut() else { return Ok(0.0) };
        let length = last.outputs * lanes;
        last.gradient[..length].copy_from_slice(&last.activated[..length]);
        let loss = cross_entropy(training.targets, &self.batch_rows, lanes, &mut last.gradient[..length]);
        for place in (0..self.layers.len()).rev() {
            let (before, layer) = self.layers.split_at_mut(place);
            layer[0].back(before.last_mut(), inputs, lanes);
        }
        Ok(loss)
    }
}

impl TrainerLayer {
    fn forward(&mut self, inputs: &[f32], lanes: usize) {
        let activated = &mut self.activated[..self.outputs * lanes];
        product(
            Matrix::row_major(&self.weights, self.outputs, self.inputs),
            Matrix::row_major(inputs, self.inputs, lanes),
            MatrixMut { values: activated, shape: (self.outputs, lanes) },
        );
        add_bias_and_activate(self.activation, &self.bias, lanes, activated);
    }

    /// From this layer's gradient: that of its weights and bias, and that of the layer before.
    fn back(&mut self, before: Option<&mut Self>, inputs: &[f32], lanes: usize) {
        let gradient = Matrix::row_major(&self.gradient[..self.outputs * lanes], self.outputs, lanes);
        row_sums(gradient.values, lanes, &mut self.bias_gradient);
        let inputs = match &before {
            Some(before) => &before.activated[..self.inputs * lanes],
            None => inputs,
        };
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

    fn update(&mut self, step: Step, weight_decay: f32) {
        let mask = self.mask.as_ref();
        self.weight_moments.apply(step, weight_decay, mask, &mut self.weights, &mut self.weight_gradient);
        self.bias_moments.apply(step, 0.0, None, &mut self.bias, &mut self.bias_gradient);
    }
}

impl Order {
    /// The next `batch` of `rows`, fewer at the end of a pass.
    fn draw(&mut self, rows: &[u32], batch: usize, into: &mut Vec<u32>) {
        if self.shuffled.len() != rows.len() || self.next >= rows.len() {
            self.shuffled.clear();
            self.shuffled.extend(rows);
            self.shuffled.shuffle(&mut self.random);
            self.next = 0;
        }
        let end = (self.next + batch).min(rows.len());
        into.clear();
        into.extend(&self.shuffled[self.next..end]);
        self.next = end;
    }
}

#[cfg(test)]
mod tests;
