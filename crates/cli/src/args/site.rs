//! Where something runs, for every verb that turns energy into emissions and money.

use std::path::PathBuf;

use clap::Args;
use lessen_footprint::Intensity;

use super::numbers::{above_zero, number};

/// Where something runs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Place")]
pub(crate) struct SiteArgs {
    /// Where the electricity is from: country, US state, cloud region (`lessen regions`) [default: the world, a wide band].
    #[arg(long, value_name = "R")]
    pub(crate) region: Option<String>,
    /// Carbon intensity with its unit, in place of the region's: `432.7g/kWh`, `0.954lb/kWh`.
    #[arg(long, value_name = "I", value_parser = intensity)]
    pub(crate) intensity: Option<Intensity>,
    /// Power usage effectiveness: energy of the building over that of its computers [default: the cloud region's, or a band].
    #[arg(long, value_name = "X", value_parser = pue)]
    pub(crate) pue: Option<f64>,
    /// Price of a kilowatt-hour in US dollars [default: the country's industry, or the world with a band].
    #[arg(long, value_name = "USD", value_parser = above_zero::<f64>)]
    pub(crate) electricity_price: Option<f64>,
    /// Folder of tables of your own, laid over the built-in ones: files named as in docs/tables.md, a row a fact.
    #[arg(long, value_name = "DIR")]
    pub(crate) tables: Option<PathBuf>,
}

fn pue(text: &str) -> Result<f64, String> {
    let number: f64 = number(text)?;
    let expected = "expected 1 or more: a building uses no less energy than the computers in it";
    if number >= 1.0 && number.is_finite() { Ok(number) } else { Err(expected.into()) }
}

fn intensity(text: &str) -> Result<Intensity, String> {
    Intensity::parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_refused() {
        for bad in ["0.99", "nan", "inf", "-1"] {
            assert!(pue(bad).is_err(), "{bad}");
        }
    }
}
