//! How networks begin and are trained, as it was typed.

use lessen_compress::FitStart;
use lessen_data::Dataset;
use lessen_engine::{Activation, Initial, Optimiser, Penalty, Recipe, Schedule, Start};
use lessen_model::Network;

use super::model;
use crate::args::train::{
    ActivationName, BoundArgs, InitName, NetworkArgs, OptimiserArgs, OptimiserName, ScheduleName, StartArgs,
};

/// What training begins with, and the network where that is a file's; what was assumed of it is added to `notes`.
pub(crate) fn begin(
    args: &StartArgs,
    dataset: &Dataset,
    notes: &mut Vec<String>,
) -> anyhow::Result<(FitStart, Option<Network>)> {
    if let Some(path) = &args.from {
        let known = model::read(path)?.on(path, model::Rows::Of(dataset), args.foreign)?;
        let start = FitStart::of_file(path, &known.file(path)?);
        notes.extend(known.notes);
        return Ok((start, Some(known.network)));
    }
    let Some(architecture) = args.arch.clone() else { anyhow::bail!("`--arch` or `--from` is needed") };
    Ok((FitStart::Drawn { architecture, start: start(&args.network) }, None))
}

/// What a network is before it is trained, beside its widths.
fn start(args: &NetworkArgs) -> Start {
    let NetworkArgs { activation, init, dropout, input_dropout } = *args;
    Start {
        activation: match activation {
            ActivationName::Relu => Activation::Relu,
            ActivationName::LeakyRelu => Activation::LeakyRelu,
            ActivationName::Tanh => Activation::Tanh,
            ActivationName::Sigmoid => Activation::Sigmoid,
        },
        initial: match init {
            InitName::Auto => Initial::ByActivation,
            InitName::He => Initial::He,
            InitName::Glorot => Initial::Glorot,
        },
        input_dropout,
        hidden_dropout: dropout,
    }
}

/// How it is trained, `steps` steps long.
pub(crate) fn recipe(batch: usize, steps: u64, optimiser: &OptimiserArgs, bounds: &BoundArgs) -> Recipe {
    let OptimiserArgs { optimizer, lr, momentum, warm_up, drop_by, .. } = *optimiser;
    let sgd = |rate: f32, momentum, nesterov| Optimiser::Sgd { rate: lr.unwrap_or(rate), momentum, nesterov };
    let schedule = match optimiser.schedule {
        ScheduleName::Constant if warm_up == 0 && optimiser.drop_at.is_empty() => Schedule::Constant,
        ScheduleName::Cosine => Schedule::Cosine { steps, warm_up },
        _ => Schedule::Steps { at: optimiser.drop_at.clone(), factor: drop_by, warm_up },
    };
    let decay = if optimizer == OptimiserName::Adamw { 0.01 } else { 0.0 };
    Recipe {
        schedule,
        weight_decay: bounds.weight_decay.unwrap_or(decay),
        penalty: Penalty { l1: bounds.l1, l2: bounds.l2 },
        clip: bounds.clip,
        max_norm: bounds.max_norm,
        rates: optimiser.rate.iter().cloned().collect(),
        ..Recipe::plain(
            batch,
            match optimizer {
                OptimiserName::Adam | OptimiserName::Adamw => Optimiser::adam(lr.unwrap_or(0.0012)),
                OptimiserName::Sgd => sgd(0.1, 0.0, false),
                OptimiserName::Momentum => sgd(0.05, momentum, false),
                OptimiserName::Nesterov => sgd(0.05, momentum, true),
            },
        )
    }
}
