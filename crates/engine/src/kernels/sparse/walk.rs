//! One row of inputs, without lanes.

use pulp::{Simd, WithSimd};

use super::{Column, Entries};

/// Sums that take turns, so that no addition has to wait for the one before it.
const TURNS: usize = 8;

/// The products of each row with `inputs`.
pub(super) struct Walk<'a, C> {
    pub(super) entries: Entries<'a, C>,
    pub(super) inputs: &'a [f32],
    pub(super) into: &'a mut [f32],
}

impl<C: Column> WithSimd for Walk<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let inputs = self.inputs;
        for ((columns, values), into) in self.entries.rows().zip(self.into) {
            let mut sums = [0.0; TURNS];
            let turns = columns.chunks_exact(TURNS).zip(values.chunks_exact(TURNS));
            for (columns, values) in turns {
                for turn in 0..TURNS {
                    sums[turn] += values[turn] * inputs[columns[turn].place()];
                }
            }
            let rest = columns.len() - columns.len() % (TURNS);
            for ((&column, &value), sum) in columns[rest..].iter().zip(&values[rest..]).zip(&mut sums) {
                *sum += value * inputs[column.place()];
            }
            *into = sums.iter().sum();
        }
    }
}
