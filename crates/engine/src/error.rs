//! What can go wrong in compiling and training.

use lessen_data::DataError;
use lessen_model::NetworkError;

/// A network that cannot be compiled, or a recipe that makes no sense.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A node that the engine has no place for.
    #[error("node `{node}` cannot be run: expected {expected}")]
    Node {
        /// The node.
        node: String,
        /// What could stand there.
        expected: &'static str,
    },
    /// The network's parts do not fit together.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A setting out of its range.
    #[error("`{setting}` is {found}, expected {expected}")]
    Recipe {
        /// Which.
        setting: &'static str,
        /// As given.
        found: f64,
        /// The range.
        expected: &'static str,
    },
    /// Training failed.
    #[error("training failed")]
    Step(#[from] StepError),
}

/// A training step that could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// The rows do not fit the network.
    #[error(transparent)]
    Data(#[from] DataError),
    /// There is no row to learn from.
    #[error("there is no row to learn from")]
    NoRows,
    /// Not one target a row.
    #[error(
        "{found} targets for {rows} rows of {outputs} outputs, or targets of another kind than the answer"
    )]
    Targets {
        /// Rows of the features.
        rows: usize,
        /// Outputs of the network.
        outputs: usize,
        /// Targets given.
        found: usize,
    },
    /// Losses are weighed by no such numbers.
    #[error("the targets are weighed by {problem}")]
    Blend {
        /// Expected and found.
        problem: String,
    },
    /// A row that is not there, or a target that is none.
    #[error("row {row}: {problem}")]
    Row {
        /// Its number in the features.
        row: u32,
        /// Expected and found.
        problem: String,
    },
    /// The loss is not a finite number any more.
    #[error(
        "the loss is {loss} at step {step}, first in layer `{layer}`: the learning rate is too high, or the data holds infinities"
    )]
    Diverged {
        /// Steps taken before.
        step: u64,
        /// Infinite or not a number.
        loss: f32,
        /// The first layer whose outputs are not all finite numbers; the last one where they are.
        layer: String,
    },
}
