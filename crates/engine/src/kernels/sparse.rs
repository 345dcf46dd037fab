//! Products of a layer of which few weights are left: zeros take neither room nor time.

use pulp::{Arch, Simd, WithSimd};

/// A matrix of which only the entries that are not zero are kept, row by row.
pub(crate) struct SparseMatrix {
    /// Where each row's entries begin, and the end of the last.
    starts: Vec<usize>,
    columns: Columns,
    values: Vec<f32>,
    width: usize,
}

/// The column of each entry, as narrow as the width allows: what is read is half of what is left then.
enum Columns {
    Narrow(Vec<u16>),
    Wide(Vec<u32>),
}

/// A column's number.
trait Column: Copy {
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

impl SparseMatrix {
    /// The entries of `values`, `[rows][width]` row-major, that are not zero.
    pub(crate) fn new(values: &[f32], width: usize) -> Self {
        let mut starts = vec![0];
        let mut columns = vec![];
        let mut kept = vec![];
        for row in values.chunks_exact(width.max(1)) {
            for (column, &value) in (0u32..).zip(row).filter(|(_, value)| **value != 0.0) {
                columns.push(column);
                kept.push(value);
            }
            starts.push(kept.len());
        }
        let columns = if width <= 1 << 16 {
            Columns::Narrow(columns.into_iter().map(|column| column as u16).collect())
        } else {
            Columns::Wide(columns)
        };
        Self { starts, columns, values: kept, width }
    }

    /// Entries that are kept.
    pub(crate) fn entries(&self) -> usize {
        self.values.len()
    }

    fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// `into[row][lane] = matrix[row] . inputs[..][lane]`: `inputs` is `[width][lanes]`, `into` `[rows][lanes]`. What a lane
    /// gets depends on the number of lanes, its place and the instruction set only.
    pub(crate) fn product(&self, inputs: &[f32], lanes: usize, into: &mut [f32]) {
        assert!(inputs.len() == self.width * lanes && into.len() == self.rows() * lanes);
        match &self.columns {
            Columns::Narrow(columns) => {
                Arch::new().dispatch(Product { entries: self.entries_by(columns), inputs, lanes, into });
            }
            Columns::Wide(columns) => {
                Arch::new().dispatch(Product { entries: self.entries_by(columns), inputs, lanes, into });
            }
        }
    }

    /// `into[input][row] = matrix[row] . inputs[input]`; both row-major, without lanes.
    pub(crate) fn walk(&self, inputs: &[f32], into: &mut [f32]) {
        let rows = self.rows();
        for (inputs, into) in inputs.chunks_exact(self.width.max(1)).zip(into.chunks_exact_mut(rows)) {
            match &self.columns {
                Columns::Narrow(columns) => {
                    Arch::new().dispatch(Walk { entries: self.entries_by(columns), inputs, into });
                }
                Columns::Wide(columns) => {
                    Arch::new().dispatch(Walk { entries: self.entries_by(columns), inputs, into });
                }
            }
        }
    }

    fn entries_by<'a, C: Column>(&'a self, columns: &'a [C]) -> Entries<'a, C> {
        Entries { starts: &self.starts, columns, values: &self.values }
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

struct Product<'a, C> {
    entries: Entries<'a, C>,
    inputs: &'a [f32],
    lanes: usize,
    into: &'a mut [f32],
}

/// Registers of lanes that an entry is multiplied with at once where there are as many: their sums stay in registers, and
/// an entry is looked up once for all of them.
const ABREAST: usize = 4;

/// Sums that take turns where one register is left, so that no addition has to wait for the one before it.
const TURNS: usize = 4;

impl<C: Column> WithSimd for Product<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { entries, inputs, lanes, into } = self;
        let mut start = 0;
        while start + ABREAST * S::F32_LANES <= lanes {
            strip::<S, C, ABREAST, 1>(simd, entries, &inputs[start..], lanes, &mut into[start..]);
            start += ABREAST * S::F32_LANES;
        }
        while start + S::F32_LANES <= lanes {
            strip::<S, C, 1, TURNS>(simd, entries, &inputs[start..], lanes, &mut into[start..]);
            start += S::F32_LANES;
        }
    }
}

/// The first `R` registers of lanes of every row, with `T` sums taking turns.
#[inline(always)]
fn strip<S: Simd, C: Column, const R: usize, const T: usize>(
    simd: S,
    entries: Entries<'_, C>,
    inputs: &[f32],
    lanes: usize,
    into: &mut [f32],
) {
    let length = R * S::F32_LANES;
    for (row, (columns, values)) in entries.rows().enumerate() {
        let mut sums = [[simd.splat_f32s(0.0); R]; T];
        let add = |sums: &mut [S::f32s; R], column: C, value: f32| {
            let (inputs, _) = S::as_simd_f32s(&inputs[column.place() * lanes..][..length]);
            let value = simd.splat_f32s(value);
            for register in 0..R {
                sums[register] = simd.mul_add_e_f32s(value, inputs[register], sums[register]);
            }
        };
        let turns = columns.chunks_exact(T).zip(values.chunks_exact(T));
        for (columns, values) in turns {
            for turn in 0..T {
                add(&mut sums[turn], columns[turn], values[turn]);
            }
        }
        let rest = columns.len() - columns.len() % T;
        for (&column, &value) in columns[rest..].iter().zip(&values[rest..]) {
            add(&mut sums[0], column, value);
        }
        let (into, _) = S::as_mut_simd_f32s(&mut into[row * lanes..][..length]);
        for register in 0..R {
            into[register] =
                (1..T).fold(sums[0][register], |sum, turn| simd.add_f32s(sum, sums[turn][register]));
        }
    }
}

struct Walk<'a, C> {
    entries: Entries<'a, C>,
    inputs: &'a [f32],
    into: &'a mut [f32],
}

impl<C: Column> WithSimd for Walk<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let inputs = self.inputs;
        for ((columns, values), into) in self.entries.rows().zip(self.into) {
            let mut sums = [0.0; 2 * TURNS];
            let turns = columns.chunks_exact(2 * TURNS).zip(values.chunks_exact(2 * TURNS));
            for (columns, values) in turns {
                for turn in 0..2 * TURNS {
                    sums[turn] += values[turn] * inputs[columns[turn].place()];
                }
            }
            let rest = columns.len() - columns.len() % (2 * TURNS);
            for ((&column, &value), sum) in columns[rest..].iter().zip(&values[rest..]).zip(&mut sums) {
                *sum += value * inputs[column.place()];
            }
            *into = sums.iter().sum();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole numbers, so that sums are exact in any order; of the weights `left` in 11 are not zero.
    fn numbers(count: usize, seed: usize, left: usize) -> Vec<f32> {
        let number = |place: usize| ((place * place * 7 + place / 3 + seed) % 11) as f32 - 5.0;
        (0..count).map(|place| if (place * 5 + seed) % 11 < left { number(place) } else { 0.0 }).collect()
    }

    fn check(outputs: usize, width: usize, lanes: usize, left: usize) {
        let (weights, inputs) = (numbers(outputs * width, 1, left), numbers(width * lanes, 4, 11));
        let mut expected = vec![];
        for output in 0..outputs {
            for lane in 0..lanes {
                let products = (0..width).map(|k| weights[output * width + k] * inputs[k * lanes + lane]);
                expected.push(products.sum::<f32>());
            }
        }
        let matrix = SparseMatrix::new(&weights, width);
        assert_eq!(matrix.entries(), weights.iter().filter(|&&weight| weight != 0.0).count());
        let mut found = vec![f32::NAN; outputs * lanes];
        matrix.product(&inputs, lanes, &mut found);
        assert_eq!(found, expected, "width {width}, {lanes} lanes");
        let row_major = |values: &[f32], columns: usize| -> Vec<f32> {
            (0..lanes)
                .flat_map(|lane| values.iter().skip(lane).step_by(lanes).take(columns).copied())
                .collect()
        };
        let (inputs_by_row, expected_by_row) = (row_major(&inputs, width), row_major(&expected, outputs));
        found.fill(f32::NAN);
        matrix.walk(&inputs_by_row, &mut found);
        assert_eq!(found, expected_by_row, "width {width}, {lanes} rows");

        let Columns::Narrow(columns) = &matrix.columns else { return };
        let entries = matrix.entries_by(columns);
        found.fill(f32::NAN);
        Product { entries, inputs: &inputs, lanes, into: &mut found }.with_simd(pulp::Scalar::new());
        assert_eq!(found, expected, "width {width}, {lanes} lanes, portable");
        Walk { entries, inputs: &inputs_by_row[..width], into: &mut found[..outputs] }
            .with_simd(pulp::Scalar::new());
        assert_eq!(found[..outputs], expected_by_row[..outputs], "width {width}, portable");
    }

    #[test]
    fn every_width_agrees_with_the_plain_loops_on_this_processor_and_on_any() {
        for width in 1..60 {
            for lanes in [16, 64, 112] {
                for left in [0, 1, 4, 11] {
                    check(3, width, lanes, left);
                }
            }
        }
    }

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        for (width, narrow) in [(1 << 16, true), ((1 << 16) + 1, false)] {
            let mut values = vec![0.0; width];
            values[width - 1] = 2.0;
            let matrix = SparseMatrix::new(&values, width);
            assert_eq!(matches!(matrix.columns, Columns::Narrow(_)), narrow);
            let mut found = [0.0; 16];
            let mut inputs = vec![0.0; width * 16];
            inputs[(width - 1) * 16..].fill(3.0);
            matrix.product(&inputs, 16, &mut found);
            assert_eq!(found, [6.0; 16]);
            matrix.walk(&inputs[15 * width..], &mut found[..1]);
            assert_eq!(found[0], 6.0);
        }
    }
}
