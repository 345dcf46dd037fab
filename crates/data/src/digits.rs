//! The one data set that is part of lessen: small enough to travel with it, real enough to learn from.
//!
//! 1,797 grey images of 8 x 8 pixels with values 0 to 16: the test part of the UCI set "Optical Recognition of
//! Handwritten Digits" (CC BY 4.0). Source and licence are in `digits/README.md`.

use crate::named::{self, Folders};
use crate::{DataError, Dataset};

/// IDX, `[1797][8][8]`, packed with gzip.
pub(crate) const IMAGES: &[u8] = include_bytes!("../digits/images-idx3-ubyte.gz");

/// IDX, `[1797]`, packed with gzip.
pub(crate) const LABELS: &[u8] = include_bytes!("../digits/labels-idx1-ubyte.gz");

/// The set `digits`: what examples and tests learn from, without a file or a network.
///
/// # Errors
/// None in a whole build: [`DataError::WrongDigest`] where the embedded files are not the ones meant.
///
/// ```
/// let digits = lessen_data::digits()?;
/// assert_eq!((digits.features.rows(), digits.features.count()), (1797, 64));
/// # Ok::<(), lessen_data::DataError>(())
/// ```
pub fn digits() -> Result<Dataset, DataError> {
    named::load("digits", &Folders::default())
}
