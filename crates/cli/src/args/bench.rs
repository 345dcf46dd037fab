//! What can be typed after `lessen bench`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::foreign::ForeignArgs;
use super::{FileArgs, PartName, count};

/// `lessen bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Models, then the data. Models: an ONNX or compact (`.lsm`) file, a run's folder (its chosen model), a saved
    /// teacher's folder. Data: a named set, or your own file with the column to be predicted.
    #[arg(required = true, num_args = 2.., value_names = ["MODEL", "DATA"])]
    pub(crate) models_and_data: Vec<String>,
    /// Which rows, divided by `--seed` as `compress` divides them [default: test of a named set, all of your own file].
    #[arg(long, value_enum)]
    pub(crate) part: Option<PartName>,
    /// Rows a call that latency is measured at, several with commas.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "1,256", value_parser = count::<NonZeroUsize, MOST_CASES>)]
    pub(crate) batch: Vec<NonZeroUsize>,
    /// Rows that are predicted at once on all threads; those of the data are repeated where they are fewer.
    #[arg(long, value_name = "N", default_value = "10000", value_parser = count::<NonZeroUsize, MOST_CASES>)]
    pub(crate) cases: NonZeroUsize,
    /// Seconds that timing is to take in all; slow models take longer.
    #[arg(long, value_name = "S", default_value = "10", value_parser = seconds)]
    pub(crate) seconds: Duration,
    /// Runtimes to measure networks in: ours, onnxruntime (a library on this machine; needs a build with that feature).
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "LIST",
        default_value = "ours",
        hide_possible_values = true
    )]
    pub(crate) runtime: Vec<RuntimeName>,
    /// The ONNX Runtime library, `libonnxruntime.so` or the like.
    #[arg(long, value_name = "FILE", env = "ORT_DYLIB_PATH", hide_env_values = true)]
    pub(crate) onnxruntime: Option<PathBuf>,
    /// What DATA is, where it is your own.
    #[command(flatten)]
    pub(crate) file: FileArgs,
    /// What models are that another tool wrote.
    #[command(flatten)]
    pub(crate) foreign: ForeignArgs,
}

/// What runs a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum RuntimeName {
    /// Our engine.
    Ours,
    /// ONNX Runtime.
    Onnxruntime,
}

/// More rows at once are a slip of the finger: they would end in an exhausted machine.
const MOST_CASES: u64 = 10_000_000;

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = super::numbers::in_range(text, 0.01, 86_400.0, "a number of seconds from 0.01 to 86400")?;
    Ok(Duration::from_secs_f64(seconds))
}
