//! Kernels: inner products of rows in another space.

use lessen_engine::{Matrix, MatrixMut, exp_in_place, product};
use lessen_units::Operations;
use serde::{Deserialize, Serialize};

/// A kernel. `gamma` is for inner products that are divided by the encoded width, so that the same value suits
/// few features and many.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SvmKernel {
    /// `exp(-gamma / width * |x - y|^2)`.
    Rbf {
        /// Above zero.
        gamma: f32,
    },
    /// `(gamma / width * x.y + coef0) ^ degree`.
    Polynomial {
        /// From 1 to 16.
        degree: u32,
        /// Above zero.
        gamma: f32,
        /// What lower powers weigh, not below zero.
        coef0: f32,
    },
}

/// Far beyond any use; a file that asks for more wants to keep the machine busy.
const LARGEST_DEGREE: u32 = 16;

impl SvmKernel {
    /// The kernel with its settings, for people.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Rbf { gamma } => format!("rbf, gamma {gamma}"),
            Self::Polynomial { degree, gamma, coef0 } => {
                format!("polynomial {degree}, gamma {gamma}, coef0 {coef0}")
            }
        }
    }

    /// Whether the settings are numbers that a kernel may have.
    pub(super) fn is_usable(&self) -> bool {
        match *self {
            Self::Rbf { gamma } => gamma > 0.0 && gamma.is_finite(),
            Self::Polynomial { degree, gamma, coef0 } => {
                let numbers = gamma > 0.0 && gamma.is_finite() && coef0 >= 0.0 && coef0.is_finite();
                numbers && (1..=LARGEST_DEGREE).contains(&degree)
            }
        }
    }

    /// Whether [`SvmKernel::values`] reads the squared norms.
    pub(super) fn needs_norms(&self) -> bool {
        matches!(self, Self::Rbf { .. })
    }

    /// What it takes to make kernel values of one row's inner products with `vectors` vectors. RBF: the row's squared
    /// norm and, for each vector, a sum of norms, a multiply-accumulate, a product and `exp`. Polynomial: a
    /// multiply-accumulate and a product for each power above the first.
    pub(super) fn operations(&self, width: usize, vectors: u64) -> Operations {
        match *self {
            Self::Rbf { .. } => {
                Operations { macs: width as u64 + vectors, adds: 3 * vectors, ..Operations::NONE }
            }
            Self::Polynomial { degree, .. } => {
                let products = u64::from(degree.saturating_sub(1));
                Operations { macs: vectors, adds: products * vectors, ..Operations::NONE }
            }
        }
    }

    /// Kernel values between the rows of `left`, `[rows][width]`, and the columns of `right`, `[width][columns]`,
    /// into `[rows][columns]`. The squared norms are those of left's rows and right's columns; only RBF reads them.
    pub(super) fn values(
        &self,
        (left, left_norms): (Matrix<'_>, &[f32]),
        (right, right_norms): (Matrix<'_>, &[f32]),
        into: &mut [f32],
    ) {
        let (rows, width, columns) = (left.shape.0, left.shape.1, right.shape.1);
        let width_or_one = width.max(1) as f32;
        product(left, right, MatrixMut { values: into, shape: (rows, columns) });
        for (row, norm) in into.chunks_exact_mut(columns.max(1)).zip(left_norms) {
            match *self {
                Self::Rbf { gamma } => {
                    let scale = -gamma / width_or_one;
                    for (value, other) in row.iter_mut().zip(right_norms) {
                        *value = scale * (norm + other - 2.0 * *value).max(0.0);
                    }
                    exp_in_place(row);
                }
                Self::Polynomial { degree, gamma, coef0 } => {
                    let scale = gamma / width_or_one;
                    for value in row {
                        *value = power(scale * *value + coef0, degree);
                    }
                }
            }
        }
    }
}

/// The squared length of each of `count` rows, `[count][width]`.
pub(super) fn squared_norms(rows: &[f32], count: usize, width: usize) -> Vec<f32> {
    let of_row = |row: usize| rows[row * width..][..width].iter().map(|value| value * value).sum();
    (0..count).map(of_row).collect()
}

#[inline(always)]
fn power(base: f32, degree: u32) -> f32 {
    (1..degree).fold(base, |power, _| power * base)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row (1, 2) against (1, 2), (0, 0) and (3, -1).
    fn values(kernel: SvmKernel) -> Vec<f32> {
        let (left, right) = ([1.0, 2.0], [1.0, 2.0, 0.0, 0.0, 3.0, -1.0]);
        let columns = Matrix::row_major(&right, 3, 2).transposed();
        let (left_norms, right_norms) = (squared_norms(&left, 1, 2), squared_norms(&right, 3, 2));
        assert_eq!((&left_norms[..], &right_norms[..]), (&[5.0][..], &[5.0, 0.0, 10.0][..]));
        let mut into = vec![f32::NAN; 3];
        kernel.values((Matrix::row_major(&left, 1, 2), &left_norms), (columns, &right_norms), &mut into);
        into
    }

    #[test]
    fn values_are_those_worked_out_by_hand() {
        // Inner products 5, 0, 1; squared distances 0, 5, 13; gamma is halved by the width.
        let polynomial = |degree, gamma, coef0| SvmKernel::Polynomial { degree, gamma, coef0 };
        assert_eq!(values(polynomial(1, 2.0, 0.0)), [5.0, 0.0, 1.0]);
        assert_eq!(values(polynomial(3, 2.0, 1.0)), [216.0, 1.0, 8.0]);
        assert_eq!(values(polynomial(2, 4.0, 1.0)), [121.0, 1.0, 9.0]);
        let expected = [1.0, (-2.5f32).exp(), (-6.5f32).exp()];
        for (found, expected) in values(SvmKernel::Rbf { gamma: 1.0 }).into_iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 1e-6, "{found}, expected {expected}");
        }
    }

    #[test]
    fn settings_out_of_range_are_told() {
        let polynomial = |degree, gamma, coef0| SvmKernel::Polynomial { degree, gamma, coef0 };
        let cases = [
            (SvmKernel::Rbf { gamma: 1.0 }, true),
            (SvmKernel::Rbf { gamma: 0.0 }, false),
            (SvmKernel::Rbf { gamma: f32::NAN }, false),
            (SvmKernel::Rbf { gamma: f32::INFINITY }, false),
            (polynomial(16, 1.0, 0.0), true),
            (polynomial(0, 1.0, 0.0), false),
            (polynomial(17, 1.0, 0.0), false),
            (polynomial(2, -1.0, 0.0), false),
            (polynomial(2, 1.0, -0.5), false),
            (polynomial(2, 1.0, f32::NAN), false),
        ];
        for (kernel, expected) in cases {
            assert_eq!(kernel.is_usable(), expected, "{kernel:?}");
        }
    }
}
