//! The ledger while a command runs. Whatever is wrong with it, the command goes on and its receipt is kept.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use lessen_records::ledger::{Ledger, LedgerError, checkpoint_spacing};
use lessen_records::{Receipt, Record as _, write_whole};
use lessen_units::Seconds;

use crate::output::Output;

/// A ledger that somebody holds is waited for so long at each entry.
const PATIENCE: Duration = Duration::from_millis(500);

/// Where receipts of one run go: to a thread of its own, so that neither the start nor the end of the command waits for
/// the ledger.
pub(super) struct Book<'o> {
    /// Where it is, or would be.
    path: Option<PathBuf>,
    /// `None` where there is no ledger to write to.
    scribe: Option<Scribe>,
    opened: Instant,
    checked: Instant,
    output: &'o Output,
}

struct Scribe {
    entries: Sender<Entry>,
    troubles: Receiver<LedgerError>,
    /// Whether the closing entry is in the ledger.
    thread: JoinHandle<bool>,
}

enum Entry {
    Start(Receipt),
    Checkpoint(Receipt),
    Close(Receipt),
}

impl<'o> Book<'o> {
    /// Opens the ledger; returns at once.
    pub(super) fn open(place: anyhow::Result<PathBuf>, output: &'o Output) -> Self {
        let now = Instant::now();
        let mut book = Self { path: None, scribe: None, opened: now, checked: now, output };
        let scribe = place.and_then(|path| Ok((Scribe::begin(&path)?, path)));
        match scribe {
            Ok((scribe, path)) => (book.scribe, book.path) = (Some(scribe), Some(path)),
            Err(error) => output.failure(&format!("warning: no ledger: {error}")),
        }
        book
    }

    pub(super) fn begin(&mut self, receipt: Receipt) {
        self.enter(Entry::Start(receipt));
    }

    /// The further a run is, the rarer: the file stays small, and a kill loses a small part of it.
    pub(super) fn checkpoint_if_due(&mut self, receipt: impl FnOnce() -> Receipt) {
        self.tell();
        let elapsed = Seconds::from(self.opened.elapsed());
        if Seconds::from(self.checked.elapsed()) < checkpoint_spacing(elapsed) {
            return;
        }
        self.checked = Instant::now();
        self.enter(Entry::Checkpoint(receipt()));
    }

    /// The last entry; beside the ledger, in a file of its own, where that cannot be made.
    pub(super) fn close(&mut self, receipt: &Receipt) {
        self.enter(Entry::Close(receipt.clone()));
        let mut is_entered = false;
        if let Some(scribe) = self.scribe.take() {
            is_entered = scribe.thread.join().unwrap_or(false);
            scribe.troubles.try_iter().for_each(|error| self.say(&error));
        }
        if !is_entered {
            self.keep_beside(receipt);
        }
    }

    /// Whoever has given up takes no more entries; it has said why.
    fn enter(&self, entry: Entry) {
        if let Some(scribe) = &self.scribe {
            let _ = scribe.entries.send(entry);
        }
    }

    /// What was wrong so far.
    fn tell(&self) {
        let troubles = self.scribe.iter().flat_map(|scribe| scribe.troubles.try_iter());
        troubles.for_each(|error| self.say(&error));
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

impl Scribe {
    fn begin(path: &Path) -> anyhow::Result<Self> {
        let (entries, to_enter) = mpsc::channel();
        let (say, troubles) = mpsc::channel();
        let path = path.to_owned();
        let work = move || match keep(&path, &to_enter) {
            Ok(is_entered) => is_entered,
            Err(error) => {
                let _ = say.send(error);
                false
            }
        };
        let thread = thread::Builder::new().name("lessen-ledger".to_owned()).spawn(work)?;
        Ok(Self { entries, troubles, thread })
    }
}

/// Makes the entries as they come, until the closing one; whether that came.
fn keep(path: &Path, entries: &Receiver<Entry>) -> Result<bool, LedgerError> {
    let ledger = Ledger::open_within(path, PATIENCE)?;
    for entry in entries {
        match entry {
            Entry::Start(receipt) => ledger.begin(&receipt)?,
            // One that fails is made up for by the next; the closing entry tells where none succeeds.
            Entry::Checkpoint(receipt) => drop(ledger.checkpoint(&receipt)),
            Entry::Close(receipt) => return ledger.close(&receipt).map(|()| true),
        }
    }
    Ok(false)
}
