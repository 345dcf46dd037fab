//! Windows whose numbers become one, and resizing.

use lessen_units::Operations;

use super::window::Window;
use super::{Operator, Shape, Work, numbers};
use crate::call::{Call, Reason, axis, times, unknown};
use crate::element::Element;
use crate::value::{Content, Dims, Value};

pub(super) fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        "MaxPool" | "AveragePool" | "LpPool" => Operator::new(Shape::Of(pooled), Work::Of(pool)),
        "GlobalMaxPool" => Operator::new(Shape::Of(global), Work::Of(global_pool)),
        "GlobalAveragePool" => {
            Operator::new(Shape::Of(global), Work::EachOfInput { adds: 1, comparisons: 0 })
        }
        // Powers, their sum and its root.
        "GlobalLpPool" => Operator::new(Shape::Of(global), Work::EachOfInput { adds: 2, comparisons: 0 }),
        "MaxUnpool" => Operator::new(Shape::Of(unpooled), Work::None),
        "Resize" | "Upsample" => Operator::new(Shape::Of(resized), Work::Of(resize)),
        "GridSample" => Operator::new(Shape::Of(sampled), Work::Of(sample)),
        "RoiAlign" => Operator::new(Shape::Of(regions), Work::Of(align)),
        "MaxRoiPool" => {
            Operator::new(Shape::Of(regions), Work::OfData("regions are as large as the data says"))
        }
        "AffineGrid" => Operator::new(Shape::Said, Work::Of(affine)),
        _ => return None,
    })
}

fn window(call: &Call<'_>) -> Option<Window> {
    let kernel = call.ints("kernel_shape")?.iter().map(|&side| u64::try_from(side).ok()).collect();
    Window::of(call, kernel)
}

fn pooled(call: &Call<'_>) -> Vec<Value> {
    let dims = || -> Option<Dims> {
        let (given, window) = (call.dims(0)?, window(call)?);
        (given.len() == window.kernel.len() + 2)
            .then(|| [given[0], given[1]].into_iter().chain(window.positions(&given[2..])).collect())
    };
    let (element, dims) = (call.input(0).and_then(|value| value.element), dims());
    // The places of the greatest numbers, where they are asked for.
    vec![Value::new(element, dims.clone()), Value::new(Some(Element::I64), dims)]
}

/// An average takes its numbers' sum and one division, a maximum one comparison less than numbers, a norm a power for each as well.
fn pool(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let (outputs, under) = (numbers(results)?, window(call).and_then(|window| window.numbers()));
    let under = under.ok_or_else(|| unknown("the window"))?;
    Ok(match call.node.op_type.as_str() {
        "MaxPool" => {
            Operations { comparisons: times(&[outputs, under.saturating_sub(1)])?, ..Operations::NONE }
        }
        "LpPool" => Operations { adds: times(&[outputs, under, 2])?, ..Operations::NONE },
        _ => Operations { adds: times(&[outputs, under])?, ..Operations::NONE },
    })
}

fn global(call: &Call<'_>) -> Vec<Value> {
    let dims = call.dims(0).map(|given| {
        given.iter().enumerate().map(|(axis, side)| if axis < 2 { *side } else { Some(1) }).collect()
    });
    vec![Value::new(call.input(0).and_then(|value| value.element), dims)]
}

fn global_pool(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let comparisons = call.numbers(0)?.saturating_sub(numbers(results)?);
    Ok(Operations { comparisons, ..Operations::NONE })
}

fn unpooled(call: &Call<'_>) -> Vec<Value> {
    let dims = || -> Option<Dims> {
        if let Some(said) = call.input(2).and_then(Value::integers) {
            return said.into_iter().map(|side| u64::try_from(side).ok().map(Some)).collect();
        }
        let given = call.dims(0)?;
        Some(given.iter().take(2).copied().chain(window(call)?.transposed(given.get(2..)?, &[])).collect())
    };
    vec![Value::new(call.input(0).and_then(|value| value.element), dims())]
}

/// By sizes, or by factors that are rounded down; of all axes, or of those that are named.
fn resized(call: &Call<'_>) -> Vec<Value> {
    let element = call.input(0).and_then(|value| value.element);
    let dims = || -> Option<Dims> {
        let given = call.dims(0)?;
        let axes: Vec<usize> = match call.ints("axes") {
            Some(axes) => axes.iter().map(|&number| axis(number, given.len())).collect::<Option<_>>()?,
            None => (0..given.len()).collect(),
        };
        let mut dims = given.clone();
        let is_old = call.node.op_type == "Upsample" || call.version < 11;
        if let Some(sizes) = call.input(3).filter(|_| !is_old) {
            if call.text("keep_aspect_ratio_policy").is_some_and(|policy| policy != "stretch") {
                return Some(fitted(call, &dims, &axes, &sizes.integers()?)).flatten();
            }
            for (&axis, size) in axes.iter().zip(sizes.content.as_ref()?.as_integers()?) {
                dims[axis] = size.and_then(|size| u64::try_from(size).ok());
            }
            return Some(dims);
        }
        let scales = match (call.floats("scales"), call.input(if is_old { 1 } else { 2 })) {
            (Some(scales), _) => scales.iter().map(|&scale| f64::from(scale)).collect(),
            (None, Some(Value { content: Some(Content::Floats(scales)), .. })) => scales.clone(),
            _ => return Some(vec![None; given.len()]),
        };
        for (&axis, scale) in axes.iter().zip(scales) {
            dims[axis] = dims[axis].map(|side| (side as f64 * scale).floor() as u64);
        }
        Some(dims)
    };
    vec![Value::new(element, dims())]
}

/// All axes by one factor: the largest with which none is above its size, or the smallest with which none is below.
fn fitted(call: &Call<'_>, given: &Dims, axes: &[usize], sizes: &[i64]) -> Option<Dims> {
    let factors = axes.iter().zip(sizes).map(|(&axis, &size)| Some(size as f64 / given[axis]? as f64));
    let factors: Vec<f64> = factors.collect::<Option<_>>()?;
    let factor = match call.text("keep_aspect_ratio_policy") {
        Some("not_larger") => factors.into_iter().reduce(f64::min)?,
        _ => factors.into_iter().reduce(f64::max)?,
    };
    let mut dims = given.clone();
    for &axis in axes {
        dims[axis] = dims[axis].map(|side| (side as f64 * factor).round() as u64);
    }
    Some(dims)
}

/// The nearest number is looked up; between two numbers of each axis that changes lie two factors and a sum, between four by cubic
/// functions four and three, whose weights are not counted: they are the same for whole rows.
fn resize(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let taps: u64 = match call.text("mode").unwrap_or("nearest") {
        "nearest" => return Ok(Operations::NONE),
        "linear" | "bilinear" => 2,
        "cubic" => 4,
        other => return Err(Reason(format!("its mode is `{other}`"))),
    };
    let made = results.first().and_then(Value::sides).ok_or_else(|| unknown("the result"))?;
    let given = call.sides(0)?;
    let changed = given.iter().zip(&made).filter(|(given, made)| given != made).count() as u32;
    let under = taps.checked_pow(changed).ok_or_else(|| Reason::new("more axes than can be counted"))?;
    let each = if changed == 0 { 0 } else { 2 * under - 1 };
    Ok(Operations { adds: times(&[numbers(results)?, each])?, ..Operations::NONE })
}

/// `[batch, channels, positions of the grid…]`.
fn sampled(call: &Call<'_>) -> Vec<Value> {
    let dims = || -> Option<Dims> {
        let (given, grid) = (call.dims(0)?, call.dims(1)?);
        let positions = grid.get(1..grid.len().checked_sub(1)?)?;
        Some(given.iter().take(2).chain(positions).copied().collect())
    };
    vec![Value::new(call.input(0).and_then(|value| value.element), dims())]
}

/// As [`resize`]; the two steps that make a place of a coordinate are counted for each position and axis.
fn sample(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let axes = call.sides(0)?.len().saturating_sub(2) as u32;
    let taps: u64 = match call.text("mode").unwrap_or("linear") {
        "nearest" => 1,
        "linear" | "bilinear" => 2,
        "cubic" | "bicubic" => 4,
        other => return Err(Reason(format!("its mode is `{other}`"))),
    };
    let under = taps.checked_pow(axes).ok_or_else(|| Reason::new("more axes than can be counted"))?;
    let each = if taps == 1 { 0 } else { 2 * under - 1 };
    let places = times(&[call.numbers(1)?, 2])?;
    let adds = times(&[numbers(results)?, each])?.saturating_add(places);
    Ok(Operations { adds, ..Operations::NONE })
}

/// `[regions, channels, height, width]`.
fn regions(call: &Call<'_>) -> Vec<Value> {
    let dims = || -> Option<Dims> {
        let (given, regions) = (call.dims(0)?, call.dims(1)?);
        let side = |name: &str| u64::try_from(call.int(name).unwrap_or(1)).ok();
        let sides = match call.ints("pooled_shape") {
            Some(&[height, width]) => [u64::try_from(height).ok(), u64::try_from(width).ok()],
            _ => [side("output_height"), side("output_width")],
        };
        Some([*regions.first()?, *given.get(1)?].into_iter().chain(sides).collect())
    };
    vec![Value::new(call.input(0).and_then(|value| value.element), dims())]
}

/// Each number is the mean or the greatest of some that lie between four others (four products and three sums).
fn align(call: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let Some(ratio) =
        call.int("sampling_ratio").and_then(|ratio| u64::try_from(ratio).ok()).filter(|&r| r > 0)
    else {
        return Err(Reason::new("as many samples are taken as a region is large (sampling_ratio 0)"));
    };
    let samples = times(&[numbers(results)?, ratio, ratio])?;
    let (adds, comparisons) = match call.text("mode") {
        Some("max") => (times(&[samples, 7])?, samples - numbers(results)?),
        _ => (times(&[samples, 8])?, 0),
    };
    Ok(Operations { adds, comparisons, ..Operations::NONE })
}

/// Coordinates by a matrix: each is made of a product and a sum for each axis.
fn affine(_: &Call<'_>, results: &[Value]) -> Result<Operations, Reason> {
    let coordinates = numbers(results)?;
    let axes =
        results[0].sides().and_then(|sides| sides.last().copied()).ok_or_else(|| unknown("the grid"))?;
    Ok(Operations { adds: times(&[coordinates, axes, 2])?, ..Operations::NONE })
}
