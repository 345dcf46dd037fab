//! Published trainings.

use lessen_units::Flops;
use serde::Deserialize;

use super::Confidence;
use super::grid::{MOST_G_PER_KWH, MOST_PUE};
use super::reading::{Row, Unfit, date, said, within, within_if_known, year};

/// How a run's arithmetic came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ComputeKind {
    /// Its developer, or a paper about it, says so.
    Published,
    /// Others worked it out.
    Estimated,
}

impl ComputeKind {
    /// As tables write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Estimated => "estimated",
        }
    }
}

/// The arithmetic of a training.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingCompute {
    /// Short: `gpt-3`.
    pub key: String,
    /// The system's name.
    pub system: String,
    /// Year and month of publication.
    pub date: String,
    /// Floating-point operations of the whole training.
    pub flop: f64,
    /// The same in days at 10^15 operations a second.
    pub pfs_days: f64,
    /// How they came about.
    pub kind: ComputeKind,
    /// Parameters.
    #[serde(default)]
    pub parameters: Option<f64>,
    /// Another account of the same run.
    #[serde(default)]
    pub alt_flop: Option<f64>,
    /// Whose that is.
    #[serde(default)]
    pub alt_source: String,
    /// Who published it.
    pub source: String,
    /// Where it was seen.
    #[serde(default)]
    pub confidence: Confidence,
    /// What is to be minded.
    #[serde(default)]
    pub note: String,
}

impl Row for TrainingCompute {
    const FILE: &'static str = "training_compute.csv";

    fn key(&self) -> String {
        self.key.clone()
    }

    fn check(&self) -> Result<(), Unfit> {
        said("key", &self.key)?;
        said("system", &self.system)?;
        within("flop", self.flop, 1e12, 1e30)?;
        let days = Flops(self.flop).petaflops_days();
        // Rounded to four digits in the source.
        within("pfs_days", self.pfs_days, days * 0.995, days * 1.005)?;
        within_if_known("parameters", self.parameters, 1e3, 1e15)?;
        within_if_known("alt_flop", self.alt_flop, 1e12, 1e30)?;
        date("date", &self.date)?;
        said("source", &self.source)
    }
}

/// Where the power of a report is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PowerKind {
    /// Measured while it ran, or on the same system.
    Measured,
    /// The makers' peak was taken.
    Assumed,
}

impl PowerKind {
    /// As tables write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Assumed => "assumed",
        }
    }
}

/// Whether an energy includes that of the building.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum EnergyScope {
    /// It does.
    #[serde(rename = "with PUE")]
    WithPue,
    /// The computers alone.
    #[serde(rename = "without PUE")]
    WithoutPue,
}

impl EnergyScope {
    /// As tables write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::WithPue => "with PUE",
            Self::WithoutPue => "without PUE",
        }
    }
}

/// What the makers of a model reported of its training.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingReport {
    /// Short: `llama-2-7b`.
    pub key: String,
    /// The model's name.
    pub model: String,
    /// The year of the report.
    pub year: u16,
    /// Parameters in all.
    #[serde(default)]
    pub parameters: Option<f64>,
    /// Parameters that a token meets; `None` where that is not known.
    #[serde(default)]
    pub active_parameters: Option<f64>,
    /// Tokens that it was trained on.
    #[serde(default)]
    pub tokens: Option<f64>,
    /// As reported, for people.
    pub hardware: String,
    /// Key or family in the table of accelerators.
    #[serde(default)]
    pub accelerator: Option<String>,
    /// How many of them.
    #[serde(default)]
    pub devices: Option<u32>,
    /// Hours of all of them together.
    #[serde(default)]
    pub device_hours: Option<f64>,
    /// Where the power is from.
    #[serde(default)]
    pub power: Option<PowerKind>,
    /// Energy, in kilowatt-hours.
    #[serde(default)]
    pub reported_kwh: Option<f64>,
    /// Whether the building is in it.
    #[serde(default)]
    pub energy_scope: Option<EnergyScope>,
    /// Emissions, in metric tons of CO2 equivalent.
    #[serde(default)]
    pub reported_tco2e: Option<f64>,
    /// The building's energy over that of the computers.
    #[serde(default)]
    pub pue: Option<f64>,
    /// Intensity that was reckoned with, in grams of CO2 equivalent a kilowatt-hour.
    #[serde(default)]
    pub g_per_kwh: Option<f64>,
    /// What the numbers count.
    #[serde(default)]
    pub scope_note: String,
    /// The report.
    pub source: String,
    /// Where it was seen.
    #[serde(default)]
    pub confidence: Confidence,
    /// What is to be minded.
    #[serde(default)]
    pub note: String,
}

impl Row for TrainingReport {
    const FILE: &'static str = "training_reports.csv";

    fn key(&self) -> String {
        self.key.clone()
    }

    fn check(&self) -> Result<(), Unfit> {
        said("key", &self.key)?;
        said("model", &self.model)?;
        said("hardware", &self.hardware)?;
        year("year", self.year)?;
        within_if_known("parameters", self.parameters, 1e3, 1e15)?;
        within_if_known("active_parameters", self.active_parameters, 1e3, self.parameters.unwrap_or(1e15))?;
        within_if_known("tokens", self.tokens, 1e3, 1e16)?;
        within_if_known("device_hours", self.device_hours, 1.0, 1e10)?;
        within_if_known("reported_kwh", self.reported_kwh, 1.0, 1e12)?;
        within_if_known("reported_tco2e", self.reported_tco2e, 0.0, 1e9)?;
        within_if_known("pue", self.pue, 1.0, MOST_PUE)?;
        within_if_known("g_per_kwh", self.g_per_kwh, 0.0, MOST_G_PER_KWH)?;
        said("source", &self.source)
    }
}
