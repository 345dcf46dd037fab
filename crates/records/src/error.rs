//! What can go wrong with records and the files that hold them.

use std::path::PathBuf;

/// A record that could not be read or written, or a folder that cannot take one.
///
/// The message says what was expected and found; [`RecordError::hint`] is advice for a line of its own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The text is not JSON, or a field is missing or has another type.
    #[error("not a `{record}` record: line {line}, column {column}: {problem}")]
    Syntax {
        /// The schema's name without its version.
        record: &'static str,
        /// From 1.
        line: usize,
        /// From 1; 0 where the line is empty.
        column: usize,
        /// Expected and found.
        problem: String,
    },
    /// The document does not say what it is.
    #[error("no `schema`, expected `{expected}`")]
    NoSchema {
        /// Name and version.
        expected: String,
    },
    /// The document is another one.
    #[error("schema is `{found}`, expected `{expected}`")]
    WrongSchema {
        /// Name and version.
        expected: String,
        /// What the document says.
        found: String,
    },
    /// The document is of a version that was made after this program.
    #[error("schema is `{found}`, newer than `{expected}`, the newest that can be read")]
    Newer {
        /// Name and version.
        expected: String,
        /// What the document says.
        found: String,
    },
    /// Fields that contradict each other.
    #[error("`{record}` record: {problem}")]
    Inconsistent {
        /// The schema's name without its version.
        record: &'static str,
        /// Expected and found.
        problem: String,
    },
    /// A record that could be written but not read back.
    #[error("cannot write `{record}` as JSON: {problem}")]
    Unwritable {
        /// The schema's name without its version, or what else was to be written.
        record: &'static str,
        /// Expected and found.
        problem: String,
    },
    /// A file or folder could not be opened, written or moved.
    #[error("cannot {action} `{}`", path.display())]
    File {
        /// What was being done.
        action: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The output folder holds files that are not lessen's.
    #[error("folder `{}` is not empty and was not made by lessen (it holds `{found}`)", path.display())]
    Stranger {
        /// The folder.
        path: PathBuf,
        /// One of the names in it.
        found: String,
    },
    /// The output folder holds the outcome of another verb.
    #[error("folder `{}` holds the output of `{found}`, expected `{expected}`", path.display())]
    OtherKind {
        /// The folder.
        path: PathBuf,
        /// The kind that it was opened for.
        expected: String,
        /// The kind that its marker names.
        found: String,
    },
    /// Another run is writing into the output folder.
    #[error("folder `{}` is in use by another run", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
}

impl RecordError {
    /// Advice, where there is some.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Newer { .. } => Some("update lessen"),
            Self::Stranger { .. } | Self::OtherKind { .. } => {
                Some("name another folder with `--out`, or use this one all the same with `--force`")
            }
            Self::Busy { .. } => Some("wait until that run has ended, or name another folder with `--out`"),
            Self::File { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
                Some("name a folder that you may write to with `--out`")
            }
            _ => None,
        }
    }
}
