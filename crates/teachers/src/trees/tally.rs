//! What the samples of a node say, summed up so that cuts can be weighed against each other.

use std::ops::AddAssign;

/// A training row in a node of a forest's tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample<L> {
    /// Its place among the examples.
    pub(super) row: u32,
    /// What is to be learned of it: a class, or a number.
    pub(super) label: L,
    /// How often the bootstrap drew it.
    pub(super) copies: u32,
}

/// A sum over samples. The best cut makes the worth of both sides together greatest: for classes that is the least
/// Gini impurity, for numbers the least variance.
pub(super) trait Tally {
    /// What one sample says.
    type Label: Copy + PartialEq + Send + Sync;
    /// What a bin holds of one kind of label.
    type Cell: Copy + Default + AddAssign;

    /// Of no samples; `kinds` is the number of classes, 1 for numbers.
    fn none(kinds: usize) -> Self;

    /// Of these samples instead, copies and all.
    fn tally<'a>(&mut self, samples: impl Iterator<Item = &'a Sample<Self::Label>>)
    where
        Self::Label: 'a;

    /// Of what `whole` has and `part` has not instead.
    fn difference(&mut self, whole: &Self, part: &Self);

    /// Kinds of labels that a bin has cells for.
    fn kinds(&self) -> usize;

    /// Which of a bin's cells a sample belongs to, and what it adds there.
    fn cell(sample: &Sample<Self::Label>) -> (usize, Self::Cell);

    /// Whether no sample has been added to a cell.
    fn is_empty(cell: &Self::Cell) -> bool;

    /// Adds a cell's samples.
    fn add(&mut self, kind: usize, cell: Self::Cell);

    /// Takes a cell's samples away.
    fn remove(&mut self, kind: usize, cell: Self::Cell);

    /// Samples, copies counted.
    fn total(&self) -> u64;

    /// What the samples are worth as a side of a cut.
    fn worth(&self) -> f64;

    /// What a leaf of these samples says; where `smooth`, Laplace's estimate in place of plain shares.
    fn says(&self, smooth: bool) -> Vec<f32>;
}

/// How many samples of each class there are. Their worth is (sum of squares of the class counts) / total: n samples
/// with shares p have n times the Gini impurity n (1 - sum of p^2), which is n less this. A quotient of exact integers,
/// so that equal cuts tie exactly.
#[derive(Debug)]
pub(super) struct ClassCounts {
    /// One a class.
    counts: Vec<u32>,
    /// Their sum.
    total: u64,
    /// The sum of their squares.
    squares: u64,
}

impl ClassCounts {
    fn sum_up(&mut self) {
        let counts = self.counts.iter().map(|&count| u64::from(count));
        (self.total, self.squares) =
            counts.fold((0, 0), |(total, squares), count| (total + count, squares + count * count));
    }
}

impl Tally for ClassCounts {
    type Label = u32;
    type Cell = u32;

    fn none(kinds: usize) -> Self {
        Self { counts: vec![0; kinds], total: 0, squares: 0 }
    }

    fn tally<'a>(&mut self, samples: impl Iterator<Item = &'a Sample<u32>>) {
        self.counts.fill(0);
        for sample in samples {
            self.counts[sample.label as usize] += sample.copies;
        }
        self.sum_up();
    }

    fn difference(&mut self, whole: &Self, part: &Self) {
        for (count, (whole, part)) in self.counts.iter_mut().zip(whole.counts.iter().zip(&part.counts)) {
            *count = whole - part;
        }
        self.sum_up();
    }

    fn kinds(&self) -> usize {
        self.counts.len()
    }

    fn cell(sample: &Sample<u32>) -> (usize, u32) {
        (sample.label as usize, sample.copies)
    }

    fn is_empty(cell: &u32) -> bool {
        *cell == 0
    }

    /// The squares follow from (n + w)^2 = n^2 + w (2 n + w).
    fn add(&mut self, kind: usize, cell: u32) {
        let (count, copies) = (u64::from(self.counts[kind]), u64::from(cell));
        self.counts[kind] += cell;
        self.total += copies;
        self.squares += copies * (2 * count + copies);
    }

    fn remove(&mut self, kind: usize, cell: u32) {
        let (count, copies) = (u64::from(self.counts[kind]), u64::from(cell));
        self.counts[kind] -= cell;
        self.total -= copies;
        self.squares -= copies * (2 * count - copies);
    }

    fn total(&self) -> u64 {
        self.total
    }

    fn worth(&self) -> f64 {
        self.squares as f64 / self.total as f64
    }

    /// Class probabilities; even ones where no sample says otherwise.
    fn says(&self, smooth: bool) -> Vec<f32> {
        let extra = u32::from(smooth || self.total == 0);
        let total = self.total as f64 + f64::from(extra) * self.counts.len() as f64;
        self.counts.iter().map(|&count| (f64::from(count + extra) / total) as f32).collect()
    }
}

/// The sum of the samples' numbers. Its worth is (sum)^2 / total: n samples have n times the variance
/// (sum of squares) - (sum)^2 / n, and the sum of squares is the same for every cut.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ValueSum {
    total: u64,
    sum: f64,
}

impl AddAssign for ValueSum {
    fn add_assign(&mut self, other: Self) {
        self.total += other.total;
        self.sum += other.sum;
    }
}

impl Tally for ValueSum {
    type Label = f32;
    type Cell = Self;

    fn none(_: usize) -> Self {
        Self::default()
    }

    fn tally<'a>(&mut self, samples: impl Iterator<Item = &'a Sample<f32>>) {
        *self = Self::default();
        for sample in samples {
            *self += Self::cell(sample).1;
        }
    }

    fn difference(&mut self, whole: &Self, part: &Self) {
        *self = Self { total: whole.total - part.total, sum: whole.sum - part.sum };
    }

    fn kinds(&self) -> usize {
        1
    }

    fn cell(sample: &Sample<f32>) -> (usize, Self) {
        let sum = f64::from(sample.copies) * f64::from(sample.label);
        (0, Self { total: u64::from(sample.copies), sum })
    }

    fn is_empty(cell: &Self) -> bool {
        cell.total == 0
    }

    fn add(&mut self, _: usize, cell: Self) {
        *self += cell;
    }

    fn remove(&mut self, _: usize, cell: Self) {
        let whole = *self;
        self.difference(&whole, &cell);
    }

    fn total(&self) -> u64 {
        self.total
    }

    fn worth(&self) -> f64 {
        self.sum * self.sum / self.total as f64
    }

    /// The mean; 0 of no samples. There is nothing to smooth: a mean of one sample is no certainty.
    fn says(&self, _smooth: bool) -> Vec<f32> {
        vec![if self.total == 0 { 0.0 } else { (self.sum / self.total as f64) as f32 }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally<T: Tally>(kinds: usize, samples: &[(T::Label, u32)]) -> T {
        let sample = |(&(label, copies), row)| Sample { row, label, copies };
        let samples: Vec<_> = samples.iter().zip(0..).map(sample).collect();
        let mut tally = T::none(kinds);
        tally.tally(samples.iter());
        tally
    }

    #[test]
    fn a_leaf_gives_shares_or_laplaces_estimate() {
        // One sample of class 0 and two of class 1.
        let counts: ClassCounts = tally(3, &[(0, 1), (1, 2)]);
        assert_eq!(counts.says(false), [1.0 / 3.0, 2.0 / 3.0, 0.0]);
        assert_eq!(counts.says(true), [2.0 / 6.0, 3.0 / 6.0, 1.0 / 6.0]);
        assert_eq!(tally::<ClassCounts>(2, &[]).says(false), [0.5, 0.5]);
    }

    #[test]
    fn a_leaf_of_numbers_gives_their_mean() {
        let sum: ValueSum = tally(1, &[(1.0, 1), (4.0, 2)]);
        assert_eq!((sum.says(false), sum.says(true)), (vec![3.0], vec![3.0]));
        // (1 + 2 * 4)^2 / 3.
        assert_eq!((sum.total(), sum.worth()), (3, 27.0));
        assert_eq!(tally::<ValueSum>(1, &[]).says(false), [0.0]);
    }

    #[test]
    fn what_is_added_and_removed_is_what_is_tallied() {
        let mut counts: ClassCounts = tally(3, &[(0, 2), (2, 1)]);
        counts.add(2, 3);
        counts.remove(0, 1);
        let expected: ClassCounts = tally(3, &[(0, 1), (2, 4)]);
        assert_eq!((&counts.counts, counts.total, counts.squares), (&expected.counts, 5, 1 + 16));
        let mut rest = ClassCounts::none(3);
        rest.difference(&counts, &tally(3, &[(2, 3)]));
        assert_eq!((rest.counts, rest.total, rest.squares), (vec![1, 0, 1], 2, 2));
    }
}
