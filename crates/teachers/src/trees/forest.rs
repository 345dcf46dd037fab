//! Trees that are averaged.

use lessen_data::random;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Trees;
use super::bins::Bins;
use super::forest_tree::{self, Drawing};
use super::grow::{Grown, Limits};
use super::model::Combine;
use super::tally::{ClassCounts, Sample, Tally, ValueSum};
use crate::examples::{Examples, Lesson};

/// How many of the features may be looked at for the split of one node.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureShare {
    /// All of them.
    All,
    /// The square root of their number (Breiman 2001).
    Sqrt,
    /// This share of them, above 0 and at most 1.
    Share(f32),
}

impl FeatureShare {
    /// The share of `features`, rounded; at least one and at most all.
    pub(crate) fn of(self, features: usize) -> usize {
        let share = match self {
            Self::All => features,
            Self::Sqrt => (features as f32).sqrt().round() as usize,
            Self::Share(share) => (features as f32 * share).round() as usize,
        };
        share.clamp(1, features.max(1))
    }
}

/// Trees that are averaged: a single tree, bagged trees (Breiman 1996), a random forest (Breiman 2001), extra
/// trees (Geurts, Ernst & Wehenkel 2006). Splits have the greatest gain in Gini impurity, for
/// numbers in variance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForestSpec {
    /// Number of trees, 1 or more.
    pub trees: usize,
    /// Most comparisons from the root to a leaf; `None` for no limit.
    pub max_depth: Option<u32>,
    /// Fewest training rows in a leaf, 1 or more; a row that a bootstrap drew twice is two.
    pub min_leaf: usize,
    /// Features drawn anew for each node, among those that vary in it.
    pub features: FeatureShare,
    /// Whether each tree sees as many rows as there are, drawn with replacement, or all of them once.
    pub bootstrap: bool,
    /// Whether each drawn feature is cut at a random place, or at its best one.
    pub random_thresholds: bool,
    /// Training rows that it is fitted to at most, drawn from each class by its share where there are more. Not a part of
    /// the spec's serialised form where there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_limit: Option<usize>,
}

impl ForestSpec {
    /// A short name, different for different settings: `random forest 200, sqrt`. What is usual for the kind
    /// is not said: no limit of depth, leaves of 1 row, a bootstrap but for extra and single trees.
    pub fn name(&self) -> String {
        let kind = self.kind();
        let mut name = if kind == SINGLE { kind.to_owned() } else { format!("{kind} {}", self.trees) };
        match self.features {
            FeatureShare::All if kind == SINGLE || kind == BAGGED => {}
            FeatureShare::All => name += ", all features",
            FeatureShare::Sqrt => name += ", sqrt",
            FeatureShare::Share(share) => name += &format!(", features {share}"),
        }
        if let Some(depth) = self.max_depth {
            name += &format!(", depth {depth}");
        }
        if self.min_leaf != 1 {
            name += &format!(", leaf {}", self.min_leaf);
        }
        match (kind, self.bootstrap) {
            (EXTRA, true) => name += ", bootstrap",
            (FOREST, false) => name += ", no bootstrap",
            _ => {}
        }
        name + &limit_name(self.rows_limit)
    }

    /// The kind, for people.
    pub fn kind(&self) -> &'static str {
        match (self.random_thresholds, self.bootstrap, self.features) {
            (true, _, _) => EXTRA,
            (false, false, _) if self.trees == 1 => SINGLE,
            (false, true, FeatureShare::All) => BAGGED,
            (false, _, _) => FOREST,
        }
    }

    /// Grows the trees, each with a random stream of its own, so that they can be grown side by side.
    /// Same seed, same bits.
    pub(crate) fn fit(&self, examples: &Examples, seed: u64) -> Trees {
        let bins = Bins::new(&examples.encoded);
        let name = self.name();
        let trees = self.trees.max(1);
        let grown = (0..trees).into_par_iter().map(|tree| {
            let random = random::stream(seed, &format!("forest {name} tree {tree}"));
            match &examples.lesson {
                Lesson::Labels(labels) => {
                    self.grow::<ClassCounts>(&labels.of_rows, labels.classes, &bins, random)
                }
                Lesson::Values(values) => self.grow::<ValueSum>(&values.standardised, 1, &bins, random),
            }
        });
        let combine = match &examples.lesson {
            Lesson::Labels(_) => Combine::Mean,
            Lesson::Values(values) => {
                Combine::Value { centre: values.unit.centre, scale: values.unit.scale / trees as f32 }
            }
        };
        Trees::new(combine, examples.lesson.outputs(), examples.rows(), &bins, grown.collect())
    }

    fn grow<T: Tally>(
        &self,
        labels: &[T::Label],
        kinds: usize,
        bins: &Bins,
        mut random: impl rand::Rng,
    ) -> Grown {
        let rows = labels.len();
        let copies = if self.bootstrap { bootstrap(rows, &mut random) } else { vec![1; rows] };
        let samples = labels.iter().zip(copies).zip(0..);
        let samples = samples
            .filter(|((_, copies), _)| *copies > 0)
            .map(|((&label, copies), row)| Sample { row, label, copies })
            .collect();
        let features = bins.varying();
        let drawing = Drawing {
            features_per_node: self.features.of(features.len()),
            random_cuts: self.random_thresholds,
            // Raw shares of one deep tree are 0 or 1 (Provost & Domingos 2003); the mean of many is smooth.
            smooth: self.trees <= 1,
        };
        let limits = Limits { max_depth: self.max_depth.unwrap_or(u32::MAX), min_leaf: self.min_leaf.max(1) };
        forest_tree::grow::<T>(bins, kinds, features, samples, (limits, drawing), random)
    }
}

/// What a limit of rows adds to a name.
pub(super) fn limit_name(rows_limit: Option<usize>) -> String {
    rows_limit.map(|rows| format!(", {rows} rows")).unwrap_or_default()
}

const SINGLE: &str = "single tree";
const BAGGED: &str = "bagged trees";
const FOREST: &str = "random forest";
const EXTRA: &str = "extra trees";

/// How often each of `rows` rows is drawn in `rows` draws with replacement.
fn bootstrap(rows: usize, random: &mut impl rand::Rng) -> Vec<u32> {
    use rand::RngExt;
    let mut copies = vec![0; rows];
    for _ in 0..rows {
        copies[random.random_range(0..rows)] += 1;
    }
    copies
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use lessen_units::Operations;

    use super::*;
    use crate::testing::{TREE, line, numbers};
    use crate::trees::testing::{accuracy, digits, examples, probabilities};

    const BAGS: ForestSpec = ForestSpec { trees: 100, bootstrap: true, ..TREE };
    const WOOD: ForestSpec = ForestSpec { features: FeatureShare::Sqrt, ..BAGS };
    const EXTRA: ForestSpec = ForestSpec { bootstrap: false, random_thresholds: true, ..WOOD };

    #[test]
    fn names_say_what_is_unusual() {
        let cases = [
            (TREE, "single tree"),
            (ForestSpec { max_depth: Some(5), min_leaf: 3, ..TREE }, "single tree, depth 5, leaf 3"),
            (BAGS, "bagged trees 100"),
            (WOOD, "random forest 100, sqrt"),
            (ForestSpec { features: FeatureShare::Share(0.25), ..WOOD }, "random forest 100, features 0.25"),
            (ForestSpec { bootstrap: false, ..WOOD }, "random forest 100, sqrt, no bootstrap"),
            (EXTRA, "extra trees 100, sqrt"),
            (ForestSpec { features: FeatureShare::All, ..EXTRA }, "extra trees 100, all features"),
            (ForestSpec { bootstrap: true, ..EXTRA }, "extra trees 100, sqrt, bootstrap"),
            (ForestSpec { rows_limit: Some(500), ..EXTRA }, "extra trees 100, sqrt, 500 rows"),
        ];
        for (spec, name) in cases {
            assert_eq!(spec.name(), name);
            assert!(name.starts_with(spec.kind()));
        }
    }

    #[test]
    fn different_settings_have_different_names() {
        let mut names = HashSet::new();
        let shares =
            [FeatureShare::All, FeatureShare::Sqrt, FeatureShare::Share(0.5), FeatureShare::Share(1.0)];
        let mut settings = 0;
        for (trees, max_depth, min_leaf) in [(1, None, 1), (2, None, 1), (1, Some(2), 1), (1, None, 2)] {
            for features in shares {
                for (bootstrap, random_thresholds) in
                    [(false, false), (false, true), (true, false), (true, true)]
                {
                    let spec = ForestSpec {
                        trees,
                        max_depth,
                        min_leaf,
                        features,
                        bootstrap,
                        random_thresholds,
                        rows_limit: None,
                    };
                    names.insert(spec.name());
                    settings += 1;
                }
            }
        }
        assert_eq!(names.len(), settings, "{names:?}");
    }

    #[test]
    fn shares_of_features_are_at_least_one() {
        let cases = [
            (FeatureShare::All, 5, 5),
            (FeatureShare::Sqrt, 64, 8),
            (FeatureShare::Sqrt, 1, 1),
            (FeatureShare::Share(0.3), 10, 3),
            (FeatureShare::Share(0.001), 10, 1),
            (FeatureShare::Share(7.0), 10, 10),
            (FeatureShare::Share(f32::NAN), 10, 1),
            (FeatureShare::Sqrt, 0, 1),
        ];
        for (share, features, expected) in cases {
            assert_eq!(share.of(features), expected, "{share:?} of {features}");
        }
    }

    #[test]
    fn a_bootstrap_draws_as_many_rows_as_there_are() {
        let copies = bootstrap(10_000, &mut random::stream(1, "bootstrap"));
        assert_eq!(copies.iter().sum::<u32>(), 10_000);
        // A row is left out with probability (1 - 1/n)^n, about 1/e.
        let left_out = copies.iter().filter(|&&copies| copies == 0).count();
        assert!((3500..3860).contains(&left_out), "{left_out}");
    }

    #[test]
    fn a_single_tree_smooths_its_leaves_and_more_do_not() {
        let xor = examples(&[&[0.0, 0.0, 1.0, 1.0], &[0.0, 1.0, 0.0, 1.0]], &[0, 1, 1, 0], 2);
        let single = probabilities(&TREE.fit(&xor, 1), &xor.encoded);
        let third = 1.0 / 3.0;
        let expected = [2.0 * third, third, third, 2.0 * third, third, 2.0 * third, 2.0 * third, third];
        assert!(single.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{single:?}");
        let two = ForestSpec { trees: 2, ..TREE };
        assert_eq!(probabilities(&two.fit(&xor, 1), &xor.encoded), [1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn a_tree_of_numbers_has_the_means_worked_out_by_hand() {
        let four = numbers(line(&[1.0, 2.0, 3.0, 4.0]), &[0.0, 0.0, 4.0, 12.0]);
        let stump = ForestSpec { max_depth: Some(1), ..TREE };
        for (spec, expected) in [
            // The cuts gain as in a boosted stump, so the last row is cut off.
            (stump.clone(), [4.0 / 3.0, 4.0 / 3.0, 4.0 / 3.0, 12.0]),
            (ForestSpec { min_leaf: 2, ..stump.clone() }, [0.0, 0.0, 8.0, 8.0]),
            (ForestSpec { max_depth: Some(0), ..stump.clone() }, [4.0; 4]),
            (TREE, [0.0, 0.0, 4.0, 12.0]),
            (ForestSpec { trees: 3, ..TREE }, [0.0, 0.0, 4.0, 12.0]),
        ] {
            let found = probabilities(&spec.fit(&four, 1), &four.encoded);
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4), "{spec:?}: {found:?}");
        }
        let operations = ForestSpec { trees: 3, ..stump }.fit(&four, 1).operations();
        assert_eq!(operations, Operations { macs: 1, adds: 3, comparisons: 3 });
    }

    /// What is usual for these on this set: a single tree 0.85, bagged trees 0.94, a forest 0.97, extra trees 0.98.
    #[test]
    fn digits_are_learned() {
        let (training, validation) = digits();
        for (spec, least) in [(TREE, 0.80), (BAGS, 0.92), (WOOD, 0.95), (EXTRA, 0.96)] {
            let trees = spec.fit(&training, 1);
            let found = accuracy(&trees, &validation);
            assert!(found > least, "{}: {found}", spec.name());
        }
    }
}
