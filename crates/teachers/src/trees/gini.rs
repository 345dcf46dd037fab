//! The best place to split a node by class counts.

use rand::{Rng, RngExt};

/// A training row in a node of a forest's tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Its place among the examples.
    pub(super) row: u32,
    /// Its label.
    pub(super) class: u32,
    /// How often the bootstrap drew it.
    pub(super) copies: u32,
}

/// How many samples of each class a node holds.
pub(super) struct ClassCounts {
    /// One a class.
    pub(super) counts: Vec<u32>,
    /// Their sum.
    pub(super) total: u64,
    /// The sum of their squares.
    squares: u64,
}

impl ClassCounts {
    /// Counts `samples`, copies and all.
    pub(super) fn of(samples: &[Sample], classes: usize) -> Self {
        let mut counts = vec![0; classes];
        for sample in samples {
            counts[sample.class as usize] += sample.copies;
        }
        let (total, squares) = total_and_squares(&counts);
        Self { counts, total, squares }
    }

    /// Whether there is one class at most.
    pub(super) fn is_pure(&self) -> bool {
        self.squares == self.total * self.total
    }
}

fn total_and_squares(counts: &[u32]) -> (u64, u64) {
    let counts = counts.iter().map(|&count| u64::from(count));
    counts.fold((0, 0), |(total, squares), count| (total + count, squares + count * count))
}

/// A place to split a node, within one feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cut {
    /// The last bin that goes left.
    pub(super) last_left: u8,
    /// The sum over both sides of (squares of the class counts) / (all of the side). The greatest is the least
    /// impure: a side of n samples with shares p has n times the Gini impurity n (1 - sum of p^2), which is n
    /// less this. Parts of exact integers, so that equal splits tie exactly.
    pub(super) score: f64,
}

/// Looks for splits, with room for its work that is kept from node to node.
pub(super) struct GiniSearch {
    classes: usize,
    min_leaf: u64,
    /// The bin of each of the node's samples in the feature at hand, and the lowest and highest.
    places: Vec<u8>,
    range: (u8, u8),
    /// `[bins in the range][classes]`.
    cells: Vec<u32>,
    /// Samples in the order of their bins.
    order: Vec<u32>,
    /// Class counts left of the cut at hand.
    left: Vec<u32>,
}

impl GiniSearch {
    /// A search for splits with at least `min_leaf` samples on both sides.
    pub(super) fn new(classes: usize, min_leaf: usize) -> Self {
        Self {
            classes,
            min_leaf: min_leaf as u64,
            places: Vec::new(),
            range: (0, 0),
            cells: Vec::new(),
            order: Vec::new(),
            left: vec![0; classes],
        }
    }

    /// Turns to a feature; whether it varies among `samples`.
    pub(super) fn look_at(&mut self, column: &[u8], samples: &[Sample]) -> bool {
        self.places.clear();
        self.places.extend(samples.iter().map(|sample| column[sample.row as usize]));
        let (low, high) =
            self.places.iter().fold((u8::MAX, 0), |(low, high), &place| (low.min(place), high.max(place)));
        self.range = (low, high);
        low < high
    }

    /// The best cut of the feature last looked at; the lowest of equally good ones.
    pub(super) fn best_cut(&mut self, samples: &[Sample], node: &ClassCounts) -> Option<Cut> {
        // Counting visits every bin of the range in every class; a small node is sorted for less.
        let cells = (usize::from(self.range.1 - self.range.0) + 1) * self.classes;
        if cells <= CELLS_PER_SAMPLE * samples.len() || samples.len() > MOST_SORTED {
            self.best_cut_by_counting(samples, node, cells)
        } else {
            self.best_cut_by_sorting(samples, node)
        }
    }

    fn best_cut_by_counting(&mut self, samples: &[Sample], node: &ClassCounts, cells: usize) -> Option<Cut> {
        let low = self.range.0;
        self.cells.clear();
        self.cells.resize(cells, 0);
        for (sample, place) in samples.iter().zip(&self.places) {
            self.cells[usize::from(place - low) * self.classes + sample.class as usize] += sample.copies;
        }
        let mut sweep = Sweep::new(node, &mut self.left, self.min_leaf);
        for (cells, place) in self.cells.chunks_exact(self.classes).zip(low..) {
            if cells.iter().any(|&copies| copies > 0) {
                sweep.arrive_at(place);
                for (class, &copies) in cells.iter().enumerate().filter(|(_, copies)| **copies > 0) {
                    sweep.pass(class, copies);
                }
            }
        }
        sweep.best
    }

    fn best_cut_by_sorting(&mut self, samples: &[Sample], node: &ClassCounts) -> Option<Cut> {
        self.order.clear();
        self.order.extend(self.places.iter().zip(0..).map(|(&place, index)| u32::from(place) << 24 | index));
        self.order.sort_unstable();
        let mut sweep = Sweep::new(node, &mut self.left, self.min_leaf);
        for key in &self.order {
            let sample = samples[(key & 0xff_ffff) as usize];
            sweep.arrive_at((key >> 24) as u8);
            sweep.pass(sample.class as usize, sample.copies);
        }
        sweep.best
    }

    /// A cut of the feature last looked at, at a bin drawn evenly between the lowest and the highest that the
    /// node holds (Geurts et al. 2006, "Pick a random split"). `None` where a side would be too small.
    pub(super) fn random_cut(
        &mut self,
        samples: &[Sample],
        node: &ClassCounts,
        random: &mut impl Rng,
    ) -> Option<Cut> {
        let last_left = random.random_range(self.range.0..self.range.1);
        self.left.fill(0);
        for (sample, _) in samples.iter().zip(&self.places).filter(|(_, place)| **place <= last_left) {
            self.left[sample.class as usize] += sample.copies;
        }
        let (left_total, left_squares) = total_and_squares(&self.left);
        let right = node.counts.iter().zip(&self.left).map(|(&whole, &left)| u64::from(whole - left));
        let right_squares = right.map(|count| count * count).sum();
        let sides = Sides { left_total, left_squares, right_total: node.total - left_total, right_squares };
        sides.score(self.min_leaf).map(|score| Cut { last_left, score })
    }
}

/// Up to so many cells (bins times classes) for each sample, counting is the faster way; measured on the sets
/// digits, letter and mnist, where anything from 3 to 24 is within a tenth.
const CELLS_PER_SAMPLE: usize = 8;

/// A sample's number in the sorted keys has 24 bits.
const MOST_SORTED: usize = 1 << 24;

/// Totals and sums of squares of the class counts on the two sides of a cut.
struct Sides {
    left_total: u64,
    left_squares: u64,
    right_total: u64,
    right_squares: u64,
}

impl Sides {
    fn score(&self, min_leaf: u64) -> Option<f64> {
        let fits = self.left_total >= min_leaf && self.right_total >= min_leaf;
        let side = |squares: u64, total: u64| squares as f64 / total as f64;
        fits.then(|| side(self.left_squares, self.left_total) + side(self.right_squares, self.right_total))
    }
}

/// A cut on its way from the lowest bin to the highest.
struct Sweep<'a> {
    node: &'a ClassCounts,
    left: &'a mut [u32],
    sides: Sides,
    min_leaf: u64,
    last: Option<u8>,
    best: Option<Cut>,
}

impl<'a> Sweep<'a> {
    fn new(node: &'a ClassCounts, left: &'a mut [u32], min_leaf: u64) -> Self {
        left.fill(0);
        let sides =
            Sides { left_total: 0, left_squares: 0, right_total: node.total, right_squares: node.squares };
        Self { node, left, sides, min_leaf, last: None, best: None }
    }

    /// Weighs the cut between the last bin with samples and `place`, the next one with samples.
    fn arrive_at(&mut self, place: u8) {
        if let Some(last) = self.last
            && last < place
            && let Some(score) = self.sides.score(self.min_leaf)
            && self.best.is_none_or(|best| score > best.score)
        {
            self.best = Some(Cut { last_left: between(last, place), score });
        }
        self.last = Some(place);
    }

    /// Moves samples from right to left; the squares follow from (n + w)^2 = n^2 + w (2 n + w).
    fn pass(&mut self, class: usize, copies: u32) {
        let left = u64::from(self.left[class]);
        let right = u64::from(self.node.counts[class]) - left;
        let copies_wide = u64::from(copies);
        self.left[class] += copies;
        self.sides.left_total += copies_wide;
        self.sides.right_total -= copies_wide;
        self.sides.left_squares += copies_wide * (2 * left + copies_wide);
        self.sides.right_squares -= copies_wide * (2 * right - copies_wide);
    }
}

/// The last bin to go left where no sample lies between `last` and `next`: halfway, as far from both as can be.
pub(super) fn between(last: u8, next: u8) -> u8 {
    last + (next - last - 1) / 2
}

#[cfg(test)]
mod tests {
    use lessen_data::random::stream;
    use proptest::prelude::*;

    use super::*;

    fn samples(classes: &[u32]) -> Vec<Sample> {
        classes.iter().zip(0..).map(|(&class, row)| Sample { row, class, copies: 1 }).collect()
    }

    fn search(
        column: &[u8],
        samples: &[Sample],
        classes: usize,
        min_leaf: usize,
    ) -> (GiniSearch, ClassCounts) {
        let mut search = GiniSearch::new(classes, min_leaf);
        search.look_at(column, samples);
        (search, ClassCounts::of(samples, classes))
    }

    #[test]
    fn the_best_cut_is_the_one_worked_out_by_hand() {
        // Classes in the order of the feature: 0 0 1 0 1 1 1 1. With k rows on the left, the sum of
        // squares / rows of both sides is
        //   k=1: 1/1 + 29/7 = 5.14   k=2: 4/2 + 26/6 = 6.33   k=3: 5/3 + 17/5 = 5.07   k=4: 10/4 + 16/4 = 6.5
        //   k=5: 13/5 + 9/3 = 5.6    k=6: 18/6 + 4/2 = 5      k=7: 25/7 + 1/1 = 4.57
        // and of the whole (9 + 25) / 8 = 4.25: a gain in impurity of (6.5 - 4.25) / 8 = 0.28125.
        let samples = samples(&[0, 0, 1, 0, 1, 1, 1, 1]);
        let column = [0, 1, 2, 3, 4, 5, 6, 7];
        let best = |min_leaf| {
            let (mut search, node) = search(&column, &samples, 2, min_leaf);
            search.best_cut(&samples, &node)
        };
        for min_leaf in [1, 4] {
            assert_eq!(best(min_leaf), Some(Cut { last_left: 3, score: 6.5 }), "min_leaf {min_leaf}");
        }
        assert_eq!(best(5), None, "no cut leaves 5 of 8 on both sides");
        let node = ClassCounts::of(&samples, 2);
        let impurity = 1.0 - (9.0 + 25.0) / 64.0;
        let after = 0.5 * (1.0 - (9.0 + 1.0) / 16.0);
        let gain = (6.5 - node.squares as f64 / node.total as f64) / node.total as f64;
        assert_eq!((gain, impurity - after), (0.28125, 0.28125));
    }

    #[test]
    fn copies_count_and_empty_bins_are_split_halfway() {
        let mut samples = samples(&[1, 0, 1, 1]);
        samples[0].copies = 5;
        // By bins: class 0 in 1; class 1 in 2, 9, and five times in 9.
        let (mut search, node) = search(&[9, 1, 2, 9], &samples, 2, 1);
        assert_eq!((node.total, node.squares), (8, 1 + 49));
        assert_eq!(search.best_cut(&samples, &node), Some(Cut { last_left: 1, score: 1.0 + 7.0 }));
        // The first two bins alone are impure: 2/2 + 36/6 = 7. Asked for 2 a side, that is what is left.
        search.min_leaf = 2;
        assert_eq!(search.best_cut(&samples, &node), Some(Cut { last_left: 5, score: 7.0 }));
    }

    #[test]
    fn a_feature_that_does_not_vary_is_seen_to() {
        let samples = samples(&[0, 1]);
        let mut search = GiniSearch::new(2, 1);
        assert!(!search.look_at(&[7, 7], &samples));
        assert!(search.look_at(&[7, 8], &samples));
        assert!(!ClassCounts::of(&samples, 2).is_pure());
        assert!(ClassCounts::of(&samples[..1], 2).is_pure());
        assert!(ClassCounts::of(&[], 2).is_pure());
    }

    /// Bins and classes of some samples, how often each was drawn, and the least leaf.
    fn nodes() -> impl Strategy<Value = (Vec<(u8, u32, u32)>, usize)> {
        let sample = (0u8..12).prop_map(|bin| bin * 20).prop_flat_map(|bin| (Just(bin), 0u32..4, 1u32..4));
        (prop::collection::vec(sample, 2..60), 1usize..8)
    }

    /// The score of the cut after `last_left`, from the definition.
    fn score(samples: &[(u8, u32, u32)], last_left: u8, min_leaf: usize) -> Option<f64> {
        let side = |left: bool| {
            let mut counts = [0u64; 4];
            for &(_, class, copies) in samples.iter().filter(|(bin, ..)| (*bin <= last_left) == left) {
                counts[class as usize] += u64::from(copies);
            }
            let total: u64 = counts.iter().sum();
            let squares: u64 = counts.iter().map(|count| count * count).sum();
            (total >= min_leaf.max(1) as u64).then(|| squares as f64 / total as f64)
        };
        Some(side(true)? + side(false)?)
    }

    proptest! {
        #[test]
        fn counting_and_sorting_find_the_best_of_all_cuts((node, min_leaf) in nodes()) {
            let column: Vec<u8> = node.iter().map(|(bin, ..)| *bin).collect();
            let samples: Vec<Sample> = node.iter().zip(0..)
                .map(|(&(_, class, copies), row)| Sample { row, class, copies }).collect();
            let (mut search, counts) = search(&column, &samples, 4, min_leaf);
            let cells = (usize::from(search.range.1 - search.range.0) + 1) * 4;
            let counted = search.best_cut_by_counting(&samples, &counts, cells);
            prop_assert_eq!(counted, search.best_cut_by_sorting(&samples, &counts));
            let best = (0..u8::MAX).filter_map(|last_left| score(&node, last_left, min_leaf)).reduce(f64::max);
            prop_assert_eq!(counted.map(|cut| cut.score), best);
            prop_assert_eq!(counted.and_then(|cut| score(&node, cut.last_left, min_leaf)), best);
        }

        #[test]
        fn a_random_cut_lies_within_the_range_and_has_the_score_of_its_place((node, min_leaf) in nodes(), seed: u64) {
            let column: Vec<u8> = node.iter().map(|(bin, ..)| *bin).collect();
            let samples: Vec<Sample> = node.iter().zip(0..)
                .map(|(&(_, class, copies), row)| Sample { row, class, copies }).collect();
            let (mut search, counts) = search(&column, &samples, 4, min_leaf);
            let (low, high) = search.range;
            prop_assume!(low < high);
            if let Some(cut) = search.random_cut(&samples, &counts, &mut stream(seed, "cut")) {
                prop_assert!(low <= cut.last_left && cut.last_left < high);
                prop_assert_eq!(Some(cut.score), score(&node, cut.last_left, min_leaf));
            }
        }
    }

    #[test]
    fn random_cuts_come_everywhere() {
        let samples = samples(&[0, 1]);
        let (mut search, node) = search(&[3, 6], &samples, 2, 1);
        let mut random = stream(1, "cuts");
        let mut times = [0; 10];
        for _ in 0..3000 {
            times[usize::from(search.random_cut(&samples, &node, &mut random).unwrap().last_left)] += 1;
        }
        assert!(times[3..6].iter().all(|&times| (850..1150).contains(&times)), "{times:?}");
        assert_eq!(times[3..6].iter().sum::<i32>(), 3000);
    }
}
