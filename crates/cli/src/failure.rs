//! How an error is told: the chain of causes, then advice on a line of its own.

use std::fmt::Write as _;

use lessen_compress::CompressError;
use lessen_data::DataError;
use lessen_footprint::TableError;
use lessen_records::RecordError;
use lessen_records::codecarbon::CsvError;
use lessen_records::ledger::LedgerError;

/// Something with advice that did not come from a library.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Advised {
    pub(crate) message: String,
    pub(crate) hint: String,
}

/// `error: …`, one `caused by: …` line a cause, and `hint: …` where there is one.
pub(crate) fn text(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error}");
    for cause in error.chain().skip(1) {
        let _ = write!(text, "\n  caused by: {cause}");
    }
    // What was added as context is found by `anyhow` alone, not in the chain.
    let of_context = error.downcast_ref::<Advised>().map(|advised| advised.hint.clone());
    if let Some(hint) = of_context.or_else(|| error.chain().find_map(hint)) {
        let _ = write!(text, "\n\nhint: {hint}");
    }
    text
}

fn hint(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<CompressError>() {
        return error.hint();
    }
    if let Some(error) = error.downcast_ref::<Advised>() {
        return Some(error.hint.clone());
    }
    if let Some(error) = error.downcast_ref::<TableError>() {
        return error.hint().map(str::to_owned);
    }
    if let Some(error) = error.downcast_ref::<LedgerError>() {
        return error.hint().map(str::to_owned);
    }
    if let Some(error) = error.downcast_ref::<CsvError>() {
        return error.hint().map(str::to_owned);
    }
    let of_data = error.downcast_ref::<DataError>().and_then(DataError::hint);
    of_data.map(str::to_owned).or_else(|| error.downcast_ref::<RecordError>()?.hint().map(str::to_owned))
}

/// Whether the reader of our output went away (`| head`): no failure of ours.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let kind =
        |cause: &(dyn std::error::Error + 'static)| cause.downcast_ref::<std::io::Error>().map(|e| e.kind());
    error.chain().filter_map(kind).any(|kind| kind == std::io::ErrorKind::BrokenPipe)
}
