//! What a run would cost, worked out without running it (`lessen.estimate/1`).

use lessen_units::{
    Figure, Flops, FlopsPerSecond, GramsPerKilowattHour, Hours, Joules, KilogramsCo2e, KilowattHours, Usd,
    UsdPerHour, UsdPerKilowattHour, Watts,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::receipt::Carbon;
use crate::schema::{Record, Schema, finite};

/// What a run would cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EstimateRecord {
    /// `lessen.estimate/1`.
    pub schema: Schema<Self>,
    /// What was said, fully resolved.
    pub spec: Value,
    /// The arithmetic, where it was said or could be worked out.
    pub work: Option<WorkRecord>,
    /// What it runs on.
    pub hardware: HardwareRecord,
    /// Trainings in all, tuning included: H in Cost(R) = E·D·H. Every figure below is of all of them.
    pub experiments: u64,
    /// Wall time of one experiment.
    pub hours: Figure<Hours>,
    /// Time of all devices in all experiments.
    pub device_hours: Figure<Hours>,
    /// Energy of the computers.
    pub joules: Figure<Joules>,
    /// The same with the building's share.
    pub kwh_with_pue: Figure<KilowattHours>,
    /// Energy of the building over that of the computers.
    pub pue: Figure<f64>,
    /// Emissions of the electricity.
    pub carbon: Carbon,
    /// The intensity that they were worked out with.
    pub g_per_kwh: Figure<GramsPerKilowattHour>,
    /// The share of what making the devices emitted; not in `carbon`.
    pub embodied_kg_co2e: Figure<KilogramsCo2e>,
    /// Money.
    pub cost: EstimatedCost,
    /// Everyday things that emit as much.
    pub equivalents: Vec<EquivalentRecord>,
    /// The same run in other places, the least emissions first; empty where nobody asked.
    pub elsewhere: Vec<ElsewhereRecord>,
    /// The same run at other times; `None` where nobody asked.
    pub when: Option<WhenRecord>,
    /// Tables of the user's that were laid over the built-in ones.
    pub own_tables: Vec<OwnTableRecord>,
    /// What was assumed, in sentences.
    pub notes: Vec<String>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A run's arithmetic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkRecord {
    /// Floating-point operations of one experiment.
    pub flops: Figure<Flops>,
    /// Peak of all devices together; `None` where it was not needed.
    pub peak: Option<Figure<FlopsPerSecond>>,
    /// Share of the devices' peak that is reached; `None` where it was not needed.
    pub utilization: Option<Figure<f64>>,
    /// E of Cost(R) = E·D·H: operations of one example's prediction, counted; `None` where no model was said.
    pub flops_per_example: Option<u64>,
    /// D: examples times passes over them; `None` where no model was said.
    pub examples: Option<u64>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a run runs on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HardwareRecord {
    /// As it was said; `None` where only watts were, or nothing.
    pub key: Option<String>,
    /// The devices of the table that this means.
    pub names: Vec<String>,
    /// How many.
    pub count: u32,
    /// Power of all of them while they work, the rest of their machines included.
    pub watts: Figure<Watts>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a run would cost in money.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EstimatedCost {
    /// The electricity, the building's share included.
    pub electricity_usd: Figure<Usd>,
    /// Its price.
    pub usd_per_kwh: Figure<UsdPerKilowattHour>,
    /// Renting the devices: from preemptible to on demand.
    pub cloud_usd: Figure<Usd>,
    /// The price of one.
    pub usd_per_device_hour: Figure<UsdPerHour>,
    /// Owning the devices instead; `None` where no price was said.
    pub own: Option<OwnRecord>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Owning the devices instead of renting them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnRecord {
    /// Buying all of them.
    pub purchase_usd: Figure<Usd>,
    /// Years that they are used for.
    pub years: Figure<f64>,
    /// This run: its share of the purchase, written off evenly over the years, and its electricity.
    pub run_usd: Figure<Usd>,
    /// Hours of one device after which buying it is cheaper than renting: at the dearest rent at least, at the cheapest
    /// at most. Unavailable where renting costs less than the electricity.
    pub break_even_hours: Figure<Hours>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// How many of an everyday thing a run is like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EquivalentRecord {
    /// Short: `car-lifetime`.
    pub key: String,
    /// One of them in words.
    pub phrase: String,
    /// How many.
    pub amount: Figure<f64>,
    /// Who says what one emits.
    pub source: String,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The same run in another place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ElsewhereRecord {
    /// Code of the grid, or the cloud's region.
    pub region: String,
    /// For people.
    pub name: String,
    /// Emissions of the electricity.
    pub kg_co2e: Figure<KilogramsCo2e>,
    /// The intensity there.
    pub g_per_kwh: Figure<GramsPerKilowattHour>,
    /// The PUE there.
    #[serde(serialize_with = "finite")]
    pub pue: f64,
    /// The year that the intensity is of.
    pub year: Option<u16>,
    /// `lifecycle`, `direct` or `consumption`.
    pub scope: String,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The same run at the best and the worst time of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WhenRecord {
    /// The file of intensities.
    pub file: String,
    /// Beginning when it emits least.
    pub best: WindowRecord,
    /// Beginning when it emits most.
    pub worst: WindowRecord,
    /// Beginning with the file.
    pub first: WindowRecord,
    /// Mean intensity of the whole file, in grams of CO2 equivalent a kilowatt-hour.
    #[serde(serialize_with = "finite")]
    pub mean_g_per_kwh: f64,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The same run from one instant on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowRecord {
    /// When it begins: RFC 3339.
    pub start: String,
    /// Mean intensity while it runs, in grams of CO2 equivalent a kilowatt-hour.
    #[serde(serialize_with = "finite")]
    pub g_per_kwh: f64,
    /// Emissions of the electricity.
    pub kg_co2e: Figure<KilogramsCo2e>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A table of the user's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnTableRecord {
    /// The file's name.
    pub file: String,
    /// Rows in it.
    pub rows: u64,
    /// Those of them that took the place of a built-in one.
    pub replaced: u64,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Record for EstimateRecord {
    const NAME: &'static str = "lessen.estimate";
    const VERSION: u32 = 1;
}
