//! What can be typed after `lessen count`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::FileArgs;
use super::foreign::ForeignArgs;

/// `lessen count`.
#[derive(Debug, Args)]
pub(crate) struct CountArgs {
    /// Models: ONNX files of any tool, compact files (`.lsm`), safetensors files or the `.safetensors.index.json` of their parts.
    #[arg(required = true, value_name = "MODEL")]
    pub(crate) models: Vec<PathBuf>,
    /// A value for a free dimension, `batch=8`; can be said again. One along the first axis of an input is 1 where nothing is said.
    #[arg(long, value_name = "NAME=N", value_parser = dimension)]
    pub(crate) dim: Vec<(String, u64)>,
    /// A line for each node that computes something, or for each tensor of a file of weights.
    #[arg(long, conflicts_with = "by")]
    pub(crate) layers: bool,
    /// Sums over the nodes of each operator.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) by: Option<By>,
    /// What arithmetic and fetching the weights take by a table of energies an operation.
    #[arg(long, value_enum, value_name = "TABLE")]
    pub(crate) energy: Option<EnergyTable>,
    /// Rows that are predicted to tell how much of what layers give is not 0, and what is left of the arithmetic without those zeros
    /// (Han et al. 2015): a named data set, or your own file. For networks of known layers.
    #[arg(long, value_name = "DATA")]
    pub(crate) data: Option<String>,
    /// What DATA is, where it is your own.
    #[command(flatten)]
    pub(crate) file: FileArgs,
    /// What models are that another tool wrote.
    #[command(flatten)]
    pub(crate) foreign: ForeignArgs,
    /// Read weights that lie in files beside the model, too, to tell how many are not zero.
    #[arg(long)]
    pub(crate) read_external: bool,
}

/// Energies of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EnergyTable {
    /// A chip of 45 nm, numbers of 32 bits (Han et al. 2015, Figure 1).
    #[value(name = "45nm")]
    Nm45,
}

/// What nodes are summed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// Their operator.
    Op,
}

fn dimension(text: &str) -> Result<(String, u64), String> {
    let parts = text.rsplit_once('=').filter(|(name, _)| !name.is_empty());
    let found = parts.and_then(|(name, value)| Some((name.to_owned(), value.parse().ok()?)));
    found.ok_or_else(|| "expected a name and a number, as in `batch=8`".to_owned())
}
