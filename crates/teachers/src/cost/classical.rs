//! Expected CPU seconds of nearest neighbours, support vector machines and naive Bayes.

use super::ProblemSize;
use crate::{BayesKind, BayesSpec, SvmKernel, SvmSpec};

/// Training rows that the choice of a smoothing looks the neighbours of up for.
const SMOOTHED: f64 = 2000.0;

/// The searches that choose a smoothing; for numbers there is none, and points are made only.
pub(super) fn neighbours(size: &ProblemSize) -> f64 {
    const MAKING: f64 = 6e-9;
    let (rows, width, _) = size.numbers();
    match size.classes {
        Some(_) => rows.min(SMOOTHED) * search(size),
        None => MAKING * rows * width,
    }
}

/// A row's neighbours: `rows * (a * width + b) + c`.
pub(super) fn search(size: &ProblemSize) -> f64 {
    const PRODUCT: f64 = 0.03e-9;
    const COMPARING: f64 = 0.8e-9;
    const MEASURING: f64 = 11e-6;
    let (rows, width, _) = size.numbers();
    rows * (PRODUCT * width + COMPARING) + MEASURING
}

/// Pairs of classes, and the rows of each.
fn pairs(spec: &SvmSpec, size: &ProblemSize) -> (f64, f64) {
    let (rows, _, classes) = size.numbers();
    let pairs = classes * (classes - 1.0) / 2.0;
    (pairs, (2.0 * rows / classes).min(spec.rows_limit as f64))
}

/// `pairs * (rows^2 * (a * width + b * hardness) + c * rows)`: a kernel matrix, and steps of the solver in proportion to
/// the rows; narrow kernels take more.
pub(super) fn svm(spec: &SvmSpec, size: &ProblemSize) -> f64 {
    const PRODUCT: f64 = 0.022e-9;
    const SOLVING: f64 = 7e-9;
    const ROW: f64 = 1.13e-6;
    let hardness = match spec.kernel {
        SvmKernel::Rbf { gamma } => 1.0 + f64::from(gamma).powi(2) / 32.0,
        SvmKernel::Polynomial { .. } => 1.0,
    };
    let (pairs, rows) = pairs(spec, size);
    pairs * (rows * rows * (PRODUCT * size.width as f64 + SOLVING * hardness) + ROW * rows)
}

/// Kernel values of the support vectors (more than half of the rows that any pair saw), coefficients of the pairs, and the
/// coupling of the classes.
pub(super) fn svm_row(spec: &SvmSpec, size: &ProblemSize) -> f64 {
    const VECTORS: f64 = 0.56;
    const PRODUCT: f64 = 0.022e-9;
    const COEFFICIENT: f64 = 0.041e-9;
    const COUPLING: f64 = 14e-9;
    const START: f64 = 0.42e-6;
    let (all, width, classes) = size.numbers();
    let (pairs, rows) = pairs(spec, size);
    let vectors = VECTORS * all.min(pairs * rows);
    vectors * PRODUCT * width + pairs * rows * COEFFICIENT + COUPLING * classes * classes + START
}

/// A look at each value; of normal distributions, for each class.
pub(super) fn bayes(spec: &BayesSpec, size: &ProblemSize) -> f64 {
    const COUNTING: f64 = 0.2e-9;
    const MOMENTS: f64 = 0.76e-9;
    let (rows, width, classes) = size.numbers();
    match spec.kind {
        BayesKind::Gaussian => MOMENTS * rows * width * (classes + 1.0),
        BayesKind::Histogram { .. } => COUNTING * rows * width,
    }
}

/// Densities of each feature and class, and a softmax.
pub(super) fn bayes_row(spec: &BayesSpec, size: &ProblemSize) -> f64 {
    const DENSITY: f64 = 0.25e-9;
    const ENCODING: f64 = 1.22e-9;
    const BINNING: f64 = 6.8e-9;
    const PROBABILITY: f64 = 25e-9;
    let (_, width, classes) = size.numbers();
    let densities = match spec.kind {
        BayesKind::Gaussian => width * (DENSITY * classes + ENCODING),
        BayesKind::Histogram { .. } => width * BINNING,
    };
    densities + PROBABILITY * classes
}
