//! `--hourly`: when the same run would emit least.

use std::path::Path;

use anyhow::Context as _;
use lessen_footprint::Tables;
use lessen_footprint::hourly::{self, HourlyIntensity, Window};
use lessen_records::EstimateRecord;
use lessen_records::estimate::{WhenRecord, WindowRecord};
use lessen_units::{Hours, KilogramsCo2e, Quantity as _};

use crate::failure::Advised;

/// The run of an estimate, moved through the hours of a file.
pub(super) fn of(path: &Path, record: &EstimateRecord, tables: &Tables) -> anyhow::Result<WhenRecord> {
    let hours = record
        .hours
        .value()
        .with_context(|| format!("`--hourly`: the time of the run is not known ({})", record.hours.how()))?;
    let hours = Hours(hours.0 * record.experiments as f64);
    let file = hourly::read(path).map_err(advised)?;
    let windows = file.best_window(hours).map_err(advised)?;
    let window = |window: &Window| self::window(window, &file, record, tables);
    Ok(WhenRecord {
        file: super::name_of(path),
        best: window(&windows.best),
        worst: window(&windows.worst),
        first: window(&windows.first),
        mean_g_per_kwh: windows.mean.g_per_kwh.raw(),
        extra: serde_json::Map::default(),
    })
}

fn window(window: &Window, file: &HourlyIntensity, record: &EstimateRecord, tables: &Tables) -> WindowRecord {
    let intensity = file.intensity(window, tables);
    WindowRecord {
        start: window.start.clone(),
        g_per_kwh: window.g_per_kwh.raw(),
        kg_co2e: (&record.kwh_with_pue * &intensity.g_per_kwh).map(KilogramsCo2e::from),
        extra: serde_json::Map::default(),
    }
}

fn advised(error: hourly::HourlyError) -> anyhow::Error {
    Advised { message: format!("`--hourly`: {error}"), hint: error.hint().to_owned() }.into()
}
