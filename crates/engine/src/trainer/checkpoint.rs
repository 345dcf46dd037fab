//! A trainer as bytes, from which it goes on to the same bits.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `LESSENCK` |
//! | 4 | version of the format: 1 |
//! | 4 | length of the header |
//! | ... | the header, JSON |
//! | ... | the network as it is, masks and all, as a compact file |
//! | 4 each | the order of rows of the pass that has begun |
//! | 4 each | layer by layer the first and second moments of the weights that are left, then of the bias |
//! | 32 | SHA-256 of everything before |
//!
//! All numbers are little-endian.

use lessen_model::Network;
use lessen_model::compact::{self, CompactError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::order::{Order, OrderState};
use super::state::{LayerState, Tensor};
use super::{Trainer, states_of};
use crate::error::EngineError;
use crate::recipe::Recipe;

const MAGIC: [u8; 8] = *b"LESSENCK";
const VERSION: u32 = 1;
const DIGEST: usize = 32;

/// Bytes that hold no trainer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// They begin as no checkpoint does.
    #[error("expected a checkpoint, which begins with `LESSENCK`")]
    NoCheckpoint,
    /// They are of a version that this reader does not know.
    #[error("expected version {VERSION} of a checkpoint, found version {found}")]
    Version {
        /// That of the checkpoint.
        found: u32,
    },
    /// They were cut or changed.
    #[error("the checkpoint is damaged: {problem}")]
    Damaged {
        /// Expected and found.
        problem: String,
    },
    /// The network in it cannot be read.
    #[error("the network of the checkpoint")]
    Network(#[from] CompactError),
    /// What it holds cannot be trained.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Everything but numbers by the thousand.
#[derive(Serialize, Deserialize)]
struct Header {
    recipe: Recipe,
    steps_taken: u64,
    order: OrderState,
    dropout_key: u64,
    density_limit: f64,
    /// Bytes of the network.
    network: usize,
    /// Rows of the pass that has begun.
    places: usize,
}

impl Trainer {
    /// Everything that [`Trainer::resume`] needs to go on as if it had never stopped: weights, masks, moments, schedule, the
    /// random streams and the place in the pass over the rows. The rows themselves are the caller's.
    pub fn checkpoint(&self) -> Vec<u8> {
        let network = compact::write(&self.network());
        let (order, places) = self.order.state();
        let header = Header {
            recipe: self.recipe.clone(),
            steps_taken: self.steps_taken,
            order,
            dropout_key: self.dropout_key,
            density_limit: self.density_limit,
            network: network.len(),
            places: places.len(),
        };
        let json = serde_json::to_vec(&header).unwrap_or_default();
        let mut bytes = Vec::from(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((json.len() as u32).to_le_bytes());
        bytes.extend(json);
        bytes.extend(network);
        bytes.extend(places.iter().flat_map(|place| place.to_le_bytes()));
        for (state, dense) in self.states().iter().zip(self.start.dense()) {
            let mask = dense.weights.mask();
            let is_left = |index: usize| mask.is_none_or(|mask| mask.has(index));
            for (tensor, of_weights) in [(&state.weights, true), (&state.bias, false)] {
                for moments in [&tensor.first, &tensor.second] {
                    let kept = moments.iter().enumerate().filter(|(index, _)| !of_weights || is_left(*index));
                    bytes.extend(kept.flat_map(|(_, moment)| moment.to_le_bytes()));
                }
            }
        }
        let digest = Sha256::digest(&bytes);
        bytes.extend(digest);
        bytes
    }

    /// The trainer that made `checkpoint`. Its next steps on the same rows give the bits that they would have given.
    ///
    /// # Errors
    /// [`CheckpointError`]: where the bytes are no checkpoint, of another version, or damaged.
    pub fn resume(checkpoint: &[u8]) -> Result<Self, CheckpointError> {
        let mut reader = Reader::new(checkpoint)?;
        let length = reader.number()? as usize;
        let header: Header = serde_json::from_slice(reader.take(length)?)
            .map_err(|problem| CheckpointError::Damaged { problem: problem.to_string() })?;
        header.recipe.check()?;
        let network = compact::read(reader.take(header.network)?)?;
        let places: Vec<u32> = reader.words(header.places)?.map(u32::from_le_bytes).collect();
        let states = reader.states(&network, &header.recipe)?;
        if !reader.bytes.is_empty() {
            return Err(damaged(format!("{} bytes behind the moments", reader.bytes.len())));
        }
        let order = Order::of(header.order, places)
            .ok_or_else(|| damaged("an order that is none of rows".to_owned()))?;
        let Header { recipe, steps_taken, dropout_key, density_limit, .. } = header;
        let chance = (order, dropout_key);
        Ok(Self::planned(network, recipe, &states, chance, steps_taken, density_limit)?)
    }
}

fn damaged(problem: String) -> CheckpointError {
    CheckpointError::Damaged { problem }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Behind the version, if there are magic, version and the right digest.
    fn new(checkpoint: &'a [u8]) -> Result<Self, CheckpointError> {
        let Some(bytes) = checkpoint.strip_prefix(&MAGIC) else { return Err(CheckpointError::NoCheckpoint) };
        let mut reader = Self { bytes };
        let found = reader.number()?;
        if found != VERSION {
            return Err(CheckpointError::Version { found });
        }
        let (content, digest) = checkpoint.split_at(checkpoint.len().saturating_sub(DIGEST));
        if Sha256::digest(content)[..] != *digest || reader.bytes.len() < DIGEST {
            return Err(damaged("its SHA-256 is not the one at its end".to_owned()));
        }
        reader.bytes = &reader.bytes[..reader.bytes.len() - DIGEST];
        Ok(reader)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], CheckpointError> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or_else(|| damaged(format!("{length} bytes expected, {} left", self.bytes.len())))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, CheckpointError> {
        Ok(self.words(1)?.map(u32::from_le_bytes).sum())
    }

    fn words(&mut self, count: usize) -> Result<impl Iterator<Item = [u8; 4]> + use<'a>, CheckpointError> {
        Ok(self.take(count.saturating_mul(4))?.as_chunks::<4>().0.iter().copied())
    }

    fn states(&mut self, network: &Network, recipe: &Recipe) -> Result<Vec<LayerState>, CheckpointError> {
        let mut states = states_of(network, recipe);
        for (state, dense) in states.iter_mut().zip(network.dense()) {
            let mask = dense.weights.mask();
            self.moments(&mut state.weights, |index| mask.is_none_or(|mask| mask.has(index)))?;
            self.moments(&mut state.bias, |_| true)?;
        }
        Ok(states)
    }

    fn moments(
        &mut self,
        tensor: &mut Tensor,
        is_left: impl Fn(usize) -> bool,
    ) -> Result<(), CheckpointError> {
        for moments in [&mut tensor.first, &mut tensor.second] {
            let left: Vec<usize> = (0..moments.len()).filter(|&index| is_left(index)).collect();
            for (index, word) in left.iter().zip(self.words(left.len())?) {
                let moment = f32::from_le_bytes(word);
                if !moment.is_finite() {
                    return Err(damaged(format!("a moment of {moment}")));
                }
                moments[*index] = moment;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use lessen_data::{Dataset, Encoding};

    use super::*;
    use crate::{Activation, Optimiser, Schedule, Start, Targets, TrainingRows, initial};

    fn recipe(optimiser: Optimiser) -> Recipe {
        Recipe {
            schedule: Schedule::Cosine { steps: 60, warm_up: 3 },
            weight_decay: 0.001,
            ..Recipe::plain(50, optimiser)
        }
    }

    fn network(digits: &Dataset, kept: usize) -> Network {
        let rows: Vec<u32> = (0..1000).collect();
        let encoding = Encoding::fit(&digits.features, &rows);
        let dropout = if kept == 6 { 0.3 } else { 0.0 };
        let start = Start { input_dropout: dropout, hidden_dropout: dropout, ..Start::of(Activation::Relu) };
        let mut network = initial::mlp_from(start, encoding, &[24, 16], digits.answer(), 1).unwrap();
        if kept < 10 {
            network.dense_mut().for_each(|dense| dense.weights.shrink(|index| index * 7 % 10 < kept));
        }
        network
    }

    fn steps(trainer: &mut Trainer, digits: &Dataset, steps: usize) -> Vec<u32> {
        let (_, labels) = digits.classes().unwrap();
        let rows: Vec<u32> = (0..330).collect();
        let training =
            TrainingRows { features: &digits.features, rows: &rows, targets: Targets::Labels(labels) };
        (0..steps).map(|_| trainer.step(&training).unwrap().to_bits()).collect()
    }

    #[test]
    fn a_resumed_run_has_the_same_bits_wherever_it_stopped() {
        let digits = lessen_data::digits().unwrap();
        let momentum = Optimiser::Sgd { rate: 0.05, momentum: 0.9, nesterov: true };
        for optimiser in [Optimiser::adam(0.005), momentum, Optimiser::sgd(0.05)] {
            for kept in [10, 6, 2] {
                let network = network(&digits, kept);
                let mut whole = Trainer::new(network.clone(), recipe(optimiser), 3).unwrap();
                let losses = steps(&mut whole, &digits, 24);
                // In the first pass, at its end, in the middle of a later one.
                for stop in [0, 1, 7, 17] {
                    let mut first = Trainer::new(network.clone(), recipe(optimiser), 3).unwrap();
                    let mut found = steps(&mut first, &digits, stop);
                    let checkpoint = first.checkpoint();
                    drop(first);
                    let mut second = Trainer::resume(&checkpoint).unwrap();
                    assert_eq!(second.checkpoint(), checkpoint, "what was read is what was written");
                    assert_eq!(second.steps_taken(), stop as u64);
                    found.extend(steps(&mut second, &digits, 24 - stop));
                    assert_eq!(found, losses, "{optimiser:?}, {kept} of 10 weights, stopped at {stop}");
                    assert!(second.network() == whole.network());
                    assert_eq!(second.checkpoint(), whole.checkpoint());
                }
            }
        }
    }

    #[test]
    fn damage_of_any_kind_is_found() {
        let digits = lessen_data::digits().unwrap();
        let mut trainer = Trainer::new(network(&digits, 2), recipe(Optimiser::adam(0.01)), 3).unwrap();
        steps(&mut trainer, &digits, 3);
        let checkpoint = trainer.checkpoint();
        for length in (0..checkpoint.len()).step_by(97) {
            assert!(Trainer::resume(&checkpoint[..length]).is_err(), "cut to {length}");
        }
        for place in (0..checkpoint.len()).step_by(101) {
            let mut changed = checkpoint.clone();
            changed[place] ^= 4;
            assert!(Trainer::resume(&changed).is_err(), "changed at {place}");
        }
        let error = |bytes: &[u8]| Trainer::resume(bytes).err().unwrap().to_string();
        assert_eq!(error(b"rubbish"), "expected a checkpoint, which begins with `LESSENCK`");
        let mut newer = checkpoint;
        newer[8] = 9;
        assert_eq!(error(&newer), "expected version 1 of a checkpoint, found version 9");
    }
}
