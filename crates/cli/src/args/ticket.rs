//! `lessen ticket`.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};

use clap::{Args, ValueEnum};

use super::train::{BoundArgs, MOST_BATCH, MOST_STEPS, OptimiserArgs, StartArgs};
use super::{FileArgs, count};

/// A slip of the finger beyond these.
const MOST_ROUNDS: u64 = 1000;
const MOST_REPEATS: u64 = 1000;

/// `lessen ticket`.
#[derive(Debug, Args)]
#[command(mut_arg("init", |init| init.default_value("glorot")))]
pub(crate) struct TicketArgs {
    /// A named data set (`lessen data list`), or your own: CSV, NPY, NPZ, Parquet, IDX, or a folder of such.
    pub(crate) data: String,
    /// What each network begins with.
    #[command(flatten)]
    pub(crate) start: StartArgs,
    /// Give networks pixels of mean 0 and standard deviation 1, as `train` does, instead of 0 to 1 as in the paper.
    #[arg(long)]
    pub(crate) standardise: bool,
    /// Do what is broken in the folder again.
    #[arg(long)]
    pub(crate) repair: bool,
    /// How weights go.
    #[command(flatten)]
    pub(crate) pruning: PruningArgs,
    /// What tickets are held against.
    #[command(flatten)]
    pub(crate) controls: ControlArgs,
    /// How long each network is trained.
    #[command(flatten)]
    pub(crate) length: TicketLengthArgs,
    /// The optimiser.
    #[command(flatten)]
    pub(crate) optimiser: OptimiserArgs,
    /// What keeps weights small.
    #[command(flatten)]
    pub(crate) bounds: BoundArgs,
    /// What DATA is, where it is your own.
    #[command(flatten)]
    pub(crate) file: FileArgs,
}

/// How weights go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pruning")]
pub(crate) struct PruningArgs {
    /// Rounds of pruning.
    #[arg(long, value_name = "N", default_value = "20", value_parser = count::<NonZeroUsize, MOST_ROUNDS>)]
    pub(crate) rounds: NonZeroUsize,
    /// Share of the weights that are left which a round takes from a layer, above 0 and below 1.
    #[arg(long, value_name = "R", default_value_t = 0.2)]
    pub(crate) rate: f64,
    /// The same for the output layer [default: half of `--rate`].
    #[arg(long, value_name = "R")]
    pub(crate) output_rate: Option<f64>,
    /// Whether each layer's weights are ranked by themselves, or those of all together at `--rate` (without the output layer where
    /// its rate is 0).
    #[arg(long, value_enum, default_value_t = ScopeName::Layer)]
    pub(crate) scope: ScopeName,
    /// Whether survivors are given their first weights back between rounds, or go on from trained ones until they are tickets
    /// (appendix B of the paper).
    #[arg(long, value_enum, default_value_t = StrategyName::Reset)]
    pub(crate) strategy: StrategyName,
    /// Step whose weights survivors are given back; 0 for the first ones (late rewinding: Frankle et al. 2020).
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub(crate) rewind: u64,
    /// Rewind the learning rate alone: survivors go on from trained weights (Renda, Frankle & Carbin 2020).
    #[arg(long)]
    pub(crate) rewind_rate: bool,
}

/// What is ranked with what.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ScopeName {
    /// The weights of a layer.
    Layer,
    /// The weights of all layers.
    Global,
}

/// What survivors go on from between rounds.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum StrategyName {
    /// The weights that they are given back.
    Reset,
    /// Their trained weights.
    Continue,
}

/// What tickets are held against.
#[derive(Debug, Args)]
#[command(next_help_heading = "Controls")]
pub(crate) struct ControlArgs {
    /// Independent repetitions, with other first weights and orders of rows; two or more give intervals.
    #[arg(long, value_name = "N", default_value = "1", value_parser = count::<NonZeroU32, MOST_REPEATS>)]
    pub(crate) replicates: NonZeroU32,
    /// Percent of the weights at which there are controls; the nearest rounds are taken [default: every third round].
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) at: Option<Vec<f64>>,
    /// Networks with a ticket's mask and newly drawn weights.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) reinit: u32,
    /// Networks of as many weights at random places of all layers.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) random_mask: u32,
    /// Networks of as many weights as each layer has, at random places of it.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) shuffled_mask: u32,
    /// Train tickets once more in another order of rows, and see what lies between the two (linear mode connectivity).
    #[arg(long)]
    pub(crate) connectivity: bool,
    /// Percent of the hidden layers' weights that go at once, after one training [default: 5,32.5,82.5,95, as in the paper].
    #[arg(long, value_name = "LIST", value_delimiter = ',', num_args = 0.., default_missing_values = ["5", "32.5", "82.5", "95"])]
    pub(crate) one_shot: Vec<f64>,
}

/// How long each network is trained, and when it is looked at.
#[derive(Debug, Args)]
#[command(next_help_heading = "Length")]
pub(crate) struct TicketLengthArgs {
    /// Minibatches of each training.
    #[arg(long, value_name = "N", default_value = "50000", value_parser = count::<NonZeroU64, MOST_STEPS>)]
    pub(crate) steps: NonZeroU64,
    /// Rows in a minibatch.
    #[arg(long, value_name = "N", default_value = "60", value_parser = count::<NonZeroUsize, MOST_BATCH>)]
    pub(crate) batch: NonZeroUsize,
    /// Minibatches from one look at the validation rows to the next.
    #[arg(long, value_name = "N", default_value = "100", value_parser = count::<NonZeroU64, MOST_STEPS>)]
    pub(crate) validate_every: NonZeroU64,
    /// Minibatches from one look at the test rows to the next: they choose nothing and are shown when all is decided.
    #[arg(long, value_name = "N", default_value = "500", value_parser = count::<NonZeroU64, MOST_STEPS>)]
    pub(crate) test_every: NonZeroU64,
}
