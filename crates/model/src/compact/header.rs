//! The JSON in front of the weights.

use std::borrow::Cow;

use lessen_data::{Answer, Encoding};
use serde::{Deserialize, Serialize};

/// Everything of a network but its numbers, and where in the file those are.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header<'n> {
    pub(super) encoding: Cow<'n, Encoding>,
    pub(super) answer: Cow<'n, Answer>,
    pub(super) nodes: Vec<HeaderNode<'n>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderNode<'n> {
    pub(super) name: Cow<'n, str>,
    /// As in [`Node`](crate::Node).
    pub(super) inputs: Cow<'n, [usize]>,
    pub(super) layer: HeaderLayer,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum HeaderLayer {
    Dense(HeaderDense),
    Relu,
    #[serde(rename = "leaky_relu")]
    LeakyRelu(f32),
    Tanh,
    Sigmoid,
    Softmax,
    Dropout(f32),
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderDense {
    pub(super) outputs: usize,
    pub(super) inputs: usize,
    pub(super) masked: bool,
    pub(super) written: Written,
}

/// How a layer's weights are written; see [`super`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Written {
    Plain,
    Gaps { bits: u32, codes: usize, left: usize },
}

impl Written {
    /// Bytes that `weights` weights take so; `None` where no file can be as long.
    pub(super) fn length(self, weights: usize) -> Option<usize> {
        match self {
            Self::Plain => weights.checked_mul(4),
            Self::Gaps { bits, codes, left } => {
                let codes = codes.checked_mul(bits as usize)?.div_ceil(8);
                left.checked_mul(4)?.checked_add(codes)
            }
        }
    }
}
