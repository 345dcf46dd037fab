//! Densities taken for normal distributions.

use std::f64::consts::PI;

use lessen_data::Encoded;
use serde::{Deserialize, Serialize};

use crate::examples::{Examples, Labels};

/// Share of the largest variance of any feature that no variance falls below: a pixel that is always 0 in one class
/// must not decide alone.
const VARIANCE_FLOOR: f64 = 1e-2;

/// A mean and a spread for each class and feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Wire")]
pub(crate) struct Gaussian {
    width: usize,
    /// One a class: the score before any feature's deviation, `ln prior - sum of ln(2 pi variance) / 2`.
    starts: Vec<f64>,
    /// `[classes][width]`: `1 / sqrt(2 variance)`.
    scales: Vec<f64>,
    /// `[classes][width]`: the mean times the scale.
    centres: Vec<f64>,
}

/// [`Gaussian`] as a file has it.
#[derive(Deserialize)]
struct Wire {
    width: usize,
    starts: Vec<f64>,
    scales: Vec<f64>,
    centres: Vec<f64>,
}

impl TryFrom<Wire> for Gaussian {
    type Error = String;

    fn try_from(Wire { width, starts, scales, centres }: Wire) -> Result<Self, String> {
        let expected = starts.len().checked_mul(width);
        if starts.is_empty() || expected != Some(scales.len()) || expected != Some(centres.len()) {
            let (classes, scales, centres) = (starts.len(), scales.len(), centres.len());
            return Err(format!("{scales} scales and {centres} centres for {classes} classes of {width}"));
        }
        if !starts.iter().chain(&scales).chain(&centres).all(|number| number.is_finite()) {
            return Err("a number that is not finite".into());
        }
        Ok(Self { width, starts, scales, centres })
    }
}

/// Means and variances of one class (or all rows), one a feature.
struct Moments {
    means: Vec<f64>,
    variances: Vec<f64>,
}

impl Moments {
    /// Of the rows whose label `is_in`.
    fn of(examples: &Examples, labels: &Labels, is_in: impl Fn(u32) -> bool) -> Self {
        let (mut means, mut variances) = (Vec::new(), Vec::new());
        for feature in 0..examples.encoded.width {
            let rows = examples.encoded.feature(feature).iter().zip(&labels.of_rows);
            let values = rows.filter(|(_, label)| is_in(**label)).map(|(&value, _)| f64::from(value));
            let count = values.clone().count().max(1) as f64;
            let mean = values.clone().sum::<f64>() / count;
            means.push(mean);
            variances.push(values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / count);
        }
        Self { means, variances }
    }
}

impl Gaussian {
    /// A class without rows is taken to be like all rows together.
    pub(super) fn fit(examples: &Examples, labels: &Labels) -> Self {
        let counts = super::counts(labels);
        let all = Moments::of(examples, labels, |_| true);
        let largest = all.variances.iter().copied().fold(0.0, f64::max);
        // Where nothing varies any floor will do.
        let floor = if largest > 0.0 { VARIANCE_FLOOR * largest } else { 1.0 };
        let mut gaussian = Self {
            width: examples.encoded.width,
            starts: super::log_priors(&counts),
            scales: Vec::new(),
            centres: Vec::new(),
        };
        for (class, count) in counts.into_iter().enumerate() {
            let moments = Moments::of(examples, labels, |label| count == 0 || label as usize == class);
            for (mean, variance) in moments.means.into_iter().zip(moments.variances) {
                let variance = variance.max(floor);
                let scale = 1.0 / (2.0 * variance).sqrt();
                gaussian.starts[class] -= 0.5 * (2.0 * PI * variance).ln();
                gaussian.scales.push(scale);
                gaussian.centres.push(mean * scale);
            }
        }
        gaussian
    }

    /// The logarithm of prior times density, `[classes][rows]`.
    pub(super) fn scores(&self, encoded: &Encoded) -> Vec<f64> {
        let mut scores = Vec::with_capacity(self.classes() * encoded.rows);
        for (class, &start) in self.starts.iter().enumerate() {
            let from = scores.len();
            scores.resize(from + encoded.rows, start);
            let of_class = class * self.width..(class + 1) * self.width;
            let parameters = self.scales[of_class.clone()].iter().zip(&self.centres[of_class]);
            for (feature, (scale, centre)) in parameters.enumerate() {
                for (score, &value) in scores[from..].iter_mut().zip(encoded.feature(feature)) {
                    let deviation = f64::from(value) * scale - centre;
                    *score -= deviation * deviation;
                }
            }
        }
        scores
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn classes(&self) -> usize {
        self.starts.len()
    }
}
