//! What a model is worth and what it costs, measured the same way for all.

use std::time::Duration;

use lessen_data::Dataset;
use lessen_engine::timing;
use lessen_meter::Meter;
use lessen_model::{Predictor, predict_rows};
use lessen_records::Latency;
use lessen_units::{Figure, Joules};

use crate::error::CompressError;
use crate::metric::right;

/// What a predictor says of some rows, held against the truth.
pub(crate) struct Judged {
    /// For each row, whether the most probable class is the true one.
    pub(crate) right: Vec<bool>,
}

impl Judged {
    /// Predicts `rows` and compares.
    ///
    /// # Errors
    /// Where the predictor fails, or the target is no class.
    pub(crate) fn new(
        predictor: &dyn Predictor,
        dataset: &Dataset,
        rows: &[u32],
    ) -> Result<Self, CompressError> {
        let (names, labels) = dataset.classes()?;
        let labels: Vec<u32> = rows.iter().map(|&row| labels[row as usize]).collect();
        let probabilities = predict_rows(predictor, &dataset.features, rows)?;
        let right = right(&probabilities, &labels, names.len());
        Ok(Self { right })
    }

    /// Share of rows that are right.
    pub(crate) fn accuracy(&self) -> f64 {
        let right = self.right.iter().filter(|right| **right).count();
        right as f64 / (self.right.len() as f64).max(1.0)
    }

    /// Rows that are wrong.
    pub(crate) fn errors(&self) -> u64 {
        self.right.iter().filter(|right| !**right).count() as u64
    }
}

/// Wall time that goes into each figure of one model.
const BUDGET: Duration = Duration::from_millis(150);

/// Wall time of one call at batch 1 and 256, on rows of `dataset`.
///
/// # Errors
/// Where the predictor fails.
pub(crate) fn latency(
    predictor: &dyn Predictor,
    dataset: &Dataset,
    rows: &[u32],
) -> Result<Latency, CompressError> {
    let at = |batch| timing::latency(predictor, &dataset.features, rows, batch, BUDGET);
    Ok(Latency { batch_1: at(1)?, batch_256: at(256)?, extra: serde_json::Map::default() })
}

/// Energy of one prediction, in batches on all threads: the best that the predictor can do here.
///
/// # Errors
/// Where the predictor fails.
pub(crate) fn joules_per_prediction(
    predictor: &dyn Predictor,
    dataset: &Dataset,
    rows: &[u32],
    meter: &Meter,
) -> Result<Figure<Joules>, CompressError> {
    // Enough rows at once to occupy all threads, few enough that a slow teacher answers within the budget.
    let rows: Vec<u32> = rows.iter().copied().cycle().take(rows.len().max(2048)).collect();
    predict_rows(predictor, &dataset.features, &rows)?;
    let window = meter.begin();
    let began = std::time::Instant::now();
    let mut predictions = 0;
    while began.elapsed() < 2 * BUDGET {
        predict_rows(predictor, &dataset.features, &rows)?;
        predictions += rows.len();
    }
    let joules = window.end().joules;
    Ok(joules.map(|joules| joules / predictions as f64))
}
