//! Encoded rows with their labels: what learners are fitted to.

use std::sync::Arc;

use lessen_data::{DataError, Dataset, Encoded, Encoding, padded};

/// Training rows, encoded once for all learners.
pub struct Examples {
    /// How raw rows were encoded; the learned predictors keep it.
    pub encoding: Arc<Encoding>,
    /// `encoding.fingerprint()`.
    pub fingerprint: u64,
    /// The rows, `[width][lanes]`.
    pub encoded: Encoded,
    /// One a row.
    pub labels: Vec<u32>,
    /// Number of classes.
    pub classes: usize,
}

impl Examples {
    /// Encodes `rows` of `dataset`.
    ///
    /// # Errors
    /// Where the target is no class, or the encoding was fitted to other columns.
    pub fn new(dataset: &Dataset, encoding: Arc<Encoding>, rows: &[u32]) -> Result<Self, DataError> {
        let (names, labels) = dataset.classes()?;
        let encoded = encoding.encode(&dataset.features, rows)?;
        let labels = rows.iter().map(|&row| labels[row as usize]).collect();
        Ok(Self { fingerprint: encoding.fingerprint(), encoding, encoded, labels, classes: names.len() })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.encoded.rows
    }

    /// The given rows (places among these examples) as examples of their own.
    pub fn select(&self, rows: &[usize]) -> Self {
        let lanes = padded(rows.len());
        let mut values = vec![0.0; self.encoded.width * lanes];
        for feature in 0..self.encoded.width {
            let from = self.encoded.feature(feature);
            for (into, &row) in values[feature * lanes..].iter_mut().zip(rows) {
                *into = from[row];
            }
        }
        Self {
            encoding: self.encoding.clone(),
            fingerprint: self.fingerprint,
            encoded: Encoded { width: self.encoded.width, rows: rows.len(), lanes, values },
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
            classes: self.classes,
        }
    }
}
