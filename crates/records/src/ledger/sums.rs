//! Sums over runs, one for all and one for each value of each tag, kept current as runs are closed.
//!
//! They are only ever added to, in the order in which runs are closed: nothing cancels, and adding everything again gives
//! the same bits. Runs that are not closed yet are few; they are added when sums are read.

use std::collections::{BTreeMap, BTreeSet};

use lessen_units::{Figure, Kind, Quantity};
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::run::Run;
use crate::receipt::State;

/// Sums over some runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Sums {
    pub(super) runs: u64,
    pub(super) running: u64,
    pub(super) interrupted: u64,
    /// Runs with a component of unknown energy.
    pub(super) incomplete: u64,
    pub(super) seconds: f64,
    pub(super) measured_joules: f64,
    pub(super) cpu_seconds: Part,
    pub(super) joules: Part,
    pub(super) kwh_with_pue: Part,
    pub(super) kg_co2e: Part,
    pub(super) electricity_usd: Part,
    pub(super) cloud_usd: Part,
}

/// The sum of one figure, over the runs that know it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    /// The least trustworthy kind among them.
    pub(super) kind: Option<Kind>,
    pub(super) known: u64,
    pub(super) unknown: u64,
}

impl Sums {
    pub(super) fn add(&mut self, run: &Run) {
        self.runs += 1;
        self.running += u64::from(run.state == State::Running);
        self.interrupted += u64::from(run.state == State::Interrupted);
        self.incomplete += u64::from(!run.complete);
        self.seconds = plus(self.seconds, run.seconds.0);
        self.measured_joules = plus(self.measured_joules, run.measured_joules.0);
        match run.cpu_seconds {
            Some(seconds) => self.cpu_seconds.add(&Figure::exact(seconds, Kind::Measured, "")),
            None => self.cpu_seconds.unknown += 1,
        }
        self.joules.add(&run.joules);
        self.kwh_with_pue.add(&run.kwh_with_pue);
        self.kg_co2e.add(&run.kg_co2e);
        self.electricity_usd.add(&run.electricity_usd);
        self.cloud_usd.add(&run.cloud_usd);
    }
}

impl Part {
    fn add<Q: Quantity>(&mut self, figure: &Figure<Q>) {
        let Figure::Known { value, low, high, kind, .. } = figure else {
            self.unknown += 1;
            return;
        };
        self.known += 1;
        self.value = plus(self.value, value.raw());
        self.low = plus(self.low, low.raw());
        self.high = plus(self.high, high.raw());
        self.kind = self.kind.max(Some(*kind));
    }
}

/// Absurd receipts must not make a sum infinite: JSON could not hold it, and no later run be closed.
fn plus(sum: f64, more: f64) -> f64 {
    (sum + more).clamp(-f64::MAX, f64::MAX)
}

/// Whose sums: all runs (no key), those with a value of a tag, or those without the tag (no value).
pub(super) type Group = (Option<String>, Option<String>);

/// The sums that a transaction touches.
#[derive(Debug, Default)]
pub(super) struct Totals {
    sums: BTreeMap<Group, Sums>,
    keys: BTreeSet<String>,
}

impl Totals {
    /// Only the names of the tags; sums are read when they are touched.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut keys =
            connection.prepare_cached("SELECT key FROM totals WHERE value IS NULL AND key IS NOT NULL")?;
        let keys = keys.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        Ok(Self { sums: BTreeMap::new(), keys })
    }

    /// Adds a closed run to sums of which some may still be in the file only.
    pub(super) fn add_stored(&mut self, connection: &Connection, run: &Run) -> rusqlite::Result<()> {
        for group in self.groups_of(run) {
            if !self.sums.contains_key(&group)
                && let Some(sums) = read(connection, &group)?
            {
                self.sums.insert(group, sums);
            }
        }
        self.add(run);
        Ok(())
    }

    /// Adds a closed run to all the sums that it is part of.
    pub(super) fn add(&mut self, run: &Run) {
        for key in run.tags.keys() {
            if self.keys.insert(key.clone()) {
                // Nobody had this tag so far: the runs without it are all that there are.
                let all = self.sums.get(&(None, None)).cloned().unwrap_or_default();
                self.sums.insert((Some(key.clone()), None), all);
            }
        }
        for group in self.groups_of(run) {
            self.sums.entry(group).or_default().add(run);
        }
    }

    /// One group of all runs, and one a tag that is known or new.
    fn groups_of(&self, run: &Run) -> Vec<Group> {
        let keys = self.keys.iter().chain(run.tags.keys().filter(|key| !self.keys.contains(*key)));
        let by_key = keys.map(|key| (Some(key.clone()), run.tags.get(key).cloned()));
        std::iter::once((None, None)).chain(by_key).collect()
    }

    /// Writes the sums that were touched.
    pub(super) fn store(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut update =
            connection.prepare_cached("UPDATE totals SET sums = ?3 WHERE key IS ?1 AND value IS ?2")?;
        let mut insert =
            connection.prepare_cached("INSERT INTO totals (key, value, sums) VALUES (?1, ?2, ?3)")?;
        for ((key, value), sums) in &self.sums {
            let sums = serde_json::json!(sums).to_string();
            if update.execute(params![key, value, sums])? == 0 {
                insert.execute(params![key, value, sums])?;
            }
        }
        Ok(())
    }

    pub(super) fn into_sums(self) -> BTreeMap<Group, Sums> {
        self.sums
    }
}

/// The stored sums of a group.
pub(super) fn read(connection: &Connection, (key, value): &Group) -> rusqlite::Result<Option<Sums>> {
    let mut query = connection.prepare_cached("SELECT sums FROM totals WHERE key IS ?1 AND value IS ?2")?;
    let text: Option<String> = query.query_row(params![key, value], |row| row.get(0)).optional()?;
    text.as_deref().map(parse).transpose()
}

pub(super) fn parse(text: &str) -> rusqlite::Result<Sums> {
    serde_json::from_str(text).map_err(|error| FromSqlError::Other(error.into()).into())
}
