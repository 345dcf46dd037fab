//! `lessen`: what a machine-learning result cost, and how to make the next one cheaper.

mod args;
mod failure;
mod interrupt;
mod output;
#[cfg(test)]
mod planned;
mod progress;
mod screen;
mod verbs;

use std::process::ExitCode;

use clap::Parser;
use lessen_command::Prepared;

use crate::args::{Cli, Verb};
use crate::output::Output;

/// How a verb ended, where it did not fail.
pub(crate) enum Outcome {
    /// All that was asked for is done.
    Done,
    /// What was checked does not hold, or is incomplete.
    NotHeld,
    /// Another program ran, and this is its code.
    Exit(u8),
}

fn main() -> ExitCode {
    // Before anything else, as the kernel takes longer over it than `lessen run` does over all that it makes ready.
    let prepared =
        std::env::args_os().nth(1).is_some_and(|verb| verb == "run").then(|| Prepared::begin(true));
    // Usage errors leave here with exit code 2, help and version with 0.
    let (cli, prepared) = match Cli::try_parse() {
        Ok(cli) => (cli, prepared),
        Err(error) => {
            drop(prepared);
            error.exit()
        }
    };
    let output = Output::new(&cli.common);
    let outcome = run(&cli, prepared, &output);
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::NotHeld) => ExitCode::from(1),
        Ok(Outcome::Exit(code)) => ExitCode::from(code),
        Err(error) if failure::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output.failure(&failure::text(&error));
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli, prepared: Option<Prepared>, output: &Output) -> anyhow::Result<Outcome> {
    if let Some(threads) = cli.common.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global()?;
    }
    match &cli.verb {
        Verb::Compress(args) => verbs::compress::run(args, &cli.common, output),
        Verb::Mimic(args) => verbs::mimic::run(args, &cli.common, output),
        Verb::Train(args) => verbs::train::run(args, &cli.common, output),
        Verb::Ticket(args) => verbs::ticket::run(args, &cli.common, output),
        Verb::Reproduce(args) => verbs::reproduce::run(args, &cli.common, output),
        Verb::Bench(args) => verbs::bench::run(args, &cli.common, output),
        Verb::Count(args) => verbs::count::run(args, &cli.common, output),
        Verb::Predict(args) => verbs::predict::run(args, &cli.common, output),
        Verb::Estimate(args) => verbs::estimate::run(args, &cli.common, output),
        Verb::Run(args) => verbs::run::run(args, prepared, &cli.common, output),
        Verb::Stage(args) => verbs::stage::run(args),
        Verb::Doctor(args) => verbs::doctor::run(args, output),
        Verb::Ledger(args) => verbs::ledger::run(args, output),
        Verb::Regions(args) => verbs::regions::run(args, output),
        Verb::Data(args) => verbs::data::run(args, &cli.common, output),
    }
}
