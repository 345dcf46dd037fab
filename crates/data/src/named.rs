//! Data sets that are asked for by name.
//!
//! [`sets`] is the table of them: what each is, whose, under which licence, and which files it needs, by path
//! inside a data folder and SHA-256. `digits` travels with lessen; the others are looked for in [`Folders`].
//! Nothing is ever downloaded, and a file that is not byte for byte the one meant is refused.

mod folders;
mod readers;
mod registry;

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{DataError, Dataset, Target, hex};
pub use folders::{DATA_FOLDER_VARIABLE, Folders};
use lessen_names::nearest;
use readers::Source;
pub use registry::{NamedFile, NamedSet, sets};

/// The names that [`load`] knows, in the order of [`sets`].
pub fn names() -> impl Iterator<Item = &'static str> {
    sets().iter().map(|set| set.name)
}

/// Loads the set `name` from the first of `folders` that has all its files, each checked by SHA-256.
///
/// A set with a test part of its own has that part's rows last, and in [`Dataset::given_test`].
///
/// # Errors
/// [`DataError::Unknown`] where there is no such set or its files are in none of the folders (the hint says what
/// to put where), [`DataError::Read`] and [`DataError::WrongDigest`] where a file is unreadable or another one.
pub fn load(name: &str, folders: &Folders) -> Result<Dataset, DataError> {
    let set = find(name)?;
    let home = home(set, folders);
    if !home.complete {
        return Err(missing(set, &home, folders));
    }
    let sources: Vec<Source> =
        set.files.iter().map(|file| open(file, &home)).collect::<Result<_, DataError>>()?;
    let mut digest = Sha256::new();
    for source in &sources {
        digest.update(&source.bytes);
    }
    let rows = (set.reader)(&sources)?;
    let given_test = rows.test_from.map(|first| (first..rows.labels.len() as u32).collect());
    Ok(Dataset {
        name: set.name.to_owned(),
        features: rows.features,
        target: Target::Classes { names: rows.names, labels: rows.labels },
        given_test,
        sha256: digest.finalize().into(),
    })
}

/// Where a named set is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// In lessen itself.
    BuiltIn,
    /// All its files are in this folder.
    In(PathBuf),
    /// No folder has all its files.
    Nowhere,
}

/// A named set and where it is.
#[derive(Clone, Debug)]
pub struct SetStatus {
    /// What it is.
    pub set: &'static NamedSet,
    /// Where it is.
    pub found: Found,
}

/// Every named set and where [`load`] would take it from. Looks whether files are there, not into them: see
/// [`check`].
pub fn status(folders: &Folders) -> Vec<SetStatus> {
    let status = |set: &'static NamedSet| {
        let home = home(set, folders);
        let found = match home.folder {
            _ if set.is_built_in() => Found::BuiltIn,
            Some(folder) if home.complete => Found::In(folder.to_owned()),
            _ => Found::Nowhere,
        };
        SetStatus { set, found }
    };
    sets().iter().map(status).collect()
}

/// What [`check`] found of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileCheck {
    /// The file: in the folder where the set is or, where it is nowhere complete, would be.
    pub path: PathBuf,
    /// What is there.
    pub state: FileState,
}

/// What is in the place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// The file meant.
    Ok,
    /// Nothing.
    Missing,
    /// Another file.
    WrongDigest {
        /// SHA-256 of the file meant, in hex.
        expected: String,
        /// SHA-256 of what is there, in hex.
        found: String,
    },
    /// Something that cannot be read.
    Unreadable {
        /// What the system says.
        why: String,
    },
}

/// Reads every file of the set `name` and compares its SHA-256 with that of the file meant.
///
/// # Errors
/// [`DataError::Unknown`] where there is no such set.
pub fn check(name: &str, folders: &Folders) -> Result<Vec<FileCheck>, DataError> {
    let set = find(name)?;
    let home = home(set, folders);
    let check = |file: &NamedFile| {
        let state = match open(file, &home) {
            Ok(_) => FileState::Ok,
            Err(DataError::WrongDigest { expected, found, .. }) => FileState::WrongDigest { expected, found },
            Err(DataError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                FileState::Missing
            }
            Err(DataError::Read { source, .. }) => FileState::Unreadable { why: source.to_string() },
            Err(error) => FileState::Unreadable { why: error.to_string() },
        };
        FileCheck { path: home.path(file), state }
    };
    Ok(set.files.iter().map(check).collect())
}

/// The folder that a set is taken from.
struct Home<'a> {
    /// The first with all its files or, if none has them, with most; none where there are no folders.
    folder: Option<&'a Path>,
    /// Whether all files are there, in the folder or in lessen.
    complete: bool,
}

impl Home<'_> {
    fn path(&self, file: &NamedFile) -> PathBuf {
        self.folder.map_or_else(|| PathBuf::from(file.path), |folder| folder.join(file.path))
    }
}

fn home<'a>(set: &NamedSet, folders: &'a Folders) -> Home<'a> {
    if set.is_built_in() {
        return Home { folder: None, complete: true };
    }
    let present = |folder: &Path| set.files.iter().filter(|file| folder.join(file.path).exists()).count();
    let mut best: Option<(&Path, usize)> = None;
    for folder in folders.iter() {
        let present = present(folder);
        if best.is_none_or(|(_, most)| present > most) {
            best = Some((folder, present));
        }
    }
    Home {
        folder: best.map(|(folder, _)| folder),
        complete: best.is_some_and(|(_, most)| most == set.files.len()),
    }
}

/// The content of a file, if it is the one meant.
fn open(file: &NamedFile, home: &Home<'_>) -> Result<Source, DataError> {
    let path = home.path(file);
    let bytes = match file.built_in {
        Some(bytes) => bytes.into(),
        None => std::fs::read(&path).map_err(|source| DataError::Read { path: path.clone(), source })?.into(),
    };
    let found = hex(&Sha256::digest(&bytes));
    if found == file.sha256 {
        Ok(Source { path, bytes })
    } else {
        Err(DataError::WrongDigest { path, expected: file.sha256.to_owned(), found })
    }
}

fn find(name: &str) -> Result<&'static NamedSet, DataError> {
    sets().iter().find(|set| set.name == name).ok_or_else(|| {
        let known: Vec<String> = names().map(|name| format!("`{name}`")).collect();
        let meant =
            nearest(name, names()).map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        DataError::Unknown {
            name: name.to_owned(),
            problem: "there is none of that name".into(),
            hint: format!("{meant}the names are {}", known.join(", ")),
        }
    })
}

fn missing(set: &NamedSet, home: &Home<'_>, folders: &Folders) -> DataError {
    let needed: Vec<String> = set
        .files
        .iter()
        .filter(|file| !home.path(file).exists())
        .map(|file| format!("`{}`", file.path))
        .collect();
    let looked: Vec<String> = folders.iter().map(|folder| format!("`{}`", folder.display())).collect();
    let looked = if looked.is_empty() { "no folder".into() } else { looked.join(", ") };
    DataError::Unknown {
        name: set.name.to_owned(),
        problem: format!("none of the data folders has {}", needed.join(", ")),
        hint: format!(
            "looked in {looked}; name the folder that holds the files with `--data-dir` or `{DATA_FOLDER_VARIABLE}`"
        ),
    }
}
