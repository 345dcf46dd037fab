//! Stages that the command names: a reading at each change.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lessen_command::stages::{Listener, Stage, own};
use lessen_command::{Usage, Waker};
use lessen_meter::Recorder;
use lessen_records::StageRecord;
use lessen_units::{Figure, Joules, KilogramsCo2e, Seconds};
use serde_json::{Map, json};

use super::Moment;
use super::clerk::Clerk;

/// Longer than a reading takes; after that a stage has no figures of its own.
const PATIENCE: Duration = Duration::from_secs(10);

/// What stood there when a stage began or ended: sums since the run began.
#[derive(Clone, Debug)]
struct Reading {
    joules: Figure<Joules>,
    cpu: Option<Seconds>,
}

/// The socket, and the readings at its changes.
pub(super) struct Stages {
    /// `None` where no socket could be made: the run goes on without stages.
    listener: Option<Listener>,
    /// From the socket's thread, which waits for an answer on the channel that it sends.
    asked: Receiver<SyncSender<Reading>>,
    /// One a change, in their order; `None` where the reading did not come in time.
    readings: Arc<Mutex<Vec<Option<Reading>>>>,
}

impl Stages {
    /// Each change of a stage has `waker` end the wait for the command for a reading.
    pub(super) fn open(waker: Waker) -> Self {
        let (ask, asked) = mpsc::channel();
        let readings = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&readings);
        let listener = Listener::start(move |_| {
            let reading = reading(&ask, &waker);
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(reading);
        });
        Self { listener: listener.ok(), asked, readings }
    }

    pub(super) fn path(&self) -> Option<PathBuf> {
        self.listener.as_ref().map(|listener| listener.path().to_owned())
    }

    /// Answers whoever waits for a reading.
    pub(super) fn answer(&self, recorder: &Recorder, usage: &Usage) {
        for answer in self.asked.try_iter() {
            let cpu = usage.cpu.value();
            let joules = recorder.so_far(cpu).total().joules;
            let _ = answer.send(Reading { joules, cpu });
        }
    }

    /// All stages, each with what it used, its inner stages included; empty where the command named none.
    pub(super) fn finish(self, last: &Moment, clerk: &Clerk<'_>) -> Vec<StageRecord> {
        let Some(listener) = self.listener else { return Vec::new() };
        // Whoever still waits for a reading gets none, as the command is no more.
        drop(self.asked);
        let stages = listener.finish();
        let readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let end = Reading {
            joules: last.account.total().joules,
            cpu: last.usage.as_ref().and_then(|usage| usage.cpu.value()),
        };
        let own = own(&stages, Stage::seconds);
        // The first is the run itself.
        let named = stages.iter().zip(own).skip(1);
        named.map(|(stage, own)| record(stage, own, &stages, &readings, &end, clerk)).collect()
    }
}

/// Asks the thread that waits for the command, which alone can tell what its processes used.
fn reading(ask: &Sender<SyncSender<Reading>>, waker: &Waker) -> Option<Reading> {
    let (answer, answered) = mpsc::sync_channel(1);
    ask.send(answer).ok()?;
    waker.wake();
    answered.recv_timeout(PATIENCE).ok()
}

fn record(
    stage: &Stage,
    own_seconds: Seconds,
    stages: &[Stage],
    readings: &[Option<Reading>],
    end: &Reading,
    clerk: &Clerk<'_>,
) -> StageRecord {
    // Change 0 is the run's beginning, where no stage of the command's begins. What is still open at the end of the run
    // ends with it.
    let at = |change: usize| readings.get(change.saturating_sub(1)).map_or(Some(end), Option::as_ref);
    let (began, ended) = (at(stage.began), at(stage.ended));
    let joules = match (began, ended) {
        (Some(began), Some(ended)) => between(&began.joules, &ended.joules),
        _ => Figure::unavailable("no reading when the stage began or ended"),
    };
    let cpu = began.zip(ended).and_then(|(began, ended)| Some(ended.cpu? - began.cpu?));
    let emitted = clerk.site.emitted(&clerk.site.bought(&joules));
    let parent = stage.parent.and_then(|parent| stages.get(parent)).map(|parent| parent.name.clone());
    StageRecord {
        name: stage.name.clone(),
        seconds: stage.seconds(),
        cpu_seconds: cpu.unwrap_or(Seconds(0.0)),
        kg_co2e: emitted.map(KilogramsCo2e::from),
        joules,
        extra: Map::from_iter([
            ("parent".to_owned(), json!(parent)),
            ("own_seconds".to_owned(), json!(own_seconds.0)),
        ]),
    }
}

/// Of two sums of one meter: their bounds are wrong in the same way, so each is taken from its own kind.
fn between(began: &Figure<Joules>, ended: &Figure<Joules>) -> Figure<Joules> {
    let difference: Figure<Joules> = ended.combine_alike(began, |ended, began| (ended - began).max(0.0));
    difference.described(ended.how().to_owned())
}
