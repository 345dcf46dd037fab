//! A network as ONNX.

use std::collections::HashSet;

use lessen_data::Answer;
use lessen_graph::proto::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    StringStringEntryProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use prost::Message;
use serde::Serialize;

use super::{
    CLASSES_KEY, ENCODING_KEY, FORMAT, FORMAT_KEY, MASKED_KEY, PROBABILITIES, ROWS, VALUE, VALUE_KEY,
};
use crate::{Dense, Layer, Network, Weights};

/// The first IR version that knows every operator of [`OPSET`].
const IR_VERSION: i64 = 8;
/// Young enough for all that a network has, old enough for every runtime in use.
const OPSET: i64 = 17;

/// The network as the bytes of an ONNX file, as [`super`] describes it; equal networks make equal bytes.
///
/// The graph takes rows as the network's own encoding makes them. To let it take raw numbers, write
/// [`Network::with_scaling_folded`]. A network of classes that does not end with a softmax is written as it is: its
/// `probabilities` are then whatever its last layer makes.
pub fn write(network: &Network) -> Vec<u8> {
    let (output, answer) = match network.answer() {
        Answer::Classes(names) => (PROBABILITIES, entry(CLASSES_KEY, json(names))),
        Answer::Value(name) => (VALUE, entry(VALUE_KEY, json(name))),
    };
    let mut graph = GraphWriter::new(network.nodes().len(), output);
    for node in network.nodes() {
        graph.add(node);
    }
    let mut metadata_props =
        vec![entry(FORMAT_KEY, FORMAT.to_owned()), answer, entry(ENCODING_KEY, json(network.encoding()))];
    if !graph.masked.is_empty() {
        metadata_props.push(entry(MASKED_KEY, json(&graph.masked)));
    }
    let graph = GraphProto {
        node: graph.nodes,
        name: "network".into(),
        initializer: graph.initializers,
        input: vec![rows_of(ROWS, network.encoding().width())],
        output: vec![rows_of(output, network.outputs())],
        ..GraphProto::default()
    };
    let model = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "lessen".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
        metadata_props,
        ..ModelProto::default()
    };
    model.encode_to_vec()
}

/// Nodes and initializers as they come to be, with the names that are taken.
struct GraphWriter {
    /// The tensor that place `k` of the network stands for: the input, then one a node.
    tensors: Vec<String>,
    taken: HashSet<String>,
    last: usize,
    /// Name of the last node's tensor.
    output: &'static str,
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
    masked: Vec<String>,
}

impl GraphWriter {
    fn new(nodes: usize, output: &'static str) -> Self {
        Self {
            tensors: vec![ROWS.into()],
            // ONNX takes a tensor without a name for one that is not there.
            taken: ["", ROWS, output].map(str::to_owned).into(),
            last: nodes,
            output,
            nodes: Vec::new(),
            initializers: Vec::new(),
            masked: Vec::new(),
        }
    }

    fn add(&mut self, node: &crate::Node) {
        let is_last = self.tensors.len() == self.last;
        let output = if is_last { self.output.into() } else { self.unused(&node.name) };
        let mut input: Vec<String> = node.inputs.iter().map(|&place| self.tensors[place].clone()).collect();
        let (op_type, attribute) = match &node.layer {
            Layer::Dense(dense) => {
                input.extend(self.parameters(&node.name, dense));
                ("Gemm", vec![integer("transB", 1)])
            }
            Layer::Relu => ("Relu", vec![]),
            Layer::LeakyRelu(slope) => ("LeakyRelu", vec![number("alpha", *slope)]),
            Layer::Tanh => ("Tanh", vec![]),
            Layer::Sigmoid => ("Sigmoid", vec![]),
            Layer::Softmax => ("Softmax", vec![integer("axis", 1)]),
            Layer::Dropout(rate) => {
                // Without a third input, `training_mode`, it passes its rows unchanged.
                let ratio = self.unused(&format!("{}.ratio", node.name));
                self.initializers.push(tensor(&ratio, &[], rate.to_le_bytes().to_vec()));
                input.push(ratio);
                ("Dropout", vec![])
            }
        };
        self.tensors.push(output.clone());
        self.nodes.push(NodeProto {
            input,
            output: vec![output],
            name: node.name.clone(),
            op_type: op_type.into(),
            attribute,
            ..NodeProto::default()
        });
    }

    /// Adds a dense layer's initializers; their names.
    fn parameters(&mut self, node: &str, dense: &Dense) -> [String; 2] {
        let weights = self.unused(&format!("{node}.weights"));
        let bias = self.unused(&format!("{node}.bias"));
        if dense.weights.mask().is_some() {
            self.masked.push(weights.clone());
        }
        self.initializers.push(tensor(&weights, dense.weights.shape(), weight_bytes(&dense.weights)));
        let bytes = dense.bias.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.initializers.push(tensor(&bias, &[dense.bias.len()], bytes));
        [weights, bias]
    }

    /// `name`, or what comes nearest to it and is not another tensor's.
    fn unused(&mut self, name: &str) -> String {
        let mut name = name.to_owned();
        while !self.taken.insert(name.clone()) {
            name.push('_');
        }
        name
    }
}

/// Little-endian; where there is a mask, `0.0` says that a weight is gone, so one that is left must not be it.
fn weight_bytes(weights: &Weights) -> Vec<u8> {
    let left = |index| weights.mask().is_some_and(|mask| mask.has(index));
    let marked = |(index, &value): (usize, &f32)| if value == 0.0 && left(index) { -0.0 } else { value };
    weights.values().iter().enumerate().map(marked).flat_map(f32::to_le_bytes).collect()
}

fn tensor(name: &str, shape: &[usize], raw_data: Vec<u8>) -> TensorProto {
    TensorProto {
        dims: shape.iter().map(|&side| side as i64).collect(),
        data_type: TensorProto::FLOAT,
        name: name.into(),
        raw_data: raw_data.into(),
        ..TensorProto::default()
    }
}

fn integer(name: &str, value: i64) -> AttributeProto {
    AttributeProto { name: name.into(), i: value, r#type: AttributeProto::INT, ..AttributeProto::default() }
}

fn number(name: &str, value: f32) -> AttributeProto {
    AttributeProto { name: name.into(), f: value, r#type: AttributeProto::FLOAT, ..AttributeProto::default() }
}

/// `name`: floats, `[batch, width]` for any batch.
fn rows_of(name: &str, width: usize) -> ValueInfoProto {
    let batch = DimensionProto { dim_param: Some("batch".into()), ..DimensionProto::default() };
    let width = DimensionProto { dim_value: Some(width as i64), ..DimensionProto::default() };
    let shape = Some(TensorShapeProto { dim: vec![batch, width] });
    let tensor_type = Some(TensorTypeProto { elem_type: TensorProto::FLOAT, shape });
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type, ..TypeProto::default() }) }
}

fn entry(key: &str, value: String) -> StringStringEntryProto {
    StringStringEntryProto { key: key.into(), value }
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("lists, strings and numbers always have a JSON form")
}
