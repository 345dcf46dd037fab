//! Encoded rows with their labels: what learners are fitted to.

use std::sync::{Arc, OnceLock};

use lessen_data::{Column, ColumnEncoding, DataError, Dataset, Encoded, Encoding, Features, Table, padded};

use crate::neighbours::Points;

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
    table: OnceLock<Option<Features>>,
    points: OnceLock<Arc<Points>>,
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
        Ok(Self::of(encoding, encoded, labels, names.len()))
    }

    /// Rows that are encoded already.
    pub(crate) fn of(encoding: Arc<Encoding>, encoded: Encoded, labels: Vec<u32>, classes: usize) -> Self {
        let fingerprint = encoding.fingerprint();
        let (table, points) = (OnceLock::new(), OnceLock::new());
        Self { encoding, fingerprint, encoded, labels, classes, table, points }
    }

    /// The encoded rows as points to be searched, made once and held once however many learners keep them.
    pub(crate) fn points(&self) -> Arc<Points> {
        self.points.get_or_init(|| Arc::new(Points::of(&self.encoded))).clone()
    }

    /// The encoded rows as raw features of their own, made once however many learners want them: what is trained
    /// minibatch by minibatch reads rows so. [`Examples::as_they_are`] is the encoding that goes with it. `None` where
    /// an encoded value is not finite.
    pub(crate) fn table(&self) -> Option<&Features> {
        let column = |feature| Column::Numeric {
            name: format!("feature_{feature}"),
            values: self.encoded.feature(feature).to_vec(),
        };
        let make = || Table::new((0..self.encoded.width).map(column).collect()).ok().map(Features::Table);
        self.table.get_or_init(make).as_ref()
    }

    /// The encoding that leaves encoded rows as they are.
    pub(crate) fn as_they_are(&self) -> Result<Encoding, DataError> {
        let pixels = ColumnEncoding::Pixels { count: self.encoded.width, shift: 0.0, scale: 1.0 };
        Encoding::try_from(vec![pixels])
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
        let encoded = Encoded { width: self.encoded.width, rows: rows.len(), lanes, values };
        let labels = rows.iter().map(|&row| self.labels[row]).collect();
        Self::of(self.encoding.clone(), encoded, labels, self.classes)
    }
}
