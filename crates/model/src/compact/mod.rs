//! The compact file: a network of which little is left takes little room. Its extension is `.lsm`, "lessen small model".
//!
//! An ONNX tensor holds every weight that a layer once had; here a weight that is gone takes a fraction of a bit to some
//! bits, and one that is left takes those and its four bytes. All numbers are little-endian:
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `LESSENSM`; no protocol buffer, which an ONNX file is one of, begins so |
//! | 4 | version of the format: 1 |
//! | 4 | length of the header |
//! | ... | the header, JSON: `encoding`, `answer`, and `nodes` with `name`, `inputs`, `layer` |
//! | ... | for each dense node, in order: codes, weights, bias |
//! | 32 | SHA-256 of everything before |
//!
//! The header's `layer` is `relu`, `tanh`, `sigmoid`, `softmax`, `leaky_relu` with its slope, `dropout` with its rate, or `dense`
//! with `outputs`, `inputs`, `masked` and how its weights are `written`, whichever takes the fewest bytes:
//!
//! - `plain`: every weight as four bytes, row by row. In a masked layer one that is gone is the four bytes `ff`, a NaN,
//!   which no weight is.
//! - `gaps` with `bits`, `codes`, `left`: as many `codes` of `bits` (1 to 8) bits each, the first in the lowest bits of the
//!   first byte, filled up to whole bytes; then the weights that are left, four bytes each. This is the relative
//!   index of Han et al. 2015 ("Learning both Weights and Connections", "Deep Compression"), with codes of the width
//!   that suits the layer and fillers that carry no weight. A code below `2^bits - 1` says how many weights are
//!   gone before the next that is left; `2^bits - 1` that as many are gone and none of them follows. Weights
//!   are counted row by row, a gap may reach into the next row, and the codes end with that of a weight just behind the
//!   last. Codes of 1 bit are a bit mask.
//!
//! In a layer that was never pruned, "gone" are the zeros (not `-0.0`). A weight that is left and happens to be zero is
//! among those left, so reading makes exactly the network that was written: the same bits, the same masks.
//!
//! A code of 8 bits stands for at most 255 weights, so a network takes at most [`MOST_EXPANSION`] times the bytes of its
//! file, whatever the file claims; a layer of more than [`MOST_WEIGHTS`] weights is refused.
//!
//! # In place
//! [`Layout`] tells where everything is, and weights are decoded from there as they are asked for: a program can predict from
//! a file that is mapped into memory and unpack nothing (`Mapped` in `lessen-engine`).
//!
//! # Sizes
//! LeNet-300-100 (784-300-100-10) with 8 % of its 266,200 weights left, chosen at random, takes 101,959 bytes, all
//! counted (measured; 85,184 of them are the weights themselves), and 1,067,070 with all of them left. The relative index of Han et al. with codes
//! of 5 bits and weights of zero as fillers takes about 100.7 kB, compressed rows with columns of 16 bits 132 kB, all
//! weights 1,065 kB.
//!
//! # Example
//! ```
//! use lessen_data::{Answer, ColumnEncoding, Encoding};
//! use lessen_model::{Dense, Layer, Network, Node, Weights, compact};
//!
//! let encoding = Encoding::try_from(vec![ColumnEncoding::Pixels { count: 64, shift: 0.0, scale: 1.0 }])?;
//! let mut weights = Weights::new(vec![1, 64], vec![0.5; 64]).ok_or("the shape holds the values")?;
//! weights.shrink(|index| index % 16 == 3);
//! let dense = Layer::Dense(Dense { weights, bias: vec![0.0] });
//! let node = Node { name: "few".into(), layer: dense, inputs: vec![0] };
//! let network = Network::new(vec![node], encoding, Answer::Value("price".into()))?;
//!
//! let bytes = compact::write(&network);
//! assert_eq!(compact::read(&bytes)?, network);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod codes;
mod error;
mod header;
mod layout;
mod read;
mod write;

pub use error::CompactError;
pub use layout::{DenseLayout, Layout, LayoutLayer, LayoutNode, SparseRows};
pub use read::read;
pub use write::write;

/// What a compact file begins with.
const MAGIC: [u8; 8] = *b"LESSENSM";

/// The version of the format that is written, and the only one that is read.
const VERSION: u32 = 1;

/// Bytes of the digest at the end.
const DIGEST: usize = 32;

/// Most weights of a layer; one of more is refused.
pub const MOST_WEIGHTS: usize = 1 << 28;

/// Bytes of weights that a byte of a file can stand for: codes of 8 bits, each 255 weights of four bytes.
pub const MOST_EXPANSION: usize = 255 * 4;

/// Nodes that a file may have; each is compared with each by name.
const MOST_NODES: usize = 1 << 12;

/// What a weight that is gone is in a masked layer that is written plainly.
const GONE: u32 = u32::MAX;

/// Whether bytes are a compact file, or the beginning of one.
pub(crate) fn is_compact(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}
