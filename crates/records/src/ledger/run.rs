//! One run in short: what lists show and sums add up, kept beside its receipt.

use std::collections::BTreeMap;

use lessen_units::{Figure, Joules, KilogramsCo2e, KilowattHours, Kind, Quantity, Seconds, Usd};
use rusqlite::Row;
use rusqlite::types::{FromSqlError, Value};

use super::process::{Observer, ProcessMark, Stamp};
use crate::instant;
use crate::receipt::{Receipt, State};

/// A run as lists show it: the receipt's main figures, without their accounts, which its receipt has.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Unique in the ledger.
    pub id: String,
    /// For people.
    pub name: String,
    /// What the user tagged it with.
    pub tags: BTreeMap<String, String>,
    /// When it began: RFC 3339.
    pub started: String,
    /// How far it is. A run that was never closed is interrupted where its process is gone.
    pub state: State,
    /// The command's exit code; `None` while it runs and where a signal ended it.
    pub exit_code: Option<i32>,
    /// Wall time.
    pub seconds: Seconds,
    /// CPU time; `None` where it could not be read.
    pub cpu_seconds: Option<Seconds>,
    /// Energy of the known components.
    pub joules: Figure<Joules>,
    /// Whether every component is known.
    pub complete: bool,
    /// How much of the energy was measured rather than modelled or declared.
    pub measured_joules: Joules,
    /// Energy with the building's share.
    pub kwh_with_pue: Figure<KilowattHours>,
    /// Emissions.
    pub kg_co2e: Figure<KilogramsCo2e>,
    /// The electricity's price.
    pub electricity_usd: Figure<Usd>,
    /// The price of renting the machine.
    pub cloud_usd: Figure<Usd>,
}

/// The columns of `runs` that hold a [`Run`], in the order of [`Run::values`] and [`Run::from_row`].
pub(super) const COLUMNS: [&str; 31] = [
    "id",
    "name",
    "tags",
    "started",
    "started_us",
    "state",
    "exit_code",
    "seconds",
    "cpu_seconds",
    "complete",
    "measured_joules",
    "joules",
    "joules_low",
    "joules_high",
    "joules_kind",
    "kwh_with_pue",
    "kwh_with_pue_low",
    "kwh_with_pue_high",
    "kwh_with_pue_kind",
    "kg_co2e",
    "kg_co2e_low",
    "kg_co2e_high",
    "kg_co2e_kind",
    "electricity_usd",
    "electricity_usd_low",
    "electricity_usd_high",
    "electricity_usd_kind",
    "cloud_usd",
    "cloud_usd_low",
    "cloud_usd_high",
    "cloud_usd_kind",
];

/// Where the figures begin among the columns; each takes four.
const FIRST_FIGURE: usize = 11;

/// A run with what tells whether it lives.
pub(super) struct Stored {
    pub(super) number: i64,
    pub(super) started_us: i64,
    pub(super) run: Run,
    written: Stamp,
    process: Option<ProcessMark>,
}

/// The columns of a [`Stored`] run: those of the run, then its own.
pub(super) fn stored_columns() -> String {
    let columns = COLUMNS.map(|column| format!("r.{column}"));
    format!("{}, r.number, r.written_us, r.uptime_ns, r.process", columns.join(", "))
}

impl Stored {
    /// Reads the columns of [`stored_columns`], as they are in the file.
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let own = COLUMNS.len();
        let process: Option<String> = row.get(own + 3)?;
        Ok(Self {
            number: row.get(own)?,
            started_us: row.get(4)?,
            run: Run::from_row(row)?,
            written: Stamp { written_us: row.get(own + 1)?, uptime_ns: row.get(own + 2)? },
            // A mark of a form yet unknown tells nothing; then silence decides.
            process: process.and_then(|text| serde_json::from_str(&text).ok()),
        })
    }

    /// The run, called interrupted where it was never closed and its process is gone.
    pub(super) fn settled(mut self, observer: &Observer) -> Run {
        self.run.state = self.state_seen_by(observer);
        self.run
    }

    pub(super) fn state_seen_by(&self, observer: &Observer) -> State {
        match self.run.state {
            State::Running if !observer.sees_alive(self.process.as_ref(), self.written) => State::Interrupted,
            state => state,
        }
    }
}

impl Run {
    /// The short form of a receipt.
    pub(super) fn of(receipt: &Receipt) -> Self {
        let measured = receipt.energy.components.iter().map(|component| &component.joules);
        let measured = measured.filter(|joules| joules.kind() <= Some(Kind::Measured));
        Self {
            id: receipt.id.clone(),
            name: receipt.name.clone(),
            tags: receipt.tags.clone(),
            started: receipt.started.clone(),
            state: receipt.state,
            exit_code: receipt.exit_code,
            seconds: receipt.seconds,
            cpu_seconds: receipt.cpu_seconds,
            joules: in_short(&receipt.energy.joules),
            complete: receipt.energy.complete,
            measured_joules: measured.filter_map(Figure::value).sum(),
            kwh_with_pue: in_short(&receipt.energy.kwh_with_pue),
            kg_co2e: in_short(&receipt.carbon.kg_co2e),
            electricity_usd: in_short(&receipt.cost.electricity_usd),
            cloud_usd: in_short(&receipt.cost.cloud_usd),
        }
    }

    /// When it began, in microseconds after 1970.
    pub(super) fn started_us(&self) -> Option<i64> {
        instant::microseconds(instant::parse(&self.started)?)
    }

    /// The tags as they are stored: JSON.
    pub(super) fn tags_text(&self) -> String {
        serde_json::json!(self.tags).to_string()
    }

    /// The values of [`COLUMNS`]; `started_us` as [`Run::started_us`] has it.
    pub(super) fn values(&self, started_us: i64) -> Vec<Value> {
        let mut values = vec![
            Value::from(self.id.clone()),
            Value::from(self.name.clone()),
            Value::from(self.tags_text()),
            Value::from(self.started.clone()),
            Value::from(started_us),
            Value::from(state_name(self.state).to_owned()),
            Value::from(self.exit_code),
            Value::from(self.seconds.0),
            Value::from(self.cpu_seconds.map(|seconds| seconds.0)),
            Value::from(i64::from(self.complete)),
            Value::from(self.measured_joules.0),
        ];
        values.extend(figure_values(&self.joules));
        values.extend(figure_values(&self.kwh_with_pue));
        values.extend(figure_values(&self.kg_co2e));
        values.extend(figure_values(&self.electricity_usd));
        values.extend(figure_values(&self.cloud_usd));
        values
    }

    /// Reads the values of [`COLUMNS`] that a query begins with.
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let figure = |place: usize| FIRST_FIGURE + 4 * place;
        let tags: String = row.get(2)?;
        let state: String = row.get(5)?;
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            tags: serde_json::from_str(&tags).map_err(|error| FromSqlError::Other(error.into()))?,
            started: row.get(3)?,
            state: state_named(&state).ok_or(FromSqlError::InvalidType)?,
            exit_code: row.get(6)?,
            seconds: Seconds(row.get(7)?),
            cpu_seconds: row.get::<_, Option<f64>>(8)?.map(Seconds),
            complete: row.get(9)?,
            measured_joules: Joules(row.get(10)?),
            joules: read_figure(row, figure(0))?,
            kwh_with_pue: read_figure(row, figure(1))?,
            kg_co2e: read_figure(row, figure(2))?,
            electricity_usd: read_figure(row, figure(3))?,
            cloud_usd: read_figure(row, figure(4))?,
        })
    }
}

/// What stands for the account of a figure in a list.
const ACCOUNT: &str = "see the receipt";

fn in_short<Q: Quantity>(figure: &Figure<Q>) -> Figure<Q> {
    match figure {
        Figure::Known { value, low, high, kind, .. } => Figure::band(*value, *low, *high, *kind, ACCOUNT),
        Figure::Unavailable { .. } => Figure::unavailable(ACCOUNT),
    }
}

fn figure_values<Q: Quantity>(figure: &Figure<Q>) -> [Value; 4] {
    let number = |number: Option<Q>| Value::from(number.map(Quantity::raw));
    let kind = figure.kind().map(|kind| kind_name(kind).to_owned());
    [number(figure.value()), number(figure.low()), number(figure.high()), Value::from(kind)]
}

fn read_figure<Q: Quantity>(row: &Row<'_>, first: usize) -> rusqlite::Result<Figure<Q>> {
    let number = |place: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<f64>>(place)?.map(Q::from_raw));
    let kind: Option<String> = row.get(first + 3)?;
    Ok(match (number(first)?, number(first + 1)?, number(first + 2)?, kind.as_deref().and_then(kind_named)) {
        (Some(value), Some(low), Some(high), Some(kind)) => Figure::band(value, low, high, kind, ACCOUNT),
        _ => Figure::unavailable(ACCOUNT),
    })
}

pub(crate) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Counted => "counted",
        Kind::Measured => "measured",
        Kind::Estimated => "estimated",
        Kind::Declared => "declared",
    }
}

fn kind_named(name: &str) -> Option<Kind> {
    [Kind::Counted, Kind::Measured, Kind::Estimated, Kind::Declared]
        .into_iter()
        .find(|kind| kind_name(*kind) == name)
}

pub(crate) fn state_name(state: State) -> &'static str {
    match state {
        State::Running => "running",
        State::Done => "done",
        State::Interrupted => "interrupted",
    }
}

fn state_named(name: &str) -> Option<State> {
    [State::Running, State::Done, State::Interrupted].into_iter().find(|state| state_name(*state) == name)
}
