//! Which units of a network are worth computing.

use crate::chain::Link;

/// The rows and columns of a layer's weights that take part in training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Live {
    /// Units whose outputs are read by a weight that is left, rising.
    pub(super) outputs: Vec<u32>,
    /// Units of the layer before that are read by one of those, or all features of a row; rising.
    pub(super) inputs: Vec<u32>,
    /// Inputs of the whole layer.
    width: usize,
}

impl Live {
    /// The live rows and columns of each layer, found from the last one back: all that it gives is read; a unit before it is
    /// read where a weight of one that is read is left. Features are all taken, as they are gathered together. Where every
    /// unit of a layer is dead the first one is taken, as a layer has an output.
    ///
    /// A dead unit has no gradient, so its weights would not move but for what decays them; they are left as they are.
    pub(super) fn of(links: &[Link<'_>]) -> Vec<Self> {
        let mut outputs: Option<Vec<u32>> = None;
        let mut found = Vec::with_capacity(links.len());
        for (place, link) in links.iter().enumerate().rev() {
            let (rows, width) = link.shape();
            let rows = outputs.unwrap_or_else(|| (0..rows as u32).collect());
            let inputs = if place == 0 { (0..width as u32).collect() } else { read_by(link, &rows, width) };
            outputs = Some(inputs.clone());
            found.push(Self { outputs: rows, inputs, width });
        }
        found.reverse();
        found
    }

    /// The index among all weights of the layer of the one with this index among the live ones.
    pub(super) fn index(&self, index: usize) -> usize {
        let (row, column) = (index / self.inputs.len(), index % self.inputs.len());
        self.outputs[row] as usize * self.width + self.inputs[column] as usize
    }
}

fn read_by(link: &Link<'_>, rows: &[u32], width: usize) -> Vec<u32> {
    let Some(mask) = link.dense.weights.mask() else { return (0..width as u32).collect() };
    let is_read = |column: &u32| rows.iter().any(|&row| mask.has(row as usize * width + *column as usize));
    let read: Vec<u32> = (0..width as u32).filter(is_read).collect();
    if read.is_empty() { vec![0] } else { read }
}
