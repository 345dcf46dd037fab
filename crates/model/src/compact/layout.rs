//! Where everything is in a compact file, so that it can be read where it lies.

use std::ops::Range;

use lessen_data::{Answer, Encoding};
use lessen_units::Operations;

use super::codes::Codes;
use super::header::Written;
use super::{CompactError, GONE, read};
use crate::Layer;
use crate::network::operations_of;

/// What a compact file holds, and where; its weights stay in the file.
#[derive(Clone, Debug)]
pub struct Layout {
    /// How raw rows become the network's input.
    pub encoding: Encoding,
    /// What the outputs stand for.
    pub answer: Answer,
    /// Nodes in topological order.
    pub nodes: Vec<LayoutNode>,
}

/// One node, as a [`Node`](crate::Node) but for the numbers of a dense layer.
#[derive(Clone, Debug)]
pub struct LayoutNode {
    /// Unique in the network.
    pub name: String,
    /// As in [`Node`](crate::Node).
    pub inputs: Vec<usize>,
    /// What it does.
    pub layer: LayoutLayer,
}

/// What a node does.
#[derive(Clone, Debug)]
pub enum LayoutLayer {
    /// `y = W x + b`, the numbers in the file.
    Dense(DenseLayout),
    /// Anything else; never [`Layer::Dense`].
    Other(Layer),
}

/// Where the numbers of a dense layer are.
#[derive(Clone, Debug)]
pub struct DenseLayout {
    /// Rows of the weights.
    pub outputs: usize,
    /// Columns of the weights.
    pub inputs: usize,
    pub(super) masked: bool,
    pub(super) written: Written,
    /// Bytes of the file.
    pub(super) weights: Range<usize>,
    pub(super) bias: Range<usize>,
}

impl Layout {
    /// Reads what is in front of the weights and looks at all of them once: codes must lead to as many weights as there are, and
    /// numbers be finite. The digest is not computed: [`compact::read()`](super::read()) does that.
    ///
    /// # Errors
    /// [`CompactError`], as [`compact::read()`](super::read()) has it, for damage that this finds.
    pub fn of(bytes: &[u8]) -> Result<Self, CompactError> {
        let layout = read::layout(bytes)?;
        for node in &layout.nodes {
            if let LayoutLayer::Dense(dense) = &node.layer {
                read::check(bytes, &node.name, dense)?;
            }
        }
        Ok(layout)
    }

    /// One prediction at the price of the weights that the file holds.
    pub fn operations(&self) -> Operations {
        let mut widths = vec![self.encoding.width()];
        let mut of_node = |node: &LayoutNode| {
            let given = node.inputs.first().and_then(|&input| widths.get(input)).copied().unwrap_or(0);
            let (operations, width) = match &node.layer {
                LayoutLayer::Dense(dense) => {
                    let (macs, adds) = (dense.weights_held() as u64, dense.outputs as u64);
                    (Operations { macs, adds, comparisons: 0 }, dense.outputs)
                }
                LayoutLayer::Other(layer) => (operations_of(layer, given), given),
            };
            widths.push(width);
            operations
        };
        self.nodes.iter().map(&mut of_node).sum()
    }
}

impl DenseLayout {
    /// Weights that take four bytes of the file.
    pub fn weights_held(&self) -> usize {
        match self.written {
            Written::Plain => self.outputs * self.inputs,
            Written::Gaps { left, .. } => left,
        }
    }

    /// Whether the zeros are left out of the file.
    pub fn is_sparse(&self) -> bool {
        matches!(self.written, Written::Gaps { .. })
    }

    /// The biases in the bytes of the file.
    pub fn bias<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = f32> + use<'a> {
        numbers(bytes, &self.bias)
    }

    /// All weights of `outputs`, row by row, of a layer that is not sparse.
    pub fn plain<'a>(&self, bytes: &'a [u8], outputs: Range<usize>) -> impl Iterator<Item = f32> + use<'a> {
        let begin = self.weights.start;
        let rows = begin + 4 * outputs.start * self.inputs..begin + 4 * outputs.end * self.inputs;
        let masked = self.masked;
        numbers(bytes, &rows).map(move |number| if is_gone(masked, number) { 0.0 } else { number })
    }

    /// Calls `take` with the index and the value of each weight that is not gone.
    pub(super) fn for_each(&self, bytes: &[u8], mut take: impl FnMut(usize, f32)) {
        if self.is_sparse() {
            let mut rows = self.sparse(bytes);
            for begin in (0..self.outputs).map(|output| output * self.inputs) {
                rows.row(|column, value| take(begin + column, value));
            }
            return;
        }
        for (index, value) in
            numbers(bytes, &self.weights).enumerate().filter(|(_, value)| !is_gone(self.masked, *value))
        {
            take(index, value);
        }
    }

    /// The weights of a sparse layer, row by row as they are asked for.
    pub fn sparse<'a>(&self, bytes: &'a [u8]) -> SparseRows<'a> {
        let Written::Gaps { bits, left, .. } = self.written else {
            return SparseRows { codes: Codes::new(&[], 1), values: &[], next: 0, end: 0, inputs: 0 };
        };
        let block = bytes.get(self.weights.clone()).unwrap_or(&[]);
        let (packed, values) = block.split_at(block.len().saturating_sub(4 * left));
        let mut rows = SparseRows {
            codes: Codes::new(packed, bits),
            values: values.as_chunks::<4>().0,
            next: 0,
            end: 0,
            inputs: self.inputs,
        };
        rows.next = rows.codes.gap();
        rows
    }
}

/// Whether what stands in place of a number says that the weight is gone.
fn is_gone(masked: bool, number: f32) -> bool {
    masked && number.to_bits() == GONE
}

fn numbers<'a>(bytes: &'a [u8], at: &Range<usize>) -> impl Iterator<Item = f32> + use<'a> {
    let block = bytes.get(at.clone()).unwrap_or(&[]);
    block.as_chunks::<4>().0.iter().map(|number| f32::from_le_bytes(*number))
}

/// Goes through the weights of a sparse layer as they lie in the file.
#[derive(Clone, Debug)]
pub struct SparseRows<'a> {
    codes: Codes<'a>,
    values: &'a [[u8; 4]],
    /// Where the next weight is, in the whole matrix, and where the rows that were asked for end.
    next: usize,
    end: usize,
    inputs: usize,
}

impl SparseRows<'_> {
    /// Calls `take` with column and value of each weight of the next row.
    #[inline]
    pub fn row(&mut self, mut take: impl FnMut(usize, f32)) {
        let begin = self.end;
        self.end += self.inputs;
        // In registers while a row goes by: through memory each code would wait for the one before it.
        let (mut codes, mut values, mut next) = (self.codes.clone(), self.values, self.next);
        while next < self.end {
            let Some((value, rest)) = values.split_first() else { break };
            take(next - begin, f32::from_le_bytes(*value));
            values = rest;
            next += 1 + codes.gap();
        }
        (self.codes, self.values, self.next) = (codes, values, next);
    }
}
