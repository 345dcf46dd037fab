//! Checking a ledger from end to end.

use std::fmt;

use rusqlite::{Row, Transaction, TransactionBehavior};

use super::append::Event;
use super::process::Stamp;
use super::run::{COLUMNS, Run};
use super::sums::{self, Totals};
use super::{Ledger, LedgerError};
use crate::receipt::{Receipt, State};
use crate::schema::Record;

/// What [`Ledger::verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Events that were checked.
    pub events: u64,
    /// Runs that were checked.
    pub runs: u64,
    /// What is wrong, the first [`Verification::MOST`] of it.
    pub problems: Vec<Problem>,
    /// How much more is wrong.
    pub more: u64,
}

/// Something that is wrong in a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The event's number; `None` where it is no event's.
    pub event: Option<i64>,
    /// The run's id; `None` where it is no run's or cannot be read.
    pub run: Option<String>,
    /// Expected and found.
    pub what: String,
}

impl Verification {
    /// How many problems are kept with their words.
    pub const MOST: usize = 100;

    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    fn note(&mut self, event: Option<i64>, run: Option<&str>, what: impl Into<String>) {
        if self.problems.len() < Self::MOST {
            self.problems.push(Problem { event, run: run.map(str::to_owned), what: what.into() });
        } else {
            self.more += 1;
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(event) = self.event {
            write!(formatter, "event {event}: ")?;
        }
        if let Some(run) = &self.run {
            write!(formatter, "run `{run}`: ")?;
        }
        formatter.write_str(&self.what)
    }
}

/// A row of `events` with what its run's row says of it.
struct EventRow<'row> {
    number: i64,
    event: Event<'row>,
    digest: &'row [u8],
    /// Id, first event, last event; `None` where the run's row is missing.
    run: Option<(String, i64, i64)>,
}

impl Ledger {
    /// Reads everything and checks it: SQLite's own check; each event's digest, place and receipt; each run's row
    /// against its last receipt; tags and sums against the runs. The file is not changed.
    ///
    /// # Errors
    /// What reading can meet. What is wrong in a file that can be read is no error but a [`Problem`].
    pub fn verify(&self) -> Result<Verification, LedgerError> {
        self.verified().map_err(self.failed("verify"))
    }

    fn verified(&self) -> rusqlite::Result<Verification> {
        let moment = Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred)?;
        let mut found = Verification::default();
        check_file(&moment, &mut found)?;
        let totals = check_events(&moment, &mut found)?;
        check_rows(&moment, &mut found)?;
        check_totals(&moment, totals, &mut found)?;
        Ok(found)
    }
}

fn check_file(moment: &Transaction<'_>, found: &mut Verification) -> rusqlite::Result<()> {
    let mut query = moment.prepare("PRAGMA integrity_check")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        if line != "ok" {
            found.note(None, None, format!("SQLite: {line}"));
        }
    }
    Ok(())
}

/// Each event by itself and in its place; returns the sums that follow from those that close a run.
fn check_events(moment: &Transaction<'_>, found: &mut Verification) -> rusqlite::Result<Totals> {
    let columns = COLUMNS.map(|column| format!("r.{column}")).join(", ");
    let mut query = moment.prepare(&format!(
        "SELECT {columns}, r.first_event, r.last_event, \
         e.number, e.run, e.kind, e.written_us, e.uptime_ns, e.process, e.receipt, e.digest \
         FROM events e LEFT JOIN runs r ON r.number = e.run ORDER BY e.number"
    ))?;
    let mut rows = query.query([])?;
    let (mut before, mut expected_number) = (Vec::new(), 1);
    let mut totals = Totals::default();
    while let Some(row) = rows.next()? {
        found.events += 1;
        let event = EventRow::read(row)?;
        let id = event.run.as_ref().map(|(id, _, _)| id.as_str());
        if event.number != expected_number {
            let what = format!("expected number {expected_number}: events before it are missing");
            found.note(Some(event.number), id, what);
        }
        if event.event.digest(&before) != event.digest {
            found.note(Some(event.number), id, "it, or the one before, was changed after it was written");
        }
        event.check_place(found);
        if let Some(run) = event.check_receipt(row, found)
            && event.event.kind == "close"
        {
            totals.add(&run);
        }
        expected_number = event.number + 1;
        before = event.digest.to_vec();
    }
    Ok(totals)
}

impl<'row> EventRow<'row> {
    fn read(row: &'row Row<'_>) -> rusqlite::Result<Self> {
        let own = COLUMNS.len();
        let text = |place: usize| row.get_ref(own + place)?.as_str().map_err(rusqlite::Error::from);
        let process = row.get_ref(own + 7)?.as_str_or_null()?;
        let written = Stamp { written_us: row.get(own + 5)?, uptime_ns: row.get(own + 6)? };
        let run = match row.get::<_, Option<String>>(0)? {
            Some(id) => Some((id, row.get(own)?, row.get(own + 1)?)),
            None => None,
        };
        Ok(Self {
            number: row.get(own + 2)?,
            event: Event { run: row.get(own + 3)?, kind: text(4)?, written, process, receipt: text(8)? },
            digest: row.get_ref(own + 9)?.as_blob()?,
            run,
        })
    }

    /// A start comes first, a close last, and everything between the two that the run's row names.
    fn check_place(&self, found: &mut Verification) {
        let Some((id, first, last)) = &self.run else {
            found.note(Some(self.number), None, "the row of its run is missing");
            return;
        };
        let is_first = self.number == *first;
        let problem = match self.event.kind {
            _ if !(*first..=*last).contains(&self.number) => "it is outside of the events of its run",
            "start" if !is_first => "a start that is not the first event of its run",
            "checkpoint" if is_first => "a checkpoint before the start of its run",
            "close" if self.number != *last => "a close that is not the last event of its run",
            _ => return,
        };
        found.note(Some(self.number), Some(id), problem);
    }

    /// The receipt can be read, is of this run, and is what the run's row says where it is its last. The short form of
    /// the receipt, where it can be read.
    fn check_receipt(&self, row: &Row<'_>, found: &mut Verification) -> Option<Run> {
        let id = self.run.as_ref().map(|(id, _, _)| id.as_str());
        let run = match Receipt::from_json(self.event.receipt) {
            Ok(receipt) => Run::of(&receipt),
            Err(error) => {
                found.note(Some(self.number), id, error.to_string());
                return None;
            }
        };
        if id.is_some_and(|id| id != run.id) {
            found.note(Some(self.number), id, format!("its receipt is of run `{}`", run.id));
        }
        if (run.state == State::Running) == (self.event.kind == "close") {
            found.note(Some(self.number), id, "the state in its receipt does not fit its kind");
        }
        let is_last = self.run.as_ref().is_some_and(|(_, _, last)| *last == self.number);
        if is_last {
            match (Run::from_row(row), row.get::<_, i64>(4)) {
                (Ok(stored), Ok(start)) if stored == run && Some(start) == run.started_us() => {}
                _ => found.note(Some(self.number), id, "the row of its run differs from its receipt"),
            }
        }
        Some(run)
    }
}

/// Runs whose events are gone, and tags that are not those of the runs.
fn check_rows(moment: &Transaction<'_>, found: &mut Verification) -> rusqlite::Result<()> {
    let count: i64 = moment.query_row("SELECT count(*) FROM runs", [], |row| row.get(0))?;
    found.runs = count.unsigned_abs();
    const LOST: &str = "SELECT id FROM runs r WHERE \
                        NOT EXISTS (SELECT 1 FROM events e WHERE e.number = r.last_event AND e.run = r.number) OR \
                        NOT EXISTS (SELECT 1 FROM events e WHERE e.number = r.first_event AND e.run = r.number)";
    note_ids(moment, LOST, "its first or last event is missing", found)?;
    const UNTAGGED: &str = "SELECT r.id FROM runs r, json_each(r.tags) j WHERE NOT EXISTS (SELECT 1 FROM tags t WHERE \
                            t.key = j.key AND t.value = j.value AND t.started_us = r.started_us AND t.run = r.number)";
    note_ids(moment, UNTAGGED, "one of its tags is missing in the index of tags", found)?;
    const TAGS_TOO_MANY: &str = "SELECT (SELECT count(*) FROM tags) - \
                                 (SELECT count(*) FROM runs r, json_each(r.tags))";
    let more: i64 = moment.query_row(TAGS_TOO_MANY, [], |row| row.get(0))?;
    if more > 0 {
        found.note(None, None, format!("the index of tags has {more} entries of no run"));
    }
    Ok(())
}

fn note_ids(
    moment: &Transaction<'_>,
    query: &str,
    what: &str,
    found: &mut Verification,
) -> rusqlite::Result<()> {
    let mut query = moment.prepare(query)?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        found.note(None, Some(row.get_ref(0)?.as_str()?), what);
    }
    Ok(())
}

/// Sums are added up in the order of the events, so that they must agree to the last bit.
fn check_totals(moment: &Transaction<'_>, totals: Totals, found: &mut Verification) -> rusqlite::Result<()> {
    let mut expected = totals.into_sums();
    let mut query = moment.prepare("SELECT key, value, sums FROM totals")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let group = (row.get(0)?, row.get(1)?);
        let stored = sums::parse(row.get_ref(2)?.as_str()?).ok();
        if expected.remove(&group) != stored {
            let (key, value): (Option<String>, Option<String>) = group;
            found.note(
                None,
                None,
                format!(
                    "the stored sums {} are not those of its runs",
                    described(key.as_deref(), value.as_deref())
                ),
            );
        }
    }
    for (key, value) in expected.into_keys() {
        let group = described(key.as_deref(), value.as_deref());
        found.note(None, None, format!("the sums {group} are missing"));
    }
    Ok(())
}

fn described(key: Option<&str>, value: Option<&str>) -> String {
    match (key, value) {
        (None, _) => "of all runs".to_owned(),
        (Some(key), None) => format!("of the runs without the tag `{key}`"),
        (Some(key), Some(value)) => format!("of the tag `{key}={value}`"),
    }
}
