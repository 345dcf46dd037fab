//! From a path to a connection on a file that is a ledger of our format.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::error::{LedgerError, PAUSE, is_busy};
use super::tables::{APPLICATION_ID, CREATE, VERSION};

/// Pages of the log, 16 a run, after which they are moved into the file. Whoever opens a ledger that nobody else has open
/// reads all of the log: of the thousand pages that are SQLite's default that takes 8 ms.
const PAGES_OF_LOG: u32 = 160;

/// A connection to write with; makes the file and its folder.
pub(super) fn create(path: &Path, patience: Duration) -> Result<Connection, LedgerError> {
    if path.is_dir() {
        return Err(LedgerError::Folder { path: path.to_owned() });
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        make_folder(folder).map_err(|source| LedgerError::File {
            action: "make the folder",
            path: folder.to_owned(),
            source,
        })?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = connect(path, flags, patience)?;
    let failed = |error| LedgerError::of(path, "open", error);
    if format(&connection, path)? == Format::Fresh {
        patiently(patience, || set_up(&connection)).map_err(failed)?;
        // Another process may have been first, with another version.
        format(&connection, path)?;
    }
    if connection.is_readonly("main").map_err(failed)? {
        return Err(LedgerError::ReadOnly { path: path.to_owned() });
    }
    // Safe in write-ahead mode against everything but the loss of the last moments in a power cut.
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
    // Rows stay in the log when the last writer leaves: to move them takes four waits for the disk (5 to 25 ms of a metered
    // `true`). They are moved when a reader leaves, and after every PAGES_OF_LOG.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(failed)?;
    connection.pragma_update(None, "wal_autocheckpoint", PAGES_OF_LOG).map_err(failed)?;
    Ok(connection)
}

/// A connection to a file that is there; to read only where it cannot be written.
pub(super) fn existing(path: &Path, patience: Duration) -> Result<Connection, LedgerError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Err(LedgerError::Folder { path: path.to_owned() }),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(LedgerError::Missing { path: path.to_owned() });
        }
        Err(source) => return Err(LedgerError::File { action: "open", path: path.to_owned(), source }),
    }
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, patience)?;
    let (connection, format) = match format(&connection, path) {
        Err(LedgerError::File { .. } | LedgerError::ReadOnly { .. }) if !has_log(path) => {
            let connection = connect_to_unchanging(path, patience)?;
            let format = format(&connection, path)?;
            (connection, format)
        }
        format => (connection, format?),
    };
    if format == Format::Fresh {
        return Err(LedgerError::NotALedger { path: path.to_owned(), found: "it is empty".to_owned() });
    }
    Ok(connection)
}

/// Receipts hold command lines: folders made for them are the user's alone.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn connect(path: &Path, flags: OpenFlags, patience: Duration) -> Result<Connection, LedgerError> {
    connect_by(path, path, flags, patience)
}

/// `address` is what SQLite opens, `path` what messages name.
fn connect_by(
    address: &Path,
    path: &Path,
    flags: OpenFlags,
    patience: Duration,
) -> Result<Connection, LedgerError> {
    let failed = |error| LedgerError::of(path, "open", error);
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(address, flags).map_err(failed)?;
    connection.busy_timeout(patience).map_err(failed)?;
    Ok(connection)
}

/// Whether changes wait beside the file that are not in it yet.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// A file in a folder where nothing can be written can only be read as one that nobody changes: SQLite would make
/// the files that readers and writers share.
fn connect_to_unchanging(path: &Path, patience: Duration) -> Result<Connection, LedgerError> {
    let mut address = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => address.push(char::from(*byte)),
            letter if letter.is_ascii_alphanumeric() => address.push(char::from(*letter)),
            other => address.push_str(&format!("%{other:02X}")),
        }
    }
    address.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    connect_by(Path::new(&address), path, flags, patience)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    /// Ours.
    Ledger,
    /// Nothing is in it yet.
    Fresh,
}

/// Reads the marks of a file, which is also the first that is read of it at all.
fn format(connection: &Connection, path: &Path) -> Result<Format, LedgerError> {
    let failed = |error| LedgerError::of(path, "open", error);
    let (application, version, tables) = marks(connection).map_err(failed)?;
    match (application, version) {
        (APPLICATION_ID, VERSION) => Ok(Format::Ledger),
        (APPLICATION_ID, version) if version > VERSION => {
            Err(LedgerError::Newer { path: path.to_owned(), expected: VERSION, found: version })
        }
        (0, 0) if tables == 0 => Ok(Format::Fresh),
        _ => Err(LedgerError::NotALedger {
            path: path.to_owned(),
            found: "it is an SQLite file of another program".to_owned(),
        }),
    }
}

/// Application id, version and number of tables, all of one moment.
fn marks(connection: &Connection) -> rusqlite::Result<(i64, i64, i64)> {
    const MARKS: &str = "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) \
                         FROM pragma_application_id, pragma_user_version";
    connection.query_row(MARKS, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}

/// Makes the tables, unless somebody else has meanwhile.
fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    if marks(&transaction)? == (0, 0, 0) {
        transaction.execute_batch(CREATE)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}

/// Tries again while the file is busy: SQLite waits by itself for a lock, but not where two wait for each other, as
/// on the way into write-ahead mode.
fn patiently<T>(patience: Duration, mut work: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let begun = Instant::now();
    loop {
        match work() {
            Err(error) if is_busy(&error) && begun.elapsed() < patience => thread::sleep(PAUSE),
            outcome => return outcome,
        }
    }
}
