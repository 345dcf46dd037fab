//! Anything that gives class probabilities for rows.

use std::collections::BTreeMap;

use lessen_data::{DataError, Features};
use lessen_units::Operations;
use rayon::prelude::*;

use crate::batch::{Batch, SharedKey};

/// Rows that [`predict_rows`] hands over at a time. Fixed, so that results do not depend on the number of threads.
pub const BLOCK: usize = 256;

/// A prediction that could not be made.
#[derive(Debug, thiserror::Error)]
#[error("`{predictor}` cannot predict")]
pub struct PredictError {
    /// The predictor's name.
    pub predictor: String,
    /// Why.
    pub source: PredictErrorKind,
}

/// Why a prediction could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PredictErrorKind {
    /// The rows are not of the kind that the predictor was made for.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The buffer for the answer has the wrong length.
    #[error("room for {found} outputs, expected {expected}")]
    Room {
        /// Rows times outputs.
        expected: usize,
        /// The buffer's length.
        found: usize,
    },
}

/// What one prediction costs, counted: the predictor's own work, and work that other predictors in the same
/// [`Batch`] may share. Encoding rows is not counted for anybody: it is a table look-up, or folded into weights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Done for this predictor alone.
    pub own: Operations,
    /// Done once per batch for all that name the same key.
    pub shared: BTreeMap<SharedKey, Operations>,
}

impl Cost {
    /// Work that is not shared.
    pub fn own(operations: Operations) -> Self {
        Self { own: operations, shared: BTreeMap::new() }
    }

    /// Adds another predictor's cost, shared parts once.
    pub fn join(&mut self, other: &Self) {
        self.own += other.own;
        self.shared.extend(&other.shared);
    }

    /// Everything that one prediction takes.
    pub fn total(&self) -> Operations {
        self.own + self.shared.values().copied().sum()
    }
}

/// Anything that gives class probabilities (or one value) for raw rows.
pub trait Predictor: Send + Sync {
    /// A name for people, unique in its ensemble.
    fn name(&self) -> &str;

    /// Class probabilities a row (or 1: a value).
    fn outputs(&self) -> usize;

    /// What one prediction costs, counted, not timed.
    fn cost(&self) -> Cost;

    /// Writes the answer for each row of `batch` into `into`, `[batch.len()][outputs]` row-major; class
    /// probabilities of a row are not negative and sum to 1.
    ///
    /// # Errors
    /// Where the rows do not fit, or `into` is not `batch.len() * outputs` long.
    fn predict(&self, batch: &Batch<'_>, into: &mut [f32]) -> Result<(), PredictError>;

    /// An error of this predictor's.
    fn error(&self, source: impl Into<PredictErrorKind>) -> PredictError
    where
        Self: Sized,
    {
        PredictError { predictor: self.name().to_owned(), source: source.into() }
    }

    /// Whether `into` has room for exactly the answer.
    ///
    /// # Errors
    /// [`PredictErrorKind::Room`] where it has not.
    fn check_room(&self, batch: &Batch<'_>, into: &[f32]) -> Result<(), PredictError>
    where
        Self: Sized,
    {
        let expected = batch.len() * self.outputs();
        let room = PredictErrorKind::Room { expected, found: into.len() };
        if into.len() == expected { Ok(()) } else { Err(self.error(room)) }
    }
}

/// Predicts `rows`, [`BLOCK`] at a time on all threads of the current pool; `[rows.len()][outputs]` row-major.
///
/// # Errors
/// The first block's that fails.
pub fn predict_rows(predictor: &dyn Predictor, features: &Features, rows: &[u32]) -> Result<Vec<f32>, PredictError> {
    let outputs = predictor.outputs();
    let mut answers = vec![0.0; rows.len() * outputs];
    answers
        .par_chunks_mut((BLOCK * outputs).max(1))
        .zip(rows.par_chunks(BLOCK))
        .try_for_each(|(into, rows)| predictor.predict(&Batch::new(features, rows), into))?;
    Ok(answers)
}
