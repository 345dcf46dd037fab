//! One dense layer of a plan, its weights whole or without their zeros.

use std::sync::OnceLock;

use lessen_data::padded;

use crate::chain::{Activation, Link};
use crate::kernels::activate::{AddBias, activate, activate_row};
use crate::kernels::aligned::Aligned;
use crate::kernels::columns::{DenseColumns, Nonzero, SparseColumns};
use crate::kernels::dense::{Extents, Left, Right, Strips, product_of_nonzero};
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
    nonzero: usize,
    limits: Limits,
    /// Each made when it is first needed, from the network's weights; many rows by whole weights need nothing else.
    for_many: OnceLock<SparseMatrix>,
    for_few: OnceLock<SparseColumns>,
    columns: OnceLock<DenseColumns>,
    /// Filled up to whole registers.
    bias: Aligned,
    pub(super) activation: Activation,
}

impl PlanLayer {
    pub(super) fn new(link: &Link<'_>, limits: Limits) -> Self {
        let (outputs, inputs) = link.shape();
        let mut bias = Aligned::zeros(padded(outputs));
        bias[..outputs].copy_from_slice(&link.dense.bias);
        Self {
            outputs,
            inputs,
            nonzero: link.dense.weights.nonzero(),
            limits,
            for_many: OnceLock::new(),
            for_few: OnceLock::new(),
            columns: OnceLock::new(),
            bias,
            activation: link.activation,
        }
    }

    /// Multiply-accumulates a row, where many are predicted.
    pub(super) fn macs(&self) -> usize {
        if self.is_sparse(self.limits.many) { self.nonzero } else { self.outputs * self.inputs }
    }

    /// Whether at most this share of the weights is not zero.
    fn is_sparse(&self, limit: f64) -> bool {
        self.nonzero as f64 <= limit * (self.outputs * self.inputs) as f64
    }

    /// What the layer, whose weights these are, makes of one row; `outputs` becomes as long as they are.
    pub(super) fn one_row(
        &self,
        weights: &[f32],
        nonzero: &mut Nonzero,
        inputs: &[f32],
        outputs: &mut Aligned,
    ) {
        outputs.resize(padded(self.outputs));
        nonzero.find(inputs);
        if self.is_sparse(self.limits.few) {
            let sparse = self.for_few.get_or_init(|| SparseColumns::new(weights, self.outputs, self.inputs));
            sparse.product(nonzero, &self.bias, outputs);
        } else {
            let columns = self.columns.get_or_init(|| DenseColumns::new(weights, self.outputs, self.inputs));
            columns.product(nonzero, &self.bias, outputs);
        }
        outputs.resize(self.outputs);
        activate_row(self.activation, outputs);
    }

    /// What the layer, whose weights these are, makes of `[inputs][lanes]`.
    pub(super) fn many_rows(
        &self,
        weights: &[f32],
        lanes: usize,
        strips: &mut Strips,
        inputs: &[f32],
        outputs: &mut Aligned,
    ) {
        outputs.resize(self.outputs * lanes);
        let (bias, activation) = (&self.bias[..self.outputs], self.activation);
        let mut finish = AddBias { bias, activation, into: outputs, stride: lanes };
        if self.is_sparse(self.limits.many) {
            let sparse = self.for_many.get_or_init(|| SparseMatrix::new(weights, self.inputs));
            sparse.product(inputs, lanes, &mut finish);
        } else {
            let left = Left { values: weights, row_stride: self.inputs, inner_stride: 1 };
            let extents = Extents { rows: self.outputs, inner: self.inputs, columns: lanes };
            product_of_nonzero(left, Right { values: inputs, stride: lanes }, extents, strips, &mut finish);
        }
        activate(activation, lanes, outputs);
    }
}
