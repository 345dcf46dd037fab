//! Growing one tree of a forest.

use rand::{Rng, RngExt};

use super::bins::Bins;
use super::cuts::CutSearch;
use super::grow::{Grown, Limits, Open, partition};
use super::tally::{Sample, Tally};

/// What is left to chance in a tree, and how its leaves speak.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawing {
    /// Features that each node draws.
    pub(super) features_per_node: usize,
    /// Whether a drawn feature is cut at a random place.
    pub(super) random_cuts: bool,
    /// Whether leaves give Laplace's estimate (n + 1) / (N + classes), or plain shares n / N. Means of numbers are plain.
    pub(super) smooth: bool,
}

/// Grows a tree on `samples`, whose labels are of so many kinds (classes; 1 for numbers), that splits at `features`.
pub(super) fn grow<T: Tally>(
    bins: &Bins,
    kinds: usize,
    features: Vec<u32>,
    samples: Vec<Sample<T::Label>>,
    (limits, drawing): (Limits, Drawing),
    random: impl Rng,
) -> Grown {
    let search = CutSearch::<T>::new(kinds, limits.min_leaf);
    let tree = Growing { bins, kinds, features, samples, limits, drawing, random, search };
    tree.grow()
}

struct Growing<'a, T: Tally, R> {
    bins: &'a Bins,
    kinds: usize,
    /// In an order that the draws shuffle.
    features: Vec<u32>,
    /// A node's samples lie side by side.
    samples: Vec<Sample<T::Label>>,
    limits: Limits,
    drawing: Drawing,
    random: R,
    search: CutSearch<T>,
}

struct Split {
    feature: u32,
    last_left: u8,
    score: f64,
}

impl<T: Tally, R: Rng> Growing<'_, T, R> {
    fn grow(mut self) -> Grown {
        let mut grown = Grown::new(self.kinds);
        let mut spare = Vec::with_capacity(self.samples.len());
        let mut still_open = vec![Open::whole(self.samples.len())];
        while let Some(open) = still_open.pop() {
            let mut whole = T::none(self.kinds);
            whole.tally(self.samples[open.samples.clone()].iter());
            match self.best_split(&open, &whole) {
                Some(Split { feature, last_left, .. }) => {
                    let column = self.bins.column(feature);
                    let samples = &mut self.samples[open.samples.clone()];
                    let left =
                        partition(samples, &mut spare, |sample| column[sample.row as usize] <= last_left);
                    let [left, right] = grown.split(&open, feature, last_left, open.samples.start + left);
                    still_open.extend([right, left]);
                }
                None => grown.end(&open, whole.total(), &whole.says(self.drawing.smooth)),
            }
        }
        grown
    }

    /// The best of the splits of as many features as the node draws. Those that do not vary in the node do not
    /// count (Geurts et al. 2006 draw among non-constant features): where many are sparse, most draws would
    /// be wasted. A split that gains nothing is taken too, for what lies below it may: XOR needs that.
    fn best_split(&mut self, open: &Open, whole: &T) -> Option<Split> {
        let samples = &self.samples[open.samples.clone()];
        let is_pure = samples.windows(2).all(|pair| pair[0].label == pair[1].label);
        let too_small = whole.total() < (self.limits.min_leaf as u64).saturating_mul(2);
        if is_pure || too_small || open.depth >= self.limits.max_depth {
            return None;
        }
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
                self.search.random_cut(samples, whole, &mut self.random)
            } else {
                self.search.best_cut(samples, whole)
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
}

#[cfg(test)]
mod tests {
    use lessen_data::random::stream;
    use proptest::prelude::*;

    use super::*;
    use crate::trees::tally::ClassCounts;
    use crate::trees::testing::{encoded, ends};

    const ONE_FEATURE: Drawing = Drawing { features_per_node: 1, random_cuts: false, smooth: false };
    const ALL: Drawing = Drawing { features_per_node: usize::MAX, ..ONE_FEATURE };
    const NO_LIMITS: Limits = Limits { max_depth: u32::MAX, min_leaf: 1 };

    fn samples(classes: &[u32]) -> Vec<Sample<u32>> {
        classes.iter().zip(0..).map(|(&label, row)| Sample { row, label, copies: 1 }).collect()
    }

    fn grow_all(bins: &Bins, classes: &[u32], limits: Limits, drawing: Drawing) -> Grown {
        let random = stream(1, "tree");
        grow::<ClassCounts>(bins, 3, bins.varying(), samples(classes), (limits, drawing), random)
    }

    #[test]
    fn xor_is_separated_at_depth_two() {
        let bins = Bins::new(&encoded(&[&[0.0, 0.0, 1.0, 1.0], &[0.0, 1.0, 0.0, 1.0]]));
        let limits = Limits { max_depth: 2, min_leaf: 1 };
        let grown = grow_all(&bins, &[0, 1, 1, 0], limits, ALL);
        let says: Vec<&[f32]> = (0..4).map(|row| grown.leaf_of(&bins, row)).collect();
        assert_eq!(says, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]);
        assert_eq!((grown.nodes.len(), grown.comparisons), (3, 4 * 2));
        assert_eq!(grown.leaves.iter().count(), 2, "four leaves say two things");
    }

    #[test]
    fn depth_leaf_size_and_purity_end_a_tree() {
        let bins = Bins::new(&encoded(&[&[0.0, 1.0, 2.0, 3.0]]));
        let cases: [(&str, &[u32], u32, usize, usize); 5] = [
            ("no depth", &[0, 1, 0, 0], 0, 1, 0),
            ("one level", &[0, 1, 0, 0], 1, 1, 1),
            ("as deep as it takes", &[0, 1, 0, 0], 9, 1, 2),
            ("leaves of two", &[0, 1, 0, 0], 9, 2, 1),
            ("one class", &[2, 2, 2, 2], 9, 1, 0),
        ];
        for (case, classes, max_depth, min_leaf, nodes) in cases {
            let grown = grow_all(&bins, classes, Limits { max_depth, min_leaf }, ALL);
            assert_eq!(grown.nodes.len(), nodes, "{case}");
        }
    }

    #[test]
    fn a_leaf_gives_shares_or_laplaces_estimate() {
        let bins = Bins::new(&encoded(&[&[0.0, 1.0, 1.0, 1.0]]));
        let smooth = Drawing { smooth: true, ..ALL };
        // The right leaf holds one row of class 0 and two of class 1.
        for (drawing, left, right) in [
            (ALL, [0.0, 0.0, 1.0], [1.0 / 3.0, 2.0 / 3.0, 0.0]),
            (smooth, [1.0 / 4.0, 1.0 / 4.0, 2.0 / 4.0], [2.0 / 6.0, 3.0 / 6.0, 1.0 / 6.0]),
        ] {
            let grown = grow_all(&bins, &[2, 0, 1, 1], NO_LIMITS, drawing);
            assert_eq!((grown.leaf_of(&bins, 0), grown.leaf_of(&bins, 1)), (&left[..], &right[..]));
        }
    }

    #[test]
    fn without_a_row_or_a_feature_that_varies_there_is_one_leaf() {
        let constant = Bins::new(&encoded(&[&[5.0, 5.0], &[0.0, 0.0]]));
        let grown = grow_all(&constant, &[0, 1], NO_LIMITS, ONE_FEATURE);
        assert_eq!(grown.leaves.values, [0.5, 0.5, 0.0]);
        let nothing = Bins::new(&encoded(&[&[]]));
        let grown = grow_all(&nothing, &[], NO_LIMITS, ONE_FEATURE);
        assert_eq!(grown.leaves.values, [1.0 / 3.0; 3]);
    }

    #[test]
    fn features_that_do_not_vary_in_a_node_are_drawn_for_nothing() {
        // One of many features tells the classes apart; the others vary in the last row only.
        let mut columns = vec![vec![0.0, 0.0, 0.0, 0.0, 1.0]; 50];
        columns[31] = vec![0.0, 0.0, 1.0, 1.0, 1.0];
        let columns: Vec<&[f32]> = columns.iter().map(Vec::as_slice).collect();
        let bins = Bins::new(&encoded(&columns));
        let first_four = samples(&[0, 0, 1, 1]);
        for seed in 0..20 {
            let random = stream(seed, "tree");
            let grown = grow::<ClassCounts>(
                &bins,
                2,
                bins.varying(),
                first_four.clone(),
                (NO_LIMITS, ONE_FEATURE),
                random,
            );
            assert_eq!(grown.nodes.iter().map(|node| node.feature).collect::<Vec<_>>(), [31], "seed {seed}");
        }
    }

    proptest! {
        #[test]
        fn leaves_hold_the_least_that_was_asked_for_and_paths_are_counted(
            rows in prop::collection::vec((prop::array::uniform3(0u8..20), 0u32..3, 0u32..3), 1..80),
            min_leaf in 1usize..12,
            max_depth in 0u32..7,
            features_per_node in 1usize..4,
            random_cuts: bool,
            seed: u64,
        ) {
            let column = |feature: usize| rows.iter().map(|(values, ..)| f32::from(values[feature])).collect();
            let columns: Vec<Vec<f32>> = (0..3).map(column).collect();
            let bins = Bins::new(&encoded(&columns.iter().map(Vec::as_slice).collect::<Vec<_>>()));
            let samples: Vec<Sample<u32>> = rows.iter().zip(0..).filter(|((_, _, copies), _)| *copies > 0)
                .map(|(&(_, label, copies), row)| Sample { row, label, copies }).collect();
            let drawn: u32 = samples.iter().map(|sample| sample.copies).sum();
            let drawing = Drawing { features_per_node, random_cuts, smooth: false };
            let limits = Limits { max_depth, min_leaf };
            let grown = grow::<ClassCounts>(&bins, 3, bins.varying(), samples.clone(), (limits, drawing), stream(seed, "tree"));
            let ends = ends(&grown, &bins, samples.iter().map(|sample| (sample.row, sample.copies)));
            prop_assert_eq!(ends.values().sum::<u32>(), drawn);
            prop_assert!(grown.comparisons <= u64::from(max_depth) * u64::from(drawn));
            if !grown.nodes.is_empty() {
                prop_assert_eq!(ends.len(), grown.nodes.len() + 1, "no leaf is empty");
                prop_assert!(ends.values().all(|&rows| rows as usize >= min_leaf), "{:?}", ends);
            }
            for (number, node) in grown.nodes.iter().enumerate() {
                prop_assert!(node.children.iter().all(|child| child.is_leaf() || child.number() > number));
            }
        }
    }
}
