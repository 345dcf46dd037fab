//! What can go wrong with a ledger.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::error::RecordError;

/// A ledger that could not be opened, read or written.
///
/// The message says what was expected and found; [`LedgerError::hint`] is advice for a line of its own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// No variable says where the ledger is, and there is no home folder.
    #[error("no place for the ledger: none of `LESSEN_LEDGER`, `XDG_DATA_HOME` and `HOME` is set")]
    NoPlace,
    /// There is no file.
    #[error("there is no ledger at `{}`", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Its folder could not be made, or the file not opened.
    #[error("cannot {action} `{}`", path.display())]
    File {
        /// What was being done.
        action: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder has the ledger's name.
    #[error("`{}` is a folder, expected a ledger file", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// Others kept it locked for longer than was to be waited.
    #[error("ledger `{}` is locked by another program", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file or its folder may not be written to.
    #[error("ledger `{}` cannot be written: the file or its folder is read-only", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("ledger `{}` cannot be written: the disk is full", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// It was made by a later version.
    #[error("ledger `{}` has the format {found}, newer than {expected}, the newest that can be read", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Our format.
        expected: i64,
        /// Its format.
        found: i64,
    },
    /// The file is something else.
    #[error("`{}` is no ledger: {found}", path.display())]
    NotALedger {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        found: String,
    },
    /// The end of the file is missing.
    #[error("ledger `{}` is cut short: expected {expected} bytes, found {found}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// What its beginning says.
        expected: u64,
        /// Its length.
        found: u64,
    },
    /// SQLite cannot make sense of it.
    #[error("ledger `{}` is damaged: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        problem: String,
    },
    /// No run is called that.
    #[error("no run in the ledger has an id that begins with `{id}`")]
    NoSuchRun {
        /// What was asked for.
        id: String,
    },
    /// Several runs are called that.
    #[error("`{id}` begins the ids of several runs: {}", found.join(", "))]
    Ambiguous {
        /// What was asked for.
        id: String,
        /// Some of the ids.
        found: Vec<String>,
    },
    /// An event that cannot follow those that are there.
    #[error("run `{id}` cannot be {action}: {problem}")]
    OutOfOrder {
        /// The run.
        id: String,
        /// What was to be done.
        action: &'static str,
        /// What stands in the way.
        problem: &'static str,
    },
    /// A receipt that does not say what the ledger needs.
    #[error("receipt `{id}`: {problem}")]
    Unfit {
        /// The run.
        id: String,
        /// Expected and found.
        problem: String,
    },
    /// A stored receipt that cannot be read.
    #[error("the receipt of run `{id}` in the ledger cannot be read")]
    Receipt {
        /// The run.
        id: String,
        /// Why.
        source: RecordError,
    },
    /// Anything else that SQLite reports.
    #[error("cannot {action} in ledger `{}`", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What was being done.
        action: &'static str,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

impl LedgerError {
    /// Advice, where there is some.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoPlace => "name a file in the variable LESSEN_LEDGER",
            Self::Missing { .. } => "it is made by the first `lessen run`; LESSEN_LEDGER names another place",
            Self::Folder { .. } => "name a file in the variable LESSEN_LEDGER",
            Self::File { .. } | Self::ReadOnly { .. } => {
                "make the file and its folder writable for you, or name another file in the variable LESSEN_LEDGER"
            }
            Self::Locked { .. } => "close the program that has it open for writing, then try again",
            Self::DiskFull { .. } => {
                "free some space, or name a file on another disk in the variable LESSEN_LEDGER"
            }
            Self::Newer { .. } => "update lessen",
            Self::NotALedger { .. } => "name another file in the variable LESSEN_LEDGER",
            Self::Truncated { .. } | Self::Damaged { .. } => {
                "move the file and its `-wal` away and put a copy back; without a copy, \
                 `sqlite3 FILE .recover` saves what can be read"
            }
            Self::NoSuchRun { .. } => "`lessen ledger list` shows the ids",
            Self::Ambiguous { .. } => "write more letters of the id",
            _ => return None,
        })
    }

    /// What an SQLite error means for a ledger.
    pub(super) fn of(path: &Path, action: &'static str, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        let Some(failure) = error.sqlite_error() else {
            return Self::Sqlite { path, action, source: error };
        };
        match (failure.code, failure.extended_code) {
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => Self::Locked { path },
            (ErrorCode::ReadOnly, _) => Self::ReadOnly { path },
            // The file that readers share in memory lies on the same disk.
            (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => Self::DiskFull { path },
            (ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt, _) => Self::diagnose(path, &error),
            (ErrorCode::CannotOpen, _) => Self::File { action: "open", source: open_problem(&path), path },
            _ => Self::Sqlite { path, action, source: error },
        }
    }

    /// Why SQLite refuses the content of a file: the file's first bytes say whether it is one of SQLite's and how
    /// long it should be.
    fn diagnose(path: PathBuf, error: &rusqlite::Error) -> Self {
        const MAGIC: &[u8] = b"SQLite format 3\0";
        let (mut header, mut found) = (Vec::new(), 0);
        if let Ok(file) = File::open(&path) {
            found = file.metadata().map_or(0, |metadata| metadata.len());
            // What cannot be read leaves the header short.
            let _ = file.take(100).read_to_end(&mut header);
        }
        let common = header.len().min(MAGIC.len());
        if header[..common] != MAGIC[..common] {
            return Self::NotALedger { path, found: "it is not an SQLite file".to_owned() };
        }
        let expected = stated_length(&header);
        if expected > found {
            return Self::Truncated { path, expected, found };
        }
        Self::Damaged { path, problem: error.to_string() }
    }
}

/// The length that the first 100 bytes of an SQLite file state: page size at byte 16 (1 for 65,536), pages at byte 28.
/// (<https://www.sqlite.org/fileformat2.html>, section 1.3)
fn stated_length(header: &[u8]) -> u64 {
    const HEADER: u64 = 100;
    let Some((size, pages)) = header.get(16..18).zip(header.get(28..32)) else {
        return HEADER;
    };
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte));
    let size = match number(size) {
        1 => 65_536,
        size => size,
    };
    (size * number(pages)).max(HEADER)
}

/// What the system says when the file is opened, which SQLite does not pass on.
fn open_problem(path: &Path) -> io::Error {
    match File::options().read(true).append(true).open(path) {
        Err(error) => error,
        Ok(_) => io::Error::new(
            io::ErrorKind::PermissionDenied,
            "SQLite needs to make files beside it (`-wal` and `-shm`)",
        ),
    }
}

/// Whether waiting may help.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// The pause between two tries where SQLite does not wait by itself.
pub(super) const PAUSE: Duration = Duration::from_millis(10);
