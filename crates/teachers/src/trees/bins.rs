//! Features cut into bins, so that splits are looked for among few places.

use lessen_data::Encoded;
use rayon::prelude::*;

/// Most bins of a feature: a bin's number fits a byte, and a range of them too.
pub(super) const MOST_BINS: usize = 255;

/// Each row's bin in each feature. A feature of at most [`MOST_BINS`] distinct values has a bin for each;
/// one of more has bins of about as many rows each.
pub(super) struct Bins {
    rows: usize,
    /// `[width][rows]`.
    places: Vec<u8>,
    /// Of each feature, ascending: `thresholds[bin]` lies between `bin` and the next.
    thresholds: Vec<Vec<f32>>,
}

impl Bins {
    /// The bins of `encoded` rows.
    pub(super) fn new(encoded: &Encoded) -> Self {
        let thresholds: Vec<_> =
            (0..encoded.width).into_par_iter().map(|feature| thresholds(encoded.feature(feature))).collect();
        let mut places = vec![0; encoded.width * encoded.rows];
        let columns = places.par_chunks_mut(encoded.rows.max(1)).zip(&thresholds).enumerate();
        columns.filter(|(_, (_, thresholds))| !thresholds.is_empty()).for_each(
            |(feature, (places, thresholds))| {
                for (place, &value) in places.iter_mut().zip(encoded.feature(feature)) {
                    *place = place_of(value, thresholds);
                }
            },
        );
        Self { rows: encoded.rows, places, thresholds }
    }

    /// All rows' bins in one feature.
    pub(super) fn column(&self, feature: u32) -> &[u8] {
        &self.places[feature as usize * self.rows..][..self.rows]
    }

    /// How many bins a feature has: 1 where it does not vary.
    pub(super) fn count(&self, feature: u32) -> usize {
        self.thresholds[feature as usize].len() + 1
    }

    /// Values at most this lie in `cut` or a lower bin.
    pub(super) fn threshold(&self, feature: u32, cut: u8) -> f32 {
        self.thresholds[feature as usize][usize::from(cut)]
    }

    /// The features of more than one bin, ascending.
    pub(super) fn varying(&self) -> Vec<u32> {
        (0..self.thresholds.len() as u32).filter(|&feature| self.count(feature) > 1).collect()
    }
}

/// A value goes right of a threshold only where it is greater: as a grown tree compares, whatever the value.
fn place_of(value: f32, thresholds: &[f32]) -> u8 {
    thresholds.partition_point(|&threshold| value > threshold) as u8
}

/// At most [`MOST_BINS`]` - 1` thresholds between neighbouring distinct values. A bin of many is closed when it
/// holds its share of the rows that the bins before it left over: a value that many rows have gets a bin alone
/// and takes nothing from the others.
fn thresholds(values: &[f32]) -> Vec<f32> {
    let distinct = distinct(values);
    let exact = distinct.len() <= MOST_BINS;
    let mut thresholds = Vec::new();
    let mut rows_left: usize = distinct.iter().map(|(_, rows)| rows).sum();
    let mut bins_left = distinct.len().min(MOST_BINS);
    let mut in_bin = 0;
    for pair in distinct.windows(2) {
        in_bin += pair[0].1;
        if bins_left > 1 && (exact || in_bin * bins_left >= rows_left) {
            thresholds.push(halfway(pair[0].0, pair[1].0));
            rows_left -= in_bin;
            bins_left -= 1;
            in_bin = 0;
        }
    }
    thresholds
}

/// The finite distinct values, ascending, and how many rows have each.
fn distinct(values: &[f32]) -> Vec<(f32, usize)> {
    let mut sorted: Vec<f32> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    sorted.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len())).collect()
}

/// A number from `low` on and below `high`, halfway where rounding allows.
fn halfway(low: f32, high: f32) -> f32 {
    let middle = low / 2.0 + high / 2.0;
    if low <= middle && middle < high { middle } else { low }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trees::testing::encoded;

    #[test]
    fn distinct_values_have_bins_of_their_own_with_thresholds_halfway() {
        let bins = Bins::new(&encoded(&[&[3.0, -1.0, 0.0, 3.0, -0.0], &[2.0; 5]]));
        assert_eq!(bins.thresholds, [vec![-0.5, 1.5], vec![]]);
        assert_eq!(bins.column(0), [2, 0, 1, 2, 1]);
        assert_eq!(bins.column(1), [0; 5]);
        assert_eq!((bins.count(0), bins.count(1), bins.varying()), (3, 1, vec![0]));
    }

    #[test]
    fn thresholds_separate_even_where_halfway_cannot_be_written() {
        let next = f32::from_bits(1.0f32.to_bits() + 1);
        let tiny = f32::from_bits(1);
        for (low, high) in
            [(1.0, next), (f32::MIN, f32::MAX), (0.0, tiny), (-tiny, 0.0), (f32::MAX / 2.0, f32::MAX)]
        {
            let threshold = halfway(low, high);
            assert!(
                low <= threshold && threshold < high && threshold.is_finite(),
                "{low} {threshold} {high}"
            );
        }
    }

    #[test]
    fn values_that_are_not_finite_lie_where_a_tree_would_send_them() {
        let bins = Bins::new(&encoded(&[&[f32::INFINITY, 0.0, f32::NEG_INFINITY, 1.0, f32::NAN]]));
        assert_eq!(bins.thresholds, [vec![0.5]]);
        assert_eq!(bins.column(0), [1, 0, 0, 1, 0]);
    }

    #[test]
    fn many_values_share_bins_of_about_equal_rows_and_a_frequent_one_has_its_own() {
        let even: Vec<f32> = (0..2550).map(|value| value as f32).collect();
        let bins = Bins::new(&encoded(&[&even]));
        assert_eq!(bins.count(0), MOST_BINS);
        assert_eq!(bins.threshold(0, 0), 9.5);
        let rows_in = |bins: &Bins, bin| bins.column(0).iter().filter(|&&place| place == bin).count();
        assert!((0..MOST_BINS as u8).all(|bin| rows_in(&bins, bin) == 10));

        let heavy: Vec<f32> =
            (0..5000).map(|row| if row < 4000 { 700.0 } else { row as f32 - 4000.0 }).collect();
        let bins = Bins::new(&encoded(&[&heavy]));
        let most = (0..=u8::MAX).map(|bin| rows_in(&bins, bin)).max();
        assert!(bins.count(0) > 200, "{} bins", bins.count(0));
        assert!(most <= Some(4004), "{most:?} rows in the fullest bin");
    }

    #[test]
    fn no_rows_and_no_features_are_no_bins() {
        assert_eq!(Bins::new(&encoded(&[&[], &[]])).varying(), [] as [u32; 0]);
        assert_eq!(Bins::new(&encoded(&[])).varying(), [] as [u32; 0]);
    }
}
