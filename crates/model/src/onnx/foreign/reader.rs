//! A walk over another tool's graph.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use lessen_graph::proto::{GraphProto, NodeProto, TensorProto};
use lessen_graph::{Array, Model, Numbers};

use super::affine::Affine;
use super::value::{Row, Value};
use super::{Foreign, kept, mark_pruned, signature};
use crate::onnx::OnnxError;
use crate::onnx::read::{at, check_opset, is_onnx, mismatch};
use crate::{Layer, Node};

/// Numbers that may be made or changed for each byte of the files, and in any case: constants are turned, multiplied, spread over a
/// row, layers scaled. A weight of a byte that is cast, scaled, turned and joined by a bias takes seven.
const NUMBERS_A_BYTE: u64 = 16;
const NUMBERS_AT_LEAST: u64 = 1 << 20;

/// The first operator set whose `Add` and kin say by the extents alone what is spread over what.
const OLDEST_OPSET: i64 = 7;

/// Names and what they stand for, as nodes are walked.
pub(super) struct Reader<'a> {
    model: &'a Model,
    initializers: HashMap<&'a str, &'a TensorProto>,
    values: HashMap<&'a str, Value>,
    /// How often a name is read, as the graph's output too.
    reads: HashMap<&'a str, usize>,
    /// Names of weights that a layer has.
    pub(super) taken: HashSet<&'a str>,
    /// Rows that the file promises, where it does.
    pub(super) batch: Option<i64>,
    /// Numbers that may still be made.
    left: u64,
    pub(super) layers: Vec<Node>,
    /// How many layers were to be called so.
    names: HashMap<String, usize>,
    /// Name and operator of the node that each layer is of.
    of: Vec<(String, String)>,
    pub(super) notes: Vec<String>,
    /// The place of a softmax that stands for one of logarithms: nothing may compute with those.
    pub(super) logarithms: Option<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn read(model: &'a Model) -> Result<Foreign, OnnxError> {
        let graph = model.proto().graph.as_ref().ok_or_else(|| mismatch("a graph", "none"))?;
        check_opset(model.proto(), OLDEST_OPSET)?;
        let output = signature::answers(graph)?;
        let mut reader = Self::new(model, graph);
        if reader.initializers.len() < graph.initializer.len() {
            return Err(mismatch("a name for each constant", "two of one name"));
        }
        let inputs = reader.input(graph)?;
        for node in needed(graph, output) {
            reader.step(node)?;
        }
        reader.finish(inputs, output)
    }

    fn new(model: &'a Model, graph: &'a GraphProto) -> Self {
        let mut reads: HashMap<&str, usize> = HashMap::new();
        let inputs = graph.node.iter().flat_map(|node| &node.input);
        for name in inputs.chain(graph.output.iter().map(|output| &output.name)) {
            *reads.entry(name.as_str()).or_default() += 1;
        }
        Self {
            model,
            initializers: graph.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect(),
            values: HashMap::new(),
            reads,
            taken: HashSet::new(),
            batch: None,
            left: (model.stored_bytes().saturating_mul(NUMBERS_A_BYTE)).max(NUMBERS_AT_LEAST),
            layers: Vec::new(),
            names: HashMap::new(),
            of: Vec::new(),
            notes: Vec::new(),
            logarithms: None,
        }
    }

    /// The rows: the graph's only input that is no constant. Gives how many numbers a row has.
    fn input(&mut self, graph: &'a GraphProto) -> Result<usize, OnnxError> {
        let (name, batch, shape) = signature::rows(graph)?;
        self.batch = batch;
        let row = Row { place: 0, shape, affine: Affine::NONE, is_alone: self.is_read_once(name) };
        let width = row.width();
        self.values.insert(name, Value::Row(row));
        Ok(width)
    }

    /// Takes one node in.
    fn step(&mut self, node: &'a NodeProto) -> Result<(), OnnxError> {
        if !is_onnx(&node.domain) {
            return Err(kept(node, "its operator is not one of ONNX's own"));
        }
        let inputs: Vec<Option<Value>> =
            node.input.iter().map(|name| self.value(node, name)).collect::<Result<_, _>>()?;
        let made = match inputs.iter().flatten().find_map(row_of) {
            Some(_) => self.of_rows(node, &inputs)?,
            None => self.of_constants(node, &inputs)?,
        };
        let Some(result) = node.output.first().filter(|name| !name.is_empty()) else {
            return Err(kept(node, "it has no result"));
        };
        if self.initializers.contains_key(result.as_str()) || self.values.insert(result, made).is_some() {
            return Err(at(node, "a new name for its result", &format!("`{result}`, which is taken")));
        }
        Ok(())
    }

    /// What a name stands for; `None` for that of an input left out.
    fn value(&mut self, node: &NodeProto, name: &'a str) -> Result<Option<Value>, OnnxError> {
        if name.is_empty() {
            return Ok(None);
        }
        if let Some(value) = self.values.get(name) {
            return Ok(Some(value.clone()));
        }
        match self.initializers.get(name) {
            Some(tensor) => Ok(Some(Value::Constant(self.numbers(tensor)?))),
            None => Err(at(node, "inputs that were made before", &format!("`{name}`, which was not"))),
        }
    }

    /// The numbers of a constant of the file.
    pub(super) fn numbers(&mut self, tensor: &TensorProto) -> Result<Rc<Array>, OnnxError> {
        let promised = tensor.dims.iter().fold(1u64, |all, &side| all.saturating_mul(side.unsigned_abs()));
        self.spend(promised)?;
        let array = self.model.numbers(tensor)?;
        if let Numbers::Floats(numbers) = &array.numbers
            && let Some(place) = numbers.iter().position(|number| !number.is_finite())
        {
            let found = format!("{} at place {place}", numbers[place]);
            return Err(OnnxError::Tensor {
                tensor: tensor.name.clone(),
                expected: "finite values".into(),
                found,
            });
        }
        Ok(Rc::new(array))
    }

    /// Takes numbers that are to be made from those that may be.
    pub(super) fn spend(&mut self, numbers: u64) -> Result<(), OnnxError> {
        self.left = self.left.checked_sub(numbers).ok_or_else(|| {
            mismatch("constants that a file of this size holds", "many times as many numbers")
        })?;
        Ok(())
    }

    /// Whether one node alone reads the name.
    pub(super) fn is_read_once(&self, name: &str) -> bool {
        self.reads.get(name) == Some(&1)
    }

    /// Adds a layer that reads `row`, and gives its numbers in `shape`.
    pub(super) fn push(
        &mut self,
        node: &'a NodeProto,
        (said, layer): (&str, Layer),
        row: &Row,
        shape: Vec<usize>,
    ) -> Value {
        let name = self.free_name(said);
        self.layers.push(Node { name, layer, inputs: vec![row.place] });
        self.of.push((super::name(node), node.op_type.clone()));
        let is_alone = node.output.first().is_some_and(|result| self.is_read_once(result));
        Value::Row(Row { place: self.layers.len(), shape, affine: Affine::NONE, is_alone })
    }

    /// `said`, or with a number behind it where a layer has that name.
    fn free_name(&mut self, said: &str) -> String {
        let mut name = said.to_owned();
        while self.names.contains_key(&name) {
            let number = self.names.entry(said.to_owned()).or_insert(1);
            *number += 1;
            name = format!("{said}_{number}");
        }
        self.names.insert(name.clone(), 1);
        name
    }

    fn finish(mut self, inputs: usize, output: &str) -> Result<Foreign, OnnxError> {
        let Some(Value::Row(row)) = self.values.get(output) else {
            return Err(mismatch("an output that depends on the rows", &format!("`{output}`")));
        };
        let (Some(last), true) = (self.of.last(), row.place > 0 && row.place == self.layers.len()) else {
            return Err(mismatch("the last layer's numbers as output", &format!("`{output}`")));
        };
        if let Some(place) = self.logarithms.filter(|&place| place != row.place) {
            let (node, op) = self.of[place - 1].clone();
            let why = "something is computed of the logarithms that it gives";
            return Err(OnnxError::Kept { node, op: format!("`{op}`"), why: why.into() });
        }
        if !row.affine.is_none() {
            let why = "the numbers behind it are scaled, and no layer with weights can take that in";
            let (node, op) = last.clone();
            return Err(OnnxError::Kept { node, op: format!("`{op}`"), why: why.into() });
        }
        let (last, outputs) = (last.clone(), row.width());
        self.check_finite()?;
        mark_pruned(&mut self.layers, &mut self.notes);
        Ok(Foreign { nodes: self.layers, last, inputs, outputs, notes: self.notes })
    }
}

impl Reader<'_> {
    /// What is taken into a layer may be too much for its numbers.
    fn check_finite(&self) -> Result<(), OnnxError> {
        for (layer, (node, op)) in self.layers.iter().zip(&self.of) {
            let Layer::Dense(dense) = &layer.layer else { continue };
            if !dense.weights.values().iter().chain(&dense.bias).all(|number| number.is_finite()) {
                let why = "with what is scaled around it, its weights are larger than numbers of 32 bits";
                return Err(OnnxError::Kept { node: node.clone(), op: format!("`{op}`"), why: why.into() });
            }
        }
        Ok(())
    }
}

fn row_of(value: &Value) -> Option<&Row> {
    match value {
        Value::Row(row) => Some(row),
        _ => None,
    }
}

/// The nodes that the output stands on, in their order.
fn needed<'a>(graph: &'a GraphProto, output: &'a str) -> Vec<&'a NodeProto> {
    let mut wanted = HashSet::from([output]);
    let mut nodes = Vec::new();
    for node in graph.node.iter().rev() {
        if node.output.iter().any(|result| wanted.contains(result.as_str())) {
            wanted.extend(node.input.iter().map(String::as_str));
            nodes.push(node);
        }
    }
    nodes.reverse();
    nodes
}
