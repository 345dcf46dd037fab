//! Folders that hold an ensemble.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use lessen_data::hex;
use lessen_model::Predictor;
use lessen_records::write_whole;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{SavedError, inconsistent};
use crate::ensemble::{Ensemble, Origin};
use crate::learned::Learned;

const LIST: &str = "ensemble.json";

/// What [`LIST`] holds.
#[derive(Serialize, Deserialize)]
struct List {
    name: String,
    /// Unknown in a list that was written by hand.
    #[serde(default)]
    origin: Option<Origin>,
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
    /// Writes the ensemble into `folder`, which is made where it is not there: a file a member, named by its content, and
    /// `ensemble.json`. Members that are there already are left as they are; the list is replaced whole and members that
    /// it does not name are removed last, so at any moment the folder holds the earlier ensemble or this one.
    ///
    /// # Errors
    /// [`SavedError::Folder`], [`SavedError::Write`] and [`SavedError::Encode`].
    pub fn save(&self, folder: &Path) -> Result<(), SavedError> {
        let failed = |source| SavedError::Folder { path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let (name, origin) = (self.name().to_owned(), self.origin().cloned());
        let mut list = List { name, origin, members: Vec::new() };
        for (member, weight) in self.members() {
            let bytes = member.to_bytes()?;
            let file = file_name(&bytes);
            if !folder.join(&file).exists() {
                write_whole(&folder.join(&file), &bytes)?;
            }
            let (name, kind) = (member.name().to_owned(), member.kind().to_owned());
            list.members.push(Entry { file, name, kind, weight: *weight });
        }
        let bytes = serde_json::to_vec_pretty(&list)
            .map_err(|error| SavedError::Encode { name: list.name.clone(), problem: error.to_string() })?;
        write_whole(&folder.join(LIST), &bytes)?;
        remove_others(folder, &list).map_err(failed)
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
        Ok(Self::new(list.name, members).ok_or_else(unfit)?.with_origin(list.origin))
    }
}

fn load_member(folder: &Path, list: &str, entry: &Entry) -> Result<(Arc<Learned>, u32), SavedError> {
    if !is_file_name(&entry.file) {
        let problem =
            format!("it names the file `{}`, expected a name like `{}`", entry.file, file_name(&[]));
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

/// Removes the members that the list does not name; files that are no members stay.
fn remove_others(folder: &Path, list: &List) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_other =
            |name: &str| is_file_name(name) && list.members.iter().all(|member| member.file != name);
        if name.to_str().is_some_and(is_other) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A member's file is called after its bytes.
fn file_name(bytes: &[u8]) -> String {
    format!("member-{}.lsn", &hex(&Sha256::digest(bytes))[..DIGITS])
}

/// Hex digits of the digest in a member's file name.
const DIGITS: usize = 16;

/// Whether this is a name that [`file_name`] gives: nothing else is read or removed.
fn is_file_name(name: &str) -> bool {
    let digits = name.strip_prefix("member-").and_then(|rest| rest.strip_suffix(".lsn"));
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    digits.is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(is_digit))
}
