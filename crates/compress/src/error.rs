//! What can go wrong on the way from data to a small network.

use std::path::PathBuf;

use lessen_data::DataError;
use lessen_engine::{EngineError, StepError};
use lessen_model::{PredictError, ReadError};
use lessen_records::RecordError;
use lessen_teachers::{FitError, SavedError};

/// A compression that could not be done; the source says more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompressError {
    /// The data does not serve.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A library member could not be fitted.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// A predictor failed on the data.
    #[error(transparent)]
    Predict(#[from] PredictError),
    /// A network could not be compiled or trained.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A training step failed.
    #[error("training `{network}` failed{}", best_state(kept.as_deref()))]
    Step {
        /// Which network.
        network: Box<str>,
        /// Why.
        source: StepError,
        /// Where training was best on the validation rows until then: the steps taken, and the file of the network.
        kept: Option<Box<(u64, PathBuf)>>,
    },
    /// A record or the output folder could not be written or read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A saved predictor could not be written or read.
    #[error(transparent)]
    Saved(#[from] SavedError),
    /// A model file that was just written does not give back the network.
    #[error("`{}` does not read back as what was trained", path.display())]
    ReadBack {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ReadBackError,
    },
    /// A finished stage's files are there but broken.
    #[error("the kept stage in `{}` cannot be read: {problem}", path.display())]
    Kept {
        /// Its folder.
        path: PathBuf,
        /// Expected and found.
        problem: String,
    },
    /// The teacher was fitted to other rows than those that this run would let it see.
    #[error("the teacher was fitted to `{dataset}` divided by seed {seed}, and this is {found}")]
    TeacherRows {
        /// The teacher's data set.
        dataset: String,
        /// The teacher's seed.
        seed: u64,
        /// The data set and seed at hand.
        found: String,
    },
    /// The least that can be done takes longer than it may.
    #[error(
        "the run is to take {seconds:.0} s, and the least that can be done here is expected to take {expected:.0} s"
    )]
    Budget {
        /// Wall time that was allowed.
        seconds: f64,
        /// Wall time that it is expected to take.
        expected: f64,
    },
    /// A network takes or gives other widths than the data.
    #[error("`{network}` has {model} {what}, and the data {}", match *what {
        "inputs" => format!("has {data} encoded features"),
        _ => format!("asks for {data}"),
    })]
    Shape {
        /// The network's name.
        network: String,
        /// `inputs` or `outputs`.
        what: &'static str,
        /// As many as the network has.
        model: usize,
        /// As many as the data has.
        data: usize,
    },
    /// A network that was to be read was not given.
    #[error("the network of `{path}` was not given")]
    NoNetwork {
        /// Its file.
        path: String,
    },
    /// No member of the library was selected.
    #[error("ensemble selection chose no member of the library")]
    NothingSelected,
    /// A stage's outcome has no form that can be kept.
    #[error("`{what}` cannot be written: {problem}")]
    Unwritable {
        /// What.
        what: &'static str,
        /// Why.
        problem: String,
    },
    /// A model and the data do not fit together.
    #[error("the model `{model}` does not fit the data `{data}`: {problem}")]
    Unfit {
        /// The model.
        model: String,
        /// The data.
        data: String,
        /// Expected and found.
        problem: String,
    },
    /// Two runtimes answer otherwise with the same model.
    #[error(
        "`{model}` answers otherwise in {runtime} than in our own runtime: an answer differs by {difference}, expected \
         at most {tolerance}; nothing was timed"
    )]
    Disagrees {
        /// The model.
        model: String,
        /// The other runtime.
        runtime: String,
        /// The largest difference found.
        difference: f32,
        /// What rounding explains.
        tolerance: f32,
    },
    /// A setting of a search for tickets is out of its range.
    #[error("`--{setting} {found}`: expected {expected}")]
    Lottery {
        /// As it is typed.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
    /// Pruning leaves a layer without weights.
    #[error("round {round} of {rounds} leaves `{layer}` less than one weight")]
    NothingLeft {
        /// The first that does.
        round: usize,
        /// The layer.
        layer: String,
        /// Rounds that were asked for.
        rounds: usize,
    },
    /// A round of pruning takes no weight.
    #[error(
        "round {round} of {rounds} takes nothing: the rates of what is left by then are less than half a weight"
    )]
    NothingTaken {
        /// The first that does not.
        round: usize,
        /// Rounds that were asked for.
        rounds: usize,
    },
    /// A folder holds what other settings led to.
    #[error("`{}` holds a run with other settings: {differences}", path.display())]
    OtherSpec {
        /// The folder.
        path: PathBuf,
        /// Setting by setting what is there and what was asked for.
        differences: String,
    },
    /// The teacher and the data have other columns or classes.
    #[error("the teacher gives {found} class probabilities, expected {expected}, one a class of the data")]
    TeacherClasses {
        /// Classes of the data.
        expected: usize,
        /// Outputs of the teacher.
        found: usize,
    },
}

/// How a file differs from what was trained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadBackError {
    /// It cannot be read.
    #[error(transparent)]
    Model(#[from] ReadError),
    /// It predicts something else.
    #[error("a probability differs by {difference}, expected at most {tolerance}")]
    Differs {
        /// The largest difference found.
        difference: f32,
        /// What rounding explains.
        tolerance: f32,
    },
}

fn best_state(kept: Option<&(u64, PathBuf)>) -> String {
    kept.map_or_else(String::new, |(step, path)| {
        format!("; its best state, after {step} steps, is kept in `{}`", path.display())
    })
}

impl CompressError {
    /// Advice, where there is some.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Data(error) => error.hint().map(str::to_owned),
            Self::Record(error) => error.hint().map(str::to_owned),
            Self::TeacherRows { seed, .. } => Some(format!(
                "its training rows would be test rows here; run with `--seed {seed}` on its own data"
            )),
            Self::Budget { expected, .. } => Some(format!(
                "`--budget {:.0}s` is expected to do, or fewer `--methods`",
                (1.2 * expected).ceil()
            )),
            Self::Step { kept: Some(kept), source: StepError::Diverged { .. }, .. } => Some(format!(
                "go on from there with a lower rate: `lessen train DATA --from {} --lr RATE`",
                kept.1.display()
            )),
            Self::Kept { path, .. } => Some(format!(
                "delete `{}`: it is then done again (`--repair` does both for tickets)",
                path.display()
            )),
            Self::NothingLeft { round, .. } | Self::NothingTaken { round, .. } => {
                Some(format!("`--rounds {}` is the most", round.saturating_sub(1)))
            }
            Self::OtherSpec { .. } => {
                Some("ask for those settings again to go on, or write elsewhere with `--out`".into())
            }
            _ => None,
        }
    }
}
