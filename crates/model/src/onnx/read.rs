//! A network of an ONNX file.

use std::collections::{BTreeSet, HashMap};

use lessen_graph::limits::check_parts;
use lessen_graph::proto::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use prost::Message;

use super::OnnxError;
use super::metadata::Metadata;
use super::tensors::{self, Tensors};
use crate::{Dense, Layer, Network, Node};

/// The first operator set whose `Softmax` works along the last axis if no other is named.
const OLDEST_OPSET: i64 = 13;

/// Fields and list entries, numbers of tensors apart, that a file may have. A dense layer has about 30.
const MOST_PARTS: usize = 1 << 16;

/// What a node may be.
const OPERATORS: &str = "Gemm, MatMul, Relu, LeakyRelu, Tanh, Sigmoid, Softmax or Dropout of `ai.onnx`";

/// A leaky ReLU's slope where none is said.
pub(super) const USUAL_SLOPE: f32 = 0.01;
/// What a dropout drops where nothing is said.
pub(super) const USUAL_RATIO: f32 = 0.5;

/// The network in the bytes of an ONNX file that [`write()`](super::write()) made.
///
/// A file that another tool rewrote is read too, as long as the metadata is there and every node is a `Gemm`
/// (`alpha` and `beta` 1), a `MatMul` with its `Add`, a `Relu`, `LeakyRelu`, `Tanh`, `Sigmoid`, `Softmax`, or a `Dropout` that
/// is not in training mode. Memory is bounded by the size of `bytes`: a small multiple of it, however it is made up.
///
/// # Errors
/// [`OnnxError`], for anything else; no other file is opened.
pub fn read(bytes: &[u8]) -> Result<Network, OnnxError> {
    let malformed = |problem: String| OnnxError::Malformed { problem };
    check_parts(bytes, MOST_PARTS).map_err(|error| malformed(error.to_string()))?;
    let model = ModelProto::decode(bytes).map_err(|error| malformed(error.to_string()))?;
    let graph = model.graph.as_ref().ok_or_else(|| mismatch("a graph", "none"))?;
    let metadata = Metadata::of(&model)?;
    check_opset(&model, OLDEST_OPSET)?;
    let tensors = Tensors::new(&graph.initializer)?;
    let mut reader = GraphReader::new(graph, tensors, metadata.masked)?;
    let mut nodes = graph.node.iter();
    while let Some(node) = nodes.next() {
        reader.add(node, &mut nodes)?;
    }
    let nodes = reader.finish(graph)?;
    Ok(Network::new(nodes, metadata.encoding, metadata.answer)?)
}

pub(super) fn check_opset(model: &ModelProto, oldest: i64) -> Result<(), OnnxError> {
    let expected = format!("operator set {oldest} or later of `ai.onnx`");
    match model.opset_import.iter().find(|opset| is_onnx(&opset.domain)) {
        Some(opset) if opset.version >= oldest => Ok(()),
        Some(opset) => Err(mismatch(&expected, &opset.version.to_string())),
        None => Err(mismatch(&expected, "none")),
    }
}

pub(super) fn is_onnx(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

/// Layers as they come to be, with the tensors that they may read.
struct GraphReader<'a> {
    initializers: Tensors<'a>,
    /// Names of the initializers that have a mask and are not yet met.
    masked: BTreeSet<String>,
    /// What the network calls a tensor that is computed: 0 the input, `k` the output of the node before.
    places: HashMap<&'a str, usize>,
    nodes: Vec<Node>,
}

impl<'a> GraphReader<'a> {
    fn new(
        graph: &'a GraphProto,
        initializers: Tensors<'a>,
        masked: BTreeSet<String>,
    ) -> Result<Self, OnnxError> {
        // Up to IR version 3 initializers were inputs as well.
        let computed = |value: &&ValueInfoProto| !initializers.has(&value.name);
        let inputs: Vec<_> = graph.input.iter().filter(computed).collect();
        let &[input] = inputs.as_slice() else {
            return Err(mismatch("1 input", &inputs.len().to_string()));
        };
        let places = HashMap::from([(input.name.as_str(), 0)]);
        Ok(Self { initializers, masked, places, nodes: Vec::new() })
    }

    /// Takes a node in; `following` are those after it, of which a `MatMul` takes its `Add`.
    fn add(
        &mut self,
        node: &'a NodeProto,
        following: &mut std::slice::Iter<'a, NodeProto>,
    ) -> Result<(), OnnxError> {
        let (layer, last) = match operator(node) {
            Some("Gemm") => (self.gemm(node)?, node),
            Some("MatMul") => {
                let Some(add) = following.next().filter(|next| operator(next) == Some("Add")) else {
                    return Err(at(node, "an `Add` as the next node", "none"));
                };
                (self.matmul_add(node, add)?, add)
            }
            Some("Relu") => (self.activation(node, Layer::Relu)?, node),
            Some("Tanh") => (self.activation(node, Layer::Tanh)?, node),
            Some("Sigmoid") => (self.activation(node, Layer::Sigmoid)?, node),
            Some("LeakyRelu") => (self.leaky_relu(node)?, node),
            Some("Softmax") => (self.softmax(node)?, node),
            Some("Dropout") => (self.dropout(node)?, node),
            _ => return Err(at(node, OPERATORS, &qualified(node))),
        };
        let first = node.input.first().map_or("", String::as_str);
        let Some(&place) = self.places.get(first) else {
            return Err(at(node, "the rows or an earlier node's output as input", &format!("`{first}`")));
        };
        let output = output(last)?;
        self.nodes.push(Node { name: node.name.clone(), layer, inputs: vec![place] });
        let new = self.places.insert(output, self.nodes.len()).is_none();
        if !new || self.initializers.has(output) {
            return Err(at(last, "a new name for its output", &format!("`{output}`, which is taken")));
        }
        Ok(())
    }

    /// The nodes, if the graph's output is the last one's and each mask has found its tensor.
    fn finish(self, graph: &GraphProto) -> Result<Vec<Node>, OnnxError> {
        let [output] = graph.output.as_slice() else {
            return Err(mismatch("1 output", &graph.output.len().to_string()));
        };
        if self.places.get(output.name.as_str()) != Some(&self.nodes.len()) {
            return Err(mismatch("the last node's output as output", &format!("`{}`", output.name)));
        }
        match self.masked.first() {
            Some(tensor) => Err(super::metadata::unused_mask(tensor)),
            None => Ok(self.nodes),
        }
    }

    /// `y = alpha A B + beta C` with `A` the rows, `B` the weights, `C` the bias.
    fn gemm(&mut self, node: &NodeProto) -> Result<Layer, OnnxError> {
        let mut inputs_first = true;
        for attribute in &node.attribute {
            match (attribute.name.as_str(), attribute.r#type, attribute.i, attribute.f) {
                ("transB", AttributeProto::INT, value @ (0 | 1), _) => inputs_first = value == 0,
                ("transA", AttributeProto::INT, 0, _) | ("alpha" | "beta", AttributeProto::FLOAT, _, 1.0) => {
                }
                _ => return Err(unusable(node, attribute, "transA 0, transB 0 or 1, alpha and beta 1")),
            }
        }
        let [_, weights, bias] = node.input.as_slice() else {
            return Err(at(node, "3 inputs", &node.input.len().to_string()));
        };
        self.dense(node, weights, inputs_first, bias)
    }

    fn matmul_add(&mut self, matmul: &NodeProto, add: &NodeProto) -> Result<Layer, OnnxError> {
        for node in [matmul, add] {
            no_attributes(node)?;
        }
        let [_, weights] = matmul.input.as_slice() else {
            return Err(at(matmul, "2 inputs", &matmul.input.len().to_string()));
        };
        let product = output(matmul)?;
        let bias = match add.input.as_slice() {
            [left, bias] if left == product => bias,
            [bias, right] if right == product => bias,
            _ => {
                return Err(at(
                    add,
                    &format!("`{product}` and a bias as inputs"),
                    &format!("{:?}", add.input),
                ));
            }
        };
        self.dense(matmul, weights, true, bias)
    }

    fn dense(
        &mut self,
        node: &NodeProto,
        weights: &str,
        inputs_first: bool,
        bias: &str,
    ) -> Result<Layer, OnnxError> {
        let tensor = self.initializer(node, weights)?;
        let bias = tensors::vector(self.initializer(node, bias)?)?;
        let mut weights = tensors::matrix(tensor, inputs_first)?;
        if self.masked.remove(&tensor.name) {
            let gone: Vec<bool> = weights.values().iter().map(|value| value.to_bits() == 0).collect();
            weights.shrink(|index| !gone[index]);
        }
        Ok(Layer::Dense(Dense { weights, bias }))
    }

    fn initializer(&mut self, node: &NodeProto, name: &str) -> Result<&'a TensorProto, OnnxError> {
        let missing =
            || at(node, "parameters of its own among the initializers", &format!("none named `{name}`"));
        self.initializers.take(name).ok_or_else(missing)
    }

    fn activation(&self, node: &NodeProto, layer: Layer) -> Result<Layer, OnnxError> {
        no_attributes(node)?;
        one_input(node)?;
        Ok(layer)
    }

    fn leaky_relu(&self, node: &NodeProto) -> Result<Layer, OnnxError> {
        let mut slope = USUAL_SLOPE;
        for attribute in &node.attribute {
            match (attribute.name.as_str(), attribute.r#type) {
                ("alpha", AttributeProto::FLOAT) => slope = attribute.f,
                _ => return Err(unusable(node, attribute, "a number `alpha`")),
            }
        }
        one_input(node)?;
        Ok(Layer::LeakyRelu(slope))
    }

    /// The ratio is the second input; before operator set 12 it was an attribute. A third input would say whether this is
    /// training, and a second output what was dropped.
    fn dropout(&mut self, node: &NodeProto) -> Result<Layer, OnnxError> {
        let mut ratio = USUAL_RATIO;
        for attribute in &node.attribute {
            match (attribute.name.as_str(), attribute.r#type) {
                ("ratio", AttributeProto::FLOAT) => ratio = attribute.f,
                ("seed", AttributeProto::INT) => {}
                _ => return Err(unusable(node, attribute, "a number `ratio` and an integer `seed`")),
            }
        }
        match node.input.as_slice() {
            [_] => {}
            // An input without a name is one that is not there.
            [_, name] if name.is_empty() => {}
            [_, name] => ratio = tensors::scalar(self.initializer(node, name)?)?,
            inputs => {
                let expected = "1 or 2 inputs, as it is not trained";
                return Err(at(node, expected, &inputs.len().to_string()));
            }
        }
        Ok(Layer::Dropout(ratio))
    }

    fn softmax(&self, node: &NodeProto) -> Result<Layer, OnnxError> {
        for attribute in &node.attribute {
            if !matches!(
                (attribute.name.as_str(), attribute.r#type, attribute.i),
                ("axis", AttributeProto::INT, -1 | 1)
            ) {
                return Err(unusable(node, attribute, "axis 1 or -1"));
            }
        }
        one_input(node)?;
        Ok(Layer::Softmax)
    }
}

/// The operator, if it is one of ONNX's own.
fn operator(node: &NodeProto) -> Option<&str> {
    is_onnx(&node.domain).then_some(node.op_type.as_str())
}

pub(super) fn qualified(node: &NodeProto) -> String {
    if is_onnx(&node.domain) {
        format!("`{}`", node.op_type)
    } else {
        format!("`{}.{}`", node.domain, node.op_type)
    }
}

fn output(node: &NodeProto) -> Result<&str, OnnxError> {
    match node.output.as_slice() {
        [output] => Ok(output),
        outputs => Err(at(node, "1 output", &outputs.len().to_string())),
    }
}

fn one_input(node: &NodeProto) -> Result<(), OnnxError> {
    if node.input.len() == 1 { Ok(()) } else { Err(at(node, "1 input", &node.input.len().to_string())) }
}

fn no_attributes(node: &NodeProto) -> Result<(), OnnxError> {
    node.attribute.first().map_or(Ok(()), |attribute| Err(unusable(node, attribute, "no attributes")))
}

fn unusable(node: &NodeProto, attribute: &AttributeProto, expected: &str) -> OnnxError {
    let AttributeProto { name, i, f, r#type, .. } = attribute;
    let found = match *r#type {
        AttributeProto::INT => format!("`{name}` {i}"),
        AttributeProto::FLOAT => format!("`{name}` {f}"),
        other => format!("`{name}` of type {other}"),
    };
    at(node, expected, &found)
}

pub(super) fn at(node: &NodeProto, expected: &str, found: &str) -> OnnxError {
    let named = [&node.name].into_iter().chain(&node.output).find(|name| !name.is_empty());
    OnnxError::Node {
        node: named.cloned().unwrap_or_default(),
        op: node.op_type.clone(),
        expected: expected.into(),
        found: found.into(),
    }
}

pub(super) fn mismatch(expected: &str, found: &str) -> OnnxError {
    OnnxError::Graph { expected: expected.into(), found: found.into() }
}
