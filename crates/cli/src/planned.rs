//! The verbs that are designed and not built: compiled for the tests only, so that the whole command line is known to
//! fit together before any of them exists. A verb moves to `args.rs` in the commit that builds it.

#![allow(dead_code, reason = "nothing is done with the arguments yet")]

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::args::{Cli, Common, FileArgs};

/// The verbs to come.
#[derive(Debug, Parser)]
#[command(name = "lessen", help_expected = true)]
struct Planned {
    /// What to do.
    #[command(subcommand)]
    verb: PlannedVerb,
    /// Options of every verb.
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Subcommand)]
enum PlannedVerb {
    /// Teach a small network with soft targets (Hinton, Vinyals & Dean 2014).
    Distill(DistillArgs),
    /// Prune weights and retrain the rest (Han et al. 2015).
    Prune(PruneArgs),
    /// A page or table of results.
    Report(ReportArgs),
}

#[derive(Debug, Args)]
struct DistillArgs {
    /// Data set or file.
    data: String,
    /// Teachers: a folder made by us, an ONNX file, predictions, `cmd:…`.
    #[arg(long, required = true, num_args = 1.., value_name = "T")]
    teacher: Vec<String>,
    /// Architecture or file of the student.
    #[arg(long, value_name = "ARCH|FILE")]
    student: String,
    /// Temperature of the soft targets; `auto` chooses it on validation.
    #[arg(long, default_value = "auto", value_name = "auto|T")]
    temperature: String,
    /// Weight of the soft targets.
    #[arg(long, value_name = "W")]
    soft: Option<f64>,
    /// Weight of the hard targets.
    #[arg(long, value_name = "W")]
    hard: Option<f64>,
    /// Rows without labels to learn from as well.
    #[arg(long, value_name = "FILE")]
    unlabelled: Option<PathBuf>,
    /// Repeat the paper's exercise of leaving classes out.
    #[arg(long)]
    exercise: bool,
}

#[derive(Debug, Args)]
struct PruneArgs {
    /// Model to prune.
    #[arg(required_unless_present = "arch")]
    model: Option<PathBuf>,
    /// Data set or file.
    data: Option<String>,
    /// Architecture to train first.
    #[arg(long, value_name = "ARCH")]
    arch: Option<String>,
    /// Points of accuracy that may be lost.
    #[arg(long, value_name = "P")]
    max_drop: Option<f64>,
    /// Weights left over prunable weights.
    #[arg(long, value_name = "D")]
    density: Option<f64>,
    /// Densities by layer: a file, or `han2015`.
    #[arg(long, value_name = "FILE|han2015")]
    densities: Option<String>,
    /// Rounds of pruning and retraining.
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// Remove whole units.
    #[arg(long)]
    structured: bool,
    /// Accuracy against density, layer by layer.
    #[arg(long)]
    sensitivity: bool,
    /// Write the compact sparse file too.
    #[arg(long)]
    sparse: bool,
}

#[derive(Debug, Args)]
struct ReportArgs {
    /// Folders with results.
    folders: Vec<PathBuf>,
    /// The ledger's receipts too.
    #[arg(long)]
    ledger: bool,
    /// File to write: `.html`, `.md`, `.tex` or `.svg`. (`--out`, as everywhere.)
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
}

/// Verbs to come of `data`.
#[derive(Debug, Subcommand)]
enum DataVerbs {
    /// Download a set and compare it with the digests of the published one.
    Fetch {
        /// The set.
        name: String,
    },
}

/// The verbs to come that take DATA.
const WITH_DATA: [&str; 2] = ["distill", "prune"];

#[test]
fn options_to_come_fit_the_verbs_that_are_there() {
    // `debug_assert` panics where two options share a name.
    Planned::command()
        .mut_subcommands(|verb| match verb.get_name() {
            name if WITH_DATA.contains(&name) => FileArgs::augment_args(verb),
            _ => verb,
        })
        .debug_assert();
    let mut command = Cli::command().mut_subcommand("data", DataVerbs::augment_subcommands);
    command.clone().debug_assert();
    for typed in [["lessen", "data", "fetch", "letter"].as_slice(), &["lessen", "data", "list"]] {
        command.try_get_matches_from_mut(typed).unwrap();
    }
    let built = Cli::command();
    let data = built.find_subcommand("data").unwrap();
    assert!(data.find_subcommand("fetch").is_none(), "`data fetch` is built and planned still");
}

#[test]
fn the_whole_command_line_fits_together() {
    Planned::command().debug_assert();
    let planned: Vec<String> =
        Planned::command().get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    let built: Vec<String> =
        Cli::command().get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    assert!(planned.iter().all(|verb| !built.contains(verb)), "a verb that is built is planned still");
    let mut all = [planned, built].concat();
    all.sort_unstable();
    assert_eq!(
        all,
        [
            "bench",
            "compress",
            "count",
            "data",
            "distill",
            "doctor",
            "estimate",
            "ledger",
            "mimic",
            "predict",
            "prune",
            "regions",
            "report",
            "reproduce",
            "run",
            "stage",
            "ticket",
            "train"
        ],
        "the verbs of the design"
    );
}
