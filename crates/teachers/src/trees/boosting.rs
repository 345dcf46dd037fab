//! Trees that are added up.

use lessen_data::random;
use rand::seq::index;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Trees;
use super::bins::Bins;
use super::grow::{Grown, Limits};
use super::histogram::{Layout, Newton, Pool, Slope};
use super::model::{Combine, softmax};
use super::slope_tree::Growing;
use crate::examples::Examples;

/// Trees that are added up, each fitted to what is wrong with the sum so far: gradient boosting of the
/// multinomial log-loss (Friedman 2001), with splits and leaves of second order (Chen & Guestrin 2016).
/// A round grows one tree for each class, or a single one where there are two classes.
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
        for (setting, value) in [("l2", self.l2), ("rows", self.row_share), ("features", self.feature_share)] {
            if value != 1.0 {
                name += &format!(", {setting} {value}");
            }
        }
        name
    }

    /// The kind, for people.
    pub fn kind(&self) -> &'static str {
        if self.max_depth == 1 { "boosted stumps" } else { "boosted trees" }
    }

    /// Grows the trees, those of a round side by side. Same seed, same bits.
    pub(crate) fn fit(&self, examples: &Examples, seed: u64) -> Trees {
        let bins = Bins::new(&examples.encoded);
        let start = prior_scores(examples);
        // The score of the first of two classes stays at 0: only differences count.
        let scored = if examples.classes == 2 { 1..2 } else { 0..examples.classes };
        let rounds = if examples.classes < 2 { 0 } else { self.rounds };
        let mut scores: Vec<f32> =
            scored.clone().flat_map(|class| std::iter::repeat_n(start[class], examples.rows())).collect();
        let pool = Pool::default();
        let growing = self.growing(&bins, &pool);
        let name = self.name();
        let mut grown: Vec<Grown> = Vec::with_capacity(rounds * scored.len());
        for round in 0..rounds {
            let purpose = format!("boosting {name} round {round}");
            let rows = draw(examples.rows(), self.row_share, seed, &format!("{purpose} rows"));
            let probabilities = probabilities(&scores, examples);
            let trees = scored.clone().into_par_iter().zip(scores.par_chunks_mut(examples.rows().max(1)));
            let trees = trees.zip(probabilities.par_chunks(examples.rows().max(1)));
            grown.par_extend(trees.map(|((class, scores), probabilities)| {
                let layout = self.layout(&bins, seed, &format!("{purpose} class {class}"));
                let tree = growing.grow(&layout, slopes(&rows, probabilities, examples, class));
                for (row, score) in scores.iter_mut().enumerate() {
                    *score += tree.leaf_of(&bins, row)[0];
                }
                tree
            }));
        }
        let rows_per_tree = share_of(examples.rows(), self.row_share);
        Trees::new(Combine::Sum { start }, examples.classes, rows_per_tree, &bins, grown)
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

/// The scores without any tree: logarithms of the class shares, one row a class added so that none is 0; less
/// the first one's where there are two.
fn prior_scores(examples: &Examples) -> Vec<f32> {
    let mut counts = vec![1.0f64; examples.classes];
    for &label in &examples.labels {
        counts[label as usize] += 1.0;
    }
    let total: f64 = counts.iter().sum();
    let mut scores: Vec<f32> = counts.iter().map(|count| (count / total).ln() as f32).collect();
    if let [first, second] = scores.as_mut_slice() {
        (*first, *second) = (0.0, *second - *first);
    }
    scores
}

/// What the sum so far gives each row in each scored class, `[scored classes][rows]` like the `scores`.
fn probabilities(scores: &[f32], examples: &Examples) -> Vec<f32> {
    if examples.classes == 2 {
        return scores.iter().map(|score| 1.0 / (1.0 + (-score).exp())).collect();
    }
    let rows = examples.rows();
    let mut probabilities = vec![0.0; scores.len()];
    let mut row_scores = vec![0.0; examples.classes];
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

/// The derivatives of the log-loss by the score of `class`: p - y and p (1 - p). Where every class has a
/// score, the curvature is taken as classes / (classes - 1) times that: all scores move at once, and only
/// their differences count (Friedman 2001, section 4.5).
fn slopes(rows: &[u32], probabilities: &[f32], examples: &Examples, class: usize) -> Vec<Slope> {
    let classes = examples.classes as f32;
    let together = if examples.classes == 2 { 1.0 } else { classes / (classes - 1.0) };
    let slope = |&row: &u32| {
        let probability = probabilities[row as usize];
        let is_class = examples.labels[row as usize] as usize == class;
        let slope = probability - f32::from(u8::from(is_class));
        Slope { row, slope, curvature: together * probability * (1.0 - probability) }
    };
    rows.iter().map(slope).collect()
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
    let mut drawn: Vec<u32> =
        index::sample(&mut random::stream(seed, purpose), all, drawn).iter().map(|place| place as u32).collect();
    drawn.sort_unstable();
    drawn
}
