//! The weights of a layer in training, whole or only those that are left.

use pulp::Simd;

use lessen_data::padded;

use crate::kernels::ahead::ask_for;
use crate::kernels::aligned::Aligned;
use crate::kernels::dense::{
    Extents, Finish, Left, Right, Store, Strips, product, shared_product, shared_product_of_strips,
};
use crate::kernels::share::{Share, by_rows};
use crate::kernels::sparse::{self, Pattern};
use crate::optimiser::{Parameters, Pulls, Rule, Step, Stretch, WithRule};
use crate::recipe::Optimiser;

/// The weights of a layer with all that a step needs of them.
pub(super) enum Weights {
    /// All weights, those that are gone as zeros.
    Dense(Dense),
    /// The weights that are left: gradients and moments exist for no other.
    Sparse(Sparse),
}

pub(super) struct Dense {
    rows: usize,
    columns: usize,
    /// `[rows][stride]`; what is beyond the columns is zero and stays so.
    parameters: Parameters,
    /// From one row to the next: the columns filled up to whole registers.
    stride: usize,
    /// 1 for a weight that is left, 0 for one that is gone; `None` where none is gone.
    left: Option<Aligned>,
    /// Filled in only where a step waits for the gradients of all layers.
    gradient: Aligned,
}

pub(super) struct Sparse {
    pattern: Pattern,
    /// One an entry of the pattern, filled up to whole registers.
    parameters: Parameters,
    gradient: Aligned,
}

/// What a layer is given, in both forms.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    /// `[features][lanes]`.
    pub(super) by_feature: &'a [f32],
    pub(super) lanes: usize,
    /// `[rows][stride]`, for dense layers only.
    pub(super) by_row: &'a [f32],
    pub(super) rows: usize,
    /// What is not zero of `by_row`, where that is known.
    pub(super) nonzero_by_row: Option<&'a Strips>,
}

impl Weights {
    /// Weights of which `has` says which are left; all values and moments are zero.
    pub(super) fn new(
        (rows, columns): (usize, usize),
        optimiser: Optimiser,
        is_sparse: bool,
        has: impl Fn(usize) -> bool,
    ) -> Self {
        if is_sparse {
            let pattern = Pattern::new(rows, columns, has);
            let length = padded(pattern.entries());
            let parameters = Parameters::zeros(optimiser, length);
            return Self::Sparse(Sparse { pattern, parameters, gradient: Aligned::zeros(length) });
        }
        let stride = padded(columns);
        let parameters = Parameters::zeros(optimiser, rows * stride);
        let is_masked = (0..rows * columns).any(|index| !has(index));
        let left = is_masked.then(|| {
            let mut left = Aligned::zeros(rows * stride);
            for (row, left) in left.chunks_exact_mut(stride).enumerate() {
                for (column, left) in left[..columns].iter_mut().enumerate() {
                    *left = f32::from(u8::from(has(row * columns + column)));
                }
            }
            left
        });
        Self::Dense(Dense { rows, columns, parameters, stride, left, gradient: Aligned::default() })
    }

    /// For each weight that is kept, its index in `[rows][columns]` and its place in [`Weights::parameters`].
    pub(super) fn places(&self) -> Vec<(usize, usize)> {
        match self {
            Self::Dense(dense) => {
                let Dense { rows, columns, stride, .. } = *dense;
                let row = |row: usize| {
                    (0..columns).map(move |column| (row * columns + column, row * stride + column))
                };
                (0..rows).flat_map(row).collect()
            }
            Self::Sparse(sparse) => {
                sparse.pattern.indices().enumerate().map(|(at, index)| (index, at)).collect()
            }
        }
    }

    pub(super) fn parameters(&self) -> &Parameters {
        match self {
            Self::Dense(dense) => &dense.parameters,
            Self::Sparse(sparse) => &sparse.parameters,
        }
    }

    pub(super) fn parameters_mut(&mut self) -> &mut Parameters {
        match self {
            Self::Dense(dense) => &mut dense.parameters,
            Self::Sparse(sparse) => &mut sparse.parameters,
        }
    }

    /// `W x`, by feature; what is not zero of `x` beside it, where that is known.
    pub(super) fn forward<F: Finish + Share>(
        &self,
        (inputs, nonzero): (&[f32], Option<&Strips>),
        lanes: usize,
        finish: F,
    ) {
        match self {
            Self::Dense(dense) => {
                let left =
                    Left { values: &dense.parameters.values, row_stride: dense.stride, inner_stride: 1 };
                if let Some(nonzero) = nonzero {
                    return shared_product_of_strips(left, dense.rows, nonzero, finish);
                }
                let right = Right { values: inputs, stride: lanes };
                let extents = Extents { rows: dense.rows, inner: dense.columns, columns: lanes };
                shared_product(left, right, extents, finish);
            }
            Self::Sparse(sparse) => {
                sparse.pattern.shared_product(&sparse.parameters.values, inputs, lanes, finish);
            }
        }
    }

    /// `W' dy`, by feature.
    pub(super) fn back(&self, delta: &[f32], lanes: usize, into: &mut [f32]) {
        match self {
            Self::Dense(dense) => {
                let left =
                    Left { values: &dense.parameters.values, row_stride: 1, inner_stride: dense.stride };
                let right = Right { values: delta, stride: lanes };
                let extents = Extents { rows: dense.columns, inner: dense.rows, columns: lanes };
                product(left, right, extents, &mut Store { into, stride: lanes });
            }
            Self::Sparse(sparse) => sparse.pattern.back(&sparse.parameters.values, delta, lanes, into),
        }
    }

    /// Moves the weights against `dW = dy x'`, which is not kept.
    pub(super) fn descend(&mut self, delta: &[f32], inputs: Inputs<'_>, step: Step) {
        match self {
            Self::Dense(dense) => {
                let gradient = dense.gradient_of(delta, inputs);
                let stretch = dense.parameters.stretch();
                let mask = dense.left.as_deref();
                step.with(DenseDescent { gradient, stretch, mask, stride: dense.stride });
            }
            Self::Sparse(sparse) => sparse.descend(delta, inputs, step),
        }
    }

    /// Keeps `dW = dy x'` for [`Weights::descend_by_kept`] and gives the sum of its squares.
    pub(super) fn keep_gradient(&mut self, delta: &[f32], inputs: Inputs<'_>) -> f64 {
        match self {
            Self::Dense(dense) => {
                let mut gradient = std::mem::take(&mut dense.gradient);
                gradient.resize(dense.rows * dense.stride);
                let of = dense.gradient_of(delta, inputs);
                of.product(Store { into: &mut gradient, stride: dense.stride });
                if let Some(left) = &dense.left {
                    gradient.iter_mut().zip(&**left).for_each(|(gradient, left)| *gradient *= left);
                }
                dense.gradient = gradient;
                sum_of_squares(&dense.gradient)
            }
            Self::Sparse(sparse) => {
                let gradient = &mut sparse.gradient;
                sparse.pattern.rows().gradient(delta, inputs.by_feature, inputs.lanes, gradient);
                sum_of_squares(&sparse.gradient)
            }
        }
    }

    /// Moves the weights against the gradient that was kept.
    pub(super) fn descend_by_kept(&mut self, step: Step) {
        match self {
            Self::Dense(dense) => dense.parameters.descend(step, &dense.gradient),
            Self::Sparse(sparse) => sparse.parameters.descend(step, &sparse.gradient),
        }
    }

    /// Makes the weights into each unit, as one vector, no longer than `longest`.
    pub(super) fn shorten(&mut self, longest: f32) {
        let shorten = |weights: &mut [f32]| {
            let length = sum_of_squares(weights).sqrt();
            if length > f64::from(longest) {
                let factor = (f64::from(longest) / length) as f32;
                weights.iter_mut().for_each(|weight| *weight *= factor);
            }
        };
        match self {
            Self::Dense(dense) => {
                dense.parameters.values.chunks_exact_mut(dense.stride.max(1)).for_each(shorten);
            }
            Self::Sparse(sparse) => {
                let rows = sparse.pattern.rows();
                (0..rows.count()).for_each(|row| shorten(&mut sparse.parameters.values[rows.row(row)]));
            }
        }
    }
}

impl Dense {
    /// The product that gives the gradient, with the rows of the minibatch as its inner index.
    fn gradient_of<'a>(&self, delta: &'a [f32], inputs: Inputs<'a>) -> DenseGradient<'a> {
        DenseGradient {
            left: Left { values: delta, row_stride: inputs.lanes, inner_stride: 1 },
            right: Right { values: inputs.by_row, stride: self.stride },
            extents: Extents { rows: self.rows, inner: inputs.rows, columns: self.stride },
            nonzero: inputs.nonzero_by_row,
        }
    }
}

impl Sparse {
    /// The gradient of some rows, and the step of the optimiser while it lies close by.
    fn descend(&mut self, delta: &[f32], inputs: Inputs<'_>, step: Step) {
        let Self { pattern, parameters, gradient } = self;
        let (rows, lanes) = (pattern.rows(), inputs.lanes);
        let part = SparsePart { rows, delta, lanes, gradient, stretch: parameters.stretch() };
        by_rows(part, rows.count(), pattern.row_macs(lanes), &|part, _| {
            part.rows.gradient(part.delta, inputs.by_feature, lanes, part.gradient);
            part.stretch.descend(step, part.gradient);
        });
    }
}

/// Some rows in a step.
struct SparsePart<'a> {
    rows: sparse::Rows<'a>,
    /// `[rows][lanes]`.
    delta: &'a [f32],
    lanes: usize,
    /// Of the rows' entries, as `stretch` is.
    gradient: &'a mut [f32],
    stretch: Stretch<'a>,
}

impl Share for SparsePart<'_> {
    fn share(self, row: usize) -> (Self, Self) {
        let Self { rows, delta, lanes, gradient, stretch } = self;
        let (rows, others) = rows.share(row);
        let entries = rows.entries().len();
        let (delta, others_delta) = delta.split_at(row * lanes);
        let (gradient, others_gradient) = gradient.split_at_mut(entries);
        let (stretch, others_stretch) = stretch.split_at(entries);
        (
            Self { rows, delta, lanes, gradient, stretch },
            Self {
                rows: others,
                delta: others_delta,
                lanes,
                gradient: others_gradient,
                stretch: others_stretch,
            },
        )
    }
}

/// `dy x'`, to be computed.
struct DenseGradient<'a> {
    left: Left<'a>,
    right: Right<'a>,
    extents: Extents,
    /// What is not zero of the right matrix, where that is known.
    nonzero: Option<&'a Strips>,
}

impl DenseGradient<'_> {
    fn product<F: Finish + Share>(self, finish: F) {
        match self.nonzero {
            Some(nonzero) => shared_product_of_strips(self.left, self.extents.rows, nonzero, finish),
            None => shared_product(self.left, self.right, self.extents, finish),
        }
    }
}

/// In a fixed order.
fn sum_of_squares(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value) * f64::from(value)).sum()
}

struct DenseDescent<'a> {
    gradient: DenseGradient<'a>,
    stretch: Stretch<'a>,
    mask: Option<&'a [f32]>,
    stride: usize,
}

impl WithRule for DenseDescent<'_> {
    type Output = ();

    fn with_rule<R: Rule>(self, rule: R, pulls: Pulls) {
        let Self { gradient, stretch, mask, stride } = self;
        gradient.product(Descend { rule, pulls, stretch, mask, stride });
    }
}

/// Moves each weight by its gradient while that is still in a register.
struct Descend<'a, R> {
    rule: R,
    pulls: Pulls,
    stretch: Stretch<'a>,
    mask: Option<&'a [f32]>,
    stride: usize,
}

/// Numbers between the one that is moved and the one that is asked for: what comes to a few hundred nanoseconds.
const AHEAD: usize = 96;

impl<R: Rule> Finish for Descend<'_, R> {
    #[inline(always)]
    fn soon(&self, row: usize, column: usize) {
        let at = row * self.stride + column + AHEAD;
        ask_for(self.stretch.values, at);
        if R::FIRST {
            ask_for(self.stretch.first, at);
        }
        if R::SECOND {
            ask_for(self.stretch.second, at);
        }
    }

    #[inline(always)]
    fn finish<S: Simd>(&mut self, simd: S, row: usize, column: usize, sums: S::f32s) {
        let at = row * self.stride + column;
        let gradient = match self.mask {
            Some(mask) => simd.mul_f32s(sums, S::as_simd_f32s(&mask[at..at + S::F32_LANES]).0[0]),
            None => sums,
        };
        self.stretch.move_register(simd, (self.rule, self.pulls), at, gradient);
    }
}

impl<R: Rule> Share for Descend<'_, R> {
    fn share(self, row: usize) -> (Self, Self) {
        let Self { rule, pulls, stretch, mask, stride } = self;
        let (first, second) = stretch.split_at(row * stride);
        let (mask_first, mask_second) = match mask.map(|mask| mask.split_at(row * stride)) {
            Some((first, second)) => (Some(first), Some(second)),
            None => (None, None),
        };
        (
            Self { rule, pulls, stretch: first, mask: mask_first, stride },
            Self { rule, pulls, stretch: second, mask: mask_second, stride },
        )
    }
}
