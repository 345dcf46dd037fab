//! The nearest of many points, by blocks of products.

use lessen_data::Encoded;
use lessen_engine::{Matrix, MatrixMut, product};
use lessen_units::Operations;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Neighbours that a search finds a row: members with any number up to this share one search.
pub(crate) const K_MAX: usize = 32;

/// Points kept a row while distances are only as exact as `|y|^2 - 2xy`. Those are then measured anew as the sum
/// of `(x - y)^2`: without its cancellation a row is at distance 0 from itself, and equal rows are equally far.
const CANDIDATES: usize = K_MAX + 8;

/// Rows looked up at a time: their products with [`BLOCK`] points stay in the cache.
const QUERIES: usize = 128;

/// Points in a block.
const BLOCK: usize = 1024;

/// Scores that are compared together before any is looked at alone.
const GROUP: usize = 16;

/// Training rows to be searched.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Points {
    width: usize,
    #[serde(skip)]
    rows: usize,
    /// `[rows][width]`.
    values: Vec<f32>,
    #[serde(skip)]
    squared_norms: Vec<f32>,
    #[serde(skip)]
    fingerprint: u64,
}

/// A row's neighbour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Neighbour {
    pub(super) distance: f32,
    /// Which point.
    pub(super) point: u32,
}

/// The neighbours of some rows.
pub(super) struct Nearest {
    /// `[rows][K_MAX]`, the nearest first; places that stay empty, for want of points, have an infinite distance.
    places: Vec<Neighbour>,
}

const NOBODY: Neighbour = Neighbour { distance: f32::INFINITY, point: u32::MAX };

impl Nearest {
    /// Each row's neighbours, at most `k` of them, the nearest first.
    pub(super) fn of_each(&self, k: usize) -> impl Iterator<Item = &[Neighbour]> {
        self.places.chunks_exact(K_MAX).map(move |places| {
            let found = places.iter().take(k).take_while(|place| place.distance.is_finite()).count();
            &places[..found]
        })
    }
}

impl Points {
    /// The rows of `encoded`.
    pub(crate) fn of(encoded: &Encoded) -> Self {
        Self::new(encoded.width, encoded.rows, encoded.row_major())
    }

    /// What a file holds; `None` where `values` are not `rows` times `width`, or are more rows than are numbered.
    pub(super) fn from_file(width: usize, rows: usize, values: Vec<f32>) -> Option<Self> {
        let fits = width.checked_mul(rows) == Some(values.len()) && u32::try_from(rows).is_ok();
        fits.then(|| Self::new(width, rows, values))
    }

    fn new(width: usize, rows: usize, values: Vec<f32>) -> Self {
        let squared_norms = (0..rows)
            .map(|row| values[row * width..][..width].iter().map(|value| value * value).sum())
            .collect();
        let mut hash = Sha256::new();
        hash.update((width as u64).to_le_bytes());
        for value in &values {
            hash.update(value.to_le_bytes());
        }
        let digest = hash.finalize();
        let fingerprint = digest.iter().take(8).fold(0, |number, &byte| number << 8 | u64::from(byte));
        Self { width, rows, values, squared_norms, fingerprint }
    }

    /// Features of a row.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Number of points.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The points, `[rows][width]`.
    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    /// Names exactly these points.
    pub(super) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// What searching for one row takes: a product, an add and a comparison a point, and the distances of the
    /// candidates measured anew.
    pub(super) fn operations(&self) -> Operations {
        let (rows, width) = (self.rows as u64, self.width as u64);
        let candidates = rows.min(CANDIDATES as u64);
        Operations { macs: (rows + candidates) * width, adds: rows, comparisons: rows }
    }

    /// The points nearest to each of `encoded`'s rows; of points equally far, those with the smaller number.
    pub(super) fn nearest(&self, encoded: &Encoded) -> Nearest {
        self.search(&encoded.row_major(), encoded.rows, None)
    }

    /// The points nearest to each of `these` points, itself left out.
    pub(super) fn nearest_others(&self, these: &[u32]) -> Nearest {
        let queries: Vec<f32> = these.iter().flat_map(|&point| self.point(point)).copied().collect();
        self.search(&queries, these.len(), Some(these))
    }

    fn point(&self, point: u32) -> &[f32] {
        &self.values[point as usize * self.width..][..self.width]
    }

    /// `queries` is `[count][width]`; `own` names the point that a query is and that does not count.
    fn search(&self, queries: &[f32], count: usize, own: Option<&[u32]>) -> Nearest {
        let mut places = vec![NOBODY; count * K_MAX];
        places.chunks_mut(QUERIES * K_MAX).enumerate().for_each(|(chunk, places)| {
            let first = chunk * QUERIES;
            let count = places.len() / K_MAX;
            let queries = &queries[first * self.width..][..count * self.width];
            let candidates = self.candidates(queries, count);
            for (query, (candidates, places)) in
                candidates.iter().zip(places.chunks_exact_mut(K_MAX)).enumerate()
            {
                let own = own.map(|own| own[first + query]);
                self.measure(&queries[query * self.width..][..self.width], candidates, own, places);
            }
        });
        Nearest { places }
    }

    /// For each query the points of the least `|y|^2 - 2xy`.
    fn candidates(&self, queries: &[f32], count: usize) -> Vec<Candidates> {
        let mut candidates = vec![Candidates::default(); count];
        let mut products = vec![0.0; count * BLOCK.min(self.rows)];
        for first in (0..self.rows).step_by(BLOCK) {
            let points = BLOCK.min(self.rows - first);
            let block = &self.values[first * self.width..][..points * self.width];
            let products = &mut products[..count * points];
            product(
                Matrix::row_major(queries, count, self.width),
                Matrix::row_major(block, points, self.width).transposed(),
                MatrixMut { values: products, shape: (count, points) },
            );
            let squared_norms = &self.squared_norms[first..][..points];
            for (candidates, products) in candidates.iter_mut().zip(products.chunks_exact(points)) {
                candidates.scan(products, squared_norms, first as u32);
            }
        }
        candidates
    }

    fn measure(&self, query: &[f32], candidates: &Candidates, own: Option<u32>, into: &mut [Neighbour]) {
        let others = candidates.list.iter().filter(|(_, point)| Some(*point) != own);
        let neighbour =
            |&(_, point): &(f32, u32)| Neighbour { distance: distance(query, self.point(point)), point };
        let mut measured: Vec<Neighbour> =
            others.map(neighbour).filter(|neighbour| neighbour.distance.is_finite()).collect();
        measured.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.point.cmp(&b.point)));
        for (place, neighbour) in into.iter_mut().zip(measured) {
            *place = neighbour;
        }
    }
}

/// Partial sums of a distance: one after the other they would wait for each other.
const SUMS: usize = 8;

fn distance(x: &[f32], y: &[f32]) -> f32 {
    let mut sums = [0.0f32; SUMS];
    for (x, y) in x.chunks(SUMS).zip(y.chunks(SUMS)) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
            *sum += (x - y) * (x - y);
        }
    }
    sums.iter().sum::<f32>().sqrt()
}

/// The points of the least scores so far, at most [`CANDIDATES`], the least first.
#[derive(Clone, Default)]
struct Candidates {
    list: Vec<(f32, u32)>,
}

impl Candidates {
    /// Takes in a block of points, the first of which has the number `first`. Scores that are no number are never
    /// taken, and of equal ones those that came first.
    fn scan(&mut self, products: &[f32], squared_norms: &[f32], first: u32) {
        let mut worst = self.worst();
        let groups = products.chunks(GROUP).zip(squared_norms.chunks(GROUP));
        for (first, (products, squared_norms)) in (first..).step_by(GROUP).zip(groups) {
            let mut scores = [f32::INFINITY; GROUP];
            let mut is_any_less = false;
            for (score, (product, squared_norm)) in scores.iter_mut().zip(products.iter().zip(squared_norms))
            {
                *score = squared_norm - 2.0 * product;
                is_any_less |= *score < worst;
            }
            if !is_any_less {
                continue;
            }
            for (point, score) in (first..).zip(scores) {
                if score < worst {
                    self.take(score, point);
                    worst = self.worst();
                }
            }
        }
    }

    fn worst(&self) -> f32 {
        self.list.get(CANDIDATES - 1).map_or(f32::INFINITY, |(score, _)| *score)
    }

    fn take(&mut self, score: f32, point: u32) {
        self.list.truncate(CANDIDATES - 1);
        let place = self.list.partition_point(|(before, _)| *before <= score);
        self.list.insert(place, (score, point));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::RngExt;

    use super::*;
    use crate::testing::{encoded, line};

    fn draw(rows: usize, width: usize, seed: u64, mut cell: impl FnMut(u32) -> f32) -> Vec<Vec<f32>> {
        let mut random = lessen_data::random::stream(seed, "test points");
        (0..rows).map(|_| (0..width).map(|_| cell(random.random())).collect()).collect()
    }

    /// All points by distance, then by number.
    fn brute_force(points: &[Vec<f32>], query: &[f32], own: Option<u32>) -> Vec<u32> {
        let distance = |point: &Vec<f32>| -> f64 {
            point.iter().zip(query).map(|(x, y)| f64::from(x - y).powi(2)).sum()
        };
        let mut order: Vec<u32> = (0..points.len() as u32).filter(|&point| Some(point) != own).collect();
        order.sort_by(|&a, &b| {
            distance(&points[a as usize]).total_cmp(&distance(&points[b as usize])).then(a.cmp(&b))
        });
        order.truncate(K_MAX);
        order
    }

    fn numbers(nearest: &Nearest, k: usize) -> Vec<Vec<u32>> {
        nearest.of_each(k).map(|places| places.iter().map(|place| place.point).collect()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn it_finds_what_brute_force_finds_ties_and_all(
            rows in prop_oneof![0usize..50, 1000usize..2300], count in 0usize..150, width in 0usize..4, seed: u64,
        ) {
            // Small whole numbers: many points are equal or equally far, and every product is exact.
            let points = draw(rows, width, seed, |bits| (bits % 5) as f32);
            let queries = draw(count, width, seed ^ 1, |bits| (bits % 5) as f32);
            let searched = Points::of(&encoded(width, &points));
            let found = numbers(&searched.nearest(&encoded(width, &queries)), K_MAX);
            let expected: Vec<_> = queries.iter().map(|query| brute_force(&points, query, None)).collect();
            prop_assert_eq!(found, expected);
            let these: Vec<u32> = (0..rows as u32).step_by(97).collect();
            let found = numbers(&searched.nearest_others(&these), K_MAX);
            let expected: Vec<_> =
                these.iter().map(|&own| brute_force(&points, &points[own as usize], Some(own))).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn points_off_the_grid_are_found_on_any_number_of_threads() {
        let real = |bits: u32| 100.0 + bits as f32 / u32::MAX as f32;
        let (points, queries) = (draw(1500, 9, 1, real), draw(300, 9, 2, real));
        let searched = Points::of(&encoded(9, &points));
        let on_threads = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| searched.nearest(&encoded(9, &queries)))
        };
        let (one, three) = (on_threads(1), on_threads(3));
        assert_eq!(one.places, three.places);
        for (query, found) in queries.iter().zip(numbers(&one, 3)) {
            assert_eq!(found, brute_force(&points, query, None)[..3]);
        }
        let themselves = searched.nearest(&encoded(9, &points));
        for (row, places) in themselves.of_each(1).enumerate() {
            assert_eq!(places, [Neighbour { distance: 0.0, point: row as u32 }]);
        }
    }

    #[test]
    fn what_is_at_no_finite_distance_is_no_neighbour() {
        let points = Points::of(&line(&[1.0, f32::NAN, 3.0, f32::INFINITY, 3e38]));
        let nearest = points.nearest(&line(&[2.0, f32::NAN, f32::INFINITY]));
        assert_eq!(numbers(&nearest, 9), [vec![0, 2], vec![], vec![]]);
    }

    #[test]
    fn a_search_is_counted() {
        let points = Points::of(&encoded(3, &vec![vec![0.0; 3]; 100]));
        let counted = points.operations();
        assert_eq!(counted, Operations { macs: 3 * 140, adds: 100, comparisons: 100 });
    }

    #[test]
    fn names_differ_where_points_do() {
        let name = |values: &[f32]| Points::of(&line(values)).fingerprint();
        assert_eq!(name(&[1.0, 2.0]), name(&[1.0, 2.0]));
        assert_ne!(name(&[1.0, 2.0]), name(&[2.0, 1.0]));
        assert_ne!(name(&[1.0, 2.0]), Points::of(&encoded(2, &[vec![1.0, 2.0]])).fingerprint());
    }
}
