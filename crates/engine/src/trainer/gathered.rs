//! A minibatch of encoded rows.

use lessen_data::{DataError, Encoding, Features, padded, transpose};

use super::dropout::{Draw, Dropout};
use super::weights::Inputs;
use crate::kernels::aligned::Aligned;
use crate::kernels::dense::{Extents, Right, Strips};

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
    /// What is not zero of either form, where the first layer is dense and that pays.
    nonzero: Option<Nonzero>,
}

/// What is not zero of a minibatch.
#[derive(Default)]
struct Nonzero {
    by_feature: Strips,
    by_row: Strips,
}

/// Share of a minibatch that is left above which leaving the rest out does not pay for finding it.
const MOST_LEFT: f64 = 0.85;

impl Gathered {
    /// Room for `lanes` rows; `dropout` is the share of their entries that training drops.
    pub(super) fn new(width: usize, lanes: usize, by_row: bool, dropout: f32) -> Self {
        let all: Vec<u32> = (0..width as u32).collect();
        let dropout = Dropout::new(dropout, 0, &all, lanes);
        let stride = padded(width);
        let by_row = Aligned::zeros(if by_row { lanes * stride } else { 0 });
        let nonzero = (!by_row.is_empty()).then(Nonzero::default);
        Self { width, by_feature: Aligned::zeros(width * lanes), by_row, stride, dropout, nonzero }
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
        if let Some(dropout) = &mut self.dropout {
            let given = &self.by_feature[..width * lanes];
            dropout.apply(draw, given, lanes);
            if draw.is_some() && !self.by_row.is_empty() {
                let into = &mut self.by_row[..lanes * self.stride];
                transpose(dropout.outputs(given), (width, lanes), lanes, self.stride, into);
            }
        }
        self.find_nonzero(rows.len(), draw.is_some());
        Ok(())
    }

    /// By row only where there is a step to take. A minibatch without enough zeros ends it: others have no more of them.
    fn find_nonzero(&mut self, rows: usize, steps: bool) {
        let (lanes, width, stride) = (padded(rows), self.width, self.stride);
        let Some(mut nonzero) = self.nonzero.take() else { return };
        let extents = Extents { rows: 0, inner: width, columns: lanes };
        nonzero.by_feature.find(Right { values: self.by_feature(lanes), stride: lanes }, extents);
        if nonzero.by_feature.share() > MOST_LEFT {
            return;
        }
        if steps {
            let extents = Extents { rows: 0, inner: rows, columns: stride };
            nonzero.by_row.find(Right { values: &self.by_row, stride }, extents);
        }
        self.nonzero = Some(nonzero);
    }

    /// What is not zero by feature, where that pays.
    pub(super) fn nonzero_by_feature(&self) -> Option<&Strips> {
        self.nonzero.as_ref().map(|nonzero| &nonzero.by_feature)
    }

    /// Begins with the form that is the less work, and turns it into the other.
    fn fill(&mut self, encoding: &Encoding, features: &Features, rows: &[u32]) -> Result<(), DataError> {
        let (lanes, width, stride) = (padded(rows.len()), self.width, self.stride);
        let by_feature = &mut self.by_feature[..width * lanes];
        if self.by_row.is_empty() {
            return encoding.gather(features, rows, lanes, by_feature);
        }
        if encoding.is_by_row(features) {
            let by_row = &mut self.by_row[..rows.len() * stride];
            encoding.gather_rows(features, rows, stride, by_row)?;
            transpose(by_row, (rows.len(), width), stride, lanes, by_feature);
        } else {
            encoding.gather(features, rows, lanes, by_feature)?;
            transpose(by_feature, (width, lanes), lanes, stride, &mut self.by_row[..lanes * stride]);
        }
        Ok(())
    }

    pub(super) fn by_feature(&self, lanes: usize) -> &[f32] {
        let given = &self.by_feature[..self.width * lanes];
        self.dropout.as_ref().map_or(given, |dropout| dropout.outputs(given))
    }

    pub(super) fn as_inputs(&self, rows: usize, lanes: usize) -> Inputs<'_> {
        let nonzero_by_row = self.nonzero.as_ref().map(|nonzero| &nonzero.by_row);
        Inputs { by_feature: self.by_feature(lanes), lanes, by_row: &self.by_row, rows, nonzero_by_row }
    }
}

#[cfg(test)]
mod tests {
    use lessen_data::{Answer, Images};

    use super::*;
    use crate::{Activation, Optimiser, Recipe, Targets, Trainer, TrainingRows, initial};

    /// 150 images of 20 pixels, all dark behind the first so many.
    fn images(lit: usize) -> Features {
        let bytes = (0..150 * 20).map(|at| if at % 20 < lit { (at % 251) as u8 } else { 0 });
        Features::Images(Images { channels: 1, height: 4, width: 5, bytes: bytes.collect() })
    }

    #[test]
    fn leaving_out_what_is_dark_gives_the_same_bits_and_is_given_up_where_little_is() {
        for (lit, pays) in [(8, true), (20, false)] {
            let features = images(lit);
            let rows: Vec<u32> = (0..150).collect();
            let labels: Vec<u32> = rows.iter().map(|row| row % 3).collect();
            let encoding = Encoding::fit(&features, &rows).with_pixels_from_0_to_1();
            let classes = Answer::Classes(["a", "b", "c"].map(Into::into).to_vec());
            let network = initial::mlp(encoding, &[9], Activation::Relu, classes, 1).unwrap();
            let training =
                TrainingRows { features: &features, rows: &rows, targets: Targets::Labels(&labels) };
            let trained = |leaves_out: bool| {
                let recipe = Recipe::plain(40, Optimiser::adam(0.01));
                let mut trainer = Trainer::new(network.clone(), recipe, 1).unwrap();
                if !leaves_out {
                    trainer.gathered.nonzero = None;
                }
                for _ in 0..20 {
                    trainer.step(&training).unwrap();
                }
                assert_eq!(trainer.gathered.nonzero.is_some(), leaves_out && pays);
                trainer.into_network()
            };
            assert!(trained(true) == trained(false));
        }
    }
}
