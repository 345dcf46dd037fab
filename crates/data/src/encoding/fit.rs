//! What is taken from training rows: levels, centres and scales.

use super::ColumnEncoding;
use crate::{Column, Unit};

/// How one raw column is encoded, by its cells in `training_rows` alone.
pub(super) fn fit_column(column: &Column, training_rows: &[u32]) -> ColumnEncoding {
    match column {
        Column::Numeric { name, values } => {
            let seen = training_rows.iter().map(|&row| values[row as usize]);
            let indicator = seen.clone().any(f32::is_nan);
            let Unit { centre, scale } = Unit::of(seen.filter(|value| !value.is_nan()).map(f64::from));
            ColumnEncoding::Numeric { name: name.clone(), fill: centre, shift: centre, scale, indicator }
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
