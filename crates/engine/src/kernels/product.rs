//! Dense matrix products, through the `gemm` crate.
#![allow(unsafe_code)]

use gemm::Parallelism;

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

/// `into = left x right`, on this thread alone. The order of adding up depends on shapes, the instruction set and (as
/// `gemm` cuts long sums into blocks that fit) the sizes of the processor's caches, on nothing else.
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
    let stride = |stride: usize| stride as isize;
    // SAFETY: every index that the product reads or writes is below its slice's length: `holds` checked the last
    // entry of `left` and `right` (strides are not negative, so it has the largest index), and `into` is exactly
    // rows x columns with strides (columns, 1). `into` is borrowed mutably, so it overlaps neither input.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            inner,
            into.values.as_mut_ptr(),
            1,
            stride(columns),
            false,
            left.values.as_ptr(),
            stride(left.strides.1),
            stride(left.strides.0),
            right.values.as_ptr(),
            stride(right.strides.1),
            stride(right.strides.0),
            0.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
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
