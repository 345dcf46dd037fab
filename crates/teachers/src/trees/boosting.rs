//! Trees that are added up.

use lessen_data::random;
use rand::seq::index;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Trees;
use super::bins::Bins;
use super::forest::limit_name;
use super::grow::{Grown, Limits};
use super::histogram::{Layout, Newton, Pool};
use super::loss::Loss;
use super::slope_tree::Growing;
use crate::examples::Examples;

/// Trees that are added up, each fitted to what is wrong with the sum so far: gradient boosting of the
/// multinomial log-loss, for numbers of the squared error (Friedman 2001), with splits and leaves of second order
/// (Chen & Guestrin 2016). A round grows one tree for each class, or a single one where there are two classes or the
/// target is a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoostingSpec {
    /// Rounds.
    pub rounds: usize,
    /// Most comparisons from the root to a leaf; 1 makes stumps.
    pub max_depth: u32,
    /// Shrinks what each tree adds; above 0 and at most 1.
    pub learning_rate: f32,
    /// Fewest training rows in a leaf, 1 or more.
    pub min_leaf: usize,
    /// Weight decay of the leaves, 0 or more: is added to the curvature of each.
    pub l2: f32,
    /// Share of the rows, drawn without replacement, that a round is fitted to (Friedman 2002); 1 for all.
    pub row_share: f32,
    /// Share of the features, drawn for each tree, that may be split at; 1 for all.
    pub feature_share: f32,
    /// Training rows that it is fitted to at most, drawn from each class by its share where there are more. Not a part of
    /// the spec's serialised form where there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_limit: Option<usize>,
}

impl BoostingSpec {
    /// A short name, different for different settings: `boosted trees 60, depth 4, rate 0.1`. What is usual is
    /// not said: leaves of 1 row, an `l2` of 1, all rows and features.
    pub fn name(&self) -> String {
        let mut name = format!("{} {}", self.kind(), self.rounds);
        if self.max_depth != 1 {
            name += &format!(", depth {}", self.max_depth);
        }
        name += &format!(", rate {}", self.learning_rate);
        if self.min_leaf != 1 {
            name += &format!(", leaf {}", self.min_leaf);
        }
        for (setting, value) in [("l2", self.l2), ("rows", self.row_share), ("features", self.feature_share)]
        {
            if value != 1.0 {
                name += &format!(", {setting} {value}");
            }
        }
        name + &limit_name(self.rows_limit)
    }

    /// The kind, for people.
    pub fn kind(&self) -> &'static str {
        if self.max_depth == 1 { "boosted stumps" } else { "boosted trees" }
    }

    /// Grows the trees, those of a round side by side. Same seed, same bits.
    pub(crate) fn fit(&self, examples: &Examples, seed: u64) -> Trees {
        let bins = Bins::new(&examples.encoded);
        let loss = Loss::of(&examples.lesson);
        let start = loss.start();
        let rounds = if loss.is_settled() { 0 } else { self.rounds };
        let in_rows = |score: usize| std::iter::repeat_n(start[score], examples.rows());
        let mut scores: Vec<f32> = loss.scored().flat_map(in_rows).collect();
        let pool = Pool::default();
        let growing = self.growing(&bins, &pool);
        let name = self.name();
        let mut grown: Vec<Grown> = Vec::new();
        for round in 0..rounds {
            let purpose = format!("boosting {name} round {round}");
            let rows = draw(examples.rows(), self.row_share, seed, &format!("{purpose} rows"));
            let answers = loss.answers(&scores);
            let trees = loss.scored().into_par_iter().zip(scores.par_chunks_mut(examples.rows().max(1)));
            let trees = trees.zip(answers.par_chunks(examples.rows().max(1)));
            grown.par_extend(trees.map(|((score, scores), answers)| {
                let layout = self.layout(&bins, seed, &format!("{purpose} class {score}"));
                let tree = growing.grow(&layout, loss.slopes(&rows, answers, score));
                for (row, score) in scores.iter_mut().enumerate() {
                    *score += tree.leaf_of(&bins, row)[0];
                }
                tree
            }));
        }
        let rows_per_tree = share_of(examples.rows(), self.row_share);
        Trees::new(loss.combine(start), examples.lesson.outputs(), rows_per_tree, &bins, grown)
    }

    fn growing<'a>(&self, bins: &'a Bins, pool: &'a Pool) -> Growing<'a> {
        Growing {
            bins,
            limits: Limits { max_depth: self.max_depth, min_leaf: self.min_leaf.max(1) },
            newton: Newton { l2: f64::from(self.l2) },
            learning_rate: self.learning_rate,
            pool,
        }
    }

    /// The features that a tree may split at.
    fn layout(&self, bins: &Bins, seed: u64, purpose: &str) -> Layout {
        let varying = bins.varying();
        let drawn = draw(varying.len(), self.feature_share, seed, &format!("{purpose} features"));
        Layout::new(bins, drawn.into_iter().map(|place| varying[place as usize]).collect())
    }
}

/// `share` of `all`, rounded; at least one and at most all.
fn share_of(all: usize, share: f32) -> usize {
    ((all as f64 * f64::from(share)).round() as usize).clamp(1.min(all), all)
}

/// `share` of the numbers below `all`, drawn without replacement, ascending.
fn draw(all: usize, share: f32, seed: u64, purpose: &str) -> Vec<u32> {
    let drawn = share_of(all, share);
    if drawn == all {
        return (0..all as u32).collect();
    }
    let mut drawn: Vec<u32> = index::sample(&mut random::stream(seed, purpose), all, drawn)
        .iter()
        .map(|place| place as u32)
        .collect();
    drawn.sort_unstable();
    drawn
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use lessen_units::Operations;

    use crate::testing::{line, numbers};
    use crate::trees::model::softmax;
    use crate::trees::testing::{accuracy, digits, examples, probabilities as predicted};

    const TREES: BoostingSpec = BoostingSpec {
        rounds: 30,
        max_depth: 4,
        learning_rate: 0.25,
        min_leaf: 1,
        l2: 1.0,
        row_share: 1.0,
        feature_share: 1.0,
        rows_limit: None,
    };

    #[test]
    fn names_say_what_is_unusual_and_differ() {
        let cases = [
            (TREES, "boosted trees 30, depth 4, rate 0.25"),
            (BoostingSpec { max_depth: 1, ..TREES }, "boosted stumps 30, rate 0.25"),
            (BoostingSpec { rounds: 60, ..TREES }, "boosted trees 60, depth 4, rate 0.25"),
            (
                BoostingSpec { min_leaf: 5, l2: 0.0, ..TREES },
                "boosted trees 30, depth 4, rate 0.25, leaf 5, l2 0",
            ),
            (BoostingSpec { row_share: 0.5, ..TREES }, "boosted trees 30, depth 4, rate 0.25, rows 0.5"),
            (BoostingSpec { rows_limit: Some(9), ..TREES }, "boosted trees 30, depth 4, rate 0.25, 9 rows"),
            (
                BoostingSpec { feature_share: 0.5, ..TREES },
                "boosted trees 30, depth 4, rate 0.25, features 0.5",
            ),
        ];
        let names: HashSet<String> = cases.iter().map(|(spec, _)| spec.name()).collect();
        assert_eq!(names.len(), cases.len());
        for (spec, name) in cases {
            assert_eq!(spec.name(), name);
            assert!(name.starts_with(spec.kind()));
        }
    }

    #[test]
    fn a_round_of_two_classes_is_the_one_worked_out_by_hand() {
        let two = examples(&[&[0.0, 0.0, 1.0, 1.0]], &[0, 0, 1, 1], 2);
        let spec = BoostingSpec { rounds: 1, learning_rate: 0.5, l2: 0.5, ..TREES };
        let trees = spec.fit(&two, 1);
        // Even classes start at a score of 0, so at p = 1/2: slopes of 1/2 and -1/2, curvatures of 1/4. The
        // leaves step by -1 / (1/2 + 1/2) and 1, shrunk by a half.
        assert_eq!(trees.leaves, [-0.5, 0.5]);
        let second = 1.0 / (1.0 + 0.5f32.exp());
        let expected =
            [1.0 - second, second, 1.0 - second, second, second, 1.0 - second, second, 1.0 - second];
        let found = predicted(&trees, &two.encoded);
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
    }

    #[test]
    fn a_round_of_three_classes_is_the_one_worked_out_by_hand() {
        let three = examples(&[&[0.0, 1.0, 2.0]], &[0, 1, 2], 3);
        let spec = BoostingSpec { rounds: 1, max_depth: 1, learning_rate: 1.0, l2: 0.0, ..TREES };
        let trees = spec.fit(&three, 1);
        // p = 1/3: a class's own row has slope -2/3, the others 1/3, all a curvature of 3/2 * 2/9 = 1/3. Class
        // 0 splits after the first row: steps of 2 and -(2/3) / (2/3) = -1; class 2 before the last one, alike.
        // Class 1 gains from either cut: 1/9 / (1/3) + 1/9 / (2/3) = 1/2; the lower one is taken: -1 and 1/2.
        let expected =
            [[2.0, -1.0, -1.0], [-1.0, 0.5, -1.0], [-1.0, 0.5, 2.0]].map(|mut scores: [f32; 3]| {
                softmax(&mut scores);
                scores
            });
        let found = predicted(&trees, &three.encoded);
        assert!(found.iter().zip(expected.as_flattened()).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?}");
    }

    #[test]
    fn a_stump_of_numbers_is_the_one_worked_out_by_hand() {
        // Less their mean of 4: -4 -4 0 8. Cuts gain, by (sum)^2 / rows of both sides, 16 + 16/3, 32 + 32 and
        // 64/3 + 64: the last row is cut off. The sides' steps of -8/3 and 8, halved, are -4/3 and 4.
        let four = numbers(line(&[1.0, 2.0, 3.0, 4.0]), &[0.0, 0.0, 4.0, 12.0]);
        let spec = BoostingSpec { rounds: 1, max_depth: 1, learning_rate: 0.5, l2: 0.0, ..TREES };
        let trees = spec.fit(&four, 1);
        assert_eq!(trees.operations(), Operations { macs: 1, adds: 1, comparisons: 1 });
        let found = predicted(&trees, &four.encoded);
        let expected = [4.0 - 4.0 / 3.0, 4.0 - 4.0 / 3.0, 4.0 - 4.0 / 3.0, 8.0];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4), "{found:?}");
        // Decay of 1 shrinks the steps to 3/4 and 1/2 of that.
        let found = predicted(&BoostingSpec { l2: 1.0, ..spec }.fit(&four, 1), &four.encoded);
        assert!((found[0] - 3.0).abs() < 1e-4 && (found[3] - 6.0).abs() < 1e-4, "{found:?}");
    }

    #[test]
    fn without_rounds_or_classes_to_tell_apart_the_prior_is_given() {
        let two = examples(&[&[0.0, 1.0, 2.0]], &[0, 1, 1], 2);
        let found = predicted(&BoostingSpec { rounds: 0, ..TREES }.fit(&two, 1), &two.encoded);
        assert!(
            found.chunks(2).all(|row| (row[0] - 0.4).abs() < 1e-6 && (row[1] - 0.6).abs() < 1e-6),
            "{found:?}"
        );
        let one = examples(&[&[0.0, 1.0]], &[0, 0], 1);
        assert_eq!(predicted(&TREES.fit(&one, 1), &one.encoded), [1.0, 1.0]);
        let none = examples(&[&[]], &[], 3);
        let trees = TREES.fit(&none, 1);
        let third = predicted(&trees, &two.encoded);
        assert!(third.iter().all(|probability| (probability - 1.0 / 3.0).abs() < 1e-6), "{third:?}");
    }

    #[test]
    fn draws_are_ascending_without_repetition_and_of_the_size_asked_for() {
        for (all, share, expected) in
            [(10, 0.5, 5), (10, 1.0, 10), (3, 0.0, 1), (0, 0.5, 0), (10, f32::NAN, 1), (4, 9.0, 4)]
        {
            let drawn = draw(all, share, 1, "rows");
            assert_eq!(drawn.len(), expected, "{share} of {all}");
            assert!(drawn.is_sorted_by(|a, b| a < b) && drawn.iter().all(|&row| (row as usize) < all));
        }
        assert_ne!(draw(100, 0.5, 1, "rows"), draw(100, 0.5, 2, "rows"));
    }

    /// What is usual on this set: 0.96 to 0.97 for trees, 0.94 for stumps.
    #[test]
    fn digits_are_learned() {
        let (training, validation) = digits();
        let drawn = BoostingSpec { row_share: 0.5, feature_share: 0.5, ..TREES };
        let stumps = BoostingSpec { rounds: 60, max_depth: 1, ..TREES };
        for (spec, least) in [(TREES, 0.94), (drawn, 0.94), (stumps, 0.91)] {
            let found = accuracy(&spec.fit(&training, 1), &validation);
            assert!(found > least, "{}: {found}", spec.name());
        }
    }
}
