//! Constants of a model: their extents, their small contents, how many of their numbers are not zero.

use crate::element::{Class, Element};
use crate::error::GraphError;
use crate::proto::{SparseTensorProto, TensorProto};
use crate::value::{Content, MOST_KNOWN};

/// A constant's kind and extents, found to be in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Extents {
    pub(crate) element: Element,
    pub(crate) dims: Vec<u64>,
    /// The product of `dims`.
    pub(crate) numbers: u64,
    /// That many, side by side; 0 for text.
    pub(crate) bytes: u64,
}

/// Where the numbers of a constant are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the model's file.
    Here,
    /// In a file beside it, between these bytes (to its end, where no length is said).
    Elsewhere { location: String, offset: u64, length: Option<u64> },
    /// Nowhere: the file tells extents only.
    LeftOut,
}

impl Extents {
    /// # Errors
    /// [`GraphError::Tensor`]: a kind that is not known, a negative extent, more numbers than fit into 64 bits, or other bytes than
    /// the extents need.
    pub(crate) fn of(tensor: &TensorProto) -> Result<Self, GraphError> {
        let extents = Self::promised(&tensor.name, tensor.data_type, &tensor.dims)?;
        let Extents { element, numbers, bytes, .. } = extents;
        let typed = [
            tensor.float_data.len(),
            tensor.int32_data.len(),
            tensor.int64_data.len(),
            tensor.double_data.len(),
            tensor.uint64_data.len(),
            tensor.string_data.len(),
        ];
        let typed: usize = typed.iter().sum();
        if place(tensor)? != Place::Here {
            return Ok(extents);
        }
        if tensor.raw_data.is_empty() {
            let expected = typed_entries(element, numbers);
            if typed as u64 != expected {
                let expected = format!("{expected} entries for {:?} {}", tensor.dims, element.name());
                return Err(problem(&tensor.name, expected, typed.to_string()));
            }
        } else if typed > 0 {
            return Err(problem(&tensor.name, "either `raw_data` or typed data".into(), "both".into()));
        } else if element.class() == Class::Text || tensor.raw_data.len() as u64 != bytes {
            let expected = format!("{bytes} bytes for {:?} {}", tensor.dims, element.name());
            return Err(problem(&tensor.name, expected, tensor.raw_data.len().to_string()));
        }
        Ok(extents)
    }

    /// Of a tensor of which only the numbers that are not zero are kept.
    ///
    /// # Errors
    /// [`GraphError::Tensor`].
    pub(crate) fn of_sparse(tensor: &SparseTensorProto) -> Result<Self, GraphError> {
        let (name, code) = tensor.values.as_ref().map_or(("", 0), |values| (&values.name, values.data_type));
        Self::promised(name, code, &tensor.dims)
    }

    fn promised(name: &str, code: i32, dims: &[i64]) -> Result<Self, GraphError> {
        let element = Element::of(code)
            .ok_or_else(|| problem(name, "a data type from 1 to 26".into(), code.to_string()))?;
        let sides: Option<Vec<u64>> = dims.iter().map(|&side| u64::try_from(side).ok()).collect();
        let sides =
            sides.ok_or_else(|| problem(name, "extents of at least 0".into(), format!("{dims:?}")))?;
        let too_many = || problem(name, "numbers that fit into 64 bits".into(), format!("{dims:?}"));
        let numbers = sides.iter().try_fold(1u64, |product, &side| product.checked_mul(side));
        let numbers = numbers.ok_or_else(too_many)?;
        let bytes = match element.class() {
            Class::Text => 0,
            _ => element.bytes(numbers).ok_or_else(too_many)?,
        };
        Ok(Self { element, dims: sides, numbers, bytes })
    }
}

/// Entries of the typed list that hold so many numbers; those of 4 bits and fewer share a byte.
fn typed_entries(element: Element, numbers: u64) -> u64 {
    match element.bits() {
        Some(bits) if bits < 8 => (numbers * u64::from(bits)).div_ceil(8),
        _ if matches!(element.name(), "c64" | "c128") => numbers.saturating_mul(2),
        _ => numbers,
    }
}

/// Where the numbers are.
///
/// # Errors
/// [`GraphError::Tensor`]: an offset or a length that is no number.
pub(crate) fn place(tensor: &TensorProto) -> Result<Place, GraphError> {
    if tensor.data_location == TensorProto::EXTERNAL || !tensor.external_data.is_empty() {
        let entry = |key: &str| {
            let mut entries = tensor.external_data.iter();
            entries.find(|entry| entry.key == key).map(|entry| entry.value.as_str())
        };
        let number = |key: &str| match entry(key).map(str::parse::<u64>) {
            Some(Ok(number)) => Ok(Some(number)),
            Some(Err(_)) => {
                let found = entry(key).unwrap_or_default().to_owned();
                Err(problem(&tensor.name, format!("a number as `{key}` of its external data"), found))
            }
            None => Ok(None),
        };
        let Some(location) = entry("location") else {
            return Err(problem(&tensor.name, "a `location` of its external data".into(), "none".into()));
        };
        let (location, offset) = (location.to_owned(), number("offset")?.unwrap_or(0));
        return Ok(Place::Elsewhere { location, offset, length: number("length")? });
    }
    let is_empty = tensor.raw_data.is_empty()
        && tensor.float_data.is_empty()
        && tensor.int32_data.is_empty()
        && tensor.int64_data.is_empty()
        && tensor.double_data.is_empty()
        && tensor.uint64_data.is_empty()
        && tensor.string_data.is_empty();
    let has_numbers = !tensor.dims.contains(&0);
    Ok(if is_empty && has_numbers { Place::LeftOut } else { Place::Here })
}

/// The numbers of a small constant; `None` for a large one, one of another kind, or one whose numbers are not here.
pub(crate) fn content(tensor: &TensorProto, extents: &Extents) -> Option<Content> {
    if extents.numbers > MOST_KNOWN as u64 || place(tensor).ok()? != Place::Here {
        return None;
    }
    let raw = &tensor.raw_data;
    let is_raw = !raw.is_empty();
    macro_rules! numbers {
        ($kind:ty) => {
            raw.chunks_exact(size_of::<$kind>())
                .filter_map(|bytes| Some(<$kind>::from_le_bytes(bytes.try_into().ok()?)))
        };
    }
    let integers = |numbers: Vec<i64>| Some(Content::integers(numbers));
    let small = || tensor.int32_data.iter().map(|&number| i64::from(number)).collect();
    match extents.element.name() {
        "i64" if is_raw => integers(numbers!(i64).collect()),
        "i64" => integers(tensor.int64_data.clone()),
        "i32" if is_raw => integers(numbers!(i32).map(i64::from).collect()),
        "u8" | "bool" if is_raw => integers(raw.iter().map(|&byte| i64::from(byte)).collect()),
        "i32" | "u8" | "bool" => integers(small()),
        "f32" if is_raw => Some(Content::Floats(numbers!(f32).map(f64::from).collect())),
        "f32" => Some(Content::Floats(tensor.float_data.iter().map(|&number| f64::from(number)).collect())),
        "f64" if is_raw => Some(Content::Floats(numbers!(f64).collect())),
        "f64" => Some(Content::Floats(tensor.double_data.clone())),
        _ => None,
    }
}

/// How many of the numbers in the model's file are not zero; `None` of text, and where they are elsewhere.
pub(crate) fn nonzero(tensor: &TensorProto, extents: &Extents) -> Option<u64> {
    if extents.element.class() == Class::Text || place(tensor).ok()? != Place::Here {
        return None;
    }
    if !tensor.raw_data.is_empty() {
        return nonzero_bytes(&tensor.raw_data, extents);
    }
    let (element, bits) = (extents.element, extents.element.bits()?);
    let count = |nonzero: usize| Some(nonzero as u64);
    match element.name() {
        "f32" => count(tensor.float_data.iter().filter(|&&number| number != 0.0).count()),
        "f64" => count(tensor.double_data.iter().filter(|&&number| number != 0.0).count()),
        "i64" => count(tensor.int64_data.iter().filter(|&&number| number != 0).count()),
        "u64" | "u32" => count(tensor.uint64_data.iter().filter(|&&number| number != 0).count()),
        "c64" => count(tensor.float_data.chunks(2).filter(|pair| pair.iter().any(|n| *n != 0.0)).count()),
        "c128" => count(tensor.double_data.chunks(2).filter(|pair| pair.iter().any(|n| *n != 0.0)).count()),
        _ if bits < 8 => {
            let bytes: Vec<u8> = tensor.int32_data.iter().map(|&number| number as u8).collect();
            nonzero_bytes(&bytes, extents)
        }
        _ => {
            let mask = (1u128 << bits) - 1;
            let is_zero = |number: &&i32| element.is_zero(u128::from(**number as u32) & mask);
            count(tensor.int32_data.len() - tensor.int32_data.iter().filter(is_zero).count())
        }
    }
}

/// How many of the numbers that lie in `bytes`, little-endian and side by side, are not zero; `None` of text.
pub(crate) fn nonzero_bytes(bytes: &[u8], extents: &Extents) -> Option<u64> {
    let element = extents.element;
    /// Simple enough that the compiler makes it wide.
    macro_rules! count {
        ($kind:ty, $mask:expr) => {
            bytes
                .chunks(1 << 16)
                .map(|part| {
                    let numbers = part.as_chunks::<{ size_of::<$kind>() }>().0.iter();
                    numbers.map(|bytes| u32::from(<$kind>::from_le_bytes(*bytes) & $mask != 0)).sum::<u32>()
                })
                .map(u64::from)
                .sum()
        };
    }
    Some(match (element.name(), element.bits()?) {
        ("f32", _) => count!(u32, u32::MAX >> 1),
        ("f16" | "bf16", _) => count!(u16, u16::MAX >> 1),
        ("f64", _) => count!(u64, u64::MAX >> 1),
        ("f8e4m3fn" | "f8e5m2", _) => count!(u8, u8::MAX >> 1),
        ("f8e8m0", _) => extents.numbers,
        ("c64" | "c128", bits) => {
            let width = bits as usize / 8;
            let number = |bytes: &[u8]| bytes.iter().rev().fold(0u128, |n, &byte| n << 8 | u128::from(byte));
            bytes.chunks_exact(width).filter(|bytes| !element.is_zero(number(bytes))).count() as u64
        }
        (_, 8) => count!(u8, u8::MAX),
        (_, 16) => count!(u16, u16::MAX),
        (_, 32) => count!(u32, u32::MAX),
        (_, 64) => count!(u64, u64::MAX),
        (_, bits) => nonzero_of_a_byte(bytes, bits, extents),
    })
}

/// Of numbers of which several share a byte, the first in the lowest bits.
fn nonzero_of_a_byte(bytes: &[u8], bits: u32, extents: &Extents) -> u64 {
    let a_byte = u64::from(8 / bits);
    let mask = (1u32 << bits) - 1;
    let mut nonzero = 0;
    for (place, &byte) in bytes.iter().enumerate() {
        let left = extents.numbers.saturating_sub(place as u64 * a_byte).min(a_byte);
        let number = |place: u64| u128::from(u32::from(byte) >> (place as u32 * bits) & mask);
        let is_zero = |&place: &u64| match extents.element.name() {
            "f4e2m1" => number(place) & 0b111 == 0,
            _ => number(place) == 0,
        };
        nonzero += left - (0..left).filter(is_zero).count() as u64;
    }
    nonzero
}

fn problem(tensor: &str, expected: String, found: String) -> GraphError {
    GraphError::Tensor { tensor: tensor.to_owned(), expected, found }
}
