//! What can be wrong with a compact file.

use crate::NetworkError;

/// Bytes that hold no network in the compact form.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompactError {
    /// Something is not as it must be.
    #[error("byte {byte}: expected {expected}, found {found}")]
    At {
        /// Where it begins, counted from 0.
        byte: usize,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The file is of a version that this reader does not know.
    #[error("byte {byte}: expected version {expected}, found version {found}")]
    Version {
        /// Where it stands.
        byte: usize,
        /// The version that can be read.
        expected: u32,
        /// That of the file.
        found: u32,
    },
    /// The digest at the end is not that of what is before it.
    #[error("byte {byte}: expected the SHA-256 {expected} of all before, found {found}")]
    Digest {
        /// Where it begins.
        byte: usize,
        /// Digest of the file's content, in hexadecimal.
        expected: String,
        /// The digest in the file, in hexadecimal.
        found: String,
    },
    /// The layers are all known but do not fit together.
    #[error("the model's layers do not fit together")]
    Network(#[from] NetworkError),
}

impl CompactError {
    /// Advice, where there is some.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Digest { .. } => Some("the file was cut or damaged: copy it again"),
            Self::Version { .. } => Some("the file was written by another version of lessen: use that one"),
            Self::At { .. } | Self::Network(_) => None,
        }
    }
}
