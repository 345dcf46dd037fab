//! Expected CPU seconds of networks.

use super::ProblemSize;
use crate::NetSpec;

/// Weights of a layer after the other, and units after the features.
fn layers(spec: &NetSpec, size: &ProblemSize) -> (Vec<f64>, f64) {
    let outputs = size.classes.unwrap_or(1);
    let widths: Vec<f64> =
        [size.width].iter().chain(&spec.hidden).chain([&outputs]).map(|&units| units as f64).collect();
    let weights = widths.windows(2).map(|pair| pair[0] * pair[1]).collect();
    (weights, widths[1..].iter().sum())
}

/// `passes * (arithmetic / rate + gathering + units) + steps * (weights + start)`, where a pass takes 2 floating-point
/// operations a weight each for the answer, for the weights' gradient and, behind the first layer, for the inputs'.
pub(super) fn net(spec: &NetSpec, size: &ProblemSize) -> f64 {
    const RATE: f64 = 112e9;
    const GATHERING: f64 = 0.83e-9;
    const ROW: f64 = 1e-9;
    const UNIT: f64 = 0.51e-9;
    const PROBABILITY: f64 = 6.26e-9;
    const ADAM: f64 = 1.15e-9;
    const STEP: f64 = 0.9e-6;
    let (rows, width, _) = size.numbers();
    let (weights, units) = layers(spec, size);
    let all: f64 = weights.iter().sum();
    let arithmetic = 6.0 * all - 2.0 * weights[0];
    let probabilities = PROBABILITY * size.classes.unwrap_or(0) as f64;
    let passes = rows * spec.epochs as f64;
    let steps = passes / spec.batch.max(1) as f64;
    passes * (arithmetic / RATE + GATHERING * width + ROW + UNIT * units + probabilities)
        + steps * (ADAM * all + STEP)
}

/// `arithmetic / rate + units + encoding`.
pub(super) fn net_row(spec: &NetSpec, size: &ProblemSize) -> f64 {
    const RATE: f64 = 102e9;
    const ENCODING: f64 = 0.77e-9;
    const UNIT: f64 = 0.25e-9;
    const START: f64 = 26e-9;
    const PROBABILITY: f64 = 4.36e-9;
    let (_, width, outputs) = size.numbers();
    let (weights, units) = layers(spec, size);
    2.0 * weights.iter().sum::<f64>() / RATE + ENCODING * width + UNIT * units + PROBABILITY * outputs + START
}
