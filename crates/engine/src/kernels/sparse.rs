//! Products of a layer of which few weights are left: zeros take neither room nor time.
//!
//! A row's entries follow each other. In the three products of a training step each entry is multiplied with registers of
//! lanes, as a dense product's are; what it costs is to load them anew for each entry.
#![allow(unsafe_code)]

mod back;
mod gradient;
mod product;
mod rows;

use pulp::{Arch, Simd};

use self::back::Back;
use self::product::Product;
pub(crate) use self::rows::Rows;
use self::rows::{Cells, Column, Columns, Entries};
use super::dense::Finish;
use super::share::{Share, by_rows};

/// Where the entries of a matrix are, row by row; their values are kept apart.
#[derive(Clone)]
pub(crate) struct Pattern {
    /// Where the entries of each row begin in each block of columns, and the end of the last.
    bounds: Vec<usize>,
    /// Blocks of columns.
    blocks: usize,
    columns: Columns,
    width: usize,
}

/// Columns of a block: what a strip of lanes has of them fits into the first cache, 32 KiB.
const BLOCK: usize = 128;

/// Entries of a row in a block below which they are not worth coming back to the row for.
const LEAST_IN_BLOCK: usize = 8;

/// Multiply-accumulates of a dense product that take as long as one here.
pub(crate) const SLOWNESS: usize = 2;

impl Pattern {
    /// The entries of a matrix of `rows` by `width` whose index, row by row, `has` wants.
    pub(crate) fn new(rows: usize, width: usize, has: impl Fn(usize) -> bool) -> Self {
        let mut columns: Vec<u32> = Vec::new();
        let mut starts = Vec::with_capacity(rows + 1);
        for row in 0..rows {
            starts.push(columns.len());
            columns.extend((0..width).filter(|column| has(row * width + column)).map(|column| column as u32));
        }
        starts.push(columns.len());
        let blocks = width.div_ceil(BLOCK).max(1);
        let blocks = if columns.len() < LEAST_IN_BLOCK * rows * blocks { 1 } else { blocks };
        let bounds = bounds(&starts, &columns, (blocks, width));
        Self { bounds, blocks, columns: Columns::new(columns, width), width }
    }

    /// How many entries there are.
    pub(crate) fn entries(&self) -> usize {
        self.rows().entries().end
    }

    /// All rows.
    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows { bounds: &self.bounds, blocks: self.blocks, columns: &self.columns, width: self.width }
    }

    /// The indices of the entries in the whole matrix, in their order.
    pub(crate) fn indices(&self) -> impl Iterator<Item = usize> {
        let row = move |row: usize| self.rows().row(row).map(move |entry| (row, entry));
        (0..self.rows().count()).flat_map(row).map(|(row, entry)| row * self.width + self.columns.at(entry))
    }

    /// [`Rows::product`] of all rows.
    ///
    /// # Panics
    /// Where a slice is too short: a bug of the caller.
    pub(crate) fn product<F: Finish>(&self, values: &[f32], inputs: &[f32], lanes: usize, finish: &mut F) {
        self.rows().product(values, inputs, lanes, finish);
    }

    /// [`Pattern::product`] on as many threads of the current pool as are free, by rows. The bits are those of one thread.
    ///
    /// # Panics
    /// Where a slice is too short: a bug of the caller.
    pub(crate) fn shared_product<F: Finish + Share>(
        &self,
        values: &[f32],
        inputs: &[f32],
        lanes: usize,
        finish: F,
    ) {
        by_rows(
            (self.rows(), finish),
            self.rows().count(),
            self.row_macs(lanes),
            &|(rows, mut finish), _| {
                rows.product(values, inputs, lanes, &mut finish);
            },
        );
    }

    /// What a row takes, in multiply-accumulates of a dense product.
    pub(crate) fn row_macs(&self, lanes: usize) -> usize {
        SLOWNESS * lanes * self.entries() / self.rows().count().max(1)
    }

    /// `dx = W' dy`: `into[column] = sum of values[row][column] delta[row]`; `delta` is `[rows][lanes]`, `into`
    /// `[width][lanes]`.
    ///
    /// # Panics
    /// Where a slice is too short: a bug of the caller.
    pub(crate) fn back(&self, values: &[f32], delta: &[f32], lanes: usize, into: &mut [f32]) {
        assert!(values.len() >= self.entries() && delta.len() >= self.rows().count() * lanes);
        let into = &mut into[..self.width * lanes];
        into.fill(0.0);
        match &self.columns {
            Columns::Narrow(columns) => {
                let entries = Entries { cells: self.rows().cells(columns), values };
                Arch::new().dispatch(Back { entries, delta, lanes, into });
            }
            Columns::Wide(columns) => {
                let entries = Entries { cells: self.rows().cells(columns), values };
                Arch::new().dispatch(Back { entries, delta, lanes, into });
            }
        }
    }

    /// `into[column] += scale * values[row][column]` for each `(row, scale)`.
    ///
    /// # Panics
    /// Where a slice is too short or there is no such row: a bug of the caller.
    pub(crate) fn scatter(&self, values: &[f32], rows: impl Iterator<Item = (usize, f32)>, into: &mut [f32]) {
        assert!(values.len() >= self.entries() && into.len() >= self.width);
        match &self.columns {
            Columns::Narrow(columns) => scatter(self.rows().cells(columns), values, rows, into),
            Columns::Wide(columns) => scatter(self.rows().cells(columns), values, rows, into),
        }
    }
}

/// Where each row's entries begin in each block of columns, and the end of the last; `starts` are those of the rows.
fn bounds(starts: &[usize], columns: &[u32], (blocks, width): (usize, usize)) -> Vec<usize> {
    let mut bounds = Vec::with_capacity((starts.len() - 1) * blocks + 1);
    for row in starts.windows(2) {
        let columns = &columns[row[0]..row[1]];
        let first_of =
            |block: usize| columns.partition_point(|&column| (column as usize) < block * width / blocks);
        bounds.extend((0..blocks).map(|block| row[0] + first_of(block)));
    }
    bounds.push(columns.len());
    bounds
}

fn scatter<C: Column>(
    cells: Cells<'_, C>,
    values: &[f32],
    rows: impl Iterator<Item = (usize, f32)>,
    into: &mut [f32],
) {
    for (row, scale) in rows {
        let entries = cells.row(row);
        for (column, value) in cells.columns[entries.clone()].iter().zip(&values[entries]) {
            // SAFETY: columns are below the pattern's width, which `into` is long (`Pattern::scatter` looked).
            let into = unsafe { into.get_unchecked_mut(column.place()) };
            *into += scale * value;
        }
    }
}

/// Work on some registers of lanes at once: their sums stay in registers, and an entry is looked up once for all of them.
trait Strip {
    /// Whether two registers at a time are worth a strip of their own.
    const PAIRS: bool;

    /// Does it for `R` registers of lanes from `start` on.
    fn strip<S: Simd, const R: usize>(&mut self, simd: S, start: usize);
}

/// Does `work` for all `lanes`, 64 at a time by AVX2 and by AVX-512.
#[inline(always)]
fn by_strips<S: Simd, W: Strip>(simd: S, lanes: usize, work: &mut W) {
    let wide = if S::F32_LANES == 16 { 4 } else { 8 };
    let mut start = 0;
    while start + wide * S::F32_LANES <= lanes {
        if wide == 4 {
            work.strip::<S, 4>(simd, start);
        } else {
            work.strip::<S, 8>(simd, start);
        }
        start += wide * S::F32_LANES;
    }
    while W::PAIRS && start + 2 * S::F32_LANES <= lanes {
        work.strip::<S, 2>(simd, start);
        start += 2 * S::F32_LANES;
    }
    while start + S::F32_LANES <= lanes {
        work.strip::<S, 1>(simd, start);
        start += S::F32_LANES;
    }
}

/// The register at `place` of `numbers`.
///
/// # Safety
/// `place + S::F32_LANES` is at most the length of `numbers`.
#[inline(always)]
unsafe fn register<S: Simd>(numbers: &[f32], place: usize) -> S::f32s {
    debug_assert!(place + S::F32_LANES <= numbers.len());
    // SAFETY: the caller's promise; registers of numbers may be read from anywhere.
    unsafe { numbers.as_ptr().add(place).cast::<S::f32s>().read_unaligned() }
}

/// [`Pattern::product`] by rows of entries that are kept elsewhere: row `r` has those from `starts[r]` to `starts[r + 1]`.
///
/// # Panics
/// Where a slice is too short, starts fall or a column is beyond the inputs: bugs of the caller.
pub(crate) fn product_of_entries<F: Finish>(
    starts: &[usize],
    columns: &[u32],
    values: &[f32],
    inputs: &[f32],
    lanes: usize,
    finish: &mut F,
) {
    let width = inputs.len() / lanes.max(1);
    assert!(
        columns.iter().fold(true, |good, &column| good & ((column as usize) < width)),
        "a column too far"
    );
    let entries = Entries { cells: Cells { bounds: starts, blocks: 1, columns }, values };
    Arch::new().dispatch(Product { entries, inputs, lanes, finish });
}

/// A matrix of which only the entries that are not zero are kept.
pub(crate) struct SparseMatrix {
    pattern: Pattern,
    values: Vec<f32>,
}

impl SparseMatrix {
    /// The entries of `values`, `[rows][width]` row-major, that are not zero.
    pub(crate) fn new(values: &[f32], width: usize) -> Self {
        let rows = values.len() / width.max(1);
        let pattern = Pattern::new(rows, width, |index| values[index] != 0.0);
        let values = pattern.indices().map(|index| values[index]).collect();
        Self { pattern, values }
    }

    /// [`Pattern::product`].
    pub(crate) fn product<F: Finish>(&self, inputs: &[f32], lanes: usize, finish: &mut F) {
        self.pattern.product(&self.values, inputs, lanes, finish);
    }
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::gradient::Gradient;
    use super::*;
    use crate::kernels::dense::Store;

    /// Whole numbers, so that sums are exact in any order; of the weights `left` in 11 are not zero.
    fn numbers(count: usize, seed: usize, left: usize) -> Vec<f32> {
        let number = |place: usize| ((place * place * 7 + place / 3 + seed) % 11) as f32 - 5.0;
        (0..count).map(|place| if (place * 5 + seed) % 11 < left { number(place) } else { 0.0 }).collect()
    }

    /// What the three products should give, by the plain loops.
    struct Expected {
        product: Vec<f32>,
        gradient: Vec<f32>,
        back: Vec<f32>,
    }

    fn by_plain_loops(
        (outputs, width, lanes): (usize, usize, usize),
        weights: &[f32],
        inputs: &[f32],
        delta: &[f32],
    ) -> Expected {
        let (mut product, mut back) = (vec![0.0; outputs * lanes], vec![0.0; width * lanes]);
        let mut gradient = Vec::new();
        for output in 0..outputs {
            for column in 0..width {
                let weight = weights[output * width + column];
                let mut sum = 0.0;
                for lane in 0..lanes {
                    product[output * lanes + lane] += weight * inputs[column * lanes + lane];
                    back[column * lanes + lane] += weight * delta[output * lanes + lane];
                    sum += delta[output * lanes + lane] * inputs[column * lanes + lane];
                }
                if weight != 0.0 {
                    gradient.push(sum);
                }
            }
        }
        Expected { product, gradient, back }
    }

    fn check(outputs: usize, width: usize, lanes: usize, left: usize) {
        let (weights, inputs) = (numbers(outputs * width, 1, left), numbers(width * lanes, 4, 11));
        let delta = numbers(outputs * lanes, 2, 11);
        let expected = by_plain_loops((outputs, width, lanes), &weights, &inputs, &delta);
        let matrix = SparseMatrix::new(&weights, width);
        let SparseMatrix { pattern, values } = &matrix;
        assert_eq!(pattern.indices().collect::<Vec<_>>().len(), pattern.entries());
        assert!(pattern.indices().zip(values).all(|(index, value)| weights[index] == *value));
        assert_eq!(pattern.entries(), weights.iter().filter(|&&weight| weight != 0.0).count());

        let mut found = vec![f32::NAN; outputs * lanes];
        matrix.product(&inputs, lanes, &mut Store { into: &mut found, stride: lanes });
        assert_eq!(found, expected.product, "width {width}, {lanes} lanes");
        let mut gradient = vec![f32::NAN; pattern.entries()];
        pattern.rows().gradient(&delta, &inputs, lanes, &mut gradient);
        assert_eq!(gradient, expected.gradient, "width {width}, {lanes} lanes");
        let mut back = vec![f32::NAN; width * lanes];
        pattern.back(values, &delta, lanes, &mut back);
        assert_eq!(back, expected.back, "width {width}, {lanes} lanes");

        check_portable(&matrix, (outputs, width, lanes), (&inputs, &delta), &expected);
    }

    fn check_portable(
        matrix: &SparseMatrix,
        (outputs, width, lanes): (usize, usize, usize),
        (inputs, delta): (&[f32], &[f32]),
        expected: &Expected,
    ) {
        let SparseMatrix { pattern, values } = matrix;
        let Columns::Narrow(columns) = &pattern.columns else { return };
        let cells = pattern.rows().cells(columns);
        let entries = Entries { cells, values };
        let scalar = pulp::Scalar::new();
        let mut found = vec![f32::NAN; outputs * lanes];
        Product { entries, inputs, lanes, finish: &mut Store { into: &mut found, stride: lanes } }
            .with_simd(scalar);
        assert_eq!(found, expected.product, "width {width}, {lanes} lanes, portable");
        let mut gradient = vec![f32::NAN; pattern.entries()];
        Gradient { cells, delta, inputs, lanes, into: &mut gradient }.with_simd(scalar);
        assert_eq!(gradient, expected.gradient, "width {width}, {lanes} lanes, portable");
        let mut back = vec![0.0; width * lanes];
        Back { entries, delta, lanes, into: &mut back }.with_simd(scalar);
        assert_eq!(back, expected.back, "width {width}, {lanes} lanes, portable");
    }

    #[test]
    fn every_width_agrees_with_the_plain_loops_on_this_processor_and_on_any() {
        for width in (1..60).step_by(if cfg!(miri) { 19 } else { 1 }) {
            for lanes in [16, 64, 112] {
                for &left in if cfg!(miri) { &[4][..] } else { &[0, 1, 4, 11] } {
                    check(3, width, lanes, left);
                }
            }
        }
    }

    #[test]
    fn rows_that_are_taken_by_blocks_of_columns_agree_with_the_plain_loops() {
        let (rows, widths) = if cfg!(miri) { (3, &[130][..]) } else { (70, &[129, 256, 784][..]) };
        for &width in widths {
            let pattern = Pattern::new(rows, width, |index| index % 11 < 4);
            assert_eq!(pattern.blocks, width.div_ceil(BLOCK));
            for lanes in [16, 64, 112] {
                check(rows, width, lanes, 4);
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "slow there")]
    fn columns_are_as_wide_as_they_must_be() {
        for (width, narrow) in [(1 << 16, true), ((1 << 16) + 1, false)] {
            let mut values = vec![0.0; width];
            values[width - 1] = 2.0;
            let matrix = SparseMatrix::new(&values, width);
            assert_eq!(matches!(matrix.pattern.columns, Columns::Narrow(_)), narrow);
            let mut found = [0.0; 16];
            let mut inputs = vec![0.0; width * 16];
            inputs[(width - 1) * 16..].fill(3.0);
            matrix.product(&inputs, 16, &mut Store { into: &mut found, stride: 16 });
            assert_eq!(found, [6.0; 16]);
        }
    }

    const LARGEST_BATCH: usize = if cfg!(miri) { 34 } else { 258 };

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 48 }))]
        #[test]
        fn any_mask_agrees_with_double_precision(
            rows in 1usize..20, width in 1usize..70, batch in 1..LARGEST_BATCH, density in 0.0f64..1.0, seed: u64,
        ) {
            let lanes = lessen_data::padded(batch);
            let mut random = lessen_data::random::stream(seed, "test mask");
            let mut draw = |count: usize| -> Vec<f32> {
                (0..count).map(|_| rand::RngExt::random_range(&mut random, -1.0f32..1.0)).collect()
            };
            let (weights, inputs, delta) = (draw(rows * width), draw(width * lanes), draw(rows * lanes));
            let has: Vec<bool> =
                draw(rows * width).iter().map(|drawn| f64::from(*drawn).abs() < density * density).collect();
            let pattern = Pattern::new(rows, width, |index| has[index]);
            let indices: Vec<usize> = pattern.indices().collect();
            let values: Vec<f32> = indices.iter().map(|&index| weights[index]).collect();
            let (mut product, mut back) = (vec![0f64; rows * lanes], vec![0f64; width * lanes]);
            let mut gradient = Vec::new();
            for &index in &indices {
                let (row, column) = (index / width, index % width);
                let mut sum = 0.0;
                for lane in 0..lanes {
                    let (x, dy) = (f64::from(inputs[column * lanes + lane]), f64::from(delta[row * lanes + lane]));
                    product[row * lanes + lane] += f64::from(weights[index]) * x;
                    back[column * lanes + lane] += f64::from(weights[index]) * dy;
                    sum += x * dy;
                }
                gradient.push(sum);
            }
            let mut found = vec![f32::NAN; rows * lanes];
            pattern.product(&values, &inputs, lanes, &mut Store { into: &mut found, stride: lanes });
            let mut found_gradient = vec![f32::NAN; values.len()];
            pattern.rows().gradient(&delta, &inputs, lanes, &mut found_gradient);
            let mut found_back = vec![f32::NAN; width * lanes];
            pattern.back(&values, &delta, lanes, &mut found_back);
            for (found, expected) in [(found, product), (found_gradient, gradient), (found_back, back)] {
                for (found, expected) in found.iter().zip(expected) {
                    proptest::prop_assert!((f64::from(*found) - expected).abs() < 1e-4, "{} {}", found, expected);
                }
            }
        }
    }
}
