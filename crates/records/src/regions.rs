//! Carbon intensities of places (`lessen.regions/1`).

use lessen_units::{Figure, GramsPerKilowattHour};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::estimate::OwnTableRecord;
use crate::schema::{Record, Schema, finite_or_none};

/// A list of places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegionsRecord {
    /// `lessen.regions/1`.
    pub schema: Schema<Self>,
    /// The places.
    pub regions: Vec<RegionRecord>,
    /// Tables of the user's that were laid over the built-in ones.
    pub own_tables: Vec<OwnTableRecord>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A place and what its electricity emits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegionRecord {
    /// Code of the grid, or the cloud's region: what `--region` takes.
    pub region: String,
    /// For people.
    pub name: String,
    /// Grams of CO2 equivalent a kilowatt-hour.
    pub g_per_kwh: Figure<GramsPerKilowattHour>,
    /// The year that was averaged over.
    pub year: Option<u16>,
    /// `lifecycle`, `direct` or `consumption`.
    pub scope: String,
    /// Who published it.
    pub source: String,
    /// Energy of the building over that of its computers; `None` for a grid.
    #[serde(serialize_with = "finite_or_none")]
    pub pue: Option<f64>,
    /// What is to be minded.
    pub note: String,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Record for RegionsRecord {
    const NAME: &'static str = "lessen.regions";
    const VERSION: u32 = 1;
}
