//! What each operator makes of its inputs, and the arithmetic that it takes.
//!
//! MACs are those of products with weights or of tensors with each other: convolutions, linear and recurrent layers, attention, `Einsum`.
//! All else is in `adds` or `comparisons` of [`Operations`], by these rules:
//!
//! - an addition, a multiplication, a division, a rounding and a value of an elementary function (exp, log, sqrt, tanh, the logistic
//!   function, erf) are one each; what is made of several counts all of them, so that an activation costs the same whether it is one
//!   node or written out;
//! - a comparison, a logical operation and a choice between two numbers are one comparison each;
//! - positions of padding are counted as the others: kernels compute them, or might;
//! - moving, copying, casting and looking up take no arithmetic.
//!
//! <https://github.com/onnx/onnx/blob/main/docs/Operators.md> says what the operators do.

mod attention;
mod attention_runtime;
mod classic;
mod convolution;
mod einsum;
mod elementwise;
mod fold;
mod movement;
mod normalisation;
mod pooling;
mod product;
mod recurrent;
mod reduction;
mod window;

use lessen_units::Operations;

use crate::call::{Call, Reason, times, unknown};
use crate::value::Value;

pub(crate) use self::fold::fold;

/// What is known of the results of a node; fewer values than results where only those are known.
type ShapeRule = fn(&Call<'_>) -> Vec<Value>;

/// What it takes to make these results.
type WorkRule = fn(&Call<'_>, &[Value]) -> Result<Operations, Reason>;

/// How the results of an operator follow from its inputs.
pub(crate) enum Shape {
    /// The first result is as this input, kind and extents.
    As(usize),
    /// All inputs broadcast together; of the kind of the first.
    Broadcast,
    /// The same, true or false.
    BroadcastBool,
    /// By a rule of its own.
    Of(ShapeRule),
    /// It depends on the data, or nobody has asked yet: as the model says it is.
    Said,
}

/// The arithmetic of an operator.
pub(crate) enum Work {
    /// It moves numbers.
    None,
    /// For each number of the first result.
    Each { adds: u64, comparisons: u64 },
    /// For each number of the first input.
    EachOfInput { adds: u64, comparisons: u64 },
    /// By a rule of its own.
    Of(WorkRule),
    /// It depends on the numbers themselves.
    OfData(&'static str),
}

/// An operator that there is a rule for.
pub(crate) struct Operator {
    pub(crate) shape: Shape,
    pub(crate) work: Work,
}

impl Operator {
    fn new(shape: Shape, work: Work) -> Self {
        Self { shape, work }
    }

    /// What is known of its results.
    pub(crate) fn results(&self, call: &Call<'_>) -> Vec<Value> {
        match self.shape {
            Shape::As(place) => call
                .input(place)
                .map_or_else(Vec::new, |value| vec![Value::new(value.element, value.dims.clone())]),
            Shape::Broadcast => elementwise::broadcast(call, call.input(0).and_then(|value| value.element)),
            Shape::BroadcastBool => elementwise::broadcast(call, Some(crate::element::Element::BOOL)),
            Shape::Of(rule) => rule(call),
            Shape::Said => Vec::new(),
        }
    }

    /// What it takes to make `results`.
    pub(crate) fn operations(&self, call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
        let each = |numbers: u64, adds: u64, comparisons: u64| {
            Ok(Operations {
                adds: times(&[numbers, adds])?,
                comparisons: times(&[numbers, comparisons])?,
                ..Operations::NONE
            })
        };
        match self.work {
            Work::None => Ok(Operations::NONE),
            Work::Each { adds, comparisons } => each(numbers(results)?, adds, comparisons),
            Work::EachOfInput { adds, comparisons } => each(call.numbers(0)?, adds, comparisons),
            Work::Of(rule) => rule(call, results),
            Work::OfData(reason) => Err(Reason::new(reason)),
        }
    }
}

/// Numbers of the first result.
fn numbers(results: &[Value]) -> Result<u64, Reason> {
    results.first().and_then(Value::numbers).ok_or_else(|| unknown("the result"))
}

/// The kinds of the domain of ONNX itself.
pub(crate) fn is_onnx(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

/// The rule for an operator; `None` where there is none.
pub(crate) fn operator(domain: &str, name: &str) -> Option<Operator> {
    match domain {
        _ if is_onnx(domain) => of_onnx(name),
        "ai.onnx.ml" => classic::operator(name),
        // Those of ONNX Runtime that its optimiser puts into exported models.
        "com.microsoft" => of_onnx_runtime(name),
        _ => None,
    }
}

fn of_onnx(name: &str) -> Option<Operator> {
    elementwise::operator(name)
        .or_else(|| movement::operator(name))
        .or_else(|| reduction::operator(name))
        .or_else(|| normalisation::operator(name))
        .or_else(|| convolution::operator(name))
        .or_else(|| pooling::operator(name))
        .or_else(|| product::operator(name))
        .or_else(|| attention::operator(name))
        .or_else(|| recurrent::operator(name))
        .or_else(|| (name == "Einsum").then(einsum::operator))
}

fn of_onnx_runtime(name: &str) -> Option<Operator> {
    match name {
        "FusedMatMul" | "FusedGemm" => product::operator(name),
        "Gelu" | "FastGelu" | "BiasGelu" | "QuickGelu" => elementwise::operator(name),
        "SkipLayerNormalization"
        | "SimplifiedLayerNormalization"
        | "SkipSimplifiedLayerNormalization"
        | "LayerNormalization" => normalisation::operator(name),
        "RotaryEmbedding" => attention::operator(name),
        "Attention" | "MultiHeadAttention" | "GroupQueryAttention" => attention_runtime::operator(name),
        _ => None,
    }
}
