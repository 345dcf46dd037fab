//! Convolutions, plain, transposed, quantised and deformed.
//!
//! Each output of a convolution takes its kernel's numbers, and `1 / groups` of the input's channels: as the weights are
//! `[outputs, inputs / groups, kernel…]`, that is the numbers of a weight's row, whatever groups, dilations and strides are. A
//! transposed one spreads each number of its input over the kernel, for each output of its group: a row of `[inputs,
//! outputs / groups, kernel…]`.

use lessen_units::Operations;

use super::window::Window;
use super::{Operator, Shape, ShapeRule, Work, WorkRule, numbers};
use crate::call::{Call, Reason, times, unknown};
use crate::element::Element;
use crate::value::{Dims, Value};

pub(super) fn operator(name: &str) -> Option<Operator> {
    let (shape, work): (ShapeRule, WorkRule) = match name {
        "Conv" => (|call| convolved(call, 1), |call, results| convolution(call, results, (1, 2), 0)),
        "ConvInteger" => (|call| convolved(call, 1), |call, results| convolution(call, results, (1, 4), 0)),
        // Scaled, moved by the zero point and rounded.
        "QLinearConv" => (|call| convolved(call, 3), |call, results| convolution(call, results, (3, 8), 3)),
        "ConvTranspose" => (transposed, transposition),
        // Each channel by itself, with what came before it.
        "CausalConvWithState" => (causal, causal_operations),
        "DeformConv" => (|call| convolved(call, 1), deformed),
        _ => return None,
    };
    Some(Operator::new(Shape::Of(shape), Work::Of(work)))
}

/// `[batch, outputs, positions…]`; the weights are input `weights`.
fn convolved(call: &Call<'_>, weights: usize) -> Vec<Value> {
    let element = match call.node.op_type.as_str() {
        "ConvInteger" => Some(Element::I32),
        "QLinearConv" => call.input(7).and_then(|zero| zero.element),
        _ => call.input(0).and_then(|value| value.element),
    };
    let dims = || -> Option<Dims> {
        let (given, kernel) = (call.dims(0)?, call.dims(weights)?);
        if given.len() != kernel.len() || given.len() < 3 {
            return None;
        }
        let positions = Window::of(call, kernel[2..].to_vec())?.positions(&given[2..]);
        Some([given[0], kernel[0]].into_iter().chain(positions).collect())
    };
    vec![Value::new(element, dims())]
}

/// `row` of the weights for each output; the bias, and so many steps more.
fn convolution(
    call: &Call<'_>,
    results: &[Value],
    (weights, bias): (usize, usize),
    more: u64,
) -> Result<Operations, Reason> {
    let outputs = numbers(results)?;
    let row = row(&call.sides(weights)?)?;
    let adds = u64::from(call.has(bias)) + more;
    Ok(Operations { macs: times(&[outputs, row])?, adds: times(&[outputs, adds])?, ..Operations::NONE })
}

/// Numbers of each part along the first axis.
fn row(sides: &[u64]) -> Result<u64, Reason> {
    times(sides.get(1..).ok_or_else(|| unknown("the weights"))?)
}

fn transposed(call: &Call<'_>) -> Vec<Value> {
    let dims = || -> Option<Dims> {
        let (given, kernel) = (call.dims(0)?, call.dims(1)?);
        if given.len() != kernel.len() || given.len() < 3 {
            return None;
        }
        let groups = u64::try_from(call.int("group").unwrap_or(1)).ok()?;
        let outputs = kernel[1]?.checked_mul(groups)?;
        let counts = |name: &str| -> Option<Vec<u64>> {
            call.ints(name)?.iter().map(|&number| u64::try_from(number).ok()).collect()
        };
        let sides = match counts("output_shape") {
            Some(said) => said.into_iter().map(Some).collect(),
            None => {
                let padding = counts("output_padding").unwrap_or_default();
                Window::of(call, kernel[2..].to_vec())?.transposed(&given[2..], &padding)
            }
        };
        Some([given[0], Some(outputs)].into_iter().chain(sides).collect())
    };
    vec![Value::new(call.input(0).and_then(|value| value.element), dims())]
}

fn transposition(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let macs = times(&[call.numbers(0)?, row(&call.sides(1)?)?])?;
    let adds = if call.has(2) { numbers(results)? } else { 0 };
    Ok(Operations { macs, adds, ..Operations::NONE })
}

/// `[batch, channels, length]`, and the last positions for the next time.
fn causal(call: &Call<'_>) -> Vec<Value> {
    let element = call.input(0).and_then(|value| value.element);
    let state = call.dims(0).zip(call.dims(1)).and_then(|(given, kernel)| {
        let last = kernel.get(2).copied()?.and_then(|side| side.checked_sub(1));
        Some(vec![*given.first()?, *given.get(1)?, last])
    });
    vec![Value::new(element, call.dims(0).cloned()), Value::new(element, state)]
}

/// A row of the weights and a bias for each; and two steps where there is an activation.
fn causal_operations(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let activation = match call.text("activation").unwrap_or("none") {
        "none" | "" => 0,
        _ => 2,
    };
    convolution(call, results, (1, 2), activation)
}

/// A convolution of numbers that lie between four of the input's: each is looked up once for each output position, kernel position
/// and input channel, by four products and three sums, and multiplied with the mask where there is one.
fn deformed(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let plain = convolution(call, results, (1, 3), 0)?;
    let (given, kernel) = (call.sides(0)?, call.sides(1)?);
    let positions = results[0].sides().ok_or_else(|| unknown("the result"))?;
    let (Some(&[batch, channels]), Some(positions), Some(kernel)) =
        (given.first_chunk(), positions.get(2..), kernel.get(2..))
    else {
        return Err(unknown("the positions"));
    };
    let looked_up = times(&[batch, channels, times(positions)?, times(kernel)?])?;
    let between = times(&[looked_up, 7 + u64::from(call.has(4))])?;
    Ok(Operations { adds: plain.adds.saturating_add(between), ..plain })
}
