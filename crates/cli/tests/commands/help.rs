//! Help is a page that can be read.

use crate::lessen;

#[test]
fn help_of_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let ran = lessen(folder.path(), &["--help"]);
    assert_eq!(ran.code, Some(0));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn help_of_compress() {
    let folder = tempfile::tempdir().unwrap();
    let ran = lessen(folder.path(), &["compress", "--help"]);
    assert_eq!(ran.code, Some(0));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn help_of_mimic() {
    let folder = tempfile::tempdir().unwrap();
    let ran = lessen(folder.path(), &["mimic", "--help"]);
    assert_eq!(ran.code, Some(0));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn help_of_estimate() {
    let folder = tempfile::tempdir().unwrap();
    let ran = lessen(folder.path(), &["estimate", "--help"]);
    assert_eq!(ran.code, Some(0));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn the_version_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let ran = lessen(folder.path(), &["--version"]);
    assert_eq!((ran.code, ran.out), (Some(0), format!("lessen {}\n", env!("CARGO_PKG_VERSION"))));
}
