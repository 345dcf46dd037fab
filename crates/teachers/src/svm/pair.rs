//! One machine, between two classes.

use lessen_data::random;
use lessen_engine::Matrix;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::SvmSpec;
use super::kernel::squared_norms;
use super::sigmoid::Sigmoid;
use super::solver::Problem;

/// The support vectors that tell one class from another, with what they weigh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Pair {
    /// Places among all vectors: rows of the training examples in what [`PairRows::fit`] gives, support vectors of
    /// the whole machine afterwards.
    pub(super) vectors: Vec<u32>,
    /// `y alpha`, one for each vector.
    pub(super) coefficients: Vec<f32>,
    pub(super) bias: f32,
    pub(super) sigmoid: Sigmoid,
}

/// Parts in which decision values for the sigmoid are made, each by a machine fitted to the other parts.
const FOLDS: usize = 3;

/// The rows of two classes.
pub(super) struct PairRows {
    /// Row numbers of the class at +1, then of the class at -1.
    rows: Vec<u32>,
    /// How many are of the first.
    positive: usize,
    /// The part of each row in the cross-validation.
    folds: Vec<usize>,
}

impl PairRows {
    /// Draws `limit` rows, in the classes' own proportion, where there are more, and deals them out to the folds;
    /// `place` says which pair this is, for the random stream.
    pub(super) fn draw(positive: &[u32], negative: &[u32], limit: usize, seed: u64, place: &str) -> Self {
        let mut random = random::stream(seed, &format!("svm rows {place}"));
        let total = positive.len() + negative.len();
        let mut drawn = Self { rows: Vec::new(), positive: 0, folds: Vec::new() };
        for class in [positive, negative] {
            let share = if total > limit { (limit * class.len() / total).max(1) } else { class.len() };
            let mut rows = class.to_vec();
            rows.shuffle(&mut random);
            rows.truncate(share);
            drawn.folds.extend((0..rows.len()).map(|place| place % FOLDS));
            drawn.rows.extend(rows);
            if drawn.positive == 0 {
                drawn.positive = drawn.rows.len();
            }
        }
        drawn
    }

    /// Fits the machine to all rows and the sigmoid to what machines fitted to two of three parts say of the third.
    /// `examples` is `[rows][width]`, row-major.
    pub(super) fn fit(&self, spec: &SvmSpec, examples: &[f32], width: usize) -> Pair {
        let count = self.rows.len();
        let mut inputs = Vec::with_capacity(count * width);
        for &row in &self.rows {
            inputs.extend_from_slice(&examples[row as usize * width..][..width]);
        }
        let norms = squared_norms(&inputs, count, width);
        let matrix = Matrix::row_major(&inputs, count, width);
        let mut kernel = vec![0.0; count * count];
        spec.kernel.values((matrix, &norms), (matrix.transposed(), &norms), &mut kernel);
        let signs: Vec<f64> = (0..count).map(|row| if row < self.positive { 1.0 } else { -1.0 }).collect();
        let decisions = self.held_out_decisions(&kernel, &signs, f64::from(spec.c));
        let limits = vec![f64::from(spec.c); count];
        let solution = Problem { kernel: &kernel, signs: &signs, limits: &limits }.solve();
        let support = self.rows.iter().zip(&solution.coefficients).filter(|(_, weight)| **weight != 0.0);
        let (vectors, coefficients) = support.map(|(&row, &weight)| (row, weight as f32)).unzip();
        Pair { vectors, coefficients, bias: solution.bias as f32, sigmoid: Sigmoid::fit(&decisions, &signs) }
    }

    /// What machines that did not see a row say of it. The rows of a fold stay in the problem with a limit of 0, so
    /// that the solver's own residuals are their decision values.
    fn held_out_decisions(&self, kernel: &[f32], signs: &[f64], c: f64) -> Vec<f64> {
        let mut decisions = vec![0.0; signs.len()];
        for fold in 0..FOLDS {
            let limit = |&of: &usize| if of == fold { 0.0 } else { c };
            let limits: Vec<f64> = self.folds.iter().map(limit).collect();
            let solution = Problem { kernel, signs, limits: &limits }.solve();
            for (row, decision) in solution.decisions.into_iter().enumerate() {
                if self.folds[row] == fold {
                    decisions[row] = decision;
                }
            }
        }
        decisions
    }
}
