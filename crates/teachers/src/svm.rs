//! Support vector machines, one for each pair of classes, with class probabilities.
//!
//! The way of LIBSVM (Chang & Lin 2011): a C-SVC for each pair by sequential minimal optimisation ([`solver`]), a
//! [`sigmoid`] over decision values of rows that the machine did not see, and [`coupling`] of the pairs'
//! probabilities into those of all classes.

mod coupling;
mod kernel;
mod pair;
mod sigmoid;
mod solver;
#[cfg(test)]
mod tests;
mod wire;

pub use kernel::SvmKernel;

use lessen_data::{Encoded, LANES};
use lessen_engine::Matrix;
use lessen_units::Operations;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::examples::{Examples, Labels};
use coupling::Coupling;
use kernel::squared_norms;
use pair::{Pair, PairRows};

/// Settings of support vector machines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SvmSpec {
    /// How alike two rows are.
    pub kernel: SvmKernel,
    /// What a row on the wrong side costs, against a wide margin; above zero.
    pub c: f32,
    /// Rows of a pair of classes that its machine is fitted to at most, drawn at random where there are more. Memory
    /// while fitting is 4 bytes times its square, for each thread.
    pub rows_limit: usize,
}

impl SvmSpec {
    /// A name that says the settings.
    pub(crate) fn name(&self) -> String {
        format!("svm {}, C {}, {} rows a pair", self.kernel.name(), self.c, self.rows_limit)
    }

    /// Fits a machine to each pair of classes that have rows.
    pub(crate) fn fit(&self, examples: &Examples, labels: &Labels, seed: u64) -> Svm {
        let width = examples.encoded.width;
        let points = examples.points();
        let rows = points.values();
        let mut by_class = vec![Vec::new(); labels.classes];
        for (row, &label) in labels.of_rows.iter().enumerate() {
            by_class[label as usize].push(row as u32);
        }
        let present: Vec<u32> =
            (0..labels.classes as u32).filter(|&class| !by_class[class as usize].is_empty()).collect();
        let pairs: Vec<(u32, u32)> = pairs_of(&present).collect();
        let fit_pair = |&(first, second): &(u32, u32)| {
            let (positive, negative) = (&by_class[first as usize], &by_class[second as usize]);
            let place = format!("{first} {second}");
            PairRows::draw(positive, negative, self.rows_limit, seed, &place).fit(self, rows, width)
        };
        let pairs = pairs.par_iter().map(fit_pair).collect();
        Svm::gather(self.kernel, labels.classes, present, pairs, rows, width)
    }
}

/// All `(first, second)` with `first` before `second`, in lexical order.
fn pairs_of(classes: &[u32]) -> impl Iterator<Item = (u32, u32)> {
    let after = |place: usize| classes[place + 1..].iter();
    classes
        .iter()
        .enumerate()
        .flat_map(move |(place, &first)| after(place).map(move |&second| (first, second)))
}

/// Fitted support vector machines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "wire::Wire")]
pub(crate) struct Svm {
    kernel: SvmKernel,
    classes: usize,
    /// Classes that had rows, ascending.
    present: Vec<u32>,
    width: usize,
    /// Every support vector once, `[vectors][width]`.
    vectors: Vec<f32>,
    squared_norms: Vec<f32>,
    /// For all pairs of `present`, in lexical order.
    pairs: Vec<Pair>,
}

/// Rows that are predicted together: kernel values of all support vectors for them stay in the cache.
const BLOCK: usize = 2 * LANES;

/// Sweeps of the coupling that a prediction is counted with: what it takes depends on the row, 2 to 4 in most.
const COUNTED_SWEEPS: u64 = 3;

/// No class is given less than this: one that had no rows, or lost to all others, is unlikely, not impossible.
const SMALLEST: f32 = 1e-7;

impl Svm {
    /// Puts pairs, whose vectors are rows of the examples yet, on one list of support vectors.
    fn gather(
        kernel: SvmKernel,
        classes: usize,
        present: Vec<u32>,
        mut pairs: Vec<Pair>,
        rows: &[f32],
        width: usize,
    ) -> Self {
        let mut support: Vec<u32> = pairs.iter().flat_map(|pair| &pair.vectors).copied().collect();
        support.sort_unstable();
        support.dedup();
        for vector in pairs.iter_mut().flat_map(|pair| &mut pair.vectors) {
            *vector = support.partition_point(|row| row < vector) as u32;
        }
        let mut vectors = Vec::with_capacity(support.len() * width);
        for &row in &support {
            vectors.extend_from_slice(&rows[row as usize * width..][..width]);
        }
        let squared_norms = squared_norms(&vectors, support.len(), width);
        Self { kernel, classes, present, width, vectors, squared_norms, pairs }
    }

    /// Encoded features that it takes.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Class probabilities that it gives.
    pub(crate) fn classes(&self) -> usize {
        self.classes
    }

    /// Class probabilities of encoded rows, as wide as those that were fitted to, into `[rows][classes]`.
    pub(crate) fn probabilities(&self, encoded: &Encoded, into: &mut [f32]) {
        let vectors = self.squared_norms.len();
        let mut values = vec![0.0; vectors * BLOCK];
        let mut decisions = vec![0.0; self.pairs.len() * BLOCK];
        let mut coupling = Coupling::new(self.present.len());
        let mut of_pairs = vec![0.0; self.pairs.len()];
        for (block, into) in into.chunks_mut(BLOCK * self.classes).enumerate() {
            let lanes = BLOCK.min(encoded.lanes - block * BLOCK);
            let values = &mut values[..vectors * lanes];
            self.kernel_values(encoded, block * BLOCK, lanes, values);
            for (pair, sums) in self.pairs.iter().zip(decisions.chunks_exact_mut(lanes)) {
                pair.decisions(values, sums);
            }
            for (lane, row) in into.chunks_exact_mut(self.classes).enumerate() {
                for (place, (pair, p)) in self.pairs.iter().zip(&mut of_pairs).enumerate() {
                    *p = pair.sigmoid.probability(decisions[place * lanes + lane]);
                }
                self.write_row(coupling.couple(&of_pairs), row);
            }
        }
    }

    /// Of all support vectors and `lanes` rows from `start` on, into `[vectors][lanes]`.
    fn kernel_values(&self, encoded: &Encoded, start: usize, lanes: usize, into: &mut [f32]) {
        let mut norms = [0.0; BLOCK];
        let features = if self.kernel.needs_norms() { encoded.values.as_slice() } else { &[] };
        for feature in features.chunks_exact(encoded.lanes) {
            for (norm, value) in norms.iter_mut().zip(&feature[start..start + lanes]) {
                *norm += value * value;
            }
        }
        let vectors = Matrix::row_major(&self.vectors, self.squared_norms.len(), self.width);
        let rows = Matrix {
            values: &encoded.values[start.min(encoded.values.len())..],
            shape: (self.width, lanes),
            strides: (encoded.lanes, 1),
        };
        self.kernel.values((vectors, &self.squared_norms), (rows, &norms), into);
    }

    /// The arithmetic of one prediction: the inner products with all support vectors and what the kernel makes of
    /// them, a multiply-accumulate a coefficient, a multiply-accumulate and three adds a pair for its sigmoid, and
    /// for the coupling three sweeps of four adds for each entry of the matrix between classes.
    pub(crate) fn operations(&self) -> Operations {
        let vectors = self.squared_norms.len() as u64;
        let coefficients: u64 = self.pairs.iter().map(|pair| pair.coefficients.len() as u64).sum();
        let entries = (self.present.len() * self.present.len()) as u64;
        let pairs = self.pairs.len() as u64;
        let sums = Operations::macs(vectors * self.width as u64 + coefficients);
        let sigmoids = Operations { macs: 1, adds: 3, ..Operations::NONE } * pairs;
        let coupling = Operations { adds: 4 * COUNTED_SWEEPS * entries, ..Operations::NONE };
        sums + self.kernel.operations(self.width, vectors) + sigmoids + coupling
    }

    /// The coupled probabilities of the classes that had rows, to all classes' places.
    fn write_row(&self, coupled: &[f64], row: &mut [f32]) {
        row.fill(SMALLEST);
        for (&class, &probability) in self.present.iter().zip(coupled) {
            row[class as usize] = (probability as f32).max(SMALLEST);
        }
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|probability| *probability /= sum);
    }
}

impl Pair {
    /// Decision values of as many rows as `into` is long, from the kernel `values`, `[vectors][rows]`.
    fn decisions(&self, values: &[f32], into: &mut [f32]) {
        into.fill(self.bias);
        for (&vector, &coefficient) in self.vectors.iter().zip(&self.coefficients) {
            let values = &values[vector as usize * into.len()..][..into.len()];
            for (sum, value) in into.iter_mut().zip(values) {
                *sum += coefficient * value;
            }
        }
    }
}
