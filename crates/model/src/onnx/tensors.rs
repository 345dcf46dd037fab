//! Initializers as numbers.

use std::collections::BTreeMap;

use lessen_graph::proto::TensorProto;

use super::OnnxError;
use crate::Weights;

/// The file's initializers by name. Each serves one layer: if many layers could name one, a small file would
/// make a large network.
pub(super) struct Tensors<'a> {
    by_name: BTreeMap<&'a str, Option<&'a TensorProto>>,
}

impl<'a> Tensors<'a> {
    pub(super) fn new(initializers: &'a [TensorProto]) -> Result<Self, OnnxError> {
        let mut by_name = BTreeMap::new();
        for tensor in initializers {
            if by_name.insert(tensor.name.as_str(), Some(tensor)).is_some() {
                return Err(error(tensor, "one tensor of this name", "two"));
            }
        }
        Ok(Self { by_name })
    }

    /// Whether an initializer has this name, taken or not.
    pub(super) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The initializer, if nobody took it before.
    pub(super) fn take(&mut self, name: &str) -> Option<&'a TensorProto> {
        self.by_name.get_mut(name)?.take()
    }
}

/// A matrix `[outputs, inputs]`; what the file holds is turned over where it is `[inputs, outputs]`.
pub(super) fn matrix(tensor: &TensorProto, inputs_first: bool) -> Result<Weights, OnnxError> {
    let (shape, values) = numbers(tensor)?;
    let &[rows, columns] = shape.as_slice() else {
        return Err(error(tensor, "2 dimensions", shape.len()));
    };
    // By place in the result, so that the work is bounded by the values there are, not by the dimensions.
    let turned = |place: usize| values[place % rows * columns + place / rows];
    let (shape, values) = match inputs_first {
        true => (vec![columns, rows], (0..values.len()).map(turned).collect()),
        false => (shape, values),
    };
    let found = values.len();
    Weights::new(shape, values).ok_or_else(|| error(tensor, "as many values as its shape holds", found))
}

/// A vector.
pub(super) fn vector(tensor: &TensorProto) -> Result<Vec<f32>, OnnxError> {
    let (shape, values) = numbers(tensor)?;
    if shape.len() == 1 { Ok(values) } else { Err(error(tensor, "1 dimension", shape.len())) }
}

/// One number, of no dimension or of one of length 1.
pub(super) fn scalar(tensor: &TensorProto) -> Result<f32, OnnxError> {
    let (shape, values) = numbers(tensor)?;
    match (shape.as_slice(), values.as_slice()) {
        ([] | [1], &[value]) => Ok(value),
        _ => Err(error(tensor, "one number", format!("{shape:?}"))),
    }
}

/// Shape and values, all finite. Nothing is allocated by what the shape promises.
fn numbers(tensor: &TensorProto) -> Result<(Vec<usize>, Vec<f32>), OnnxError> {
    if tensor.data_location != 0 || !tensor.external_data.is_empty() {
        return Err(OnnxError::External { tensor: tensor.name.clone() });
    }
    if tensor.data_type != TensorProto::FLOAT {
        let expected = format!("data type {} (32-bit float)", TensorProto::FLOAT);
        return Err(error(tensor, expected, tensor.data_type));
    }
    let shape = shape(tensor)?;
    let count = shape
        .iter()
        .try_fold(1usize, |count, &side| count.checked_mul(side))
        .ok_or_else(|| error(tensor, "dimensions that can be multiplied", format!("{shape:?}")))?;
    let values = values(tensor, count)?;
    if let Some(place) = values.iter().position(|value| !value.is_finite()) {
        return Err(error(tensor, "finite values", format!("{} at place {place}", values[place])));
    }
    Ok((shape, values))
}

fn shape(tensor: &TensorProto) -> Result<Vec<usize>, OnnxError> {
    let side = |&side: &i64| {
        usize::try_from(side).map_err(|_| error(tensor, "dimensions that are not negative", side))
    };
    tensor.dims.iter().map(side).collect()
}

/// The `count` values, of whichever of the two fields has them.
fn values(tensor: &TensorProto, count: usize) -> Result<Vec<f32>, OnnxError> {
    let expected = || format!("{count} values");
    match (&tensor.raw_data[..], tensor.float_data.as_slice()) {
        (raw, []) => {
            let (values, rest) = raw.as_chunks::<4>();
            if values.len() != count || !rest.is_empty() {
                return Err(error(tensor, expected(), format!("{} bytes", raw.len())));
            }
            Ok(values.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
        }
        ([], floats) if floats.len() == count => Ok(floats.to_vec()),
        ([], floats) => Err(error(tensor, expected(), floats.len())),
        (_, _) => Err(error(tensor, "either `raw_data` or `float_data`", "both")),
    }
}

pub(super) fn error(tensor: &TensorProto, expected: impl Into<String>, found: impl ToString) -> OnnxError {
    OnnxError::Tensor { tensor: tensor.name.clone(), expected: expected.into(), found: found.to_string() }
}
