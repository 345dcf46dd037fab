//! A set of results against a paper's numbers (`lessen.study/1`).

use lessen_units::{Figure, Joules, Seconds};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::schema::{Record, Schema, finite, finite_or_none};

/// Results over seeds or settings, with rows against a paper and curves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// `lessen.study/1`.
    pub schema: Schema<Self>,
    /// As `lessen reproduce` is given it: `hinton2014`.
    pub name: String,
    /// The experiment's settings, fully resolved.
    pub spec: Value,
    /// What the paper says against what was found, a claim a row.
    pub rows: Vec<StudyRow>,
    /// Curves.
    pub series: Vec<Series>,
    /// The results that it is made of: paths relative to the study's folder.
    pub results: Vec<String>,
    /// What finding each ticket took, where the study is a search for tickets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tickets: Vec<TicketCost>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What one level of a search for tickets took, in the mean over replicates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TicketCost {
    /// Rounds of pruning.
    pub level: u64,
    /// Share of the weights that are left.
    #[serde(serialize_with = "finite")]
    pub density: f64,
    /// All trainings that its mask stands on, the dense network's among them.
    pub finding: Effort,
    /// Training it, once it is found.
    pub training: Effort,
    /// Training the dense network.
    pub dense: Effort,
    /// Trainings of it in the dense network's place after which finding it is repaid in energy.
    pub break_even_trainings: Figure<f64>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Time and energy of some work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effort {
    /// Of all threads.
    #[serde(serialize_with = "finite")]
    pub cpu_seconds: Seconds,
    /// Energy.
    pub joules: Figure<Joules>,
}

/// One claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyRow {
    /// Short and stable, for tests and links.
    pub id: String,
    /// The claim or the quantity, in words and with its unit.
    pub what: String,
    /// The paper's number; `None` where the paper gives a statement only.
    #[serde(serialize_with = "finite_or_none")]
    pub paper: Option<f64>,
    /// The mean over seeds.
    #[serde(serialize_with = "finite_or_none")]
    pub ours: Option<f64>,
    /// Lower end of the interval over seeds.
    #[serde(serialize_with = "finite_or_none")]
    pub low: Option<f64>,
    /// Upper end of the interval over seeds.
    #[serde(serialize_with = "finite_or_none")]
    pub high: Option<f64>,
    /// Seeds that the interval is made of.
    pub seeds: u64,
    /// Whether the claim was found to hold.
    pub holds: Holds,
    /// What explains the row: why it does not hold, which inputs it stands on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What became of a claim. In JSON `true`, `false` or `"not shown"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// The whole interval says so.
    Yes,
    /// The whole interval says the opposite.
    No,
    /// The interval includes nothing happening.
    NotShown,
}

/// One curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What the curve is of.
    pub name: String,
    /// The seed of the run; `None` for a mean over seeds.
    pub seed: Option<u64>,
    /// Across.
    pub x: Axis,
    /// Up; as many values as `x` has.
    pub y: Axis,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One coordinate of a curve's points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// The quantity.
    pub name: String,
    /// Its unit; empty where it has none.
    pub unit: String,
    /// In the order of the points.
    #[serde(serialize_with = "all_finite")]
    pub values: Vec<f64>,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Axis {
    /// Values of a quantity; `unit` is empty where it has none.
    pub fn new(name: &str, unit: &str, values: Vec<f64>) -> Self {
        Self { name: name.to_owned(), unit: unit.to_owned(), values, extra: Map::default() }
    }
}

impl Record for Study {
    const NAME: &'static str = "lessen.study";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<(), String> {
        for row in &self.rows {
            if let (Some(low), Some(high)) = (row.low, row.high)
                && low > high
            {
                return Err(format!("row `{}`: `low` is {low}, above `high` {high}", row.id));
            }
        }
        check_series(&self.series)
    }
}

/// Whether each curve has as many values across as up.
pub(crate) fn check_series(series: &[Series]) -> Result<(), String> {
    for Series { name, x, y, .. } in series {
        if x.values.len() != y.values.len() {
            let (x, y) = (x.values.len(), y.values.len());
            return Err(format!("series `{name}` has {x} values of `x` and {y} of `y`"));
        }
    }
    Ok(())
}

fn all_finite<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    if let Some(value) = values.iter().find(|value| !value.is_finite()) {
        return Err(serde::ser::Error::custom(format!("{value} is not a finite number")));
    }
    values.serialize(serializer)
}

const NOT_SHOWN: &str = "not shown";

impl Serialize for Holds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Yes => serializer.serialize_bool(true),
            Self::No => serializer.serialize_bool(false),
            Self::NotShown => serializer.serialize_str(NOT_SHOWN),
        }
    }
}

impl<'de> Deserialize<'de> for Holds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(true) => Ok(Self::Yes),
            Value::Bool(false) => Ok(Self::No),
            Value::String(text) if text == NOT_SHOWN => Ok(Self::NotShown),
            found => Err(D::Error::custom(format!(
                "`holds` is {found}, expected `true`, `false` or `\"{NOT_SHOWN}\"`"
            ))),
        }
    }
}
