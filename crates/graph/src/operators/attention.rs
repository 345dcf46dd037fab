//! Attention as one operator (Vaswani et al. 2017).

use lessen_units::Operations;

use super::{Operator, Shape, Work};
use crate::call::{Call, Reason, times, unknown};
use crate::value::{Dims, Value};

pub(super) fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        "Attention" => Operator::new(Shape::Of(attended), Work::Of(attention)),
        // Half of the numbers of each rotated pair times the cosine, half times the sine, and their sum.
        "RotaryEmbedding" => Operator::new(Shape::As(0), Work::Each { adds: 3, comparisons: 0 }),
        _ => return None,
    })
}

/// Extents of queries, keys and values as `[batch, heads, length, width]`, whichever of the two forms they have.
pub(super) struct Heads {
    pub(super) batch: u64,
    pub(super) query_heads: u64,
    pub(super) queries: u64,
    pub(super) width: u64,
    pub(super) key_heads: u64,
    pub(super) keys: u64,
    pub(super) value_width: u64,
    /// Whether heads lie beside each other in one dimension.
    pub(super) is_flat: bool,
}

impl Heads {
    fn of(call: &Call<'_>) -> Option<Self> {
        let past = call.dims(4).and_then(|dims| dims.get(2).copied()?).or((!call.has(4)).then_some(0))?;
        let (query, key, value) = (call.dims(0)?, call.dims(1)?, call.dims(2)?);
        let count = |name: &str| u64::try_from(call.int(name)?).ok().filter(|&count| count > 0);
        match (query.as_slice(), key.as_slice(), value.as_slice()) {
            (&[batch, query_heads, queries, width], &[_, key_heads, keys, _], &[_, _, _, value_width]) => {
                Some(Self {
                    batch: batch?,
                    query_heads: query_heads?,
                    queries: queries?,
                    width: width?,
                    key_heads: key_heads?,
                    keys: keys?.checked_add(past)?,
                    value_width: value_width?,
                    is_flat: false,
                })
            }
            (&[batch, queries, widths], &[_, keys, _], &[_, _, value_widths]) => {
                let (query_heads, key_heads) = (count("q_num_heads")?, count("kv_num_heads")?);
                Some(Self {
                    batch: batch?,
                    query_heads,
                    queries: queries?,
                    width: widths? / query_heads,
                    key_heads,
                    keys: keys?.checked_add(past)?,
                    value_width: value_widths? / key_heads,
                    is_flat: true,
                })
            }
            _ => None,
        }
    }

    /// What is attended to; the keys and values that are carried on; the scores.
    pub(super) fn results(&self) -> [Option<Dims>; 4] {
        let &Self { batch, query_heads, queries, width, key_heads, keys, value_width, is_flat } = self;
        let known = |sides: &[u64]| -> Option<Dims> { Some(sides.iter().copied().map(Some).collect()) };
        let attended = match is_flat {
            true => query_heads.checked_mul(value_width).and_then(|width| known(&[batch, queries, width])),
            false => known(&[batch, query_heads, queries, value_width]),
        };
        [
            attended,
            known(&[batch, key_heads, keys, width]),
            known(&[batch, key_heads, keys, value_width]),
            known(&[batch, query_heads, queries, keys]),
        ]
    }

    /// A score is a product over the width; each takes its scaling, a mask's sum where there is one, and the four steps of a softmax;
    /// what is attended to is a product over the keys. Masked positions are counted: kernels that leave them out do so by blocks.
    pub(super) fn operations(&self, is_masked: bool, is_capped: bool) -> Result<Operations, Reason> {
        let scores = times(&[self.batch, self.query_heads, self.queries, self.keys])?;
        let width = self.width.checked_add(self.value_width).ok_or_else(|| unknown("the heads"))?;
        // Divided by the cap, its tanh, times the cap.
        let each = 5 + u64::from(is_masked) + 3 * u64::from(is_capped);
        Ok(Operations { macs: times(&[scores, width])?, adds: times(&[scores, each])?, ..Operations::NONE })
    }
}

/// What is attended to; the keys and values that are carried on; the scores, where they are asked for.
fn attended(call: &Call<'_>) -> Vec<Value> {
    let element = call.input(0).and_then(|value| value.element);
    let Some(heads) = Heads::of(call) else { return vec![Value::new(element, None)] };
    heads.results().map(|dims| Value::new(element, dims)).into()
}

fn attention(call: &Call<'_>, _: &[Value]) -> Result<Operations, Reason> {
    let heads = Heads::of(call).ok_or_else(|| unknown("queries, keys and values"))?;
    let is_masked = call.has(3) || call.int("is_causal").unwrap_or(0) != 0;
    heads.operations(is_masked, call.float("softcap").is_some_and(|cap| cap != 0.0))
}
