//! Trees that are averaged.

use lessen_data::random;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Trees;
use super::bins::Bins;
use super::class_tree::{self, Drawing};
use super::gini::Sample;
use super::grow::{Grown, Limits};
use super::model::Combine;
use crate::examples::Examples;

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
    fn of(self, features: usize) -> usize {
        let share = match self {
            Self::All => features,
            Self::Sqrt => (features as f32).sqrt().round() as usize,
            Self::Share(share) => (features as f32 * share).round() as usize,
        };
        share.clamp(1, features.max(1))
    }
}

/// Trees that are averaged: a single tree, bagged trees (Breiman 1996), a random forest (Breiman 2001), extra
/// trees (Geurts, Ernst & Wehenkel 2006). Splits have the greatest gain in Gini impurity.
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
        name
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
        let grown = (0..self.trees.max(1)).into_par_iter().map(|tree| {
            let random = random::stream(seed, &format!("forest {name} tree {tree}"));
            self.grow(examples, &bins, random)
        });
        Trees::new(Combine::Mean, examples.classes, examples.rows(), &bins, grown.collect())
    }

    fn grow(&self, examples: &Examples, bins: &Bins, mut random: impl rand::Rng) -> Grown {
        let copies = if self.bootstrap { bootstrap(examples.rows(), &mut random) } else { vec![1; examples.rows()] };
        let samples = examples.labels.iter().zip(copies).zip(0..);
        let samples = samples
            .filter(|((_, copies), _)| *copies > 0)
            .map(|((&class, copies), row)| Sample { row, class, copies })
            .collect();
        let features = bins.varying();
        let drawing = Drawing {
            features_per_node: self.features.of(features.len()),
            random_cuts: self.random_thresholds,
            // Raw shares of one deep tree are 0 or 1 (Provost & Domingos 2003); the mean of many is smooth.
            smooth: self.trees <= 1,
        };
        let limits = Limits { max_depth: self.max_depth.unwrap_or(u32::MAX), min_leaf: self.min_leaf.max(1) };
        class_tree::grow(bins, examples.classes, features, samples, (limits, drawing), random)
    }
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
