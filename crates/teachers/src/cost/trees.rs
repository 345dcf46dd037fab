//! Expected CPU seconds of trees.

use super::ProblemSize;
use crate::{BoostingSpec, ForestSpec};

/// Share of the rows that a bootstrap draws at least once: `1 - 1/e`.
const DRAWN: f64 = 0.63;

/// `trees * (rows * depth * (a + b * looked^0.81 * (width / 16)^0.33) + start) + binning`: a row is moved once a level, and
/// looked at in each drawn feature; of wide rows more features are looked at that do not vary in a node.
pub(super) fn forest(spec: &ForestSpec, size: &ProblemSize) -> f64 {
    const MOVING: f64 = 14e-9;
    const BEST_CUT: f64 = 4.35e-9;
    const RANDOM_CUT: f64 = 4.06e-9;
    const START: f64 = 65e-6;
    const BINNING: f64 = 2.1e-9;
    let (rows, width, _) = size.numbers();
    let drawn = if spec.bootstrap { DRAWN * rows } else { rows };
    let looked = spec.features.of(size.width) as f64;
    let of_cut = if spec.random_thresholds { RANDOM_CUT } else { BEST_CUT };
    let of_features = of_cut * looked.powf(0.808) * (width / 16.0).powf(0.33);
    let tree = drawn * depth(spec, rows) * (MOVING + of_features) + START;
    spec.trees.max(1) as f64 * tree + BINNING * rows * width
}

/// `trees * (depth * a * (log2(rows) / 10)^2 + b * outputs) + c * width`: larger forests lie farther from the processor.
pub(super) fn forest_row(spec: &ForestSpec, size: &ProblemSize) -> f64 {
    const COMPARING: f64 = 2.23e-9;
    const RANDOM_IS_DEEPER: f64 = 1.72;
    const ADDING: f64 = 0.32e-9;
    const ENCODING: f64 = 1.71e-9;
    const START: f64 = 16e-9;
    let (rows, width, outputs) = size.numbers();
    let far = (rows.max(2.0).log2() / 10.0).powi(2);
    let deeper = if spec.random_thresholds { RANDOM_IS_DEEPER } else { 1.0 };
    let tree = depth(spec, rows) * COMPARING * far * deeper + outputs * ADDING;
    spec.trees.max(1) as f64 * tree + ENCODING * width + START
}

/// Levels that most rows go down.
fn depth(spec: &ForestSpec, rows: f64) -> f64 {
    let of_leaves = (rows / spec.min_leaf.max(1) as f64).max(2.0).log2();
    spec.max_depth.map_or(of_leaves, |most| of_leaves.min(f64::from(most)))
}

/// `trees * (histograms + walks + cuts) + probabilities + binning`: the root's histogram is counted whole, of each further
/// level about a third (the smaller children of those that vary).
pub(super) fn boosting(spec: &BoostingSpec, size: &ProblemSize) -> f64 {
    const COUNTING: f64 = 1.07e-9;
    const FURTHER_LEVEL: f64 = 0.327;
    const WALKING: f64 = 6.06e-9;
    const CUTTING: f64 = 140e-9;
    const PROBABILITY: f64 = 8.6e-9;
    const BINNING: f64 = 2.1e-9;
    let (rows, width, outputs) = size.numbers();
    let seen = rows * f64::from(spec.row_share) * width * f64::from(spec.feature_share);
    let levels = 1.0 + FURTHER_LEVEL * (f64::from(spec.max_depth) - 1.0).max(0.0);
    let depth = depth_of(spec, rows);
    let cuts = width * f64::from(spec.feature_share) * depth.exp2();
    let tree = COUNTING * seen * levels + WALKING * rows * depth + CUTTING * cuts;
    trees(spec, size) * tree + spec.rounds as f64 * PROBABILITY * rows * outputs + BINNING * rows * width
}

/// `trees * (a + b * depth) + c * outputs + d * width`.
pub(super) fn boosting_row(spec: &BoostingSpec, size: &ProblemSize) -> f64 {
    const TREE: f64 = 0.61e-9;
    const COMPARING: f64 = 2.25e-9;
    const PROBABILITY: f64 = 42e-9;
    const ENCODING: f64 = 1.0e-9;
    let (rows, width, outputs) = size.numbers();
    let tree = TREE + COMPARING * depth_of(spec, rows);
    trees(spec, size) * tree + PROBABILITY * outputs + ENCODING * width
}

fn depth_of(spec: &BoostingSpec, rows: f64) -> f64 {
    f64::from(spec.max_depth).min(rows.max(2.0).log2())
}

fn trees(spec: &BoostingSpec, size: &ProblemSize) -> f64 {
    let a_round = match size.classes {
        None | Some(2) => 1,
        Some(classes) => classes,
    };
    (spec.rounds * a_round) as f64
}
