//! Runs in order, one run, and all receipts, each read in short pages, so that no reader holds the ledger up.

use std::collections::VecDeque;

use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};

use super::process::Observer;
use super::run::{COLUMNS, Run, Stored, stored_columns};
use super::sums;
use super::{Ledger, LedgerError};
use crate::receipt::Receipt;
use crate::schema::Record;

/// Which runs to list; the default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only runs that have all these tags: names and values.
    pub tags: Vec<(String, String)>,
    /// Only runs of which no energy is known.
    pub without_energy: bool,
    /// At most so many.
    pub limit: Option<u64>,
}

/// Runs, newest start first; see [`Ledger::list`].
pub struct Runs<'ledger> {
    ledger: &'ledger Ledger,
    filter: Filter,
    observer: Observer,
    page: VecDeque<Stored>,
    /// Start and number of the last run that was read.
    after: (i64, i64),
    left: u64,
}

/// Receipts, in the order in which their runs were entered; see [`Ledger::receipts`].
pub struct Receipts<'ledger> {
    ledger: &'ledger Ledger,
    observer: Observer,
    page: VecDeque<(Stored, String)>,
    after: i64,
    failed: bool,
}

const RUNS_A_PAGE: u64 = 256;
const RECEIPTS_A_PAGE: i64 = 64;

impl Ledger {
    /// Runs, newest start first, without reading their receipts.
    pub fn list(&self, filter: &Filter) -> Runs<'_> {
        let mut filter = filter.clone();
        filter.tags.sort_by_cached_key(|tag| self.closed_runs_with(tag));
        Runs {
            ledger: self,
            left: filter.limit.unwrap_or(u64::MAX),
            filter,
            observer: Observer::here(),
            page: VecDeque::new(),
            after: (i64::MAX, i64::MAX),
        }
    }

    /// How common a tag is. Only the speed of a list depends on it, so that what goes wrong here can wait for the list.
    fn closed_runs_with(&self, (key, value): &(String, String)) -> u64 {
        let sums = sums::read(&self.connection, &(Some(key.clone()), Some(value.clone())));
        sums.ok().flatten().map_or(0, |sums| sums.runs)
    }

    /// The receipt of the run with that id, or with the only id that begins so.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchRun`], [`LedgerError::Ambiguous`], [`LedgerError::Receipt`] where what is stored cannot be
    /// read, and what reading can meet.
    pub fn show(&self, id: &str) -> Result<Receipt, LedgerError> {
        const MOST: usize = 6;
        let query = receipts_where("r.id >= ?1 AND r.id < ?1 || char(0x10FFFF) ORDER BY r.id LIMIT 6");
        let find = || -> rusqlite::Result<Vec<_>> {
            let mut query = self.connection.prepare_cached(&query)?;
            query.query_map([id], with_receipt)?.collect()
        };
        let mut found = find().map_err(self.failed("look for a run"))?;
        if found.first().is_some_and(|(stored, _)| stored.run.id == id) {
            found.truncate(1);
        }
        match found.pop() {
            None => Err(LedgerError::NoSuchRun { id: id.to_owned() }),
            Some((stored, text)) if found.is_empty() => receipt(stored, &text, &Observer::here()),
            Some(last) => {
                let mut ids: Vec<_> =
                    found.into_iter().chain([last]).map(|(stored, _)| stored.run.id).collect();
                if ids.len() == MOST {
                    ids[MOST - 1] = "…".to_owned();
                }
                Err(LedgerError::Ambiguous { id: id.to_owned(), found: ids })
            }
        }
    }

    /// All receipts, in the order in which their runs were entered; memory stays bounded however many there are.
    pub fn receipts(&self) -> Receipts<'_> {
        let observer = Observer::here();
        Receipts { ledger: self, observer, page: VecDeque::new(), after: 0, failed: false }
    }
}

impl Runs<'_> {
    fn read_page(&mut self) -> rusqlite::Result<()> {
        let (query, mut values) = query(&self.filter);
        values.extend([self.after.0, self.after.1].map(Value::from));
        values.push(Value::from(i64::try_from(self.left.min(RUNS_A_PAGE)).unwrap_or(i64::MAX)));
        let mut query = self.ledger.connection.prepare_cached(&query)?;
        self.page = query.query_map(params_from_iter(values), Stored::from_row)?.collect::<Result<_, _>>()?;
        if let Some(last) = self.page.back() {
            self.after = (last.started_us, last.number);
        }
        Ok(())
    }
}

impl Iterator for Runs<'_> {
    type Item = Result<Run, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty()
            && self.left > 0
            && let Err(error) = self.read_page()
        {
            self.left = 0;
            return Some(Err(self.ledger.failed("list runs")(error)));
        }
        let Some(stored) = self.page.pop_front() else {
            self.left = 0;
            return None;
        };
        self.left -= 1;
        Some(Ok(stored.settled(&self.observer)))
    }
}

/// The query of a page, and its first values; start and number of the run before and the number of rows follow.
/// Runs are found through the first tag, the rarest, in the order of their start, and the others looked up for each.
fn query(filter: &Filter) -> (String, Vec<Value>) {
    let columns = stored_columns();
    let mut values = Vec::new();
    let mut place = |text: &str| {
        values.push(Value::from(text.to_owned()));
        format!("?{}", values.len())
    };
    let mut conditions = Vec::new();
    let (from, start, number) = match filter.tags.first() {
        None => ("runs r", "r.started_us", "r.number"),
        Some((key, value)) => {
            conditions.push(format!("t.key = {} AND t.value = {}", place(key), place(value)));
            ("tags t CROSS JOIN runs r ON r.number = t.run", "t.started_us", "t.run")
        }
    };
    for (key, value) in filter.tags.iter().skip(1) {
        let (key, value) = (place(key), place(value));
        conditions.push(format!(
            "EXISTS (SELECT 1 FROM tags u WHERE u.key = {key} AND u.value = {value} \
             AND u.started_us = t.started_us AND u.run = t.run)"
        ));
    }
    if filter.without_energy {
        conditions.push("r.joules IS NULL".to_owned());
    }
    let next = values.len() + 1;
    conditions.push(format!("({start}, {number}) < (?{next}, ?{})", next + 1));
    let query = format!(
        "SELECT {columns} FROM {from} WHERE {} ORDER BY {start} DESC, {number} DESC LIMIT ?{}",
        conditions.join(" AND "),
        next + 2
    );
    (query, values)
}

impl Receipts<'_> {
    fn read_page(&mut self) -> rusqlite::Result<()> {
        let query = receipts_where("r.number > ?1 ORDER BY r.number LIMIT ?2");
        let mut query = self.ledger.connection.prepare_cached(&query)?;
        self.page =
            query.query_map([self.after, RECEIPTS_A_PAGE], with_receipt)?.collect::<Result<_, _>>()?;
        if let Some((last, _)) = self.page.back() {
            self.after = last.number;
        }
        Ok(())
    }
}

impl Iterator for Receipts<'_> {
    type Item = Result<Receipt, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty()
            && !self.failed
            && let Err(error) = self.read_page()
        {
            self.failed = true;
            return Some(Err(self.ledger.failed("read receipts")(error)));
        }
        let (stored, text) = self.page.pop_front()?;
        Some(receipt(stored, &text, &self.observer))
    }
}

/// A query for runs with the receipts of their last events.
fn receipts_where(condition: &str) -> String {
    let columns = stored_columns();
    format!(
        "SELECT {columns}, e.receipt FROM runs r JOIN events e ON e.number = r.last_event WHERE {condition}"
    )
}

fn with_receipt(row: &Row<'_>) -> rusqlite::Result<(Stored, String)> {
    const AFTER_STORED: usize = COLUMNS.len() + 4;
    Ok((Stored::from_row(row)?, row.get(AFTER_STORED)?))
}

fn receipt(stored: Stored, text: &str, observer: &Observer) -> Result<Receipt, LedgerError> {
    let state = stored.state_seen_by(observer);
    let receipt = Receipt::from_json(text);
    let receipt = receipt.map_err(|source| LedgerError::Receipt { id: stored.run.id, source })?;
    Ok(Receipt { state, ..receipt })
}
