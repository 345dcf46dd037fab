//! What a name in a graph stands for.

use std::rc::Rc;

use lessen_graph::{Array, Numbers};

use super::affine::Affine;

/// What is known of a tensor.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Numbers that depend on the rows.
    Row(Row),
    /// Numbers that do not.
    Constant(Rc<Array>),
    /// Extents, of which one may be the number of rows.
    Extents(Vec<Extent>),
}

/// An extent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// As many as there are rows.
    Batch,
    /// This many; in a shape that is asked for, -1 is what is left, and 0 what was there.
    Number(i64),
}

/// The numbers that a layer gives for each row, in their order.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The layer's place: 0 is the row itself, `k` the layer at `k - 1`.
    pub(super) place: usize,
    /// Its extents behind the batch.
    pub(super) shape: Vec<usize>,
    /// What is still to be done to the layer's numbers.
    pub(super) affine: Affine,
    /// Whether nothing else reads the layer's numbers, under any name.
    pub(super) is_alone: bool,
}

impl Row {
    /// Numbers in it.
    pub(super) fn width(&self) -> usize {
        self.shape.iter().product()
    }
}

impl Value {
    /// Numbers as extents, if they are integers.
    pub(super) fn extents(&self) -> Option<Vec<Extent>> {
        match self {
            Self::Extents(extents) => Some(extents.clone()),
            Self::Constant(array) => match &array.numbers {
                Numbers::Integers(numbers) => {
                    Some(numbers.iter().map(|&number| Extent::Number(number)).collect())
                }
                Numbers::Floats(_) => None,
            },
            Self::Row(_) => None,
        }
    }

    /// Numbers as integers, if they are and are known.
    pub(super) fn integers(&self) -> Option<Vec<i64>> {
        let number = |extent: Extent| match extent {
            Extent::Number(number) => Some(number),
            Extent::Batch => None,
        };
        self.extents()?.into_iter().map(number).collect()
    }
}
