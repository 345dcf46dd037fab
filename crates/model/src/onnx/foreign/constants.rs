//! Nodes of constants alone: worked out once.

use lessen_graph::proto::NodeProto;
use lessen_graph::{Array, Numbers};

use super::layers::shared;
use super::reader::Reader;
use super::value::Value;
use super::{attributes, kept, rows};
use crate::onnx::OnnxError;

impl<'a> Reader<'a> {
    /// What a node makes none of whose inputs depends on the rows.
    pub(super) fn of_constants(
        &mut self,
        node: &'a NodeProto,
        inputs: &[Option<Value>],
    ) -> Result<Value, OnnxError> {
        if node.op_type == "Constant" {
            return self.constant(node);
        }
        if let Some(extents) = rows::of_extents(node, inputs) {
            return Ok(extents);
        }
        let unknown = || kept(node, "it computes something of constants that is not worked out here");
        let arrays: Option<Vec<&Array>> = inputs
            .iter()
            .map(|input| match input {
                Some(Value::Constant(array)) => Some(&**array),
                _ => None,
            })
            .collect();
        let arrays = arrays.ok_or_else(unknown)?;
        let biggest = arrays.iter().map(|array| array.numbers.len()).max().unwrap_or_default();
        self.spend(biggest as u64)?;
        worked_out(node, &arrays).map(shared).ok_or_else(unknown)
    }

    fn constant(&mut self, node: &NodeProto) -> Result<Value, OnnxError> {
        let floats = |numbers: Vec<f32>, dims| Array { dims, numbers: Numbers::Floats(numbers) };
        let integers = |numbers: Vec<i64>, dims| Array { dims, numbers: Numbers::Integers(numbers) };
        let names = ["value", "value_float", "value_floats", "value_int", "value_ints"];
        let Some(said) = attributes::first(node, &names) else {
            return Err(kept(node, "its value is no list of numbers"));
        };
        Ok(match (said.name.as_str(), &said.t) {
            ("value", Some(tensor)) => Value::Constant(self.numbers(tensor)?),
            ("value_float", _) => shared(floats(vec![said.f], vec![])),
            ("value_floats", _) => shared(floats(said.floats.clone(), vec![said.floats.len()])),
            ("value_int", _) => shared(integers(vec![said.i], vec![])),
            ("value_ints", _) => shared(integers(said.ints.clone(), vec![said.ints.len()])),
            _ => return Err(kept(node, "its value is no tensor")),
        })
    }
}

/// The result; `None` where the operator is not one of those of which constants are made, or its inputs do not go together.
fn worked_out(node: &NodeProto, arrays: &[&Array]) -> Option<Array> {
    let (&first, rest) = arrays.split_first()?;
    let floats = |array: &Array| match &array.numbers {
        Numbers::Floats(numbers) => Some(numbers.clone()),
        Numbers::Integers(_) => None,
    };
    let each = |change: fn(f32) -> f32| {
        let numbers = floats(first)?.into_iter().map(change).collect();
        Some(Array { dims: first.dims.clone(), numbers: Numbers::Floats(numbers) })
    };
    match node.op_type.as_str() {
        "Identity" => Some(first.clone()),
        "Cast" => cast(first, attributes::integer(node, "to", 1)),
        "Neg" => each(|number| -number),
        "Sqrt" => each(f32::sqrt),
        "Reciprocal" => each(f32::recip),
        "Add" => pairwise(first, rest.first()?, |a, b| a + b),
        "Sub" => pairwise(first, rest.first()?, |a, b| a - b),
        "Mul" => pairwise(first, rest.first()?, |a, b| a * b),
        "Div" => pairwise(first, rest.first()?, |a, b| a / b),
        "Transpose" => transposed(first, attributes::integers(node, "perm")),
        "Reshape" | "Squeeze" | "Unsqueeze" | "Flatten" => reshaped(node, first, rest),
        "Concat" => joined(arrays),
        "DequantizeLinear" => dequantised(first, rest, attributes::integer(node, "axis", 1)),
        _ => None,
    }
}

/// To numbers of 16, 32 and 64 bits with a fraction, or to integers of 32 and 64.
fn cast(array: &Array, to: i64) -> Option<Array> {
    let is_float = match to {
        1 | 10 | 11 | 16 => true,
        6 | 7 => false,
        _ => return None,
    };
    let numbers = match &array.numbers {
        Numbers::Integers(numbers) if is_float => {
            Numbers::Floats(numbers.iter().map(|&number| number as f32).collect())
        }
        Numbers::Floats(numbers) if !is_float => {
            Numbers::Integers(numbers.iter().map(|&number| number as i64).collect())
        }
        same => same.clone(),
    };
    Some(Array { dims: array.dims.clone(), numbers })
}

/// Number by number; one of the two may be a single number, or a vector along the other's last axis.
fn pairwise(a: &Array, b: &Array, with: fn(f32, f32) -> f32) -> Option<Array> {
    let (Numbers::Floats(left), Numbers::Floats(right)) = (&a.numbers, &b.numbers) else { return None };
    let is_suffix = |short: &Array, long: &Array| {
        let mut sides = short.dims.as_slice();
        while let [1, rest @ ..] = sides {
            sides = rest;
        }
        long.dims.ends_with(sides)
    };
    let larger = if left.len() >= right.len() { a } else { b };
    let smaller = if left.len() >= right.len() { b } else { a };
    if left.is_empty() || right.is_empty() || !is_suffix(smaller, larger) {
        return None;
    }
    let at = |place: usize| with(left[place % left.len()], right[place % right.len()]);
    let numbers = (0..larger.numbers.len()).map(at).collect();
    Some(Array { dims: larger.dims.clone(), numbers: Numbers::Floats(numbers) })
}

/// A matrix turned over; anything else only where nothing moves.
fn transposed(array: &Array, order: Option<&[i64]>) -> Option<Array> {
    let order: Vec<i64> = order.map_or_else(|| (0..array.dims.len() as i64).rev().collect(), <[i64]>::to_vec);
    if order.iter().copied().eq(0..array.dims.len() as i64) {
        return Some(array.clone());
    }
    let (&[rows, columns], [1, 0], Numbers::Floats(numbers)) =
        (array.dims.as_slice(), order.as_slice(), &array.numbers)
    else {
        return None;
    };
    let turned = (0..numbers.len()).map(|at| numbers[at % rows * columns + at / rows]).collect();
    Some(Array { dims: vec![columns, rows], numbers: Numbers::Floats(turned) })
}

/// Other extents for the same numbers.
fn reshaped(node: &NodeProto, array: &Array, rest: &[&Array]) -> Option<Array> {
    let integers = |array: &&Array| match &array.numbers {
        Numbers::Integers(numbers) => Some(numbers.clone()),
        Numbers::Floats(_) => None,
    };
    let said = || attributes::integers(node, "axes").map(<[i64]>::to_vec).or_else(|| integers(rest.first()?));
    let mut dims: Vec<usize> = match node.op_type.as_str() {
        "Squeeze" if said().is_none() => array.dims.iter().copied().filter(|&side| side != 1).collect(),
        // Which axes those are does not matter to the numbers, but how many there are does to what is spread along them.
        "Squeeze" | "Unsqueeze" => {
            let mut axes = said()?;
            let rank = array.dims.len() + if node.op_type == "Unsqueeze" { axes.len() } else { 0 };
            axes.iter_mut().for_each(|axis| *axis += if *axis < 0 { rank as i64 } else { 0 });
            axes.sort_unstable();
            let mut dims = array.dims.clone();
            let places = axes.iter().map(|&axis| usize::try_from(axis).ok());
            if node.op_type == "Unsqueeze" {
                for place in places {
                    dims.insert(place.filter(|&place| place <= dims.len())?, 1);
                }
            } else {
                for place in places.rev() {
                    let place = place.filter(|&place| dims.get(place) == Some(&1))?;
                    dims.remove(place);
                }
            }
            dims
        }
        "Flatten" => {
            let axis = usize::try_from(attributes::integer(node, "axis", 1)).ok()?;
            let (before, behind) = array.dims.split_at_checked(axis)?;
            vec![product(before)?, product(behind)?]
        }
        _ => {
            let side = |(place, side): (usize, i64)| match side {
                0 => array.dims.get(place).copied(),
                -1 => Some(usize::MAX),
                side => usize::try_from(side).ok(),
            };
            integers(rest.first()?)?.into_iter().enumerate().map(side).collect::<Option<_>>()?
        }
    };
    let known = |dims: &[usize]| {
        let sides = dims.iter().filter(|&&side| side != usize::MAX);
        sides.copied().try_fold(1usize, usize::checked_mul)
    };
    if let Some(open) = dims.iter().position(|&side| side == usize::MAX) {
        dims[open] = array.numbers.len().checked_div(known(&dims)?)?;
    }
    (known(&dims)? == array.numbers.len()).then(|| Array { dims, numbers: array.numbers.clone() })
}

fn product(sides: &[usize]) -> Option<usize> {
    sides.iter().copied().try_fold(1, usize::checked_mul)
}

/// Vectors of integers behind each other, as shapes are made.
fn joined(arrays: &[&Array]) -> Option<Array> {
    let mut all = Vec::new();
    for array in arrays {
        match &array.numbers {
            Numbers::Integers(numbers) if array.dims.len() < 2 => all.extend(numbers),
            _ => return None,
        }
    }
    Some(Array { dims: vec![all.len()], numbers: Numbers::Integers(all) })
}

/// `y = (x - zero) scale`, with one scale or one for each place of an axis.
fn dequantised(quantised: &Array, rest: &[&Array], axis: i64) -> Option<Array> {
    let (scale, zero) = (rest.first()?, rest.get(1));
    let (Numbers::Integers(numbers), Numbers::Floats(scales)) = (&quantised.numbers, &scale.numbers) else {
        return None;
    };
    let zeros = match zero.map(|zero| &zero.numbers) {
        None => vec![0],
        Some(Numbers::Integers(zeros)) => zeros.clone(),
        Some(Numbers::Floats(_)) => return None,
    };
    let rank = quantised.dims.len() as i64;
    let axis = usize::try_from(if axis < 0 { axis + rank } else { axis }).ok()?;
    // Numbers between one place of the axis and the next.
    let run = quantised.dims.get(axis + 1..).map_or(Some(1), product)?;
    let fits = |count: usize| count == 1 || quantised.dims.get(axis) == Some(&count);
    if !fits(scales.len()) || !fits(zeros.len()) {
        return None;
    }
    let of = |place: usize, count: usize| if count == 1 { 0 } else { place / run.max(1) % count };
    let number = |(place, &number): (usize, &i64)| {
        (number as f64 - zeros[of(place, zeros.len())] as f64) as f32 * scales[of(place, scales.len())]
    };
    let numbers = numbers.iter().enumerate().map(number).collect();
    Some(Array { dims: quantised.dims.clone(), numbers: Numbers::Floats(numbers) })
}
