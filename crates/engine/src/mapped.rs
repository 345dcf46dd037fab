//! A compact file that predicts from where it lies.

mod layer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use bytes::Bytes;
use lessen_data::{Answer, Encoding};
use lessen_graph::file::{Reads, map};
use lessen_model::compact::{CompactError, Layout};
use lessen_model::{Batch, Cost, PredictError, Predictor};

use self::layer::MappedLayer;
use crate::chain::{self, Activation};
use crate::error::EngineError;
use crate::forward::{Forward, Layers, Room};
use crate::kernels::aligned::Aligned;

/// A compact file in memory that the system shares with the file, and a network that predicts from it: weights are decoded as they
/// are used, some rows at a time, and are kept nowhere.
///
/// For a program that starts, predicts little and ends, for many that use one model, and for a model that is large beside the memory.
/// A [`Plan`](crate::Plan) is faster from some predictions on. The answers are those of a plan but for rounding.
pub struct Mapped {
    name: String,
    file: Bytes,
    layout: Layout,
    layers: Vec<MappedLayer>,
    forward: Forward,
}

/// A file that cannot be predicted from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// The file cannot be opened or mapped.
    #[error("{}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds no network in the compact form.
    #[error("{}", path.display())]
    Compact {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: CompactError,
    },
    /// The network is none that the engine runs.
    #[error("{}", path.display())]
    Engine {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: EngineError,
    },
}

impl Mapped {
    /// Maps the file at `path`. Codes and numbers are looked at once, the digest is not: damage that leaves both in order is found
    /// by [`compact::read`](lessen_model::compact::read) alone.
    ///
    /// The file must stay as it is while it is mapped. Where another program changes it all the same answers are wrong, and where it
    /// cuts it off the system ends this one.
    ///
    /// # Errors
    /// [`MapError`].
    pub fn open(name: impl Into<String>, path: &Path) -> Result<Self, MapError> {
        let failed = |source| MapError::Io { path: path.to_owned(), source };
        let file = map(path, Reads::AtOnce).map_err(failed)?;
        let layout =
            Layout::of(&file).map_err(|source| MapError::Compact { path: path.to_owned(), source })?;
        let refused = |source| MapError::Engine { path: path.to_owned(), source };
        let links = chain::links_of_layout(&layout).map_err(refused)?;
        let layers: Vec<_> = links.iter().map(|link| MappedLayer::new(link, &file)).collect();
        let forward = Forward {
            outputs: layout.answer.outputs(),
            ends_in_softmax: links.last().is_some_and(|link| link.activation == Activation::Softmax),
            macs: links.iter().map(|link| link.dense.weights_held()).sum(),
            idle: Mutex::default(),
        };
        Ok(Self { name: name.into(), file, layout, layers, forward })
    }

    /// How raw rows become the network's input.
    pub fn encoding(&self) -> &Encoding {
        &self.layout.encoding
    }

    /// What the outputs stand for.
    pub fn answer(&self) -> &Answer {
        &self.layout.answer
    }
}

impl Layers for Mapped {
    fn count(&self) -> usize {
        self.layers.len()
    }

    fn one_row(&self, place: usize, room: &mut Room, inputs: &[f32], outputs: &mut Aligned) {
        self.layers[place].one_row(&self.file, room, inputs, outputs);
    }

    fn many_rows(&self, place: usize, lanes: usize, room: &mut Room, inputs: &[f32], outputs: &mut Aligned) {
        self.layers[place].many_rows(&self.file, lanes, room, inputs, outputs);
    }
}

impl Predictor for Mapped {
    fn name(&self) -> &str {
        &self.name
    }

    fn outputs(&self) -> usize {
        self.layout.answer.outputs()
    }

    /// That of the weights that the file holds.
    fn cost(&self) -> Cost {
        Cost::own(self.layout.operations())
    }

    fn predict(&self, batch: &Batch<'_>, into: &mut [f32]) -> Result<(), PredictError> {
        self.forward.predict(self, self, &self.layout.encoding, batch, into)
    }
}

#[cfg(test)]
mod tests;
