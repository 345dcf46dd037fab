//! Where electricity comes from.

use serde::Deserialize;

use super::reading::{Row, Unfit, said, within, within_if_known, year};

/// What an intensity counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Stacks, the supply of fuel, and building the plants.
    Lifecycle,
    /// Stacks only.
    Direct,
    /// What is used in a region: imports from others too.
    Consumption,
}

impl Scope {
    /// As records and tables write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lifecycle => "lifecycle",
            Self::Direct => "direct",
            Self::Consumption => "consumption",
        }
    }
}

/// The yearly average of a country, a state or a province.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// ISO 3166-1 alpha-3; `WORLD`, `EU27`; `US-CA`, `CA-QC`, `CN-SH` for parts.
    pub code: String,
    /// For people.
    pub name: String,
    /// Grams of CO2 equivalent a kilowatt-hour, where the electricity is, not where certificates were bought.
    pub g_co2e_per_kwh: f64,
    /// The year that was averaged over.
    pub year: u16,
    /// What is counted.
    pub scope: Scope,
    /// Who published it.
    pub source: String,
    /// What is to be minded.
    #[serde(default)]
    pub note: String,
}

impl Grid {
    /// Whether it is a whole country or area, none of its parts and no union of several.
    pub fn is_country(&self) -> bool {
        self.code.len() == 3 && self.code.chars().all(|letter| letter.is_ascii_uppercase())
    }
}

/// More than any fuel emits: lignite stays below 1,300 g/kWh.
pub(crate) const MOST_G_PER_KWH: f64 = 2000.0;
/// No building for computers doubles their energy twice over.
pub(crate) const MOST_PUE: f64 = 3.0;

impl Row for Grid {
    const FILE: &'static str = "grid.csv";

    fn key(&self) -> String {
        self.code.clone()
    }

    fn check(&self) -> Result<(), Unfit> {
        said("code", &self.code)?;
        said("name", &self.name)?;
        within("g_co2e_per_kwh", self.g_co2e_per_kwh, 0.0, MOST_G_PER_KWH)?;
        year("year", self.year)?;
        said("source", &self.source)
    }
}

/// What a PUE was published for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PueScope {
    /// The region.
    Region,
    /// The mean over all data centres of the provider.
    Provider,
}

impl PueScope {
    /// As tables write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Provider => "provider",
        }
    }
}

/// A region of a cloud.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloudRegion {
    /// `aws`, `azure` or `gcp`.
    pub provider: String,
    /// As the provider calls it.
    pub region: String,
    /// City or country; empty where it is not published.
    #[serde(default)]
    pub location: String,
    /// Its grid in the table of grids.
    #[serde(default)]
    pub grid_code: Option<String>,
    /// Grams of CO2 equivalent a kilowatt-hour that the provider publishes for it (direct, of the local grid).
    #[serde(default)]
    pub g_co2e_per_kwh: Option<f64>,
    /// The year of that.
    #[serde(default)]
    pub year: Option<u16>,
    /// Share of carbon-free energy by the provider's contracts, 0 to 1. Not to be multiplied into the location's
    /// intensity.
    #[serde(default)]
    pub carbon_free_share: Option<f64>,
    /// Energy of the building over that of the computers.
    pub pue: f64,
    /// The year of that.
    pub pue_year: u16,
    /// What the PUE was published for.
    pub pue_scope: PueScope,
    /// Who published it.
    pub source: String,
}

impl Row for CloudRegion {
    const FILE: &'static str = "cloud_regions.csv";

    fn key(&self) -> String {
        format!("{}:{}", self.provider, self.region)
    }

    fn check(&self) -> Result<(), Unfit> {
        said("provider", &self.provider)?;
        said("region", &self.region)?;
        within_if_known("g_co2e_per_kwh", self.g_co2e_per_kwh, 0.0, MOST_G_PER_KWH)?;
        match (self.g_co2e_per_kwh, self.year, &self.grid_code) {
            (Some(_), Some(number), _) => year("year", number)?,
            (Some(_), None, _) => {
                return Err(Unfit {
                    column: "year",
                    expected: "the year of the intensity".to_owned(),
                    found: "nothing".to_owned(),
                });
            }
            (None, _, Some(_)) => {}
            (None, _, None) => {
                return Err(Unfit {
                    column: "grid_code",
                    expected: "a grid, or an intensity of its own".to_owned(),
                    found: "neither".to_owned(),
                });
            }
        }
        within_if_known("carbon_free_share", self.carbon_free_share, 0.0, 1.0)?;
        within("pue", self.pue, 1.0, MOST_PUE)?;
        year("pue_year", self.pue_year)?;
        said("source", &self.source)
    }
}
