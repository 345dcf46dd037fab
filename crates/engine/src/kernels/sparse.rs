//! Products of a layer of which few weights are left: zeros take neither room nor time.
//!
//! A row's entries follow each other. In the three products of a training step each entry is multiplied with registers of
//! lanes, as a dense product's are; what it costs is to load them anew for each entry.
#![allow(unsafe_code)]

mod back;
mod gradient;
mod product;

use pulp::{Arch, Simd};

use self::back::Back;
use self::gradient::Gradient;
use self::product::Product;
use super::dense::Finish;

/// Where the entries of a matrix are, row by row; their values are kept apart.
#[derive(Clone)]
pub(crate) struct Pattern {
    /// Where each row's entries begin, and the end of the last.
    starts: Vec<usize>,
    columns: Columns,
    width: usize,
}

/// The column of each entry, as narrow as the width allows: what is read is half of what is left then.
#[derive(Clone)]
enum Columns {
    Narrow(Vec<u16>),
    Wide(Vec<u32>),
}

/// A column's number.
trait Column: Copy + Send + Sync {
    fn place(self) -> usize;
}

impl Column for u16 {
    #[inline(always)]
    fn place(self) -> usize {
        usize::from(self)
    }
}

impl Column for u32 {
    #[inline(always)]
    fn place(self) -> usize {
        self as usize
    }
}

impl Pattern {
    /// The entries of a matrix of `rows` by `width` whose index, row by row, `has` wants.
    pub(crate) fn new(rows: usize, width: usize, has: impl Fn(usize) -> bool) -> Self {
        let mut starts = Vec::with_capacity(rows + 1);
        starts.push(0);
        let mut columns: Vec<u32> = Vec::new();
        for row in 0..rows {
            columns.extend((0..width).filter(|column| has(row * width + column)).map(|column| column as u32));
            starts.push(columns.len());
        }
        let columns = if width <= 1 << 16 {
            Columns::Narrow(columns.into_iter().map(|column| column as u16).collect())
        } else {
            Columns::Wide(columns)
        };
        Self { starts, columns, width }
    }

    /// How many entries there are.
    pub(crate) fn entries(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    pub(crate) fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// The entries of a row.
    pub(crate) fn row(&self, row: usize) -> std::ops::Range<usize> {
        self.starts[row]..self.starts[row + 1]
    }

    /// The indices of the entries in the whole matrix, in their order.
    pub(crate) fn indices(&self) -> impl Iterator<Item = usize> {
        let column = |entry: usize| match &self.columns {
            Columns::Narrow(columns) => columns[entry].place(),
            Columns::Wide(columns) => columns[entry].place(),
        };
        let row = move |row: usize| self.row(row).map(move |entry| (row, entry));
        (0..self.rows()).flat_map(row).map(move |(row, entry)| row * self.width + column(entry))
    }

    /// `y = W x`: hands `values[row] . inputs[..][lane]` to `finish`, a register of lanes at a time; `inputs` is
    /// `[width][lanes]`. What a lane gets depends on the number of lanes, its place and the instruction set only.
    ///
    /// # Panics
    /// Where a slice is too short: a bug of the caller.
    pub(crate) fn product<F: Finish>(&self, values: &[f32], inputs: &[f32], lanes: usize, finish: &mut F) {
        assert!(values.len() >= self.entries() && inputs.len() >= self.width * lanes);
        match &self.columns {
            Columns::Narrow(columns) => self.product_by(columns, values, inputs, lanes, finish),
            Columns::Wide(columns) => self.product_by(columns, values, inputs, lanes, finish),
        }
    }

    fn product_by<C: Column, F: Finish>(
        &self,
        columns: &[C],
        values: &[f32],
        inputs: &[f32],
        lanes: usize,
        finish: &mut F,
    ) {
        let entries = Entries { starts: &self.starts, columns, values };
        Arch::new().dispatch(Product { entries, inputs, lanes, finish });
    }

    /// `dW = dy x'` at the entries: `into[entry] = delta[row] . inputs[column]`; `delta` is `[rows][lanes]`, `inputs`
    /// `[width][lanes]`.
    ///
    /// # Panics
    /// Where a slice is too short: a bug of the caller.
    pub(crate) fn gradient(&self, delta: &[f32], inputs: &[f32], lanes: usize, into: &mut [f32]) {
        assert!(delta.len() >= self.rows() * lanes && inputs.len() >= self.width * lanes);
        let into = &mut into[..self.entries()];
        let starts = &self.starts;
        match &self.columns {
            Columns::Narrow(columns) => {
                Arch::new().dispatch(Gradient { starts, columns, delta, inputs, lanes, into });
            }
            Columns::Wide(columns) => {
                Arch::new().dispatch(Gradient { starts, columns, delta, inputs, lanes, into });
            }
        }
    }

    /// `dx = W' dy`: `into[column] = sum of values[row][column] delta[row]`; `delta` is `[rows][lanes]`, `into`
    /// `[width][lanes]`.
    ///
    /// # Panics
    /// Where a slice is too short: a bug of the caller.
    pub(crate) fn back(&self, values: &[f32], delta: &[f32], lanes: usize, into: &mut [f32]) {
        assert!(values.len() >= self.entries() && delta.len() >= self.rows() * lanes);
        let into = &mut into[..self.width * lanes];
        into.fill(0.0);
        match &self.columns {
            Columns::Narrow(columns) => {
                let entries = Entries { starts: &self.starts, columns, values };
                Arch::new().dispatch(Back { entries, delta, lanes, into });
            }
            Columns::Wide(columns) => {
                let entries = Entries { starts: &self.starts, columns, values };
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
            Columns::Narrow(columns) => scatter(&self.starts, columns, values, rows, into),
            Columns::Wide(columns) => scatter(&self.starts, columns, values, rows, into),
        }
    }
}

fn scatter<C: Column>(
    starts: &[usize],
    columns: &[C],
    values: &[f32],
    rows: impl Iterator<Item = (usize, f32)>,
    into: &mut [f32],
) {
    for (row, scale) in rows {
        let entries = starts[row]..starts[row + 1];
        for (column, value) in columns[entries.clone()].iter().zip(&values[entries]) {
            // SAFETY: columns are below the pattern's width, which `into` is long (`Pattern::scatter` looked).
            let into = unsafe { into.get_unchecked_mut(column.place()) };
            *into += scale * value;
        }
    }
}

/// A matrix' entries with their columns of one kind.
#[derive(Clone, Copy)]
struct Entries<'a, C> {
    starts: &'a [usize],
    columns: &'a [C],
    values: &'a [f32],
}

impl<'a, C: Column> Entries<'a, C> {
    /// Columns and values of each row.
    #[inline(always)]
    fn rows(self) -> impl Iterator<Item = (&'a [C], &'a [f32])> {
        let ends = self.starts.windows(2).map(|ends| ends[0]..ends[1]);
        ends.map(move |row| (&self.columns[row.clone()], &self.values[row]))
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
    let entries = Entries { starts, columns, values };
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
        pattern.gradient(&delta, &inputs, lanes, &mut gradient);
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
        let (Columns::Narrow(columns), starts) = (&pattern.columns, pattern.starts.as_slice()) else {
            return;
        };
        let entries = Entries { starts, columns, values };
        let scalar = pulp::Scalar::new();
        let mut found = vec![f32::NAN; outputs * lanes];
        Product { entries, inputs, lanes, finish: &mut Store { into: &mut found, stride: lanes } }
            .with_simd(scalar);
        assert_eq!(found, expected.product, "width {width}, {lanes} lanes, portable");
        let mut gradient = vec![f32::NAN; pattern.entries()];
        Gradient { starts, columns, delta, inputs, lanes, into: &mut gradient }.with_simd(scalar);
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
            pattern.gradient(&delta, &inputs, lanes, &mut found_gradient);
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
