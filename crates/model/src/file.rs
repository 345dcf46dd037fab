//! Either kind of model file, told by its content.

use crate::Network;
use crate::compact::{self, CompactError};
use crate::onnx::{self, OnnxError};

/// A form that a network is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// [`onnx`]: what other runtimes read.
    Onnx,
    /// [`compact`]: what takes the least room.
    Compact,
}

impl Format {
    /// The form of these bytes; what does not begin as a compact file does can only be ONNX, which has no mark.
    pub fn of(bytes: &[u8]) -> Self {
        if compact::is_compact(bytes) { Self::Compact } else { Self::Onnx }
    }

    /// The ending of such a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Onnx => "onnx",
            Self::Compact => "lsm",
        }
    }

    /// The network as such a file's bytes.
    pub fn write(self, network: &Network) -> Vec<u8> {
        match self {
            Self::Onnx => onnx::write(network),
            Self::Compact => compact::write(network),
        }
    }
}

/// Bytes that hold no network, in the form that they begin with.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
#[non_exhaustive]
pub enum ReadError {
    /// As an ONNX file.
    Onnx(#[from] OnnxError),
    /// As a compact file.
    Compact(#[from] CompactError),
}

impl ReadError {
    /// Advice, where there is some.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Onnx(error) => error.hint(),
            Self::Compact(error) => error.hint(),
        }
    }
}

/// The network in a file of either form; [`Format::of`] tells which it is.
///
/// # Errors
/// [`ReadError`], as [`onnx::read()`] and [`compact::read()`].
pub fn read(bytes: &[u8]) -> Result<Network, ReadError> {
    Ok(match Format::of(bytes) {
        Format::Onnx => onnx::read(bytes)?,
        Format::Compact => compact::read(bytes)?,
    })
}
