//! Receipts for other programs: one JSON array, or a table with own columns. [`crate::codecarbon::write`] writes CodeCarbon's.
//!
//! Each takes receipts as they come, so that a ledger of any size is exported in little memory.

use std::io::Write;

use lessen_units::{Figure, Quantity};
use serde_json::json;

use crate::error::RecordError;
use crate::ledger::{LedgerError, kind_name, state_name};
use crate::receipt::Receipt;
use crate::schema::Record;

/// An export that did not come to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A receipt could not be read from the ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A receipt that JSON cannot hold.
    #[error("cannot export receipt `{id}`")]
    Receipt {
        /// The run.
        id: String,
        /// Why.
        source: RecordError,
    },
    /// The output does not take it.
    #[error("cannot write the export")]
    Write(#[source] std::io::Error),
}

impl From<csv::Error> for ExportError {
    fn from(error: csv::Error) -> Self {
        // Not by `csv`'s own conversion, which hides what kind of error the output gave.
        let message = error.to_string();
        match error.into_kind() {
            csv::ErrorKind::Io(source) => Self::Write(source),
            _ => Self::Write(std::io::Error::other(message)),
        }
    }
}

/// Writes receipts as a JSON array, one a line; returns how many.
///
/// # Errors
/// What came instead of a receipt, a receipt that JSON cannot hold, and what writing can meet.
pub fn json(
    receipts: impl IntoIterator<Item = Result<Receipt, LedgerError>>,
    mut out: impl Write,
) -> Result<u64, ExportError> {
    let mut written = 0;
    for receipt in receipts {
        let receipt = receipt?;
        let unwritable = |problem| ExportError::Receipt {
            id: receipt.id.clone(),
            source: RecordError::Unwritable { record: Receipt::NAME, problem },
        };
        receipt.check().map_err(&unwritable)?;
        let text = serde_json::to_string(&receipt).map_err(|error| unwritable(error.to_string()))?;
        let before = if written == 0 { "[\n" } else { ",\n" };
        write!(out, "{before}{text}").map_err(ExportError::Write)?;
        written += 1;
    }
    let end = if written == 0 { "[]\n" } else { "\n]\n" };
    out.write_all(end.as_bytes()).and_then(|()| out.flush()).map_err(ExportError::Write)?;
    Ok(written)
}

/// A column, and what a receipt has in it; empty where that is not known.
type Column = (&'static str, fn(&Receipt) -> String);

const BEFORE: [Column; 9] = [
    ("id", |receipt| receipt.id.clone()),
    ("name", |receipt| receipt.name.clone()),
    ("started", |receipt| receipt.started.clone()),
    ("state", |receipt| state_name(receipt.state).to_owned()),
    ("exit_code", |receipt| or_empty(receipt.exit_code)),
    ("seconds", |receipt| receipt.seconds.0.to_string()),
    ("cpu_seconds", |receipt| or_empty(receipt.cpu_seconds.map(|seconds| seconds.0))),
    ("peak_rss_bytes", |receipt| or_empty(receipt.peak_rss_bytes)),
    ("energy_complete", |receipt| receipt.energy.complete.to_string()),
];

/// A figure, and how to find it in a receipt.
type FigureColumns = (&'static str, fn(&Receipt) -> Figure<f64>);

/// Each takes five columns: its value, `_low`, `_high`, `_kind` and `_how`.
const FIGURES: [FigureColumns; 5] = [
    ("joules", |receipt| receipt.energy.joules.map(Quantity::raw)),
    ("kwh_with_pue", |receipt| receipt.energy.kwh_with_pue.map(Quantity::raw)),
    ("kg_co2e", |receipt| receipt.carbon.kg_co2e.map(Quantity::raw)),
    ("electricity_usd", |receipt| receipt.cost.electricity_usd.map(Quantity::raw)),
    ("cloud_usd", |receipt| receipt.cost.cloud_usd.map(Quantity::raw)),
];

const AFTER: [Column; 8] = [
    ("pue", |receipt| receipt.pue.to_string()),
    ("g_per_kwh", |receipt| or_empty(receipt.carbon.g_per_kwh)),
    ("region", |receipt| receipt.carbon.region.clone()),
    ("intensity_source", |receipt| receipt.carbon.source.clone()),
    ("tags", |receipt| json!(receipt.tags).to_string()),
    ("command", |receipt| json!(receipt.command).to_string()),
    ("cpu", |receipt| receipt.machine.cpu.clone().unwrap_or_default()),
    ("os", |receipt| receipt.machine.os.clone().unwrap_or_default()),
];

fn or_empty(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Writes receipts as a table, a row each; returns how many. A figure that is unavailable has empty numbers, the kind
/// `unavailable` and the reason as `_how`. Tags and command are JSON.
///
/// # Errors
/// What came instead of a receipt, and what writing can meet.
pub fn csv(
    receipts: impl IntoIterator<Item = Result<Receipt, LedgerError>>,
    out: impl Write,
) -> Result<u64, ExportError> {
    let mut writer = csv::Writer::from_writer(out);
    let figures = FIGURES
        .iter()
        .flat_map(|(name, _)| ["", "_low", "_high", "_kind", "_how"].map(|suffix| format!("{name}{suffix}")));
    let plain = |columns: &'static [Column]| columns.iter().map(|(name, _)| (*name).to_owned());
    writer.write_record(plain(&BEFORE).chain(figures).chain(plain(&AFTER)))?;
    let mut written = 0;
    for receipt in receipts {
        let receipt = receipt?;
        let figures = FIGURES.iter().flat_map(|(_, figure)| figure_cells(&figure(&receipt)));
        let plain = |columns: &'static [Column]| columns.iter().map(|(_, cell)| cell(&receipt));
        writer.write_record(plain(&BEFORE).chain(figures).chain(plain(&AFTER)))?;
        written += 1;
    }
    writer.flush().map_err(ExportError::Write)?;
    Ok(written)
}

fn figure_cells(figure: &Figure<f64>) -> [String; 5] {
    let kind = figure.kind().map_or("unavailable", kind_name);
    let numbers = [figure.value(), figure.low(), figure.high()].map(or_empty);
    let [value, low, high] = numbers;
    [value, low, high, kind.to_owned(), figure.how().to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::receipt;

    /// An iterator as the ledger gives it.
    fn all(receipts: &[Receipt]) -> impl Iterator<Item = Result<Receipt, LedgerError>> {
        receipts.iter().cloned().map(Ok)
    }

    #[test]
    fn json_is_an_array_that_reads_back() {
        for ids in [&[][..], &["a"], &["a", "b", "c"]] {
            let receipts: Vec<Receipt> = ids.iter().copied().map(receipt).collect();
            let mut out = Vec::new();
            assert_eq!(json(all(&receipts), &mut out).unwrap(), ids.len() as u64);
            assert_eq!(serde_json::from_slice::<Vec<Receipt>>(&out).unwrap(), receipts);
        }
    }

    #[test]
    fn a_table_has_each_figure_with_its_bounds_and_how_it_came_about() {
        let mut one = receipt("a");
        one.name = "with, comma and \"marks\"".to_owned();
        one.cpu_seconds = None;
        let mut out = Vec::new();
        assert_eq!(csv(all(&[one, receipt("b")]), &mut out).unwrap(), 2);
        let mut reader = csv::Reader::from_reader(out.as_slice());
        let headers = reader.headers().unwrap().clone();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let cell = |row: usize, name: &str| {
            rows[row].get(headers.iter().position(|header| header == name).unwrap()).unwrap().to_owned()
        };
        for (name, expected) in [
            ("id", "a"),
            ("name", "with, comma and \"marks\""),
            ("state", "done"),
            ("cpu_seconds", ""),
            ("joules", "100"),
            ("joules_low", "50"),
            ("joules_high", "200"),
            ("joules_kind", "estimated"),
            ("joules_how", "a model"),
            ("cloud_usd", ""),
            ("cloud_usd_kind", "unavailable"),
            ("cloud_usd_how", "no price given"),
            ("tags", "{\"project\":\"a\"}"),
            ("command", "[\"python\",\"train.py\"]"),
        ] {
            assert_eq!(cell(0, name), expected, "{name}");
        }
        assert_eq!(cell(1, "cpu_seconds"), "20");
    }

    #[test]
    fn what_cannot_be_read_or_written_ends_the_export() {
        let broken = || Err(LedgerError::NoSuchRun { id: "x".to_owned() });
        for export in [json, csv, crate::codecarbon::write] as [fn(_, _) -> _; 3] {
            let outcome: Result<u64, ExportError> = export(vec![Ok(receipt("a")), broken()], Vec::new());
            assert!(matches!(outcome, Err(ExportError::Ledger(_))));
        }
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        for export in [json, csv, crate::codecarbon::write] as [fn(_, _) -> _; 3] {
            // One that is written with the last flush, and more than a buffer holds.
            for count in [1, 500] {
                let receipts: Vec<_> = (0..count).map(|_| Ok(receipt("a"))).collect();
                let outcome: Result<u64, ExportError> = export(receipts, Full);
                let Err(ExportError::Write(source)) = outcome else { panic!("expected an error") };
                assert_eq!(source.kind(), std::io::ErrorKind::StorageFull, "{count}");
            }
        }
    }
}
