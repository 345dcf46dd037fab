//! `lessen reproduce`.

use std::num::NonZeroU32;

use clap::{Args, ValueEnum};

use super::count;

/// `lessen reproduce`.
#[derive(Debug, Args)]
pub(crate) struct ReproduceArgs {
    /// The paper: `frankle2019`.
    #[arg(value_enum, hide_possible_values = true)]
    pub(crate) paper: PaperName,
    /// A shorter protocol, for a first look in minutes.
    #[arg(long)]
    pub(crate) short: bool,
    /// Replicates [default: as in the paper].
    #[arg(long, value_name = "N", value_parser = count::<NonZeroU32, 1000>)]
    pub(crate) seeds: Option<NonZeroU32>,
    /// Do what is broken in the folder again.
    #[arg(long)]
    pub(crate) repair: bool,
}

/// A paper whose experiment can be run again.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum PaperName {
    /// Frankle & Carbin 2019, LeNet-300-100 on MNIST.
    Frankle2019,
}
