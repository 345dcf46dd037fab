//! One dense layer of a plan, its weights whole or without their zeros.

use crate::chain::{Activation, Link};
use crate::kernels::activate::{AddBias, activate, add_bias_and_activate};
use crate::kernels::aligned::Aligned;
use crate::kernels::dense::{Extents, Left, Right, product};
use crate::kernels::sparse::SparseMatrix;
use crate::kernels::walk::walk;

/// Shares of a layer's weights that are not zero, up to which its zeros are left out.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Where few rows are predicted, without lanes.
    pub(super) few: f64,
    /// Where many are.
    pub(super) many: f64,
}

impl Limits {
    /// Measured (Zen 4, AVX-512, one thread, microseconds a product without zeros and with them):
    ///
    /// | layer | rows | 0.3 | 0.25 | 0.15 | 0.08 | 0.036 | with zeros |
    /// | --- | --- | --- | --- | --- | --- | --- | --- |
    /// | 784 to 300 | 256 | 980 | 831 | 487 | 261 | 119 | 1060 |
    /// | 1000 to 1000 | 256 | 3718 | 3716 | 1886 | 1095 | 466 | 4600 |
    /// | 300 to 100 | 256 | 117 | 70 | 54 | 31 | 14 | 138 |
    /// | 64 to 64 | 256 | 13.5 | 10.8 | 6.6 | 3.9 | 2.0 | 20 |
    /// | 784 to 300 | 1 | 24 | 20 | 12.4 | 7.0 | 3.5 | 10.1 |
    /// | 1000 to 1000 | 1 | 103 | 87 | 66 | 30 | 15 | 50 |
    /// | 300 to 100 | 1 | 3.3 | 2.8 | 1.8 | 1.1 | 0.6 | 1.2 |
    ///
    /// One row walks its weights a register at a time where they are whole, and one at a time where they are not, so fewer
    /// must be left.
    pub(super) const MEASURED: Self = Self { few: 0.1, many: 0.25 };
}

pub(super) struct PlanLayer {
    pub(super) outputs: usize,
    pub(super) inputs: usize,
    /// `[outputs][inputs]`; empty where nothing needs them whole.
    whole: Vec<f32>,
    sparse: Option<SparseMatrix>,
    bias: Vec<f32>,
    pub(super) activation: Activation,
    /// Whether `sparse` serves few rows too.
    pub(super) is_sparse_for_few: bool,
}

impl PlanLayer {
    pub(super) fn new(link: &Link<'_>, limits: Limits) -> Self {
        let (outputs, inputs) = link.shape();
        let weights = &link.dense.weights;
        let up_to = |limit: f64| weights.nonzero() as f64 <= limit * weights.values().len() as f64;
        let is_sparse_for_few = up_to(limits.few);
        let is_sparse = is_sparse_for_few || up_to(limits.many);
        Self {
            outputs,
            inputs,
            whole: if is_sparse_for_few { Vec::new() } else { weights.values().to_vec() },
            sparse: is_sparse.then(|| SparseMatrix::new(weights.values(), inputs)),
            bias: link.dense.bias.clone(),
            activation: link.activation,
            is_sparse_for_few,
        }
    }

    /// Multiply-accumulates a row, where many are predicted.
    pub(super) fn macs(&self) -> usize {
        self.sparse.as_ref().map_or(self.outputs * self.inputs, SparseMatrix::entries)
    }

    /// What the layer makes of `rows` rows, `[rows][inputs]`, without lanes.
    pub(super) fn few_rows(&self, rows: usize, inputs: &[f32], outputs: &mut Aligned) {
        outputs.resize(rows * self.outputs);
        match &self.sparse {
            Some(sparse) if self.is_sparse_for_few => sparse.walk(inputs, outputs),
            _ => walk(&self.whole, inputs, self.inputs, self.outputs, outputs),
        }
        for row in outputs.chunks_exact_mut(self.outputs) {
            add_bias_and_activate(self.activation, &self.bias, 1, row);
        }
    }

    /// What the layer makes of `[inputs][lanes]`.
    pub(super) fn many_rows(&self, lanes: usize, inputs: &[f32], outputs: &mut Aligned) {
        outputs.resize(self.outputs * lanes);
        let (bias, activation) = (self.bias.as_slice(), self.activation);
        let mut finish = AddBias { bias, activation, into: outputs, stride: lanes };
        match &self.sparse {
            Some(sparse) => sparse.product(inputs, lanes, &mut finish),
            None => {
                let left = Left { values: &self.whole, row_stride: self.inputs, inner_stride: 1 };
                let extents = Extents { rows: self.outputs, inner: self.inputs, columns: lanes };
                product(left, Right { values: inputs, stride: lanes }, extents, &mut finish);
            }
        }
        activate(activation, lanes, outputs);
    }
}
