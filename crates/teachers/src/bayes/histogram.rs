//! Densities taken for shares of bins.

use lessen_data::Encoded;
use serde::{Deserialize, Serialize};

use crate::examples::{Examples, Labels};

/// A share of each bin, for each class and feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Wire")]
pub(crate) struct Histogram {
    bins: usize,
    scales: Vec<Scale>,
    /// One a class.
    log_priors: Vec<f64>,
    /// `[classes][width][bins]`.
    log_shares: Vec<f64>,
}

/// Which bin a value is in: `(value - least) * bins_per_unit`, rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Scale {
    least: f32,
    bins_per_unit: f32,
}

/// [`Histogram`] as a file has it.
#[derive(Deserialize)]
struct Wire {
    bins: usize,
    scales: Vec<Scale>,
    log_priors: Vec<f64>,
    log_shares: Vec<f64>,
}

impl TryFrom<Wire> for Histogram {
    type Error = String;

    fn try_from(Wire { bins, scales, log_priors, log_shares }: Wire) -> Result<Self, String> {
        let expected =
            log_priors.len().checked_mul(scales.len()).and_then(|features| features.checked_mul(bins));
        if bins == 0 || log_priors.is_empty() || expected != Some(log_shares.len()) {
            let (found, classes, width) = (log_shares.len(), log_priors.len(), scales.len());
            return Err(format!("{found} shares for {classes} classes of {width} features in {bins} bins"));
        }
        if !log_priors.iter().chain(&log_shares).all(|number| number.is_finite()) {
            return Err("a number that is not finite".into());
        }
        Ok(Self { bins, scales, log_priors, log_shares })
    }
}

impl Scale {
    /// Equal bins between the least and the greatest of `values`; one bin where they do not differ.
    fn fit(values: &[f32], bins: usize) -> Self {
        let least = values.iter().copied().fold(f32::INFINITY, f32::min);
        let greatest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let bins_per_unit = bins as f32 / (greatest - least);
        if greatest > least && bins_per_unit.is_finite() {
            Self { least, bins_per_unit }
        } else {
            Self { least: 0.0, bins_per_unit: 0.0 }
        }
    }

    /// Values beyond the first or last bin are in it, and what is no number in the first.
    fn bin(self, value: f32, bins: usize) -> usize {
        (((value - self.least) * self.bins_per_unit) as usize).min(bins - 1)
    }
}

impl Histogram {
    pub(super) fn fit(examples: &Examples, labels: &Labels, bins: usize) -> Self {
        let (width, counts) = (examples.encoded.width, super::counts(labels));
        let scales: Vec<_> =
            (0..width).map(|feature| Scale::fit(examples.encoded.feature(feature), bins)).collect();
        // Each bin was seen once before any row is.
        let mut seen = vec![1u64; labels.classes * width * bins];
        for (feature, scale) in scales.iter().enumerate() {
            for (&value, &label) in examples.encoded.feature(feature).iter().zip(&labels.of_rows) {
                seen[(label as usize * width + feature) * bins + scale.bin(value, bins)] += 1;
            }
        }
        let log_share = |(place, seen): (usize, u64)| {
            let of_class = counts[place / (width * bins)] + bins as u64;
            (seen as f64 / of_class as f64).ln()
        };
        let log_shares = seen.into_iter().enumerate().map(log_share).collect();
        Self { bins, scales, log_priors: super::log_priors(&counts), log_shares }
    }

    /// The logarithm of prior times shares, `[classes][rows]`.
    pub(super) fn scores(&self, encoded: &Encoded) -> Vec<f64> {
        let prior = |&log_prior| std::iter::repeat_n(log_prior, encoded.rows);
        let mut scores: Vec<f64> = self.log_priors.iter().flat_map(prior).collect();
        let mut places = vec![0; encoded.rows];
        for (feature, scale) in self.scales.iter().enumerate() {
            for (place, &value) in places.iter_mut().zip(encoded.feature(feature)) {
                *place = scale.bin(value, self.bins);
            }
            for (class, scores) in scores.chunks_exact_mut(encoded.rows.max(1)).enumerate() {
                let log_shares =
                    &self.log_shares[(class * self.width() + feature) * self.bins..][..self.bins];
                for (score, &place) in scores.iter_mut().zip(&places) {
                    *score += log_shares[place];
                }
            }
        }
        scores
    }

    pub(super) fn width(&self) -> usize {
        self.scales.len()
    }

    pub(super) fn classes(&self) -> usize {
        self.log_priors.len()
    }
}
