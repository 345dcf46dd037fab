//! What can be wrong with a model's file.

use std::io;
use std::path::PathBuf;

/// A file that is no model, or one that cannot be trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// The file, or one that it names, cannot be read.
    #[error("{}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The bytes are not the protobuf message that an ONNX file is.
    #[error("not an ONNX model: {problem}")]
    Malformed {
        /// What is wrong, and where.
        problem: String,
    },
    /// The graph as a whole.
    #[error("graph: expected {expected}, found {found}")]
    Graph {
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A node that cannot be in its place.
    #[error("node {node}: expected {expected}, found {found}")]
    Node {
        /// Its name and operator.
        node: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A tensor whose kind, extents and bytes do not go together.
    #[error("tensor `{tensor}`: expected {expected}, found {found}")]
    Tensor {
        /// Its name.
        tensor: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A tensor whose numbers lie in a file that is not there, too short, or not the model's own.
    #[error("tensor `{tensor}`: its data in `{location}`: {problem}")]
    External {
        /// Its name.
        tensor: String,
        /// The file, as the model names it.
        location: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A free dimension that was given a value is none of the model's.
    #[error("no input has a free dimension `{name}`; free are {}", list(free))]
    NoSuchDimension {
        /// As it was given.
        name: String,
        /// Those that there are.
        free: Vec<String>,
    },
    /// A safetensors file that is none.
    #[error("not a safetensors file: {problem}")]
    Safetensors {
        /// What is wrong.
        problem: String,
    },
}

impl GraphError {
    /// Advice, where there is some.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::External { .. } => Some(
                "data of a model lies in its own folder or below: a model's file may name no other files",
            ),
            _ => None,
        }
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { format!("`{}`", names.join("`, `")) }
}
