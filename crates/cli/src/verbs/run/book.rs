//! The ledger while a command runs. Whatever is wrong with it, the command goes on and its receipt is kept.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use lessen_records::ledger::{Ledger, LedgerError, checkpoint_spacing};
use lessen_records::{Receipt, Record as _, write_whole};
use lessen_units::Seconds;

use crate::output::Output;

/// Where receipts of one run go.
pub(super) struct Book<'o> {
    /// `None` where there is no ledger to write to.
    ledger: Option<Ledger>,
    /// Where it is, or would be.
    path: Option<PathBuf>,
    opened: Instant,
    checked: Instant,
    output: &'o Output,
}

impl<'o> Book<'o> {
    pub(super) fn open(place: anyhow::Result<PathBuf>, output: &'o Output) -> Self {
        let now = Instant::now();
        let mut book = Self { ledger: None, path: None, opened: now, checked: now, output };
        match place {
            Ok(path) => {
                // A ledger that somebody holds must not hold the command up.
                match Ledger::open_within(&path, Duration::from_millis(500)) {
                    Ok(ledger) => book.ledger = Some(ledger),
                    Err(error) => book.say(&error),
                }
                book.path = Some(path);
            }
            Err(error) => output.failure(&format!("warning: no ledger: {error}")),
        }
        book
    }

    pub(super) fn begin(&mut self, receipt: &Receipt) {
        let written = self.ledger.as_ref().map(|ledger| ledger.begin(receipt));
        if let Some(Err(error)) = written {
            self.say(&error);
            self.ledger = None;
        }
    }

    /// The further a run is, the rarer: the file stays small, and a kill loses a small part of it.
    pub(super) fn checkpoint_if_due(&mut self, receipt: impl FnOnce() -> Receipt) {
        let Some(ledger) = &self.ledger else { return };
        let elapsed = Seconds::from(self.opened.elapsed());
        if Seconds::from(self.checked.elapsed()) < checkpoint_spacing(elapsed) {
            return;
        }
        self.checked = Instant::now();
        // A checkpoint that fails is made up for by the next one; the closing record tells where none succeeds.
        let _ = ledger.checkpoint(&receipt());
    }

    /// The last entry; beside the ledger, in a file of its own, where that cannot be made.
    pub(super) fn close(&mut self, receipt: &Receipt) {
        match self.ledger.as_ref().map(|ledger| ledger.close(receipt)) {
            Some(Ok(())) => return,
            Some(Err(error)) => self.say(&error),
            None => {}
        }
        self.keep_beside(receipt);
    }

    fn keep_beside(&self, receipt: &Receipt) {
        let name = format!("receipt-{}.json", receipt.id);
        let beside = self.path.as_ref().and_then(|path| path.parent()).map(|folder| folder.join(&name));
        let Ok(json) = receipt.to_json() else { return };
        for path in beside.into_iter().chain([std::env::temp_dir().join(&name)]) {
            if write_whole(&path, json.as_bytes()).is_ok() {
                let text = format!("warning: the receipt is not in the ledger but in `{}`", path.display());
                return self.output.failure(&text);
            }
        }
        self.output.failure("warning: the receipt is in no ledger and could not be kept beside one");
    }

    fn say(&self, error: &LedgerError) {
        let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        self.output.failure(&format!("warning: {error}; the command runs all the same{hint}"));
    }
}
