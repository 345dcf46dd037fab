//! Files that appear whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::RecordError;

/// Writes a file so that at any moment, a crash included, `path` holds either what it held before or all of
/// `bytes`: written to a temporary file in the same folder, synced, renamed, the folder synced.
///
/// # Errors
/// [`RecordError::File`]. Nothing of the temporary file is left then, and what `path` held is untouched
/// (but for the case that only the last step, syncing the folder, failed).
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    write(path, bytes, true)
}

/// [`write_whole`] that does not wait for the disk: for a second copy. Nobody ever sees a part of it, but after a power
/// cut it may be empty.
///
/// # Errors
/// As [`write_whole`].
pub fn write_copy(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    write(path, bytes, false)
}

fn write(path: &Path, bytes: &[u8], sync: bool) -> Result<(), RecordError> {
    let failed = |source| RecordError::File { action: "write", path: path.to_owned(), source };
    let folder = folder_of(path).map_err(failed)?;
    let unfinished = Unfinished(unfinished_path(folder));
    let mut file = OpenOptions::new().write(true).create_new(true).open(&unfinished.0).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    if sync {
        file.sync_all().map_err(failed)?;
    }
    drop(file);
    fs::rename(&unfinished.0, path).map_err(failed)?;
    if sync { sync_folder(folder).map_err(failed) } else { Ok(()) }
}

/// The folder that a file is in: `.` for a bare name.
fn folder_of(path: &Path) -> io::Result<&Path> {
    if path.file_name().is_none() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "the path does not end in a file name"));
    }
    Ok(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

/// A path for something unfinished in `folder`, used by nobody else: the process and a running number. Not
/// made of the final name, which may be as long as names can be already.
pub(crate) fn unfinished_path(folder: &Path) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    folder.join(format!("{UNFINISHED_PREFIX}{}-{number}{UNFINISHED_SUFFIX}", std::process::id()))
}

const UNFINISHED_PREFIX: &str = ".lessen-";
const UNFINISHED_SUFFIX: &str = ".part";

/// Removes what killed runs left unfinished in `folder`. The caller holds the folder's lock, so nobody is
/// still at work on it.
pub(crate) fn remove_leftovers(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(UNFINISHED_PREFIX) && name.ends_with(UNFINISHED_SUFFIX) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Makes the names in a folder last through a crash. File systems that cannot sync a folder say so by one of
/// two errors, and there is no more that could be done.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        outcome => outcome,
    }
}

/// Syncs everything in a folder, then the folder.
pub(crate) fn sync_tree(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()? {
            kind if kind.is_dir() => sync_tree(&entry.path())?,
            kind if kind.is_file() => File::open(entry.path())?.sync_all()?,
            _ => {}
        }
    }
    sync_folder(folder)
}

/// A file or folder that vanishes unless it was renamed meanwhile, however the work on it ends.
pub(crate) struct Unfinished(pub(crate) PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Gone after the rename; and where removing fails the error that led here says more.
        let _ = remove(&self.0);
    }
}

fn remove(path: &Path) -> io::Result<()> {
    if path.symlink_metadata()?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_file_holds_what_was_written_last(first: Vec<u8>, second: Vec<u8>) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.json");
            for bytes in [&first, &second] {
                write_whole(&path, bytes).unwrap();
                prop_assert_eq!(&fs::read(&path).unwrap(), bytes);
                prop_assert_eq!(names(folder.path()), ["x.json"]);
            }
        }
    }

    #[test]
    fn a_failed_write_leaves_nothing_and_harms_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("taken")).unwrap();
        fs::write(folder.path().join("taken/inside"), "kept").unwrap();
        fs::write(folder.path().join("file"), "kept").unwrap();
        for (path, what) in [
            ("taken", "a folder is in the way, so the rename fails"),
            ("file/x", "the folder is a file"),
            ("missing/x", "there is no such folder"),
            ("taken/..", "no file name"),
        ] {
            let error = write_whole(&folder.path().join(path), b"new").expect_err(what);
            assert!(matches!(error, RecordError::File { action: "write", .. }), "{what}: {error}");
        }
        assert_eq!(names(folder.path()), ["file", "taken"]);
        assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"kept");
        assert_eq!(names(&folder.path().join("taken")), ["inside"]);
    }

    #[test]
    fn a_name_of_the_longest_kind_can_be_written() {
        let folder = tempfile::tempdir().unwrap();
        write_whole(&folder.path().join("n".repeat(255)), b"x").unwrap();
    }
}
