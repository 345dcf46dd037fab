//! A dense product that leaves out the inputs that are zero in a whole strip of columns.
//!
//! Half of the pixels of a digit are dark in each of sixteen digits, and so are many units behind a ReLU. What is left of a strip
//! is copied together, so that it lies close by when the rows of the left matrix pass it.
#![allow(unsafe_code)]

use pulp::{Arch, Simd, WithSimd};

use super::tile::{Band, by_bands, rows, sums, wide};
use super::{Extents, Finish, Left, Right, check};
use crate::kernels::aligned::Aligned;

/// The inputs that are left of each strip of columns; kept from call to call for its room.
#[derive(Default)]
pub(crate) struct Strips {
    strips: Vec<Strip>,
    /// Inner indices, those of a strip together and rising.
    places: Vec<u32>,
    /// Of each place the strip's numbers.
    values: Aligned,
}

struct Strip {
    column: usize,
    /// Registers of columns.
    registers: usize,
    /// Where its places and its values begin, and the number of places.
    places: usize,
    values: usize,
    count: usize,
}

/// [`product`](super::product()) at the price of the inputs that are not zero in all columns of a strip. The bits are the same; but
/// zero times an infinity counts as zero.
///
/// # Panics
/// Where a slice does not hold its matrix: a bug of the caller.
pub(crate) fn product_of_nonzero<F: Finish>(
    left: Left<'_>,
    right: Right<'_>,
    extents: Extents,
    strips: &mut Strips,
    finish: &mut F,
) {
    if check(left, right, extents) {
        Arch::new().dispatch(OfNonzero { left, right, extents, strips, finish });
    }
}

pub(super) struct OfNonzero<'a, 'f, F> {
    pub(super) left: Left<'a>,
    pub(super) right: Right<'a>,
    pub(super) extents: Extents,
    pub(super) strips: &'f mut Strips,
    pub(super) finish: &'f mut F,
}

impl<F: Finish> WithSimd for OfNonzero<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        self.strips.fill::<S>(self.right, self.extents);
        by_bands(simd, self.extents.rows, &mut self);
    }
}

impl Strips {
    /// Finds and copies what is not zero.
    #[inline(always)]
    fn fill<S: Simd>(&mut self, right: Right<'_>, extents: Extents) {
        let Extents { inner, columns, .. } = extents;
        self.strips.clear();
        let registers = columns / S::F32_LANES;
        if self.places.len() < registers * inner {
            self.places.resize(registers * inner, 0);
        }
        self.values.resize(inner * columns);
        let (mut column, mut values, mut places) = (0, 0, 0);
        while column < columns {
            let registers = if column + wide::<S>() * S::F32_LANES <= columns { wide::<S>() } else { 1 };
            let width = registers * S::F32_LANES;
            let mut count = 0;
            for place in 0..inner {
                let given = &right.values[place * right.stride + column..][..width];
                // Written down always and kept if it is not zero (of either sign): no branch that could be mispredicted.
                self.values[values + count * width..][..width].copy_from_slice(given);
                self.places[places + count] = place as u32;
                let any = given.iter().fold(0, |any, value| any | value.to_bits() << 1);
                count += usize::from(any != 0);
            }
            self.strips.push(Strip { column, registers, places, values, count });
            (column, values, places) = (column + width, values + count * width, places + count);
        }
    }
}

impl<F: Finish> Band for OfNonzero<'_, '_, F> {
    #[inline(always)]
    fn band<S: Simd, const R: usize>(&mut self, simd: S, row: usize) {
        for strip in 0..self.strips.strips.len() {
            match self.strips.strips[strip].registers {
                1 => self.tile::<S, R, 1>(simd, row, strip),
                2 => self.tile::<S, R, 2>(simd, row, strip),
                _ => self.tile::<S, R, 4>(simd, row, strip),
            }
        }
    }
}

impl<F: Finish> OfNonzero<'_, '_, F> {
    #[inline(always)]
    fn tile<S: Simd, const R: usize, const C: usize>(&mut self, simd: S, row: usize, strip: usize) {
        let Strips { strips, places, values } = &*self.strips;
        let strip = &strips[strip];
        let width = C * S::F32_LANES;
        let places = &places[strip.places..][..strip.count];
        let right = values[strip.values..][..strip.count * width].as_ptr();
        let inner_stride = self.left.inner_stride;
        let steps = places.iter().enumerate().map(|(at, &place)| (place as usize * inner_stride, at * width));
        // SAFETY: places are below the inner extent and `row + R` at most the rows, so that the left numbers are there
        // (`check` looked); there are `width` values for each place.
        let sums = unsafe { sums::<S, R, C>(simd, rows::<R>(self.left, row), right, steps) };
        for r in 0..R {
            for c in 0..C {
                self.finish.finish(simd, row + r, strip.column + c * S::F32_LANES, sums[r][c]);
            }
        }
    }
}
