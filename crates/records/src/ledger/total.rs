//! What all runs cost together.

use std::collections::BTreeMap;

use lessen_units::{Figure, Joules, KilogramsCo2e, KilowattHours, Quantity, Seconds, Usd};
use rusqlite::{Transaction, TransactionBehavior, params};

use super::process::Observer;
use super::run::{Run, Stored, stored_columns};
use super::sums::{self, Part, Sums};
use super::{Ledger, LedgerError};

/// Sums over runs, closed or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Total {
    /// The value of the tag that was asked for; `None` for the runs without it, and where none was asked for.
    pub tag: Option<String>,
    /// How many runs.
    pub runs: u64,
    /// Runs among them that are under way.
    pub running: u64,
    /// Runs among them that were interrupted; their figures go up to their last checkpoint.
    pub interrupted: u64,
    /// Runs among them with a component of unknown energy: the sums are too small by that.
    pub incomplete: u64,
    /// Wall time.
    pub seconds: Seconds,
    /// CPU time.
    pub cpu_seconds: Sum<Seconds>,
    /// Energy.
    pub joules: Sum<Joules>,
    /// How much of the energy was measured.
    pub measured_joules: Joules,
    /// Energy with the buildings' share.
    pub kwh_with_pue: Sum<KilowattHours>,
    /// Emissions.
    pub kg_co2e: Sum<KilogramsCo2e>,
    /// The electricity's price.
    pub electricity_usd: Sum<Usd>,
    /// The price of renting the machines.
    pub cloud_usd: Sum<Usd>,
}

/// The sum of a figure over the runs that know it; low bounds and high bounds are added up too.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum<Q> {
    /// Unavailable where no run knows it. Its kind is the least trustworthy among them, and its account says how many
    /// runs are missing.
    pub figure: Figure<Q>,
    /// Runs that are in it.
    pub known: u64,
    /// Runs that are not, for their receipts do not know it.
    pub unknown: u64,
}

impl Total {
    /// The measured part of the energy, from 0 to 1; `None` where there is no energy.
    pub fn measured_share(&self) -> Option<f64> {
        let joules = self.joules.figure.value().filter(|joules| joules.0 > 0.0)?;
        Some((self.measured_joules.0 / joules.0).clamp(0.0, 1.0))
    }

    fn of(tag: Option<String>, sums: &Sums) -> Self {
        Self {
            tag,
            runs: sums.runs,
            running: sums.running,
            interrupted: sums.interrupted,
            incomplete: sums.incomplete,
            seconds: Seconds(sums.seconds),
            cpu_seconds: Sum::of(&sums.cpu_seconds),
            joules: Sum::of(&sums.joules),
            measured_joules: Joules(sums.measured_joules),
            kwh_with_pue: Sum::of(&sums.kwh_with_pue),
            kg_co2e: Sum::of(&sums.kg_co2e),
            electricity_usd: Sum::of(&sums.electricity_usd),
            cloud_usd: Sum::of(&sums.cloud_usd),
        }
    }
}

impl<Q: Quantity> Sum<Q> {
    fn of(part: &Part) -> Self {
        let Part { known, unknown, .. } = *part;
        let figure = match part.kind {
            None => Figure::unavailable(format!("none of {unknown} runs knows it")),
            Some(kind) => {
                let missing =
                    if unknown > 0 { format!("; {unknown} more do not know it") } else { String::new() };
                let [value, low, high] = [part.value, part.low, part.high].map(Q::from_raw);
                Figure::band(value, low, high, kind, format!("sum of {known} runs{missing}"))
            }
        };
        Self { figure, known, unknown }
    }
}

impl Ledger {
    /// What all runs cost together; with the name of a tag, what those of each of its values cost, most energy first,
    /// and last those without the tag. Without a tag there is always one total, be it of no runs.
    ///
    /// # Errors
    /// What reading can meet.
    pub fn total(&self, by: Option<&str>) -> Result<Vec<Total>, LedgerError> {
        let groups = self.sums_by(by).map_err(self.failed("add up"))?;
        let mut totals: Vec<Total> = groups
            .into_iter()
            .filter(|(_, sums)| by.is_none() || sums.runs > 0)
            .map(|(tag, sums)| Total::of(tag, &sums))
            .collect();
        let energy = |total: &Total| total.joules.figure.value().unwrap_or_default().0;
        totals.sort_by(|a, b| a.tag.is_none().cmp(&b.tag.is_none()).then(energy(b).total_cmp(&energy(a))));
        Ok(totals)
    }

    fn sums_by(&self, by: Option<&str>) -> rusqlite::Result<BTreeMap<Option<String>, Sums>> {
        // One moment for both: a run that is closed meanwhile must be in one of them, once.
        let moment = Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred)?;
        let mut groups = BTreeMap::new();
        if by.is_none() || !any_closed_with(&moment, by)? {
            // Where no closed run has the tag, all closed runs are without it.
            groups.insert(None, sums::read(&moment, &(None, None))?.unwrap_or_default());
        } else {
            let mut query = moment.prepare_cached("SELECT value, sums FROM totals WHERE key = ?1")?;
            let mut rows = query.query([by])?;
            while let Some(row) = rows.next()? {
                groups.insert(row.get(0)?, sums::parse(row.get_ref(1)?.as_str()?)?);
            }
        }
        for run in open_runs(&moment)? {
            let value = by.and_then(|key| run.tags.get(key).cloned());
            groups.entry(value).or_default().add(&run);
        }
        Ok(groups)
    }
}

fn any_closed_with(moment: &Transaction<'_>, key: Option<&str>) -> rusqlite::Result<bool> {
    moment.prepare_cached("SELECT 1 FROM totals WHERE key = ?1 AND value IS NULL")?.exists(params![key])
}

fn open_runs(moment: &Transaction<'_>) -> rusqlite::Result<Vec<Run>> {
    let columns = stored_columns();
    let mut query =
        moment.prepare_cached(&format!("SELECT {columns} FROM runs r WHERE state = 'running'"))?;
    let observer = Observer::here();
    query.query_map([], |row| Ok(Stored::from_row(row)?.settled(&observer)))?.collect()
}
