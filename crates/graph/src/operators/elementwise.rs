//! Functions of each number by itself, or of numbers at the same place.

use lessen_units::Operations;

use super::{Operator, Shape, Work, numbers};
use crate::call::{Call, Reason, times};
use crate::element::Element;
use crate::value::{self, Value};

pub(super) fn operator(name: &str) -> Option<Operator> {
    let of = |adds: u64, comparisons: u64| Work::Each { adds, comparisons };
    let same = |adds, comparisons| Operator::new(Shape::As(0), of(adds, comparisons));
    let together = |adds, comparisons| Operator::new(Shape::Broadcast, of(adds, comparisons));
    Some(match name {
        "Abs" | "Acos" | "Acosh" | "Asin" | "Asinh" | "Atan" | "Atanh" | "Ceil" | "Cos" | "Cosh" | "Erf"
        | "Exp" | "Floor" | "Log" | "Neg" | "Reciprocal" | "Round" | "Sigmoid" | "Sin" | "Sinh" | "Sqrt"
        | "Tan" | "Tanh" => same(1, 0),
        "Add" | "Sub" | "Mul" | "Div" | "Mod" | "Pow" | "BitShift" => together(1, 0),
        "Relu" | "ThresholdedRelu" | "Sign" => same(0, 1),
        "Clip" => same(0, 2),
        // Of two numbers one is chosen; the other one is multiplied.
        "LeakyRelu" => same(1, 1),
        "PRelu" => together(1, 1),
        "Shrink" => same(1, 2),
        // alpha (exp(x) - 1)
        "Elu" => same(3, 1),
        // With a factor, or a division, more.
        "Selu" | "Celu" => same(4, 1),
        // log(exp(x) + 1)
        "Softplus" => same(3, 0),
        // x / (1 + |x|)
        "Softsign" => same(3, 0),
        // x tanh(softplus(x))
        "Mish" => same(5, 0),
        // x sigmoid(alpha x); alpha is 1 where it is not said.
        "Swish" => Operator::new(Shape::As(0), Work::Of(swish)),
        "QuickGelu" => same(3, 0),
        // The other input times that.
        "SwiGLU" => Operator::new(Shape::As(0), Work::Of(swish)),
        // alpha x + beta, between 0 and 1; the other one times x.
        "HardSigmoid" => same(2, 2),
        "HardSwish" => same(3, 2),
        "Gelu" => Operator::new(Shape::As(0), Work::Of(gelu)),
        "FastGelu" => Operator::new(Shape::As(0), Work::Of(tanh_gelu)),
        // The bias, and Gelu by erf.
        "BiasGelu" => same(6, 0),
        "IsNaN" | "IsInf" => Operator::new(Shape::Of(bool_as_input), of(0, 1)),
        "And" | "Or" | "Xor" | "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" => {
            Operator::new(Shape::BroadcastBool, of(0, 1))
        }
        "Not" => same(0, 1),
        "BitwiseAnd" | "BitwiseOr" | "BitwiseXor" => together(0, 1),
        "BitwiseNot" => same(0, 1),
        "Max" | "Min" | "Sum" | "Mean" => Operator::new(Shape::Broadcast, Work::Of(variadic)),
        "Where" => Operator::new(Shape::Of(choice), of(0, 1)),
        "Dropout" => Operator::new(Shape::Of(dropout), Work::Of(dropout_operations)),
        // By scale and zero point, then rounded; and back.
        "QuantizeLinear" => Operator::new(Shape::Of(quantized), of(3, 0)),
        "DequantizeLinear" => Operator::new(Shape::Of(dequantized), of(2, 0)),
        // The least and the greatest number first.
        "DynamicQuantizeLinear" => Operator::new(Shape::Of(dynamically_quantized), of(3, 2)),
        "CumSum" | "CumProd" => same(1, 0),
        _ => return None,
    })
}

/// All inputs broadcast together, of this kind.
pub(super) fn broadcast(call: &Call<'_>, element: Option<Element>) -> Vec<Value> {
    let dims: Option<Vec<_>> = (0..call.inputs.len()).map(|place| call.dims(place)).collect();
    vec![Value::new(element, dims.and_then(|dims| value::broadcast(&dims)))]
}

fn bool_as_input(call: &Call<'_>) -> Vec<Value> {
    vec![Value::new(Some(Element::BOOL), call.dims(0).cloned())]
}

/// Of a condition and two tensors, whose kind it has.
fn choice(call: &Call<'_>) -> Vec<Value> {
    broadcast(call, call.input(1).and_then(|value| value.element))
}

fn dropout(call: &Call<'_>) -> Vec<Value> {
    let dims = call.dims(0).cloned();
    let element = call.input(0).and_then(|value| value.element);
    vec![Value::new(element, dims.clone()), Value::new(Some(Element::BOOL), dims)]
}

/// Nothing in a prediction; a choice and a factor in training.
fn dropout_operations(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    match call.input(2).map(Value::integers) {
        None => Ok(Operations::NONE),
        Some(Some(training)) if training == [0] => Ok(Operations::NONE),
        Some(Some(_)) => {
            let numbers = numbers(results)?;
            Ok(Operations { adds: numbers, comparisons: numbers, ..Operations::NONE })
        }
        Some(None) => Err(Reason::new("whether it trains is not known")),
    }
}

fn variadic(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let (numbers, inputs) = (numbers(results)?, call.inputs.len() as u64);
    let between = times(&[numbers, inputs.saturating_sub(1)])?;
    Ok(match call.node.op_type.as_str() {
        "Sum" => Operations { adds: between, ..Operations::NONE },
        "Mean" => Operations { adds: times(&[numbers, inputs])?, ..Operations::NONE },
        _ => Operations { comparisons: between, ..Operations::NONE },
    })
}

/// `x / 2 (1 + erf(x / sqrt(2)))` in five steps, or by tanh.
fn gelu(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    if call.text("approximate") == Some("tanh") {
        return tanh_gelu(call, results);
    }
    Ok(Operations { adds: times(&[numbers(results)?, 5])?, ..Operations::NONE })
}

/// `x / 2 (1 + tanh(a (x + b x^3)))`: the power, its factor, the sum, the factor, tanh, the sum, two factors; a bias before, where
/// there is one.
fn tanh_gelu(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let adds = 8 + u64::from(call.has(1));
    Ok(Operations { adds: times(&[numbers(results)?, adds])?, ..Operations::NONE })
}

fn swish(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let is_scaled = call.float("alpha").is_some_and(|alpha| alpha != 1.0);
    let adds = 2 + u64::from(is_scaled) + u64::from(call.has(1));
    Ok(Operations { adds: times(&[numbers(results)?, adds])?, ..Operations::NONE })
}

/// Of the kind of the zero point, or as an attribute says, else `u8`.
fn quantized(call: &Call<'_>) -> Vec<Value> {
    let said = call.int("output_dtype").and_then(|code| Element::of(code as i32));
    let element = call.input(2).and_then(|value| value.element).or(said).or(Element::of(2));
    vec![Value::new(element, call.dims(0).cloned())]
}

/// Of the kind of the scale; it has the numbers of its input.
fn dequantized(call: &Call<'_>) -> Vec<Value> {
    let element = call.input(1).and_then(|value| value.element);
    let constant = call.input(0).and_then(|value| value.constant);
    vec![Value { constant, ..Value::new(element, call.dims(0).cloned()) }]
}

fn dynamically_quantized(call: &Call<'_>) -> Vec<Value> {
    let u8 = Element::of(2);
    vec![Value::new(u8, call.dims(0).cloned()), Value::known(Some(Element::F32), []), Value::known(u8, [])]
}
