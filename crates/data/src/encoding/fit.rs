//! What is taken from training rows: levels, centres and scales.

use super::ColumnEncoding;
use crate::Column;

/// How one raw column is encoded, by its cells in `training_rows` alone.
pub(super) fn fit_column(column: &Column, training_rows: &[u32]) -> ColumnEncoding {
    match column {
        Column::Numeric { name, values } => {
            let seen = training_rows.iter().map(|&row| values[row as usize]);
            let indicator = seen.clone().any(f32::is_nan);
            let (shift, scale) = centre_and_scale(seen.filter(|value| !value.is_nan()).map(f64::from));
            ColumnEncoding::Numeric { name: name.clone(), fill: shift, shift, scale, indicator }
        }
        Column::Nominal { name, levels, codes } => {
            let mut counts = vec![0; levels.len()];
            for code in training_rows.iter().filter_map(|&row| codes[row as usize]) {
                counts[code as usize] += 1;
            }
            let kept = kept_levels(&counts);
            let levels =
                levels.iter().zip(kept).filter(|(_, kept)| *kept).map(|(level, _)| level.clone()).collect();
            ColumnEncoding::Nominal { name: name.clone(), levels }
        }
    }
}

/// Most levels of a column that become features of their own: beyond that they are names more than kinds, and
/// each would cost a column of every matrix.
const MOST_LEVELS: usize = 256;

/// Fewest rows that show one of very many levels for it to be kept: what is seen once teaches nothing.
const FEWEST_ROWS_OF_MANY: usize = 2;

/// Which levels become features, by how many training rows have each: all that were seen or, where these are more
/// than [`MOST_LEVELS`], so many of the most frequent; of equals the earlier level.
fn kept_levels(counts: &[usize]) -> Vec<bool> {
    let mut frequent: Vec<usize> = (0..counts.len()).filter(|&level| counts[level] > 0).collect();
    if frequent.len() > MOST_LEVELS {
        frequent.retain(|&level| counts[level] >= FEWEST_ROWS_OF_MANY);
        frequent.sort_by_key(|&level| std::cmp::Reverse(counts[level]));
        frequent.truncate(MOST_LEVELS);
    }
    let mut kept = vec![false; counts.len()];
    for level in frequent {
        kept[level] = true;
    }
    kept
}

/// Smallest deviation that counts: weights divided by it, when scaling is folded into a layer, stay finite.
const SMALLEST_SCALE: f32 = 1e-30;

/// Mean and standard deviation (of the population); (0, 1) of nothing, and scale 1 where nothing varies.
pub(super) fn centre_and_scale(values: impl Iterator<Item = f64> + Clone) -> (f32, f32) {
    let count = values.clone().count() as f64;
    if count == 0.0 {
        return (0.0, 1.0);
    }
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    let deviation = variance.sqrt() as f32;
    // What is below the spacing of numbers at the mean is rounding, however small the column's unit is.
    let rounding = f32::EPSILON * mean.abs() as f32;
    (mean as f32, if deviation > rounding.max(SMALLEST_SCALE) { deviation } else { 1.0 })
}
