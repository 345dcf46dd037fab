//! What one run cost (`lessen.receipt/1`).

use std::collections::BTreeMap;

use lessen_units::{Figure, Joules, KilogramsCo2e, KilowattHours, Seconds, Usd};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::estimate::EquivalentRecord;
use crate::machine::Machine;
use crate::result::StageRecord;
use crate::schema::{Record, Schema, finite, finite_or_none};

/// What one run cost: energy by device, time, emissions, money, memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// `lessen.receipt/1`.
    pub schema: Schema<Self>,
    /// Unique in a ledger.
    pub id: String,
    /// The run's name, for people.
    pub name: String,
    /// What the user tagged it with.
    pub tags: BTreeMap<String, String>,
    /// The command and its arguments.
    pub command: Vec<String>,
    /// When it began: RFC 3339, UTC.
    pub started: String,
    /// Wall time, by a monotonic clock.
    #[serde(serialize_with = "finite")]
    pub seconds: Seconds,
    /// The command's exit code; `None` while it runs and where a signal ended it.
    pub exit_code: Option<i32>,
    /// Whether the numbers are final.
    pub state: State,
    /// CPU time of the command and everything that it started; `None` where that could not be read.
    #[serde(serialize_with = "finite_or_none")]
    pub cpu_seconds: Option<Seconds>,
    /// Largest resident memory, in bytes; `None` where that could not be read.
    pub peak_rss_bytes: Option<u64>,
    /// Energy, in all and by device.
    pub energy: Energy,
    /// Power usage effectiveness: energy of the building / energy of the computers in it.
    #[serde(serialize_with = "finite")]
    pub pue: f64,
    /// Emissions.
    pub carbon: Carbon,
    /// Money.
    pub cost: Cost,
    /// What metering itself took.
    pub overhead: Overhead,
    /// Parts of the run that were named.
    pub stages: Vec<StageRecord>,
    /// Where it ran.
    pub machine: Machine,
    /// An everyday thing that the emissions or the energy are like; `None` where they are not known.
    #[serde(default)]
    pub equivalent: Option<EquivalentRecord>,
    /// What is to be minded, in sentences: how CPU time was counted, what was taken because nobody said.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The numbers are those so far.
    Running,
    /// It ended by itself.
    Done,
    /// It was stopped, or the meter was: the numbers go up to the last reading.
    Interrupted,
}

/// A run's energy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Energy {
    /// The sum of the components that are known.
    pub joules: Figure<Joules>,
    /// The same with the building's share.
    pub kwh_with_pue: Figure<KilowattHours>,
    /// Whether every component is known; where not, the sum is too small.
    pub complete: bool,
    /// Of the whole machine while the command ran, other work included; `joules` is the command's share of it.
    #[serde(default = "not_recorded")]
    pub machine_joules: Figure<Joules>,
    /// The measured part of `joules`, from 0 to 1; `None` where the sum is not known.
    #[serde(default)]
    pub measured_share: Option<f64>,
    /// By device.
    pub components: Vec<Component>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The energy of one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// `cpu package 0`, `gpu 1`, `memory`.
    pub device: String,
    /// What it was read from: `powercap`, `model`, …
    pub source: String,
    /// Its energy: the command's share.
    pub joules: Figure<Joules>,
    /// Its energy while the command ran, other work included.
    #[serde(default = "not_recorded")]
    pub machine_joules: Figure<Joules>,
    /// Whether it is in the sum. What is known very badly is shown apart.
    #[serde(default = "yes")]
    pub in_sum: bool,
    /// Why no better source served; `None` where the best one did.
    pub why: Option<String>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A run's emissions, and what they were worked out with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Carbon {
    /// Kilograms of CO2 equivalent.
    pub kg_co2e: Figure<KilogramsCo2e>,
    /// Grams of CO2 equivalent a kilowatt-hour of the grid; `None` where that is not known.
    #[serde(serialize_with = "finite_or_none")]
    pub g_per_kwh: Option<f64>,
    /// The grid's code, such as `DEU`, or a cloud's region; `WORLD` where none was said, `said` where the user gave a
    /// number.
    pub region: String,
    /// The year that the intensity is of; `None` where the user gave a number.
    pub year: Option<u16>,
    /// `lifecycle`, `direct` or `consumption`; empty where that is not known.
    pub scope: String,
    /// Who published the intensity.
    pub source: String,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A run's money.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// The electricity.
    pub electricity_usd: Figure<Usd>,
    /// Renting the machine.
    pub cloud_usd: Figure<Usd>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What metering itself took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overhead {
    /// CPU time of the meter; not among the run's. `None` where it is not known.
    #[serde(serialize_with = "finite_or_none")]
    pub cpu_seconds: Option<Seconds>,
    /// The same as a share of one CPU over the run.
    #[serde(serialize_with = "finite_or_none")]
    pub share: Option<f64>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// For receipts of versions that did not record it.
fn not_recorded() -> Figure<Joules> {
    Figure::unavailable("not recorded")
}

fn yes() -> bool {
    true
}

impl Record for Receipt {
    const NAME: &'static str = "lessen.receipt";
    const VERSION: u32 = 1;
}
