//! A network of a compact file.

use std::fmt::Display;

use sha2::{Digest, Sha256};

use super::codes::{WIDTHS, code, filler};
use super::header::{Header, HeaderDense, HeaderLayer, HeaderNode, Written};
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
    let mut reader = Reader { bytes, place: 0 };
    let magic = reader.take(MAGIC.len(), "the mark of a compact file")?;
    if magic != MAGIC {
        return Err(at(0, "`LESSENSM`", format!("`{}`", magic.escape_ascii())));
    }
    let version = reader.number("the version")?;
    if version != VERSION {
        return Err(CompactError::Version { byte: MAGIC.len(), expected: VERSION, found: version });
    }
    reader.check_digest()?;
    let length = reader.number("the header's length")? as usize;
    let begin = reader.place;
    let json = reader.take(length, "a header")?;
    let header: Header<'_> = serde_json::from_slice(json).map_err(|error| at(begin, "a header", error))?;
    if header.nodes.len() > MOST_NODES {
        return Err(at(begin, format!("at most {MOST_NODES} nodes"), header.nodes.len()));
    }
    let nodes =
        header.nodes.into_iter().map(|node| reader.node(begin, node)).collect::<Result<Vec<_>, _>>()?;
    if reader.place != reader.bytes.len() {
        return Err(at(reader.place, "the digest", format!("{} more bytes", reader.left())));
    }
    Ok(Network::new(nodes, header.encoding.into_owned(), header.answer.into_owned())?)
}

fn at(byte: usize, expected: impl Display, found: impl Display) -> CompactError {
    CompactError::At { byte, expected: expected.to_string(), found: found.to_string() }
}

struct Reader<'a> {
    /// The file; without its digest once that is checked.
    bytes: &'a [u8],
    place: usize,
}

impl<'a> Reader<'a> {
    fn left(&self) -> usize {
        self.bytes.len() - self.place
    }

    fn take(&mut self, length: usize, what: impl Display) -> Result<&'a [u8], CompactError> {
        if length > self.left() {
            let expected = format!("{what} of {length} bytes");
            return Err(at(self.place, expected, format!("{} bytes", self.left())));
        }
        let start = self.place;
        self.place += length;
        Ok(&self.bytes[start..self.place])
    }

    fn number(&mut self, what: &str) -> Result<u32, CompactError> {
        Ok(self.take(4, what)?.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte)))
    }

    /// Takes the digest off the end, if it is that of all before.
    fn check_digest(&mut self) -> Result<(), CompactError> {
        let (content, found) = self
            .bytes
            .split_last_chunk::<DIGEST>()
            .filter(|(content, _)| content.len() >= self.place)
            .ok_or_else(|| at(self.place, format!("at least {DIGEST} bytes"), self.left()))?;
        let expected = Sha256::digest(content);
        if expected[..] != found[..] {
            let hex = |digest: &[u8]| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            let (expected, found) = (hex(&expected), hex(found));
            return Err(CompactError::Digest { byte: content.len(), expected, found });
        }
        self.bytes = content;
        Ok(())
    }

    fn node(&mut self, header: usize, node: HeaderNode<'_>) -> Result<Node, CompactError> {
        let layer = match node.layer {
            HeaderLayer::Dense(dense) => Layer::Dense(self.dense(header, &node.name, dense)?),
            HeaderLayer::Relu => Layer::Relu,
            HeaderLayer::Tanh => Layer::Tanh,
            HeaderLayer::LeakyRelu(slope) => Layer::LeakyRelu(slope),
            HeaderLayer::Sigmoid => Layer::Sigmoid,
            HeaderLayer::Softmax => Layer::Softmax,
            HeaderLayer::Dropout(rate) => Layer::Dropout(rate),
        };
        Ok(Node { name: node.name.into_owned(), layer, inputs: node.inputs.into_owned() })
    }

    fn dense(&mut self, header: usize, name: &str, dense: HeaderDense) -> Result<Dense, CompactError> {
        let HeaderDense { outputs, inputs, masked, written } = dense;
        let weights = outputs.checked_mul(inputs).filter(|&weights| weights <= MOST_WEIGHTS);
        let Some(weights) = weights else {
            let expected = format!("at most {MOST_WEIGHTS} weights in `{name}`");
            return Err(at(header, expected, format!("{outputs} by {inputs}")));
        };
        let begin = self.place;
        let length = written.length(weights).unwrap_or(usize::MAX);
        let block = self.take(length, format!("weights of `{name}`"))?;
        let weights = match written {
            Written::Plain => Block { begin, bytes: block, name }.plain(outputs, inputs, masked),
            Written::Gaps { bits, codes, left } => {
                if !WIDTHS.contains(&bits) {
                    return Err(at(header, format!("codes of 1 to 8 bits in `{name}`"), bits));
                }
                let (packed, values) = block.split_at(length - 4 * left);
                let positions = positions(packed, bits, codes, left, weights).map_err(|problem| {
                    let expected = format!("codes that end with the {left} weights left of `{name}`");
                    at(begin, expected, problem)
                })?;
                Block { begin: begin + packed.len(), bytes: values, name }
                    .at(&positions, outputs, inputs, masked)
            }
        }?;
        let begin = self.place;
        let bias = self.take(outputs.saturating_mul(4), format!("a bias of `{name}`"))?;
        let bias = Block { begin, bytes: bias, name }.finite()?;
        Ok(Dense { weights, bias })
    }
}

/// Where the weights are that are left, of `weights`.
///
/// # Errors
/// What the codes say instead.
fn positions(
    packed: &[u8],
    bits: u32,
    codes: usize,
    left: usize,
    weights: usize,
) -> Result<Vec<usize>, String> {
    let mut positions = Vec::with_capacity(left);
    let mut next = 0;
    for place in 0..codes {
        let code = code(packed, bits, place);
        next += code;
        if next > weights {
            return Err(format!("a code {place} that leads to weight {next} of {weights}"));
        }
        if code == filler(bits) {
            continue;
        }
        if next == weights {
            let others = codes - place - 1;
            return match (others, positions.len()) {
                (0, found) if found == left => Ok(positions),
                (0, found) => Err(format!("{found} weights")),
                _ => Err(format!("{others} codes behind the last weight")),
            };
        }
        if positions.len() == left {
            return Err(format!("a code {place} for one more weight"));
        }
        positions.push(next);
        next += 1;
    }
    Err(format!("no code behind weight {next} of {weights}"))
}

/// Numbers of the file, four bytes each.
struct Block<'a> {
    begin: usize,
    bytes: &'a [u8],
    name: &'a str,
}

impl Block<'_> {
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
