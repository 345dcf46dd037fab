//! Everything that can be wrong with the file.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::ffi;

use super::*;

/// A ledger with three runs, closed, so that all of it is in one file.
fn filled() -> Place {
    let place = place();
    let ledger = Ledger::open(&place.path).unwrap();
    ledger.import(["a", "b", "c"].map(receipt)).unwrap();
    drop(ledger);
    // A writer leaves its log, which the next reader moves into the file.
    drop(Ledger::open_existing(&place.path).unwrap());
    place
}

fn open_both_ways(path: &Path) -> [LedgerError; 2] {
    [Ledger::open(path).unwrap_err(), Ledger::open_existing(path).unwrap_err()]
}

#[test]
fn a_folder_in_its_place_and_a_missing_file() {
    let place = place();
    fs::create_dir_all(&place.path).unwrap();
    for error in open_both_ways(&place.path) {
        assert!(matches!(error, LedgerError::Folder { .. }), "{error:?}");
        assert!(error.hint().is_some());
    }
    let missing = place.path.join("x.sqlite");
    let error = Ledger::open_existing(&missing).unwrap_err();
    assert!(matches!(error, LedgerError::Missing { .. }), "{error:?}");
    assert!(!missing.exists(), "reading makes nothing");
    fs::write(place.path.join("file"), "").unwrap();
    let error = Ledger::open(&place.path.join("file/ledger.sqlite")).unwrap_err();
    assert!(matches!(error, LedgerError::File { action: "make the folder", .. }), "{error:?}");
}

#[test]
fn what_is_no_ledger_is_called_that_and_left_alone() {
    let place = place();
    fs::create_dir_all(place.path.parent().unwrap()).unwrap();
    for (bytes, found) in [
        (b"garbage".to_vec(), "it is not an SQLite file"),
        (vec![0; 5000], "it is not an SQLite file"),
        (b"timestamp,project_name\n".repeat(900), "it is not an SQLite file"),
    ] {
        fs::write(&place.path, &bytes).unwrap();
        for error in open_both_ways(&place.path) {
            assert!(
                matches!(&error, LedgerError::NotALedger { found: why, .. } if why == found),
                "{error:?}"
            );
        }
        assert_eq!(fs::read(&place.path).unwrap(), bytes);
    }
    fs::write(&place.path, "").unwrap();
    let error = Ledger::open_existing(&place.path).unwrap_err();
    assert!(matches!(error, LedgerError::NotALedger { .. }), "{error:?}");
    let other = Connection::open(&place.path).unwrap();
    other.execute_batch("CREATE TABLE x (y)").unwrap();
    drop(other);
    for error in open_both_ways(&place.path) {
        assert_eq!(
            error.to_string(),
            format!("`{}` is no ledger: it is an SQLite file of another program", place.path.display())
        );
    }
}

#[test]
fn a_newer_format_is_refused_with_both_numbers() {
    let place = filled();
    Connection::open(&place.path).unwrap().pragma_update(None, "user_version", 7).unwrap();
    for error in open_both_ways(&place.path) {
        assert!(matches!(error, LedgerError::Newer { expected: 1, found: 7, .. }), "{error:?}");
        assert_eq!(error.hint(), Some("update lessen"));
    }
}

#[test]
fn a_file_that_is_cut_short_is_called_that() {
    let place = filled();
    let whole = fs::read(&place.path).unwrap();
    for kept in [17, 99, 4096, 5000, whole.len() - 4097] {
        fs::write(&place.path, &whole[..kept]).unwrap();
        for error in open_both_ways(&place.path) {
            let LedgerError::Truncated { expected, found, .. } = error else {
                panic!("{kept} bytes: {error:?}")
            };
            assert_eq!(found, kept as u64);
            assert!(expected > found && (kept < 32 || expected == whole.len() as u64), "{kept}: {expected}");
        }
        assert_eq!(fs::metadata(&place.path).unwrap().len(), kept as u64, "it is left as it is");
    }
}

#[test]
fn damage_inside_is_an_error_or_a_problem_never_a_panic() {
    let place = filled();
    let whole = fs::read(&place.path).unwrap();
    let pages = whole.len() / 4096;
    for page in 1..pages {
        let mut bytes = whole.clone();
        bytes[page * 4096..][..4096].fill(0xA5);
        fs::write(&place.path, &bytes).unwrap();
        let noticed = match Ledger::open_existing(&place.path) {
            Err(_) => true,
            Ok(ledger) => {
                let _ = (ledger.total(Some("project")), ledger.list(&Filter::default()).count());
                let _ = ledger.receipts().count();
                ledger.verify().map_or(true, |found| !found.is_sound())
            }
        };
        assert!(noticed, "page {page}");
    }
}

#[test]
fn a_locked_ledger_is_waited_for_and_no_longer() {
    let place = filled();
    let holder = Connection::open(&place.path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let patience = Duration::from_millis(150);
    let ledger = Ledger::open_within(&place.path, patience).unwrap();
    let begun = Instant::now();
    let error = ledger.close(&receipt("d")).unwrap_err();
    assert!(matches!(error, LedgerError::Locked { .. }), "{error:?}");
    assert!(begun.elapsed() >= patience && error.hint().is_some());
    // Readers are not held up.
    assert_eq!(ledger.total(None).unwrap()[0].runs, 3);
    holder.execute_batch("ROLLBACK").unwrap();
    ledger.close(&receipt("d")).unwrap();

    let waiting = std::thread::spawn({
        let path = place.path.clone();
        move || Ledger::open(&path).unwrap().close(&receipt("e"))
    });
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    std::thread::sleep(Duration::from_millis(100));
    holder.execute_batch("ROLLBACK").unwrap();
    waiting.join().unwrap().unwrap();
}

#[test]
fn a_full_disk_is_an_error_and_the_ledger_stays_sound() {
    let place = filled();
    let ledger = Ledger::open(&place.path).unwrap();
    let pages: i64 = ledger.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    ledger.connection.execute_batch(&format!("PRAGMA max_page_count = {pages}")).unwrap();
    let many = (0..100).map(|number| receipt(&format!("x{number}")));
    let error = ledger.import(many).unwrap_err();
    assert!(matches!(error, LedgerError::DiskFull { .. }), "{error:?}");
    assert!(error.hint().is_some());
    drop(ledger);
    let ledger = Ledger::open(&place.path).unwrap();
    assert_eq!(ledger.total(None).unwrap()[0].runs, 3);
    assert!(ledger.verify().unwrap().is_sound());
}

#[test]
fn what_sqlite_reports_has_a_variant_of_ours() {
    let of = |code| {
        let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        LedgerError::of(Path::new("/nowhere/x"), "write", error)
    };
    assert!(matches!(of(ffi::SQLITE_BUSY), LedgerError::Locked { .. }));
    assert!(matches!(of(ffi::SQLITE_BUSY_SNAPSHOT), LedgerError::Locked { .. }));
    assert!(matches!(of(ffi::SQLITE_LOCKED), LedgerError::Locked { .. }));
    assert!(matches!(of(ffi::SQLITE_READONLY_DIRECTORY), LedgerError::ReadOnly { .. }));
    assert!(matches!(of(ffi::SQLITE_FULL), LedgerError::DiskFull { .. }));
    assert!(matches!(of(ffi::SQLITE_IOERR_SHMSIZE), LedgerError::DiskFull { .. }));
    assert!(matches!(of(ffi::SQLITE_CANTOPEN), LedgerError::File { .. }));
    assert!(matches!(of(ffi::SQLITE_IOERR_READ), LedgerError::Sqlite { .. }));
}

/// Permissions do not bind root, so the work is done by a child that has become somebody else where need be; see
/// `processes.rs` for how it comes here.
pub(super) fn use_without_permission(path: &Path) {
    let error = Ledger::open(path).unwrap_err();
    assert!(matches!(error, LedgerError::ReadOnly { .. }), "{error:?}");
    let ledger = Ledger::open_existing(path).unwrap();
    assert_eq!(ids(&ledger, &Filter::default()).len(), 3, "it can be read");
    assert_eq!(ledger.total(Some("project")).unwrap()[0].runs, 3);
    let error = ledger.close(&receipt("d")).unwrap_err();
    assert!(matches!(error, LedgerError::ReadOnly { .. }), "{error:?}");
    let beside = path.with_file_name("new.sqlite");
    let error = Ledger::open(&beside).unwrap_err();
    assert!(matches!(error, LedgerError::File { .. }), "{error:?}");
    let below = path.with_file_name("folder").join("new.sqlite");
    let error = Ledger::open(&below).unwrap_err();
    assert!(matches!(error, LedgerError::File { action: "make the folder", .. }), "{error:?}");
}

/// The mode of a file or folder.
pub(super) fn permit(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub(super) fn filled_place() -> (tempfile::TempDir, PathBuf) {
    let place = filled();
    (place._folder, place.path)
}
