//! `Einsum`: sums over products, said by letters.

use std::collections::BTreeMap;

use lessen_units::Operations;

use super::{Operator, Shape, Work};
use crate::call::{Call, Reason, times};
use crate::value::{Dims, Value};

pub(super) fn operator() -> Operator {
    Operator::new(Shape::Of(shape), Work::Of(operations))
}

/// An axis: a letter, or one of those that an ellipsis stands for, counted from the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Letter(char),
    Hidden(usize),
}

/// An equation whose ellipses are written out.
struct Equation {
    operands: Vec<Vec<Label>>,
    result: Vec<Label>,
    sides: BTreeMap<Label, Option<u64>>,
}

impl Equation {
    fn of(call: &Call<'_>) -> Option<Self> {
        let text: String = call.text("equation")?.chars().filter(|letter| !letter.is_whitespace()).collect();
        let (given, said) = match text.split_once("->") {
            Some((given, said)) => (given.to_owned(), Some(said.to_owned())),
            None => (text, None),
        };
        let terms: Vec<&str> = given.split(',').collect();
        if terms.len() != call.inputs.len() {
            return None;
        }
        let mut operands = Vec::new();
        let mut sides: BTreeMap<Label, Option<u64>> = BTreeMap::new();
        for (place, term) in terms.iter().enumerate() {
            let dims = call.dims(place)?;
            let labels = labels(term, dims.len())?;
            for (&label, &side) in labels.iter().zip(dims) {
                let known = sides.entry(label).or_insert(Some(1));
                // An axis of 1 is broadcast.
                if *known == Some(1) || (known.is_none() && side.is_some_and(|side| side > 1)) {
                    *known = side;
                }
            }
            operands.push(labels);
        }
        let hidden = sides.keys().filter(|label| matches!(label, Label::Hidden(_))).count();
        let result = match said {
            Some(said) => {
                labels(&said, said.chars().filter(|c| *c != '.').count() + hidden_in(&said, hidden))?
            }
            None => {
                let count = |label: &Label| operands.iter().flatten().filter(|other| *other == label).count();
                let once =
                    sides.keys().filter(|label| matches!(label, Label::Letter(_)) && count(label) == 1);
                (0..hidden).rev().map(Label::Hidden).chain(once.copied()).collect()
            }
        };
        Some(Self { operands, result, sides })
    }

    /// Product of the sides of these axes.
    fn extent(&self, labels: impl IntoIterator<Item = Label>) -> Result<u64, Reason> {
        let sides = labels.into_iter().map(|label| self.sides.get(&label).copied().flatten());
        let sides: Option<Vec<u64>> = sides.collect();
        times(&sides.ok_or_else(|| Reason::new("the extents of its axes are not known"))?)
    }
}

fn hidden_in(term: &str, hidden: usize) -> usize {
    if term.contains("...") { hidden } else { 0 }
}

/// The labels of a term of so many axes.
fn labels(term: &str, rank: usize) -> Option<Vec<Label>> {
    let letters = |part: &str| -> Vec<Label> { part.chars().map(Label::Letter).collect() };
    let Some((before, behind)) = term.split_once("...") else {
        return Some(letters(term)).filter(|labels| labels.len() == rank);
    };
    let hidden = rank.checked_sub(before.chars().count() + behind.chars().count())?;
    Some(
        letters(before)
            .into_iter()
            .chain((0..hidden).rev().map(Label::Hidden))
            .chain(letters(behind))
            .collect(),
    )
}

fn shape(call: &Call<'_>) -> Vec<Value> {
    let dims = Equation::of(call).and_then(|equation| -> Option<Dims> {
        equation.result.iter().map(|label| equation.sides.get(label).copied()).collect()
    });
    vec![Value::new(call.input(0).and_then(|value| value.element), dims)]
}

/// Operand after operand from the left: two are multiplied over all of their axes, and those axes that nobody needs any more are
/// summed on the way. A product of which nothing is summed is one multiplication a number, not a multiply-accumulate.
fn operations(call: &Call<'_>, _: &[Value]) -> Result<Operations, Reason> {
    let equation = Equation::of(call).ok_or_else(|| Reason::new("its equation does not fit its inputs"))?;
    let mut found = Operations::NONE;
    let mut left: Vec<Label> = equation.operands.first().cloned().unwrap_or_default();
    left.sort_unstable();
    left.dedup();
    for (place, right) in equation.operands.iter().enumerate().skip(1) {
        let mut together: Vec<Label> = left.iter().chain(right).copied().collect();
        together.sort_unstable();
        together.dedup();
        let is_needed = |label: &Label| {
            equation.result.contains(label)
                || equation.operands[place + 1..].iter().any(|later| later.contains(label))
        };
        let kept: Vec<Label> = together.iter().copied().filter(is_needed).collect();
        let all = equation.extent(together.iter().copied())?;
        let sums = kept.len() < together.len();
        found += if sums { Operations::macs(all) } else { Operations { adds: all, ..Operations::NONE } };
        left = kept;
    }
    if equation.operands.len() == 1 {
        let (given, made) =
            (equation.extent(left.iter().copied())?, equation.extent(equation.result.clone())?);
        found.adds += given.saturating_sub(made);
    }
    Ok(found)
}
