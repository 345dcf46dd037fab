//! Nodes that leave a row's numbers as they are, or ask for extents.

use lessen_graph::proto::NodeProto;

use super::reader::Reader;
use super::value::{Extent, Row, Value};
use super::{attributes, kept};
use crate::onnx::OnnxError;

/// What a node makes that moves a row's numbers; those that change their order are no layers here.
pub(super) fn moved(
    reader: &Reader<'_>,
    node: &NodeProto,
    row: &Row,
    rest: &[Option<Value>],
) -> Result<Value, OnnxError> {
    let rank = row.shape.len() + 1;
    let shape = match node.op_type.as_str() {
        "Identity" => row.shape.clone(),
        "Cast" => match attributes::integer(node, "to", 1) {
            // To numbers of 16, 32 and 64 bits with a fraction.
            1 | 10 | 11 | 16 => row.shape.clone(),
            _ => return Err(kept(node, "it makes integers of the rows")),
        },
        "Shape" => return Ok(extents_of(node, row)),
        "Flatten" => match axis(attributes::integer(node, "axis", 1), rank) {
            Some(1) => vec![row.width()],
            _ => return Err(kept(node, "it joins rows")),
        },
        "Reshape" => {
            let said = rest.first().and_then(Option::as_ref).and_then(Value::extents);
            let said = said.or_else(|| {
                Some(attributes::integers(node, "shape")?.iter().map(|&side| Extent::Number(side)).collect())
            });
            let Some(said) = said else { return Err(kept(node, "its shape is no constant")) };
            reshaped(row, &said, reader.batch).ok_or_else(|| {
                kept(
                    node,
                    format!("it does not keep rows of {:?} apart, or its shape is not known", row.shape),
                )
            })?
        }
        "Squeeze" => {
            let axes = axes(node, rest, rank);
            let goes = |place: usize| match &axes {
                Some(axes) => axes.contains(&Some(place + 1)),
                None => row.shape[place] == 1,
            };
            let may_go = axes.iter().flatten().all(|axis| {
                axis.and_then(|axis| axis.checked_sub(1))
                    .is_some_and(|place| row.shape.get(place) == Some(&1))
            });
            if !may_go {
                return Err(kept(node, "it takes a dimension away that has more than 1"));
            }
            (0..row.shape.len()).filter(|&place| !goes(place)).map(|place| row.shape[place]).collect()
        }
        "Unsqueeze" => {
            let new = axes(node, rest, rank + axes(node, rest, rank).map_or(0, |axes| axes.len()));
            let mut places: Vec<usize> = new.into_iter().flatten().flatten().collect();
            places.sort_unstable();
            let mut shape = row.shape.clone();
            for place in places {
                match place.checked_sub(1) {
                    Some(place) if place <= shape.len() => shape.insert(place, 1),
                    _ => return Err(kept(node, "it puts a dimension before the batch")),
                }
            }
            shape
        }
        "Transpose" => {
            let order: Vec<usize> = match attributes::integers(node, "perm") {
                Some(order) => order.iter().filter_map(|&axis| usize::try_from(axis).ok()).collect(),
                None => (0..rank).rev().collect(),
            };
            turned(&row.shape, &order).ok_or_else(|| kept(node, "it changes the order of a row's numbers"))?
        }
        _ => return Err(kept(node, "it is not one of the layers here")),
    };
    let is_alone = row.is_alone && node.output.first().is_some_and(|result| reader.is_read_once(result));
    Ok(Value::Row(Row { shape, is_alone, ..row.clone() }))
}

/// An axis from the front.
fn axis(said: i64, rank: usize) -> Option<usize> {
    let from_front = if said < 0 { said + rank as i64 } else { said };
    usize::try_from(from_front).ok().filter(|&axis| axis < rank)
}

/// Axes that are said, as a setting or an input.
fn axes(node: &NodeProto, rest: &[Option<Value>], rank: usize) -> Option<Vec<Option<usize>>> {
    let input = || rest.first().and_then(Option::as_ref).and_then(Value::integers);
    let said = attributes::integers(node, "axes").map(<[i64]>::to_vec).or_else(input)?;
    Some(said.into_iter().map(|said| axis(said, rank)).collect())
}

/// The part of a row's extents that is asked for, the batch first.
fn extents_of(node: &NodeProto, row: &Row) -> Value {
    let sides = row.shape.iter().map(|&side| Extent::Number(side as i64));
    let all: Vec<Extent> = std::iter::once(Extent::Batch).chain(sides).collect();
    let place = |said: i64| {
        let from_front = if said < 0 { said + all.len() as i64 } else { said };
        usize::try_from(from_front).unwrap_or(0).min(all.len())
    };
    let (begin, end) =
        (attributes::integer(node, "start", 0), attributes::integer(node, "end", all.len() as i64));
    Value::Extents(all[place(begin)..place(end).max(place(begin))].to_vec())
}

/// The shape behind the batch that was asked for; `None` where rows would not stay apart.
fn reshaped(row: &Row, said: &[Extent], batch: Option<i64>) -> Option<Vec<usize>> {
    let (first, rest) = said.split_first()?;
    let is_batch = |said: &Extent| match *said {
        Extent::Batch | Extent::Number(0 | -1) => true,
        Extent::Number(rows) => Some(rows) == batch,
    };
    if !is_batch(first) {
        return None;
    }
    let mut open = None;
    let mut shape = Vec::new();
    for (place, side) in rest.iter().enumerate() {
        shape.push(match *side {
            Extent::Batch => return None,
            Extent::Number(-1) if open.is_none() && *first != Extent::Number(-1) => {
                open = Some(place);
                1
            }
            Extent::Number(0) => *row.shape.get(place)?,
            Extent::Number(side) => usize::try_from(side).ok()?,
        });
    }
    let known = shape.iter().try_fold(1usize, |all, &side| all.checked_mul(side))?;
    if let Some(open) = open {
        shape[open] = row.width().checked_div(known)?;
    }
    let all = shape.iter().try_fold(1usize, |all, &side| all.checked_mul(side))?;
    (all == row.width()).then_some(shape)
}

/// The shape in another order of axes; `None` where that moves numbers.
fn turned(shape: &[usize], order: &[usize]) -> Option<Vec<usize>> {
    let (0, rest) = order.split_first().map(|(first, rest)| (*first, rest))? else { return None };
    let mut places: Vec<usize> = rest.iter().filter_map(|axis| axis.checked_sub(1)).collect();
    let shape_now: Option<Vec<usize>> = places.iter().map(|&place| shape.get(place).copied()).collect();
    places.retain(|&place| shape.get(place).is_some_and(|&side| side > 1));
    let keeps_order = places.is_sorted_by(|a, b| a < b);
    let mut all: Vec<usize> = rest.to_vec();
    all.sort_unstable();
    (keeps_order && all.iter().copied().eq(1..=shape.len())).then_some(shape_now?)
}

/// Nodes of extents and of constants that stand for extents; `None` where it is another node, or one of its inputs is not known.
pub(super) fn of_extents(node: &NodeProto, inputs: &[Option<Value>]) -> Option<Value> {
    let extents = |place: usize| inputs.get(place)?.as_ref()?.extents();
    let integers = |place: usize| inputs.get(place)?.as_ref()?.integers();
    let has_batch = inputs.iter().flatten().any(|input| matches!(input, Value::Extents(_)));
    if !has_batch {
        return None;
    }
    Some(Value::Extents(match node.op_type.as_str() {
        "Identity" | "Cast" | "Squeeze" | "Unsqueeze" | "Reshape" => extents(0)?,
        "Gather" => {
            let from = extents(0)?;
            let pick = |index: i64| from.get(axis(index, from.len())?).copied();
            integers(1)?.into_iter().map(pick).collect::<Option<_>>()?
        }
        "Concat" => (0..inputs.len()).map(extents).collect::<Option<Vec<_>>>()?.concat(),
        "Slice" => {
            let from = extents(0)?;
            let one = |place: usize| match integers(place)?.as_slice() {
                &[number] => Some(number),
                _ => None,
            };
            if inputs.len() > 4 && one(4) != Some(1) {
                return None;
            }
            let length = from.len() as i64;
            let place =
                |said: i64| (if said < 0 { said.saturating_add(length) } else { said }).clamp(0, length);
            let (begin, end) = (place(one(1)?), place(one(2)?));
            from[begin as usize..end.max(begin) as usize].to_vec()
        }
        _ => return None,
    }))
}
