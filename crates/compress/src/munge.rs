//! MUNGE: new rows that look like the old ones (Bucila, Caruana & Niculescu-Mizil, KDD 2006, Algorithm 1).

mod cloud;

use lessen_data::{Table, random};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::cloud::{Cell, Cloud};

/// Where MUNGE looks for a row's nearest neighbour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Neighbours {
    /// Among the rows as they are at that moment, munged ones included: Algorithm 1 read to the letter. Each
    /// copy of the table costs rows x rows distances.
    #[default]
    Live,
    /// Among the rows as they were in the beginning, looked up once for all copies.
    Static,
}

impl Neighbours {
    /// Differences of cells that looking neighbours up takes, to make `rows` rows of `from` rows of so many columns.
    pub(crate) fn differences(self, from: usize, columns: usize, rows: usize) -> u128 {
        let searches = match self {
            Self::Live => rows.div_ceil(from.max(1)),
            Self::Static => 1,
        };
        searches as u128 * (from as u128).pow(2) * columns as u128
    }
}

/// Settings of MUNGE.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `rows` | | rows to make; whole copies of the table are munged, the last is cut | |
/// | `swap_probability` | 0.5 | `p`: chance that a cell is exchanged with the neighbour's; not stated in the paper | 0 to 1 |
/// | `spread` | 2 | `s`: the standard deviation is the difference over `s`; not stated in the paper | above 0 |
/// | `neighbours` | live | where the nearest neighbour is looked for | |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MungeSpec {
    /// Rows to make.
    pub rows: usize,
    /// `p` of Algorithm 1.
    pub swap_probability: f64,
    /// `s` of Algorithm 1, the local variance parameter.
    pub spread: f32,
    /// Where the nearest neighbour is looked for.
    pub neighbours: Neighbours,
}

impl Default for MungeSpec {
    fn default() -> Self {
        Self { rows: 0, swap_probability: 0.5, spread: 2.0, neighbours: Neighbours::Live }
    }
}

/// What MUNGE made.
pub struct Munged {
    /// Unlabelled rows, columns as in the table they come from.
    pub table: Table,
    /// How many of them are exact copies of a row that they were made from.
    pub copies: usize,
}

/// Makes `spec.rows` rows out of the rows of `table`. `done` hears the share of work done, from any thread.
///
/// Numeric columns are scaled to [0, 1] by their smallest and largest value; the distance is Euclidean on them,
/// and a nominal cell that differs adds 1 to its square (the paper does not say how the two are put together). A
/// missing cell is at distance 1 from one that is there and 0 from another missing one.
///
/// Where the paper is silent: both cells of a pair are drawn around the other's *old* value, with the old
/// difference over `s` as standard deviation; values are not clipped; each copy of the table is munged
/// from the original, with a random stream of its own, so that copies can be made side by side. A table of fewer
/// than two rows has no neighbours: its rows are copied.
pub fn munge(table: &Table, spec: &MungeSpec, seed: u64, done: &(dyn Fn(f64) + Sync)) -> Munged {
    let original = Cloud::new(table);
    let copies = if original.rows == 0 { 0 } else { spec.rows.div_ceil(original.rows) };
    let nearest = match spec.neighbours {
        Neighbours::Live => Vec::new(),
        Neighbours::Static => original.nearest_to_each(),
    };
    let finished = std::sync::atomic::AtomicUsize::new(0);
    let one_copy = |copy: usize| {
        let mut cloud = original.clone();
        let mut random = random::stream(seed, &format!("munge copy {copy}"));
        let mut distances = Vec::new();
        for row in 0..cloud.rows {
            let neighbour = match spec.neighbours {
                Neighbours::Live => cloud.nearest(row, &mut distances),
                Neighbours::Static => nearest[row],
            };
            if let Some(neighbour) = neighbour {
                exchange(&mut cloud, row, neighbour, spec, &mut random);
            }
        }
        let before = finished.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        done((before + 1) as f64 / copies as f64);
        cloud
    };
    let clouds: Vec<Cloud> = (0..copies).into_par_iter().map(one_copy).collect();
    let copied = count_copies(&original, &clouds, spec.rows);
    Munged { table: Cloud::table(table, &clouds, spec.rows), copies: copied }
}

/// Lines 5 to 12 of Algorithm 1, for one row and its neighbour.
fn exchange(cloud: &mut Cloud, row: usize, neighbour: usize, spec: &MungeSpec, random: &mut impl Rng) {
    for column in 0..cloud.columns() {
        if !random.random_bool(spec.swap_probability) {
            continue;
        }
        match (cloud.cell(column, row), cloud.cell(column, neighbour)) {
            (Cell::Number(mine), Cell::Number(theirs)) => {
                let deviation = (mine - theirs).abs() / spec.spread;
                let mut around = |mean: f32| -> f32 {
                    let normal: f32 = StandardNormal.sample(random);
                    mean + deviation * normal
                };
                let (new_mine, new_theirs) = (around(theirs), around(mine));
                cloud.set(column, row, Cell::Number(new_mine));
                cloud.set(column, neighbour, Cell::Number(new_theirs));
            }
            (mine, theirs) => {
                cloud.set(column, row, theirs);
                cloud.set(column, neighbour, mine);
            }
        }
    }
}

fn count_copies(original: &Cloud, clouds: &[Cloud], rows: usize) -> usize {
    let originals: std::collections::HashSet<Vec<u32>> =
        (0..original.rows).map(|row| original.row_bits(row)).collect();
    let made = clouds.iter().flat_map(|cloud| (0..cloud.rows).map(|row| cloud.row_bits(row)));
    made.take(rows).filter(|row| originals.contains(row)).count()
}

#[cfg(test)]
mod tests;
