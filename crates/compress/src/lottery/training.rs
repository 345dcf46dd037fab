//! What one training leaves behind, and how it is kept.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use lessen_data::hex;
use lessen_model::{Network, compact, onnx};
use lessen_records::{RecordError, write_whole};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::course::{Look, Scored, Trained};
use crate::error::CompressError;
use crate::kept::{load, save_json};
use crate::stages::Keep;

/// What is known of a finished training without its networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Training {
    /// Weights that are left, layer by layer, and those that there were.
    pub(crate) left: Vec<usize>,
    pub(crate) weights: Vec<usize>,
    /// Its state of the least validation loss, read afterwards: where stopping early would have ended it.
    pub(crate) early: State,
    /// Its state after the last step.
    pub(crate) last: State,
    pub(crate) looks: Vec<Look>,
    /// SHA-256 of the files beside this one.
    pub(crate) files: BTreeMap<String, String>,
}

/// How good a network was at some step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Steps taken, those before a rewind included.
    pub(crate) step: u64,
    pub(crate) validation: Scored,
    pub(crate) test: Scored,
}

/// A training that has just ended, with its networks.
pub(crate) struct Ended {
    pub(crate) training: Training,
    files: Vec<(&'static str, Vec<u8>)>,
}

/// The mask and the weights that training began with.
const FIRST: &str = "first.lsm";
/// The weights after the last step.
pub(crate) const LAST: &str = "last.lsm";
/// Those of the least validation loss.
pub(crate) const EARLY: &str = "early.lsm";
/// The same for other runtimes.
const EARLY_ONNX: &str = "early.onnx";
const CURVE: &str = "curve.jsonl";
const TRAINING: &str = "training.json";

impl Ended {
    pub(crate) fn new(
        first: &Network,
        trained: &Trained,
        (early, last): (State, State),
        rewind: u64,
    ) -> Result<Self, CompressError> {
        let looks: Vec<Look> =
            trained.looks.iter().map(|look| Look { step: look.step + rewind, ..*look }).collect();
        let curve: Vec<String> = looks.iter().map(line).collect::<Result<_, _>>()?;
        let folded = trained.best.with_scaling_folded().unwrap_or_else(|| trained.best.clone());
        let files = vec![
            (FIRST, compact::write(first)),
            (LAST, compact::write(&trained.last)),
            (EARLY, compact::write(&trained.best)),
            (EARLY_ONNX, onnx::write(&folded)),
            (CURVE, curve.concat().into_bytes()),
        ];
        let digests = files.iter().map(|(name, bytes)| ((*name).to_owned(), hex(&Sha256::digest(bytes))));
        let training = Training {
            left: crate::magnitude::left_by_layer(first),
            weights: first.weights().map(|(_, weights)| weights.values().len()).collect(),
            early,
            last,
            looks,
            files: digests.collect(),
        };
        Ok(Self { training, files })
    }
}

impl Training {
    /// Share of the weights that are left.
    pub(crate) fn density(&self) -> f64 {
        self.left.iter().sum::<usize>() as f64 / self.weights.iter().sum::<usize>() as f64
    }
}

/// A training's folder: its networks are read where they are needed.
impl Keep for Ended {
    fn save(&self, folder: &Path) -> Result<(), CompressError> {
        for (name, bytes) in &self.files {
            write_whole(&folder.join(name), bytes)?;
        }
        save_json(&self.training, "training", &folder.join(TRAINING))
    }

    fn load(folder: &Path) -> Result<Self, CompressError> {
        let training: Training = load(&folder.join(TRAINING), |bytes| serde_json::from_slice(bytes))?;
        for (name, expected) in &training.files {
            let same = |bytes: &[u8]| match hex(&Sha256::digest(bytes)) {
                found if found == *expected => Ok(()),
                found => Err(format!("expected SHA-256 {expected}, found {found}")),
            };
            load(&folder.join(name), same)?;
        }
        Ok(Self { training, files: Vec::new() })
    }
}

/// The network in a training's folder.
pub(crate) fn network(folder: &Path, name: &str) -> Result<Network, CompressError> {
    load(&folder.join(name), compact::read)
}

fn line(look: &Look) -> Result<String, CompressError> {
    let json = serde_json::to_string(look)
        .map_err(|error| CompressError::Unwritable { what: "curve", problem: error.to_string() })?;
    Ok(json + "\n")
}

/// The curve of a training under way, a line a look, so that it can be watched.
pub(crate) struct Watched {
    path: PathBuf,
    /// The file, and how many looks are in it.
    state: Mutex<(Option<File>, usize)>,
}

impl Watched {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, state: Mutex::new((None, 0)) }
    }

    /// Writes what is new of `looks`; what an earlier sitting wrote is written anew. A curve that cannot be written is no
    /// reason to stop: the whole of it is kept with the networks.
    pub(crate) fn tell(&self, looks: &[Look]) {
        let Ok(mut state) = self.state.lock() else { return };
        if state.0.is_none() {
            *state = (File::create(&self.path).ok(), 0);
        }
        let (file, written) = &mut *state;
        let lines: String =
            looks[(*written).min(looks.len())..].iter().filter_map(|look| line(look).ok()).collect();
        if let Some(file) = file {
            let _ = file.write_all(lines.as_bytes());
        }
        *written = looks.len();
    }

    /// Removes it, once it is kept with the networks.
    pub(crate) fn forget(self) -> Result<(), CompressError> {
        drop(self.state);
        match fs::remove_file(&self.path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(RecordError::File { action: "remove", path: self.path, source }.into())
            }
            _ => Ok(()),
        }
    }
}
