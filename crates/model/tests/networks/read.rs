//! Files that another tool made or rewrote: which are read, and what is said of the others.

use lessen_model::{Network, onnx};

use crate::examples::{dense, node as layer, pixels};
use crate::wire::{bytes, float, int, message, text};

/// The parts of a file, so that a case can change one of them.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) opset: Vec<Vec<u8>>,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) nodes: Vec<Vec<u8>>,
    pub(crate) tensors: Vec<Vec<u8>>,
    pub(crate) inputs: Vec<&'static str>,
    pub(crate) outputs: Vec<&'static str>,
}

impl File {
    /// One dense layer and a softmax: [`expected`].
    pub(crate) fn new() -> Self {
        let entry = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        Self {
            opset: vec![int(2, 17)],
            metadata: vec![
                entry("lessen.format", "1"),
                entry("lessen.classes", r#"["no","yes"]"#),
                entry("lessen.encoding", r#"[{"pixels":{"count":3,"shift":0.0,"scale":1.0}}]"#),
            ],
            nodes: vec![
                node("Gemm", "d", &["x", "w", "b"], &["y"], &[integer("transB", 1)]),
                node("Softmax", "s", &["y"], &["z"], &[]),
            ],
            tensors: vec![weights(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 0.0, 6.0]), bias(&[0.5, -0.5])],
            inputs: vec!["x"],
            outputs: vec!["z"],
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut graph = vec![];
        graph.extend(self.nodes.iter().map(|node| bytes(1, node)));
        graph.extend(self.tensors.iter().map(|tensor| bytes(5, tensor)));
        graph.extend(self.inputs.iter().map(|name| message(11, &[text(1, name)])));
        graph.extend(self.outputs.iter().map(|name| message(12, &[text(1, name)])));
        let mut model = vec![int(1, 8), message(7, &graph), message(8, &self.opset)];
        model.extend(self.metadata.iter().map(|(key, value)| message(14, &[text(1, key), text(2, value)])));
        model.concat()
    }
}

pub(crate) fn node(
    op: &str,
    name: &str,
    inputs: &[&str],
    outputs: &[&str],
    attributes: &[Vec<u8>],
) -> Vec<u8> {
    let mut parts: Vec<_> = inputs.iter().map(|name| text(1, name)).collect();
    parts.extend(outputs.iter().map(|name| text(2, name)));
    parts.extend([text(3, name), text(4, op)]);
    parts.extend(attributes.iter().map(|attribute| bytes(5, attribute)));
    parts.concat()
}

pub(crate) fn integer(name: &str, value: i64) -> Vec<u8> {
    [text(1, name), int(3, value), int(20, 2)].concat()
}

fn number(name: &str, value: f32) -> Vec<u8> {
    [text(1, name), float(2, value), int(20, 1)].concat()
}

fn raw(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A tensor with its dims one by one and whatever fields hold its data.
fn tensor(name: &str, dims: &[i64], fields: &[Vec<u8>]) -> Vec<u8> {
    let mut parts: Vec<_> = dims.iter().map(|&side| int(1, side)).collect();
    parts.extend([int(2, 1), text(8, name)]);
    parts.extend_from_slice(fields);
    parts.concat()
}

fn weights(dims: &[i64], values: &[f32]) -> Vec<u8> {
    tensor("w", dims, &[bytes(9, &raw(values))])
}

fn bias(values: &[f32]) -> Vec<u8> {
    tensor("b", &[values.len() as i64], &[bytes(9, &raw(values))])
}

fn matmul_add(add_inputs: &[&str]) -> Vec<Vec<u8>> {
    vec![
        node("MatMul", "d", &["x", "w"], &["product"], &[]),
        node("Add", "", add_inputs, &["y"], &[]),
        node("Softmax", "s", &["y"], &["z"], &[]),
    ]
}

fn expected() -> Network {
    let nodes = vec![
        layer("d", dense([2, 3], &[1.0, 2.0, 3.0, 4.0, 0.0, 6.0], &[0.5, -0.5]), 0),
        layer("s", lessen_model::Layer::Softmax, 1),
    ];
    Network::new(nodes, pixels(3), lessen_data::Answer::Classes(vec!["no".into(), "yes".into()])).unwrap()
}

/// A change to [`File::new`], after a few words on it.
type Change = (&'static str, fn(&mut File));

/// The layer's weights as `[inputs, outputs]`.
const TURNED: [f32; 6] = [1.0, 4.0, 2.0, 0.0, 3.0, 6.0];

const EQUIVALENT: &[Change] = &[
    ("nothing", |_| {}),
    ("weights turned over, transB 0", |file| {
        file.nodes[0] = node("Gemm", "d", &["x", "w", "b"], &["y"], &[integer("transB", 0)]);
        file.tensors[0] = weights(&[3, 2], &TURNED);
    }),
    ("weights turned over, transB left out", |file| {
        file.nodes[0] = node("Gemm", "d", &["x", "w", "b"], &["y"], &[]);
        file.tensors[0] = weights(&[3, 2], &TURNED);
    }),
    ("defaults said aloud", |file| {
        let said = [number("alpha", 1.0), number("beta", 1.0), integer("transA", 0), integer("transB", 1)];
        file.nodes[0] = node("Gemm", "d", &["x", "w", "b"], &["y"], &said);
        file.nodes[1] = node("Softmax", "s", &["y"], &["z"], &[integer("axis", -1)]);
    }),
    ("MatMul and Add", |file| {
        file.nodes = matmul_add(&["product", "b"]);
        file.tensors[0] = weights(&[3, 2], &TURNED);
    }),
    ("MatMul and Add, the bias first", |file| {
        file.nodes = matmul_add(&["b", "product"]);
        file.tensors[0] = weights(&[3, 2], &TURNED);
    }),
    ("float_data, packed", |file| {
        let values = bytes(4, &raw(&[1.0, 2.0, 3.0, 4.0, 0.0, 6.0]));
        file.tensors[0] = tensor("w", &[2, 3], &[values]);
    }),
    ("float_data, one by one", |file| {
        let values = [1.0, 2.0, 3.0, 4.0, 0.0, 6.0].map(|value| float(4, value));
        file.tensors[0] = tensor("w", &[2, 3], &values);
    }),
    ("dims, packed", |file| {
        let values = bytes(9, &raw(&[1.0, 2.0, 3.0, 4.0, 0.0, 6.0]));
        file.tensors[0] = tensor("w", &[], &[bytes(1, &[2, 3]), values]);
    }),
    ("initializers among the inputs", |file| file.inputs = vec!["w", "x", "b"]),
    ("initializers in another order, one of no use", |file| {
        file.tensors.reverse();
        file.tensors.push(tensor("unused", &[1], &[bytes(9, &[0xff; 4])]));
    }),
    ("the long name of the domain", |file| file.opset = vec![text(1, "ai.onnx"), int(2, 13)]),
    ("fields that nobody reads", |file| {
        file.nodes[0].extend(text(6, "doc"));
        file.tensors[0].extend(text(12, "doc"));
        file.metadata.push(("somebody.else".into(), "1".into()));
    }),
];

#[test]
fn what_means_the_same_is_read_as_the_same() {
    let mut wrong = vec![];
    for (what, change) in EQUIVALENT {
        let mut file = File::new();
        change(&mut file);
        match onnx::read(&file.bytes()) {
            Ok(network) if network == expected() => {}
            found => wrong.push((what, found)),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn masks_come_from_the_zeros_of_the_tensors_that_are_listed() {
    let mut file = File::new();
    file.metadata.push(("lessen.masked".into(), r#"["w"]"#.into()));
    let mut masked = expected();
    masked.dense_mut().next().unwrap().weights.shrink(|index| index != 4);
    assert_eq!(onnx::read(&file.bytes()).unwrap(), masked);
}

fn gemm(file: &mut File, inputs: &[&str], attributes: &[Vec<u8>]) {
    file.nodes[0] = node("Gemm", "d", inputs, &["y"], attributes);
}

fn set(file: &mut File, key: &str, value: &str) {
    file.metadata.retain(|(known, _)| known != key);
    file.metadata.push((key.into(), value.into()));
}

/// What stands in the place of the softmax, and what is read of it.
#[test]
fn layers_with_a_number_are_read_with_it_and_with_the_usual_one() {
    use lessen_model::Layer;
    let ratio = |dims: &[i64]| tensor("r", dims, &[bytes(9, &raw(&[0.25]))]);
    let cases: [(Vec<u8>, Vec<u8>, Layer); 9] = [
        (node("LeakyRelu", "s", &["y"], &["z"], &[number("alpha", 0.2)]), ratio(&[]), Layer::LeakyRelu(0.2)),
        (node("LeakyRelu", "s", &["y"], &["z"], &[]), ratio(&[]), Layer::LeakyRelu(0.01)),
        (node("Sigmoid", "s", &["y"], &["z"], &[]), ratio(&[]), Layer::Sigmoid),
        (node("Dropout", "s", &["y"], &["z"], &[]), ratio(&[]), Layer::Dropout(0.5)),
        (node("Dropout", "s", &["y", "r"], &["z"], &[]), ratio(&[]), Layer::Dropout(0.25)),
        (node("Dropout", "s", &["y", "r"], &["z"], &[]), ratio(&[1]), Layer::Dropout(0.25)),
        (node("Dropout", "s", &["y", ""], &["z"], &[integer("seed", 3)]), ratio(&[]), Layer::Dropout(0.5)),
        (node("Dropout", "s", &["y"], &["z"], &[number("ratio", 0.75)]), ratio(&[]), Layer::Dropout(0.75)),
        (node("Relu", "s", &["y"], &["z"], &[]), ratio(&[]), Layer::Relu),
    ];
    for (written, ratio, expected) in cases {
        let mut file = File::new();
        file.nodes[1] = written;
        file.tensors.push(ratio);
        assert_eq!(onnx::read(&file.bytes()).unwrap().nodes()[1].layer, expected);
    }
}

/// By what is said of it.
const REFUSED: &[Change] = &[
    (
        "the model was not written by lessen: metadata `lessen.format`, `lessen.classes`, `lessen.encoding` missing",
        |file| {
            file.metadata.clear();
        },
    ),
    ("the model was not written by lessen: metadata `lessen.encoding` missing", |file| {
        file.metadata.truncate(2);
    }),
    ("metadata `lessen.format`: expected `1`, found `2`", |file| set(file, "lessen.format", "2")),
    ("metadata `lessen.format`: expected one value, found several", |file| {
        file.metadata.push(("lessen.format".into(), "1".into()));
    }),
    ("metadata `lessen.masked`: expected the weights of one dense layer each, found `b`", |file| {
        set(file, "lessen.masked", r#"["w","b"]"#);
    }),
    ("graph: expected operator set 13 or later of `ai.onnx`, found 12", |file| file.opset = vec![int(2, 12)]),
    ("graph: expected operator set 13 or later of `ai.onnx`, found none", |file| {
        file.opset = vec![text(1, "ai.onnx.ml"), int(2, 17)];
    }),
    ("graph: expected 1 input, found 2", |file| file.inputs.push("more")),
    ("graph: expected 1 output, found 0", |file| file.outputs.clear()),
    ("graph: expected the last node's output as output, found `y`", |file| file.outputs = vec!["y"]),
    (
        "node `d` (Conv): expected Gemm, MatMul, Relu, LeakyRelu, Tanh, Sigmoid, Softmax or Dropout of `ai.onnx`, found `Conv`",
        |file| {
            file.nodes[0] = node("Conv", "d", &["x", "w", "b"], &["y"], &[]);
        },
    ),
    (
        "node `z` (Relu): expected Gemm, MatMul, Relu, LeakyRelu, Tanh, Sigmoid, Softmax or Dropout of `ai.onnx`, found `other.Relu`",
        |file| {
            file.nodes[1] = [node("Relu", "", &["y"], &["z"], &[]), text(7, "other")].concat();
        },
    ),
    ("node `d` (Gemm): expected transA 0, transB 0 or 1, alpha and beta 1, found `alpha` 0.5", |file| {
        gemm(file, &["x", "w", "b"], &[number("alpha", 0.5), integer("transB", 1)]);
    }),
    ("node `d` (Gemm): expected transA 0, transB 0 or 1, alpha and beta 1, found `transA` 1", |file| {
        gemm(file, &["x", "w", "b"], &[integer("transA", 1)]);
    }),
    ("node `d` (Gemm): expected transA 0, transB 0 or 1, alpha and beta 1, found `transB` 1", |file| {
        // A float where an int belongs: not to be taken for the int 0.
        gemm(file, &["x", "w", "b"], &[number("transB", 1.0)]);
    }),
    ("node `d` (Gemm): expected 3 inputs, found 2", |file| gemm(file, &["x", "w"], &[integer("transB", 1)])),
    (
        "node `d` (Gemm): expected parameters of its own among the initializers, found none named `x`",
        |file| {
            gemm(file, &["x", "x", "b"], &[integer("transB", 1)]);
        },
    ),
    ("node `d` (Gemm): expected the rows or an earlier node's output as input, found `z`", |file| {
        gemm(file, &["z", "w", "b"], &[integer("transB", 1)]);
    }),
    ("node `s` (Softmax): expected a new name for its output, found `y`, which is taken", |file| {
        file.nodes[1] = node("Softmax", "s", &["y"], &["y"], &[]);
    }),
    ("node `s` (Softmax): expected a new name for its output, found `w`, which is taken", |file| {
        file.nodes[1] = node("Softmax", "s", &["y"], &["w"], &[]);
    }),
    ("node `s` (Softmax): expected axis 1 or -1, found `axis` 0", |file| {
        file.nodes[1] = node("Softmax", "s", &["y"], &["z"], &[integer("axis", 0)]);
    }),
    ("node `s` (Relu): expected no attributes, found `axis` 1", |file| {
        file.nodes[1] = node("Relu", "s", &["y"], &["z"], &[integer("axis", 1)]);
    }),
    ("node `s` (LeakyRelu): expected a number `alpha`, found `alpha` 1", |file| {
        file.nodes[1] = node("LeakyRelu", "s", &["y"], &["z"], &[integer("alpha", 1)]);
    }),
    ("the model's layers do not fit together", |file| {
        file.nodes[1] = node("LeakyRelu", "s", &["y"], &["z"], &[number("alpha", f32::NAN)]);
    }),
    ("node `s` (Dropout): expected 1 or 2 inputs, as it is not trained, found 3", |file| {
        file.nodes[1] = node("Dropout", "s", &["y", "", "t"], &["z"], &[]);
    }),
    ("node `s` (Dropout): expected 1 output, found 2", |file| {
        file.nodes[1] = node("Dropout", "s", &["y"], &["z", "mask"], &[]);
    }),
    (
        "node `s` (Dropout): expected parameters of its own among the initializers, found none named `y`",
        |file| {
            file.nodes[1] = node("Dropout", "s", &["y", "y"], &["z"], &[]);
        },
    ),
    ("tensor `r`: expected one number, found [1, 1]", |file| {
        file.nodes[1] = node("Dropout", "s", &["y", "r"], &["z"], &[]);
        file.tensors.push(tensor("r", &[1, 1], &[bytes(9, &raw(&[0.5]))]));
    }),
    ("the model's layers do not fit together", |file| {
        file.nodes[1] = node("Dropout", "s", &["y"], &["z"], &[number("ratio", 1.0)]);
    }),
    ("node `s` (Tanh): expected 1 input, found 2", |file| {
        file.nodes[1] = node("Tanh", "s", &["y", "y"], &["z"], &[]);
    }),
    ("node `s` (Relu): expected 1 output, found 2", |file| {
        file.nodes[1] = node("Relu", "s", &["y"], &["z", "zz"], &[]);
    }),
    ("node `d` (MatMul): expected an `Add` as the next node, found none", |file| {
        file.nodes[0] = node("MatMul", "d", &["x", "w"], &["y"], &[]);
    }),
    ("node `y` (Add): expected `product` and a bias as inputs, found [\"x\", \"b\"]", |file| {
        file.nodes = matmul_add(&["x", "b"]);
    }),
    ("tensor `w`: expected one tensor of this name, found two", |file| {
        file.tensors.push(weights(&[1], &[0.0]));
    }),
    ("tensor `w`: expected 6 values, found 20 bytes", |file| file.tensors[0] = weights(&[2, 3], &[0.0; 5])),
    ("tensor `w`: expected 6 values, found 25 bytes", |file| {
        file.tensors[0] = tensor("w", &[2, 3], &[bytes(9, &[0; 25])]);
    }),
    ("tensor `w`: expected 6 values, found 5", |file| {
        file.tensors[0] = tensor("w", &[2, 3], &[bytes(4, &raw(&[0.0; 5]))]);
    }),
    ("tensor `w`: expected either `raw_data` or `float_data`, found both", |file| {
        file.tensors[0].extend(float(4, 1.0));
    }),
    ("tensor `w`: expected 1000000000000 values, found 24 bytes", |file| {
        file.tensors[0] = weights(&[1_000_000, 1_000_000], &[0.0; 6]);
    }),
    ("tensor `w`: expected dimensions that can be multiplied, found [4611686018427387904, 4]", |file| {
        file.tensors[0] = weights(&[1 << 62, 4], &[0.0; 6]);
    }),
    ("tensor `w`: expected dimensions that are not negative, found -3", |file| {
        file.tensors[0] = weights(&[2, -3], &[0.0; 6]);
    }),
    ("tensor `w`: expected 2 dimensions, found 1", |file| file.tensors[0] = weights(&[6], &[0.0; 6])),
    ("tensor `b`: expected 1 dimension, found 2", |file| {
        file.tensors[1] = tensor("b", &[1, 2], &[bytes(9, &[0; 8])]);
    }),
    ("tensor `w`: expected data type 1 (32-bit float), found 11", |file| file.tensors[0].extend(int(2, 11))),
    ("tensor `w`: its data lies in another file", |file| file.tensors[0].extend(int(14, 1))),
    ("tensor `w`: its data lies in another file", |file| {
        file.tensors[0].extend(message(13, &[text(1, "location"), text(2, "../secret")]));
    }),
    ("tensor `w`: expected finite values, found NaN at place 4", |file| {
        file.tensors[0] = weights(&[2, 3], &[0.0, 0.0, 0.0, 0.0, f32::NAN, f32::NAN]);
    }),
    ("tensor `b`: expected finite values, found -inf at place 1", |file| {
        file.tensors[1] = bias(&[0.0, f32::NEG_INFINITY]);
    }),
    ("the model's layers do not fit together", |file| file.tensors[0] = weights(&[3, 2], &[0.0; 6])),
];

#[test]
fn what_cannot_be_used_is_named() {
    let mut wrong = vec![];
    for (expected, change) in REFUSED {
        let mut file = File::new();
        change(&mut file);
        match onnx::read(&file.bytes()) {
            Err(error) if error.to_string() == *expected => {}
            found => wrong.push((expected, found.map_err(|error| error.to_string()))),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn metadata_that_is_no_json_says_what_json_said() {
    let cases = [
        ("lessen.classes", r#"["no","#, "a JSON list of names"),
        ("lessen.classes", r#"[1,2]"#, "a JSON list of names"),
        ("lessen.encoding", r#"[{"pixels":{"count":3,"shift":0.0,"scale":0.0}}]"#, "the JSON of an encoding"),
        (
            "lessen.encoding",
            r#"[{"pixels":{"count":99999999,"shift":0.0,"scale":1.0}}]"#,
            "the JSON of an encoding",
        ),
        ("lessen.masked", "w", "a JSON list of names"),
    ];
    for (key, value, expected) in cases {
        let mut file = File::new();
        set(&mut file, key, value);
        let error = onnx::read(&file.bytes()).unwrap_err().to_string();
        let start = format!("metadata `{key}`: expected {expected}, found other text: ");
        assert!(error.starts_with(&start) && error.len() > start.len(), "{error}");
    }
}

#[test]
fn a_hint_says_what_to_do_about_foreign_models_and_external_data() {
    let mut file = File::new();
    file.tensors[0].extend(int(14, 1));
    let external = onnx::read(&file.bytes()).unwrap_err();
    assert!(external.hint().unwrap().contains("without external data"));
    file.metadata.clear();
    assert!(onnx::read(&file.bytes()).unwrap_err().hint().unwrap().contains("another tool's model"));
    assert_eq!(onnx::read(&[]).unwrap_err().hint(), None);
}
