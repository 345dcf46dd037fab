//! Grown trees, ready to predict.

use std::slice::ChunksExact;

use lessen_data::Encoded;
use lessen_units::Operations;
use serde::{Deserialize, Serialize};

use super::bins::Bins;
use super::grow::{Grown, Leaves, Place};

/// Trees and how what they say becomes an answer: class probabilities, or a number. What a file holds is checked before it is one of
/// these, so that every walk ends in a leaf.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "super::wire::Wire")]
pub(crate) struct Trees {
    /// Numbers in an answer: classes, or 1 for a number.
    pub(super) outputs: usize,
    pub(super) combine: Combine,
    /// Where each tree begins.
    pub(super) roots: Vec<Place>,
    /// Of all trees; children come after their parents.
    pub(super) nodes: Vec<Node>,
    /// `[leaves][outputs]` or `[leaves]`, as [`Combine`] has it.
    pub(super) leaves: Vec<f32>,
    /// Of one prediction, all trees together.
    pub(super) comparisons: u64,
}

/// How what the trees say becomes an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Combine {
    /// A leaf holds class probabilities; their mean.
    Mean,
    /// A leaf holds what is added to the score of its tree's class; the softmax of the sums. Trees take turns
    /// by class; where there are two classes, all are the second one's.
    Sum {
        /// The scores before any tree, one a class.
        start: Vec<f32>,
    },
    /// A leaf holds a number; the answer is `centre + scale * (sum of what the trees say)`. A mean of trees has their
    /// number taken into the scale.
    Value {
        /// Answered without any tree.
        centre: f32,
        /// What 1 of the trees' sum is in the target's unit.
        scale: f32,
    },
}

/// A comparison: a row goes right where its feature is greater than the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Node {
    pub(super) feature: u32,
    pub(super) threshold: f32,
    /// Left and right.
    pub(super) children: [Place; 2],
}

/// Most rows, and most numbers in them, that are walked down one tree before the next: few enough to stay in
/// the cache beside it, so many that a large tree is not fetched anew for each row.
const MOST_ROWS: usize = 256;
const MOST_NUMBERS: usize = 1 << 16;

/// Rows that walk side by side: while one waits for its next node, the processor fetches the others'.
const ABREAST: usize = 8;

impl Trees {
    /// Puts trees together that were grown on `rows` samples each.
    pub(super) fn new(combine: Combine, outputs: usize, rows: usize, bins: &Bins, grown: Vec<Grown>) -> Self {
        let in_leaf = combine.in_leaf(outputs);
        let comparisons: u64 = grown.iter().map(|tree| tree.comparisons).sum();
        let mut leaves = Leaves::new(in_leaf);
        let mut trees = Self {
            outputs,
            combine,
            roots: Vec::with_capacity(grown.len()),
            nodes: Vec::with_capacity(grown.iter().map(|tree| tree.nodes.len()).sum()),
            leaves: Vec::new(),
            comparisons: comparisons.div_ceil(rows.max(1) as u64),
        };
        for tree in grown {
            trees.plant(&tree, bins, &mut leaves);
        }
        trees.leaves = leaves.values;
        trees
    }

    fn plant(&mut self, tree: &Grown, bins: &Bins, leaves: &mut Leaves) {
        let first = self.nodes.len();
        let numbers: Vec<usize> = tree.leaves.iter().map(|says| leaves.number(says)).collect();
        let moved = |place: Place| {
            if place.is_leaf() {
                Place::leaf(numbers[place.number()])
            } else {
                Place::node(first + place.number())
            }
        };
        self.roots.push(moved(tree.root));
        self.nodes.extend(tree.nodes.iter().map(|node| Node {
            feature: node.feature,
            threshold: bins.threshold(node.feature, node.last_left),
            children: node.children.map(moved),
        }));
    }

    /// The answer for each row into `[rows][outputs]`.
    pub(crate) fn answer(&self, encoded: &Encoded, into: &mut [f32]) {
        let at_once = (MOST_NUMBERS / encoded.width.max(1)).clamp(ABREAST, MOST_ROWS);
        let mut rows = Rows::default();
        for (block, into) in into.chunks_mut(at_once * self.outputs).enumerate() {
            rows.gather(encoded, block * at_once, at_once);
            match &self.combine {
                Combine::Mean => self.mean(&rows, into),
                Combine::Sum { start } => self.sum(start, &rows, into),
                Combine::Value { centre, scale } => self.value(*centre, *scale, &rows, into),
            }
        }
    }

    fn mean(&self, rows: &Rows, into: &mut [f32]) {
        into.fill(0.0);
        for &root in &self.roots {
            self.walk(root, rows, into, |leaf, into| {
                for (sum, says) in into.iter_mut().zip(&self.leaves[leaf * self.outputs..]) {
                    *sum += says;
                }
            });
        }
        let share = 1.0 / self.roots.len() as f32;
        into.iter_mut().for_each(|sum| *sum *= share);
    }

    fn sum(&self, start: &[f32], rows: &Rows, into: &mut [f32]) {
        into.chunks_exact_mut(self.outputs).for_each(|into| into.copy_from_slice(start));
        for (tree, &root) in self.roots.iter().enumerate() {
            let class = if self.outputs == 2 { 1 } else { tree % self.outputs };
            self.walk(root, rows, into, |leaf, into| into[class] += self.leaves[leaf]);
        }
        into.chunks_exact_mut(self.outputs).for_each(softmax);
    }

    fn value(&self, centre: f32, scale: f32, rows: &Rows, into: &mut [f32]) {
        into.fill(0.0);
        for &root in &self.roots {
            self.walk(root, rows, into, |leaf, into| into[0] += self.leaves[leaf]);
        }
        into.iter_mut().for_each(|sum| *sum = sum.mul_add(scale, centre));
    }

    /// Walks each row down a tree and hands its leaf's number and its part of `into` to `arrive`. A feature
    /// that a row has not is no greater than anything.
    fn walk(&self, root: Place, rows: &Rows, into: &mut [f32], arrive: impl Fn(usize, &mut [f32])) {
        for (rows, into) in rows.abreast().zip(into.chunks_mut(ABREAST * self.outputs)) {
            let mut places = [root; ABREAST];
            let mut are_walking = !root.is_leaf();
            while are_walking {
                are_walking = false;
                for (place, row) in places.iter_mut().zip(rows.clone()).filter(|(place, _)| !place.is_leaf())
                {
                    let node = &self.nodes[place.number()];
                    let is_greater =
                        row.get(node.feature as usize).is_some_and(|&value| value > node.threshold);
                    *place = node.children[usize::from(is_greater)];
                    are_walking |= !place.is_leaf();
                }
            }
            for (place, into) in places.iter().zip(into.chunks_exact_mut(self.outputs)) {
                arrive(place.number(), into);
            }
        }
    }

    /// Numbers in an answer.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// What one prediction takes. Comparisons: the mean way from a root to a leaf of the rows that a tree was
    /// grown on, summed over the trees and rounded up. Adds: of a mean, one a class for each tree (the last
    /// for the division); of a sum, one a tree, and exponential, sum and division of each class; of a number, one a tree
    /// and a multiply-accumulate for centre and scale.
    pub(crate) fn operations(&self) -> Operations {
        let (trees, outputs) = (self.roots.len() as u64, self.outputs as u64);
        let (macs, adds) = match self.combine {
            Combine::Mean if trees == 1 => (0, 0),
            Combine::Mean => (0, trees * outputs),
            Combine::Sum { .. } => (0, trees + 3 * outputs),
            Combine::Value { .. } => (1, trees),
        };
        Operations { macs, adds, comparisons: self.comparisons }
    }
}

impl Combine {
    /// Numbers in a leaf.
    pub(super) fn in_leaf(&self, outputs: usize) -> usize {
        match self {
            Self::Mean => outputs,
            Self::Sum { .. } | Self::Value { .. } => 1,
        }
    }
}

/// Some rows side by side, row-major: a walk reads features of one row here and there.
#[derive(Default)]
struct Rows {
    /// Numbers of a row; at least one, so that rows without features are rows.
    stride: usize,
    /// `[rows][stride]`.
    values: Vec<f32>,
}

impl Rows {
    /// At most `most` rows from `first` on.
    fn gather(&mut self, encoded: &Encoded, first: usize, most: usize) {
        let count = encoded.rows.saturating_sub(first).min(most);
        self.stride = encoded.width.max(1);
        self.values.clear();
        self.values.resize(count * self.stride, 0.0);
        for feature in 0..encoded.width {
            let column = encoded.feature(feature).iter().skip(first).take(count);
            for (row, &value) in column.enumerate() {
                self.values[row * self.stride + feature] = value;
            }
        }
    }

    /// The rows, [`ABREAST`] at a time.
    fn abreast(&self) -> impl Iterator<Item = ChunksExact<'_, f32>> {
        self.values.chunks(ABREAST * self.stride).map(|rows| rows.chunks_exact(self.stride))
    }
}

/// Scores to probabilities, in place.
pub(super) fn softmax(scores: &mut [f32]) {
    let greatest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in &mut *scores {
        *score = (*score - greatest).exp();
        sum += *score;
    }
    scores.iter_mut().for_each(|score| *score /= sum);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trees::testing::{digits, encoded, examples, probabilities};
    use crate::trees::{BoostingSpec, FeatureShare, ForestSpec};

    const FOREST: ForestSpec = ForestSpec {
        trees: 12,
        max_depth: Some(9),
        min_leaf: 2,
        features: FeatureShare::Sqrt,
        bootstrap: true,
        random_thresholds: false,
        rows_limit: None,
    };
    const BOOSTING: BoostingSpec = BoostingSpec {
        rounds: 3,
        max_depth: 3,
        learning_rate: 0.3,
        min_leaf: 2,
        l2: 1.0,
        row_share: 0.7,
        feature_share: 0.7,
        rows_limit: None,
    };

    fn fits(training: &crate::Examples, seed: u64) -> [Trees; 3] {
        let extra = ForestSpec { bootstrap: false, random_thresholds: true, ..FOREST };
        [FOREST.fit(training, seed), extra.fit(training, seed), BOOSTING.fit(training, seed)]
    }

    #[test]
    fn probabilities_are_not_negative_and_sum_to_one() {
        let (training, validation) = digits();
        for trees in fits(&training, 1) {
            for row in probabilities(&trees, &validation.encoded).chunks(10) {
                assert!(row.iter().all(|&probability| probability >= 0.0), "{row:?}");
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{row:?}");
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bits_on_any_number_of_threads() {
        let (training, _) = digits();
        let fitted = |threads, seed| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| fits(&training, seed)).map(|trees| postcard::to_stdvec(&trees).unwrap())
        };
        let one = fitted(1, 1);
        assert_eq!(one, fitted(2, 1));
        assert!(
            one.iter().zip(fitted(2, 2)).all(|(one, other)| *one != other),
            "another seed, another model"
        );
    }

    #[test]
    fn saved_and_read_again_trees_predict_the_same() {
        let (training, validation) = digits();
        for trees in fits(&training, 1) {
            let read: Trees = postcard::from_bytes(&postcard::to_stdvec(&trees).unwrap()).unwrap();
            assert_eq!(read, trees);
            assert_eq!(probabilities(&read, &validation.encoded), probabilities(&trees, &validation.encoded));
        }
    }

    /// Blocks and rows abreast must not show: a row alone gets what it gets among others.
    #[test]
    fn a_row_is_predicted_the_same_in_any_company() {
        let (training, validation) = digits();
        for trees in fits(&training, 1) {
            let together = probabilities(&trees, &validation.encoded);
            for row in [0, 7, 8, 255, 256, 358] {
                let alone = probabilities(&trees, &validation.select(&[row]).encoded);
                assert_eq!(alone, together[row * 10..][..10], "row {row}");
            }
        }
    }

    #[test]
    fn training_rows_reach_the_leaves_that_they_made() {
        let feature = [0.1, 0.2, 0.3f32.next_up(), 0.3, 7.0];
        let training = examples(&[&feature], &[0, 1, 2, 3, 4], 5);
        let tree =
            ForestSpec { trees: 2, features: FeatureShare::All, bootstrap: false, min_leaf: 1, ..FOREST };
        let found = probabilities(&tree.fit(&training, 1), &training.encoded);
        let expected: Vec<f32> = (0..25).map(|place| f32::from(u8::from(place % 6 == 0))).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn operations_are_those_counted_by_hand() {
        // Classes 0 1 0 0: cut in the middle (1 + 2 against 2.67 elsewhere), then the left half again. Ways of
        // 2, 2, 1 and 1: a mean of 1.5.
        let training = examples(&[&[0.0, 1.0, 2.0, 3.0]], &[0, 1, 0, 0], 2);
        let tree =
            ForestSpec { trees: 1, features: FeatureShare::All, bootstrap: false, min_leaf: 1, ..FOREST };
        let single = Operations { macs: 0, adds: 0, comparisons: 2 };
        assert_eq!(tree.fit(&training, 1).operations(), single);
        let two = Operations { macs: 0, adds: 2 * 2, comparisons: 3 };
        assert_eq!(ForestSpec { trees: 2, ..tree }.fit(&training, 1).operations(), two);

        // Two stumps, a softmax of two classes.
        let stumps = BoostingSpec { rounds: 2, max_depth: 1, row_share: 1.0, feature_share: 1.0, ..BOOSTING };
        let training = examples(&[&[0.0, 0.0, 1.0, 1.0]], &[0, 0, 1, 1], 2);
        assert_eq!(
            stumps.fit(&training, 1).operations(),
            Operations { macs: 0, adds: 2 + 6, comparisons: 2 }
        );
    }

    #[test]
    fn missing_features_and_odd_numbers_end_in_some_leaf() {
        let training = examples(&[&[0.0, 1.0, 2.0, 3.0], &[5.0, 5.0, 6.0, 6.0]], &[0, 1, 1, 0], 2);
        let odd = encoded(&[&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY]]);
        let none = Encoded { width: 0, rows: 3, lanes: 16, values: Vec::new() };
        for trees in fits(&training, 1) {
            for rows in [&odd, &none] {
                let found = probabilities(&trees, rows);
                assert!(found.chunks(2).all(|row| (row[0] + row[1] - 1.0).abs() < 1e-6), "{found:?}");
            }
        }
    }
}
