//! Training as a value: made, stepped, looked at, taken apart.

mod layer;
mod order;

use lessen_data::{Answer, Features, padded, random};
use lessen_model::Network;

use self::layer::TrainerLayer;
use self::order::Order;
use crate::chain::{self, Activation};
use crate::error::{EngineError, StepError};
use crate::loss::loss_and_gradient;
use crate::optimiser::Step;
use crate::recipe::Recipe;
use crate::targets::Targets;

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
    recipe: Recipe,
    layers: Vec<TrainerLayer>,
    order: Order,
    steps_taken: u64,
    /// The encoded minibatch, `[width][lanes]`.
    inputs: Vec<f32>,
    batch_rows: Vec<u32>,
    /// Room that the loss works in.
    scratch: Vec<f32>,
}

impl Trainer {
    /// Begins training; rows are drawn from the stream `training order` of `seed`.
    ///
    /// # Errors
    /// [`EngineError::Node`] for a network that is no chain, or whose last node is no softmax although it answers with
    /// classes (no dense layer although it answers with a number), [`EngineError::Recipe`] for a setting out of its
    /// range.
    pub fn new(network: Network, recipe: Recipe, seed: u64) -> Result<Self, EngineError> {
        recipe.check()?;
        let lanes = padded(recipe.batch);
        let links = chain::links(&network)?;
        let (last, expected) = match network.answer() {
            Answer::Classes(_) => (Activation::Softmax, "softmax at the end"),
            Answer::Value(_) => (Activation::None, "a dense layer at the end"),
        };
        if let Some(link) = links.last().filter(|link| link.activation != last) {
            return Err(EngineError::Node { node: link.node.to_owned(), expected });
        }
        let layer = |(place, link)| TrainerLayer::new(link, &recipe, lanes, place + 1 == links.len());
        let layers = links.iter().enumerate().map(layer).collect();
        let inputs = vec![0.0; network.encoding().width() * lanes];
        let batch_rows = Vec::with_capacity(recipe.batch);
        let order = Order::new(random::stream(seed, "training order"));
        Ok(Self {
            start: network,
            recipe,
            layers,
            order,
            steps_taken: 0,
            inputs,
            batch_rows,
            scratch: Vec::new(),
        })
    }

    /// Steps taken so far.
    pub fn steps_taken(&self) -> u64 {
        self.steps_taken
    }

    /// Steps that one pass over `rows` rows takes, the last of them short where `rows` is no multiple of the batch.
    pub fn steps_per_epoch(&self, rows: usize) -> u64 {
        rows.div_ceil(self.recipe.batch) as u64
    }

    /// One minibatch: forward, back, and a step of the optimiser. Gives the minibatch's mean loss before the step:
    /// cross-entropy in nats (weighed as their blend says where the targets are taught), or half the squared error. The last minibatch of a pass over the rows may be short. A pass begins anew when
    /// the number of rows changes.
    ///
    /// # Errors
    /// Where rows or targets do not fit the network, or the loss is not finite; the network is then as it was.
    pub fn step(&mut self, training: &TrainingRows<'_>) -> Result<f32, StepError> {
        self.check_targets(training)?;
        self.order.draw(training.rows, self.recipe.batch, &mut self.batch_rows);
        self.check_batch(training)?;
        let loss = self.gradients(training)?;
        if !loss.is_finite() {
            return Err(StepError::Diverged { step: self.steps_taken, loss });
        }
        let factor = self.recipe.schedule.factor(self.steps_taken);
        self.steps_taken += 1;
        let step = Step { optimiser: self.recipe.optimiser, factor, number: self.steps_taken };
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

    fn check_targets(&self, training: &TrainingRows<'_>) -> Result<(), StepError> {
        if training.rows.is_empty() {
            return Err(StepError::NoRows);
        }
        let (outputs, rows) = (self.start.outputs(), training.features.rows());
        if let Some(problem) = training.targets.blend_problem() {
            return Err(StepError::Blend { problem });
        }
        let fits = training.targets.fit(self.start.answer()) && training.targets.rows(outputs) == Some(rows);
        if fits { Ok(()) } else { Err(StepError::Targets { rows, outputs, found: training.targets.len() }) }
    }

    /// Only the minibatch is looked at: all rows would cost more than a step.
    fn check_batch(&self, training: &TrainingRows<'_>) -> Result<(), StepError> {
        let (rows, classes) = (training.features.rows(), self.start.outputs());
        for &row in &self.batch_rows {
            let problem = if row as usize >= rows {
                Some(format!("there are {rows} rows"))
            } else {
                training.targets.problem(row, classes)
            };
            if let Some(problem) = problem {
                return Err(StepError::Row { row, problem });
            }
        }
        Ok(())
    }

    /// Loss and gradients of the rows in `batch_rows`.
    fn gradients(&mut self, training: &TrainingRows<'_>) -> Result<f32, StepError> {
        let lanes = padded(self.batch_rows.len());
        let encoding = self.start.encoding();
        let inputs = &mut self.inputs[..encoding.width() * lanes];
        encoding.gather(training.features, &self.batch_rows, lanes, inputs)?;
        for place in 0..self.layers.len() {
            let (before, layer) = self.layers.split_at_mut(place);
            let inputs = before.last().map_or(&*inputs, |before| before.outputs(lanes));
            layer[0].forward(inputs, lanes);
        }
        // A chain has a layer: a network without a node is none.
        let Some(last) = self.layers.last_mut() else { return Ok(0.0) };
        let logits = &mut last.gradient[..last.outputs * lanes];
        let loss = loss_and_gradient(training.targets, &self.batch_rows, lanes, logits, &mut self.scratch);
        for place in (0..self.layers.len()).rev() {
            let (before, layer) = self.layers.split_at_mut(place);
            layer[0].back(before.last_mut(), inputs, lanes);
        }
        Ok(loss)
    }
}

#[cfg(test)]
mod tests;
