//! `dW = dy x'`, at the entries.
#![allow(unsafe_code)]

use pulp::{Simd, WithSimd};

use super::product::ROWS;
use super::rows::{Cells, Column};
use super::{Strip, by_strips, register};

/// Puts the product of a row of `delta` and one of `inputs` where each entry is.
pub(super) struct Gradient<'a, C> {
    pub(super) cells: Cells<'a, C>,
    pub(super) delta: &'a [f32],
    pub(super) inputs: &'a [f32],
    pub(super) lanes: usize,
    /// Of the entries of these rows only.
    pub(super) into: &'a mut [f32],
}

impl<C: Column> WithSimd for Gradient<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        by_strips(simd, self.lanes, &mut self);
    }
}

impl<C: Column> Strip for Gradient<'_, C> {
    const PAIRS: bool = false;

    /// What `R` registers of lanes from `start` on bring to each entry; the first ones begin its sum.
    #[inline(always)]
    fn strip<S: Simd, const R: usize>(&mut self, simd: S, start: usize) {
        let rows = self.cells.rows();
        for first in (0..rows).step_by(ROWS) {
            for block in 0..self.cells.blocks {
                for row in first..rows.min(first + ROWS) {
                    self.cell::<S, R>(simd, start, (row, block));
                }
            }
        }
    }
}

impl<C: Column> Gradient<'_, C> {
    #[inline(always)]
    fn cell<S: Simd, const R: usize>(&mut self, simd: S, start: usize, (row, block): (usize, usize)) {
        let (begin, entries) = (self.cells.bounds[0], self.cells.cell(row, block));
        let columns = &self.cells.columns[entries.clone()];
        let into = &mut self.into[entries.start - begin..entries.end - begin];
        let zero = simd.splat_f32s(0.0);
        let mut deltas = [zero; R];
        for r in 0..R {
            // SAFETY: `delta` holds rows times lanes numbers (`Rows::gradient` looked), and `R` registers from `start` on are
            // within the lanes.
            deltas[r] = unsafe { register::<S>(self.delta, row * self.lanes + start + r * S::F32_LANES) };
        }
        for (column, into) in columns.iter().zip(into) {
            let at = column.place() * self.lanes + start;
            let mut sums = [zero; 2];
            for r in 0..R {
                // SAFETY: columns are below the width, and `inputs` holds width times lanes numbers.
                let input = unsafe { register::<S>(self.inputs, at + r * S::F32_LANES) };
                sums[r % 2] = simd.mul_add_e_f32s(deltas[r], input, sums[r % 2]);
            }
            let sum = simd.reduce_sum_f32s(simd.add_f32s(sums[0], sums[1]));
            *into = if start == 0 { sum } else { *into + sum };
        }
    }
}
