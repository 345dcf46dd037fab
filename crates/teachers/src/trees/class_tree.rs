//! Growing one tree of a forest.

use rand::{Rng, RngExt};

use super::bins::Bins;
use super::gini::{ClassCounts, GiniSearch, Sample};
use super::grow::{Grown, Limits, Open, partition};

/// What is left to chance in a tree, and how its leaves speak.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawing {
    /// Features that each node draws.
    pub(super) features_per_node: usize,
    /// Whether a drawn feature is cut at a random place.
    pub(super) random_cuts: bool,
    /// Whether leaves give Laplace's estimate (n + 1) / (N + classes), or plain shares n / N.
    pub(super) smooth: bool,
}

/// Grows a tree on `samples` that splits at `features`.
pub(super) fn grow(
    bins: &Bins,
    classes: usize,
    features: Vec<u32>,
    samples: Vec<Sample>,
    (limits, drawing): (Limits, Drawing),
    random: impl Rng,
) -> Grown {
    let search = GiniSearch::new(classes, limits.min_leaf);
    let tree = Growing { bins, classes, features, samples, limits, drawing, random, search };
    tree.grow()
}

struct Growing<'a, R> {
    bins: &'a Bins,
    classes: usize,
    /// In an order that the draws shuffle.
    features: Vec<u32>,
    /// A node's samples lie side by side.
    samples: Vec<Sample>,
    limits: Limits,
    drawing: Drawing,
    random: R,
    search: GiniSearch,
}

struct Split {
    feature: u32,
    last_left: u8,
    score: f64,
}

impl<R: Rng> Growing<'_, R> {
    fn grow(mut self) -> Grown {
        let mut grown = Grown::new(self.classes);
        let mut spare = Vec::with_capacity(self.samples.len());
        let mut still_open = vec![Open::whole(self.samples.len())];
        while let Some(open) = still_open.pop() {
            let counts = ClassCounts::of(&self.samples[open.samples.clone()], self.classes);
            match self.best_split(&open, &counts) {
                Some(Split { feature, last_left, .. }) => {
                    let column = self.bins.column(feature);
                    let samples = &mut self.samples[open.samples.clone()];
                    let left = partition(samples, &mut spare, |sample| column[sample.row as usize] <= last_left);
                    let [left, right] = grown.split(&open, feature, last_left, open.samples.start + left);
                    still_open.extend([right, left]);
                }
                None => grown.end(&open, counts.total, &self.shares(&counts)),
            }
        }
        grown
    }

    /// The best of the splits of as many features as the node draws. Those that do not vary in the node do not
    /// count (Geurts et al. 2006 draw among non-constant features): where many are sparse, most draws would
    /// be wasted. A split that gains nothing is taken too, for what lies below it may: XOR needs that.
    fn best_split(&mut self, open: &Open, counts: &ClassCounts) -> Option<Split> {
        let too_small = counts.total < (self.limits.min_leaf as u64).saturating_mul(2);
        if counts.is_pure() || too_small || open.depth >= self.limits.max_depth {
            return None;
        }
        let samples = &self.samples[open.samples.clone()];
        let in_order = self.drawing.features_per_node >= self.features.len();
        let mut best: Option<Split> = None;
        let mut tried = 0;
        for draw in 0..self.features.len() {
            if !in_order {
                let other = self.random.random_range(draw..self.features.len());
                self.features.swap(draw, other);
            }
            let feature = self.features[draw];
            if !self.search.look_at(self.bins.column(feature), samples) {
                continue;
            }
            let cut = if self.drawing.random_cuts {
                self.search.random_cut(samples, counts, &mut self.random)
            } else {
                self.search.best_cut(samples, counts)
            };
            if let Some(cut) = cut
                && best.as_ref().is_none_or(|best| cut.score > best.score)
            {
                best = Some(Split { feature, last_left: cut.last_left, score: cut.score });
            }
            tried += 1;
            if tried == self.drawing.features_per_node {
                break;
            }
        }
        best
    }

    /// The class probabilities of a leaf; even ones where no sample says otherwise.
    fn shares(&self, counts: &ClassCounts) -> Vec<f32> {
        let extra = u32::from(self.drawing.smooth || counts.total == 0);
        let total = counts.total as f64 + f64::from(extra) * self.classes as f64;
        counts.counts.iter().map(|&count| (f64::from(count + extra) / total) as f32).collect()
    }
}
