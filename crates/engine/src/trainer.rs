//! Training as a value: made, stepped, looked at, pruned, taken apart.

mod checkpoint;
mod dropout;
mod gathered;
mod layer;
mod live;
mod order;
mod state;
mod weights;

use lessen_data::{Answer, Features, padded, random};
use lessen_model::Network;

pub use self::checkpoint::CheckpointError;
use self::dropout::Draw;
use self::gathered::Gathered;
use self::layer::{Place, TrainerLayer};
use self::live::Live;
use self::order::Order;
use self::state::{LayerState, Tensor};
use self::weights::Inputs;
use crate::chain::{self, Activation};
use crate::error::{EngineError, StepError};
use crate::kernels::activate::activate;
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
///
/// A layer of which enough weights are gone is held without them: no gradient and no moment exists for a weight that is
/// gone, and a step costs what is left. [`Trainer::prune`] makes the plan anew.
pub struct Trainer {
    /// Encoding, names and masks; its weights are those of the start until [`Trainer::network`] is asked.
    start: Network,
    recipe: Recipe,
    layers: Vec<TrainerLayer>,
    /// What each layer leaves out.
    live: Vec<Live>,
    order: Order,
    /// From it and the number of a step follows what is dropped in it.
    dropout_key: u64,
    steps_taken: u64,
    gathered: Gathered,
    batch_rows: Vec<u32>,
    /// Room that the loss works in.
    scratch: Vec<f32>,
    density_limit: f64,
}

/// Share of a layer's weights up to which it is held without those that are gone. Measured (`examples/step_time.rs`): at half of
/// the weights a step takes as long either way in minibatches of 60 images, in larger ones up to a little less.
const DENSITY_LIMIT: f64 = 0.45;

impl Trainer {
    /// Begins training; rows are drawn from the stream `training order` of `seed`, and what is dropped follows from the first
    /// number of the stream `dropout`.
    ///
    /// # Errors
    /// [`EngineError::Node`] for a network that is no chain, or whose last node is no softmax although it answers with
    /// classes (no dense layer although it answers with a number), or a leaky ReLU that falls below zero, [`EngineError::Recipe`] for a setting out of its
    /// range.
    pub fn new(network: Network, recipe: Recipe, seed: u64) -> Result<Self, EngineError> {
        Self::with_limit(network, recipe, seed, DENSITY_LIMIT)
    }

    fn with_limit(
        network: Network,
        recipe: Recipe,
        seed: u64,
        density_limit: f64,
    ) -> Result<Self, EngineError> {
        recipe.check()?;
        let links = chain::links(&network)?;
        let (last, expected) = match network.answer() {
            Answer::Classes(_) => (Activation::Softmax, "softmax at the end"),
            Answer::Value(_) => (Activation::None, "a dense layer at the end"),
        };
        if let Some(link) = links.last().filter(|link| link.activation != last) {
            return Err(EngineError::Node { node: link.node.to_owned(), expected });
        }
        // Its gradient is told from its output, whose sign must be that of its input.
        let falls =
            |link: &&chain::Link<'_>| matches!(link.activation, Activation::LeakyRelu(slope) if slope < 0.0);
        if let Some(link) = links.iter().find(falls) {
            let expected = "a slope of at least 0, as it is trained";
            return Err(EngineError::Node { node: link.node.to_owned(), expected });
        }
        let known = |name: &String| links.iter().any(|link| link.name == name);
        if let Some(node) = recipe.rates.keys().find(|name| !known(name)) {
            return Err(EngineError::Node {
                node: node.clone(),
                expected: "a dense layer, as it has a rate",
            });
        }
        let states = states_of(&network, &recipe);
        let order = Order::new(random::stream(seed, "training order"));
        let dropout_key = rand::RngExt::random(&mut random::stream(seed, "dropout"));
        Self::planned(network, recipe, &states, (order, dropout_key), 0, density_limit)
    }

    /// Chooses how each layer is held, and makes room for a step.
    fn planned(
        start: Network,
        recipe: Recipe,
        states: &[LayerState],
        (order, dropout_key): (Order, u64),
        steps_taken: u64,
        density_limit: f64,
    ) -> Result<Self, EngineError> {
        let lanes = padded(recipe.batch);
        let links = chain::links(&start)?;
        let live = Live::of(&links);
        let is_sparse: Vec<bool> = links
            .iter()
            .map(|link| {
                let weights = &link.dense.weights;
                weights.mask().is_some()
                    && weights.left() as f64 <= density_limit * weights.values().len() as f64
            })
            .collect();
        let layer = |place: usize| {
            let is_last = place + 1 == links.len();
            let by_row = !is_last && !is_sparse[place + 1];
            let dropout = links.get(place + 1).map_or(0.0, |next| next.dropout);
            let (is_sparse, number) = (is_sparse[place], place + 1);
            let place_of = Place { lanes, is_last, is_sparse, number, dropout, by_row };
            TrainerLayer::new(&links[place], &recipe, &live[place], &states[place], place_of)
        };
        let layers = (0..links.len()).map(layer).collect();
        let (by_row, dropout) =
            (is_sparse.first() == Some(&false), links.first().map_or(0.0, |link| link.dropout));
        let gathered = Gathered::new(start.encoding().width(), lanes, by_row, dropout);
        let batch_rows = Vec::with_capacity(recipe.batch);
        Ok(Self {
            start,
            recipe,
            layers,
            live,
            order,
            dropout_key,
            steps_taken,
            gathered,
            batch_rows,
            scratch: Vec::new(),
            density_limit,
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
    /// cross-entropy in nats, half the squared error, or what their weights make of several, as the targets say. Penalties
    /// are no part of it. The last minibatch of a pass over the rows may be short. A pass begins anew when the number of rows
    /// changes.
    ///
    /// # Errors
    /// Where rows or targets do not fit the network, or the loss is not finite; the network is then as it was.
    pub fn step(&mut self, training: &TrainingRows<'_>) -> Result<f32, StepError> {
        self.check_targets(training)?;
        self.order.draw(training.rows, self.recipe.batch, &mut self.batch_rows);
        self.check_batch(training)?;
        let loss = self.loss(training)?;
        if !loss.is_finite() {
            return Err(StepError::Diverged { step: self.steps_taken, loss, layer: self.first_not_finite() });
        }
        self.steps_taken += 1;
        self.descend();
        Ok(loss)
    }

    /// Drops every weight that is left now and that `keep` does not want, asked with the name of its layer and its index
    /// there. What the optimiser remembers of the others stays.
    ///
    /// # Errors
    /// None that a network in training could give.
    pub fn prune(self, keep: impl Fn(&str, usize) -> bool) -> Result<Self, EngineError> {
        let mut states = self.states();
        let mut start = self.start;
        let names: Vec<String> = self.layers.iter().map(|layer| layer.name.clone()).collect();
        for ((dense, name), state) in start.dense_mut().zip(&names).zip(&mut states) {
            dense.weights.shrink(|index| keep(name, index));
            let mask = dense.weights.mask();
            state.weights.shrink(|index| mask.is_none_or(|mask| mask.has(index)));
        }
        let chance = (self.order, self.dropout_key);
        Self::planned(start, self.recipe, &states, chance, self.steps_taken, self.density_limit)
    }

    /// The network as it is now.
    pub fn network(&self) -> Network {
        let mut network = self.start.clone();
        for (dense, state) in network.dense_mut().zip(self.states()) {
            dense.weights.update(|index, _| state.weights.values[index]);
            dense.bias.copy_from_slice(&state.bias.values);
        }
        network
    }

    /// The trained network.
    pub fn into_network(self) -> Network {
        self.network()
    }

    /// What the network answers for `rows` now, `[rows][outputs]` row-major: as a plan of it would, without making one.
    ///
    /// # Errors
    /// Where rows do not fit the network.
    pub fn answers(&mut self, features: &Features, rows: &[u32]) -> Result<Vec<f32>, StepError> {
        let outputs = self.start.outputs();
        let mut answers = vec![0.0; rows.len() * outputs];
        for (rows, into) in
            rows.chunks(self.recipe.batch).zip(answers.chunks_mut(self.recipe.batch * outputs))
        {
            let lanes = padded(rows.len());
            self.gathered.gather(self.start.encoding(), features, rows, None)?;
            self.forward(lanes, None);
            let Some(last) = self.layers.last_mut() else { break };
            let given = last.outputs_mut(lanes);
            if self.start.answer().classes().is_some() {
                activate(Activation::Softmax, lanes, given);
            }
            for (output, given) in given.chunks_exact(lanes).enumerate() {
                for (row, given) in given[..rows.len()].iter().enumerate() {
                    into[row * outputs + output] = *given;
                }
            }
        }
        Ok(answers)
    }

    /// Everything that is learned, whatever holds it.
    fn states(&self) -> Vec<LayerState> {
        let mut states = states_of(&self.start, &self.recipe);
        for ((layer, live), state) in self.layers.iter().zip(&self.live).zip(&mut states) {
            layer.write(live, state);
        }
        states
    }

    fn check_targets(&self, training: &TrainingRows<'_>) -> Result<(), StepError> {
        if training.rows.is_empty() {
            return Err(StepError::NoRows);
        }
        let (outputs, rows) = (self.start.outputs(), training.features.rows());
        if let Some(problem) = training.targets.weight_problem() {
            return Err(StepError::Blend { problem });
        }
        match training.targets.misfit(self.start.answer(), rows) {
            Some(found) => Err(StepError::Targets { rows, outputs, found }),
            None => Ok(()),
        }
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

    /// The loss of the rows in `batch_rows`, and its gradient behind the last layer.
    fn loss(&mut self, training: &TrainingRows<'_>) -> Result<f32, StepError> {
        let lanes = padded(self.batch_rows.len());
        let draw = Some(Draw::of(self.dropout_key, self.steps_taken));
        self.gathered.gather(self.start.encoding(), training.features, &self.batch_rows, draw)?;
        self.forward(lanes, draw);
        // A chain has a layer: a network without a node is none.
        let Some(last) = self.layers.last_mut() else { return Ok(0.0) };
        let logits = last.outputs_mut(lanes);
        Ok(loss_and_gradient(training.targets, &self.batch_rows, lanes, logits, &mut self.scratch))
    }

    fn forward(&mut self, lanes: usize, draw: Option<Draw>) {
        for place in 0..self.layers.len() {
            let (before, layer) = self.layers.split_at_mut(place);
            let inputs =
                before.last().map_or(self.gathered.by_feature(lanes), |before| before.outputs(lanes));
            let nonzero = before.last().map_or(self.gathered.nonzero_by_feature(), |_| None);
            layer[0].forward(inputs, nonzero, lanes, draw);
        }
    }

    /// Moves each layer as soon as the one before it has its gradient; where gradients are clipped together, after all have
    /// theirs.
    fn descend(&mut self) {
        let Self { recipe, layers, gathered, batch_rows, .. } = self;
        let (number, factor) =
            (self.steps_taken, recipe.schedule.factor(recipe.schedule_from + self.steps_taken - 1));
        let steps = |layer: &TrainerLayer, clip: f32| {
            let factor = factor * layer.rate;
            (Step::of_weights(recipe, number, factor, clip), Step::of_biases(recipe, number, factor, clip))
        };
        let Some(longest) = recipe.clip else {
            return back(layers, gathered, batch_rows.len(), |layer, inputs| {
                layer.descend(inputs, recipe, steps(layer, 1.0));
            });
        };
        let mut squares = 0.0;
        back(layers, gathered, batch_rows.len(), |layer, inputs| squares += layer.keep_gradients(inputs));
        let clip = (f64::from(longest) / squares.sqrt().max(f64::MIN_POSITIVE)).min(1.0) as f32;
        for layer in layers.iter_mut().filter(|layer| layer.rate > 0.0) {
            layer.descend_by_kept(recipe, steps(layer, clip));
        }
    }

    /// The first layer whose outputs for the minibatch are not all finite; the last one where only the loss is not.
    fn first_not_finite(&self) -> String {
        let (rows, lanes) = (self.batch_rows.len(), padded(self.batch_rows.len()));
        let layers = self.layers.iter();
        let found = layers.clone().find(|layer| !layer.is_finite(0..rows, lanes));
        found.or(layers.last()).map_or_else(String::new, |layer| layer.name.clone())
    }
}

/// Back through the layers from the last to the first that learns: `learn` is called with each that does, and what it was
/// given, once the layer before has its gradient.
fn back(
    layers: &mut [TrainerLayer],
    gathered: &Gathered,
    rows: usize,
    mut learn: impl FnMut(&mut TrainerLayer, Inputs<'_>),
) {
    let lanes = padded(rows);
    let first = layers.iter().position(|layer| layer.rate > 0.0).unwrap_or(layers.len());
    for place in (first..layers.len()).rev() {
        let (before, layer) = layers.split_at_mut(place);
        let (mut before, layer) = (before.last_mut(), &mut layer[0]);
        if let Some(before) = before.as_deref_mut().filter(|_| place > first) {
            layer.back(before, lanes);
        }
        if layer.rate > 0.0 {
            let inputs = match before {
                Some(before) => {
                    before.turn(lanes);
                    before.as_inputs(rows, lanes)
                }
                None => gathered.as_inputs(rows, lanes),
            };
            learn(layer, inputs);
        }
    }
}

/// The parameters of a network, about which nothing is remembered yet.
fn states_of(network: &Network, recipe: &Recipe) -> Vec<LayerState> {
    let moments = recipe.optimiser.moments();
    let state = |dense: &lessen_model::Dense| LayerState {
        weights: Tensor::of(dense.weights.values(), moments),
        bias: Tensor::of(&dense.bias, moments),
    };
    network.dense().map(state).collect()
}

#[cfg(test)]
mod tests;
