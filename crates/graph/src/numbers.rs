//! All numbers of a constant.

use bytes::Bytes;
use prost::Message;

use crate::error::GraphError;
use crate::file::{Reads, map};
use crate::model::Model;
use crate::proto::TensorProto;
use crate::tensor::{self, Extents, Place};

/// A constant with all its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Its extents.
    pub dims: Vec<usize>,
    /// As many as the product of `dims`, row-major.
    pub numbers: Numbers,
}

/// Numbers of one class.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// With a fraction, of at most 64 bits in the file; what has more digits than 32 bits hold is rounded.
    Floats(Vec<f32>),
    /// Integers and truth values.
    Integers(Vec<i64>),
}

impl Numbers {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Floats(numbers) => numbers.len(),
            Self::Integers(numbers) => numbers.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Model {
    /// The numbers of a constant, wherever they are: in the model's file, or in one of its folder.
    ///
    /// # Errors
    /// [`GraphError::Tensor`] where they were left out, or are neither floating-point numbers of 16 to 64 bits nor integers of 8 to 64;
    /// [`GraphError::External`] and [`GraphError::Io`] where another file cannot be read.
    pub fn numbers(&self, tensor: &TensorProto) -> Result<Array, GraphError> {
        let extents = Extents::of(tensor)?;
        let of_kind = match tensor::place(tensor)? {
            Place::LeftOut => None,
            Place::Here if tensor.raw_data.is_empty() => typed(tensor, extents.element.name()),
            Place::Here => raw(&tensor.raw_data, extents.element.name()),
            Place::Elsewhere { location, offset, .. } => {
                raw(&self.elsewhere(tensor, &extents, &location, offset)?, extents.element.name())
            }
        };
        let problem = |expected: &str, found: String| GraphError::Tensor {
            tensor: tensor.name.clone(),
            expected: expected.to_owned(),
            found,
        };
        let numbers = of_kind.ok_or_else(|| {
            let expected = "numbers in the file, of a kind that weights have";
            problem(expected, format!("none, or those of {}", extents.element.name()))
        })?;
        let dims: Option<Vec<usize>> = extents.dims.iter().map(|&side| usize::try_from(side).ok()).collect();
        match dims {
            Some(dims) if numbers.len() as u64 == extents.numbers => Ok(Array { dims, numbers }),
            _ => Err(problem(&format!("{} numbers", extents.numbers), numbers.len().to_string())),
        }
    }

    /// The same model as one file: what constants of the graph have in other files is in it.
    ///
    /// # Errors
    /// [`GraphError::External`] and [`GraphError::Io`] where another file cannot be read.
    pub fn as_one_file(&self) -> Result<Vec<u8>, GraphError> {
        let mut proto = self.proto().clone();
        for tensor in proto.graph.iter_mut().flat_map(|graph| &mut graph.initializer) {
            if let Place::Elsewhere { location, offset, .. } = tensor::place(tensor)? {
                let extents = Extents::of(tensor)?;
                tensor.raw_data = self.elsewhere(tensor, &extents, &location, offset)?;
                tensor.external_data.clear();
                tensor.data_location = 0;
            }
        }
        Ok(proto.encode_to_vec())
    }

    fn elsewhere(
        &self,
        tensor: &TensorProto,
        extents: &Extents,
        location: &str,
        offset: u64,
    ) -> Result<Bytes, GraphError> {
        let path = self.other_file(&tensor.name, location)?;
        let file = map(&path, Reads::WhenLookedAt).map_err(|source| GraphError::Io { path, source })?;
        let end = offset.checked_add(extents.bytes).filter(|&end| end <= file.len() as u64);
        match end {
            // Both fit into the length of what is in memory.
            Some(end) => Ok(file.slice(offset as usize..end as usize)),
            None => Err(GraphError::External {
                tensor: tensor.name.clone(),
                location: location.to_owned(),
                problem: format!(
                    "expected {} bytes from byte {offset} on, found {}",
                    extents.bytes,
                    file.len()
                ),
            }),
        }
    }
}

/// Numbers side by side, little-endian; `None` of a kind that is not read.
fn raw(bytes: &[u8], kind: &str) -> Option<Numbers> {
    macro_rules! each {
        ($kind:ty, $to:expr) => {
            bytes
                .as_chunks::<{ size_of::<$kind>() }>()
                .0
                .iter()
                .map(|&bytes| $to(<$kind>::from_le_bytes(bytes)))
                .collect()
        };
    }
    Some(match kind {
        "f32" => Numbers::Floats(each!(f32, |number| number)),
        "f64" => Numbers::Floats(each!(f64, |number| number as f32)),
        "f16" => Numbers::Floats(each!(u16, of_half)),
        "bf16" => Numbers::Floats(each!(u16, of_brain)),
        "i64" => Numbers::Integers(each!(i64, |number| number)),
        "i32" => Numbers::Integers(each!(i32, i64::from)),
        "i16" => Numbers::Integers(each!(i16, i64::from)),
        "i8" => Numbers::Integers(each!(i8, i64::from)),
        "u32" => Numbers::Integers(each!(u32, i64::from)),
        "u16" => Numbers::Integers(each!(u16, i64::from)),
        "u8" | "bool" => Numbers::Integers(each!(u8, i64::from)),
        _ => return None,
    })
}

/// Numbers in the list that their kind has; `None` of a kind that is not read.
fn typed(tensor: &TensorProto, kind: &str) -> Option<Numbers> {
    // Numbers of 16 bits are the low half of an entry.
    let halves = || tensor.int32_data.iter().map(|&entry| entry as u16);
    Some(match kind {
        "f32" => Numbers::Floats(tensor.float_data.clone()),
        "f64" => Numbers::Floats(tensor.double_data.iter().map(|&number| number as f32).collect()),
        "f16" => Numbers::Floats(halves().map(of_half).collect()),
        "bf16" => Numbers::Floats(halves().map(of_brain).collect()),
        "i64" => Numbers::Integers(tensor.int64_data.clone()),
        "u32" => Numbers::Integers(tensor.uint64_data.iter().map(|&number| number as i64).collect()),
        "i32" | "i16" | "i8" | "u16" | "u8" | "bool" => {
            Numbers::Integers(tensor.int32_data.iter().map(|&number| i64::from(number)).collect())
        }
        _ => return None,
    })
}

/// The number whose upper half this is.
fn of_brain(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// A number of 16 bits, 5 of them the exponent (IEEE 754 `binary16`); exact.
fn of_half(bits: u16) -> f32 {
    let (sign, exponent, fraction) =
        (u32::from(bits >> 15) << 31, u32::from(bits >> 10 & 0x1f), u32::from(bits & 0x3ff));
    let magnitude = match (exponent, fraction) {
        // Below the smallest exponent: so many of 2 to the power of -24.
        (0, fraction) => (fraction as f32 * 2f32.powi(-24)).to_bits(),
        (0x1f, fraction) => 0x7f80_0000 | fraction << 13,
        // 127 - 15 between the two biases.
        (exponent, fraction) => (exponent + 112) << 23 | fraction << 13,
    };
    f32::from_bits(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_exact() {
        for (bits, number) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0x0000, 0.0),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(of_half(bits), number, "{bits:#x}");
        }
        assert!(of_half(0x7e00).is_nan());
        assert!(of_half(0x8000).is_sign_negative());
        assert_eq!((of_brain(0x3f80), of_brain(0xc040)), (1.0, -3.0));
    }

    #[test]
    fn every_kind_is_read_from_bytes_and_from_its_list() {
        let model = Model::decode(Bytes::from_static(&[0x3a, 0])).unwrap();
        let floats = Numbers::Floats(vec![1.0, -2.0]);
        let integers = Numbers::Integers(vec![3, 200]);
        let named =
            |code, dims: &[i64]| TensorProto { data_type: code, dims: dims.to_vec(), ..Default::default() };
        let cases = [
            (TensorProto { float_data: vec![1.0, -2.0], ..named(1, &[2]) }, &floats),
            (TensorProto { double_data: vec![1.0, -2.0], ..named(11, &[2]) }, &floats),
            (TensorProto { int32_data: vec![0x3c00, 0xc000], ..named(10, &[2]) }, &floats),
            (TensorProto { raw_data: vec![0x80, 0x3f, 0, 0xc0].into(), ..named(16, &[2]) }, &floats),
            (TensorProto { raw_data: vec![3, 200].into(), ..named(2, &[2]) }, &integers),
            (TensorProto { int64_data: vec![3, 200], ..named(7, &[1, 2]) }, &integers),
            (TensorProto { raw_data: vec![3, 0, 200, 0].into(), ..named(5, &[2]) }, &integers),
        ];
        for (tensor, expected) in &cases {
            assert_eq!(&model.numbers(tensor).unwrap().numbers, *expected, "{}", tensor.data_type);
        }
        assert_eq!(model.numbers(&cases[5].0).unwrap().dims, [1, 2]);
        for (wrong, said) in [
            (named(1, &[2]), "numbers in the file"),
            (TensorProto { raw_data: vec![0].into(), ..named(22, &[2]) }, "those of i4"),
            (TensorProto { float_data: vec![1.0], ..named(1, &[2]) }, "expected 2 entries"),
        ] {
            let error = model.numbers(&wrong).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
