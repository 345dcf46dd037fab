//! The few numbers that shapes are made of, computed as the graph is walked.
//!
//! Exporters write extents as arithmetic: `Shape`, `Gather`, `Concat`, `Reshape`. Each number is known or not by itself, so that one free
//! extent does not hide the others.

use super::movement;
use crate::call::{Call, axis};
use crate::element::{Class, Element};
use crate::value::{Content, MOST_KNOWN, Value};

type Integers = Vec<Option<i64>>;

/// Puts in what the results of a node hold, where that follows from what it is given.
pub(crate) fn fold(call: &Call<'_>, results: &mut [Value]) {
    if call.node.op_type == "Split" {
        return split(call, results);
    }
    let Some(result) = results.first_mut() else { return };
    if result.content.is_some() {
        return;
    }
    if let Some((content, length)) = computed(call) {
        if let Some(length) = length {
            result.dims = Some(vec![Some(length as u64)]);
        }
        result.content = Some(content);
    }
}

/// The content of the first result; with its length, where that is not known without it.
fn computed(call: &Call<'_>) -> Option<(Content, Option<usize>)> {
    let name = call.node.op_type.as_str();
    let content = match name {
        "Shape" => {
            let shape = shape(call)?;
            let length = shape.len();
            return Some((Content::Integers(shape), Some(length)));
        }
        "Range" => {
            let range = range(call)?;
            let length = range.len();
            return Some((Content::Integers(range), Some(length)));
        }
        "Size" => {
            Content::Integers(vec![call.input(0)?.numbers().and_then(|count| i64::try_from(count).ok())])
        }
        "Identity" | "Reshape" | "Squeeze" | "Unsqueeze" | "Flatten" => call.input(0)?.content.clone()?,
        "Cast" => cast(call)?,
        "Gather" => Content::Integers(gather(call)?),
        "Concat" => Content::Integers(concat(call)?),
        "Slice" => Content::Integers(slice(call)?),
        "ConstantOfShape" => filled(call)?,
        "Where" => Content::Integers(choose(call)?),
        "ReduceProd" | "ReduceSum" | "ReduceMax" | "ReduceMin" => Content::Integers(vec![reduce(call)?]),
        "Not" | "Neg" | "Abs" | "Floor" | "Ceil" | "Sqrt" | "Round" => each(call)?,
        _ => pairs(call)?,
    };
    Some((content, None))
}

fn integers<'a>(call: &'a Call<'_>, place: usize) -> Option<&'a [Option<i64>]> {
    call.input(place)?.content.as_ref()?.as_integers().filter(|numbers| numbers.len() <= MOST_KNOWN)
}

/// Extents from `start` to before `end`.
fn shape(call: &Call<'_>) -> Option<Integers> {
    let dims = call.dims(0)?;
    let rank = dims.len() as i64;
    let bound = |name: &str, usual: i64| {
        let place = call.int(name).unwrap_or(usual);
        let place = if place < 0 { place.saturating_add(rank) } else { place };
        place.clamp(0, rank) as usize
    };
    let (start, end) = (bound("start", 0), bound("end", rank));
    let side = |side: &Option<u64>| side.and_then(|side| i64::try_from(side).ok());
    Some(dims.get(start..end.max(start))?.iter().map(side).collect())
}

fn range(call: &Call<'_>) -> Option<Integers> {
    let number = |place: usize| integers(call, place)?.first().copied()?;
    let (start, limit, step) = (number(0)?, number(1)?, number(2)?);
    let way = limit.checked_sub(start)?;
    let count = match way.signum() == step.signum() && step != 0 {
        true => way.unsigned_abs().div_ceil(step.unsigned_abs()),
        false if step == 0 => return None,
        false => 0,
    };
    if count > MOST_KNOWN as u64 {
        return None;
    }
    (0..count as i64).map(|place| Some(Some(start.checked_add(place.checked_mul(step)?)?))).collect()
}

/// Floats become integers by cutting off what is behind the point.
fn cast(call: &Call<'_>) -> Option<Content> {
    let to = Element::of(call.int("to")? as i32)?.class();
    Some(match (call.input(0)?.content.clone()?, to) {
        (Content::Floats(numbers), Class::Integer) => {
            Content::integers(numbers.into_iter().map(|number| number as i64).collect())
        }
        (Content::Integers(numbers), Class::Float) => {
            let numbers: Option<Vec<i64>> = numbers.into_iter().collect();
            Content::Floats(numbers?.into_iter().map(|number| number as f64).collect())
        }
        (Content::Integers(numbers), Class::Bool) => {
            Content::Integers(numbers.into_iter().map(|number| Some(i64::from(number? != 0))).collect())
        }
        (content, _) => content,
    })
}

/// Of a list, along its only axis.
fn gather(call: &Call<'_>) -> Option<Integers> {
    let given = integers(call, 0)?;
    if call.dims(0)?.len() != 1 || axis(call.int("axis").unwrap_or(0), 1)? != 0 {
        return None;
    }
    let place = |place: &Option<i64>| match place {
        Some(place) => given.get(axis(*place, given.len())?).copied(),
        None => Some(None),
    };
    integers(call, 1)?.iter().map(place).collect()
}

/// Of lists.
fn concat(call: &Call<'_>) -> Option<Integers> {
    let mut all = Vec::new();
    for place in 0..call.inputs.len() {
        if call.dims(place)?.len() != 1 {
            return None;
        }
        if all.len() > MOST_KNOWN {
            return None;
        }
        match integers(call, place) {
            Some(numbers) => all.extend_from_slice(numbers),
            // Of one that is not known at all only the length is.
            None => {
                let length = call.dims(place)?[0].filter(|&length| length <= MOST_KNOWN as u64)?;
                all.extend(std::iter::repeat_n(None, length as usize));
            }
        }
    }
    (all.len() <= MOST_KNOWN).then_some(all)
}

/// Of a list.
fn slice(call: &Call<'_>) -> Option<Integers> {
    let given = integers(call, 0)?;
    if call.dims(0)?.len() != 1 {
        return None;
    }
    let one = |attribute: &str, input: usize, usual: Option<i64>| match call.listed(attribute, input) {
        crate::call::Listed::Known(list) => list.first().copied(),
        crate::call::Listed::NotSaid => usual,
        crate::call::Listed::Unknown => None,
    };
    let (start, end) = (one("starts", 1, None)?, one("ends", 2, None)?);
    let step = one("steps", 4, Some(1))?;
    let count = movement::slice(given.len() as u64, start, end, step)? as i64;
    let length = given.len() as i64;
    let from_end = if start < 0 { start.saturating_add(length) } else { start };
    let first = if step > 0 { from_end.clamp(0, length) } else { from_end.clamp(-1, length - 1) };
    (0..count).map(|place| given.get(usize::try_from(first + place * step).ok()?).copied()).collect()
}

fn split(call: &Call<'_>, results: &mut [Value]) {
    let Some(given) = integers(call, 0).filter(|_| call.dims(0).is_some_and(|dims| dims.len() == 1)) else {
        return;
    };
    let mut begin = 0usize;
    for result in results {
        let Some(length) = result.numbers().map(|length| length as usize) else { return };
        let Some(part) = given.get(begin..begin.saturating_add(length)) else { return };
        result.content = Some(Content::Integers(part.to_vec()));
        begin += length;
    }
}

fn filled(call: &Call<'_>) -> Option<Content> {
    let sides = call.input(0)?.integers()?;
    let count = sides.iter().try_fold(1i64, |product, &side| product.checked_mul(side))?;
    let count = usize::try_from(count).ok().filter(|&count| count <= MOST_KNOWN)?;
    let Some(tensor) = call.tensor("value") else { return Some(Content::Floats(vec![0.0; count])) };
    let extents = crate::tensor::Extents::of(tensor).ok()?;
    Some(match crate::tensor::content(tensor, &extents)? {
        Content::Integers(numbers) => Content::Integers(vec![*numbers.first()?; count]),
        Content::Floats(numbers) => Content::Floats(vec![*numbers.first()?; count]),
    })
}

/// The number at a place of a list, or the only one of a single number.
fn at<T: Copy>(numbers: &[T], place: usize) -> Option<T> {
    if numbers.len() == 1 { numbers.first().copied() } else { numbers.get(place).copied() }
}

/// How long what several lists make together is: lists of one length, and single numbers.
fn together(lengths: &[usize]) -> Option<usize> {
    let longest = lengths.iter().copied().max()?;
    lengths.iter().all(|&length| length == 1 || length == longest).then_some(longest)
}

fn choose(call: &Call<'_>) -> Option<Integers> {
    let (condition, yes, no) = (integers(call, 0)?, integers(call, 1)?, integers(call, 2)?);
    let length = together(&[condition.len(), yes.len(), no.len()])?;
    let one = |place: usize| {
        let (yes, no) = (at(yes, place)?, at(no, place)?);
        Some(match at(condition, place)? {
            Some(0) => no,
            Some(_) => yes,
            None if yes == no => yes,
            None => None,
        })
    };
    (0..length).map(one).collect()
}

fn reduce(call: &Call<'_>) -> Option<Option<i64>> {
    // Over all axes of a list, whichever way that is said.
    if call.dims(0)?.len() != 1 {
        return None;
    }
    let numbers: Option<Vec<i64>> = integers(call, 0)?.iter().copied().collect();
    let Some(numbers) = numbers else { return Some(None) };
    Some(match call.node.op_type.as_str() {
        "ReduceProd" => numbers.iter().try_fold(1i64, |product, &number| product.checked_mul(number)),
        "ReduceSum" => numbers.iter().try_fold(0i64, |sum, &number| sum.checked_add(number)),
        "ReduceMax" => numbers.iter().copied().max(),
        _ => numbers.iter().copied().min(),
    })
}

fn each(call: &Call<'_>) -> Option<Content> {
    let name = call.node.op_type.as_str();
    Some(match call.input(0)?.content.as_ref()? {
        Content::Integers(numbers) => {
            let one = |number: &Option<i64>| match (name, *number) {
                ("Not", number) => number.map(|number| i64::from(number == 0)),
                ("Neg", number) => number.and_then(i64::checked_neg),
                ("Abs", number) => number.and_then(i64::checked_abs),
                _ => None,
            };
            Content::Integers(numbers.iter().map(one).collect())
        }
        Content::Floats(numbers) => {
            let one = |number: &f64| match name {
                "Neg" => Some(-number),
                "Abs" => Some(number.abs()),
                "Floor" => Some(number.floor()),
                "Ceil" => Some(number.ceil()),
                "Sqrt" => Some(number.sqrt()),
                "Round" => Some(number.round_ties_even()),
                _ => None,
            };
            Content::Floats(numbers.iter().map(one).collect::<Option<_>>()?)
        }
    })
}

/// Functions of two numbers.
fn pairs(call: &Call<'_>) -> Option<Content> {
    let name = call.node.op_type.as_str();
    if call.inputs.len() != 2 {
        return None;
    }
    let (left, right) = (call.input(0)?.content.as_ref()?, call.input(1)?.content.as_ref()?);
    match (left, right) {
        (Content::Integers(left), Content::Integers(right)) => {
            let function = of_integers(name)?;
            let length = together(&[left.len(), right.len()])?;
            let one = |place: usize| {
                let (left, right) = (at(left, place)?, at(right, place)?);
                Some(left.zip(right).and_then(|(left, right)| function(left, right)))
            };
            Some(Content::Integers((0..length).map(one).collect::<Option<_>>()?))
        }
        (Content::Floats(left), Content::Floats(right)) => {
            let function = of_floats(name)?;
            let length = together(&[left.len(), right.len()])?;
            let one = |place: usize| Some(function(at(left, place)?, at(right, place)?));
            Some(Content::Floats((0..length).map(one).collect::<Option<_>>()?))
        }
        _ => None,
    }
}

fn of_integers(name: &str) -> Option<fn(i64, i64) -> Option<i64>> {
    Some(match name {
        "Add" => i64::checked_add,
        "Sub" => i64::checked_sub,
        "Mul" => i64::checked_mul,
        // Towards zero, as C does.
        "Div" => i64::checked_div,
        "Mod" => |a, b| a.checked_rem(b)?.checked_add(b)?.checked_rem(b),
        "Max" => |a, b| Some(a.max(b)),
        "Min" => |a, b| Some(a.min(b)),
        "Equal" => |a, b| Some(i64::from(a == b)),
        "Less" => |a, b| Some(i64::from(a < b)),
        "LessOrEqual" => |a, b| Some(i64::from(a <= b)),
        "Greater" => |a, b| Some(i64::from(a > b)),
        "GreaterOrEqual" => |a, b| Some(i64::from(a >= b)),
        "And" => |a, b| Some(i64::from(a != 0 && b != 0)),
        "Or" => |a, b| Some(i64::from(a != 0 || b != 0)),
        "Xor" => |a, b| Some(i64::from((a != 0) != (b != 0))),
        _ => return None,
    })
}

fn of_floats(name: &str) -> Option<fn(f64, f64) -> f64> {
    Some(match name {
        "Add" => |a, b| a + b,
        "Sub" => |a, b| a - b,
        "Mul" => |a, b| a * b,
        "Div" => |a, b| a / b,
        "Pow" => f64::powf,
        "Max" => f64::max,
        "Min" => f64::min,
        _ => return None,
    })
}
