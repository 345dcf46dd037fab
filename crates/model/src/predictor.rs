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
    /// A runtime that is not ours failed.
    #[error("its runtime says: {problem}")]
    Runtime {
        /// What it says.
        problem: String,
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
/// That of a block that fails; of several, any.
pub fn predict_rows(
    predictor: &dyn Predictor,
    features: &Features,
    rows: &[u32],
) -> Result<Vec<f32>, PredictError> {
    let outputs = predictor.outputs();
    let mut answers = vec![0.0; rows.len() * outputs];
    answers
        .par_chunks_mut((BLOCK * outputs).max(1))
        .zip(rows.par_chunks(BLOCK))
        .try_for_each(|(into, rows)| predictor.predict(&Batch::new(features, rows), into))?;
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lessen_data::{Column, Table};

    /// Answers with a row's cell and twice that; fails at a cell below zero.
    struct Echo;

    impl Predictor for Echo {
        fn name(&self) -> &str {
            "echo"
        }

        fn outputs(&self) -> usize {
            2
        }

        fn cost(&self) -> Cost {
            Cost::default()
        }

        fn predict(&self, batch: &Batch<'_>, into: &mut [f32]) -> Result<(), PredictError> {
            self.check_room(batch, into)?;
            for (into, cell) in into.chunks_exact_mut(2).zip(cells(batch)) {
                if cell < 0.0 {
                    return Err(self.error(DataError::Mismatch { problem: "a cell below zero".into() }));
                }
                into.copy_from_slice(&[cell, 2.0 * cell]);
            }
            Ok(())
        }
    }

    fn cells(batch: &Batch<'_>) -> Vec<f32> {
        match &batch.features().table(batch.rows()).columns()[0] {
            Column::Numeric { values, .. } => values.clone(),
            Column::Nominal { .. } => vec![],
        }
    }

    fn features(values: Vec<f32>) -> Features {
        Features::Table(Table::new(vec![Column::Numeric { name: "x".into(), values }]).unwrap())
    }

    fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
    }

    #[test]
    fn blocks_are_put_where_their_rows_are() {
        let features = features((0..1000).map(|row| row as f32).collect());
        // No, one, a whole and more than two blocks of rows, in an order of their own.
        for count in [0, 1, BLOCK, 2 * BLOCK + 88] {
            let rows: Vec<u32> = (0..count as u32).map(|row| row * 7 % 1000).collect();
            let expected: Vec<f32> = rows.iter().flat_map(|&row| [row as f32, 2.0 * row as f32]).collect();
            for threads in [1, 2] {
                let found = on_threads(threads, || predict_rows(&Echo, &features, &rows)).unwrap();
                assert_eq!(found, expected, "{count} rows on {threads} threads");
            }
        }
    }

    #[test]
    fn a_block_that_fails_fails_the_prediction() {
        let mut values = vec![1.0; 600];
        values[599] = -1.0;
        let rows: Vec<u32> = (0..600).collect();
        for threads in [1, 2] {
            let error =
                on_threads(threads, || predict_rows(&Echo, &features(values.clone()), &rows)).unwrap_err();
            assert_eq!(error.to_string(), "`echo` cannot predict");
            assert!(error.source.to_string().contains("a cell below zero"), "{}", error.source);
        }
    }

    #[test]
    fn the_answer_must_have_exactly_the_room_it_needs() {
        let features = features(vec![1.0, 2.0]);
        let batch = Batch::new(&features, &[0, 1]);
        for found in [0, 3, 5] {
            let error = Echo.predict(&batch, &mut vec![0.0; found]).unwrap_err();
            assert_eq!(error.source.to_string(), format!("room for {found} outputs, expected 4"));
        }
    }

    #[test]
    fn a_joint_cost_has_shared_work_once() {
        let key = |id| SharedKey { what: "nearest neighbours", id };
        let of = |own, shared: &[(u64, u64)]| Cost {
            own: Operations::macs(own),
            shared: shared.iter().map(|&(id, macs)| (key(id), Operations::macs(macs))).collect(),
        };
        let mut joint = Cost::default();
        for part in [of(1, &[(7, 100)]), of(2, &[(7, 100), (8, 1000)]), Cost::own(Operations::macs(4))] {
            joint.join(&part);
        }
        assert_eq!(joint, of(7, &[(7, 100), (8, 1000)]));
        assert_eq!(joint.total(), Operations::macs(1107));
    }
}
