//! What a file says support vector machines are, and whether they can be.

use serde::Deserialize;

use super::Svm;
use super::kernel::SvmKernel;
use super::pair::Pair;

/// The fields of [`Svm`], in their order, as a file has them: not yet checked.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct Wire {
    pub(super) kernel: SvmKernel,
    pub(super) classes: usize,
    pub(super) present: Vec<u32>,
    pub(super) width: usize,
    pub(super) vectors: Vec<f32>,
    pub(super) squared_norms: Vec<f32>,
    pub(super) pairs: Vec<Pair>,
}

/// Classes at most: every row gets a probability for each, so that a file of a few bytes could ask for gigabytes.
pub(super) const CLASSES_LIMIT: usize = 65_536;

/// Machines that cannot be.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum WireError {
    #[error("kernel settings {kernel:?}, expected finite numbers in their ranges")]
    Kernel { kernel: SvmKernel },
    #[error("{found} classes, expected 1 to {CLASSES_LIMIT}")]
    Classes { found: usize },
    #[error("classes with rows that do not ascend, or are not below {classes}")]
    Present { classes: usize },
    #[error("{found} pairs, expected one for any two of {present} classes with rows")]
    Pairs { found: usize, present: usize },
    #[error("{found} numbers in support vectors, expected {vectors} vectors of {width}")]
    Vectors { found: usize, vectors: usize, width: usize },
    #[error("pair {pair} has {vectors} vectors and {coefficients} coefficients, expected as many")]
    Coefficients { pair: usize, vectors: usize, coefficients: usize },
    #[error("pair {pair} names vector {found}, expected one of {vectors}")]
    Vector { pair: usize, found: u32, vectors: usize },
    #[error("a number that is not finite")]
    NotFinite,
}

impl TryFrom<Wire> for Svm {
    type Error = WireError;

    fn try_from(wire: Wire) -> Result<Self, WireError> {
        wire.check_sizes()?;
        for (number, pair) in wire.pairs.iter().enumerate() {
            wire.check_pair(number, pair)?;
        }
        if !wire.vectors.iter().chain(&wire.squared_norms).all(|number| number.is_finite()) {
            return Err(WireError::NotFinite);
        }
        let Wire { kernel, classes, present, width, vectors, squared_norms, pairs } = wire;
        Ok(Self { kernel, classes, present, width, vectors, squared_norms, pairs })
    }
}

impl Wire {
    fn check_sizes(&self) -> Result<(), WireError> {
        if !self.kernel.is_usable() {
            return Err(WireError::Kernel { kernel: self.kernel });
        }
        let classes = self.classes;
        if !(1..=CLASSES_LIMIT).contains(&classes) {
            return Err(WireError::Classes { found: classes });
        }
        let ascends = self.present.is_sorted_by(|one, next| one < next);
        if !ascends || self.present.last().is_some_and(|&last| last as usize >= classes) {
            return Err(WireError::Present { classes });
        }
        let present = self.present.len();
        let both_ways = present.checked_mul(present.saturating_sub(1));
        if both_ways != self.pairs.len().checked_mul(2) {
            return Err(WireError::Pairs { found: self.pairs.len(), present });
        }
        let (found, vectors, width) = (self.vectors.len(), self.squared_norms.len(), self.width);
        if vectors.checked_mul(width) != Some(found) {
            return Err(WireError::Vectors { found, vectors, width });
        }
        Ok(())
    }

    fn check_pair(&self, number: usize, pair: &Pair) -> Result<(), WireError> {
        let (vectors, coefficients) = (pair.vectors.len(), pair.coefficients.len());
        if vectors != coefficients {
            return Err(WireError::Coefficients { pair: number, vectors, coefficients });
        }
        let vectors = self.squared_norms.len();
        if let Some(&found) = pair.vectors.iter().find(|&&vector| vector as usize >= vectors) {
            return Err(WireError::Vector { pair: number, found, vectors });
        }
        let settings = [pair.bias, pair.sigmoid.slope, pair.sigmoid.offset];
        let finite = pair.coefficients.iter().chain(&settings).all(|number| number.is_finite());
        if finite { Ok(()) } else { Err(WireError::NotFinite) }
    }
}
