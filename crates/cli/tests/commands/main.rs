//! Whole commands, as a person types them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bad_input;
mod bench;
mod broken_ledger;
mod count;
mod data;
mod estimate;
mod foreign;
mod help;
mod job;
mod own;
mod predict;
mod resume;
mod run;
mod ticket;
mod train;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a command printed and how it ended.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs `lessen` in `folder` with nothing of the environment that could point it at data.
fn lessen(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lessen"));
    command.current_dir(folder).args(arguments).env_remove("LESSEN_DATA").env("XDG_CACHE_HOME", folder);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: status.code(), out: text(stdout), err: text(stderr) }
}

/// What is in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The folder of the shared data sets, where the checkout has it beside it.
fn shared_data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    folder.is_dir().then_some(folder)
}

/// Networks and teacher are the same bytes.
fn same_models(a: &Path, b: &Path) {
    for name in names(a).iter().filter(|name| name.ends_with(".onnx") || name.ends_with(".lsm")) {
        assert_eq!(std::fs::read(a.join(name)).unwrap(), std::fs::read(b.join(name)).unwrap(), "{name}");
    }
    assert_eq!(names(&a.join("teacher")), names(&b.join("teacher")));
    for name in names(&a.join("teacher")) {
        let read = |folder: &Path| std::fs::read(folder.join("teacher").join(&name)).unwrap();
        assert_eq!(read(a), read(b), "{name}");
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}
