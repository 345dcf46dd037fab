//! Recurrent layers.

use lessen_units::Operations;

use super::{Operator, Shape, Work};
use crate::call::{Call, Reason, times, unknown};
use crate::value::Value;

pub(super) fn operator(name: &str) -> Option<Operator> {
    matches!(name, "RNN" | "GRU" | "LSTM").then(|| Operator::new(Shape::Of(shape), Work::Of(operations)))
}

/// Extents of a layer; `None` where some are not known.
struct Layer {
    steps: u64,
    batch: u64,
    inputs: u64,
    directions: u64,
    units: u64,
    is_batch_first: bool,
}

impl Layer {
    fn of(call: &Call<'_>) -> Option<Self> {
        let (given, recurrent) = (call.dims(0)?, call.dims(2)?);
        let is_batch_first = call.int("layout") == Some(1);
        let (&[first, second, inputs], &[directions, _, units]) = (given.as_slice(), recurrent.as_slice())
        else {
            return None;
        };
        let (steps, batch) = if is_batch_first { (second, first) } else { (first, second) };
        Some(Self {
            steps: steps?,
            batch: batch?,
            inputs: inputs?,
            directions: directions?,
            units: units?,
            is_batch_first,
        })
    }
}

/// All states, the last state and, of an LSTM, the last cell.
fn shape(call: &Call<'_>) -> Vec<Value> {
    let element = call.input(0).and_then(|value| value.element);
    let Some(Layer { steps, batch, directions, units, is_batch_first, .. }) = Layer::of(call) else {
        return vec![Value::new(element, None)];
    };
    let (all, last) = if is_batch_first {
        (vec![batch, steps, directions, units], vec![batch, directions, units])
    } else {
        (vec![steps, directions, batch, units], vec![directions, batch, units])
    };
    [all, last.clone(), last].map(|sides| Value::known(element, sides)).into()
}

/// For each step, row, direction and unit: the products of its gates with inputs and state; where there are biases two sums a gate; a
/// function value a gate; and what makes the new state of it:
///
/// | layer | gates | the new state |
/// | --- | --- | --- |
/// | RNN | 1 | - |
/// | GRU | 3 | `(1 - z) n + z h`, and `r h`: 5 |
/// | LSTM | 4 | `f c + i g`, `o tanh(c)`: 5; with peepholes 3 products more |
fn operations(call: &Call<'_>, _: &[Value]) -> Result<Operations, Reason> {
    let layer = Layer::of(call).ok_or_else(|| unknown("inputs and weights"))?;
    let (gates, state, peepholes) = match call.node.op_type.as_str() {
        "LSTM" => (4, 5, 3 * u64::from(call.has(7))),
        "GRU" => (3, 5, 0),
        _ => (1, 0, 0),
    };
    let cells = times(&[layer.steps, layer.batch, layer.directions, layer.units])?;
    let width = layer.inputs.checked_add(layer.units).ok_or_else(|| unknown("the inputs"))?;
    let products = times(&[cells, gates, width])?;
    let each = gates * (1 + 2 * u64::from(call.has(3))) + state;
    Ok(Operations {
        macs: products.saturating_add(times(&[cells, peepholes])?),
        adds: times(&[cells, each])?,
        ..Operations::NONE
    })
}
