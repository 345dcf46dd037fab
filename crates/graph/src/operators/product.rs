//! Products of matrices.

use lessen_units::Operations;

use super::{Operator, Shape, ShapeRule, Work, WorkRule, numbers};
use crate::call::{Call, Reason, times, unknown};
use crate::element::Element;
use crate::value::{Dims, Value, broadcast};

pub(super) fn operator(name: &str) -> Option<Operator> {
    let (shape, work): (ShapeRule, WorkRule) = match name {
        "MatMul" | "FusedMatMul" => {
            (|call| multiplied(call, 1), |call, results| multiplication(call, results, 0))
        }
        "MatMulInteger" => (|call| multiplied(call, 1), |call, results| multiplication(call, results, 0)),
        // Scaled, moved by the zero point and rounded.
        "QLinearMatMul" => (|call| multiplied(call, 3), |call, results| multiplication(call, results, 3)),
        "Gemm" | "FusedGemm" => (gemm, gemm_operations),
        _ => return None,
    };
    Some(Operator::new(Shape::Of(shape), Work::Of(work)))
}

/// The last two axes multiplied, those before them broadcast; one axis alone is a row on the left and a column on the right, and is
/// taken away again.
fn multiplied(call: &Call<'_>, right: usize) -> Vec<Value> {
    let element = match call.node.op_type.as_str() {
        "MatMulInteger" => Some(Element::I32),
        "QLinearMatMul" => call.input(7).and_then(|zero| zero.element),
        _ => call.input(0).and_then(|value| value.element),
    };
    vec![Value::new(element, result(call, right))]
}

/// Extents of the operands, turned round where a fused product says so.
fn operands(call: &Call<'_>, right: usize) -> Option<(Dims, Dims)> {
    let turned = |place: usize, attribute: &str| -> Option<Dims> {
        let mut dims = call.dims(place)?.clone();
        let rank = dims.len();
        if call.int(attribute).unwrap_or(0) != 0 && rank > 1 {
            dims.swap(rank - 1, rank - 2);
        }
        Some(dims)
    };
    Some((turned(0, "transA")?, turned(right, "transB")?))
}

fn result(call: &Call<'_>, right: usize) -> Option<Dims> {
    let (mut left, mut right) = operands(call, right)?;
    let (is_row, is_column) = (left.len() == 1, right.len() == 1);
    if is_row {
        left.insert(0, Some(1));
    }
    if is_column {
        right.push(Some(1));
    }
    let (rows, columns) = (left.len().checked_sub(2)?, right.len().checked_sub(2)?);
    let mut dims = broadcast(&[&left[..rows].to_vec(), &right[..columns].to_vec()])?;
    if !is_row {
        dims.push(left[rows]);
    }
    if !is_column {
        dims.push(right[columns + 1]);
    }
    Some(dims)
}

/// For each number of the result as many as the operands have in common, and so many steps more.
fn multiplication(call: &Call<'_>, results: &[Value], more: u64) -> Result<Operations, Reason> {
    let right = if more > 0 { 3 } else { 1 };
    let outputs = numbers(results)?;
    let (left, right) = operands(call, right).ok_or_else(|| unknown("the operands"))?;
    let inner = left.last().copied().flatten();
    let inner = inner.or_else(|| right.get(right.len().saturating_sub(2)).copied().flatten());
    let inner = inner.ok_or_else(|| unknown("the operands"))?;
    Ok(Operations { macs: times(&[outputs, inner])?, adds: times(&[outputs, more])?, ..Operations::NONE })
}

/// `alpha A B + beta C`, each turned round where an attribute says so.
fn gemm(call: &Call<'_>) -> Vec<Value> {
    let dims = || -> Option<Dims> {
        let (left, right) = operands(call, 1)?;
        let (&[rows, _], &[_, columns]) = (left.as_slice(), right.as_slice()) else { return None };
        Some(vec![rows, columns])
    };
    vec![Value::new(call.input(0).and_then(|value| value.element), dims())]
}

/// A sum where there is a `C`; factors but 1 are products of their own.
fn gemm_operations(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let plain = multiplication(call, results, 0)?;
    let is_factor = |name: &str| u64::from(call.float(name).is_some_and(|factor| factor != 1.0));
    let has_bias = u64::from(call.has(2));
    let each = is_factor("alpha") + has_bias + has_bias * is_factor("beta");
    Ok(Operations { adds: times(&[numbers(results)?, each])?, ..plain })
}
