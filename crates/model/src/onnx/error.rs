//! What can be wrong with an ONNX file.

use crate::NetworkError;

/// Bytes that hold no network of lessen's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// The bytes are not the protobuf message that an ONNX file is.
    #[error("not an ONNX model: {problem}")]
    Malformed {
        /// Where, and what is wrong there.
        problem: String,
    },
    /// A model of another tool: without the metadata nobody can say what its inputs and outputs stand for.
    #[error("the model was not written by lessen: metadata `{}` missing", missing.join("`, `"))]
    Foreign {
        /// The keys that are not there.
        missing: Vec<&'static str>,
    },
    /// A piece of metadata that cannot be used.
    #[error("metadata `{key}`: expected {expected}, found {found}")]
    Metadata {
        /// Its key.
        key: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The graph as a whole, its inputs, outputs or operator set cannot be used.
    #[error("graph: expected {expected}, found {found}")]
    Graph {
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A node that is no layer.
    #[error("node `{node}` ({op}): expected {expected}, found {found}")]
    Node {
        /// The node's name, or the tensor that it makes where it has no name.
        node: String,
        /// Its operator.
        op: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A tensor that holds no weights.
    #[error("tensor `{tensor}`: expected {expected}, found {found}")]
    Tensor {
        /// Its name.
        tensor: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A tensor whose values are not in the file. Another file is never opened because a model says so.
    #[error("tensor `{tensor}`: its data lies in another file")]
    External {
        /// Its name.
        tensor: String,
    },
    /// A node of another tool's model that is nothing which layers here do.
    #[error("node `{node}` ({op}) keeps the model from being trained or pruned here: {why}")]
    Kept {
        /// The node's name, or that of the tensor that it makes.
        node: String,
        /// Its operator.
        op: String,
        /// Why.
        why: String,
    },
    /// A model of another tool that says of each class by itself whether it is that.
    #[error(
        "node `{node}` (`Sigmoid`) gives a number a class, which do not sum to 1, and probabilities are asked for"
    )]
    Independent {
        /// The node's name, or that of the tensor that it makes.
        node: String,
    },
    /// Another tool's model, for other rows.
    #[error("the model takes rows of {expected} numbers, and the data makes rows of {found}")]
    Rows {
        /// Numbers in a row of the model's.
        expected: usize,
        /// Those of the data's.
        found: usize,
    },
    /// The file as any tool would read it.
    #[error(transparent)]
    File(#[from] lessen_graph::GraphError),
    /// The layers are all known but do not fit together.
    #[error("the model's layers do not fit together")]
    Network(#[from] NetworkError),
}

impl OnnxError {
    /// Advice, where there is some.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Foreign { .. } => {
                Some("as another tool's model it can be read where data says what its rows stand for")
            }
            Self::Kept { .. } => Some("it can be a teacher as it is: `lessen mimic DATA --teacher MODEL`"),
            Self::File(error) => error.hint(),
            Self::External { .. } => Some("save the model as one file, without external data"),
            _ => None,
        }
    }
}
