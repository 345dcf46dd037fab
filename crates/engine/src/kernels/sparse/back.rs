//! `dx = W' dy`.
#![allow(unsafe_code)]

use pulp::{Simd, WithSimd};

use super::rows::{Column, Entries};
use super::{Strip, by_strips, register};

/// Adds what each entry sends back to the row of its column.
pub(super) struct Back<'a, C> {
    pub(super) entries: Entries<'a, C>,
    pub(super) delta: &'a [f32],
    pub(super) lanes: usize,
    pub(super) into: &'a mut [f32],
}

impl<C: Column> WithSimd for Back<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        by_strips(simd, self.lanes, &mut self);
    }
}

impl<C: Column> Strip for Back<'_, C> {
    const PAIRS: bool = false;

    #[inline(always)]
    fn strip<S: Simd, const R: usize>(&mut self, simd: S, start: usize) {
        for (row, (columns, values)) in self.entries.rows().enumerate() {
            let mut deltas = [simd.splat_f32s(0.0); R];
            for r in 0..R {
                // SAFETY: `delta` holds rows times lanes numbers (`Pattern::back` looked), and `R` registers from `start` on
                // are within the lanes.
                deltas[r] = unsafe { register::<S>(self.delta, row * self.lanes + start + r * S::F32_LANES) };
            }
            for (column, &value) in columns.iter().zip(values) {
                let value = simd.splat_f32s(value);
                let at = column.place() * self.lanes + start;
                let (into, _) = S::as_mut_simd_f32s(&mut self.into[at..at + R * S::F32_LANES]);
                for r in 0..R {
                    into[r] = simd.mul_add_e_f32s(value, deltas[r], into[r]);
                }
            }
        }
    }
}
