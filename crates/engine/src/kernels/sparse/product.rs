//! `y = W x`.
#![allow(unsafe_code)]

use pulp::{Simd, WithSimd};

use super::rows::{Column, Entries};
use super::{Strip, by_strips, register};
use crate::kernels::dense::Finish;

/// Hands each register of lanes of every row to `finish`.
pub(super) struct Product<'a, 'f, C, F> {
    pub(super) entries: Entries<'a, C>,
    pub(super) inputs: &'a [f32],
    pub(super) lanes: usize,
    pub(super) finish: &'f mut F,
}

impl<C: Column, F: Finish> WithSimd for Product<'_, '_, C, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        by_strips(simd, self.lanes, &mut self);
    }
}

impl<C: Column, F: Finish> Strip for Product<'_, '_, C, F> {
    const PAIRS: bool = true;

    /// So many sums take turns where registers are few that no addition has to wait for the one before it.
    #[inline(always)]
    fn strip<S: Simd, const R: usize>(&mut self, simd: S, start: usize) {
        match R {
            1 => self.in_turns::<S, R, 4>(simd, start),
            2 => self.in_turns::<S, R, 2>(simd, start),
            _ if self.entries.cells.blocks == 1 => self.in_turns::<S, R, 1>(simd, start),
            _ => self.in_blocks::<S, R>(simd, start),
        }
    }
}

/// Rows that come back to a block of inputs while it is in the first cache; their sums are there beside it.
pub(super) const ROWS: usize = 32;

impl<C: Column, F: Finish> Product<'_, '_, C, F> {
    /// `R` registers of lanes from `start` on of every row, block by block of the inputs: the sums of [`in_turns`] with one sum,
    /// in the same order.
    ///
    /// [`in_turns`]: Self::in_turns
    #[inline(always)]
    fn in_blocks<S: Simd, const R: usize>(&mut self, simd: S, start: usize) {
        let Self { entries, inputs, lanes, .. } = *self;
        let rows = entries.cells.rows();
        for first in (0..rows).step_by(ROWS) {
            let count = ROWS.min(rows - first);
            let mut sums = [[simd.splat_f32s(0.0); R]; ROWS];
            for block in 0..entries.cells.blocks {
                for (row, sums) in sums[..count].iter_mut().enumerate() {
                    let (columns, values) = entries.of(entries.cells.cell(first + row, block));
                    let mut in_registers = *sums;
                    for (column, &value) in columns.iter().zip(values) {
                        // SAFETY: as `add` wants it: columns are below the width, `inputs` holds width times lanes numbers
                        // (`Rows::product` looked), and `R` registers from `start` on are within the lanes.
                        unsafe {
                            add(simd, &mut in_registers, column.place() * lanes + start, inputs, value)
                        };
                    }
                    *sums = in_registers;
                }
            }
            for (row, sums) in sums[..count].iter().enumerate() {
                for (r, &sum) in sums.iter().enumerate() {
                    self.finish.finish(simd, first + row, start + r * S::F32_LANES, sum);
                }
            }
        }
    }

    /// `R` registers of lanes from `start` on of every row, with `T` sums taking turns.
    #[inline(always)]
    fn in_turns<S: Simd, const R: usize, const T: usize>(&mut self, simd: S, start: usize) {
        let Self { entries, inputs, lanes, .. } = *self;
        for (row, (columns, values)) in entries.rows().enumerate() {
            let mut sums = [[simd.splat_f32s(0.0); R]; T];
            let whole = columns.len() - columns.len() % T;
            for entry in (0..whole).step_by(T) {
                for turn in 0..T {
                    let (column, value) = (columns[entry + turn], values[entry + turn]);
                    // SAFETY: as `add` wants it: columns are below the width, `inputs` holds width times lanes numbers
                    // (`Rows::product` looked), and `R` registers from `start` on are within the lanes.
                    unsafe { add(simd, &mut sums[turn], column.place() * lanes + start, inputs, value) };
                }
            }
            for entry in whole..columns.len() {
                // SAFETY: as above.
                unsafe {
                    add(simd, &mut sums[0], columns[entry].place() * lanes + start, inputs, values[entry])
                };
            }
            for r in 0..R {
                let mut sum = sums[0][r];
                for turn in 1..T {
                    sum = simd.add_f32s(sum, sums[turn][r]);
                }
                self.finish.finish(simd, row, start + r * S::F32_LANES, sum);
            }
        }
    }
}

/// Adds `value` times the registers of `inputs` from `at` on to `sums`.
///
/// # Safety
/// `at + R * S::F32_LANES` is at most the length of `inputs`.
#[inline(always)]
unsafe fn add<S: Simd, const R: usize>(
    simd: S,
    sums: &mut [S::f32s; R],
    at: usize,
    inputs: &[f32],
    value: f32,
) {
    let value = simd.splat_f32s(value);
    for r in 0..R {
        // SAFETY: the caller's promise.
        let input = unsafe { register::<S>(inputs, at + r * S::F32_LANES) };
        sums[r] = simd.mul_add_e_f32s(value, input, sums[r]);
    }
}
