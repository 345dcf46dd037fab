//! Softmax, and numbers brought to a mean and a spread.

use lessen_units::Operations;

use super::{Operator, Shape, Work, numbers};
use crate::call::{Call, Reason, times};
use crate::value::Value;

pub(super) fn operator(name: &str) -> Option<Operator> {
    let each = |adds| Operator::new(Shape::As(0), Work::Each { adds, comparisons: 0 });
    Some(match name {
        // The greatest subtracted, exp, the sum, the division; or the logarithm of the sum subtracted.
        "Softmax" | "LogSoftmax" => each(4),
        "Hardmax" => Operator::new(Shape::As(0), Work::Each { adds: 0, comparisons: 1 }),
        // In a prediction what was learned becomes a factor and a sum of each channel beforehand.
        "BatchNormalization" => Operator::new(Shape::Of(batch), Work::Of(batch_operations)),
        // The mean's sum, its subtraction, the square and its sum, the factor; then the channel's factor and sum.
        "InstanceNormalization" | "GroupNormalization" => each(7),
        "LayerNormalization" => Operator::new(Shape::Of(layer), Work::Of(layer_operations)),
        "SkipLayerNormalization" => each(8),
        "MeanVarianceNormalization" => each(5),
        // The square and its sum, the factor, and the channel's.
        "RMSNormalization" | "SimplifiedLayerNormalization" => each(4),
        "SkipSimplifiedLayerNormalization" => each(5),
        "LpNormalization" => each(3),
        "LRN" => Operator::new(Shape::As(0), Work::Of(local)),
        _ => return None,
    })
}

/// The numbers; in training the running mean and variance as well.
fn batch(call: &Call<'_>) -> Vec<Value> {
    [0, 3, 4]
        .iter()
        .filter_map(|&place| call.input(place))
        .map(|v| Value::new(v.element, v.dims.clone()))
        .collect()
}

fn batch_operations(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let each = if call.int("training_mode").unwrap_or(0) == 0 { 2 } else { 7 };
    Ok(Operations { adds: times(&[numbers(results)?, each])?, ..Operations::NONE })
}

/// The numbers; mean and inverse deviation over the axes from `axis` on, where they are asked for.
fn layer(call: &Call<'_>) -> Vec<Value> {
    let value = call.input(0).cloned().unwrap_or_default();
    let statistics = value.dims.as_ref().and_then(|dims| {
        let axis = crate::call::axis(call.int("axis").unwrap_or(-1), dims.len())?;
        Some(dims.iter().enumerate().map(|(at, side)| if at < axis { *side } else { Some(1) }).collect())
    });
    let statistics = Value::new(value.element, statistics);
    vec![Value::new(value.element, value.dims), statistics.clone(), statistics]
}

fn layer_operations(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let each = 6 + u64::from(call.has(2));
    Ok(Operations { adds: times(&[numbers(results)?, each])?, ..Operations::NONE })
}

/// Squares, their sum over the channels beside each, a factor and a sum, a power, a division.
fn local(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let size = call.int("size").and_then(|size| u64::try_from(size).ok());
    let size = size.ok_or_else(|| Reason::new("its size is not said"))?;
    Ok(Operations { adds: times(&[numbers(results)?, size.saturating_add(5)])?, ..Operations::NONE })
}
