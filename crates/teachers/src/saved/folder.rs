//! Folders that hold an ensemble.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use lessen_model::Predictor;
use lessen_records::write_whole;
use serde::{Deserialize, Serialize};

use super::{SavedError, inconsistent};
use crate::ensemble::Ensemble;
use crate::learned::Learned;

const LIST: &str = "ensemble.json";

/// What [`LIST`] holds.
#[derive(Serialize, Deserialize)]
struct List {
    name: String,
    members: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    /// In the same folder.
    file: String,
    name: String,
    kind: String,
    weight: u32,
}

impl Ensemble {
    /// Writes the ensemble into `folder`, which is made where it is not there: a file a member, and `ensemble.json`.
    /// An ensemble that was there is gone then. The list is removed first and written last, so that a folder which was
    /// not finished does not load.
    ///
    /// # Errors
    /// [`SavedError::Folder`] and [`SavedError::Write`].
    pub fn save(&self, folder: &Path) -> Result<(), SavedError> {
        make_room(folder).map_err(|source| SavedError::Folder { path: folder.to_owned(), source })?;
        let mut list = List { name: self.name().to_owned(), members: Vec::new() };
        for (number, (member, weight)) in self.members().iter().enumerate() {
            let file = file_name(number);
            member.save(&folder.join(&file))?;
            let (name, kind) = (member.name().to_owned(), member.kind().to_owned());
            list.members.push(Entry { file, name, kind, weight: *weight });
        }
        let bytes = serde_json::to_vec_pretty(&list)
            .map_err(|error| SavedError::Encode { name: list.name.clone(), problem: error.to_string() })?;
        Ok(write_whole(&folder.join(LIST), &bytes)?)
    }

    /// Reads what [`Ensemble::save`] wrote.
    ///
    /// # Errors
    /// Where a file cannot be read or is damaged, or the list names files that are not a member's, members that are not
    /// the ones in the files, or members that differ in their classes.
    pub fn load(folder: &Path) -> Result<Self, SavedError> {
        let path = folder.join(LIST);
        let shown = path.display().to_string();
        let bytes = fs::read(&path).map_err(|source| SavedError::Unreadable { path, source })?;
        let list: List = serde_json::from_slice(&bytes)
            .map_err(|error| SavedError::Decode { name: shown.clone(), problem: error.to_string() })?;
        let members = list.members.iter().map(|entry| load_member(folder, &shown, entry));
        let members = members.collect::<Result<_, _>>()?;
        let unfit = || inconsistent(&shown, "no member, or members that differ in their classes".into());
        Self::new(list.name, members).ok_or_else(unfit)
    }
}

fn load_member(folder: &Path, list: &str, entry: &Entry) -> Result<(Arc<Learned>, u32), SavedError> {
    if !is_file_name(&entry.file) {
        let problem = format!("it names the file `{}`, expected a name like `{}`", entry.file, file_name(0));
        return Err(inconsistent(list, problem));
    }
    if entry.weight == 0 {
        return Err(inconsistent(list, format!("`{}` has a weight of 0, expected 1 or more", entry.file)));
    }
    let member = Learned::load(&folder.join(&entry.file))?;
    if (member.name(), member.kind()) != (&entry.name, &entry.kind) {
        let (name, kind) = (member.name(), member.kind());
        let expected = format!("expected `{}` ({})", entry.name, entry.kind);
        return Err(inconsistent(list, format!("`{}` holds `{name}` ({kind}), {expected}", entry.file)));
    }
    Ok((Arc::new(member), entry.weight))
}

/// Makes the folder, or removes an ensemble from it; other files stay.
fn make_room(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    match fs::remove_file(folder.join(LIST)) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_file_name) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn file_name(number: usize) -> String {
    format!("member-{number:02}.lsn")
}

/// Whether this is a name that [`file_name`] gives: nothing else is read or removed.
fn is_file_name(name: &str) -> bool {
    let number = name.strip_prefix("member-").and_then(|rest| rest.strip_suffix(".lsn"));
    number.and_then(|number| number.parse().ok()).is_some_and(|number| file_name(number) == name)
}
