//! The constants of a model, what they are for, and how many of their numbers are not zero.

use std::collections::HashMap;

use crate::element::{Class, Element};
use crate::proto::TensorProto;
use crate::tensor::{self, Extents};

/// What a constant is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// No node reads it.
    Unused,
    /// It says how something is done: extents, bounds, factors.
    Setting,
    /// A scale or a zero point of quantised numbers.
    Quantisation,
    /// The running mean or variance of a batch normalisation.
    Statistics,
    /// It was learned.
    Parameter,
}

/// A constant that nodes read.
#[derive(Clone, Debug)]
pub struct Constant {
    /// Its name; that of the node's result, where a node holds it.
    pub name: String,
    /// What its numbers are.
    pub element: Element,
    /// Its extents.
    pub dims: Vec<u64>,
    /// Their product.
    pub numbers: u64,
    /// What it takes in memory.
    pub bytes: u64,
    /// What it is for.
    pub role: Role,
    /// How many of its numbers are not zero; `None` where its numbers were not read.
    pub nonzero: Option<u64>,
}

/// Constants as they are met.
#[derive(Default)]
pub(crate) struct Constants<'a> {
    met: Vec<Met<'a>>,
    /// A body may be walked several times, and a function called from several places.
    places: HashMap<*const TensorProto, usize>,
}

struct Met<'a> {
    name: &'a str,
    extents: Extents,
    role: Role,
    numbers: Numbers<'a>,
    is_initializer: bool,
}

/// Where the numbers are.
#[derive(Clone, Copy)]
pub(crate) enum Numbers<'a> {
    Of(&'a TensorProto),
    /// Of a sparse tensor those that are there.
    OfSparse(&'a TensorProto),
}

impl<'a> Constants<'a> {
    /// For so many more of them.
    pub(crate) fn make_room(&mut self, constants: usize) {
        self.met.reserve(constants);
        self.places.reserve(constants);
    }

    /// Takes a constant in, and gives its place.
    pub(crate) fn meet(
        &mut self,
        name: &'a str,
        extents: Extents,
        numbers: Numbers<'a>,
        is_initializer: bool,
    ) -> usize {
        let new = self.met.len();
        let (Numbers::Of(tensor) | Numbers::OfSparse(tensor)) = numbers;
        let place = *self.places.entry(std::ptr::from_ref(tensor)).or_insert(new);
        if place == new {
            self.met.push(Met { name, extents, role: Role::Unused, numbers, is_initializer });
        }
        place
    }

    /// A node reads it: as one of its weights, or at this place of its inputs.
    pub(crate) fn read(&mut self, place: usize, (domain, op): (&str, &str), input: usize, is_weight: bool) {
        let Some(met) = self.met.get_mut(place) else { return };
        let said = role(domain, op, input);
        let is_number = met.extents.element.class() == Class::Float && !met.extents.dims.is_empty();
        let role = match said {
            _ if is_weight => Role::Parameter,
            Role::Parameter if is_number && met.is_initializer => Role::Parameter,
            Role::Parameter => Role::Setting,
            said => said,
        };
        met.role = met.role.max(role);
    }

    /// All of them; of what was learned also how many are not zero, asking `elsewhere` where the file does not hold them.
    pub(crate) fn finish(self, elsewhere: impl Fn(&TensorProto, &Extents) -> Option<u64>) -> Vec<Constant> {
        let finish = |met: Met<'_>| {
            let nonzero = match met.numbers {
                Numbers::Of(tensor) if met.role > Role::Setting => {
                    tensor::nonzero(tensor, &met.extents).or_else(|| elsewhere(tensor, &met.extents))
                }
                Numbers::OfSparse(values) => Extents::of(values).ok().and_then(|extents| {
                    if extents.numbers == 0 { Some(0) } else { tensor::nonzero(values, &extents) }
                }),
                Numbers::Of(_) => None,
            };
            let Extents { element, dims, numbers, bytes } = met.extents;
            Constant { name: met.name.to_owned(), element, dims, numbers, bytes, role: met.role, nonzero }
        };
        self.met.into_iter().map(finish).collect()
    }
}

/// What a constant is for that is this input of an operator.
fn role(domain: &str, op: &str, input: usize) -> Role {
    if !matches!(domain, "" | "ai.onnx") {
        return Role::Parameter;
    }
    match (op, input) {
        ("BatchNormalization", 3 | 4) => Role::Statistics,
        ("QuantizeLinear" | "DequantizeLinear", 1 | 2)
        | ("QLinearConv", 1 | 2 | 4..=7)
        | ("QLinearMatMul", 1 | 2 | 4..=7)
        | ("ConvInteger" | "MatMulInteger", 2 | 3) => Role::Quantisation,
        ("DequantizeLinear", 0) | ("QLinearConv", 8) => Role::Parameter,
        (
            "Clip" | "Pad" | "Resize" | "Upsample" | "OneHot" | "Dropout" | "Reshape" | "Slice" | "Tile"
            | "Expand",
            1..,
        )
        | ("Pow", 1)
        | ("Range" | "ConstantOfShape", _) => Role::Setting,
        _ => Role::Parameter,
    }
}

/// The inputs of an operator that hold its weights: what its MACs are products with.
pub(crate) fn weights(domain: &str, op: &str) -> &'static [usize] {
    match (domain, op) {
        ("" | "ai.onnx", "Conv" | "ConvTranspose" | "ConvInteger" | "DeformConv" | "CausalConvWithState") => {
            &[1]
        }
        ("" | "ai.onnx", "QLinearConv") => &[3],
        ("" | "ai.onnx", "QLinearMatMul") => &[0, 3],
        ("" | "ai.onnx", "MatMul" | "MatMulInteger" | "Gemm") => &[0, 1],
        ("com.microsoft", "FusedMatMul" | "FusedGemm") => &[0, 1],
        ("com.microsoft", "Attention") => &[1],
        ("" | "ai.onnx", "RNN" | "GRU") => &[1, 2],
        ("" | "ai.onnx", "LSTM") => &[1, 2, 7],
        ("" | "ai.onnx", "Einsum") => &[0, 1, 2, 3],
        _ => &[],
    }
}
