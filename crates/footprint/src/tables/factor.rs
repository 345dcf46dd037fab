//! Single factors: everyday equivalents, and what is taken where nothing is said.

use lessen_units::{Figure, GramsCo2e, KilogramsCo2e, KilowattHours, Kind, PoundsCo2e};
use serde::Deserialize;

use super::Confidence;
use super::reading::{Row, Unfit, said, within, within_if_known, year};

/// What an equivalent is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmountUnit {
    /// Pounds of CO2 equivalent.
    LbCo2e,
    /// Kilograms of CO2 equivalent.
    KgCo2e,
    /// Grams of CO2 equivalent.
    GCo2e,
    /// Kilowatt-hours, where the energy is the better measure.
    Kwh,
}

impl AmountUnit {
    /// As tables write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::LbCo2e => "lb_co2e",
            Self::KgCo2e => "kg_co2e",
            Self::GCo2e => "g_co2e",
            Self::Kwh => "kwh",
        }
    }
}

/// An everyday thing and what it emits or uses.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Equivalent {
    /// Short: `car-lifetime`.
    pub key: String,
    /// One of them in words: `a charge of a smartphone`.
    pub phrase: String,
    /// What one emits or uses.
    pub amount: f64,
    /// The unit of that.
    pub unit: AmountUnit,
    /// The year of the source.
    pub year: u16,
    /// Who published it.
    pub source: String,
    /// Where it was seen.
    #[serde(default)]
    pub confidence: Confidence,
    /// What is to be minded.
    #[serde(default)]
    pub note: String,
}

/// What one of a thing stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// Emissions.
    Emitted(GramsCo2e),
    /// Energy.
    Used(KilowattHours),
}

impl Equivalent {
    /// What one emits or uses, in the units that estimates are in.
    pub fn amount(&self) -> Amount {
        match self.unit {
            AmountUnit::LbCo2e => Amount::Emitted(PoundsCo2e(self.amount).into()),
            AmountUnit::KgCo2e => Amount::Emitted(KilogramsCo2e(self.amount).into()),
            AmountUnit::GCo2e => Amount::Emitted(GramsCo2e(self.amount)),
            AmountUnit::Kwh => Amount::Used(KilowattHours(self.amount)),
        }
    }
}

impl Row for Equivalent {
    const FILE: &'static str = "equivalents.csv";

    fn key(&self) -> String {
        self.key.clone()
    }

    fn check(&self) -> Result<(), Unfit> {
        said("key", &self.key)?;
        said("phrase", &self.phrase)?;
        within("amount", self.amount, 1e-6, 1e9)?;
        year("year", self.year)?;
        said("source", &self.source)
    }
}

/// A factor of a method, or what is taken where nothing is said.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultValue {
    /// Short: `pue`.
    pub key: String,
    /// What is taken, in `unit`.
    pub value: f64,
    /// What it may be at least; `None` where it is a definition or a paper's own.
    #[serde(default)]
    pub low: Option<f64>,
    /// What it may be at most.
    #[serde(default)]
    pub high: Option<f64>,
    /// The unit of the three.
    pub unit: String,
    /// The year of the source.
    pub year: u16,
    /// Who published it.
    pub source: String,
    /// Where it was seen.
    #[serde(default)]
    pub confidence: Confidence,
    /// What is to be minded.
    #[serde(default)]
    pub note: String,
}

impl DefaultValue {
    /// The value with its band and source.
    pub fn figure(&self) -> Figure<f64> {
        let (low, high) = (self.low.unwrap_or(self.value), self.high.unwrap_or(self.value));
        Figure::band(self.value, low, high, Kind::Estimated, self.source.clone())
    }
}

impl Row for DefaultValue {
    const FILE: &'static str = "defaults.csv";

    fn key(&self) -> String {
        self.key.clone()
    }

    fn check(&self) -> Result<(), Unfit> {
        said("key", &self.key)?;
        within("value", self.value, 1e-9, 1e9)?;
        within_if_known("low", self.low, 0.0, self.value)?;
        within_if_known("high", self.high, self.value, 1e9)?;
        said("unit", &self.unit)?;
        year("year", self.year)?;
        said("source", &self.source)
    }
}
