//! A network of a compact file.

use std::fmt::Display;
use std::ops::Range;

use sha2::{Digest, Sha256};

use super::codes::{Codes, WIDTHS, filler};
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
    check_mark(bytes)?;
    check_digest(bytes)?;
    let Layout { encoding, answer, nodes } = layout(bytes)?;
    let node = |node: LayoutNode| {
        let layer = match node.layer {
            LayoutLayer::Dense(dense) => Layer::Dense(unpacked(bytes, &node.name, &dense)?),
            LayoutLayer::Other(layer) => layer,
        };
        Ok(Node { name: node.name, layer, inputs: node.inputs })
    };
    let nodes = nodes.into_iter().map(node).collect::<Result<Vec<_>, CompactError>>()?;
    Ok(Network::new(nodes, encoding, answer)?)
}

/// Where everything is in `bytes`, of which neither the digest nor the weights are looked at.
///
/// # Errors
/// As [`read`].
pub(super) fn layout(bytes: &[u8]) -> Result<Layout, CompactError> {
    check_mark(bytes)?;
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
            let read = Codes::new(&bytes[dense.weights.start..values], bits);
            if !read.lead_to(codes, left, dense.outputs * dense.inputs) {
                walk(bytes, name, dense, |_| {})?;
            }
            values..dense.weights.end
        }
    };
    let masked = dense.masked && !dense.is_sparse();
    Block::of(bytes, numbers, name).check(masked)?;
    Block::of(bytes, dense.bias.clone(), name).check(false)
}

fn unpacked(bytes: &[u8], name: &str, dense: &DenseLayout) -> Result<Dense, CompactError> {
    let DenseLayout { outputs, inputs, masked, written, ref weights, ref bias } = *dense;
    let weights = match written {
        Written::Plain => Block::of(bytes, weights.clone(), name).plain(outputs, inputs, masked),
        Written::Gaps { left, .. } => {
            let mut positions = Vec::with_capacity(left);
            walk(bytes, name, dense, |position| positions.push(position))?;
            let values = Block::of(bytes, weights.end - 4 * left..weights.end, name);
            values.at(&positions, outputs, inputs, masked)
        }
    }?;
    Ok(Dense { weights, bias: Block::of(bytes, bias.clone(), name).finite()? })
}

fn check_mark(bytes: &[u8]) -> Result<(), CompactError> {
    let mut reader = Reader { bytes, place: 0 };
    let magic = &bytes[reader.take(MAGIC.len(), "the mark of a compact file")?];
    if magic != MAGIC {
        return Err(at(0, "`LESSENSM`", format!("`{}`", magic.escape_ascii())));
    }
    let version = reader.number("the version")?;
    if version != VERSION {
        return Err(CompactError::Version { byte: MAGIC.len(), expected: VERSION, found: version });
    }
    Ok(())
}

/// Everything but the digest.
fn content(bytes: &[u8]) -> Result<&[u8], CompactError> {
    let begin = MAGIC.len() + 4;
    let content = bytes.split_last_chunk::<DIGEST>().map(|(content, _)| content);
    content
        .filter(|content| content.len() >= begin)
        .ok_or_else(|| at(begin, format!("at least {DIGEST} bytes"), bytes.len() - begin))
}

fn check_digest(bytes: &[u8]) -> Result<(), CompactError> {
    let content = content(bytes)?;
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

/// Calls `each` with the places of the weights that are left.
///
/// # Errors
/// Where the codes say something else than the header does.
fn walk(bytes: &[u8], name: &str, dense: &DenseLayout, each: impl FnMut(usize)) -> Result<(), CompactError> {
    let Written::Gaps { bits, codes, left } = dense.written else { return Ok(()) };
    let begin = dense.weights.start;
    let packed = &bytes[begin..dense.weights.end - 4 * left];
    let counts = Counts { codes, left, weights: dense.outputs * dense.inputs };
    positions(Codes::new(packed, bits), bits, counts, each).map_err(|problem| {
        at(begin, format!("codes that end with the {left} weights left of `{name}`"), problem)
    })
}

struct Counts {
    codes: usize,
    left: usize,
    weights: usize,
}

/// Where the weights are that are left.
///
/// # Errors
/// What the codes say instead.
fn positions(
    mut read: Codes<'_>,
    bits: u32,
    Counts { codes, left, weights }: Counts,
    mut each: impl FnMut(usize),
) -> Result<(), String> {
    let (mut next, mut found) = (0, 0);
    for place in 0..codes {
        let code = read.code();
        next += code;
        if next > weights {
            return Err(format!("a code {place} that leads to weight {next} of {weights}"));
        }
        if code == filler(bits) {
            continue;
        }
        if next == weights {
            let others = codes - place - 1;
            return match others {
                0 if found == left => Ok(()),
                0 => Err(format!("{found} weights")),
                _ => Err(format!("{others} codes behind the last weight")),
            };
        }
        if found == left {
            return Err(format!("a code {place} for one more weight"));
        }
        each(next);
        (next, found) = (next + 1, found + 1);
    }
    Err(format!("no code behind weight {next} of {weights}"))
}

/// Numbers of the file, four bytes each.
struct Block<'a> {
    begin: usize,
    bytes: &'a [u8],
    name: &'a str,
}

impl<'a> Block<'a> {
    fn of(bytes: &'a [u8], at: Range<usize>, name: &'a str) -> Self {
        Self { begin: at.start, bytes: &bytes[at], name }
    }

    /// Whether each is finite or, in a masked layer, gone.
    fn check(&self, masked: bool) -> Result<(), CompactError> {
        let is_good = |word| f32::from_bits(word).is_finite() || (masked && word == GONE);
        // All of them first, which the compiler does many at a time.
        if self.words().fold(true, |good, word| good & is_good(word)) {
            return Ok(());
        }
        let bad = self.words().enumerate().find(|&(_, word)| !is_good(word));
        bad.map_or(Ok(()), |(place, word)| self.number(place, word).map(drop))
    }

    fn words(&self) -> impl Iterator<Item = u32> {
        self.bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word))
    }

    /// The numbers, if each is finite.
    fn finite(&self) -> Result<Vec<f32>, CompactError> {
        self.words().enumerate().map(|(place, word)| self.number(place, word)).collect()
    }

    fn number(&self, place: usize, word: u32) -> Result<f32, CompactError> {
        let value = f32::from_bits(word);
        let error = || at(self.begin + 4 * place, format!("finite numbers in `{}`", self.name), value);
        if value.is_finite() { Ok(value) } else { Err(error()) }
    }

    fn plain(&self, outputs: usize, inputs: usize, masked: bool) -> Result<Weights, CompactError> {
        let is_gone = |word| masked && word == GONE;
        let value = |(place, word)| if is_gone(word) { Ok(0.0) } else { self.number(place, word) };
        let values = self.words().enumerate().map(value).collect::<Result<_, _>>()?;
        let mut weights = self.shaped(outputs, inputs, values)?;
        if masked {
            let word = |index: usize| self.bytes.as_chunks::<4>().0[index];
            weights.shrink(|index| !is_gone(u32::from_le_bytes(word(index))));
        }
        Ok(weights)
    }

    /// The numbers at these places, zeros elsewhere.
    fn at(
        &self,
        positions: &[usize],
        outputs: usize,
        inputs: usize,
        masked: bool,
    ) -> Result<Weights, CompactError> {
        let mut values = vec![0.0; outputs * inputs];
        for (&position, value) in positions.iter().zip(self.finite()?) {
            values[position] = value;
        }
        let mut weights = self.shaped(outputs, inputs, values)?;
        if masked {
            let mut is_left = vec![false; outputs * inputs];
            positions.iter().for_each(|&position| is_left[position] = true);
            weights.shrink(|index| is_left[index]);
        }
        Ok(weights)
    }

    fn shaped(&self, outputs: usize, inputs: usize, values: Vec<f32>) -> Result<Weights, CompactError> {
        let error = || at(self.begin, format!("{outputs} by {inputs} weights in `{}`", self.name), "others");
        Weights::new(vec![outputs, inputs], values).ok_or_else(error)
    }
}
