//! NPY and NPZ: the formats of NumPy's arrays, alone and several in a ZIP file.
//!
//! A file is the magic bytes, a version, the length of a header, the header (a Python dictionary that says the type
//! of the elements, their order and the shape) and the elements. Objects, which NumPy pickles, are never read.

mod archive;
mod header;

use std::path::Path;

use crate::DataError;
pub use archive::Archive;
pub(crate) use archive::LOCAL as ZIP_MAGIC;
use header::Header;
pub(crate) use header::MAGIC;

/// An array: its shape, and its elements with the last dimension running fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The length of each dimension.
    pub shape: Vec<usize>,
    /// As many as the product of the dimensions.
    pub elements: Elements,
}

/// The elements of an [`Array`], in a type that holds those of the file exactly (whole numbers beyond 2^53 apart).
#[derive(Clone, Debug, PartialEq)]
pub enum Elements {
    /// Of `bool`.
    Booleans(Vec<bool>),
    /// Of `uint8`.
    Bytes(Vec<u8>),
    /// Of `float16`, `float32` and whole numbers of at most 16 bits.
    Singles(Vec<f32>),
    /// Of `float64` and longer whole numbers.
    Doubles(Vec<f64>),
}

impl Elements {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Booleans(elements) => elements.len(),
            Self::Bytes(elements) => elements.len(),
            Self::Singles(elements) => elements.len(),
            Self::Doubles(elements) => elements.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them as a number, true as 1; `None` beyond the last.
    pub fn get(&self, place: usize) -> Option<f64> {
        match self {
            Self::Booleans(elements) => elements.get(place).map(|&element| f64::from(u8::from(element))),
            Self::Bytes(elements) => elements.get(place).copied().map(f64::from),
            Self::Singles(elements) => elements.get(place).copied().map(f64::from),
            Self::Doubles(elements) => elements.get(place).copied(),
        }
    }

    /// The elements of these `places` in turn.
    fn permuted(&self, places: &[usize]) -> Self {
        fn pick<T: Copy>(elements: &[T], places: &[usize]) -> Vec<T> {
            places.iter().map(|&place| elements[place]).collect()
        }
        match self {
            Self::Booleans(elements) => Self::Booleans(pick(elements, places)),
            Self::Bytes(elements) => Self::Bytes(pick(elements, places)),
            Self::Singles(elements) => Self::Singles(pick(elements, places)),
            Self::Doubles(elements) => Self::Doubles(pick(elements, places)),
        }
    }
}

impl Array {
    /// The array in the content of an NPY file; `path` is for messages.
    ///
    /// # Errors
    /// [`DataError::Malformed`] where the content is anything but one whole array of booleans, whole numbers of 1 to 8
    /// bytes or floating-point numbers of 2, 4 or 8.
    pub fn read(path: &Path, bytes: &[u8]) -> Result<Self, DataError> {
        let (header, body) = Header::read(path, bytes)?;
        let count = header.shape.iter().try_fold(1usize, |count, &length| count.checked_mul(length));
        let expected = count.and_then(|count| count.checked_mul(header.element.size()));
        if expected != Some(body.len()) {
            let shape = shown(&header.shape);
            let expected = expected.map_or_else(|| "more than can be".into(), |length| length.to_string());
            let problem =
                format!("{} bytes after the header, expected {expected} for the shape {shape}", body.len());
            return Err(DataError::malformed(path, "", problem));
        }
        let elements = header.element.read(body);
        let elements = if header.fortran_order && header.shape.len() > 1 {
            elements.permuted(&places_of_fortran_order(&header.shape, elements.len()))
        } else {
            elements
        };
        Ok(Self { shape: header.shape, elements })
    }
}

/// A shape as Python writes it.
pub(crate) fn shown(shape: &[usize]) -> String {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    match lengths.as_slice() {
        [one] => format!("({one},)"),
        _ => format!("({})", lengths.join(", ")),
    }
}

/// Where each element of the order in which the last dimension runs fastest is in that in which the first does.
fn places_of_fortran_order(shape: &[usize], count: usize) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    let mut places = Vec::with_capacity(count);
    let mut place = 0;
    for _ in 0..count {
        places.push(place);
        // One further in the last dimension that has room; those behind it begin anew.
        for dimension in (0..shape.len()).rev() {
            let stride: usize = shape[..dimension].iter().product();
            index[dimension] += 1;
            place += stride;
            if index[dimension] < shape[dimension] {
                break;
            }
            place -= stride * shape[dimension];
            index[dimension] = 0;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fortran_order_is_that_worked_out_by_hand() {
        // [[0, 2, 4], [1, 3, 5]] is kept column by column.
        assert_eq!(places_of_fortran_order(&[2, 3], 6), [0, 2, 4, 1, 3, 5]);
        assert_eq!(places_of_fortran_order(&[2, 2, 2], 8), [0, 4, 2, 6, 1, 5, 3, 7]);
        assert!(places_of_fortran_order(&[0, 3], 0).is_empty());
    }
}
