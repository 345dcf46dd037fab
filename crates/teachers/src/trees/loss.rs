//! What a boosted sum of trees is fitted by.

use std::ops::Range;

use super::histogram::Slope;
use super::model::{Combine, softmax};
use crate::examples::{Labels, Lesson, Values};

/// The loss of scores against what is to be learned.
pub(super) enum Loss<'a> {
    /// Multinomial log-loss of a score a class; of two classes the first one's stays at 0: only differences count.
    Log(&'a Labels),
    /// Half the squared error of a standardised number.
    Squared(&'a Values),
}

impl<'a> Loss<'a> {
    pub(super) fn of(lesson: &'a Lesson) -> Self {
        match lesson {
            Lesson::Labels(labels) => Self::Log(labels),
            Lesson::Values(values) => Self::Squared(values),
        }
    }

    /// The scores that trees are added to, among all of an answer.
    pub(super) fn scored(&self) -> Range<usize> {
        match self {
            Self::Log(labels) if labels.classes == 2 => 1..2,
            Self::Log(labels) => 0..labels.classes,
            Self::Squared(_) => 0..1,
        }
    }

    /// Whether there is nothing to tell apart.
    pub(super) fn is_settled(&self) -> bool {
        matches!(self, Self::Log(labels) if labels.classes < 2)
    }

    /// The scores without any tree. Classes: logarithms of their shares, one row a class added so that none is 0; less
    /// the first one's where there are two. Numbers: their mean, which is 0.
    pub(super) fn start(&self) -> Vec<f32> {
        let Self::Log(labels) = self else { return vec![0.0] };
        let mut counts = vec![1.0f64; labels.classes];
        for &label in &labels.of_rows {
            counts[label as usize] += 1.0;
        }
        let total: f64 = counts.iter().sum();
        let mut scores: Vec<f32> = counts.iter().map(|count| (count / total).ln() as f32).collect();
        if let [first, second] = scores.as_mut_slice() {
            (*first, *second) = (0.0, *second - *first);
        }
        scores
    }

    /// How sums of trees become answers.
    pub(super) fn combine(&self, start: Vec<f32>) -> Combine {
        match self {
            Self::Log(_) => Combine::Sum { start },
            Self::Squared(values) => Combine::Value { centre: values.unit.centre, scale: values.unit.scale },
        }
    }

    /// What the sum so far answers for each row, `[scored][rows]` like the `scores`: probabilities, or the numbers
    /// themselves.
    pub(super) fn answers(&self, scores: &[f32]) -> Vec<f32> {
        match self {
            Self::Log(labels) => probabilities(scores, labels),
            Self::Squared(_) => scores.to_vec(),
        }
    }

    /// The derivatives of the loss by one score, from the `answers` for that score. Log-loss: p - y and p (1 - p).
    /// Where every class has a score, the curvature is taken as classes / (classes - 1) times that: all scores move
    /// at once, and only their differences count (Friedman 2001, algorithm 6). Squared error: the residual, and 1.
    pub(super) fn slopes(&self, rows: &[u32], answers: &[f32], score: usize) -> Vec<Slope> {
        match self {
            Self::Log(labels) => {
                let classes = labels.classes as f32;
                let together = if labels.classes == 2 { 1.0 } else { classes / (classes - 1.0) };
                let slope = |&row: &u32| {
                    let probability = answers[row as usize];
                    let is_class = labels.of_rows[row as usize] as usize == score;
                    let slope = probability - f32::from(u8::from(is_class));
                    Slope { row, slope, curvature: together * probability * (1.0 - probability) }
                };
                rows.iter().map(slope).collect()
            }
            Self::Squared(values) => {
                let residual = |&row: &u32| answers[row as usize] - values.standardised[row as usize];
                rows.iter().map(|row| Slope { row: *row, slope: residual(row), curvature: 1.0 }).collect()
            }
        }
    }
}

fn probabilities(scores: &[f32], labels: &Labels) -> Vec<f32> {
    if labels.classes == 2 {
        return scores.iter().map(|score| 1.0 / (1.0 + (-score).exp())).collect();
    }
    let rows = labels.of_rows.len();
    let mut probabilities = vec![0.0; scores.len()];
    let mut row_scores = vec![0.0; labels.classes];
    for row in 0..rows {
        for (class, score) in row_scores.iter_mut().enumerate() {
            *score = scores[class * rows + row];
        }
        softmax(&mut row_scores);
        for (class, probability) in row_scores.iter().enumerate() {
            probabilities[class * rows + row] = *probability;
        }
    }
    probabilities
}
