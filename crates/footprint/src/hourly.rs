//! When a run would emit least: the carbon intensity of a grid hour by hour, and the best stretch of it.
//!
//! [`read`] takes a CSV of instants and intensities as services export them (Electricity Maps, Great Britain's
//! grid operator, or one's own), checks that it is an even series, and [`HourlyIntensity::best_window`] finds where a
//! run of so many hours emits least, most, and what it emits on average. A [`Window`] becomes an
//! [`Intensity`] by [`HourlyIntensity::intensity`], which [`carbon`](crate::carbon()) takes.
//!
//! An instant without an offset is UTC. Its intensity holds until the next instant.

mod columns;
pub(crate) mod error;
mod series;
mod windows;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use lessen_units::{Hours, Seconds};
use time::{Duration, OffsetDateTime};

pub use error::HourlyError;
pub use windows::{Window, Windows};

use crate::instant;
use crate::intensity::{Hourly, Intensity};
use crate::tables::{Scope, Tables};

/// A year of minutes with all columns of an export is smaller.
const MOST_BYTES: u64 = 64 << 20;

/// An even series of carbon intensities.
#[derive(Clone, Debug)]
pub struct HourlyIntensity {
    name: String,
    first: OffsetDateTime,
    step: Duration,
    /// Before each step, and after the last: what all steps before it add up to, in grains.
    sums: Vec<u64>,
    scope: Option<Scope>,
}

/// Reads a CSV of instants and carbon intensities in grams a kilowatt-hour; rows may come in any order.
///
/// Columns are found by name, capitals apart. Times: `datetime (utc)`, `datetime`, `timestamp`, `time`, `from`,
/// `date`. Intensities: `carbon_intensity`, `carbonintensity`, `g_per_kwh`, `g_co2e_per_kwh`, `intensity`, `actual`,
/// `forecast`; or a header that begins with `carbon intensity` and names no other unit, where the life cycle
/// goes before direct emissions.
///
/// # Errors
/// [`HourlyError`] with file, line and column: where the file cannot be read or is above 64 MiB, where a column is
/// missing, where a cell is no instant or no intensity between 0 and 2000 g/kWh, where an instant is there twice, where
/// there is a gap or an uneven step, or one of more than a day, and where there are fewer than two rows.
pub fn read(path: &Path) -> Result<HourlyIntensity, HourlyError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| HourlyError::Unreadable { path: path.to_owned(), error })?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(HourlyError::TooLarge { path: path.to_owned(), most: MOST_BYTES });
    }
    let file = path.display().to_string();
    let name = path.file_name().map_or_else(|| file.clone(), |name| name.to_string_lossy().into_owned());
    series::parse(&file, &name, &bytes)
}

/// [`read`] of bytes that are there already; `file` is their name for messages.
///
/// # Errors
/// As [`read`], but for those of reading.
pub fn parse(file: &str, bytes: &[u8]) -> Result<HourlyIntensity, HourlyError> {
    series::parse(file, file, bytes)
}

impl HourlyIntensity {
    /// The file's name, without its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first instant, as RFC 3339, in UTC.
    pub fn first(&self) -> String {
        instant::text(self.first)
    }

    /// The number of instants.
    pub fn steps(&self) -> usize {
        self.sums.len().saturating_sub(1)
    }

    /// The time between two instants.
    pub fn step(&self) -> Hours {
        Seconds(self.step.as_seconds_f64()).into()
    }

    /// The time that the file tells of, the last step included.
    pub fn length(&self) -> Hours {
        Seconds(self.step.as_seconds_f64() * self.steps() as f64).into()
    }

    /// What is counted; `None` where the file's header does not say.
    pub fn scope(&self) -> Option<Scope> {
        self.scope
    }

    /// The intensity of a window of this file. Its band says how far two accounts of one grid lie apart
    /// (`intensity-band` in the table of defaults).
    pub fn intensity(&self, window: &Window, tables: &Tables) -> Intensity {
        let hours = Hourly {
            g_per_kwh: window.g_per_kwh,
            region: self.name.clone(),
            year: window.year,
            scope: self.scope,
            source: format!("{}, {} h from {}", self.name, window.duration.0, window.start),
        };
        Intensity::of_hours(hours, tables)
    }
}

#[cfg(test)]
mod tests;
