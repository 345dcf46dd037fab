//! A tile of a product: some rows by some registers of columns, whose sums stay in registers.
#![allow(unsafe_code)]

use std::array::from_fn;
use std::hint::black_box;

use pulp::Simd;

use super::Left;

/// Rows of a tile: with two registers of columns 12 sums, which with an operand each fit into 16 registers; with four 24 of 32.
pub(crate) const ROWS: usize = 6;

/// Registers of columns of a tile.
#[inline(always)]
pub(super) fn wide<S: Simd>() -> usize {
    if S::REGISTER_COUNT > 16 { 4 } else { 2 }
}

/// Work on some rows of the left matrix at once.
pub(super) trait Band {
    /// Does it for `R` rows from `row` on.
    fn band<S: Simd, const R: usize>(&mut self, simd: S, row: usize);
}

/// Does `work` for all `rows`, as many at a time as a tile has.
#[inline(always)]
pub(super) fn by_bands<S: Simd>(simd: S, rows: usize, work: &mut impl Band) {
    let mut row = 0;
    while row + ROWS <= rows {
        work.band::<S, ROWS>(simd, row);
        row += ROWS;
    }
    match rows - row {
        1 => work.band::<S, 1>(simd, row),
        2 => work.band::<S, 2>(simd, row),
        3 => work.band::<S, 3>(simd, row),
        4 => work.band::<S, 4>(simd, row),
        5 => work.band::<S, 5>(simd, row),
        _ => {}
    }
}

/// Where `R` rows of the left matrix begin, from `row` on.
///
/// A pointer for each row, to go with one offset for all: told by the stride alone, the compiler goes from row to row by additions
/// that wait for each other, and for which the multiplications wait (4 of 5 of the time is left without).
#[inline(always)]
pub(super) fn rows<const R: usize>(left: Left<'_>, row: usize) -> [*const f32; R] {
    from_fn(|r| black_box(left.values.as_ptr().wrapping_add((row + r) * left.row_stride)))
}

/// The sums of a tile: over all `steps`, numbers of the left matrix at the first offset times registers of the right one at the
/// second. One chain of fused multiply-adds each, in the order of the steps.
///
/// # Safety
/// For each step and row the left offset, and for each step the right one with `C` registers behind it, are within the numbers
/// that the pointers point into.
#[inline(always)]
pub(super) unsafe fn sums<S: Simd, const R: usize, const C: usize>(
    simd: S,
    lefts: [*const f32; R],
    right: *const f32,
    steps: impl Iterator<Item = (usize, usize)>,
) -> [[S::f32s; C]; R] {
    let mut sums = [[simd.splat_f32s(0.0); C]; R];
    for (left_offset, right_offset) in steps {
        // SAFETY: the caller's promise; registers of numbers may be read from anywhere.
        unsafe {
            let right = right.add(right_offset).cast::<S::f32s>();
            let mut registers = [simd.splat_f32s(0.0); C];
            for c in 0..C {
                registers[c] = right.add(c).read_unaligned();
            }
            for r in 0..R {
                let number = simd.splat_f32s(*lefts[r].add(left_offset));
                for c in 0..C {
                    sums[r][c] = simd.mul_add_e_f32s(number, registers[c], sums[r][c]);
                }
            }
        }
    }
    sums
}
