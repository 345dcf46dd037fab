//! Attention as ONNX Runtime's optimiser and its builder of language models write it (`com.microsoft`).
//!
//! <https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md>

use lessen_units::Operations;

use super::attention::Heads;
use super::{Operator, Shape, Work};
use crate::call::{Call, Reason, times, unknown};
use crate::value::Value;

pub(super) fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        "MultiHeadAttention" => Operator::new(Shape::Of(multi_head), Work::Of(multi_head_operations)),
        "GroupQueryAttention" => Operator::new(Shape::Of(grouped), Work::Of(grouped_operations)),
        "Attention" => Operator::new(Shape::Of(projected), Work::Of(projected_operations)),
        _ => return None,
    })
}

fn positive(call: &Call<'_>, name: &str) -> Option<u64> {
    u64::try_from(call.int(name)?).ok().filter(|&count| count > 0)
}

/// The extent of an input along an axis.
fn side(call: &Call<'_>, input: usize, axis: usize) -> Option<u64> {
    *call.dims(input)?.get(axis)?
}

/// How many keys there were before; none where that input is left out.
fn past(call: &Call<'_>, input: usize, axis: usize) -> Option<u64> {
    if call.has(input) { side(call, input, axis) } else { Some(0) }
}

fn values(call: &Call<'_>, heads: Option<&Heads>) -> Vec<Value> {
    let element = call.input(0).and_then(|value| value.element);
    let Some(heads) = heads else { return vec![Value::new(element, None)] };
    let [attended, keys, values, _] = heads.results();
    [attended, keys, values].map(|dims| Value::new(element, dims)).into()
}

/// Queries `[batch, length, heads * width]`, and keys and values likewise or as `[batch, heads, length, width]`; or all three packed,
/// `[batch, length, heads, 3, width]`.
fn multi_head_of(call: &Call<'_>) -> Option<Heads> {
    let query_heads = positive(call, "num_heads")?;
    let (batch, queries) = (side(call, 0, 0)?, side(call, 0, 1)?);
    let before = past(call, 6, 2)?;
    let (width, keys, value_width) = match (call.dims(0)?.len(), call.dims(1).map(Vec::len)) {
        (5, _) => (side(call, 0, 4)?, queries, side(call, 0, 4)?),
        (3, Some(3)) => (side(call, 0, 2)? / query_heads, side(call, 1, 1)?, side(call, 2, 2)? / query_heads),
        (3, Some(4)) => (side(call, 0, 2)? / query_heads, side(call, 1, 2)?, side(call, 2, 3)?),
        _ => return None,
    };
    let (key_heads, keys) = (query_heads, keys.checked_add(before)?);
    Some(Heads { batch, query_heads, queries, width, key_heads, keys, value_width, is_flat: true })
}

fn multi_head(call: &Call<'_>) -> Vec<Value> {
    values(call, multi_head_of(call).as_ref())
}

fn multi_head_operations(call: &Call<'_>, _: &[Value]) -> Result<Operations, Reason> {
    let heads = multi_head_of(call).ok_or_else(|| unknown("queries, keys and values"))?;
    let is_masked = call.has(4) || call.has(5) || call.int("unidirectional").unwrap_or(0) != 0;
    let mut operations = heads.operations(is_masked, false)?;
    if call.has(3) {
        // A bias of each number of the queries, keys and values that are given.
        let given = [0, 1, 2].iter().filter(|&&input| call.has(input)).map(|&input| call.numbers(input));
        let given = given.sum::<Result<u64, Reason>>()?;
        operations.adds = operations.adds.saturating_add(given);
    }
    Ok(operations)
}

/// Several heads of queries to one of keys; all three packed in the first input where the second is left out. Keys from before are as
/// many as their input has room for.
fn grouped_of(call: &Call<'_>) -> Option<Heads> {
    let (query_heads, key_heads) = (positive(call, "num_heads")?, positive(call, "kv_num_heads")?);
    let (batch, queries, widths) = (side(call, 0, 0)?, side(call, 0, 1)?, side(call, 0, 2)?);
    let packed = query_heads.checked_add(key_heads.checked_mul(2)?)?;
    let width = widths / if call.has(1) { query_heads } else { packed };
    let keys = queries.checked_add(past(call, 3, 2)?)?;
    Some(Heads { batch, query_heads, queries, width, key_heads, keys, value_width: width, is_flat: true })
}

fn grouped(call: &Call<'_>) -> Vec<Value> {
    values(call, grouped_of(call).as_ref())
}

fn grouped_operations(call: &Call<'_>, _: &[Value]) -> Result<Operations, Reason> {
    let heads = grouped_of(call).ok_or_else(|| unknown("queries, keys and values"))?;
    // It is causal always.
    let mut operations = heads.operations(true, call.float("softcap").is_some_and(|cap| cap != 0.0))?;
    if call.int("do_rotary").unwrap_or(0) != 0 {
        // Three for each number of queries and of new keys, as the operator alone.
        let rotated = heads.query_heads.checked_add(heads.key_heads).ok_or_else(|| unknown("the heads"))?;
        let rotated = times(&[heads.batch, heads.queries, rotated, heads.width, 3])?;
        operations.adds = operations.adds.saturating_add(rotated);
    }
    Ok(operations)
}

/// Rows `[batch, length, inputs]`, which weights `[inputs, 3 * heads * width]` make queries, keys and values of.
fn projected_of(call: &Call<'_>) -> Option<(Heads, u64)> {
    let query_heads = positive(call, "num_heads")?;
    let (batch, queries) = (side(call, 0, 0)?, side(call, 0, 1)?);
    let (inputs, outputs) = (side(call, 1, 0)?, side(call, 1, 1)?);
    let (key_heads, width) = (query_heads, outputs / 3 / query_heads);
    let keys = queries.checked_add(past(call, 4, 3)?)?;
    let heads =
        Heads { batch, query_heads, queries, width, key_heads, keys, value_width: width, is_flat: true };
    Some((heads, times(&[batch, queries, inputs, outputs]).ok()?))
}

fn projected(call: &Call<'_>) -> Vec<Value> {
    let mut made = values(call, projected_of(call).map(|(heads, _)| heads).as_ref());
    // Keys and values are carried on together.
    made.truncate(1);
    made
}

fn projected_operations(call: &Call<'_>, _: &[Value]) -> Result<Operations, Reason> {
    let (heads, macs) = projected_of(call).ok_or_else(|| unknown("rows and weights"))?;
    let is_masked = call.has(3) || call.has(5) || call.int("unidirectional").unwrap_or(0) != 0;
    let mut operations = heads.operations(is_masked, false)?;
    operations.macs = operations.macs.checked_add(macs).ok_or_else(|| unknown("rows and weights"))?;
    if call.has(2) {
        let biased = times(&[heads.batch, heads.queries, side(call, 1, 1).unwrap_or_default()])?;
        operations.adds = operations.adds.saturating_add(biased);
    }
    Ok(operations)
}
