//! A dense product that leaves out the inputs that are zero in a whole strip of columns.
//!
//! Half of the pixels of a digit are dark in each of sixteen digits, and so are many units behind a ReLU. What is left of a strip
//! is copied together, so that it lies close by when the rows of the left matrix pass it.
#![allow(unsafe_code)]

use pulp::{Arch, Simd, WithSimd};

use super::tile::{Band, by_bands, rows, sums, wide};
use super::{Extents, Finish, Left, Right, check};
use crate::kernels::aligned::Aligned;
use crate::kernels::share::{Share, by_rows};

/// The inputs that are left of each strip of columns; kept from call to call for its room.
#[derive(Default)]
pub(crate) struct Strips {
    strips: Vec<Strip>,
    /// Inner indices, those of a strip together and rising.
    places: Vec<u32>,
    /// Of each place the strip's numbers.
    values: Aligned,
    /// Of the matrix that they are of.
    inner: usize,
    columns: usize,
    /// Numbers of a register that they were made for.
    register: usize,
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
        strips.find(right, extents);
        Arch::new().dispatch(OfNonzero { left, rows: extents.rows, strips, finish });
    }
}

/// The product with the matrix that `strips` are of, on as many threads of the current pool as are free, by `rows`. The bits are
/// those of one thread, and of [`product`](super::product()).
///
/// # Panics
/// Where a slice does not hold its matrix: a bug of the caller.
pub(crate) fn shared_product_of_strips<F: Finish + Share>(
    left: Left<'_>,
    rows: usize,
    strips: &Strips,
    finish: F,
) {
    by_rows((left, finish), rows, strips.numbers(), &|(left, mut finish), rows| {
        if rows > 0 && strips.inner > 0 {
            let last = (rows - 1) * left.row_stride + (strips.inner - 1) * left.inner_stride;
            assert!(last < left.values.len(), "a slice too short");
        }
        Arch::new().dispatch(OfNonzero { left, rows, strips, finish: &mut finish });
    });
}

impl Strips {
    /// Finds and copies what is not zero of the right matrix of a product.
    ///
    /// # Panics
    /// Where the slice does not hold its matrix: a bug of the caller.
    pub(crate) fn find(&mut self, right: Right<'_>, extents: Extents) {
        Arch::new().dispatch(Find { strips: self, right, extents });
    }

    /// Numbers that are left.
    fn numbers(&self) -> usize {
        let of_strip = |strip: &Strip| strip.count * strip.registers * self.register;
        self.strips.iter().map(of_strip).sum()
    }

    /// Share of the matrix that is left.
    pub(crate) fn share(&self) -> f64 {
        self.numbers() as f64 / (self.inner * self.columns).max(1) as f64
    }
}

pub(super) struct Find<'a, 'f> {
    pub(super) strips: &'f mut Strips,
    pub(super) right: Right<'a>,
    pub(super) extents: Extents,
}

impl WithSimd for Find<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { strips: into, right, extents: Extents { inner, columns, .. } } = self;
        into.strips.clear();
        (into.inner, into.columns, into.register) = (inner, columns, S::F32_LANES);
        let registers = columns / S::F32_LANES;
        if into.places.len() < registers * inner {
            into.places.resize(registers * inner, 0);
        }
        into.values.resize(inner * columns);
        let (mut column, mut values, mut places) = (0, 0, 0);
        while column < columns {
            let registers = if column + wide::<S>() * S::F32_LANES <= columns { wide::<S>() } else { 1 };
            let width = registers * S::F32_LANES;
            let mut count = 0;
            for place in 0..inner {
                let given = &right.values[place * right.stride + column..][..width];
                // Written down always and kept if it is not zero (of either sign): no branch that could be mispredicted.
                into.values[values + count * width..][..width].copy_from_slice(given);
                into.places[places + count] = place as u32;
                let any = given.iter().fold(0, |any, value| any | value.to_bits() << 1);
                count += usize::from(any != 0);
            }
            into.strips.push(Strip { column, registers, places, values, count });
            (column, values, places) = (column + width, values + count * width, places + count);
        }
    }
}

pub(super) struct OfNonzero<'a, 'f, F> {
    pub(super) left: Left<'a>,
    pub(super) rows: usize,
    pub(super) strips: &'f Strips,
    pub(super) finish: &'f mut F,
}

impl<F: Finish> WithSimd for OfNonzero<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        assert!(self.strips.register == S::F32_LANES, "strips for other registers");
        by_bands(simd, self.rows, &mut self);
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
        let Strips { strips, places, values, .. } = self.strips;
        let strip = &strips[strip];
        let width = C * S::F32_LANES;
        let places = &places[strip.places..][..strip.count];
        let right = values[strip.values..][..strip.count * width].as_ptr();
        for r in 0..R {
            self.finish.soon(row + r, strip.column);
        }
        let inner_stride = self.left.inner_stride;
        let steps = places.iter().enumerate().map(|(at, &place)| (place as usize * inner_stride, at * width));
        // SAFETY: places are below the inner extent and `row + R` at most the rows, so that the left numbers are there
        // (whoever made `self` looked); there are `width` values for each place.
        let sums = unsafe { sums::<S, R, C>(simd, rows::<R>(self.left, row), right, steps) };
        for r in 0..R {
            for c in 0..C {
                self.finish.finish(simd, row + r, strip.column + c * S::F32_LANES, sums[r][c]);
            }
        }
    }
}
