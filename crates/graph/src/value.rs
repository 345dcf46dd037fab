//! What is known of a tensor while a graph is walked.

use crate::element::Element;

/// Extents that a value has, and numbers of it that are known, at most: shapes are short.
pub(crate) const MOST_KNOWN: usize = 64;

/// Extents of a tensor as far as they are known.
pub type Dims = Vec<Option<u64>>;

/// What is known of the result of a node, an input or a constant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Value {
    /// What its numbers are.
    pub element: Option<Element>,
    /// Its extents; `None` where not even their number is known.
    pub dims: Option<Dims>,
    /// Its numbers, where they are few and known: those of which shapes are made.
    pub content: Option<Content>,
    /// The constant that it has the numbers of, in whatever order or kind.
    pub constant: Option<usize>,
}

/// Numbers that are known.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Each by itself may be unknown: an extent that is.
    Integers(Vec<Option<i64>>),
    /// All known.
    Floats(Vec<f64>),
}

impl Content {
    /// Integers that are all known.
    pub(crate) fn integers(numbers: Vec<i64>) -> Self {
        Self::Integers(numbers.into_iter().map(Some).collect())
    }

    /// The integers, if it is these.
    pub(crate) fn as_integers(&self) -> Option<&[Option<i64>]> {
        match self {
            Self::Integers(numbers) => Some(numbers),
            Self::Floats(_) => None,
        }
    }
}

impl Value {
    /// One of this kind and these extents.
    pub(crate) fn new(element: Option<Element>, dims: Option<Dims>) -> Self {
        Self { element, dims, ..Self::default() }
    }

    /// One of which all extents are known.
    pub(crate) fn known(element: Option<Element>, dims: impl IntoIterator<Item = u64>) -> Self {
        Self::new(element, Some(dims.into_iter().map(Some).collect()))
    }

    /// How many extents it has.
    pub fn rank(&self) -> Option<usize> {
        self.dims.as_ref().map(Vec::len)
    }

    /// Its extents, if all are known.
    pub fn sides(&self) -> Option<Vec<u64>> {
        self.dims.as_ref()?.iter().copied().collect()
    }

    /// Its numbers: the product of its extents, if all are known and it fits into 64 bits.
    pub fn numbers(&self) -> Option<u64> {
        self.dims.as_ref()?.iter().try_fold(1u64, |product, &side| product.checked_mul(side?))
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> Option<u64> {
        self.element?.bytes(self.numbers()?)
    }

    /// Its numbers as integers that are all known.
    pub(crate) fn integers(&self) -> Option<Vec<i64>> {
        self.content.as_ref()?.as_integers()?.iter().copied().collect()
    }

    /// The same, forgetting more extents than tensors have: a graph may have very many values.
    pub(crate) fn bounded(mut self) -> Self {
        self.dims = self.dims.filter(|dims| dims.len() <= MOST_KNOWN);
        let length = |content: &Content| match content {
            Content::Integers(numbers) => numbers.len(),
            Content::Floats(numbers) => numbers.len(),
        };
        self.content = self.content.filter(|content| length(content) <= MOST_KNOWN);
        self
    }

    /// What is said of it elsewhere, where nothing better is known.
    pub(crate) fn or(self, said: &Self) -> Self {
        let dims = match (self.dims, &said.dims) {
            (None, said) => said.clone(),
            (Some(dims), Some(said)) if dims.len() == said.len() => {
                Some(dims.iter().zip(said).map(|(known, said)| known.or(*said)).collect())
            }
            (dims, _) => dims,
        };
        Self { element: self.element.or(said.element), dims, content: self.content, constant: self.constant }
    }
}

/// The extents of an element-wise result of several tensors (ONNX's multidirectional broadcasting, as NumPy's); `None` where some
/// extents do not go together.
pub(crate) fn broadcast(all: &[&Dims]) -> Option<Dims> {
    let rank = all.iter().map(|dims| dims.len()).max()?;
    let side = |place: usize| {
        let mut found = Some(1);
        for dims in all {
            let Some(at) = (place + dims.len()).checked_sub(rank) else { continue };
            found = match (found, dims[at]) {
                (found, Some(1)) => found,
                (Some(1), side) => side,
                (Some(found), Some(side)) if found == side => Some(found),
                (Some(_), Some(_)) => return None,
                // One that is not known is 1 or the other one.
                (Some(found), None) | (None, Some(found)) => Some(found),
                (None, None) => None,
            };
        }
        Some(found)
    };
    (0..rank).map(side).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_are_broadcast_as_numpy_does() {
        let dims = |sides: &[u64]| -> Dims { sides.iter().copied().map(Some).collect() };
        let of = |a: &[u64], b: &[u64]| broadcast(&[&dims(a), &dims(b)]);
        assert_eq!(of(&[2, 3, 4, 5], &[]), Some(dims(&[2, 3, 4, 5])));
        assert_eq!(of(&[1, 4, 5], &[2, 3, 1, 1]), Some(dims(&[2, 3, 4, 5])));
        assert_eq!(of(&[3], &[2]), None);
        assert_eq!(broadcast(&[&vec![None, Some(4)], &dims(&[7, 1])]), Some(dims(&[7, 4])));
        assert_eq!(broadcast(&[&vec![None], &dims(&[1])]), Some(vec![None]));
        assert_eq!(of(&[0, 4], &[1, 4]), Some(dims(&[0, 4])), "no rows stay no rows");
    }
}
