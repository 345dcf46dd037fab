//! The ledger: one SQLite file with the receipt of every run.
//!
//! A run leaves [events](Ledger::begin): a start when it is spawned, checkpoints on its way, a close. Events are only
//! ever added; triggers refuse to change or delete them, and each carries the SHA-256 of itself and the one before,
//! so that [`Ledger::verify`] notices an edited row. A run's receipt is that of its last event. One that was never
//! closed is `running` while its process lives and `interrupted` afterwards, with its energy up to the last checkpoint.
//!
//! Beside the events stand tables that could be made from them again: a row a run ([`Ledger::list`]), its tags, and sums
//! of all closed runs and of each tag's ([`Ledger::total`]). So a million runs are listed and added up without reading
//! one receipt.
//!
//! The file is in write-ahead mode with `synchronous=NORMAL`: what was written survives the death of any process; a
//! power cut may take the last moments, never the file. Write-ahead mode needs a local disk: no network file system.
//!
//! # Example
//! ```
//! use lessen_records::ledger::{Filter, Ledger};
//!
//! # let folder = std::env::temp_dir().join(format!("lessen-ledger-example-{}", std::process::id()));
//! let ledger = Ledger::open(&folder.join("ledger.sqlite"))?;
//! for run in ledger.list(&Filter { limit: Some(50), ..Filter::default() }) {
//!     let run = run?;
//!     assert!(!run.id.is_empty());
//! }
//! assert_eq!(ledger.total(None)?[0].runs, 0);
//! # std::fs::remove_dir_all(&folder).ok();
//! # Ok::<(), lessen_records::ledger::LedgerError>(())
//! ```

mod append;
mod connect;
mod error;
mod list;
mod place;
mod process;
mod run;
mod sums;
mod tables;
mod total;
mod verify;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use lessen_units::Seconds;
use rusqlite::Connection;

use crate::receipt::{Receipt, State};
use append::{Append, EventKind};

pub use error::LedgerError;
pub use list::{Filter, Receipts, Runs};
pub use place::default_path;
pub use run::Run;
pub(crate) use run::{kind_name, state_name};
pub use total::{Sum, Total};
pub use verify::{Problem, Verification};

/// How long to wait for others who write, unless said otherwise.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// An open ledger. One connection: threads each open their own.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
}

/// What [`Ledger::import`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Receipts that were added.
    pub added: u64,
    /// Receipts whose id was in the ledger already; they were left as they are.
    pub already_there: u64,
}

impl Ledger {
    /// Opens a ledger to write to it, and makes it and its folder where there is none. Waits [`PATIENCE`] for others.
    ///
    /// # Errors
    /// Every variant of [`LedgerError`] that names a file.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        Self::open_within(path, PATIENCE)
    }

    /// [`Ledger::open`] with another patience, for the wait at opening and at each write.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_within(path: &Path, patience: Duration) -> Result<Self, LedgerError> {
        Ok(Self { connection: connect::create(path, patience)?, path: path.to_owned() })
    }

    /// Opens a ledger that is there, if only to read it: the file may be write-protected.
    ///
    /// # Errors
    /// [`LedgerError::Missing`] where there is none, otherwise as [`Ledger::open`].
    pub fn open_existing(path: &Path) -> Result<Self, LedgerError> {
        Ok(Self { connection: connect::existing(path, PATIENCE)?, path: path.to_owned() })
    }

    /// Where the ledger is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Enters a run that begins now, in this process: it counts as running for as long as this process lives.
    ///
    /// # Errors
    /// [`LedgerError::OutOfOrder`] where the id is taken, [`LedgerError::Unfit`] where the receipt is not one of a running
    /// run, and what writing can meet.
    pub fn begin(&self, receipt: &Receipt) -> Result<(), LedgerError> {
        self.append(EventKind::Start, receipt)
    }

    /// Enters how far a run is. A run that could not be entered when it began begins with its first checkpoint.
    ///
    /// # Errors
    /// [`LedgerError::OutOfOrder`] where the run was closed, [`LedgerError::Unfit`] as for [`Ledger::begin`], and what
    /// writing can meet.
    pub fn checkpoint(&self, receipt: &Receipt) -> Result<(), LedgerError> {
        self.append(EventKind::Checkpoint, receipt)
    }

    /// Enters the final receipt of a run, whether or not it was begun here.
    ///
    /// # Errors
    /// [`LedgerError::OutOfOrder`] where the run was closed already, [`LedgerError::Unfit`] where its state is `running`,
    /// and what writing can meet.
    pub fn close(&self, receipt: &Receipt) -> Result<(), LedgerError> {
        self.append(EventKind::Close, receipt)
    }

    fn append(&self, kind: EventKind, receipt: &Receipt) -> Result<(), LedgerError> {
        let mut append = Append::begin(self)?;
        append.add(kind, receipt)?;
        append.finish()
    }

    /// Enters receipts from elsewhere as closed runs, all or none of them, leaving out those whose id is there. A
    /// receipt of a run that was under way when it was exported is entered as interrupted.
    ///
    /// # Errors
    /// [`LedgerError::Unfit`] for the first receipt that cannot be entered, and what writing can meet.
    pub fn import(&self, receipts: impl IntoIterator<Item = Receipt>) -> Result<Imported, LedgerError> {
        let mut append = Append::begin(self)?;
        let mut imported = Imported::default();
        for mut receipt in receipts {
            if append.holds(&receipt.id)? {
                imported.already_there += 1;
                continue;
            }
            if receipt.state == State::Running {
                receipt.state = State::Interrupted;
            }
            append.add(EventKind::Close, &receipt)?;
            imported.added += 1;
        }
        append.finish()?;
        Ok(imported)
    }

    /// Gives an SQLite error the ledger's words.
    fn failed(&self, doing: &'static str) -> impl Fn(rusqlite::Error) -> LedgerError + '_ {
        move |error| LedgerError::of(&self.path, doing, error)
    }
}

/// How long a run that has taken `elapsed` may wait for its next checkpoint: 3 s, and a thousandth of the run where that
/// is more, but never more than 5 minutes. Checkpoints are never deleted: at a fixed 3 s a week's training would leave
/// 200,000 of them.
pub fn checkpoint_spacing(elapsed: Seconds) -> Seconds {
    const LEAST: f64 = 3.0;
    const SHARE: f64 = 1e-3;
    const MOST: f64 = 300.0;
    Seconds((elapsed.0.max(0.0) * SHARE).clamp(LEAST, MOST))
}
