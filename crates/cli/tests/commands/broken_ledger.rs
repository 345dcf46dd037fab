//! `lessen run` beside a ledger that is of no use: the command runs all the same, and its receipt is kept.

#![cfg(target_os = "linux")]

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use crate::{lessen, names};

const LEDGER: &str = "ledger.sqlite";

/// A ledger with one run in it.
fn folder_with_ledger() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let ran = lessen(folder.path(), &["run", "-q", "--ledger", LEDGER, "--", "true"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    folder
}

/// Runs a command beside the ledger, which is in `trouble`: it runs, says so, and its receipt is in a file of its own.
fn runs_all_the_same(folder: &Path, trouble: &str) {
    let ran = lessen(folder, &["run", "--ledger", LEDGER, "--", "sh", "-c", "echo ran; exit 4"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(4), "ran\n"), "{}", ran.err);
    assert!(ran.err.contains("the command runs all the same"), "{}", ran.err);
    assert!(ran.err.contains(trouble), "`{trouble}` in {}", ran.err);
    assert!(
        ran.err.contains("exit code 4") && ran.err.contains("energy"),
        "the receipt is printed: {}",
        ran.err
    );
    let kept = "the receipt is not in the ledger but in `";
    let (_, rest) = ran.err.split_once(kept).unwrap_or_else(|| panic!("where it is kept: {}", ran.err));
    let path = folder.join(rest.split('`').next().unwrap());
    let receipt: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(receipt["exit_code"], 4);
    assert!(receipt["energy"]["joules"]["value"].as_f64().is_some_and(|joules| joules > 0.0));
    fs::remove_file(path).unwrap();
}

#[test]
fn one_that_somebody_holds() {
    let folder = folder_with_ledger();
    let holder = Connection::open(folder.path().join(LEDGER)).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    runs_all_the_same(folder.path(), "locked by another program");
    holder.execute_batch("ROLLBACK").unwrap();
    drop(holder);
    let listed = lessen(folder.path(), &["ledger", "--ledger", LEDGER, "list"]);
    assert!(listed.out.contains("true") && !listed.out.contains("exit 4"), "{}", listed.out);
}

#[test]
fn one_of_a_newer_version() {
    let folder = folder_with_ledger();
    let newer = Connection::open(folder.path().join(LEDGER)).unwrap();
    newer.pragma_update(None, "user_version", 999).unwrap();
    drop(newer);
    runs_all_the_same(folder.path(), "999");
}

#[test]
fn one_that_was_cut_off() {
    let folder = folder_with_ledger();
    let path = folder.path().join(LEDGER);
    // All of it in one file, which then ends in the middle of its second page.
    let whole = Connection::open(&path).unwrap();
    whole.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(whole);
    for log in ["-wal", "-shm"] {
        let _ = fs::remove_file(folder.path().join(format!("{LEDGER}{log}")));
    }
    OpenOptions::new().write(true).open(&path).unwrap().set_len(6000).unwrap();
    runs_all_the_same(folder.path(), LEDGER);
}

#[test]
fn one_that_is_another_programs() {
    let folder = tempfile::tempdir().unwrap();
    let other = Connection::open(folder.path().join(LEDGER)).unwrap();
    other.execute_batch("CREATE TABLE letters (text)").unwrap();
    drop(other);
    runs_all_the_same(folder.path(), "another program");
    assert_eq!(names(folder.path()), [LEDGER], "and it is as it was");
}

#[test]
fn one_that_is_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(LEDGER)).unwrap();
    runs_all_the_same(folder.path(), "folder");
}

#[test]
fn one_that_may_only_be_read() {
    let folder = folder_with_ledger();
    let path = folder.path().join(LEDGER);
    let whole = Connection::open(&path).unwrap();
    whole.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(whole);
    fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
    // Permissions do not bind root; `records` has a test that becomes somebody else.
    if OpenOptions::new().write(true).open(&path).is_err() {
        runs_all_the_same(folder.path(), "read");
    }
}
