//! The best place to split a node by slopes and curvatures of a loss.

use std::ops::{AddAssign, SubAssign};
use std::sync::{Mutex, PoisonError};

use super::bins::Bins;
use super::cuts::between;

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
/// response (Friedman, Hastie & Tibshirani 2000), against the same danger.
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
        self.features
            .iter()
            .zip(self.starts.windows(2))
            .map(|(&feature, range)| (feature, &histogram[range[0]..range[1]]))
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
pub(super) fn add_rows<const FEATURES: usize>(
    columns: [&[u8]; FEATURES],
    rows: &[Slope],
    cells: [&mut [Sums]; FEATURES],
) {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trees::testing::encoded;

    fn rows(slopes: &[f32]) -> Vec<Slope> {
        slopes.iter().zip(0..).map(|(&slope, row)| Slope { row, slope, curvature: 0.25 }).collect()
    }

    #[test]
    fn the_best_cut_and_the_steps_are_those_worked_out_by_hand() {
        // Each row has curvature 1/4, l2 is 1/2; slope^2 / (curvature + l2) of the whole is 1 / 2 = 0.5. With k
        // rows on the left, both sides' sum less that is
        //   k=1: 0.333 + 0.143 - 0.5 < 0          k=2: 1 / 1 + 0 - 0.5 = 0.5
        //   k=3: 2.25 / 1.25 + 0.25 / 1.25 - 0.5 = 1.5
        //   k=4: 1 / 1.5 + 0 - 0.5 = 0.167        k=5: 2.25 / 1.75 + 0.25 / 0.75 - 0.5 = 1.119
        let rows = rows(&[-0.5, -0.5, -0.5, 0.5, -0.5, 0.5]);
        let mut cells = [Sums::default(); 6];
        add_rows([&[0, 1, 2, 3, 4, 5]], &rows, [&mut cells]);
        let newton = Newton { l2: 0.5 };
        let best = |min_leaf| best_cut(&cells, &Sums::of(&rows), newton, min_leaf);
        for min_leaf in [1, 3] {
            let cut = best(min_leaf).unwrap();
            assert_eq!(cut.last_left, 2, "min_leaf {min_leaf}");
            assert!((cut.gain - 1.5).abs() < 1e-12, "{}", cut.gain);
        }
        assert_eq!(best(4), None);
        assert!((newton.step(&Sums::of(&rows[..3])) - 1.2).abs() < 1e-12);
        assert!((newton.step(&Sums::of(&rows[3..])) + 0.4).abs() < 1e-12);
    }

    #[test]
    fn empty_bins_are_split_halfway_and_nothing_is_gained_from_like_rows() {
        let newton = Newton { l2: 1.0 };
        let apart = rows(&[-0.5, 0.5]);
        let mut cells = [Sums::default(); 10];
        add_rows([&[2, 9]], &apart, [&mut cells]);
        assert_eq!(best_cut(&cells, &Sums::of(&apart), newton, 1).map(|cut| cut.last_left), Some(5));

        let alike = rows(&[0.5, 0.5]);
        let mut cells = [Sums::default(); 10];
        add_rows([&[2, 9]], &alike, [&mut cells]);
        assert_eq!(best_cut(&cells, &Sums::of(&alike), newton, 1), None);
    }

    #[test]
    fn rows_without_curvature_take_no_wild_steps() {
        let sums = Sums { slope: 1.0, curvature: 0.0, rows: 1 };
        assert_eq!(Newton { l2: 0.0 }.step(&sums), -FARTHEST_STEP);
        assert_eq!(Newton { l2: 0.0 }.step(&Sums::default()), 0.0);
    }

    proptest! {
        /// Five features: four of them are counted side by side, and one alone.
        #[test]
        fn a_histogram_holds_each_feature_by_itself(
            values in prop::collection::vec(prop::array::uniform5(0u8..7), 1..40),
            slopes in prop::collection::vec(-8i8..8, 40),
        ) {
            let columns: Vec<Vec<f32>> =
                (0..5).map(|feature| values.iter().map(|row| f32::from(row[feature])).collect()).collect();
            let bins = Bins::new(&encoded(&columns.iter().map(Vec::as_slice).collect::<Vec<_>>()));
            // Eighths, so that sums are exact in any order.
            let slopes: Vec<f32> = slopes[..values.len()].iter().map(|&slope| f32::from(slope) / 8.0).collect();
            let rows = rows(&slopes);
            let layout = Layout::new(&bins, (0..5).collect());
            let mut histogram = vec![Sums { slope: 9.0, curvature: 9.0, rows: 9 }; 3];
            layout.fill(&bins, &rows, &mut histogram);
            prop_assert_eq!(histogram.len(), layout.cells());
            for (feature, cells) in layout.columns(&histogram) {
                prop_assert_eq!(cells.len(), bins.count(feature));
                for (cell, place) in cells.iter().zip(0..) {
                    let here: Vec<Slope> = rows.iter().copied()
                        .filter(|row| bins.column(feature)[row.row as usize] == place).collect();
                    prop_assert_eq!(*cell, Sums::of(&here));
                }
            }
        }
    }
}
