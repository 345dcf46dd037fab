//! What a model takes and gives, whatever is between.

use std::collections::HashSet;

use lessen_graph::Model;
use lessen_graph::proto::{GraphProto, NodeProto, ValueInfoProto};

use crate::onnx::OnnxError;
use crate::onnx::read::mismatch;

/// More numbers in a row are a slip, or a trap.
const WIDEST: usize = 1 << 24;

/// The input and the output of a model that answers rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Name of the input: rows.
    pub input: String,
    /// Rows that it takes at a time; `None` where that is free.
    pub batch: Option<usize>,
    /// Extents of a row.
    pub shape: Vec<usize>,
    /// Name of the output: answers.
    pub output: String,
    /// What makes them.
    pub ending: Ending,
}

/// What a model ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Probabilities.
    Softmax,
    /// Their logarithms.
    LogSoftmax,
    /// A number from 0 to 1 by itself.
    Sigmoid,
    /// Numbers of any size.
    Other,
}

impl Signature {
    /// That of a model with one input of rows and one output.
    ///
    /// # Errors
    /// [`OnnxError::Graph`] where it is another model.
    pub fn of(model: &Model) -> Result<Self, OnnxError> {
        let graph = model.proto().graph.as_ref().ok_or_else(|| mismatch("a graph", "none"))?;
        let (input, batch, shape) = rows(graph)?;
        let output = answers(graph)?;
        let batch = batch.and_then(|batch| usize::try_from(batch).ok());
        Ok(Self { input: input.into(), batch, shape, output: output.into(), ending: ending(graph, output) })
    }

    /// Numbers in a row.
    pub fn width(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Name, batch and extents of the only input that is no constant.
pub(super) fn rows(graph: &GraphProto) -> Result<(&str, Option<i64>, Vec<usize>), OnnxError> {
    let constants: HashSet<&str> = graph.initializer.iter().map(|constant| constant.name.as_str()).collect();
    let is_given = |input: &&ValueInfoProto| !constants.contains(input.name.as_str());
    let inputs: Vec<_> = graph.input.iter().filter(is_given).collect();
    let &[input] = inputs.as_slice() else {
        return Err(mismatch("1 input", &listed(inputs.iter().copied())));
    };
    let tensor = input.r#type.as_ref().and_then(|of| of.tensor_type.as_ref());
    let dims = tensor.and_then(|tensor| tensor.shape.as_ref()).map(|shape| shape.dim.as_slice());
    let Some([batch, sides @ ..]) = dims.filter(|dims| dims.len() > 1) else {
        let expected =
            format!("`{}` of rows: at least 2 dimensions, the first of them the batch", input.name);
        return Err(mismatch(&expected, &dims.map_or("none".into(), |dims| dims.len().to_string())));
    };
    let sides: Option<Vec<usize>> = sides
        .iter()
        .map(|dim| dim.dim_value.and_then(|side| usize::try_from(side).ok()).filter(|&side| side > 0))
        .collect();
    let is_usable = |sides: &Vec<usize>| {
        let width = sides.iter().try_fold(1usize, |width, &side| width.checked_mul(side));
        width.is_some_and(|width| width <= WIDEST)
    };
    let shape = sides.filter(is_usable).ok_or_else(|| {
        let expected = format!(
            "`{}` with fixed dimensions behind the batch, and at most {WIDEST} numbers a row",
            input.name
        );
        mismatch(&expected, "others")
    })?;
    Ok((&input.name, batch.dim_value, shape))
}

/// Name of the only output.
pub(super) fn answers(graph: &GraphProto) -> Result<&str, OnnxError> {
    match graph.output.as_slice() {
        [output] => Ok(&output.name),
        outputs => Err(mismatch("1 output", &listed(outputs.iter()))),
    }
}

/// How many there are, and their names.
fn listed<'a>(all: impl Iterator<Item = &'a ValueInfoProto>) -> String {
    let names: Vec<String> = all.map(|value| format!("`{}`", value.name)).collect();
    if names.is_empty() { "none".into() } else { format!("{}: {}", names.len(), names.join(", ")) }
}

/// What makes a result, behind nodes that only move it.
fn ending(graph: &GraphProto, output: &str) -> Ending {
    let mut wanted = output;
    for node in graph.node.iter().rev() {
        if !node.output.iter().any(|result| result == wanted) {
            continue;
        }
        match (node.op_type.as_str(), node.input.first()) {
            ("Softmax", _) => return Ending::Softmax,
            ("LogSoftmax", _) => return Ending::LogSoftmax,
            ("Sigmoid", _) => return Ending::Sigmoid,
            (_, Some(before)) if only_moves(node) => wanted = before,
            _ => return Ending::Other,
        }
    }
    Ending::Other
}

fn only_moves(node: &NodeProto) -> bool {
    let moves = ["Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Cast", "Dropout"];
    moves.contains(&node.op_type.as_str())
}
