//! Adding events, and keeping the tables beside them current, in one transaction.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params, params_from_iter};
use sha2::{Digest, Sha256};

use super::process::{ProcessMark, Stamp};
use super::run::{COLUMNS, Run};
use super::sums::Totals;
use super::{Ledger, LedgerError};
use crate::receipt::{Receipt, State};
use crate::schema::Record;

/// What happened to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventKind {
    Start,
    Checkpoint,
    Close,
}

impl EventKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Checkpoint => "checkpoint",
            Self::Close => "close",
        }
    }

    fn action(self) -> &'static str {
        match self {
            Self::Start => "begun",
            Self::Checkpoint => "brought up to date",
            Self::Close => "closed",
        }
    }
}

/// A row of `events`, as its digest sees it.
pub(super) struct Event<'event> {
    pub(super) run: i64,
    pub(super) kind: &'event str,
    pub(super) written: Stamp,
    pub(super) process: Option<&'event str>,
    pub(super) receipt: &'event str,
}

impl Event<'_> {
    /// SHA-256 of the digest before and of every column, each text with its length, so that no two rows are the same
    /// bytes.
    pub(super) fn digest(&self, before: &[u8]) -> [u8; 32] {
        let mut digest = Sha256::new();
        let mut part = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        part(before);
        part(&self.run.to_le_bytes());
        part(self.kind.as_bytes());
        part(&self.written.written_us.to_le_bytes());
        part(self.written.uptime_ns.map(i64::to_le_bytes).as_ref().map_or(&[], |uptime| uptime));
        part(self.process.unwrap_or_default().as_bytes());
        part(self.receipt.as_bytes());
        digest.finalize().into()
    }
}

/// A run that is in the ledger already.
struct Known {
    number: i64,
    first_event: i64,
    open: bool,
    process: Option<String>,
    tags: String,
    started_us: i64,
}

/// A transaction that adds events. Dropped before [`Append::finish`], it has changed nothing.
pub(super) struct Append<'ledger> {
    ledger: &'ledger Ledger,
    transaction: Transaction<'ledger>,
    /// Number and digest of the last event; the first event follows on number 0 and an empty digest.
    last: (i64, Vec<u8>),
    last_run: i64,
    totals: Totals,
    process: Option<String>,
    replace_run: String,
}

impl<'ledger> Append<'ledger> {
    /// Waits until nobody else writes.
    pub(super) fn begin(ledger: &'ledger Ledger) -> Result<Self, LedgerError> {
        let failed = ledger.failed("begin to write");
        let immediate = TransactionBehavior::Immediate;
        let transaction = Transaction::new_unchecked(&ledger.connection, immediate).map_err(&failed)?;
        let last = transaction
            .query_row("SELECT number, digest FROM events ORDER BY number DESC LIMIT 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()
            .map_err(&failed)?;
        let last_run = transaction
            .query_row("SELECT ifnull(max(number), 0) FROM runs", [], |row| row.get(0))
            .map_err(&failed)?;
        let totals = Totals::load(&transaction).map_err(&failed)?;
        let process = ProcessMark::here().map(|mark| serde_json::json!(mark).to_string());
        let last = last.unwrap_or_default();
        Ok(Self { ledger, transaction, last, last_run, totals, process, replace_run: replace_run() })
    }

    /// Whether a run of that id is there.
    pub(super) fn holds(&self, id: &str) -> Result<bool, LedgerError> {
        Ok(self.known(id)?.is_some())
    }

    /// Adds one event with what follows from it.
    pub(super) fn add(&mut self, kind: EventKind, receipt: &Receipt) -> Result<(), LedgerError> {
        let (run, started_us, text) = checked(kind, receipt)?;
        let known = self.known(&receipt.id)?;
        check_order(kind, &receipt.id, known.as_ref())?;
        // A run that could not be entered at its start begins now.
        let kind = if known.is_none() && kind == EventKind::Checkpoint { EventKind::Start } else { kind };
        self.write(kind, &run, started_us, &text, known.as_ref())
            .map_err(self.ledger.failed("enter a run"))?;
        Ok(())
    }

    fn write(
        &mut self,
        kind: EventKind,
        run: &Run,
        started_us: i64,
        receipt: &str,
        known: Option<&Known>,
    ) -> rusqlite::Result<()> {
        let number = known.map_or(self.last_run + 1, |known| known.number);
        let written = Stamp::now();
        let process = if kind == EventKind::Start { self.process.as_deref() } else { None };
        let event = Event { run: number, kind: kind.name(), written, process, receipt };
        let (event_number, digest) = (self.last.0 + 1, event.digest(&self.last.1).to_vec());
        self.transaction
            .prepare_cached("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
            .execute(params![
                event_number,
                event.run,
                event.kind,
                written.written_us,
                written.uptime_ns,
                process,
                receipt,
                digest
            ])?;
        let process = process.map(str::to_owned).or_else(|| known.and_then(|known| known.process.clone()));
        let mut values = vec![
            Value::from(number),
            Value::from(known.map_or(event_number, |known| known.first_event)),
            Value::from(event_number),
            Value::from(written.written_us),
            Value::from(written.uptime_ns),
            Value::from(process),
        ];
        values.extend(run.values(started_us));
        self.transaction.prepare_cached(&self.replace_run)?.execute(params_from_iter(values))?;
        self.replace_tags(number, run, started_us, known)?;
        if kind == EventKind::Close {
            self.totals.add_stored(&self.transaction, run)?;
        }
        self.last = (event_number, digest);
        self.last_run = self.last_run.max(number);
        Ok(())
    }

    fn replace_tags(
        &self,
        number: i64,
        run: &Run,
        started_us: i64,
        known: Option<&Known>,
    ) -> rusqlite::Result<()> {
        if let Some(known) = known {
            if known.started_us == started_us && known.tags == run.tags_text() {
                return Ok(());
            }
            let old: BTreeMap<String, String> = serde_json::from_str(&known.tags).unwrap_or_default();
            let mut delete = self.transaction.prepare_cached(
                "DELETE FROM tags WHERE key = ?1 AND value = ?2 AND started_us = ?3 AND run = ?4",
            )?;
            for (key, value) in old {
                delete.execute(params![key, value, known.started_us, number])?;
            }
        }
        let mut insert = self.transaction.prepare_cached("INSERT INTO tags VALUES (?1, ?2, ?3, ?4)")?;
        for (key, value) in &run.tags {
            insert.execute(params![key, value, started_us, number])?;
        }
        Ok(())
    }

    fn known(&self, id: &str) -> Result<Option<Known>, LedgerError> {
        const KNOWN: &str = "SELECT number, first_event, state = 'running', process, tags, started_us FROM runs WHERE id = ?1";
        let find = || {
            let mut query = self.transaction.prepare_cached(KNOWN)?;
            let known = query.query_row([id], |row| {
                Ok(Known {
                    number: row.get(0)?,
                    first_event: row.get(1)?,
                    open: row.get(2)?,
                    process: row.get(3)?,
                    tags: row.get(4)?,
                    started_us: row.get(5)?,
                })
            });
            known.optional()
        };
        find().map_err(self.ledger.failed("look for a run"))
    }

    /// Makes everything that was added last.
    pub(super) fn finish(self) -> Result<(), LedgerError> {
        let failed = self.ledger.failed("write");
        self.totals.store(&self.transaction).map_err(&failed)?;
        self.transaction.commit().map_err(failed)
    }
}

/// Enters the row of a run, or brings it up to date. Not `INSERT OR REPLACE`, which would delete.
fn replace_run() -> String {
    let own = ["number", "first_event", "last_event", "written_us", "uptime_ns", "process"];
    let columns: Vec<&str> = own.into_iter().chain(COLUMNS).collect();
    let places: Vec<String> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
    let changes: Vec<String> =
        columns.iter().skip(1).map(|column| format!("{column} = excluded.{column}")).collect();
    format!(
        "INSERT INTO runs ({}) VALUES ({}) ON CONFLICT (number) DO UPDATE SET {}",
        columns.join(", "),
        places.join(", "),
        changes.join(", ")
    )
}

/// The short form of a receipt that can be entered, the moment of its start and its text.
fn checked(kind: EventKind, receipt: &Receipt) -> Result<(Run, i64, String), LedgerError> {
    let unfit = |problem| LedgerError::Unfit { id: receipt.id.clone(), problem };
    if receipt.id.is_empty() {
        return Err(unfit("the id is empty".to_owned()));
    }
    if (kind == EventKind::Close) == (receipt.state == State::Running) {
        let state = super::run::state_name(receipt.state);
        return Err(unfit(format!("state is `{state}` in a run that is {}", kind.action())));
    }
    let run = Run::of(receipt);
    let Some(started_us) = run.started_us() else {
        return Err(unfit(format!("`started` is `{}`, expected RFC 3339", receipt.started)));
    };
    receipt.check().map_err(unfit)?;
    let text = serde_json::to_string(receipt).map_err(|error| unfit(error.to_string()))?;
    Ok((run, started_us, text))
}

fn check_order(kind: EventKind, id: &str, known: Option<&Known>) -> Result<(), LedgerError> {
    let problem = match (kind, known) {
        (_, None) => return Ok(()),
        (EventKind::Start, Some(_)) => "a run of that id is in the ledger",
        (_, Some(known)) if !known.open => "it is closed",
        (_, Some(_)) => return Ok(()),
    };
    Err(LedgerError::OutOfOrder { id: id.to_owned(), action: kind.action(), problem })
}
