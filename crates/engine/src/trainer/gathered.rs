//! A minibatch of encoded rows.

use lessen_data::{DataError, Encoding, Features, padded, transpose};

use super::dropout::{Draw, Dropout};
use super::weights::Inputs;
use crate::kernels::aligned::Aligned;

/// A minibatch of encoded rows, by feature and, where the first layer wants it, by row.
pub(super) struct Gathered {
    width: usize,
    /// `[width][lanes]`.
    by_feature: Aligned,
    /// `[rows][stride]`; empty where nobody wants it.
    by_row: Aligned,
    /// The width filled up to whole registers.
    stride: usize,
    pub(super) dropout: Option<Dropout>,
}

impl Gathered {
    /// Room for `lanes` rows; `dropout` is the share of their entries that training drops.
    pub(super) fn new(width: usize, lanes: usize, by_row: bool, dropout: f32) -> Self {
        let all: Vec<u32> = (0..width as u32).collect();
        let dropout = Dropout::new(dropout, 0, &all, lanes);
        let stride = padded(width);
        let by_row = Aligned::zeros(if by_row { lanes * stride } else { 0 });
        Self { width, by_feature: Aligned::zeros(width * lanes), by_row, stride, dropout }
    }

    /// Fills both forms, and drops of both where there is a draw.
    pub(super) fn gather(
        &mut self,
        encoding: &Encoding,
        features: &Features,
        rows: &[u32],
        draw: Option<Draw>,
    ) -> Result<(), DataError> {
        self.fill(encoding, features, rows)?;
        let (lanes, width) = (padded(rows.len()), self.width);
        let Some(dropout) = &mut self.dropout else { return Ok(()) };
        let given = &self.by_feature[..width * lanes];
        dropout.apply(draw, given, lanes);
        if draw.is_some() && !self.by_row.is_empty() {
            let into = &mut self.by_row[..lanes * self.stride];
            transpose(dropout.outputs(given), (width, lanes), lanes, self.stride, into);
        }
        Ok(())
    }

    /// Images are at hand by row and tables by column, so either begins with its own.
    fn fill(&mut self, encoding: &Encoding, features: &Features, rows: &[u32]) -> Result<(), DataError> {
        let (lanes, width, stride) = (padded(rows.len()), self.width, self.stride);
        let by_feature = &mut self.by_feature[..width * lanes];
        if self.by_row.is_empty() {
            return encoding.gather(features, rows, lanes, by_feature);
        }
        match features {
            Features::Images(_) => {
                let by_row = &mut self.by_row[..rows.len() * stride];
                encoding.gather_rows(features, rows, stride, by_row)?;
                transpose(by_row, (rows.len(), width), stride, lanes, by_feature);
            }
            Features::Table(_) => {
                encoding.gather(features, rows, lanes, by_feature)?;
                transpose(by_feature, (width, lanes), lanes, stride, &mut self.by_row[..lanes * stride]);
            }
        }
        Ok(())
    }

    pub(super) fn by_feature(&self, lanes: usize) -> &[f32] {
        let given = &self.by_feature[..self.width * lanes];
        self.dropout.as_ref().map_or(given, |dropout| dropout.outputs(given))
    }

    pub(super) fn as_inputs(&self, rows: usize, lanes: usize) -> Inputs<'_> {
        Inputs { by_feature: self.by_feature(lanes), lanes, by_row: &self.by_row, rows }
    }
}
