//! From receipts to the rows of CodeCarbon.

use std::io::Write;

use lessen_units::{Bytes, Joules, KilowattHours, Quantity, Seconds};
use serde_json::Value;

use super::{COLUMNS, DEVICES, ID_PREFIX, KEPT};
use crate::export::ExportError;
use crate::instant;
use crate::ledger::LedgerError;
use crate::receipt::Receipt;

/// Writes receipts with the columns of CodeCarbon 3.3.2, a row each, as they come; returns how many. What a receipt does not
/// know stays empty. Energies hold the building's share, as CodeCarbon's do; bounds have no place there.
///
/// # Errors
/// What came instead of a receipt, and what writing can meet.
pub fn write(
    receipts: impl IntoIterator<Item = Result<Receipt, LedgerError>>,
    out: impl Write,
) -> Result<u64, ExportError> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(COLUMNS)?;
    let mut written = 0;
    for receipt in receipts {
        let receipt = receipt?;
        writer.write_record(COLUMNS.map(|column| cell(&receipt, column).unwrap_or_default()))?;
        written += 1;
    }
    writer.flush().map_err(ExportError::Write)?;
    Ok(written)
}

/// A cell, where the receipt knows it.
fn cell(receipt: &Receipt, column: &str) -> Option<String> {
    match column {
        "timestamp" => ended(receipt),
        "project_name" => Some(receipt.tags.get("project").unwrap_or(&receipt.name).clone()),
        "run_id" => Some(receipt.id.strip_prefix(ID_PREFIX).unwrap_or(&receipt.id).to_owned()),
        "experiment_id" => kept(receipt, column).or_else(|| receipt.tags.get("experiment").cloned()),
        "duration" => number(receipt.seconds),
        "emissions" => number(receipt.carbon.kg_co2e.value()?),
        "emissions_rate" => kept(receipt, column)
            .or_else(|| number(receipt.carbon.kg_co2e.value()?.0 / some_time(receipt)?.0)),
        "cpu_power" | "gpu_power" | "ram_power" => {
            kept(receipt, column).or_else(|| number(used_by(receipt, column)? / some_time(receipt)?))
        }
        "cpu_energy" | "gpu_energy" | "ram_energy" => {
            number(KilowattHours::from(used_by(receipt, column)? * receipt.pue))
        }
        "energy_consumed" => number(receipt.energy.kwh_with_pue.value()?),
        "country_iso_code" => kept(receipt, column).or_else(|| country(receipt)),
        "os" => receipt.machine.os.clone(),
        "cpu_count" => Some(receipt.machine.threads?.to_string()),
        "cpu_model" => receipt.machine.cpu.clone(),
        "ram_total_size" => number(Bytes(receipt.machine.memory_bytes? as f64).gibibytes()),
        "pue" => number(receipt.pue),
        _ => kept(receipt, column),
    }
}

/// A number as text that reads back to the same bits.
fn number(number: impl Quantity) -> Option<String> {
    Some(number.raw()).filter(|number| number.is_finite()).map(|number| number.to_string())
}

/// The cell that the row had when it was read from CodeCarbon's file.
fn kept(receipt: &Receipt, column: &str) -> Option<String> {
    Some(receipt.extra.get(KEPT)?.get(column).and_then(Value::as_str)?.to_owned())
}

/// CodeCarbon's timestamp: the end, in whole seconds, without an offset.
fn ended(receipt: &Receipt) -> Option<String> {
    let end = instant::after(instant::parse(&receipt.started)?, receipt.seconds.0)?;
    let rounded = instant::text(instant::after(end, 0.5)?.replace_nanosecond(0).ok()?)?;
    Some(rounded.trim_end_matches('Z').to_owned())
}

fn some_time(receipt: &Receipt) -> Option<Seconds> {
    Some(receipt.seconds).filter(|seconds| seconds.0 > 0.0)
}

/// The energy of the devices of a kind; `None` where none of them is known.
fn used_by(receipt: &Receipt, column: &str) -> Option<Joules> {
    let kind = column.split('_').next()?;
    let (_, device) = DEVICES.into_iter().find(|(energy, _)| energy.starts_with(kind))?;
    let of_kind = receipt.energy.components.iter().filter(|component| component.device.starts_with(device));
    let known: Vec<Joules> = of_kind.filter_map(|component| component.joules.value()).collect();
    (!known.is_empty()).then(|| known.into_iter().sum())
}

/// The grid's code where it is a country's.
fn country(receipt: &Receipt) -> Option<String> {
    let region = &receipt.carbon.region;
    let is_code = region.len() == 3 && region.bytes().all(|letter| letter.is_ascii_uppercase());
    is_code.then(|| region.clone())
}
