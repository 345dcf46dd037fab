//! Learned members and ensembles as files.
//!
//! A member is one file: the magic `LSNL`, the format's version (`u32`, little-endian), the SHA-256 of all that
//! follows, and the member itself in the postcard format. An ensemble is a folder: `ensemble.json` names its members'
//! files and weights.

mod folder;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lessen_data::hex;
use lessen_records::{RecordError, write_whole};
use sha2::{Digest, Sha256};

use crate::ensemble::Ensemble;
use crate::learned::{Learned, Unchecked};

const MAGIC: [u8; 4] = *b"LSNL";

/// Raised by whoever changes what a member's fields are.
const VERSION: u32 = 1;

/// Before the body: magic, version, digest.
const HEADER: usize = 4 + 4 + 32;

/// A member or ensemble that could not be saved or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SavedError {
    /// The file or folder cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder cannot be made, or cleared of an ensemble that was there.
    #[error("cannot make room for an ensemble in `{}`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot save")]
    Write(#[from] RecordError),
    /// What was learned cannot be put into bytes.
    #[error("cannot put `{name}` into bytes: {problem}")]
    Encode {
        /// The member's or ensemble's name.
        name: String,
        /// Why.
        problem: String,
    },
    /// Another kind of file.
    #[error("`{name}` begins with {found:?}, expected {MAGIC:?} (`LSNL`), as saved members do")]
    Magic {
        /// The file.
        name: String,
        /// Its first bytes, at most 4.
        found: Vec<u8>,
    },
    /// A version of the format that is not known here.
    #[error("`{name}` has version {found} of the format, expected {VERSION}")]
    Version {
        /// The file.
        name: String,
        /// Its version.
        found: u32,
    },
    /// The file ends before its header does.
    #[error("`{name}` is cut short: {found} bytes, expected at least {HEADER}")]
    Truncated {
        /// The file.
        name: String,
        /// Its length.
        found: usize,
    },
    /// The file is damaged or cut short.
    #[error("`{name}` is damaged or cut short: its content has the SHA-256 {found}, expected {expected}")]
    Digest {
        /// The file.
        name: String,
        /// What the file says, in hexadecimal digits.
        expected: String,
        /// What its content has.
        found: String,
    },
    /// The content is no member, or no list of members.
    #[error("`{name}` does not decode: {problem}")]
    Decode {
        /// The file.
        name: String,
        /// Why.
        problem: String,
    },
    /// Parts that do not fit together.
    #[error("`{name}` is inconsistent: {problem}")]
    Inconsistent {
        /// The file.
        name: String,
        /// What was found where what was expected.
        problem: String,
    },
}

impl Learned {
    /// Writes the member to a file, whole or not at all.
    ///
    /// # Errors
    /// [`SavedError::Write`] where the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), SavedError> {
        Ok(write_whole(path, &self.to_bytes()?)?)
    }

    /// Reads what [`Learned::save`] wrote.
    ///
    /// # Errors
    /// Where the file cannot be read, is no saved member of this version, is damaged, or its parts do not fit.
    pub fn load(path: &Path) -> Result<Self, SavedError> {
        let bytes =
            fs::read(path).map_err(|source| SavedError::Unreadable { path: path.to_owned(), source })?;
        Self::from_bytes(&path.display().to_string(), &bytes)
    }

    /// The bytes of its file.
    ///
    /// # Errors
    /// [`SavedError::Encode`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, SavedError> {
        let unwritable = |error: postcard::Error| SavedError::Encode {
            name: lessen_model::Predictor::name(self).to_owned(),
            problem: error.to_string(),
        };
        // Room for the header first: bodies are large, and shall not be there twice.
        let mut bytes = postcard::to_extend(self, vec![0; HEADER]).map_err(unwritable)?;
        let digest = Sha256::digest(&bytes[HEADER..]);
        let header = MAGIC.into_iter().chain(VERSION.to_le_bytes()).chain(digest);
        bytes.iter_mut().zip(header).for_each(|(byte, of_header)| *byte = of_header);
        Ok(bytes)
    }

    /// A member from the bytes of its file, which errors call `name`.
    ///
    /// # Errors
    /// Where these are not the bytes of a saved member of this version, are damaged, or its parts do not fit.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, SavedError> {
        let body = checked_body(name, bytes)?;
        let decode = |problem: String| SavedError::Decode { name: name.to_owned(), problem };
        let (unchecked, rest) =
            postcard::take_from_bytes::<Unchecked>(body).map_err(|error| decode(error.to_string()))?;
        if !rest.is_empty() {
            return Err(decode(format!("{} bytes after the member, expected none", rest.len())));
        }
        Self::try_from(unchecked).map_err(|problem| inconsistent(name, problem))
    }
}

impl Ensemble {
    /// For each member, the SHA-256 of its file's bytes followed by its weight (`u32`, little-endian), in hexadecimal
    /// digits: together they name exactly this ensemble.
    ///
    /// # Errors
    /// [`SavedError::Encode`].
    pub fn digests(&self) -> Result<Vec<String>, SavedError> {
        let digest = |member: &Learned, weight: u32| {
            let mut hash = Sha256::new();
            hash.update(member.to_bytes()?);
            hash.update(weight.to_le_bytes());
            Ok(hex(&hash.finalize()))
        };
        self.members().iter().map(|(member, weight)| digest(member, *weight)).collect()
    }
}

/// What follows the header, which says that it is undamaged and of this version.
fn checked_body<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a [u8], SavedError> {
    if !bytes.starts_with(&MAGIC) {
        let found = bytes.iter().take(MAGIC.len()).copied().collect();
        return Err(SavedError::Magic { name: name.to_owned(), found });
    }
    let truncated = || SavedError::Truncated { name: name.to_owned(), found: bytes.len() };
    let (version, rest) = bytes[MAGIC.len()..].split_first_chunk().ok_or_else(truncated)?;
    let found = u32::from_le_bytes(*version);
    if found != VERSION {
        return Err(SavedError::Version { name: name.to_owned(), found });
    }
    let (expected, body) = rest.split_first_chunk::<32>().ok_or_else(truncated)?;
    let found = Sha256::digest(body);
    if found[..] != expected[..] {
        let (expected, found) = (hex(expected), hex(&found));
        return Err(SavedError::Digest { name: name.to_owned(), expected, found });
    }
    Ok(body)
}

fn inconsistent(name: &str, problem: String) -> SavedError {
    SavedError::Inconsistent { name: name.to_owned(), problem }
}

#[cfg(test)]
mod tests;
