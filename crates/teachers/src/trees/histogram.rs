//! The best place to split a node by slopes and curvatures of a loss.

use std::ops::{AddAssign, SubAssign};
use std::sync::{Mutex, PoisonError};

use super::bins::Bins;
use super::gini::between;

/// A training row in a node of a boosted tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slope {
    /// Its place among the examples.
    pub(super) row: u32,
    /// First derivative of its loss by its score.
    pub(super) slope: f32,
    /// Second derivative, not below 0.
    pub(super) curvature: f32,
}

/// Sums over some of a node's rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) slope: f64,
    pub(super) curvature: f64,
    pub(super) rows: u32,
}

impl Sums {
    pub(super) fn of(rows: &[Slope]) -> Self {
        let mut sums = Self::default();
        for row in rows {
            sums.add(row);
        }
        sums
    }

    fn add(&mut self, row: &Slope) {
        self.slope += f64::from(row.slope);
        self.curvature += f64::from(row.curvature);
        self.rows += 1;
    }
}

impl AddAssign<&Self> for Sums {
    fn add_assign(&mut self, other: &Self) {
        self.slope += other.slope;
        self.curvature += other.curvature;
        self.rows += other.rows;
    }
}

impl SubAssign<&Self> for Sums {
    fn sub_assign(&mut self, other: &Self) {
        self.slope -= other.slope;
        self.curvature -= other.curvature;
        self.rows -= other.rows;
    }
}

/// What a leaf adds to the scores of its rows, and how good that is, by the second-order approximation of the
/// loss (Chen & Guestrin 2016, section 2.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct Newton {
    /// Weight decay: is added to the curvature of each leaf.
    pub(super) l2: f64,
}

/// Least curvature that is divided by: rows that are all but certain have next to none, and no step that is
/// worked out from it means anything.
const LEAST_CURVATURE: f64 = 1e-3;

/// Farthest that one leaf moves a score, before it is shrunk: a bound as LogitBoost has it for its working
/// response (Friedman, Hastie & Tibshirani 2000, section 4.4), against the same danger.
const FARTHEST_STEP: f64 = 4.0;

/// Gains up to this are rounding.
const LEAST_GAIN: f64 = 1e-6;

impl Newton {
    /// The step that a leaf takes (equation 5): `-slope / (curvature + l2)`.
    pub(super) fn step(self, sums: &Sums) -> f64 {
        (-sums.slope / self.curvature(sums)).clamp(-FARTHEST_STEP, FARTHEST_STEP)
    }

    /// Twice what the best step takes off the loss (equation 6).
    fn worth(self, sums: &Sums) -> f64 {
        sums.slope * sums.slope / self.curvature(sums)
    }

    fn curvature(self, sums: &Sums) -> f64 {
        (sums.curvature + self.l2).max(LEAST_CURVATURE)
    }
}

/// A place to split a node, within one feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cut {
    /// The last bin that goes left.
    pub(super) last_left: u8,
    /// Twice what the split takes off the loss; above 0 (equation 7, without the price of a leaf).
    pub(super) gain: f64,
}

/// The best cut of a feature with these sums in its bins; the lowest of equally good ones. Each side gets at
/// least `min_leaf` rows.
pub(super) fn best_cut(cells: &[Sums], whole: &Sums, newton: Newton, min_leaf: usize) -> Option<Cut> {
    let parent = newton.worth(whole);
    let mut left = Sums::default();
    let mut last = None;
    let mut best: Option<Cut> = None;
    for (cell, place) in cells.iter().zip(0..).filter(|(cell, _)| cell.rows > 0) {
        let mut right = *whole;
        right -= &left;
        if let Some(last) = last
            && left.rows as usize >= min_leaf
            && right.rows as usize >= min_leaf
        {
            let gain = newton.worth(&left) + newton.worth(&right) - parent;
            if gain > best.map_or(LEAST_GAIN, |best| best.gain) {
                best = Some(Cut { last_left: between(last, place), gain });
            }
        }
        left += cell;
        last = Some(place);
    }
    best
}

/// Sums of each bin of some features, one feature after the other.
pub(super) struct Layout {
    features: Vec<u32>,
    /// Where each feature's cells begin, and where the last one's end.
    starts: Vec<usize>,
}

impl Layout {
    /// Cells for `features`.
    pub(super) fn new(bins: &Bins, features: Vec<u32>) -> Self {
        let mut starts = vec![0];
        let mut end = 0;
        for &feature in &features {
            end += bins.count(feature);
            starts.push(end);
        }
        Self { features, starts }
    }

    /// Cells of all features together.
    pub(super) fn cells(&self) -> usize {
        self.starts[self.features.len()]
    }

    /// Whether a whole histogram of `rows` rows is worth having: not where most cells would be empty.
    pub(super) fn is_filled_by(&self, rows: usize) -> bool {
        rows * self.features.len() >= self.cells()
    }

    /// Each feature with its cells of a histogram.
    pub(super) fn columns<'a>(&'a self, histogram: &'a [Sums]) -> impl Iterator<Item = (u32, &'a [Sums])> {
        self.features.iter().zip(self.starts.windows(2)).map(|(&feature, range)| (feature, &histogram[range[0]..range[1]]))
    }

    /// The features.
    pub(super) fn features(&self) -> &[u32] {
        &self.features
    }

    /// The histogram of `rows`, into `histogram`.
    pub(super) fn fill(&self, bins: &Bins, rows: &[Slope], histogram: &mut Vec<Sums>) {
        histogram.clear();
        histogram.resize(self.cells(), Sums::default());
        let mut left = &mut histogram[..];
        let (fours, rest) = self.features.as_chunks::<4>();
        for features in fours {
            let columns = features.map(|feature| bins.column(feature));
            let cells = features.map(|feature| left.split_off_mut(..bins.count(feature)).unwrap_or_default());
            add_rows(columns, rows, cells);
        }
        for &feature in rest {
            let cells = left.split_off_mut(..bins.count(feature)).unwrap_or_default();
            add_rows([bins.column(feature)], rows, [cells]);
        }
    }
}

/// Adds each row to the cell of its bin, in some features at once: where rows share a bin, each sum waits for
/// the one before, and the processor works on another feature's meanwhile.
pub(super) fn add_rows<const FEATURES: usize>(columns: [&[u8]; FEATURES], rows: &[Slope], cells: [&mut [Sums]; FEATURES]) {
    for row in rows {
        for feature in 0..FEATURES {
            cells[feature][usize::from(columns[feature][row.row as usize])].add(row);
        }
    }
}

/// Room for histograms, used again from tree to tree: fresh memory costs more than filling it.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Vec<Sums>>>);

impl Pool {
    pub(super) fn take(&self) -> Vec<Sums> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    pub(super) fn give_back(&self, histogram: Vec<Sums>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(histogram);
    }
}
