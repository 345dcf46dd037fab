//! `lessen train`.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use lessen_compress::Architecture;

use super::foreign::ForeignArgs;
use super::numbers::{above_zero, at_least_zero, below_one};
use super::{FileArgs, MetricName, count};

/// A slip of the finger beyond these.
pub(crate) const MOST_STEPS: u64 = 1_000_000_000_000;
pub(crate) const MOST_BATCH: u64 = 1 << 20;

/// `lessen train`.
#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// A named data set (`lessen data list`), or your own: CSV, NPY, NPZ, Parquet, IDX, or a folder of such.
    pub(crate) data: String,
    /// What it begins with.
    #[command(flatten)]
    pub(crate) start: StartArgs,
    /// How long.
    #[command(flatten)]
    pub(crate) length: LengthArgs,
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

/// What training begins with.
#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    /// Architecture: `lenet-300-100`, or `mlp:` and widths from the encoded features to the outputs, `mlp:784-300-100-10`.
    #[arg(long, value_name = "ARCH", required_unless_present = "from")]
    pub(crate) arch: Option<Architecture>,
    /// Model file whose weights are the first ones, instead of drawn ones; what is pruned stays so.
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["arch", "activation", "init", "dropout", "input_dropout"])]
    pub(crate) from: Option<PathBuf>,
    /// What that file is, where another tool wrote it.
    #[command(flatten)]
    pub(crate) foreign: ForeignArgs,
    /// The network.
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

/// How long a network is trained.
#[derive(Debug, Args)]
#[command(next_help_heading = "Length")]
pub(crate) struct LengthArgs {
    /// Passes over the training rows [default: 20].
    #[arg(long, value_name = "N", value_parser = count::<NonZeroU64, MOST_STEPS>, conflicts_with = "steps")]
    pub(crate) epochs: Option<NonZeroU64>,
    /// Minibatches.
    #[arg(long, value_name = "N", value_parser = count::<NonZeroU64, MOST_STEPS>)]
    pub(crate) steps: Option<NonZeroU64>,
    /// Rows in a minibatch.
    #[arg(long, value_name = "N", default_value = "60", value_parser = count::<NonZeroUsize, MOST_BATCH>)]
    pub(crate) batch: NonZeroUsize,
    /// Minibatches from one look at the validation rows to the next [default: a pass over the rows].
    #[arg(long, value_name = "N", value_parser = count::<NonZeroU64, MOST_STEPS>)]
    pub(crate) eval_every: Option<NonZeroU64>,
    /// Looks in a row without a better one after which training ends early.
    #[arg(long, value_name = "N", value_parser = count::<NonZeroU64, MOST_STEPS>)]
    pub(crate) patience: Option<NonZeroU64>,
    /// What the best state is chosen by, on validation [default: accuracy; where numbers are predicted, their RMSE].
    #[arg(long, value_enum)]
    pub(crate) metric: Option<MetricName>,
}

/// What a network is beside its widths.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct NetworkArgs {
    /// What stands behind each hidden layer.
    #[arg(long, value_enum, default_value_t = ActivationName::Relu)]
    pub(crate) activation: ActivationName,
    /// What the first weights are drawn from: He's normal distribution, Glorot's, or the one that goes with the activation.
    #[arg(long, value_enum, default_value_t = InitName::Auto)]
    pub(crate) init: InitName,
    /// Share of each hidden layer's units that training drops (Srivastava et al. 2014).
    #[arg(long, value_name = "RATE", default_value_t = 0.0, value_parser = below_one::<f32>)]
    pub(crate) dropout: f32,
    /// Share of the encoded features that training drops.
    #[arg(long, value_name = "RATE", default_value_t = 0.0, value_parser = below_one::<f32>)]
    pub(crate) input_dropout: f32,
}

/// How gradients become steps.
#[derive(Debug, Args)]
#[command(next_help_heading = "Optimiser")]
pub(crate) struct OptimiserArgs {
    /// How gradients become steps.
    #[arg(long, value_enum, default_value_t = OptimiserName::Adam)]
    pub(crate) optimizer: OptimiserName,
    /// Learning rate [default: 0.0012 for adam and adamw, 0.1 for sgd, 0.05 with momentum].
    #[arg(long, value_name = "RATE", value_parser = above_zero::<f32>)]
    pub(crate) lr: Option<f32>,
    /// Momentum of `momentum` and `nesterov`.
    #[arg(long, value_name = "M", default_value_t = 0.9, value_parser = below_one::<f32>)]
    pub(crate) momentum: f32,
    /// How the learning rate changes: not at all, down along half a cosine to 0, or down at `--drop-at`.
    #[arg(long, value_enum, default_value_t = ScheduleName::Constant)]
    pub(crate) schedule: ScheduleName,
    /// Minibatches until the full learning rate.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) warm_up: u64,
    /// Minibatches at which the learning rate is multiplied with `--drop-by`.
    #[arg(long, value_name = "LIST", value_delimiter = ',', requires_if("steps", "schedule"))]
    pub(crate) drop_at: Vec<u64>,
    /// What it is multiplied with there.
    #[arg(long, value_name = "F", default_value_t = 0.1, value_parser = above_zero::<f32>)]
    pub(crate) drop_by: f32,
    /// Factor of the learning rate in one layer, `dense_1=0.1`; 0 freezes it. May be given several times.
    #[arg(long, value_name = "LAYER=F", value_parser = rate)]
    pub(crate) rate: Vec<(String, f32)>,
}

/// What keeps weights and gradients small.
#[derive(Debug, Args)]
#[command(next_help_heading = "Bounds")]
pub(crate) struct BoundArgs {
    /// Share of each weight taken away a step, times the learning rate (decoupled: Loshchilov & Hutter 2019) [default: 0;
    /// 0.01 for adamw].
    #[arg(long, value_name = "D", value_parser = at_least_zero::<f32>)]
    pub(crate) weight_decay: Option<f32>,
    /// Penalty on the absolute values of weights.
    #[arg(long, value_name = "L", default_value_t = 0.0, value_parser = at_least_zero::<f32>)]
    pub(crate) l1: f32,
    /// Penalty on half their squares.
    #[arg(long, value_name = "L", default_value_t = 0.0, value_parser = at_least_zero::<f32>)]
    pub(crate) l2: f32,
    /// Longest gradient, of all parameters together.
    #[arg(long, value_name = "C", value_parser = above_zero::<f32>)]
    pub(crate) clip: Option<f32>,
    /// Longest vector of weights into a unit.
    #[arg(long, value_name = "C", value_parser = above_zero::<f32>)]
    pub(crate) max_norm: Option<f32>,
}

/// What stands behind a hidden layer.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ActivationName {
    /// `max(x, 0)`.
    Relu,
    /// `x`, below zero times 0.01.
    LeakyRelu,
    /// `tanh(x)`.
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
}

/// What first weights are drawn from.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum InitName {
    /// He's for ReLUs, Glorot's for the others.
    Auto,
    /// Of variance 2 / inputs.
    He,
    /// Of variance 2 / (inputs + outputs).
    Glorot,
}

/// How gradients become steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OptimiserName {
    /// Kingma & Ba 2015.
    Adam,
    /// Adam with weights that decay by themselves (Loshchilov & Hutter 2019).
    Adamw,
    /// Plain stochastic gradient descent.
    Sgd,
    /// With momentum.
    Momentum,
    /// With Nesterov's momentum.
    Nesterov,
}

/// How the learning rate changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScheduleName {
    /// Not at all.
    Constant,
    /// Half a cosine, to 0 at the end.
    Cosine,
    /// Down in steps.
    Steps,
}

fn rate(text: &str) -> Result<(String, f32), String> {
    let (layer, factor) = text.split_once('=').ok_or("expected `LAYER=FACTOR`, such as `dense_1=0.1`")?;
    Ok((layer.to_owned(), at_least_zero(factor)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_name_a_layer() {
        assert_eq!(rate("dense_1=0.5"), Ok(("dense_1".to_owned(), 0.5)));
        for bad in ["dense_1", "dense_1=", "dense_1=-1"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }
}
