//! From readings to a receipt.

use std::collections::BTreeMap;

use lessen_command::{Ended, Exit, mask};
use lessen_footprint::money::rent;
use lessen_footprint::{Place, Site, Tables, nearest_equivalent, own_tables};
use lessen_meter::{Account, Part, Reading};
use lessen_records::receipt::{Component, Cost, Energy, Overhead, State};
use lessen_records::{Machine, Receipt, Schema};
use lessen_report::estimate::own_tables_sentence;
use lessen_units::{Figure, Hours, Kind, Seconds, UsdPerHour};
use serde_json::Map;

use super::Moment;
use crate::args::run::RunArgs;

/// What stays the same from the first to the last receipt of a run.
pub(super) struct Clerk<'t> {
    id: String,
    name: String,
    tags: BTreeMap<String, String>,
    command: Vec<String>,
    started: String,
    pub(super) site: Site<'t>,
    tables: &'t Tables,
    rent: Option<UsdPerHour>,
    machine: Machine,
}

impl<'t> Clerk<'t> {
    pub(super) fn new(args: &RunArgs, site: Site<'t>, tables: &'t Tables) -> Self {
        let command = mask(&args.command);
        let program = command.first().map(String::as_str).unwrap_or_default();
        let name = program.rsplit('/').next().unwrap_or(program).to_owned();
        let started = lessen_records::now();
        Self {
            id: new_id(&started),
            name: args.name.clone().unwrap_or(name),
            tags: args.tag.iter().cloned().collect(),
            command,
            started,
            site,
            tables,
            rent: args.cloud_price.map(UsdPerHour),
            machine: Machine::here(),
        }
    }

    /// The receipt at a moment of the run.
    pub(super) fn receipt(&self, now: &Moment, state: State, ended: Option<&Ended>) -> Receipt {
        let total = now.account.total();
        let bought = self.site.bought(&total.joules);
        let seconds = ended.map_or(now.account.seconds, |ended| ended.seconds);
        let usage = now.usage.as_ref();
        Receipt {
            schema: Schema::default(),
            id: self.id.clone(),
            name: self.name.clone(),
            tags: self.tags.clone(),
            command: self.command.clone(),
            started: self.started.clone(),
            seconds,
            exit_code: ended.and_then(|ended| code(ended.exit)),
            state,
            cpu_seconds: usage.and_then(|usage| usage.cpu.value()),
            peak_rss_bytes: usage.and_then(|usage| usage.peak_memory.value()).map(|bytes| bytes.0 as u64),
            energy: Energy {
                machine_joules: now.account.machine().joules,
                kwh_with_pue: bought.clone(),
                complete: total.complete,
                measured_share: total.measured_share,
                components: components(&now.account),
                joules: total.joules,
                extra: Map::new(),
            },
            pue: self.site.pue.value().unwrap_or(1.0),
            carbon: self.site.carbon(&bought),
            cost: Cost {
                electricity_usd: self.site.electricity(&bought),
                cloud_usd: self.rent(&now.account, seconds),
                extra: Map::new(),
            },
            overhead: Overhead {
                cpu_seconds: Some(now.overhead.cpu_seconds),
                share: Some(now.overhead.share),
                extra: Map::new(),
            },
            stages: Vec::new(),
            machine: self.machine.clone(),
            equivalent: nearest_equivalent(&self.site.emitted(&bought), &bought, self.tables),
            notes: self.notes(now, ended),
            extra: Map::new(),
        }
    }

    /// What was said, or else what the boards that were metered cost in the tables.
    fn rent(&self, account: &Account, seconds: Seconds) -> Figure<lessen_units::Usd> {
        if let Some(rent) = self.rent {
            return Figure::exact(Hours::from(seconds) * rent, Kind::Declared, "the rent as said");
        }
        let boards = account.readings.iter().filter(|reading| reading.part == Part::Accelerator);
        let boards: Vec<String> = boards.map(|reading| model(&reading.device)).collect();
        let provider = self.site.place.as_ref().and_then(Place::provider);
        rent(&boards, seconds.into(), provider, self.tables)
    }

    fn notes(&self, now: &Moment, ended: Option<&Ended>) -> Vec<String> {
        let mut notes = Vec::new();
        notes.extend(ended.and_then(killed));
        if let Some(usage) = &now.usage {
            notes.push(format!("CPU time of the whole tree: {}.", usage.cpu.how()));
            notes.push(format!("Peak memory: {}.", usage.peak_memory.how()));
            // While the command runs, it is among them itself.
            if usage.running > 0 && ended.is_some() {
                notes.push(format!(
                    "{} processes that it started run on; they are counted so far.",
                    usage.running
                ));
            }
        }
        let own = own_tables(self.tables);
        if !own.is_empty() {
            notes.push(own_tables_sentence(&own));
        }
        if self.site.place.is_none() && self.site.intensity.region == "WORLD" {
            notes.push("No region was said: CO2e is for the world's average, with a band for a machine that may stand anywhere.".to_owned());
        }
        notes
    }
}

/// What a board calls itself: `gpu 0 (Tesla T4)` is a `Tesla T4`, and so is `gpu 0 (Tesla T4, all parts of it)`.
fn model(device: &str) -> String {
    let inside = device.split_once('(').and_then(|(_, rest)| rest.split([',', ')']).next());
    inside.unwrap_or(device).to_owned()
}

/// By what, where a signal ended it.
fn killed(ended: &Ended) -> Option<String> {
    let Exit::Signal(number) = ended.exit else { return None };
    let why = if ended.out_of_memory {
        ", while the system's out-of-memory killer was at work in its control group: it or its machine needs more memory"
    } else {
        ""
    };
    Some(format!("Signal {number} ended it{why}."))
}

/// `None` where a signal ended it.
fn code(exit: Exit) -> Option<i32> {
    match exit {
        Exit::Code(code) => Some(i32::from(code)),
        Exit::Signal(_) => None,
    }
}

fn components(account: &Account) -> Vec<Component> {
    let of = |reading: &Reading, in_sum| Component {
        device: reading.device.clone(),
        source: source(reading),
        joules: reading.joules.clone(),
        machine_joules: reading.machine.clone(),
        in_sum,
        why: reading.why.clone(),
        extra: Map::new(),
    };
    let summed = account.readings.iter().map(|reading| of(reading, true));
    summed.chain(account.apart.iter().map(|reading| of(reading, false))).collect()
}

/// What it was read from, and how good that is where the name does not say it.
fn source(reading: &Reading) -> String {
    let rung = reading.rung.to_string();
    if reading.source == rung { rung } else { format!("{} ({rung})", reading.source) }
}

/// The start, to the second, and letters that no other run of that second has.
fn new_id(started: &str) -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let digits: String = started.chars().filter(char::is_ascii_digit).take(14).collect();
    // The standard library's own randomness: it has to differ, not to be reproduced.
    let random = RandomState::new().build_hasher().finish();
    format!("{digits}-{:08x}", random as u32)
}
