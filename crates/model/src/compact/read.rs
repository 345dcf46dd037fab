//! A network of a compact file.

use std::fmt::Display;
use std::ops::Range;

use sha2::{Digest, Sha256};

use super::codes::{Codes, WIDTHS};
use super::header::{Header, HeaderDense, HeaderLayer, HeaderNode, Written};
use super::layout::{DenseLayout, Layout, LayoutLayer, LayoutNode};
use super::{CompactError, DIGEST, GONE, MAGIC, MOST_NODES, MOST_WEIGHTS, VERSION};
use crate::{Dense, Layer, Network, Node, Weights};

/// The network in the bytes of a compact file that [`write()`](super::write()) made.
///
/// Memory is bounded by the size of `bytes`: at most [`MOST_EXPANSION`](super::MOST_EXPANSION) times it, and in
/// each layer at most [`MOST_WEIGHTS`] weights. Damage of any kind is found by the digest at the end.
///
/// # Errors
/// [`CompactError`], with the byte at which something else was expected; also where a weight or bias is not finite.
pub fn read(bytes: &[u8]) -> Result<Network, CompactError> {
    check_digest(bytes, content(bytes)?)?;
    let Layout { encoding, answer, nodes } = Layout::of(bytes)?;
    let node = |LayoutNode { name, inputs, layer }| {
        let layer = match layer {
            LayoutLayer::Dense(dense) => Layer::Dense(unpacked(bytes, &name, &dense)?),
            LayoutLayer::Other(layer) => layer,
        };
        Ok(Node { name, layer, inputs })
    };
    let nodes = nodes.into_iter().map(node).collect::<Result<Vec<_>, CompactError>>()?;
    Ok(Network::new(nodes, encoding, answer)?)
}

/// Where everything is in `bytes`, of which neither the digest nor the weights are looked at.
///
/// # Errors
/// As [`read`].
pub(super) fn layout(bytes: &[u8]) -> Result<Layout, CompactError> {
    let content = content(bytes)?;
    let mut reader = Reader { bytes: content, place: MAGIC.len() + 4 };
    let length = reader.number("the header's length")? as usize;
    let begin = reader.place;
    let json = &content[reader.take(length, "a header")?];
    let header: Header<'_> = serde_json::from_slice(json).map_err(|error| at(begin, "a header", error))?;
    if header.nodes.len() > MOST_NODES {
        return Err(at(begin, format!("at most {MOST_NODES} nodes"), header.nodes.len()));
    }
    let nodes =
        header.nodes.into_iter().map(|node| reader.node(begin, node)).collect::<Result<Vec<_>, _>>()?;
    if reader.place != content.len() {
        return Err(at(reader.place, "the digest", format!("{} more bytes", reader.left())));
    }
    Ok(Layout { encoding: header.encoding.into_owned(), answer: header.answer.into_owned(), nodes })
}

/// Whether a dense layer's codes lead to as many weights as there are, and its numbers are finite.
///
/// # Errors
/// As [`read`].
pub(super) fn check(bytes: &[u8], name: &str, dense: &DenseLayout) -> Result<(), CompactError> {
    let numbers = match dense.written {
        Written::Plain => dense.weights.clone(),
        Written::Gaps { bits, codes, left } => {
            let values = dense.weights.end - 4 * left;
            let weights = dense.outputs * dense.inputs;
            let read = || Codes::new(&bytes[dense.weights.start..values], bits);
            if !read().lead_to(codes, left, weights) {
                let expected = format!("codes that end with the {left} weights left of `{name}`");
                return Err(at(dense.weights.start, expected, misled(read(), codes, left, weights)));
            }
            values..dense.weights.end
        }
    };
    check_numbers(bytes, numbers, name, dense.masked && !dense.is_sparse())?;
    check_numbers(bytes, dense.bias.clone(), name, false)
}

/// The layer whose numbers were checked.
fn unpacked(bytes: &[u8], name: &str, dense: &DenseLayout) -> Result<Dense, CompactError> {
    let mut values = vec![0.0; dense.outputs * dense.inputs];
    let mut is_left = vec![false; if dense.masked { values.len() } else { 0 }];
    dense.for_each(bytes, |index, value| {
        values[index] = value;
        if let Some(is_left) = is_left.get_mut(index) {
            *is_left = true;
        }
    });
    let shape = vec![dense.outputs, dense.inputs];
    let unfit = || at(dense.weights.start, format!("{shape:?} weights in `{name}`"), "others");
    let mut weights = Weights::new(shape.clone(), values).ok_or_else(unfit)?;
    if dense.masked {
        weights.shrink(|index| is_left[index]);
    }
    Ok(Dense { weights, bias: dense.bias(bytes).collect() })
}

/// Everything but the digest, of bytes that begin as such a file does.
fn content(bytes: &[u8]) -> Result<&[u8], CompactError> {
    let mut reader = Reader { bytes, place: 0 };
    let magic = &bytes[reader.take(MAGIC.len(), "the mark of a compact file")?];
    if magic != MAGIC {
        return Err(at(0, "`LESSENSM`", format!("`{}`", magic.escape_ascii())));
    }
    let version = reader.number("the version")?;
    if version != VERSION {
        return Err(CompactError::Version { byte: MAGIC.len(), expected: VERSION, found: version });
    }
    let content = bytes.split_last_chunk::<DIGEST>().map(|(content, _)| content);
    content
        .filter(|content| content.len() >= reader.place)
        .ok_or_else(|| at(reader.place, format!("at least {DIGEST} bytes"), reader.left()))
}

fn check_digest(bytes: &[u8], content: &[u8]) -> Result<(), CompactError> {
    let (expected, found) = (Sha256::digest(content), &bytes[content.len()..]);
    if expected[..] == found[..] {
        return Ok(());
    }
    let hex = |digest: &[u8]| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Err(CompactError::Digest { byte: content.len(), expected: hex(&expected), found: hex(found) })
}

fn at(byte: usize, expected: impl Display, found: impl Display) -> CompactError {
    CompactError::At { byte, expected: expected.to_string(), found: found.to_string() }
}

struct Reader<'a> {
    bytes: &'a [u8],
    place: usize,
}

impl Reader<'_> {
    fn left(&self) -> usize {
        self.bytes.len() - self.place
    }

    /// Where the next `length` bytes are.
    fn take(&mut self, length: usize, what: impl Display) -> Result<Range<usize>, CompactError> {
        if length > self.left() {
            let expected = format!("{what} of {length} bytes");
            return Err(at(self.place, expected, format!("{} bytes", self.left())));
        }
        let start = self.place;
        self.place += length;
        Ok(start..self.place)
    }

    fn number(&mut self, what: &str) -> Result<u32, CompactError> {
        let four = self.take(4, what)?;
        Ok(self.bytes[four].iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte)))
    }

    fn node(&mut self, header: usize, node: HeaderNode<'_>) -> Result<LayoutNode, CompactError> {
        let layer = LayoutLayer::Other(match node.layer {
            HeaderLayer::Dense(dense) => {
                let layer = LayoutLayer::Dense(self.dense(header, &node.name, dense)?);
                return Ok(LayoutNode {
                    name: node.name.into_owned(),
                    layer,
                    inputs: node.inputs.into_owned(),
                });
            }
            HeaderLayer::Relu => Layer::Relu,
            HeaderLayer::Tanh => Layer::Tanh,
            HeaderLayer::LeakyRelu(slope) => Layer::LeakyRelu(slope),
            HeaderLayer::Sigmoid => Layer::Sigmoid,
            HeaderLayer::Softmax => Layer::Softmax,
            HeaderLayer::Dropout(rate) => Layer::Dropout(rate),
        });
        Ok(LayoutNode { name: node.name.into_owned(), layer, inputs: node.inputs.into_owned() })
    }

    fn dense(&mut self, header: usize, name: &str, dense: HeaderDense) -> Result<DenseLayout, CompactError> {
        let HeaderDense { outputs, inputs, masked, written } = dense;
        let weights = outputs.checked_mul(inputs).filter(|&weights| weights <= MOST_WEIGHTS);
        let Some(weights) = weights else {
            let expected = format!("at most {MOST_WEIGHTS} weights in `{name}`");
            return Err(at(header, expected, format!("{outputs} by {inputs}")));
        };
        let length = written.length(weights).unwrap_or(usize::MAX);
        let weights = self.take(length, format!("weights of `{name}`"))?;
        if let Written::Gaps { bits, .. } = written
            && !WIDTHS.contains(&bits)
        {
            return Err(at(header, format!("codes of 1 to 8 bits in `{name}`"), bits));
        }
        let bias = self.take(outputs.saturating_mul(4), format!("a bias of `{name}`"))?;
        Ok(DenseLayout { outputs, inputs, masked, written, weights, bias })
    }
}

/// What codes that do not lead past `left` of `weights` weights, to just behind the last, do instead.
fn misled(mut read: Codes<'_>, codes: usize, left: usize, weights: usize) -> String {
    let (mut next, mut found) = (0, 0);
    for place in 0..codes {
        let code = read.code();
        next += code;
        if next > weights {
            return format!("a code {place} that leads to weight {next} of {weights}");
        }
        if code == read.filler() {
            continue;
        }
        if next == weights {
            return match codes - place - 1 {
                0 => format!("{found} weights"),
                others => format!("{others} codes behind the last weight"),
            };
        }
        if found == left {
            return format!("a code {place} for one more weight");
        }
        (next, found) = (next + 1, found + 1);
    }
    format!("no code behind weight {next} of {weights}")
}

/// Whether each number, four bytes of the file, is finite or, where some are `masked`, gone.
fn check_numbers(bytes: &[u8], at_bytes: Range<usize>, name: &str, masked: bool) -> Result<(), CompactError> {
    let words = || bytes[at_bytes.clone()].as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word));
    let is_good = |word| f32::from_bits(word).is_finite() || (masked && word == GONE);
    // All of them first, which the compiler does many at a time.
    if words().fold(true, |good, word| good & is_good(word)) {
        return Ok(());
    }
    let bad = words().enumerate().find(|&(_, word)| !is_good(word));
    bad.map_or(Ok(()), |(place, word)| {
        let found = f32::from_bits(word);
        Err(at(at_bytes.start + 4 * place, format!("finite numbers in `{name}`"), found))
    })
}
