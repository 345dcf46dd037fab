//! `lessen run`: any command as if nothing were there, and a receipt of what it cost.

mod book;
mod clerk;
mod gauges;
mod stages;

use std::ffi::OsString;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use lessen_command::stages::VARIABLE;
use lessen_command::{Command, Options, Prepared, SpawnError, Usage};
use lessen_meter::{Account, Ladder, Overhead, Recorder, Replay, Settings, Visible};
use lessen_records::receipt::State;
use lessen_records::{Receipt, Record as _, write_copy};

use crate::Outcome;
use crate::args::Common;
use crate::args::run::{RunArgs, SensorArgs};
use crate::output::Output;
use crate::verbs::site;
use book::Book;
use clerk::Clerk;
use gauges::Gauges;
use stages::Stages;

/// Runs the command; `prepared` is there where it could be begun before the command line was read.
pub(crate) fn run(
    args: &RunArgs,
    prepared: Option<Prepared>,
    common: &Common,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let prepared = prepared.unwrap_or_else(|| Prepared::begin(true));
    let mut book = Book::open(super::ledger::place(args.sensors.ledger.as_deref()), output);
    let tables = site::tables(args.site.tables.as_deref())?;
    let site = site::site(&args.site, &tables)?;
    let settings = settings(&args.sensors, args.interval.0)?;
    let gauges = Gauges::serve(args.metrics)?;
    let stages = Stages::open(prepared.waker());
    let clerk = Clerk::new(args, site, &tables);
    let options = Options { environment: variables(&stages), wait_all: args.wait_all, ..Options::default() };
    let command = Command::new(args.command.iter().cloned(), options);
    // The sensors are read before there is a command, so that the shortest is measured.
    let ladder = Ladder::find(&settings);
    prepared.wait();
    let recorder = Recorder::begin(ladder);
    let mut running = match command.spawn_with(prepared) {
        Ok(running) => running,
        Err(error) => return Ok(refused(&error, output)),
    };
    let first = clerk.receipt(&Moment::now(&recorder, None), State::Running, None);
    // From the beginning, not from the first interval on: there may be none.
    gauges.show(|| first.clone());
    book.begin(first);
    let interval = args.interval.0;
    let ended = running.wait(interval, |usage| {
        stages.answer(&recorder, usage);
        let now = || clerk.receipt(&Moment::now(&recorder, Some(usage)), State::Running, None);
        book.checkpoint_if_due(now);
        gauges.show(now);
    })?;
    let overhead = recorder.overhead();
    let (account, _) = recorder.end(ended.usage.cpu.value());
    let last = Moment { account, overhead, usage: Some(ended.usage.clone()) };
    let mut receipt = clerk.receipt(&last, State::Done, Some(&ended));
    receipt.stages = stages.finish(&last, &clerk);
    book.close(&receipt);
    hand_over(&receipt, args, common, output);
    Ok(Outcome::Exit(ended.exit.code()))
}

/// What is known at one moment of a run.
struct Moment {
    account: Account,
    overhead: Overhead,
    /// `None` before the command has done anything.
    usage: Option<Usage>,
}

impl Moment {
    fn now(recorder: &Recorder, usage: Option<&Usage>) -> Self {
        let cpu = usage.map_or(Some(lessen_units::Seconds(0.0)), |usage| usage.cpu.value());
        Self { account: recorder.so_far(cpu), overhead: recorder.overhead(), usage: usage.cloned() }
    }
}

/// What stood in the way, and the code that a shell would have ended with.
fn refused(error: &SpawnError, output: &Output) -> Outcome {
    let mut text = format!("error: {error}");
    if let Some(cause) = std::error::Error::source(error) {
        text += &format!("\n  caused by: {cause}");
    }
    if let Some(hint) = error.hint() {
        text += &format!("\n\nhint: {hint}");
    }
    output.failure(&text);
    Outcome::Exit(error.exit_code())
}

/// What the command finds in its environment.
fn variables(stages: &Stages) -> Vec<(OsString, OsString)> {
    stages.path().map(|path| (VARIABLE.into(), path.into())).into_iter().collect()
}

fn settings(args: &SensorArgs, interval: Duration) -> anyhow::Result<Settings> {
    let replay = args.replay.as_deref().map(trace).transpose()?;
    Ok(Settings {
        psys: args.psys,
        replay,
        interval,
        visible: Visible::from_environment(),
        ..Settings::default()
    })
}

fn trace(path: &Path) -> anyhow::Result<Replay> {
    let named = || format!("`--replay {}`", path.display());
    let file = File::open(path).with_context(named)?;
    Replay::read(BufReader::new(file)).with_context(named)
}

/// The receipt on stderr, and in the file that was asked for. That it cannot be written does not undo the run.
fn hand_over(receipt: &Receipt, args: &RunArgs, common: &Common, output: &Output) {
    let json = match receipt.to_json() {
        Ok(json) => json,
        Err(error) => return output.failure(&format!("error: the receipt cannot be written: {error}")),
    };
    if let Some(path) = &args.receipt
        && let Err(error) = write_copy(path, json.as_bytes())
    {
        output.failure(&format!("error: {error}"));
    }
    // stdout is the command's.
    output.talk(&if common.json { json } else { format!("\n{}", lessen_report::receipt::text(receipt)) });
}
