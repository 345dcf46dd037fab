//! A walk through a graph in its order: what is known of each value, and what each node takes.

mod control;
pub(crate) mod scope;

use std::collections::HashMap;

use lessen_units::Operations;

use self::scope::Scope;
use crate::call::{Attributes, Call, Reason};
use crate::constants::{Constants, Numbers, weights};
use crate::error::GraphError;
use crate::operators::{self, is_onnx};
use crate::proto::{FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto};
use crate::tensor::{self, Extents};
use crate::value::Value;

/// Nodes that are walked at most, those of functions and bodies each time: a few lines can call each other without end.
const MOST_NODES: usize = 1 << 20;

/// Graphs and functions within each other, at most.
const DEEPEST: usize = 48;

/// What a node takes.
#[derive(Clone, Debug)]
pub struct NodeCount {
    /// Its name, or that of its first result; behind those of the nodes whose bodies it is in.
    pub name: String,
    /// Its operator; with its domain, where that is not ONNX's own.
    pub op: String,
    /// What its first result is.
    pub result: Value,
    /// How often it is done.
    pub times: u64,
    /// All of it, every time.
    pub operations: Operations,
    /// The constants that its MACs are products with.
    pub weights: Vec<usize>,
    /// Why its operations, or its results' extents, are not known.
    pub unknown: Option<Reason>,
}

/// A node of the outermost graph with what its results take: for what is in memory at a time.
pub(crate) struct Step<'a> {
    pub(crate) node: &'a NodeProto,
    /// Of each result; `None` where that is not known.
    pub(crate) bytes: Vec<Option<u64>>,
}

pub(crate) struct Walker<'a> {
    functions: HashMap<(&'a str, &'a str, &'a str), &'a FunctionProto>,
    pub(crate) constants: Constants<'a>,
    pub(crate) nodes: Vec<NodeCount>,
    pub(crate) steps: Vec<Step<'a>>,
    walked: usize,
}

/// Where a node stands.
#[derive(Clone)]
struct Context<'a> {
    /// Names of the nodes in whose bodies this is.
    path: String,
    depth: usize,
    /// How often this is done.
    times: u64,
    opsets: &'a [OperatorSetIdProto],
    /// Those of the call of the function that this is in.
    attributes: Attributes<'a>,
}

impl<'a> Walker<'a> {
    pub(crate) fn new(model: &'a ModelProto) -> Self {
        let key = |function: &'a FunctionProto| {
            ((function.domain.as_str(), function.name.as_str(), function.overload.as_str()), function)
        };
        Self {
            functions: model.functions.iter().map(key).collect(),
            constants: Constants::default(),
            nodes: Vec::new(),
            steps: Vec::new(),
            walked: 0,
        }
    }

    /// The outermost graph with these inputs.
    ///
    /// # Errors
    /// What is wrong with the graph; what is not known of it is none.
    pub(crate) fn model(
        &mut self,
        model: &'a ModelProto,
        graph: &'a GraphProto,
        inputs: HashMap<&'a str, Value>,
    ) -> Result<(), GraphError> {
        let context = Context {
            path: String::new(),
            depth: 0,
            times: 1,
            opsets: &model.opset_import,
            attributes: Attributes::default(),
        };
        self.graph(graph, inputs, None, &context)?;
        Ok(())
    }

    /// A graph with what its inputs are; gives its results.
    fn graph(
        &mut self,
        graph: &'a GraphProto,
        inputs: HashMap<&'a str, Value>,
        outer: Option<&Scope<'a, '_>>,
        context: &Context<'a>,
    ) -> Result<Vec<Value>, GraphError> {
        let mut scope = Scope::new(inputs, outer);
        scope.make_room(graph.initializer.len() + graph.node.len());
        self.constants.make_room(graph.initializer.len());
        self.nodes.reserve(graph.node.len());
        if context.depth == 0 {
            self.steps.reserve(graph.node.len());
        }
        for tensor in &graph.initializer {
            let extents = Extents::of(tensor)?;
            let value = self.constant(&tensor.name, tensor, extents, true);
            scope.constant(&tensor.name, value)?;
        }
        for tensor in &graph.sparse_initializer {
            let Some(values) = &tensor.values else { continue };
            let extents = Extents::of_sparse(tensor)?;
            let known = Value::known(Some(extents.element), extents.dims.iter().copied());
            let place = self.constants.meet(&values.name, extents, Numbers::OfSparse(values), true);
            scope.constant(&values.name, Value { constant: Some(place), ..known })?;
        }
        scope.say(&graph.value_info);
        scope.say(&graph.output);
        for node in &graph.node {
            self.node(node, &mut scope, context)?;
        }
        let output = |output: &crate::proto::ValueInfoProto| {
            scope.get(&output.name).cloned().ok_or_else(|| GraphError::Graph {
                expected: format!("something that makes the output `{}`", output.name),
                found: "nothing".into(),
            })
        };
        graph.output.iter().map(output).collect()
    }

    fn constant(
        &mut self,
        name: &'a str,
        tensor: &'a TensorProto,
        extents: Extents,
        initializer: bool,
    ) -> Value {
        let content = tensor::content(tensor, &extents);
        let known = Value::known(Some(extents.element), extents.dims.iter().copied());
        let place = self.constants.meet(name, extents, Numbers::Of(tensor), initializer);
        Value { content, constant: Some(place), ..known }
    }

    fn node(
        &mut self,
        node: &'a NodeProto,
        scope: &mut Scope<'a, '_>,
        context: &Context<'a>,
    ) -> Result<(), GraphError> {
        self.walked += 1;
        if self.walked > MOST_NODES {
            return Err(GraphError::Graph {
                expected: format!("at most {MOST_NODES} nodes, functions and bodies written out"),
                found: "more".into(),
            });
        }
        let inputs = scope.inputs(node)?;
        let attributes = Attributes::of(node, &context.attributes);
        let version = version(context.opsets, &node.domain);
        let call = Call { node, version, inputs, attributes };
        let results = self.results(&call, scope, context)?;
        if context.depth == 0 {
            let bytes = results.iter().map(Value::bytes).collect();
            self.steps.push(Step { node, bytes });
        }
        scope.results(node, results)
    }

    /// What a node makes; its count is written down.
    fn results(
        &mut self,
        call: &Call<'a>,
        scope: &Scope<'a, '_>,
        context: &Context<'a>,
    ) -> Result<Vec<Value>, GraphError> {
        let node = call.node;
        let function = (node.domain.as_str(), node.op_type.as_str(), node.overload.as_str());
        if let Some(&function) = self.functions.get(&function) {
            return self.function(function, call, scope, context);
        }
        if is_onnx(&node.domain) {
            match node.op_type.as_str() {
                "If" => return self.choice(call, scope, context),
                "Loop" => return self.repetition(call, scope, context),
                "Scan" => return self.scan(call, scope, context),
                "Constant" => {
                    if let Some(tensor) = call.tensor("value") {
                        let extents = Extents::of(tensor)?;
                        let name = node.output.first().map_or("", String::as_str);
                        return Ok(vec![self.constant(name, tensor, extents, false)]);
                    }
                }
                _ => {}
            }
        }
        let Some(operator) = operators::operator(&node.domain, &node.op_type) else {
            let results = scope.said(node, Vec::new());
            self.count(call, &results, Err(Reason::new("no rule for this operator")), context);
            return Ok(results);
        };
        let mut results = operator.results(call);
        operators::fold(call, &mut results);
        let results = scope.said(node, results);
        let operations = operator.operations(call, &results);
        self.count(call, &results, operations, context);
        Ok(results)
    }

    /// Writes down what a node takes.
    fn count(
        &mut self,
        call: &Call<'_>,
        results: &[Value],
        operations: Result<Operations, Reason>,
        context: &Context<'_>,
    ) {
        let node = call.node;
        let weights = weights(&node.domain, &node.op_type);
        let mut used = Vec::new();
        for (input, value) in call.inputs.iter().enumerate() {
            let Some(constant) = value.as_ref().and_then(|value| value.constant) else { continue };
            let is_weight = weights.contains(&input);
            self.constants.read(constant, (&node.domain, &node.op_type), input, is_weight);
            if is_weight {
                used.push(constant);
            }
        }
        let (operations, unknown) = match operations.and_then(|once| every_time(once, context.times)) {
            Ok(operations) => (operations, None),
            Err(reason) => (Operations::NONE, Some(reason)),
        };
        self.nodes.push(NodeCount {
            name: format!("{}{}", context.path, shortened(name(node))),
            op: shortened(&qualified(node)),
            result: results.first().cloned().unwrap_or_default(),
            times: context.times,
            operations,
            weights: used,
            unknown,
        });
    }
}

/// So many times as much.
fn every_time(once: Operations, times: u64) -> Result<Operations, Reason> {
    let of = |count| crate::call::times(&[count, times]);
    Ok(Operations { macs: of(once.macs)?, adds: of(once.adds)?, comparisons: of(once.comparisons)? })
}

/// The version of a domain's operators; 1 where it is not said.
fn version(opsets: &[OperatorSetIdProto], domain: &str) -> i64 {
    let same = |other: &str| other == domain || (is_onnx(other) && is_onnx(domain));
    opsets.iter().find(|opset| same(&opset.domain)).map_or(1, |opset| opset.version)
}

/// A node's name, or that of what it makes.
pub(crate) fn name(node: &NodeProto) -> &str {
    let mut names = std::iter::once(&node.name).chain(&node.output);
    names.find(|name| !name.is_empty()).map_or("", String::as_str)
}

/// The beginning of a name that is very long: each node within another has the other's name before its own.
pub(crate) fn shortened(name: &str) -> String {
    const LONGEST: usize = 160;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// An operator, with its domain where that is not ONNX's own.
pub(crate) fn qualified(node: &NodeProto) -> String {
    if is_onnx(&node.domain) { node.op_type.clone() } else { format!("{}.{}", node.domain, node.op_type) }
}

/// Whether a node's results are of numbers that a program holds beside its inputs: not those of one that only names them anew.
pub(crate) fn is_view(node: &NodeProto) -> bool {
    is_onnx(&node.domain)
        && matches!(
            node.op_type.as_str(),
            "Identity" | "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" | "Dropout" | "Constant"
        )
}
