//! Making probabilities mean what they say, for learners that are too sure (or not sure enough) of themselves.

use lessen_data::random;
use lessen_model::Batch;
use rand::seq::SliceRandom;

use crate::examples::{Examples, Labels};
use crate::learned::Model;
use crate::learner::FitErrorKind;

/// Parts of the training rows, each predicted by a model that was fitted to the others.
const FOLDS: usize = 3;

/// Class probabilities of every row by a model that did not see it, `[rows][classes]`: [`FOLDS`] fits by `fit`.
/// The folds have equal shares of each class and come from the stream `calibration folds` of `seed`.
pub(crate) fn held_out_scores(
    examples: &Examples,
    labels: &Labels,
    seed: u64,
    fit: impl Fn(&Examples) -> Result<Model, FitErrorKind>,
) -> Result<Vec<f32>, FitErrorKind> {
    let fold_of = folds(labels, seed);
    let mut scores = vec![0.0; examples.rows() * labels.classes];
    for fold in 0..FOLDS {
        let rows = |inside: bool| -> Vec<usize> {
            (0..examples.rows()).filter(|&row| (fold_of[row] == fold) == inside).collect()
        };
        let held_out = rows(true);
        let model = fit(&examples.select(&rows(false)))?;
        let part = examples.select(&held_out);
        let mut answers = vec![0.0; held_out.len() * labels.classes];
        if let Some(features) = part.by_row() {
            let all: Vec<u32> = (0..held_out.len() as u32).collect();
            model.answer(&part.encoded, &Batch::new(features, &all), &mut answers);
        }
        for (row, answer) in held_out.iter().zip(answers.chunks_exact(labels.classes)) {
            scores[row * labels.classes..][..labels.classes].copy_from_slice(answer);
        }
    }
    Ok(scores)
}

fn folds(labels: &Labels, seed: u64) -> Vec<usize> {
    let mut random = random::stream(seed, "calibration folds");
    let mut order: Vec<usize> = (0..labels.of_rows.len()).collect();
    order.shuffle(&mut random);
    order.sort_by_key(|&row| labels.of_rows[row]);
    let mut fold_of = vec![0; labels.of_rows.len()];
    for (place, row) in order.into_iter().enumerate() {
        fold_of[row] = place % FOLDS;
    }
    fold_of
}

/// Probabilities are kept this far from 0 before a logarithm is taken.
const SMALLEST: f32 = 1e-7;

/// The temperature in [1/20, 20] whose division of the log-probabilities makes the log-loss least (Guo et al. 2017,
/// section 4.2), to a hundredth of it: golden-section search, as the loss has one valley in the inverse temperature.
pub(crate) fn temperature(probabilities: &[f32], labels: &[u32], classes: usize) -> f32 {
    let logarithms: Vec<f64> = probabilities.iter().map(|&p| f64::from(p.max(SMALLEST)).ln()).collect();
    let loss = |log_temperature: f64| -> f64 {
        let inverse = (-log_temperature).exp();
        let row = |(row, &label): (&[f64], &u32)| {
            let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = row.iter().map(|logarithm| ((logarithm - largest) * inverse).exp()).sum();
            sum.ln() - (row[label as usize] - largest) * inverse
        };
        logarithms.chunks_exact(classes).zip(labels).map(row).sum()
    };
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (-(20f64.ln()), 20f64.ln());
    while high - low > 0.01 {
        let step = golden * (high - low);
        if loss(high - step) <= loss(low + step) {
            high = low + step;
        } else {
            low = high - step;
        }
    }
    (0.5 * (low + high)).exp() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_temperature_is_recovered() {
        // 100 rows say 0.99, and 90 of them are right: log-odds ln 99 should be ln 9, a temperature of 2.09.
        let probabilities = [0.99, 0.01].repeat(100);
        let labels: Vec<u32> = (0..100).map(|row| u32::from(row >= 90)).collect();
        let expected = 99f32.ln() / 9f32.ln();
        let found = temperature(&probabilities, &labels, 2);
        assert!((found / expected - 1.0).abs() < 0.01, "{found}, expected {expected}");
        let mut calibrated = [0.99, 0.01];
        lessen_engine::soften(&mut calibrated, 2, expected);
        assert!((calibrated[0] - 0.9).abs() < 1e-5, "{calibrated:?}");
    }

    #[test]
    fn certainty_that_is_always_right_is_left_certain_and_zeros_are_no_harm() {
        assert!(temperature(&[1.0, 0.0, 0.0, 1.0], &[0, 1], 2) < 0.1);
        assert!(temperature(&[1.0, 0.0, 1.0, 0.0], &[1, 1], 2) > 19.0);
        let mut row = [1.0, 0.0];
        lessen_engine::soften(&mut row, 2, 2.0);
        assert!(row.iter().all(|p| p.is_finite()) && (row[0] + row[1] - 1.0).abs() < 1e-6);
    }
}
