//! What can be wrong with data.

use std::path::{Path, PathBuf};

/// Data that could not be read, or cannot be used for what was asked.
///
/// The message says what was expected and found; [`DataError::hint`] is advice for a line of its own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file could not be opened or read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file's content is not what its format promises.
    #[error("`{}`{}: {problem}", path.display(), place(place_in))]
    Malformed {
        /// The file, or the name of an embedded one.
        path: PathBuf,
        /// Row, column, byte: where in the file; empty where it is the whole.
        place_in: String,
        /// Expected and found.
        problem: String,
        /// What to do about it; empty where there is nothing to say.
        hint: Box<str>,
    },
    /// A file is there but not the one that the name stands for.
    #[error("`{}` has SHA-256 {found}, expected {expected}", path.display())]
    WrongDigest {
        /// The file.
        path: PathBuf,
        /// The digest of the published file, in hex.
        expected: String,
        /// The digest of what is there, in hex.
        found: String,
    },
    /// No data set of that name or path.
    #[error("no data set `{name}`: {problem}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// Why it could not be had.
        problem: String,
        /// What to do about it.
        hint: String,
    },
    /// A table has no column of the name or place asked for.
    #[error("`{}` has no column `{column}`", path.display())]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The name, or the place counted from 1.
        column: String,
        /// Which columns there are.
        hint: String,
    },
    /// A file of one's own has no column that is plainly the one to be predicted.
    #[error("which column of `{}` is to be predicted?", path.display())]
    NoTarget {
        /// The file.
        path: PathBuf,
        /// How to say it.
        hint: String,
    },
    /// The data was read but does not serve: one class, a class too small to split, no rows.
    #[error("data set `{name}`: {problem}")]
    Unusable {
        /// The data set.
        name: String,
        /// Expected and found.
        problem: String,
    },
    /// Rows that do not fit the encoding they are to be encoded by.
    #[error("the rows do not fit the encoding: {problem}")]
    Mismatch {
        /// Expected and found.
        problem: String,
    },
}

fn place(place: &str) -> String {
    if place.is_empty() { String::new() } else { format!(", {place}") }
}

impl DataError {
    /// A [`DataError::Malformed`] about `place_in` (empty: the whole) of the file at `path`.
    pub(crate) fn malformed(path: &Path, place_in: impl Into<String>, problem: impl Into<String>) -> Self {
        let (place_in, problem) = (place_in.into(), problem.into());
        Self::Malformed { path: path.to_owned(), place_in, problem, hint: Box::default() }
    }

    /// The same with advice, where it is a [`DataError::Malformed`].
    pub(crate) fn advised(mut self, advice: impl Into<String>) -> Self {
        if let Self::Malformed { hint, .. } = &mut self {
            *hint = advice.into().into_boxed_str();
        }
        self
    }

    /// Advice, where there is some.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Malformed { hint, .. } if !hint.is_empty() => Some(hint),
            Self::Unknown { hint, .. } | Self::NoColumn { hint, .. } | Self::NoTarget { hint, .. }
                if !hint.is_empty() =>
            {
                Some(hint)
            }
            Self::WrongDigest { .. } => Some("delete the file and put the published one in its place"),
            _ => None,
        }
    }
}
