//! One dense layer of a plan, its weights whole or without their zeros.

use lessen_data::padded;

use crate::chain::{Activation, Link};
use crate::kernels::activate::{AddBias, activate};
use crate::kernels::aligned::Aligned;
use crate::kernels::columns::{DenseColumns, Nonzero, SparseColumns};
use crate::kernels::dense::{Extents, Left, Right, product};
use crate::kernels::sparse::SparseMatrix;

/// Shares of a layer's weights that are not zero, up to which its zeros are left out.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Where few rows are predicted, without lanes.
    pub(super) few: f64,
    /// Where many are.
    pub(super) many: f64,
}

impl Limits {
    /// From the table at [`Plan`](crate::Plan), by lines through its points: without zeros 256 rows take as long as with them
    /// at about 0.45 of the weights, 16 rows at 0.4 to 0.5; a row that is walked by column, entry by entry, at 0.08, and at 0.06
    /// where most of it is zero.
    pub(super) const MEASURED: Self = Self { few: 0.06, many: 0.35 };
}

pub(super) struct PlanLayer {
    pub(super) outputs: usize,
    pub(super) inputs: usize,
    /// By column: for single rows and, as the left side of a product, for many. `None` where nothing needs them whole.
    whole: Option<DenseColumns>,
    for_many: Option<SparseMatrix>,
    for_few: Option<SparseColumns>,
    /// Filled up to whole registers.
    bias: Aligned,
    pub(super) activation: Activation,
}

impl PlanLayer {
    pub(super) fn new(link: &Link<'_>, limits: Limits) -> Self {
        let (outputs, inputs) = link.shape();
        let weights = &link.dense.weights;
        let up_to = |limit: f64| weights.nonzero() as f64 <= limit * weights.values().len() as f64;
        let for_few = up_to(limits.few).then(|| SparseColumns::new(weights.values(), outputs, inputs));
        let for_many = up_to(limits.many).then(|| SparseMatrix::new(weights.values(), inputs));
        let is_whole = for_few.is_none() || for_many.is_none();
        let mut bias = Aligned::zeros(padded(outputs));
        bias[..outputs].copy_from_slice(&link.dense.bias);
        Self {
            outputs,
            inputs,
            whole: is_whole.then(|| DenseColumns::new(weights.values(), outputs, inputs)),
            for_many,
            for_few,
            bias,
            activation: link.activation,
        }
    }

    /// Multiply-accumulates a row, where many are predicted.
    pub(super) fn macs(&self) -> usize {
        self.for_many.as_ref().map_or(self.outputs * self.inputs, SparseMatrix::entries)
    }

    /// What the layer makes of one row; `outputs` becomes as long as they are.
    pub(super) fn one_row(&self, nonzero: &mut Nonzero, inputs: &[f32], outputs: &mut Aligned) {
        outputs.resize(padded(self.outputs));
        nonzero.find(inputs);
        match (&self.for_few, &self.whole) {
            (Some(sparse), _) => sparse.product(nonzero, &self.bias, outputs),
            (None, Some(whole)) => whole.product(nonzero, &self.bias, outputs),
            (None, None) => {}
        }
        outputs.resize(self.outputs);
        activate_row(self.activation, outputs);
    }

    /// What the layer makes of `[inputs][lanes]`.
    pub(super) fn many_rows(&self, lanes: usize, inputs: &[f32], outputs: &mut Aligned) {
        outputs.resize(self.outputs * lanes);
        let (bias, activation) = (&self.bias[..self.outputs], self.activation);
        let mut finish = AddBias { bias, activation, into: outputs, stride: lanes };
        match (&self.for_many, &self.whole) {
            (Some(sparse), _) => sparse.product(inputs, lanes, &mut finish),
            (None, Some(whole)) => {
                let left = Left { values: whole.values(), row_stride: 1, inner_stride: whole.stride() };
                let extents = Extents { rows: self.outputs, inner: self.inputs, columns: lanes };
                product(left, Right { values: inputs, stride: lanes }, extents, &mut finish);
            }
            (None, None) => {}
        }
        activate(activation, lanes, outputs);
    }
}

/// An activation of one row, whose outputs follow each other.
fn activate_row(activation: Activation, outputs: &mut [f32]) {
    match activation {
        Activation::Relu => {
            outputs.iter_mut().for_each(|value| *value = if *value < 0.0 { 0.0 } else { *value })
        }
        Activation::LeakyRelu(slope) => {
            outputs.iter_mut().filter(|value| **value < 0.0).for_each(|value| *value *= slope);
        }
        // One lane: the sum of a softmax goes down the outputs of a row.
        other => activate(other, 1, outputs),
    }
}
