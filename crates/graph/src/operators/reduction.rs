//! Many numbers that become one.

use lessen_units::Operations;

use super::{Operator, Shape, Work, numbers};
use crate::call::{Call, Listed, Reason, axis, times};
use crate::element::Element;
use crate::value::{Dims, Value};

pub(super) fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        "ReduceSum" | "ReduceProd" | "ReduceMean" | "ReduceMax" | "ReduceMin" | "ReduceL1" | "ReduceL2"
        | "ReduceSumSquare" | "ReduceLogSum" | "ReduceLogSumExp" => {
            Operator::new(Shape::Of(reduced), Work::Of(reduction))
        }
        "ArgMax" | "ArgMin" => Operator::new(Shape::Of(place_of_one), Work::Of(reduction)),
        // Of classes: the one of the target is looked up, weighed and added; before that four steps of a softmax for each.
        "NegativeLogLikelihoodLoss" => Operator::new(Shape::Said, Work::Of(loss)),
        "SoftmaxCrossEntropyLoss" => Operator::new(Shape::Said, Work::Of(loss)),
        "TopK" => Operator::new(Shape::Of(greatest), Work::Of(selection)),
        _ => return None,
    })
}

/// Of the axes that are named, or of all; they stay with one number, or go.
fn reduced(call: &Call<'_>) -> Vec<Value> {
    let element = call.input(0).and_then(|value| value.element);
    let keep = call.int("keepdims").unwrap_or(1) != 0;
    let dims = || -> Option<Dims> {
        let given = call.dims(0)?;
        let axes: Vec<usize> = match call.listed("axes", 1) {
            Listed::Known(axes) if !axes.is_empty() => {
                axes.iter().map(|&number| axis(number, given.len())).collect::<Option<_>>()?
            }
            Listed::Unknown => return None,
            _ if call.int("noop_with_empty_axes").unwrap_or(0) != 0 => return Some(given.clone()),
            _ => (0..given.len()).collect(),
        };
        Some(without(given, &axes, keep))
    };
    vec![Value::new(element, dims())]
}

fn without(given: &Dims, axes: &[usize], keep: bool) -> Dims {
    let side = |(at, side): (usize, &Option<u64>)| match axes.contains(&at) {
        true => keep.then_some(Some(1)),
        false => Some(*side),
    };
    given.iter().enumerate().filter_map(side).collect()
}

fn place_of_one(call: &Call<'_>) -> Vec<Value> {
    let keep = call.int("keepdims").unwrap_or(1) != 0;
    let dims = call
        .dims(0)
        .and_then(|given| Some(without(given, &[axis(call.int("axis").unwrap_or(0), given.len())?], keep)));
    vec![Value::new(Some(Element::I64), dims)]
}

/// `n` numbers take `n - 1` steps to become one; squares and other functions of each, a division or a logarithm come on top.
fn reduction(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let (given, made) = (call.numbers(0)?, numbers(results)?);
    let between = given.saturating_sub(made);
    let adds = |adds: u64| Operations { adds, ..Operations::NONE };
    Ok(match call.node.op_type.as_str() {
        "ReduceSum" | "ReduceProd" => adds(between),
        "ReduceMean" | "ReduceLogSum" => adds(between.saturating_add(made)),
        "ReduceL1" | "ReduceSumSquare" => adds(between.saturating_add(given)),
        "ReduceL2" | "ReduceLogSumExp" => adds(times(&[given, 2])?),
        _ => Operations { comparisons: between, ..Operations::NONE },
    })
}

fn loss(call: &Call<'_>, _: &[Value]) -> Result<Operations, Reason> {
    let of_targets = times(&[call.numbers(1)?, 2])?;
    let of_classes = match call.node.op_type.as_str() {
        "SoftmaxCrossEntropyLoss" => times(&[call.numbers(0)?, 4])?,
        _ => 0,
    };
    Ok(Operations { adds: of_targets.saturating_add(of_classes), ..Operations::NONE })
}

/// The numbers and their places.
fn greatest(call: &Call<'_>) -> Vec<Value> {
    let element = call.input(0).and_then(|value| value.element);
    let dims = call.dims(0).and_then(|given| {
        let mut dims = given.clone();
        let at = axis(call.int("axis").unwrap_or(-1), dims.len())?;
        let count = match call.int("k") {
            Some(count) => Some(count),
            None => call.input(1).and_then(Value::integers).and_then(|count| count.first().copied()),
        };
        dims[at] = count.and_then(|count| u64::try_from(count).ok());
        Some(dims)
    });
    vec![Value::new(element, dims.clone()), Value::new(Some(Element::I64), dims)]
}

/// Each number is compared on its way into a heap of those that are kept: `log2(k)`, rounded up, and one.
fn selection(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let (given, made) = (call.numbers(0)?, results.first().and_then(Value::sides));
    let rank = made.as_ref().map_or(0, Vec::len);
    let kept = axis(call.int("axis").unwrap_or(-1), rank).and_then(|at| made.as_ref()?.get(at).copied());
    let kept = kept.ok_or_else(|| Reason::new("how many are kept is not known"))?;
    let deep = u64::from(kept.max(1).next_power_of_two().trailing_zeros()) + 1;
    Ok(Operations { comparisons: times(&[given, deep])?, ..Operations::NONE })
}
