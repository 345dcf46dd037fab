//! `lessen ledger`: the receipts of all runs.

use std::io::BufWriter;
use std::path::{Path, PathBuf};

use lessen_records::codecarbon::{self, BrokenRows};
use lessen_records::ledger::{Filter, Ledger, Run, Sum, Total, default_path};
use lessen_records::{Receipt, Record as _, export};
use lessen_units::Quantity;
use serde_json::json;

use crate::Outcome;
use crate::args::ledger::{ExportFormat, LedgerArgs, LedgerVerb};
use crate::output::Output;

pub(crate) fn run(args: &LedgerArgs, output: &Output) -> anyhow::Result<Outcome> {
    let path = place(args.ledger.as_deref())?;
    let ledger = match &args.verb {
        LedgerVerb::Import { .. } => Ledger::open(&path)?,
        _ => Ledger::open_existing(&path)?,
    };
    match &args.verb {
        LedgerVerb::List { tag, limit } => list(&ledger, tag.as_ref(), *limit, output),
        LedgerVerb::Show { id } => show(&ledger.show(id)?, output),
        LedgerVerb::Total { by } => total(&ledger, by.as_deref(), output),
        LedgerVerb::Verify => verify(&ledger, output),
        LedgerVerb::Export { format } => export(&ledger, *format),
        LedgerVerb::Import { file, skip_broken } => import(&ledger, file, *skip_broken, output),
    }
}

/// The file that was named, or the user's.
pub(crate) fn place(said: Option<&Path>) -> anyhow::Result<PathBuf> {
    match said {
        Some(path) => Ok(path.to_owned()),
        None => Ok(default_path(|name| std::env::var_os(name))?),
    }
}

fn list(
    ledger: &Ledger,
    tag: Option<&(String, String)>,
    limit: u64,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let filter = Filter { tags: tag.cloned().into_iter().collect(), limit: Some(limit), ..Filter::default() };
    let runs = ledger.list(&filter).collect::<Result<Vec<Run>, _>>()?;
    if output.json() {
        let receipts = runs.iter().map(|run| ledger.show(&run.id)).collect::<Result<Vec<Receipt>, _>>()?;
        output.data(&serde_json::to_string_pretty(&receipts)?)?;
    } else {
        output.data(&lessen_report::ledger::list(&runs))?;
    }
    Ok(Outcome::Done)
}

fn show(receipt: &Receipt, output: &Output) -> anyhow::Result<Outcome> {
    let text = if output.json() { receipt.to_json()? } else { lessen_report::receipt::text(receipt) };
    output.data(&text)?;
    Ok(Outcome::Done)
}

fn total(ledger: &Ledger, by: Option<&str>, output: &Output) -> anyhow::Result<Outcome> {
    let totals = ledger.total(by)?;
    if output.json() {
        let totals: Vec<_> = totals.iter().map(as_json).collect();
        output.data(&serde_json::to_string_pretty(&json!({"by": by, "totals": totals}))?)?;
    } else {
        output.data(&lessen_report::ledger::total(&totals, by))?;
    }
    Ok(Outcome::Done)
}

fn as_json(total: &Total) -> serde_json::Value {
    json!({
        "tag": total.tag,
        "runs": total.runs,
        "running": total.running,
        "interrupted": total.interrupted,
        "incomplete": total.incomplete,
        "seconds": total.seconds,
        "cpu_seconds": sum(&total.cpu_seconds),
        "joules": sum(&total.joules),
        "measured_share": total.measured_share(),
        "kwh_with_pue": sum(&total.kwh_with_pue),
        "kg_co2e": sum(&total.kg_co2e),
        "electricity_usd": sum(&total.electricity_usd),
        "cloud_usd": sum(&total.cloud_usd),
    })
}

fn sum<Q: Quantity>(sum: &Sum<Q>) -> serde_json::Value {
    json!({"figure": sum.figure, "runs": sum.known, "runs_without": sum.unknown})
}

fn verify(ledger: &Ledger, output: &Output) -> anyhow::Result<Outcome> {
    let found = ledger.verify()?;
    if output.json() {
        let problems: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
        let found = json!({
            "events": found.events, "runs": found.runs, "sound": found.is_sound(), "problems": problems, "more": found.more,
        });
        output.data(&serde_json::to_string_pretty(&found)?)?;
    } else {
        output.data(&lessen_report::ledger::verification(&found))?;
    }
    Ok(if found.is_sound() { Outcome::Done } else { Outcome::NotHeld })
}

fn export(ledger: &Ledger, format: ExportFormat) -> anyhow::Result<Outcome> {
    let out = BufWriter::new(std::io::stdout().lock());
    match format {
        ExportFormat::Json => export::json(ledger.receipts(), out)?,
        ExportFormat::Csv => export::csv(ledger.receipts(), out)?,
        ExportFormat::Codecarbon => codecarbon::write(ledger.receipts(), out)?,
    };
    Ok(Outcome::Done)
}

fn import(ledger: &Ledger, file: &Path, skip_broken: bool, output: &Output) -> anyhow::Result<Outcome> {
    let broken = if skip_broken { BrokenRows::Skip } else { BrokenRows::Refuse };
    let read = codecarbon::read_file(file, broken)?;
    let (rows, skipped) = (read.receipts.len(), read.skipped.len());
    let imported = ledger.import(read.receipts)?;
    if output.json() {
        let counts = json!({
            "runs": rows, "new": imported.added, "there_already": imported.already_there, "broken_rows": skipped,
            "superseded_rows": read.superseded,
        });
        output.data(&serde_json::to_string_pretty(&counts)?)?;
        return Ok(Outcome::Done);
    }
    output.data(&format!(
        "{rows} runs in `{}`: {} new, {} in the ledger already; {skipped} broken rows left out",
        file.display(),
        imported.added,
        imported.already_there,
    ))?;
    Ok(Outcome::Done)
}
