//! A dense layer whose weights stay in a file.

use lessen_data::padded;
use lessen_model::compact::DenseLayout;

use crate::chain::{Activation, Link};
use crate::forward::Room;
use crate::kernels::activate::{AddBias, activate, activate_row};
use crate::kernels::aligned::Aligned;
use crate::kernels::dense::{Extents, Left, Right, product};
use crate::kernels::dot::dot;
use crate::kernels::sparse::product_of_entries;

pub(super) struct MappedLayer {
    dense: DenseLayout,
    bias: Vec<f32>,
    activation: Activation,
}

/// Weights that are decoded at a time: they stay near until they are used.
const BAND: usize = 1 << 14;

impl MappedLayer {
    pub(super) fn new(link: &Link<'_, DenseLayout>, file: &[u8]) -> Self {
        let dense = link.dense.clone();
        Self { bias: dense.bias(file).collect(), dense, activation: link.activation }
    }

    /// What the layer makes of one row; `outputs` becomes as long as they are.
    pub(super) fn one_row(&self, file: &[u8], room: &mut Room, inputs: &[f32], outputs: &mut Aligned) {
        outputs.resize(padded(self.dense.outputs));
        if self.dense.is_sparse() {
            let mut rows = self.dense.sparse(file);
            for (output, bias) in outputs.iter_mut().zip(&self.bias) {
                let mut sum = *bias;
                rows.row(|column, weight| sum += weight * inputs[column]);
                *output = sum;
            }
        } else {
            let weights = &mut room.weights;
            weights.resize(self.dense.inputs);
            for (output, bias) in self.bias.iter().enumerate() {
                let given = self.dense.plain(file, output..output + 1);
                weights.iter_mut().zip(given).for_each(|(weight, given)| *weight = given);
                outputs[output] = bias + dot(weights, inputs);
            }
        }
        outputs.resize(self.dense.outputs);
        activate_row(self.activation, outputs);
    }

    /// What the layer makes of `[inputs][lanes]`.
    pub(super) fn many_rows(
        &self,
        file: &[u8],
        lanes: usize,
        room: &mut Room,
        inputs: &[f32],
        outputs: &mut Aligned,
    ) {
        outputs.resize(self.dense.outputs * lanes);
        if self.dense.is_sparse() {
            self.many_rows_sparse(file, lanes, room, inputs, outputs);
        } else {
            self.many_rows_plain(file, lanes, room, inputs, outputs);
        }
        activate(self.activation, lanes, outputs);
    }

    fn many_rows_sparse(
        &self,
        file: &[u8],
        lanes: usize,
        room: &mut Room,
        inputs: &[f32],
        outputs: &mut [f32],
    ) {
        let Room { weights, columns, starts, .. } = room;
        let mut rows = self.dense.sparse(file);
        let mut first = 0;
        while first < self.dense.outputs {
            starts.clear();
            starts.push(0);
            columns.clear();
            while columns.len() < BAND && first + starts.len() - 1 < self.dense.outputs {
                weights.resize(columns.len() + self.dense.inputs);
                rows.row(|column, weight| {
                    weights[columns.len()] = weight;
                    columns.push(column as u32);
                });
                starts.push(columns.len());
            }
            let end = first + starts.len() - 1;
            let mut finish = self.finish(first..end, lanes, outputs);
            product_of_entries(starts, columns, weights, inputs, lanes, &mut finish);
            first = end;
        }
    }

    fn many_rows_plain(
        &self,
        file: &[u8],
        lanes: usize,
        room: &mut Room,
        inputs: &[f32],
        outputs: &mut [f32],
    ) {
        let weights = &mut room.weights;
        let inner = self.dense.inputs;
        let step = (BAND / inner.max(1)).max(6);
        for first in (0..self.dense.outputs).step_by(step) {
            let end = self.dense.outputs.min(first + step);
            weights.resize((end - first) * inner);
            let given = self.dense.plain(file, first..end);
            weights.iter_mut().zip(given).for_each(|(weight, given)| *weight = given);
            let left = Left { values: weights, row_stride: inner, inner_stride: 1 };
            let extents = Extents { rows: end - first, inner, columns: lanes };
            let mut finish = self.finish(first..end, lanes, outputs);
            product(left, Right { values: inputs, stride: lanes }, extents, &mut finish);
        }
    }

    fn finish<'a>(
        &'a self,
        rows: std::ops::Range<usize>,
        lanes: usize,
        outputs: &'a mut [f32],
    ) -> AddBias<'a> {
        let into = &mut outputs[rows.start * lanes..rows.end * lanes];
        AddBias { bias: &self.bias[rows], activation: self.activation, into, stride: lanes }
    }
}
