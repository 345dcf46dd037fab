//! What moves, copies, casts and looks up numbers.

use lessen_units::Operations;

use super::{Operator, Shape, Work};
use crate::call::{Call, Listed, Reason, axis};
use crate::element::Element;
use crate::tensor::Extents;
use crate::value::{Content, Dims, Value, broadcast};

pub(super) fn operator(name: &str) -> Option<Operator> {
    let shape: fn(&Call<'_>) -> Vec<Value> = match name {
        "Identity" | "Cast" | "CastLike" | "BitCast" => same_numbers,
        "Reshape" => reshaped,
        "Flatten" => flattened,
        "Squeeze" => squeezed,
        "Unsqueeze" => unsqueezed,
        "Transpose" => transposed,
        "Concat" => concatenated,
        "Split" => split,
        "Slice" => sliced,
        "Gather" => gathered,
        "GatherElements" => |call| of(call, 0, call.dims(1).cloned()),
        "GatherND" => gathered_by_index,
        "Pad" => padded,
        "Tile" => tiled,
        "Expand" => expanded,
        "DepthToSpace" | "SpaceToDepth" => blocks,
        "Shape" => |call| {
            let rank = call.input(0).and_then(Value::rank).map(|rank| rank as u64);
            vec![Value::new(Some(Element::I64), Some(vec![rank]))]
        },
        "Size" => |_| vec![Value::known(Some(Element::I64), [])],
        "Constant" => constant,
        "ConstantOfShape" => filled,
        "OneHot" => one_hot,
        "Range" => |call| vec![Value::new(call.input(0).and_then(|value| value.element), Some(vec![None]))],
        "Trilu" | "ReverseSequence" | "TensorScatter" => |call| of(call, 0, call.dims(0).cloned()),
        "ScatterElements" | "ScatterND" | "Scatter" => {
            return Some(Operator::new(Shape::As(0), Work::Of(scattered)));
        }
        "EyeLike" | "RandomNormalLike" | "RandomUniformLike" | "Bernoulli" => {
            return Some(Operator::new(Shape::As(0), Work::None));
        }
        "NonZero" | "Compress" | "Unique" | "CenterCropPad" | "RandomNormal" | "RandomUniform"
        | "Multinomial" | "SequenceAt" | "SequenceConstruct" | "SequenceEmpty" | "SequenceErase"
        | "SequenceInsert" | "SequenceLength" | "SplitToSequence" | "ConcatFromSequence" | "Optional"
        | "OptionalGetElement" | "OptionalHasElement" | "StringConcat" | "StringNormalizer"
        | "StringSplit" | "RegexFullMatch" | "TfIdfVectorizer" | "ImageDecoder" => {
            return Some(Operator::new(Shape::Said, Work::None));
        }
        // Overlapping patches are added up where they lie.
        "Col2Im" => return Some(Operator::new(Shape::Said, Work::EachOfInput { adds: 1, comparisons: 0 })),
        _ => return None,
    };
    Some(Operator::new(Shape::Of(shape), Work::None))
}

/// One value of the kind of an input.
fn of(call: &Call<'_>, place: usize, dims: Option<Dims>) -> Vec<Value> {
    vec![Value::new(call.input(place).and_then(|value| value.element), dims)]
}

/// The same, with all the numbers of the first input: it is the same constant.
fn rearranged(call: &Call<'_>, dims: Option<Dims>) -> Vec<Value> {
    let mut values = of(call, 0, dims);
    values[0].constant = call.input(0).and_then(|value| value.constant);
    values
}

fn same_numbers(call: &Call<'_>) -> Vec<Value> {
    let mut values = rearranged(call, call.dims(0).cloned());
    match call.node.op_type.as_str() {
        "Cast" | "BitCast" => values[0].element = call.int("to").and_then(|code| Element::of(code as i32)),
        "CastLike" => values[0].element = call.input(1).and_then(|value| value.element),
        _ => {}
    }
    values
}

/// 0 keeps an extent (unless `allowzero`), -1 is what is left.
fn reshaped(call: &Call<'_>) -> Vec<Value> {
    let said = match call.ints("shape") {
        Some(said) => Some(said.iter().map(|&side| Some(side)).collect()),
        None => call.input(1).and_then(|v| Some(v.content.as_ref()?.as_integers()?.to_vec())),
    };
    let dims = || -> Option<Dims> {
        let Some(said) = said else {
            // Only how many extents there are.
            let rank = call.dims(1)?.first().copied()??;
            return (rank < 64).then(|| vec![None; rank as usize]);
        };
        let keeps = call.int("allowzero").unwrap_or(0) == 0;
        let side = |(at, side): (usize, &Option<i64>)| match side {
            Some(0) if keeps => call.dims(0).and_then(|dims| dims.get(at).copied().flatten()),
            Some(side) => u64::try_from(*side).ok(),
            None => None,
        };
        let mut dims: Dims = said.iter().enumerate().map(side).collect();
        if let Some(at) = said.iter().position(|side| *side == Some(-1)) {
            let others: Option<u64> = (0..dims.len())
                .filter(|&other| other != at)
                .try_fold(1u64, |product, other| product.checked_mul(dims[other]?));
            let all = call.input(0).and_then(Value::numbers);
            dims[at] = others.filter(|&others| others > 0).and_then(|others| Some(all? / others));
        }
        Some(dims)
    };
    rearranged(call, dims())
}

fn flattened(call: &Call<'_>) -> Vec<Value> {
    let dims = call.dims(0).and_then(|given| {
        let at = match call.int("axis").unwrap_or(1) {
            at if at == given.len() as i64 => given.len(),
            at => axis(at, given.len())?,
        };
        let product = |sides: &[Option<u64>]| sides.iter().try_fold(1u64, |p, &side| p.checked_mul(side?));
        Some(vec![product(&given[..at]), product(&given[at..])])
    });
    rearranged(call, dims)
}

fn squeezed(call: &Call<'_>) -> Vec<Value> {
    let dims = || -> Option<Dims> {
        let given = call.dims(0)?;
        let axes: Vec<usize> = match call.listed("axes", 1) {
            Listed::Known(axes) => {
                axes.iter().map(|&number| axis(number, given.len())).collect::<Option<_>>()?
            }
            Listed::Unknown => return None,
            // All that are 1; so all must be known.
            Listed::NotSaid => {
                let sides: Vec<u64> = given.iter().copied().collect::<Option<_>>()?;
                (0..sides.len()).filter(|&at| sides[at] == 1).collect()
            }
        };
        Some((0..given.len()).filter(|at| !axes.contains(at)).map(|at| given[at]).collect())
    };
    rearranged(call, dims())
}

fn unsqueezed(call: &Call<'_>) -> Vec<Value> {
    let dims = || -> Option<Dims> {
        let (given, Listed::Known(axes)) = (call.dims(0)?, call.listed("axes", 1)) else { return None };
        let rank = given.len().checked_add(axes.len())?;
        let axes: Vec<usize> = axes.iter().map(|&number| axis(number, rank)).collect::<Option<_>>()?;
        let mut left = given.iter().copied();
        (0..rank).map(|at| if axes.contains(&at) { Some(Some(1)) } else { left.next() }).collect()
    };
    rearranged(call, dims())
}

fn transposed(call: &Call<'_>) -> Vec<Value> {
    let dims = call.dims(0).and_then(|given| match call.ints("perm") {
        None => Some(given.iter().rev().copied().collect()),
        Some(order) if order.len() == given.len() => {
            order.iter().map(|&from| given.get(usize::try_from(from).ok()?).copied()).collect()
        }
        Some(_) => None,
    });
    rearranged(call, dims)
}

fn concatenated(call: &Call<'_>) -> Vec<Value> {
    let dims = || -> Option<Dims> {
        let mut dims = call.dims(0)?.clone();
        let at = axis(call.int("axis").unwrap_or(1), dims.len())?;
        for place in 1..call.inputs.len() {
            let other = call.dims(place)?;
            if other.len() != dims.len() {
                return None;
            }
            for (axis, side) in dims.iter_mut().enumerate() {
                *side = match axis == at {
                    true => side.zip(other[axis]).and_then(|(a, b)| a.checked_add(b)),
                    false => side.or(other[axis]),
                };
            }
        }
        Some(dims)
    };
    of(call, 0, dims())
}

/// By sizes, by a number of parts, or into as many equal parts as there are results.
fn split(call: &Call<'_>) -> Vec<Value> {
    let parts = call.node.output.len();
    let dims = |part: usize| -> Option<Dims> {
        let mut dims = call.dims(0)?.clone();
        let at = axis(call.int("axis").unwrap_or(0), dims.len())?;
        dims[at] = match call.listed("split", 1) {
            Listed::Known(sizes) => u64::try_from(*sizes.get(part)?).ok(),
            Listed::Unknown => None,
            Listed::NotSaid => {
                let each = dims[at]?.div_ceil(parts as u64);
                Some(each.min(dims[at]?.saturating_sub(each.checked_mul(part as u64)?)))
            }
        };
        Some(dims)
    };
    (0..parts).flat_map(|part| of(call, 0, dims(part))).collect()
}

fn sliced(call: &Call<'_>) -> Vec<Value> {
    let list = |attribute: &str, input: usize| match call.listed(attribute, input) {
        Listed::Known(list) => Some(list),
        _ => None,
    };
    let dims = || -> Option<Dims> {
        let given = call.dims(0)?;
        let axes = match call.listed("axes", 3) {
            Listed::Known(axes) => axes,
            Listed::Unknown => return Some(vec![None; given.len()]),
            Listed::NotSaid => (0..given.len() as i64).collect(),
        };
        let mut dims = given.clone();
        let steps = list("steps", 4);
        let (starts, ends) = (list("starts", 1), list("ends", 2));
        for (place, &number) in axes.iter().enumerate() {
            let at = axis(number, given.len())?;
            let step = match &steps {
                Some(steps) => *steps.get(place)?,
                None if call.has(4) => {
                    dims[at] = None;
                    continue;
                }
                None => 1,
            };
            dims[at] = match (&starts, &ends) {
                (Some(starts), Some(ends)) if starts.len() > place && ends.len() > place => {
                    given[at].and_then(|side| slice(side, starts[place], ends[place], step))
                }
                _ => None,
            };
        }
        Some(dims)
    };
    of(call, 0, dims())
}

/// Numbers from `start` to before `end` of so many, by `step`; both counted from the end where they are negative.
pub(super) fn slice(side: u64, start: i64, end: i64, step: i64) -> Option<u64> {
    let side = i128::from(side);
    let (start, end, step) = (i128::from(start), i128::from(end), i128::from(step));
    let from_end = |place: i128| if place < 0 { place + side } else { place };
    let count = match step {
        0 => return None,
        1.. => {
            let (start, end) = (from_end(start).clamp(0, side), from_end(end).clamp(0, side));
            (end - start).max(0) + step - 1
        }
        _ => {
            let (start, end) = (from_end(start).clamp(-1, side - 1), from_end(end).clamp(-1, side - 1));
            (start - end).max(0) - step - 1
        }
    };
    u64::try_from(count / step.abs()).ok()
}

fn gathered(call: &Call<'_>) -> Vec<Value> {
    let dims = || -> Option<Dims> {
        let (given, places) = (call.dims(0)?, call.dims(1)?);
        let at = axis(call.int("axis").unwrap_or(0), given.len())?;
        Some(given[..at].iter().chain(places).chain(&given[at + 1..]).copied().collect())
    };
    of(call, 0, dims())
}

fn gathered_by_index(call: &Call<'_>) -> Vec<Value> {
    let dims = || -> Option<Dims> {
        let (given, places) = (call.dims(0)?, call.dims(1)?);
        let batch = usize::try_from(call.int("batch_dims").unwrap_or(0)).ok()?;
        let (&deep, outer) = places.split_last()?;
        let rest = given.get(batch.checked_add(usize::try_from(deep?).ok()?)?..)?;
        Some(outer.iter().chain(rest).copied().collect())
    };
    of(call, 0, dims())
}

/// What is put where something is may be added to it, multiplied with it, or compared.
fn scattered(call: &Call<'_>, _: &[Value]) -> Result<Operations, Reason> {
    let put = call.numbers(2)?;
    Ok(match call.text("reduction") {
        Some("add" | "mul") => Operations { adds: put, ..Operations::NONE },
        Some("max" | "min") => Operations { comparisons: put, ..Operations::NONE },
        _ => Operations::NONE,
    })
}

/// Of all axes, or of those that are named; before and after.
fn padded(call: &Call<'_>) -> Vec<Value> {
    let dims = || -> Option<Dims> {
        let given = call.dims(0)?;
        let axes: Vec<usize> = match call.listed("axes", 3) {
            Listed::Known(axes) => {
                axes.iter().map(|&number| axis(number, given.len())).collect::<Option<_>>()?
            }
            Listed::Unknown => return Some(vec![None; given.len()]),
            Listed::NotSaid => (0..given.len()).collect(),
        };
        let pads = match (call.listed("pads", 1), call.ints("paddings")) {
            (Listed::Known(pads), _) => pads,
            (_, Some(pads)) => pads.to_vec(),
            _ => return Some(vec![None; given.len()]),
        };
        let mut dims = given.clone();
        for (place, &at) in axes.iter().enumerate() {
            let more = pads.get(place)?.checked_add(*pads.get(axes.len() + place)?)?;
            dims[at] = dims[at].and_then(|side| side.checked_add_signed(more));
        }
        Some(dims)
    };
    of(call, 0, dims())
}

fn tiled(call: &Call<'_>) -> Vec<Value> {
    let dims = call.dims(0).map(|given| {
        let repeats = call.input(1).and_then(Value::integers).filter(|repeats| repeats.len() == given.len());
        let side = |(at, side): (usize, &Option<u64>)| {
            side.zip(repeats.as_ref().and_then(|repeats| u64::try_from(repeats[at]).ok()))
                .and_then(|(side, repeat)| side.checked_mul(repeat))
        };
        given.iter().enumerate().map(side).collect()
    });
    of(call, 0, dims)
}

fn expanded(call: &Call<'_>) -> Vec<Value> {
    let dims = || -> Option<Dims> {
        let said = call.input(1)?.content.as_ref()?.as_integers()?.iter();
        let said = said.map(|side| side.and_then(|side| u64::try_from(side).ok())).collect();
        broadcast(&[call.dims(0)?, &said])
    };
    of(call, 0, dims())
}

/// Blocks of pixels that become channels, or the other way round.
fn blocks(call: &Call<'_>) -> Vec<Value> {
    let dims = || -> Option<Dims> {
        let &[batch, channels, height, width] = call.dims(0)?.as_slice() else { return None };
        let side = u64::try_from(call.int("blocksize")?).ok().filter(|&side| side > 0)?;
        let block = side.checked_mul(side)?;
        let times = |extent: Option<u64>, by: u64| extent.and_then(|extent| extent.checked_mul(by));
        let over = |extent: Option<u64>, by: u64| extent.map(|extent| extent / by);
        Some(match call.node.op_type.as_str() {
            "DepthToSpace" => vec![batch, over(channels, block), times(height, side), times(width, side)],
            _ => vec![batch, times(channels, block), over(height, side), over(width, side)],
        })
    };
    of(call, 0, dims())
}

/// One of several attributes; a large one is a constant that the walk knows by itself.
fn constant(call: &Call<'_>) -> Vec<Value> {
    let scalar = |element, content| vec![Value { content: Some(content), ..Value::known(Some(element), []) }];
    if let Some(tensor) = call.tensor("value") {
        let Ok(extents) = Extents::of(tensor) else { return vec![Value::default()] };
        let content = crate::tensor::content(tensor, &extents);
        return vec![Value { content, ..Value::known(Some(extents.element), extents.dims) }];
    }
    if let Some(integer) = call.int("value_int") {
        return scalar(Element::I64, Content::integers(vec![integer]));
    }
    if let Some(float) = call.float("value_float") {
        return scalar(Element::F32, Content::Floats(vec![f64::from(float)]));
    }
    let list = |element, length: usize, content| {
        vec![Value { content: Some(content), ..Value::known(Some(element), [length as u64]) }]
    };
    if let Some(integers) = call.ints("value_ints") {
        return list(Element::I64, integers.len(), Content::integers(integers.to_vec()));
    }
    if let Some(floats) = call.floats("value_floats") {
        let content = Content::Floats(floats.iter().map(|&float| f64::from(float)).collect());
        return list(Element::F32, floats.len(), content);
    }
    vec![Value::default()]
}

fn filled(call: &Call<'_>) -> Vec<Value> {
    let said = call.tensor("value").and_then(|tensor| Element::of(tensor.data_type));
    let dims = || -> Option<Dims> {
        let sides = call.input(0)?.content.as_ref()?.as_integers()?;
        Some(sides.iter().map(|side| side.and_then(|side| u64::try_from(side).ok())).collect())
    };
    vec![Value::new(said.or(Some(Element::F32)), dims())]
}

fn one_hot(call: &Call<'_>) -> Vec<Value> {
    let dims = || -> Option<Dims> {
        let mut dims = call.dims(0)?.clone();
        let deep = call.input(1).and_then(Value::integers).and_then(|deep| deep.first().copied());
        let at = axis(call.int("axis").unwrap_or(-1), dims.len() + 1)?;
        dims.insert(at, deep.and_then(|deep| u64::try_from(deep).ok()));
        Some(dims)
    };
    of(call, 2, dims())
}

#[cfg(test)]
mod tests {
    use super::slice;

    #[test]
    fn slices_are_those_of_numpy() {
        let all = i64::MAX;
        for (given, expected) in [
            ((10, 0, all, 1), 10),
            ((10, 2, 5, 1), 3),
            ((10, -3, all, 1), 3),
            ((10, 0, -1, 2), 5),
            ((10, 5, 2, 1), 0),
            ((10, 20, 30, 1), 0),
            ((10, 9, i64::MIN, -1), 10),
            ((10, 9, 0, -3), 3),
            ((10, -1, -4, -1), 3),
            ((0, 0, all, 1), 0),
        ] {
            let (side, start, end, step) = given;
            assert_eq!(slice(side, start, end, step), Some(expected), "{given:?}");
        }
        assert_eq!(slice(10, 0, 5, 0), None);
    }
}
