//! Graphs built by hand.

use lessen_graph::proto::{
    AttributeProto, DimensionProto, FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use lessen_graph::{Count, GraphError, Model, Options};
use prost::Message;

pub(crate) const F32: i32 = 1;
pub(crate) const I64: i32 = 7;
pub(crate) const BOOL: i32 = 9;

pub(crate) fn info(name: &str, element: i32, dims: &[i64]) -> ValueInfoProto {
    let side = |&side: &i64| DimensionProto { dim_value: Some(side), dim_param: None };
    let shape = Some(TensorShapeProto { dim: dims.iter().map(side).collect() });
    let tensor_type = Some(TensorTypeProto { elem_type: element, shape });
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type, ..TypeProto::default() }) }
}

pub(crate) fn count(graph: GraphProto) -> Count {
    try_count(graph, Vec::new()).unwrap()
}

pub(crate) fn try_count(graph: GraphProto, functions: Vec<FunctionProto>) -> Result<Count, GraphError> {
    Model::decode(bytes(graph, functions).into())?.count(&Options::default())
}

pub(crate) fn bytes(graph: GraphProto, functions: Vec<FunctionProto>) -> Vec<u8> {
    let opset = |domain: &str, version| OperatorSetIdProto { domain: domain.into(), version };
    let opset_import = vec![opset("", 24), opset("ai.onnx.ml", 5)];
    ModelProto { graph: Some(graph), opset_import, functions, ..ModelProto::default() }.encode_to_vec()
}

pub(crate) fn integers(name: &str, dims: &[i64], int64_data: &[i64]) -> TensorProto {
    let (dims, int64_data) = (dims.to_vec(), int64_data.to_vec());
    TensorProto { name: name.into(), data_type: I64, dims, int64_data, ..TensorProto::default() }
}

/// One number that is true or false.
pub(crate) fn truth(name: &str, is_true: bool) -> TensorProto {
    let int32_data = vec![i32::from(is_true)];
    TensorProto { name: name.into(), data_type: BOOL, int32_data, ..TensorProto::default() }
}

pub(crate) fn node(op: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    NodeProto { op_type: op.into(), input: names(inputs), output: names(outputs), ..NodeProto::default() }
}

/// The node with a graph as an attribute.
pub(crate) fn holding(mut node: NodeProto, name: &str, graph: GraphProto) -> NodeProto {
    node.attribute.push(AttributeProto {
        name: name.into(),
        g: Some(graph),
        r#type: 5,
        ..AttributeProto::default()
    });
    node
}
