//! The folder that a run writes into: claimed before long work, held by one run at a time, resumable.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use crate::error::RecordError;
use crate::file::{Unfinished, remove_leftovers, sync_folder, sync_tree, unfinished_path, write_whole};

/// A folder that belongs to one run of lessen for as long as this value lives.
///
/// A marker file, `.lessen`, names the kind of output, so that nothing is ever written among a stranger's
/// files; it is locked, so that two runs cannot mix theirs. The system lets go of the lock when a process
/// ends, however it ends.
#[derive(Debug)]
pub struct OutputFolder {
    path: PathBuf,
    /// Held, not read: dropping it lets go of the lock.
    _marker: File,
}

/// The marker's name; its content is the kind and a line end.
pub const MARKER: &str = ".lessen";

/// Finished stages lie under this name in the output folder, each under its content's name.
pub const STAGES: &str = "stages";

impl OutputFolder {
    /// Claims a folder for output of `kind` (the verb: `compress`), creating it where it is missing, and
    /// checks that it can be written to. What an earlier, killed run left unfinished is removed; what it
    /// finished stays.
    ///
    /// With `force` a folder of other files, or of another kind, is taken all the same: nothing in it is
    /// deleted, but files of the same names will be replaced.
    ///
    /// # Errors
    /// [`RecordError::Stranger`] where it holds something and no marker, [`RecordError::OtherKind`] where
    /// the marker names another kind, [`RecordError::Busy`] where another run holds it,
    /// [`RecordError::File`] where it cannot be created or written to.
    pub fn open(path: &Path, kind: &str, force: bool) -> Result<Self, RecordError> {
        let failed = |action| move |source| RecordError::File { action, path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(failed("create folder"))?;
        let marker_path = path.join(MARKER);
        if !force
            && !marker_path.exists()
            && let Some(found) = fs::read_dir(path).map_err(failed("read folder"))?.next()
        {
            let found = found.map_err(failed("read folder"))?.file_name().to_string_lossy().into_owned();
            return Err(RecordError::Stranger { path: path.to_owned(), found });
        }
        let marker = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&marker_path)
            .map_err(failed("write to folder"))?;
        match marker.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(RecordError::Busy { path: path.to_owned() }),
            // A file system without locks: going on beats refusing to work there.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        claim(path, &marker, kind, force)?;
        // The marker may be writable in a folder that is not; better known now than after an hour.
        let probe = Unfinished(unfinished_path(path));
        File::create_new(&probe.0).map_err(failed("write to folder"))?;
        drop(probe);
        let stages = path.join(STAGES);
        fs::create_dir_all(&stages).map_err(failed("write to folder"))?;
        remove_all_leftovers(path).map_err(failed("remove unfinished files from folder"))?;
        Ok(Self { path: path.to_owned(), _marker: marker })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file of the folder whole, see [`write_whole`].
    ///
    /// # Errors
    /// [`RecordError::File`].
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RecordError> {
        let path = self.path.join(name);
        make_parent(&path)?;
        write_whole(&path, bytes)
    }

    /// What was kept at this place (`stages/student-0123`), if it is there; then it is whole.
    pub fn find(&self, place: &str) -> Option<PathBuf> {
        let folder = self.place(place).ok()?;
        folder.is_dir().then_some(folder)
    }

    /// Where something unfinished of what is to be kept at a place may be put, to go on from there; its folder is there then.
    ///
    /// # Errors
    /// [`RecordError::File`] for a place that is not in the folder, or whose folder cannot be made.
    pub fn partial(&self, place: &str) -> Result<PathBuf, RecordError> {
        let path = self.place(place)?;
        make_parent(&path)?;
        let mut path = path.into_os_string();
        path.push(".partial");
        Ok(PathBuf::from(path))
    }

    /// Keeps something at a place, such as a stage under its content's name (see [`crate::content_name`]): `fill` writes into
    /// an empty folder, which then appears there whole, synced, or, where `fill` fails, not at all. Gives the folder and what
    /// `fill` returned. What another thread has put there meanwhile is left as it is.
    ///
    /// # Errors
    /// What `fill` says, or [`RecordError::File`].
    pub fn keep<T, E: From<RecordError>>(
        &self,
        place: &str,
        fill: impl FnOnce(&Path) -> Result<T, E>,
    ) -> Result<(PathBuf, T), E> {
        let target = self.place(place)?;
        let failed = |source| RecordError::File { action: "write folder", path: target.clone(), source };
        let parent = make_parent(&target)?;
        let unfinished = Unfinished(unfinished_path(parent));
        fs::create_dir(&unfinished.0).map_err(failed)?;
        let filled = fill(&unfinished.0)?;
        sync_tree(&unfinished.0).map_err(failed)?;
        match fs::rename(&unfinished.0, &target) {
            Err(error) if !target.is_dir() => return Err(failed(error).into()),
            _ => {}
        }
        sync_folder(parent).map_err(failed)?;
        Ok((target, filled))
    }

    /// Removes what was kept at a place, so that it can be kept anew.
    ///
    /// # Errors
    /// [`RecordError::File`].
    pub fn discard(&self, place: &str) -> Result<(), RecordError> {
        let path = self.place(place)?;
        match fs::remove_dir_all(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(RecordError::File { action: "remove folder", path, source })
            }
            _ => Ok(()),
        }
    }

    /// Names joined by `/`. One from elsewhere must not lead out of the folder, nor to something unfinished or the marker.
    fn place(&self, place: &str) -> Result<PathBuf, RecordError> {
        let path = self.path.join(place);
        let is_name = |name: &str| {
            let mut parts = Path::new(name).components();
            let first = parts.next();
            matches!(first, Some(Component::Normal(_))) && parts.next().is_none() && !name.starts_with('.')
        };
        if place.split('/').all(is_name) {
            return Ok(path);
        }
        let source = io::Error::new(io::ErrorKind::InvalidInput, "not a place in the folder");
        Err(RecordError::File { action: "open folder", path, source })
    }
}

fn make_parent(path: &Path) -> Result<&Path, RecordError> {
    let parent = path.parent().unwrap_or(path);
    let failed = |source| RecordError::File { action: "create folder", path: parent.to_owned(), source };
    fs::create_dir_all(parent).map_err(failed)?;
    Ok(parent)
}

/// Removes what killed runs left unfinished in a folder and the folders in it. One with a marker is another run's.
fn remove_all_leftovers(folder: &Path) -> io::Result<()> {
    remove_leftovers(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && !entry.path().join(MARKER).exists() {
            remove_all_leftovers(&entry.path())?;
        }
    }
    Ok(())
}

/// Reads the marker's kind and writes ours where there is none. An empty marker is a run's that was killed
/// between creating and writing it.
fn claim(path: &Path, mut marker: &File, kind: &str, force: bool) -> Result<(), RecordError> {
    let failed =
        |source| RecordError::File { action: "read marker in folder", path: path.to_owned(), source };
    let mut found = Vec::new();
    marker.take(256).read_to_end(&mut found).map_err(failed)?;
    match String::from_utf8_lossy(&found).trim_end() {
        found if found == kind => return Ok(()),
        "" => {}
        _ if force => {}
        found => {
            let (expected, found) = (kind.to_owned(), found.to_owned());
            return Err(RecordError::OtherKind { path: path.to_owned(), expected, found });
        }
    }
    let mut write = || {
        marker.set_len(0)?;
        io::Seek::rewind(&mut marker)?;
        marker.write_all(format!("{kind}\n").as_bytes())?;
        marker.sync_all()
    };
    write().map_err(|source| RecordError::File { action: "mark folder", path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Option<PathBuf> = None;

    fn fill(text: &str) -> impl FnOnce(&Path) -> Result<u32, RecordError> {
        move |folder: &Path| {
            fs::create_dir(folder.join("deep")).unwrap();
            fs::write(folder.join("deep/file"), text).unwrap();
            Ok(7)
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_an_empty_and_our_own_folder_are_taken() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        for _ in 0..2 {
            let folder = OutputFolder::open(&path, "compress", false).unwrap();
            folder.write("result.json", b"{}").unwrap();
        }
        assert_eq!(names(&path), [".lessen", "result.json", "stages"]);
        assert_eq!(fs::read_to_string(path.join(MARKER)).unwrap(), "compress\n");
        OutputFolder::open(parent.path().join("a").as_path(), "compress", false).unwrap_err();
        fs::create_dir(parent.path().join("empty")).unwrap();
        OutputFolder::open(&parent.path().join("empty"), "compress", false).unwrap();
    }

    #[test]
    fn a_strangers_folder_is_refused_unless_forced_and_then_nothing_is_deleted() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path();
        fs::write(path.join("thesis.tex"), "mine").unwrap();
        let error = OutputFolder::open(path, "compress", false).unwrap_err();
        assert!(matches!(&error, RecordError::Stranger { found, .. } if found == "thesis.tex"), "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        assert!(error.hint().unwrap().contains("--force"));
        assert_eq!(names(path), ["thesis.tex"], "a refused folder is left as it was");
        OutputFolder::open(path, "compress", true).unwrap();
        assert_eq!(fs::read_to_string(path.join("thesis.tex")).unwrap(), "mine");
        OutputFolder::open(path, "compress", false).unwrap();
    }

    #[test]
    fn another_kind_is_refused_unless_forced() {
        let folder = tempfile::tempdir().unwrap();
        OutputFolder::open(folder.path(), "ticket", false).unwrap();
        let error = OutputFolder::open(folder.path(), "compress", false).unwrap_err();
        let (path, text) = (folder.path().display(), error.to_string());
        assert_eq!(text, format!("folder `{path}` holds the output of `ticket`, expected `compress`"));
        OutputFolder::open(folder.path(), "compress", true).unwrap();
        OutputFolder::open(folder.path(), "compress", false).unwrap();
        // A marker that is no text names no kind of ours; an empty one is of a run killed too early.
        fs::write(folder.path().join(MARKER), [0xff, 0xfe]).unwrap();
        OutputFolder::open(folder.path(), "compress", false).unwrap_err();
        fs::write(folder.path().join(MARKER), "").unwrap();
        OutputFolder::open(folder.path(), "compress", false).unwrap();
    }

    #[test]
    fn one_run_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = OutputFolder::open(folder.path(), "compress", false).unwrap();
        for force in [false, true] {
            let error = OutputFolder::open(folder.path(), "compress", force).unwrap_err();
            assert!(matches!(error, RecordError::Busy { .. }), "{error}");
        }
        drop(first);
        OutputFolder::open(folder.path(), "compress", false).unwrap();
    }

    #[test]
    fn a_place_that_cannot_be_a_folder_is_an_error_that_names_it() {
        let parent = tempfile::tempdir().unwrap();
        fs::write(parent.path().join("file"), "").unwrap();
        for path in [parent.path().join("file"), parent.path().join("file/out")] {
            let error = OutputFolder::open(&path, "compress", false).unwrap_err();
            assert_eq!(error.to_string(), format!("cannot create folder `{}`", path.display()));
        }
    }

    #[test]
    fn a_stage_appears_whole_or_not_at_all() {
        let parent = tempfile::tempdir().unwrap();
        let folder = OutputFolder::open(parent.path(), "compress", false).unwrap();
        assert_eq!(folder.find("stages/student-0123"), NONE);
        let failed = folder.keep("stages/student-0123", |path| {
            fs::write(path.join("half"), "x").unwrap();
            Err::<(), _>(RecordError::NoSchema { expected: "a failure".to_owned() })
        });
        assert!(matches!(failed, Err(RecordError::NoSchema { .. })));
        assert_eq!(folder.find("stages/student-0123"), NONE);
        assert_eq!(names(&parent.path().join(STAGES)), Vec::<String>::new());

        let (path, filled) = folder.keep("stages/student-0123", fill("first")).unwrap();
        assert_eq!((folder.find("stages/student-0123"), filled), (Some(path.clone()), 7));
        // Finished meanwhile by somebody else: the first stays.
        assert_eq!(folder.keep("stages/student-0123", fill("second")).unwrap().0, path);
        assert_eq!(fs::read_to_string(path.join("deep/file")).unwrap(), "first");
        assert_eq!(names(&parent.path().join(STAGES)), ["student-0123"]);
    }

    #[test]
    fn opening_again_removes_what_a_killed_run_left_and_keeps_what_it_finished() {
        let parent = tempfile::tempdir().unwrap();
        let folder = OutputFolder::open(parent.path(), "compress", false).unwrap();
        let (kept, _) = folder.keep("stages/teacher-0123", fill("done")).unwrap();
        drop(folder);
        // What a kill leaves: the values are never dropped.
        let stages = parent.path().join(STAGES);
        fs::create_dir_all(unfinished_path(&stages).join("deep")).unwrap();
        fs::write(unfinished_path(parent.path()), "half").unwrap();
        let (teacher, other) = (parent.path().join("teacher"), parent.path().join("other"));
        for folder in [&teacher, &other] {
            fs::create_dir(folder).unwrap();
            fs::write(unfinished_path(folder), "half").unwrap();
        }
        // Another run's, which may be writing.
        fs::write(other.join(MARKER), "compress").unwrap();
        let folder = OutputFolder::open(parent.path(), "compress", false).unwrap();
        assert_eq!(names(&stages), ["teacher-0123"]);
        assert_eq!(names(parent.path()), [".lessen", "other", "stages", "teacher"]);
        assert_eq!((names(&teacher).len(), names(&other).len()), (0, 2));
        assert_eq!(folder.find("stages/teacher-0123"), Some(kept));
    }

    #[test]
    fn a_name_cannot_lead_out_of_the_folder() {
        let parent = tempfile::tempdir().unwrap();
        let folder = OutputFolder::open(parent.path(), "compress", false).unwrap();
        for name in
            ["", ".", "..", "../x", "a/../b", "a//b", "a/", "/tmp", ".lessen", ".lessen-1-1.part", "a/.x"]
        {
            assert_eq!(folder.find(name), NONE, "`{name}`");
            folder.keep(name, fill("x")).expect_err(name);
        }
    }
}
