//! Dense matrix products, a tile of the result at a time in registers.
//!
//! All three products of a training step have the same form: numbers of the left matrix, each spread over a register, times
//! registers of the right one, whose columns follow each other:
//!
//! | product | left | right | columns |
//! | --- | --- | --- | --- |
//! | `y = W x` | `W` | `x`, `[inputs][lanes]` | lanes |
//! | `dx = W' dy` | `W`, read by column | `dy`, `[outputs][lanes]` | lanes |
//! | `dW = dy x'` | `dy` | `x'`, `[rows][inputs]` | inputs |
//!
//! So nothing is packed or copied. Each entry of the result is one chain of fused multiply-adds over the inner index, from 0
//! on, whatever the tile, the thread or the width of a register: the same bits on each of them.
#![allow(unsafe_code)]

mod nonzero;
mod tile;

use pulp::{Arch, Simd, WithSimd};

use self::tile::{Band, by_bands, sums, wide};
use super::share::{Share, by_rows};

pub(crate) use self::nonzero::{Strips, product_of_nonzero, shared_product_of_strips};
pub(crate) use self::tile::ROWS;

/// Columns come in multiples of so many.
pub(crate) const COLUMNS: usize = lessen_data::LANES;

/// The left matrix: entry `(row, inner)` at `row * row_stride + inner * inner_stride`.
#[derive(Clone, Copy)]
pub(crate) struct Left<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) row_stride: usize,
    pub(crate) inner_stride: usize,
}

impl Share for Left<'_> {
    fn share(self, row: usize) -> (Self, Self) {
        let at = (row * self.row_stride).min(self.values.len());
        (self, Self { values: &self.values[at..], ..self })
    }
}

/// The right matrix: entry `(inner, column)` at `inner * stride + column`.
#[derive(Clone, Copy)]
pub(crate) struct Right<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) stride: usize,
}

/// Extents of a product.
#[derive(Clone, Copy)]
pub(crate) struct Extents {
    pub(crate) rows: usize,
    pub(crate) inner: usize,
    /// A multiple of [`COLUMNS`].
    pub(crate) columns: usize,
}

/// What becomes of the entries of a product, a register of columns at a time; each entry is handed over once.
pub(crate) trait Finish {
    /// Hears that entries of `row` not far behind `column` will be handed over soon.
    #[inline(always)]
    fn soon(&self, _row: usize, _column: usize) {}

    /// The entries of `row` from `column` on.
    fn finish<S: Simd>(&mut self, simd: S, row: usize, column: usize, sums: S::f32s);
}

/// [`product()`] on as many threads of the current pool as are free, by rows. The bits are those of one thread.
pub(crate) fn shared_product<F: Finish + Share>(
    left: Left<'_>,
    right: Right<'_>,
    extents: Extents,
    finish: F,
) {
    let Extents { rows, inner, columns } = extents;
    by_rows((left, finish), rows, inner * columns, &|(left, mut finish), rows| {
        product(left, right, Extents { rows, ..extents }, &mut finish);
    });
}

/// Hands each entry of `left x right` to `finish`, on this thread.
///
/// # Panics
/// Where a slice does not hold its matrix: a bug of the caller.
pub(crate) fn product<F: Finish>(left: Left<'_>, right: Right<'_>, extents: Extents, finish: &mut F) {
    if check(left, right, extents) {
        Arch::new().dispatch(Product { left, right, extents, finish });
    }
}

/// Whether there is anything to compute.
///
/// # Panics
/// Where a slice does not hold its matrix: a bug of the caller.
fn check(left: Left<'_>, right: Right<'_>, extents: Extents) -> bool {
    let Extents { rows, inner, columns } = extents;
    assert!(columns.is_multiple_of(COLUMNS), "columns that do not fill registers");
    if rows == 0 || columns == 0 {
        return false;
    }
    if inner > 0 {
        let last_left = (rows - 1) * left.row_stride + (inner - 1) * left.inner_stride;
        let last_right = (inner - 1) * right.stride + columns - 1;
        assert!(last_left < left.values.len() && last_right < right.values.len(), "a slice too short");
    }
    true
}

struct Product<'a, 'f, F> {
    left: Left<'a>,
    right: Right<'a>,
    extents: Extents,
    finish: &'f mut F,
}

impl<F: Finish> WithSimd for Product<'_, '_, F> {
    type Output = ();

    /// A strip of columns with all rows before the next one.
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Extents { rows, columns, .. } = self.extents;
        let mut column = 0;
        while column + wide::<S>() * S::F32_LANES <= columns {
            if wide::<S>() == 4 {
                by_bands(simd, rows, &mut OfStrip::<'_, '_, '_, F, 4> { of: &mut self, column });
            } else {
                by_bands(simd, rows, &mut OfStrip::<'_, '_, '_, F, 2> { of: &mut self, column });
            }
            column += wide::<S>() * S::F32_LANES;
        }
        while column < columns {
            by_bands(simd, rows, &mut OfStrip::<'_, '_, '_, F, 1> { of: &mut self, column });
            column += S::F32_LANES;
        }
    }
}

/// What of a product is in `C` registers of columns from `column` on.
struct OfStrip<'p, 'a, 'f, F, const C: usize> {
    of: &'p mut Product<'a, 'f, F>,
    column: usize,
}

impl<F: Finish, const C: usize> Band for OfStrip<'_, '_, '_, F, C> {
    #[inline(always)]
    fn band<S: Simd, const R: usize>(&mut self, simd: S, row: usize) {
        let (Product { left, right, extents, finish }, column) = (&mut *self.of, self.column);
        // Without an inner extent there may be no right matrix to point into.
        let right_at = right.values.as_ptr().wrapping_add(column);
        let steps = (0..extents.inner).map(|k| (k * left.inner_stride, k * right.stride));
        // SAFETY: `check` saw that the last entries of both matrices are within their slices, and strides are not negative.
        // `row + r` is below the rows and the inner index below the inner extent, so the number of the left one is; and `C`
        // registers from `column` on end at or before the columns, so those of the right one are.
        let sums = unsafe { sums::<S, R, C>(simd, tile::rows::<R>(*left, row), right_at, steps) };
        for r in 0..R {
            for c in 0..C {
                finish.finish(simd, row + r, column + c * S::F32_LANES, sums[r][c]);
            }
        }
    }
}

/// Writes the entries down, row after row.
pub(crate) struct Store<'a> {
    pub(crate) into: &'a mut [f32],
    /// From one row to the next.
    pub(crate) stride: usize,
}

impl Finish for Store<'_> {
    #[inline(always)]
    fn finish<S: Simd>(&mut self, _: S, row: usize, column: usize, sums: S::f32s) {
        let at = row * self.stride + column;
        let (into, _) = S::as_mut_simd_f32s(&mut self.into[at..at + S::F32_LANES]);
        into[0] = sums;
    }
}

impl Share for Store<'_> {
    fn share(self, row: usize) -> (Self, Self) {
        let (first, second) = self.into.split_at_mut(row * self.stride);
        let stride = self.stride;
        (Self { into: first, stride }, Self { into: second, stride })
    }
}

#[cfg(test)]
mod tests {
    use lessen_data::{padded, random};
    use proptest::prelude::*;
    use rand::RngExt;

    use super::nonzero::{Find, OfNonzero};
    use super::*;

    fn drawn(count: usize, seed: u64) -> Vec<f32> {
        let mut random = random::stream(seed, "test product");
        (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
    }

    /// Matrices of these extents, the left one transposed where `turned`, rows of both with `gap` numbers between them.
    struct Case {
        left: Vec<f32>,
        right: Vec<f32>,
        extents: Extents,
        strides: (usize, usize),
        right_stride: usize,
    }

    impl Case {
        fn new((rows, inner, columns): (usize, usize, usize), turned: bool, gap: usize, seed: u64) -> Self {
            let strides = if turned { (1, rows + gap) } else { (inner + gap, 1) };
            let left = drawn(rows * strides.0 + inner * strides.1, seed);
            let right_stride = columns + gap;
            let right = drawn(inner * right_stride + columns, seed + 1);
            Self { left, right, extents: Extents { rows, inner, columns }, strides, right_stride }
        }

        fn left(&self) -> Left<'_> {
            Left { values: &self.left, row_stride: self.strides.0, inner_stride: self.strides.1 }
        }

        fn right(&self) -> Right<'_> {
            Right { values: &self.right, stride: self.right_stride }
        }

        /// Each entry in double precision, and as one chain of fused multiply-adds in single precision.
        fn expected(&self) -> Vec<(f64, f32)> {
            let Extents { rows, inner, columns } = self.extents;
            let entry = |row: usize, column: usize| {
                let pair = |k: usize| {
                    let left = self.left[row * self.strides.0 + k * self.strides.1];
                    (left, self.right[k * self.right_stride + column])
                };
                let double = (0..inner).map(pair).map(|(a, b)| f64::from(a) * f64::from(b)).sum();
                (double, (0..inner).map(pair).fold(0.0, |sum: f32, (a, b)| a.mul_add(b, sum)))
            };
            (0..rows)
                .flat_map(|row| (0..columns).map(move |column| (row, column)))
                .map(|(r, c)| entry(r, c))
                .collect()
        }

        fn check(&self) {
            let Extents { rows, columns, .. } = self.extents;
            let expected = self.expected();
            let room = || vec![f32::NAN; rows * columns];
            let (mut found, mut shared, mut portable) = (room(), room(), room());
            product(
                self.left(),
                self.right(),
                self.extents,
                &mut Store { into: &mut found, stride: columns },
            );
            let into = Store { into: &mut shared, stride: columns };
            shared_product(self.left(), self.right(), self.extents, into);
            assert_eq!(found, shared);
            if rows > 0 {
                let finish = &mut Store { into: &mut portable, stride: columns };
                let (left, right, extents) = (self.left(), self.right(), self.extents);
                Product { left, right, extents, finish }.with_simd(pulp::Scalar::new());
            }
            let is_fused = !matches!(Arch::new(), Arch::Scalar);
            for ((found, portable), (double, chain)) in found.iter().zip(&portable).zip(expected) {
                let tolerance = 1e-6 * (1.0 + self.extents.inner as f64);
                assert!((f64::from(*found) - double).abs() < tolerance, "{found}, {double}");
                assert!((f64::from(*portable) - double).abs() < tolerance, "{portable}, {double}, portable");
                assert!(
                    !is_fused || found.to_bits() == chain.to_bits(),
                    "{found} is not the chain's {chain}"
                );
            }
        }
    }

    #[test]
    fn every_rest_of_a_tile_is_computed() {
        for rows in (0..14).filter(|rows| !cfg!(miri) || rows % 6 == 1) {
            for &inner in if cfg!(miri) { &[7][..] } else { &[0, 1, 7, 60] } {
                for columns in [0, 16, 32, 64, 112] {
                    Case::new((rows, inner, columns), rows % 2 == 1, inner % 3, 3).check();
                }
            }
        }
    }

    /// Of the right matrix some numbers are zero, most of them down whole rows and some in single strips; of either sign.
    fn with_zeros(mut case: Case, every: usize) -> Case {
        for (place, number) in case.right.iter_mut().enumerate() {
            let (row, strip) = (place / case.right_stride, place % case.right_stride / 16);
            if (row + strip / 3) % every != 0 {
                *number = if place % 2 == 0 { 0.0 } else { -0.0 };
            }
        }
        case
    }

    #[test]
    fn leaving_out_inputs_that_are_zero_gives_the_same_bits() {
        let mut strips = Strips::default();
        for (rows, inner, columns) in [(1, 1, 16), (5, 9, 32), (6, 64, 64), (13, 0, 16), (20, 33, 112)] {
            for &every in if cfg!(miri) { &[2][..] } else { &[1, 2, 5, 1000] } {
                let case = with_zeros(Case::new((rows, inner, columns), every == 2, inner % 3, 4), every);
                let room = || vec![f32::NAN; rows * columns];
                let (mut all, mut nonzero, mut portable) = (room(), room(), room());
                product(
                    case.left(),
                    case.right(),
                    case.extents,
                    &mut Store { into: &mut all, stride: columns },
                );
                product_of_nonzero(
                    case.left(),
                    case.right(),
                    case.extents,
                    &mut strips,
                    &mut Store { into: &mut nonzero, stride: columns },
                );
                let bits =
                    |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&all), bits(&nonzero), "{rows} {inner} {columns}, one in {every}");
                let (left, right, extents) = (case.left(), case.right(), case.extents);
                let finish = &mut Store { into: &mut portable, stride: columns };
                Find { strips: &mut strips, right, extents }.with_simd(pulp::Scalar::new());
                OfNonzero { left, rows, strips: &strips, finish }.with_simd(pulp::Scalar::new());
                let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5 * (1.0 + inner as f32);
                assert!(all.iter().zip(&portable).all(near), "portable");
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "rayon's queues are not what it is to look at")]
    fn a_shared_product_of_strips_is_the_same() {
        let case = with_zeros(Case::new((301, 512, 96), false, 2, 9), 3);
        let mut strips = Strips::default();
        strips.find(case.right(), case.extents);
        // A third where a strip is of 16 columns; where it is of 64 (AVX-512), it has the zeros of two patterns in common.
        assert!(strips.share() < 0.6);
        let (mut all, mut shared) = (vec![f32::NAN; 301 * 96], vec![f32::NAN; 301 * 96]);
        product(case.left(), case.right(), case.extents, &mut Store { into: &mut all, stride: 96 });
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        pool.install(|| {
            shared_product_of_strips(case.left(), 301, &strips, Store { into: &mut shared, stride: 96 });
        });
        assert_eq!(all, shared);
    }

    /// Large enough to be shared between threads.
    #[test]
    #[cfg_attr(miri, ignore = "rayon's queues are not what it is to look at")]
    fn a_shared_product_is_the_same() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        pool.install(|| Case::new((301, 512, 64), false, 0, 9).check());
    }

    const LARGEST_BATCH: usize = if cfg!(miri) { 34 } else { 258 };

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 48 }))]
        #[test]
        fn any_extents_and_strides_agree_with_double_precision(
            rows in 1usize..50, inner in 0usize..90, batch in 1..LARGEST_BATCH, turned: bool, gap in 0usize..5, seed: u64,
        ) {
            Case::new((rows, inner, padded(batch)), turned, gap, seed >> 1).check();
        }
    }

    #[test]
    #[should_panic(expected = "too short")]
    fn a_slice_too_short_is_refused() {
        let left = Left { values: &[1.0; 3], row_stride: 2, inner_stride: 1 };
        let right = Right { values: &[1.0; 32], stride: 16 };
        let extents = Extents { rows: 2, inner: 2, columns: 16 };
        product(left, right, extents, &mut Store { into: &mut [0.0; 32], stride: 16 });
    }
}
