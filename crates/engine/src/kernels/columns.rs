//! A layer's product for one row, without lanes: column by column of the weights, so that inputs that are zero cost nothing.
//!
//! Most pixels of a digit are zero, and about half of what a ReLU gives. A zero times an infinite weight counts as zero here.
#![allow(unsafe_code)]

use pulp::{Arch, Simd, WithSimd};

use super::aligned::Aligned;
use super::sparse::Pattern;

/// The entries of a row that are not zero.
#[derive(Default)]
pub(crate) struct Nonzero {
    places: Vec<u32>,
    values: Vec<f32>,
    count: usize,
}

impl Nonzero {
    /// Finds those of `row`.
    pub(crate) fn find(&mut self, row: &[f32]) {
        if self.places.len() < row.len() {
            self.places.resize(row.len(), 0);
            self.values.resize(row.len(), 0.0);
        }
        let (places, values) = (&mut self.places[..row.len()], &mut self.values[..row.len()]);
        let mut count = 0;
        for (place, &value) in (0u32..).zip(row) {
            // Written down always and kept if it is not zero: no branch that could be mispredicted.
            places[count] = place;
            values[count] = value;
            count += usize::from(value != 0.0);
        }
        self.count = count;
    }

    #[inline(always)]
    fn iter(&self) -> impl Iterator<Item = (usize, f32)> {
        let (places, values) = (&self.places[..self.count], &self.values[..self.count]);
        places.iter().map(|&place| place as usize).zip(values.iter().copied())
    }
}

/// Weights by column: `[inputs][stride]`, a column's outputs filled up to whole registers with zeros.
pub(crate) struct DenseColumns {
    values: Aligned,
    stride: usize,
}

impl DenseColumns {
    /// Of `weights`, `[outputs][inputs]`.
    pub(crate) fn new(weights: &[f32], outputs: usize, inputs: usize) -> Self {
        let stride = lessen_data::padded(outputs);
        let mut values = Aligned::zeros(inputs * stride);
        lessen_data::transpose(weights, (outputs, inputs), inputs, stride, &mut values);
        Self { values, stride }
    }

    /// `into = bias + W row`; `bias` and `into` are as long as the stride.
    ///
    /// # Panics
    /// Where a slice is too short, or the row has more entries than there are columns: bugs of the caller.
    pub(crate) fn product(&self, row: &Nonzero, bias: &[f32], into: &mut [f32]) {
        assert!(bias.len() >= self.stride && into.len() >= self.stride);
        let columns = self.values.len() / self.stride.max(1);
        assert!(row.places[..row.count].last().is_none_or(|&last| (last as usize) < columns));
        Arch::new().dispatch(Walk { columns: self, row, bias, into });
    }
}

struct Walk<'a> {
    columns: &'a DenseColumns,
    row: &'a Nonzero,
    bias: &'a [f32],
    into: &'a mut [f32],
}

impl WithSimd for Walk<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let stride = self.columns.stride;
        let mut start = 0;
        while start + 8 * S::F32_LANES <= stride {
            self.strip::<S, 8>(simd, start);
            start += 8 * S::F32_LANES;
        }
        while start + 2 * S::F32_LANES <= stride {
            self.strip::<S, 2>(simd, start);
            start += 2 * S::F32_LANES;
        }
        while start < stride {
            self.strip::<S, 1>(simd, start);
            start += S::F32_LANES;
        }
    }
}

impl Walk<'_> {
    /// `R` registers of outputs from `start` on, whose sums stay in registers.
    #[inline(always)]
    fn strip<S: Simd, const R: usize>(&mut self, simd: S, start: usize) {
        let end = start + R * S::F32_LANES;
        let mut sums = [simd.splat_f32s(0.0); R];
        sums.copy_from_slice(S::as_simd_f32s(&self.bias[start..end]).0);
        let (weights, stride) = (&*self.columns.values, self.columns.stride);
        for (place, value) in self.row.iter() {
            let value = simd.splat_f32s(value);
            for r in 0..R {
                let at = place * stride + start + r * S::F32_LANES;
                debug_assert!(at + S::F32_LANES <= weights.len());
                // SAFETY: places rise and the last one is below the number of columns (`DenseColumns::product` looked), and `R`
                // registers from `start` on end at or before the stride.
                let weight = unsafe { weights.as_ptr().add(at).cast::<S::f32s>().read_unaligned() };
                sums[r] = simd.mul_add_e_f32s(weight, value, sums[r]);
            }
        }
        S::as_mut_simd_f32s(&mut self.into[start..end]).0.copy_from_slice(&sums);
    }
}

/// Weights by column, those that are zero left out.
pub(crate) struct SparseColumns {
    /// Rows of the pattern are columns of the weights.
    pattern: Pattern,
    values: Vec<f32>,
}

impl SparseColumns {
    /// Of `weights`, `[outputs][inputs]`.
    pub(crate) fn new(weights: &[f32], outputs: usize, inputs: usize) -> Self {
        let place = |index: usize| (index % outputs) * inputs + index / outputs;
        let pattern = Pattern::new(inputs, outputs, |index| weights[place(index)] != 0.0);
        let values = pattern.indices().map(|index| weights[place(index)]).collect();
        Self { pattern, values }
    }

    /// `into = bias + W row`; `into` is as long as `bias`.
    ///
    /// # Panics
    /// Where a slice is too short, or the row has more entries than there are columns: bugs of the caller.
    pub(crate) fn product(&self, row: &Nonzero, bias: &[f32], into: &mut [f32]) {
        into.copy_from_slice(bias);
        self.pattern.scatter(&self.values, row.iter(), into);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole numbers, so that sums are exact in any order; of them `left` in 11 are not zero.
    fn numbers(count: usize, seed: usize, left: usize) -> Vec<f32> {
        let number = |place: usize| ((place * place * 7 + place / 3 + seed) % 11) as f32 - 5.0;
        (0..count).map(|place| if (place * 5 + seed) % 11 < left { number(place) } else { 0.0 }).collect()
    }

    #[test]
    fn every_width_agrees_with_the_plain_loops_on_this_processor_and_on_any() {
        let mut row = Nonzero::default();
        let (all_inputs, all_left) =
            if cfg!(miri) { (&[9][..], &[3][..]) } else { (&[0, 1, 7, 40][..], &[0, 3, 11][..]) };
        for outputs in [1, 5, 16, 100, 160] {
            for &inputs in all_inputs {
                for &left in all_left {
                    let weights = numbers(outputs * inputs, 1, left);
                    let input = numbers(inputs, 4, 7);
                    let stride = lessen_data::padded(outputs);
                    let mut bias = numbers(outputs, 2, 11);
                    bias.resize(stride, 0.0);
                    let expected: Vec<f32> = (0..outputs)
                        .map(|output| {
                            let weights = &weights[output * inputs..][..inputs];
                            bias[output] + weights.iter().zip(&input).map(|(w, x)| w * x).sum::<f32>()
                        })
                        .collect();
                    row.find(&input);
                    let mut found = vec![f32::NAN; stride];
                    let dense = DenseColumns::new(&weights, outputs, inputs);
                    dense.product(&row, &bias, &mut found);
                    assert_eq!(found[..outputs], expected);
                    found.fill(f32::NAN);
                    Walk { columns: &dense, row: &row, bias: &bias, into: &mut found }
                        .with_simd(pulp::Scalar::new());
                    assert_eq!(found[..outputs], expected, "portable");
                    found.fill(f32::NAN);
                    SparseColumns::new(&weights, outputs, inputs).product(&row, &bias, &mut found);
                    assert_eq!(found[..outputs], expected, "sparse");
                }
            }
        }
    }
}
