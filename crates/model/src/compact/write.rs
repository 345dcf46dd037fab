//! A network as a compact file.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::codes::{Packer, WIDTHS, count};
use super::header::{Header, HeaderDense, HeaderLayer, HeaderNode, Written};
use super::{GONE, MAGIC, VERSION};
use crate::{Dense, Layer, Network, Weights};

/// The network as the bytes of a compact file, as [`super`] describes it; equal networks make equal bytes.
///
/// Weights and biases that are not finite are written as they are, but such a file is not read.
pub fn write(network: &Network) -> Vec<u8> {
    let nodes = network.nodes().iter().map(|node| HeaderNode {
        name: Cow::Borrowed(&node.name),
        inputs: Cow::Borrowed(&node.inputs),
        layer: layer(&node.layer),
    });
    let header = Header {
        encoding: Cow::Borrowed(network.encoding()),
        answer: Cow::Borrowed(network.answer()),
        nodes: nodes.collect(),
    };
    let json = serde_json::to_vec(&header).unwrap_or_default();
    let mut file = Vec::from(MAGIC);
    file.extend(VERSION.to_le_bytes());
    file.extend((json.len() as u32).to_le_bytes());
    file.extend(json);
    for (node, written) in network.nodes().iter().zip(&header.nodes) {
        if let (Layer::Dense(dense), HeaderLayer::Dense(header)) = (&node.layer, written.layer) {
            block(header.written, dense, &mut file);
        }
    }
    let digest = Sha256::digest(&file);
    file.extend(digest);
    file
}

fn layer(layer: &Layer) -> HeaderLayer {
    match layer {
        Layer::Dense(dense) => HeaderLayer::Dense(HeaderDense {
            outputs: dense.bias.len(),
            inputs: dense.weights.shape().get(1).copied().unwrap_or_default(),
            masked: dense.weights.mask().is_some(),
            written: smallest(&dense.weights),
        }),
        Layer::Relu => HeaderLayer::Relu,
        Layer::Tanh => HeaderLayer::Tanh,
        Layer::LeakyRelu(slope) => HeaderLayer::LeakyRelu(*slope),
        Layer::Sigmoid => HeaderLayer::Sigmoid,
        Layer::Softmax => HeaderLayer::Softmax,
        Layer::Dropout(rate) => HeaderLayer::Dropout(*rate),
    }
}

/// Which weights have a code: those that are left, or, where nothing was pruned, those that are not zero.
fn has_code(weights: &Weights, index: usize) -> bool {
    weights.mask().map_or_else(|| weights.values()[index].to_bits() != 0, |mask| mask.has(index))
}

/// Lengths of the gaps before each weight that has a code, and before the end.
fn gaps(weights: &Weights) -> impl Iterator<Item = usize> {
    let end = weights.values().len();
    let coded = (0..end).filter(|&index| has_code(weights, index)).chain([end]);
    coded.scan(0, |next, index| Some(index - std::mem::replace(next, index + 1)))
}

/// The way to write the weights that takes the fewest bytes; of several the first.
fn smallest(weights: &Weights) -> Written {
    let mut codes = WIDTHS.map(|bits| (bits, 0)).collect::<Vec<_>>();
    let mut left = 0;
    for gone in gaps(weights) {
        left += 1;
        codes.iter_mut().for_each(|(bits, codes)| *codes += count(gone, *bits));
    }
    let left = left - 1;
    let gaps = codes.into_iter().map(|(bits, codes)| Written::Gaps { bits, codes, left });
    let length = |written: &Written| written.length(weights.values().len());
    std::iter::once(Written::Plain).chain(gaps).min_by_key(length).unwrap_or(Written::Plain)
}

fn block(written: Written, dense: &Dense, file: &mut Vec<u8>) {
    let weights = &dense.weights;
    let is_gone = |index| weights.mask().is_some_and(|mask| !mask.has(index));
    match written {
        Written::Plain => {
            for (index, weight) in weights.values().iter().enumerate() {
                let bits = if is_gone(index) { GONE } else { weight.to_bits() };
                file.extend(bits.to_le_bytes());
            }
        }
        Written::Gaps { bits, .. } => {
            let mut packer = Packer::new(file, bits);
            gaps(weights).for_each(|gone| packer.gap(gone));
            packer.finish();
            let coded = weights.values().iter().enumerate().filter(|(index, _)| has_code(weights, *index));
            coded.for_each(|(_, weight)| file.extend(weight.to_le_bytes()));
        }
    }
    dense.bias.iter().for_each(|bias| file.extend(bias.to_le_bytes()));
}
