//! Dense products of matrices of any strides.

use pulp::Simd;

use super::aligned::Aligned;
use super::dense::{self, COLUMNS, Extents, Finish, Left, Right, Store};

/// A matrix to read: entry `(row, column)` at `row * row_stride + column * column_stride`.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    /// The entries.
    pub values: &'a [f32],
    /// Rows and columns.
    pub shape: (usize, usize),
    /// Steps from one row, and from one column, to the next.
    pub strides: (usize, usize),
}

impl<'a> Matrix<'a> {
    /// A row-major matrix whose rows follow each other.
    pub fn row_major(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self { values, shape: (rows, columns), strides: (columns, 1) }
    }

    /// The same entries with rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self {
            values: self.values,
            shape: (self.shape.1, self.shape.0),
            strides: (self.strides.1, self.strides.0),
        }
    }
}

/// A row-major matrix to write, rows following each other.
pub struct MatrixMut<'a> {
    /// The entries, exactly rows times columns.
    pub values: &'a mut [f32],
    /// Rows and columns.
    pub shape: (usize, usize),
}

/// `into = left x right`, on this thread alone. Each entry is one chain of fused multiply-adds over the inner index: the same
/// bits whatever the shapes around it.
///
/// # Panics
/// Where shapes do not fit together or slices do not hold their matrices: both are bugs of the caller.
pub fn product(left: Matrix<'_>, right: Matrix<'_>, into: MatrixMut<'_>) {
    let ((rows, inner), (right_rows, columns)) = (left.shape, right.shape);
    assert!(inner == right_rows && into.shape == (rows, columns), "matrices that do not fit together");
    assert!(
        holds(&left) && holds(&right) && into.values.len() == rows * columns,
        "a slice too short for its matrix"
    );
    let left = Left { values: left.values, row_stride: left.strides.0, inner_stride: left.strides.1 };
    let stride = columns;
    if right.strides.1 == 1 && columns.is_multiple_of(COLUMNS) {
        let right = Right { values: right.values, stride: right.strides.0 };
        let extents = Extents { rows, inner, columns };
        return dense::product(left, right, extents, &mut Store { into: into.values, stride });
    }
    // Columns that do not follow each other, or do not fill registers, are copied so that they do: a panel at a time.
    let mut panel = Aligned::zeros(inner * PANEL);
    for first in (0..columns).step_by(PANEL) {
        let there = (columns - first).min(PANEL);
        for (row, numbers) in panel.chunks_exact_mut(PANEL).enumerate() {
            let at = row * right.strides.0 + first * right.strides.1;
            let entries = right.values[at..].iter().step_by(right.strides.1.max(1));
            numbers.iter_mut().zip(entries).take(there).for_each(|(number, entry)| *number = *entry);
        }
        let right = Right { values: &panel, stride: PANEL };
        let extents = Extents { rows, inner, columns: there.next_multiple_of(COLUMNS) };
        let mut part = StorePart { into: &mut into.values[first..], stride, there };
        dense::product(left, right, extents, &mut part);
    }
}

/// Columns that are copied at a time.
const PANEL: usize = 4 * COLUMNS;

/// Writes down the first `there` columns.
struct StorePart<'a> {
    into: &'a mut [f32],
    stride: usize,
    there: usize,
}

impl Finish for StorePart<'_> {
    #[inline(always)]
    fn finish<S: Simd>(&mut self, simd: S, row: usize, column: usize, sums: S::f32s) {
        let count = self.there.saturating_sub(column).min(S::F32_LANES);
        if count == 0 {
            return;
        }
        let at = row * self.stride + column;
        simd.partial_store_f32s(&mut self.into[at..at + count], sums);
    }
}

/// Whether the slice reaches to the matrix' last entry.
fn holds(matrix: &Matrix<'_>) -> bool {
    let ((rows, columns), (row_stride, column_stride)) = (matrix.shape, matrix.strides);
    if rows == 0 || columns == 0 {
        return true;
    }
    let last_row = (rows - 1).checked_mul(row_stride);
    let last_column = (columns - 1).checked_mul(column_stride);
    let last = last_row.and_then(|row| row.checked_add(last_column?));
    last.is_some_and(|last| last < matrix.values.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reference(left: Matrix<'_>, right: Matrix<'_>) -> Vec<f64> {
        let entry = |matrix: &Matrix<'_>, row: usize, column: usize| {
            f64::from(matrix.values[row * matrix.strides.0 + column * matrix.strides.1])
        };
        let mut into = Vec::new();
        for row in 0..left.shape.0 {
            for column in 0..right.shape.1 {
                into.push((0..left.shape.1).map(|k| entry(&left, row, k) * entry(&right, k, column)).sum());
            }
        }
        into
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 256 }))]
        #[test]
        fn a_product_agrees_with_the_plain_loops(
            rows in 1usize..40, inner in 1usize..40, columns in 1usize..40,
            left_transposed: bool, right_transposed: bool, seed: u64,
        ) {
            let mut random = lessen_data::random::stream(seed, "test product");
            let mut draw = |count| -> Vec<f32> {
                (0..count).map(|_| rand::RngExt::random_range(&mut random, -1.0..1.0)).collect()
            };
            let (left, right) = (draw(rows * inner), draw(inner * columns));
            let turned = |values, rows, columns, turn: bool| {
                if turn {
                    Matrix::row_major(values, columns, rows).transposed()
                } else {
                    Matrix::row_major(values, rows, columns)
                }
            };
            let left = turned(&left, rows, inner, left_transposed);
            let right = turned(&right, inner, columns, right_transposed);
            let mut into = vec![f32::NAN; rows * columns];
            product(left, right, MatrixMut { values: &mut into, shape: (rows, columns) });
            for (found, expected) in into.iter().zip(reference(left, right)) {
                prop_assert!((f64::from(*found) - expected).abs() < 1e-5, "{} {}", found, expected);
            }
        }
    }

    #[test]
    fn an_empty_inner_side_gives_zeros() {
        let mut into = [f32::NAN; 4];
        product(
            Matrix::row_major(&[], 2, 0),
            Matrix::row_major(&[], 0, 2),
            MatrixMut { values: &mut into, shape: (2, 2) },
        );
        assert_eq!(into, [0.0; 4]);
        let mut into = [f32::NAN; 64];
        product(
            Matrix::row_major(&[], 2, 0),
            Matrix::row_major(&[], 0, 32),
            MatrixMut { values: &mut into, shape: (2, 32) },
        );
        assert_eq!(into, [0.0; 64]);
    }

    #[test]
    #[should_panic(expected = "too short")]
    fn a_slice_too_short_is_refused() {
        let mut into = [0.0; 4];
        product(
            Matrix::row_major(&[1.0; 3], 2, 2),
            Matrix::row_major(&[1.0; 4], 2, 2),
            MatrixMut { values: &mut into, shape: (2, 2) },
        );
    }
}
