//! Counting arithmetic.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul};

use serde::{Deserialize, Serialize};

/// Arithmetic of one prediction, counted and exact.
///
/// A multiply-accumulate (`macs`) is two FLOPs in the sense of Schwartz et al. 2019 ("FPO"); comparisons of
/// trees and searches are kept apart and never called FLOPs. Transcendental functions (one `exp` of a kernel
/// or a softmax) are counted as one add each, so that they are neither lost nor weighed by a guess.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Operations {
    /// Multiply-accumulates.
    pub macs: u64,
    /// Additions, multiplications and function values outside of a multiply-accumulate.
    pub adds: u64,
    /// Comparisons of a tree's walk or a search.
    pub comparisons: u64,
}

impl Operations {
    /// Nothing at all.
    pub const NONE: Self = Self { macs: 0, adds: 0, comparisons: 0 };

    /// Only multiply-accumulates.
    pub fn macs(macs: u64) -> Self {
        Self { macs, ..Self::NONE }
    }

    /// Floating-point operations: two a multiply-accumulate, one an add; comparisons are not among them.
    pub fn flops(self) -> u64 {
        2 * self.macs + self.adds
    }

    /// Multiply-accumulates plus comparisons: the one number by which a teacher of trees and a student of
    /// dense layers are compared.
    pub fn macs_and_comparisons(self) -> u64 {
        self.macs + self.comparisons
    }
}

impl Add for Operations {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            macs: self.macs + other.macs,
            adds: self.adds + other.adds,
            comparisons: self.comparisons + other.comparisons,
        }
    }
}

impl AddAssign for Operations {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul<u64> for Operations {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self { macs: self.macs * times, adds: self.adds * times, comparisons: self.comparisons * times }
    }
}

impl Sum for Operations {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::NONE, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_is_two_flops_and_a_comparison_none() {
        let operations = Operations { macs: 10, adds: 3, comparisons: 7 };
        assert_eq!(operations.flops(), 23);
        assert_eq!(operations.macs_and_comparisons(), 17);
    }
}
