//! The search that all who look among the same training rows share.

use std::convert::Infallible;
use std::sync::Arc;

use lessen_data::Encoded;
use lessen_model::{Batch, Cost, SharedKey};
use lessen_units::Operations;
use serde::{Deserialize, Serialize};

use super::search::{Nearest, Points};
use crate::examples::Examples;

/// The training rows that neighbours are looked for among.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Among {
    /// The fingerprint of the encoding that rows come in.
    encoding: u64,
    pub(super) points: Arc<Points>,
}

impl Among {
    pub(super) fn of(examples: &Examples) -> Self {
        Self { encoding: examples.fingerprint, points: examples.points() }
    }

    pub(super) fn from_file(encoding: u64, points: PointsWire, rows: usize) -> Result<Self, String> {
        let PointsWire { width, values } = points;
        let wrong = format!("{} values, expected {rows} rows of {width}", values.len());
        Ok(Self { encoding, points: Arc::new(Points::from_file(width, rows, values).ok_or(wrong)?) })
    }

    /// The neighbours of each row, searched for once a batch for all that look among the same points.
    pub(super) fn nearest(&self, encoded: &Encoded, batch: &Batch<'_>) -> Arc<Nearest> {
        let search = || Ok::<_, Infallible>(self.points.nearest(encoded));
        let Ok(nearest) = batch.shared(self.key(), search);
        nearest
    }

    /// Names the search in these points by rows of this encoding.
    fn key(&self) -> SharedKey {
        SharedKey { what: "nearest neighbours", id: self.points.fingerprint() ^ self.encoding.rotate_left(1) }
    }

    /// Neighbours that a row has where `k` are looked for.
    pub(super) fn found(&self, k: usize) -> u64 {
        k.min(self.points.rows()) as u64
    }

    /// The search, shared, and what is done with what it finds.
    pub(super) fn cost(&self, own: Operations) -> Cost {
        let mut cost = Cost::own(own);
        cost.shared.insert(self.key(), self.points.operations());
        cost
    }

    /// Encoded features of a row.
    pub(crate) fn width(&self) -> usize {
        self.points.width()
    }

    /// The fingerprint of the encoding that rows must come in.
    pub(crate) fn encoding(&self) -> u64 {
        self.encoding
    }
}

/// [`Points`] as a file has them: as many as there are labels.
#[derive(Deserialize)]
pub(super) struct PointsWire {
    pub(super) width: usize,
    pub(super) values: Vec<f32>,
}
