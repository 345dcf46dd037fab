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
        let (low, high) = self.places.iter().fold((u8::MAX, 0), |(low, high), &place| (low.min(place), high.max(place)));
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
    pub(super) fn random_cut(&mut self, samples: &[Sample], node: &ClassCounts, random: &mut impl Rng) -> Option<Cut> {
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
        let sides = Sides { left_total: 0, left_squares: 0, right_total: node.total, right_squares: node.squares };
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
