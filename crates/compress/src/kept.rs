//! How library members and the selection are kept between runs.

use std::path::Path;

use lessen_records::write_whole;
use lessen_teachers::Learned;
use serde::{Deserialize, Serialize};

use crate::error::CompressError;
use crate::stages::Keep;

/// What selection made: how often each library member was chosen, and how each does by itself.
#[derive(Serialize, Deserialize)]
pub(crate) struct Selected {
    pub(crate) weights: Vec<u32>,
    pub(crate) scores: Vec<f64>,
}

impl Keep for Selected {
    fn save(&self, folder: &Path) -> Result<(), CompressError> {
        save_json(self, "the selection", &folder.join(SELECTED))
    }

    fn load(folder: &Path) -> Result<Self, CompressError> {
        load(&folder.join(SELECTED), |bytes| serde_json::from_slice(bytes))
    }
}

/// Keeps a value as a JSON file.
pub(crate) fn save_json(
    value: &impl Serialize,
    what: &'static str,
    path: &Path,
) -> Result<(), CompressError> {
    Ok(write_whole(path, as_json(what, value)?.to_string().as_bytes())?)
}

/// Reads what a stage kept in a file.
pub(crate) fn load<T, E: std::fmt::Display>(
    path: &Path,
    read: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Result<T, CompressError> {
    let kept = |problem: String| CompressError::Kept { path: path.to_owned(), problem };
    let bytes = std::fs::read(path).map_err(|error| kept(error.to_string()))?;
    read(&bytes).map_err(|error| kept(error.to_string()))
}

const SELECTED: &str = "selected.json";

impl Keep for Learned {
    fn save(&self, folder: &Path) -> Result<(), CompressError> {
        Ok(Learned::save(self, &folder.join(LEARNED))?)
    }

    fn load(folder: &Path) -> Result<Self, CompressError> {
        Ok(Learned::load(&folder.join(LEARNED))?)
    }
}

const LEARNED: &str = "learned.lsn";

/// A value as JSON; what has no such form is an error, not an empty record.
pub(crate) fn as_json(
    what: &'static str,
    value: &impl Serialize,
) -> Result<serde_json::Value, CompressError> {
    serde_json::to_value(value)
        .map_err(|error| CompressError::Unwritable { what, problem: error.to_string() })
}
