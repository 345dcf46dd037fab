//! The best place to split a node by what its samples say.

use rand::{Rng, RngExt};

use super::tally::{Sample, Tally};

/// A place to split a node, within one feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cut {
    /// The last bin that goes left.
    pub(super) last_left: u8,
    /// What both sides are worth together.
    pub(super) score: f64,
}

/// Looks for splits, with room for its work that is kept from node to node.
pub(super) struct CutSearch<T: Tally> {
    min_leaf: u64,
    /// The bin of each of the node's samples in the feature at hand, and the lowest and highest.
    places: Vec<u8>,
    range: (u8, u8),
    /// `[bins in the range][kinds of labels]`.
    cells: Vec<T::Cell>,
    /// Samples in the order of their bins.
    order: Vec<u32>,
    /// Left and right of the cut at hand.
    sides: Sides<T>,
}

impl<T: Tally> CutSearch<T> {
    /// A search for splits with at least `min_leaf` samples on both sides.
    pub(super) fn new(kinds: usize, min_leaf: usize) -> Self {
        Self {
            min_leaf: min_leaf as u64,
            places: Vec::new(),
            range: (0, 0),
            cells: Vec::new(),
            order: Vec::new(),
            sides: Sides { left: T::none(kinds), right: T::none(kinds) },
        }
    }

    /// Turns to a feature; whether it varies among `samples`.
    pub(super) fn look_at(&mut self, column: &[u8], samples: &[Sample<T::Label>]) -> bool {
        self.places.clear();
        self.places.extend(samples.iter().map(|sample| column[sample.row as usize]));
        let (low, high) =
            self.places.iter().fold((u8::MAX, 0), |(low, high), &place| (low.min(place), high.max(place)));
        self.range = (low, high);
        low < high
    }

    /// The best cut of the feature last looked at; the lowest of equally good ones.
    pub(super) fn best_cut(&mut self, samples: &[Sample<T::Label>], node: &T) -> Option<Cut> {
        // Counting visits every bin of the range in every class; a small node is sorted for less.
        let cells = (usize::from(self.range.1 - self.range.0) + 1) * node.kinds();
        if cells <= CELLS_PER_SAMPLE * samples.len() || samples.len() > MOST_SORTED {
            self.best_cut_by_counting(samples, node, cells)
        } else {
            self.best_cut_by_sorting(samples, node)
        }
    }

    fn best_cut_by_counting(&mut self, samples: &[Sample<T::Label>], node: &T, cells: usize) -> Option<Cut> {
        let low = self.range.0;
        self.cells.clear();
        self.cells.resize(cells, T::Cell::default());
        for (sample, place) in samples.iter().zip(&self.places) {
            let (kind, cell) = T::cell(sample);
            self.cells[usize::from(place - low) * node.kinds() + kind] += cell;
        }
        let mut sweep = Sweep::new(node, &mut self.sides, self.min_leaf);
        for (cells, place) in self.cells.chunks_exact(node.kinds()).zip(low..) {
            if cells.iter().any(|cell| !T::is_empty(cell)) {
                sweep.arrive_at(place);
                for (kind, &cell) in cells.iter().enumerate().filter(|(_, cell)| !T::is_empty(cell)) {
                    sweep.sides.pass(kind, cell);
                }
            }
        }
        sweep.best
    }

    fn best_cut_by_sorting(&mut self, samples: &[Sample<T::Label>], node: &T) -> Option<Cut> {
        self.order.clear();
        self.order.extend(self.places.iter().zip(0..).map(|(&place, index)| u32::from(place) << 24 | index));
        self.order.sort_unstable();
        let mut sweep = Sweep::new(node, &mut self.sides, self.min_leaf);
        for key in &self.order {
            let (kind, cell) = T::cell(&samples[(key & 0xff_ffff) as usize]);
            sweep.arrive_at((key >> 24) as u8);
            sweep.sides.pass(kind, cell);
        }
        sweep.best
    }

    /// A cut of the feature last looked at, at a bin drawn evenly between the lowest and the highest that the
    /// node holds (Geurts et al. 2006, "Pick a random split"). `None` where a side would be too small.
    pub(super) fn random_cut(
        &mut self,
        samples: &[Sample<T::Label>],
        node: &T,
        random: &mut impl Rng,
    ) -> Option<Cut> {
        let last_left = random.random_range(self.range.0..self.range.1);
        let is_left = |(_, place): &(_, &u8)| **place <= last_left;
        let left = samples.iter().zip(&self.places).filter(is_left).map(|(sample, _)| sample);
        self.sides.left.tally(left);
        self.sides.right.difference(node, &self.sides.left);
        self.sides.score(self.min_leaf).map(|score| Cut { last_left, score })
    }
}

/// Up to so many cells (bins times classes) for each sample, counting is the faster way; measured on the sets
/// digits, letter and mnist, where anything from 3 to 24 is within a tenth.
const CELLS_PER_SAMPLE: usize = 8;

/// A sample's number in the sorted keys has 24 bits.
const MOST_SORTED: usize = 1 << 24;

/// What lies on the two sides of a cut.
struct Sides<T> {
    left: T,
    right: T,
}

impl<T: Tally> Sides<T> {
    fn score(&self, min_leaf: u64) -> Option<f64> {
        let fits = self.left.total() >= min_leaf && self.right.total() >= min_leaf;
        fits.then(|| self.left.worth() + self.right.worth())
    }

    /// Moves samples from right to left.
    fn pass(&mut self, kind: usize, cell: T::Cell) {
        self.left.add(kind, cell);
        self.right.remove(kind, cell);
    }
}

/// A cut on its way from the lowest bin to the highest.
struct Sweep<'a, T> {
    sides: &'a mut Sides<T>,
    min_leaf: u64,
    last: Option<u8>,
    best: Option<Cut>,
}

impl<'a, T: Tally> Sweep<'a, T> {
    fn new(node: &T, sides: &'a mut Sides<T>, min_leaf: u64) -> Self {
        sides.left.tally([].iter());
        sides.right.difference(node, &sides.left);
        Self { sides, min_leaf, last: None, best: None }
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
    use crate::trees::tally::{ClassCounts, ValueSum};

    fn samples<L: Copy>(labels: &[L]) -> Vec<Sample<L>> {
        labels.iter().zip(0..).map(|(&label, row)| Sample { row, label, copies: 1 }).collect()
    }

    fn search<T: Tally>(
        column: &[u8],
        samples: &[Sample<T::Label>],
        kinds: usize,
        min_leaf: usize,
    ) -> (CutSearch<T>, T) {
        let mut search = CutSearch::new(kinds, min_leaf);
        search.look_at(column, samples);
        let mut node = T::none(kinds);
        node.tally(samples.iter());
        (search, node)
    }

    fn classes(
        column: &[u8],
        samples: &[Sample<u32>],
        kinds: usize,
        min_leaf: usize,
    ) -> (CutSearch<ClassCounts>, ClassCounts) {
        search(column, samples, kinds, min_leaf)
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
            let (mut search, node) = classes(&column, &samples, 2, min_leaf);
            search.best_cut(&samples, &node)
        };
        for min_leaf in [1, 4] {
            assert_eq!(best(min_leaf), Some(Cut { last_left: 3, score: 6.5 }), "min_leaf {min_leaf}");
        }
        assert_eq!(best(5), None, "no cut leaves 5 of 8 on both sides");
        let (_, node) = classes(&column, &samples, 2, 1);
        let impurity = 1.0 - (9.0 + 25.0) / 64.0;
        let after = 0.5 * (1.0 - (9.0 + 1.0) / 16.0);
        let gain = (6.5 - node.worth()) / node.total() as f64;
        assert_eq!((gain, impurity - after), (0.28125, 0.28125));
    }

    #[test]
    fn the_best_cut_of_numbers_is_the_one_worked_out_by_hand() {
        // With k of 1 3 8 8 on the left, the squares of the sums / rows of both sides are
        //   k=1: 1 + 361/3 = 121.3   k=2: 16/2 + 256/2 = 136   k=3: 144/3 + 64 = 112
        let samples = samples(&[1.0, 3.0, 8.0, 8.0]);
        let (mut search, node) = search::<ValueSum>(&[0, 1, 5, 6], &samples, 1, 1);
        assert_eq!(node.worth(), 100.0);
        let expected = Some(Cut { last_left: 2, score: 136.0 });
        assert_eq!(search.best_cut_by_counting(&samples, &node, 7), expected);
        assert_eq!(search.best_cut_by_sorting(&samples, &node), expected);
    }

    #[test]
    fn copies_count_and_empty_bins_are_split_halfway() {
        let mut samples = samples(&[1, 0, 1, 1]);
        samples[0].copies = 5;
        // By bins: class 0 in 1; class 1 in 2, 9, and five times in 9.
        let (mut search, node) = classes(&[9, 1, 2, 9], &samples, 2, 1);
        assert_eq!((node.total(), node.worth()), (8, 50.0 / 8.0));
        assert_eq!(search.best_cut(&samples, &node), Some(Cut { last_left: 1, score: 1.0 + 7.0 }));
        // The first two bins alone are impure: 2/2 + 36/6 = 7. Asked for 2 a side, that is what is left.
        search.min_leaf = 2;
        assert_eq!(search.best_cut(&samples, &node), Some(Cut { last_left: 5, score: 7.0 }));
    }

    #[test]
    fn a_feature_that_does_not_vary_is_seen_to() {
        let samples = samples(&[0, 1]);
        let mut search = CutSearch::<ClassCounts>::new(2, 1);
        assert!(!search.look_at(&[7, 7], &samples));
        assert!(search.look_at(&[7, 8], &samples));
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
            let samples: Vec<Sample<u32>> = node.iter().zip(0..)
                .map(|(&(_, label, copies), row)| Sample { row, label, copies }).collect();
            let (mut search, counts) = classes(&column, &samples, 4, min_leaf);
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
            let samples: Vec<Sample<u32>> = node.iter().zip(0..)
                .map(|(&(_, label, copies), row)| Sample { row, label, copies }).collect();
            let (mut search, counts) = classes(&column, &samples, 4, min_leaf);
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
        let (mut search, node) = classes(&[3, 6], &samples, 2, 1);
        let mut random = stream(1, "cuts");
        let mut times = [0; 10];
        for _ in 0..3000 {
            times[usize::from(search.random_cut(&samples, &node, &mut random).unwrap().last_left)] += 1;
        }
        assert!(times[3..6].iter().all(|&times| (850..1150).contains(&times)), "{times:?}");
        assert_eq!(times[3..6].iter().sum::<i32>(), 3000);
    }
}
