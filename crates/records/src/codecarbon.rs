//! CodeCarbon's `emissions.csv`, read into receipts and written from them.
//!
//! Columns are found by name, so that any vintage is read, per-task files too; what has no place in a receipt is kept in
//! its field `codecarbon` and written again. CodeCarbon does not say which of its numbers were measured, so all of
//! them are declared here. Its energies hold the building's share: its tracker multiplies each by the PUE.

mod cells;
mod error;
mod read;
mod write;

#[cfg(test)]
mod tests;

pub use error::CsvError;
pub use read::{BrokenRows, Import, SkippedRow, read, read_file};
pub use write::write;

/// The columns of `emissions.csv` as CodeCarbon 3.3.2 writes them.
pub const COLUMNS: [&str; 38] = [
    "timestamp",
    "project_name",
    "run_id",
    "experiment_id",
    "duration",
    "emissions",
    "emissions_rate",
    "cpu_power",
    "gpu_power",
    "ram_power",
    "cpu_energy",
    "gpu_energy",
    "ram_energy",
    "energy_consumed",
    "water_consumed",
    "country_name",
    "country_iso_code",
    "region",
    "cloud_provider",
    "cloud_region",
    "os",
    "python_version",
    "codecarbon_version",
    "cpu_count",
    "cpu_model",
    "gpu_count",
    "gpu_model",
    "longitude",
    "latitude",
    "ram_total_size",
    "tracking_mode",
    "cpu_utilization_percent",
    "gpu_utilization_percent",
    "ram_utilization_percent",
    "ram_used_gb",
    "on_cloud",
    "pue",
    "wue",
];

/// What the ids of CodeCarbon's runs begin with here.
const ID_PREFIX: &str = "codecarbon-";

/// The field of a receipt that holds the cells that have no place in it, by column.
const KEPT: &str = "codecarbon";

/// The columns that have a place in a receipt, so that they are not kept beside it.
const MAPPED: [&str; 15] = [
    "timestamp",
    "project_name",
    "run_id",
    "duration",
    "emissions",
    "cpu_energy",
    "gpu_energy",
    "ram_energy",
    "energy_consumed",
    "os",
    "cpu_count",
    "cpu_model",
    "ram_total_size",
    "pue",
    "task_name",
];

/// The columns of energy by device, and what the device is called in a receipt.
const DEVICES: [(&str, &str); 3] = [("cpu_energy", "cpu"), ("gpu_energy", "gpu"), ("ram_energy", "memory")];
