//! Models of other tools: what networks become of them, and what is said of those that become none.

use std::path::{Path, PathBuf};

use lessen_data::Answer;
use lessen_graph::Model;
use lessen_graph::proto::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use lessen_model::onnx::{self, Ending, Foreign, OnnxError, Signature};
use lessen_model::{Layer, Network};
use proptest::prelude::*;
use prost::Message;
use serde_json::Value;

use crate::examples::{networks, pixels};
use crate::reference::forward;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/foreign")
}

fn names(classes: usize) -> Answer {
    Answer::Classes((0..classes).map(|class| class.to_string()).collect())
}

/// The models of `make_models.py`, with what it says of each.
fn exported() -> Vec<(String, Value, Result<Foreign, OnnxError>)> {
    let text = std::fs::read_to_string(folder().join("models.json")).unwrap();
    let all: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    all.into_iter()
        .map(|(name, said)| {
            let model = Model::open(&folder().join(format!("{name}.onnx"))).unwrap();
            let foreign = Foreign::of(&model);
            (name, said, foreign)
        })
        .collect()
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn exported_networks_answer_as_they_did_where_they_were_made() {
    let mut seen = 0;
    for (name, said, foreign) in exported() {
        if name.contains("kept") {
            continue;
        }
        let foreign = foreign.unwrap_or_else(|error| panic!("{name}: {error}"));
        let kind = said["kind"].as_str().unwrap();
        let answer = match kind {
            "number" => Answer::Value("y".into()),
            "sigmoid" => names(2),
            _ => names(3),
        };
        let network = foreign.clone().network(pixels(foreign.inputs()), answer).unwrap();
        for (row, answers) in said["rows"].as_array().unwrap().iter().zip(said["answers"].as_array().unwrap())
        {
            let expected = match (kind, numbers(answers)) {
                ("logits", logits) => {
                    let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
                    logits.iter().map(|logit| logit.exp() / sum).collect()
                }
                ("logarithms", logarithms) => logarithms.iter().map(|log| log.exp()).collect(),
                ("sigmoid", one) => vec![1.0 - one[0], one[0]],
                (_, answers) => answers,
            };
            let found = forward(&network, &numbers(row));
            let apart = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(
                apart < 2e-6 && found.len() == expected.len(),
                "{name}: {found:?}, expected {expected:?}"
            );
        }
        // What was read is a network like any other.
        assert_eq!(onnx::read(&onnx::write(&network)).unwrap(), network, "{name}");
        seen += 1;
    }
    assert!(seen >= 17, "{seen} models");
}

#[test]
fn layers_are_what_the_exporters_made_them_of() {
    let layers = |name: &str| {
        let (_, _, foreign) = exported().into_iter().find(|(found, ..)| found == name).unwrap();
        let foreign = foreign.unwrap();
        let network = foreign.clone().network(pixels(foreign.inputs()), names(3)).unwrap();
        let kind = |layer: &Layer| match layer {
            Layer::Dense(dense) => format!("{:?}", dense.weights.shape()),
            other => format!("{other:?}"),
        };
        let all: Vec<String> =
            network.nodes().iter().map(|node| format!("{} {}", node.name, kind(&node.layer))).collect();
        (all, network, foreign.notes().to_vec())
    };
    let (chain, ..) = layers("torch-dynamo-chain");
    assert_eq!(chain.iter().filter(|layer| layer.ends_with(']')).count(), 2, "{chain:?}");
    assert!(chain[0].starts_with("fc1 [8, 12]"), "{chain:?}");
    let (once, ..) = layers("torch-script-once");
    assert_eq!(once.iter().filter(|layer| layer.ends_with(']')).count(), 2, "{once:?}");

    let (_, pruned, notes) = layers("torch-dynamo-pruned");
    let first = pruned.dense().next().unwrap();
    assert_eq!((first.weights.left(), first.weights.values().len()), (48, 96));
    assert!(first.weights.mask().is_some() && pruned.dense().nth(1).unwrap().weights.mask().is_none());
    assert_eq!(notes, ["`0` was pruned: 48 of 96 weights are left"]);
}

#[test]
fn a_model_of_other_layers_names_the_node_that_decided() {
    for (name, op, why) in [
        ("torch-kept-residual", "`Add`", "joins rows of several nodes"),
        ("torch-kept-convolution", "`Conv`", "a convolution, which is not one of the layers here"),
    ] {
        let (_, _, foreign) = exported().into_iter().find(|(found, ..)| found == name).unwrap();
        let error = foreign.unwrap_err();
        let OnnxError::Kept { node, op: found, why: said } = &error else { panic!("{name}: {error}") };
        assert!(found == op && said.contains(why) && !node.is_empty(), "{error}");
        assert!(error.hint().unwrap().contains("--teacher"), "{error}");
    }
}

#[test]
fn what_goes_in_and_comes_out_is_known_of_every_model() {
    for (name, said, _) in exported() {
        let signature = Signature::of(&Model::open(&folder().join(format!("{name}.onnx"))).unwrap()).unwrap();
        let row: Vec<usize> = numbers(&said["row"]).into_iter().map(|side| side as usize).collect();
        assert_eq!(signature.shape, row, "{name}");
        assert_eq!(signature.batch, name.ends_with("fixed").then_some(5), "{name}");
        let expected = match said["kind"].as_str().unwrap() {
            "probabilities" => Ending::Softmax,
            "logarithms" => Ending::LogSoftmax,
            "sigmoid" => Ending::Sigmoid,
            _ => Ending::Other,
        };
        assert_eq!(signature.ending, expected, "{name}");
    }
}

/// A graph from `x`, `[batch, width]`, of which a test changes one part.
struct Graph {
    width: i64,
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
    output: &'static str,
}

fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        input: inputs.iter().map(|&name| name.into()).collect(),
        output: vec![output.into()],
        name: format!("{op}-{output}"),
        op_type: op.into(),
        ..NodeProto::default()
    }
}

fn with(mut node: NodeProto, name: &str, value: i64) -> NodeProto {
    node.attribute.push(AttributeProto { name: name.into(), i: value, r#type: 2, ..Default::default() });
    node
}

fn constant(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    let (dims, float_data) = (dims.to_vec(), values.to_vec());
    TensorProto { name: name.into(), dims, float_data, data_type: TensorProto::FLOAT, ..Default::default() }
}

impl Graph {
    fn new(nodes: Vec<NodeProto>, constants: Vec<TensorProto>) -> Self {
        Self { width: 2, nodes, constants, output: "out" }
    }

    fn read(self) -> Result<Foreign, OnnxError> {
        Foreign::of(&Model::decode(self.model().into()).unwrap())
    }

    fn model(self) -> Vec<u8> {
        let dims =
            [DimensionProto::default(), DimensionProto { dim_value: Some(self.width), dim_param: None }];
        let shape = Some(TensorShapeProto { dim: dims.to_vec() });
        let tensor_type = Some(TensorTypeProto { elem_type: 1, shape });
        let input = ValueInfoProto {
            name: "x".into(),
            r#type: Some(TypeProto { tensor_type, ..TypeProto::default() }),
        };
        let graph = GraphProto {
            node: self.nodes,
            initializer: self.constants,
            input: vec![input],
            output: vec![ValueInfoProto { name: self.output.into(), r#type: None }],
            ..GraphProto::default()
        };
        let opset_import = vec![OperatorSetIdProto { domain: String::new(), version: 17 }];
        let model = ModelProto { ir_version: 8, graph: Some(graph), opset_import, ..ModelProto::default() };
        model.encode_to_vec()
    }

    fn network(self, outputs: usize) -> Network {
        let foreign = self.read().unwrap();
        foreign.clone().network(pixels(foreign.inputs()), names(outputs)).unwrap()
    }

    fn refused(self) -> String {
        self.read().unwrap_err().to_string()
    }
}

/// Two classes; both weights of `w` read both numbers of a row.
fn weights() -> TensorProto {
    constant("w", &[2, 2], &[1.0, 2.0, 3.0, 4.0])
}

#[test]
fn arithmetic_around_a_layer_is_taken_into_it_as_by_hand() {
    // ((x - 1) * 2) W + b, scaled by 3: W turned is [[1, 3], [2, 4]].
    let nodes = vec![
        node("Sub", &["x", "one"], "a"),
        node("Mul", &["two", "a"], "b"),
        node("MatMul", &["b", "w"], "c"),
        node("Add", &["bias", "c"], "d"),
        node("Mul", &["d", "three"], "e"),
        node("Neg", &["e"], "out"),
    ];
    let constants = vec![
        weights(),
        constant("one", &[], &[1.0]),
        constant("two", &[1, 2], &[2.0, 4.0]),
        constant("bias", &[2], &[10.0, 20.0]),
        constant("three", &[1], &[3.0]),
    ];
    let network = Graph::new(nodes, constants).network(2);
    let dense = network.dense().next().unwrap();
    assert_eq!(dense.weights.values(), [-6.0, -36.0, -12.0, -48.0]);
    // At x = (1, 1) nothing but the bias is left: -3 * 10 and -3 * 20, and so b is that less W (1, 1).
    assert_eq!(dense.bias, [-30.0 + 42.0, -60.0 + 60.0]);
    let kinds: Vec<&str> = network.nodes().iter().map(|node| node.name.as_str()).collect();
    assert_eq!(kinds, ["MatMul-c", "softmax"]);
}

#[test]
fn factors_of_a_gemm_are_its_own() {
    let mut gemm = node("Gemm", &["x", "w", "c"], "out");
    for (name, value) in [("alpha", 2.0), ("beta", 0.5)] {
        gemm.attribute.push(AttributeProto { name: name.into(), f: value, r#type: 1, ..Default::default() });
    }
    let network = Graph::new(vec![gemm], vec![weights(), constant("c", &[1, 2], &[4.0, 8.0])]).network(2);
    let dense = network.dense().next().unwrap();
    assert_eq!((dense.weights.values(), &*dense.bias), (&[2.0, 6.0, 4.0, 8.0][..], &[2.0, 4.0][..]));
}

#[test]
fn a_normalisation_behind_an_activation_waits_for_the_next_layer() {
    let nodes = vec![
        node("Relu", &["x"], "a"),
        node("BatchNormalization", &["a", "s", "t", "m", "v"], "b"),
        node("Gemm", &["b", "w"], "out"),
    ];
    let mut nodes = nodes;
    nodes[1].attribute.push(AttributeProto {
        name: "epsilon".into(),
        f: 0.0,
        r#type: 1,
        ..Default::default()
    });
    let vector = |name, values: [f32; 2]| constant(name, &[2], &values);
    let constants = vec![
        weights(),
        vector("s", [2.0, 3.0]),
        vector("t", [1.0, -1.0]),
        vector("m", [0.5, 0.0]),
        vector("v", [4.0, 9.0]),
    ];
    let network = Graph::new(nodes, constants).network(2);
    let dense = network.dense().next().unwrap();
    // Numbers become x + 0.5 and x - 1.
    assert_eq!((dense.weights.values(), &*dense.bias), (&[1.0, 3.0, 2.0, 4.0][..], &[-2.5, -3.0][..]));
}

fn gemm_of(input: &str) -> NodeProto {
    node("Gemm", &[input, "w"], "out")
}

#[test]
fn a_constant_of_a_name_that_is_taken_and_old_operators_are_refused() {
    let twice = Graph::new(vec![gemm_of("x")], vec![weights(), weights()]).refused();
    assert!(twice.contains("two of one name"), "{twice}");
    let mut model = ModelProto::decode(&*Graph::new(vec![gemm_of("x")], vec![weights()]).model()).unwrap();
    model.opset_import[0].version = 6;
    let old = Foreign::of(&Model::decode(model.encode_to_vec().into()).unwrap()).unwrap_err();
    assert!(old.to_string().contains("operator set 7 or later"), "{old}");
}

#[test]
fn each_refusal_says_where_and_why() {
    let gemm = |output| node("Gemm", &["x", "w"], output);
    let cases = [
        (vec![node("Erf", &["x"], "out")], "`Erf`", "not one of the layers here"),
        (vec![gemm("a"), node("Gemm", &["a", "w"], "out")], "Gemm-out", "shares the weights `w`"),
        (vec![node("Gemm", &["x", "wide"], "out")], "Gemm-out", "for rows of 3 numbers, and its rows have 2"),
        (vec![node("Gemm", &["x", "x"], "out")], "Gemm-out", "joins rows"),
        (vec![with(gemm("out"), "transA", 1)], "Gemm-out", "rows are turned"),
        (vec![node("MatMul", &["w", "x"], "out")], "MatMul-out", "its first input is a constant"),
        (vec![node("Mul", &["x", "wide"], "out")], "Mul-out", "dimensions [3, 2], and a row [2]"),
        (vec![node("Div", &["x", "zero"], "out")], "Div-out", "by what is no number"),
        (vec![node("Mul", &["x", "one"], "a"), node("Relu", &["a"], "out")], "Relu-out", "rows are scaled"),
        (vec![with(node("Flatten", &["x"], "out"), "axis", 0)], "Flatten-out", "joins rows"),
        (vec![node("Transpose", &["x"], "out")], "Transpose-out", "the order of a row's numbers"),
        (vec![with(node("Softmax", &["x"], "out"), "axis", 0)], "Softmax-out", "over parts of a row"),
        (
            vec![
                gemm("a"),
                node("Mul", &["a", "one"], "b"),
                node("Tanh", &["a"], "c"),
                node("Add", &["b", "c"], "out"),
            ],
            "Add-out",
            "joins",
        ),
        (vec![node("Clip", &["x", "one"], "out")], "Clip-out", "cuts off at 5"),
        (vec![node("Relu", &["nowhere"], "out")], "Relu-out", "made before, found `nowhere`"),
        (
            vec![node("Relu", &["x"], "a"), node("Tanh", &["x"], "a"), gemm_of("a")],
            "Tanh-a",
            "`a`, which is taken",
        ),
        (vec![gemm("x")], "x", "output"),
        (vec![node("Identity", &["x"], "out")], "out", "last layer"),
        (vec![node("LogSoftmax", &["x"], "a"), gemm_of("a")], "LogSoftmax-a", "computed of the logarithms"),
        (
            vec![with(node("Cast", &["one"], "a"), "to", 9), node("Mul", &["x", "a"], "out")],
            "Cast-a",
            "not worked out",
        ),
    ];
    for (nodes, at, why) in cases {
        let constants = vec![
            weights(),
            constant("wide", &[3, 2], &[1.0; 6]),
            constant("one", &[], &[5.0]),
            constant("zero", &[1], &[0.0]),
        ];
        let said = Graph::new(nodes, constants).refused();
        assert!(said.contains(at) && said.contains(why), "{said}");
    }
    let nodes = vec![gemm("a"), node("Mul", &["a", "huge"], "b"), node("Mul", &["b", "huge"], "out")];
    let said = Graph::new(nodes, vec![weights(), constant("huge", &[], &[1e30])]).refused();
    assert!(said.contains("Gemm-a") && said.contains("larger than numbers of 32 bits"), "{said}");
    let mut foreign = node("Gemm", &["x", "w"], "out");
    foreign.domain = "com.example".into();
    let said = Graph::new(vec![foreign], vec![weights()]).refused();
    assert!(said.contains("`com.example.Gemm`"), "{said}");
}

#[test]
fn answers_must_be_what_is_asked_for() {
    let graph = |op: &str| {
        Graph::new(vec![node("Gemm", &["x", "w"], "a"), node(op, &["a"], "out")], vec![weights()]).read()
    };
    let error = graph("Sigmoid").unwrap().network(pixels(2), names(2)).unwrap_err();
    assert!(error.to_string().contains("do not sum to 1"), "{error}");
    let error = graph("Relu").unwrap().network(pixels(2), names(3)).unwrap_err();
    assert!(matches!(error, OnnxError::Network(_)), "{error}");
    let error = graph("Relu").unwrap().network(pixels(3), names(2)).unwrap_err();
    assert_eq!(error.to_string(), "the model takes rows of 2 numbers, and the data makes rows of 3");
}

#[test]
fn small_files_do_not_make_large_networks() {
    // A row of 16 million numbers, scaled number by number, again and again.
    let side = 1 << 24;
    let nodes = (0..2000)
        .map(|place| node("Mul", &[&format!("v{place}"), "pair"], &format!("v{}", place + 1)))
        .collect::<Vec<_>>();
    let mut nodes = nodes;
    nodes[0].input[0] = "x".into();
    nodes[1999].output[0] = "out".into();
    let constants = vec![constant("pair", &[1, 1], &[2.0])];
    let said = Graph { width: side, ..Graph::new(nodes.clone(), constants) }.refused();
    assert!(said.contains("last layer"), "one factor for all takes no room: {said}");
    // A weight matrix scaled ten thousand times, and as many layers of one name.
    let mut chain = vec![node("Gemm", &["x", "w"], "v0")];
    chain.extend(
        (0..10_000).map(|place| node("Mul", &[&format!("v{place}"), "pair"], &format!("v{}", place + 1))),
    );
    chain.last_mut().unwrap().output[0] = "out".into();
    let wide = constant("w", &[2, 1000], &[1.0; 2000]);
    let said = Graph::new(chain, vec![wide, constant("pair", &[1, 1], &[1.001])]).refused();
    assert!(said.contains("many times as many numbers"), "{said}");
    let mut chain: Vec<NodeProto> = (0..20_000)
        .map(|place| NodeProto {
            name: "same".into(),
            ..node("Relu", &[&format!("v{place}")], &format!("v{}", place + 1))
        })
        .collect();
    chain[0].input[0] = "x".into();
    chain[19_999].output[0] = "out".into();
    let network = Graph::new(chain, vec![]).network(2);
    assert_eq!(network.nodes()[19_999].name, "same_20000");
    let many = constant("pair", &[side], &[]);
    let said = Graph { width: side, ..Graph::new(nodes, vec![many]) }.refused();
    assert!(said.contains("many times as many numbers"), "{said}");
}

#[test]
fn weights_beside_the_file_are_read_and_those_elsewhere_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("model");
    std::fs::create_dir(&inside).unwrap();
    let numbers: Vec<u8> = [1.0f32, 2.0, 3.0, 4.0].iter().flat_map(|number| number.to_le_bytes()).collect();
    std::fs::write(inside.join("weights"), &numbers).unwrap();
    std::fs::write(folder.path().join("others"), &numbers).unwrap();
    let read = |location: &str| {
        let entry = |key: &str, value: &str| lessen_graph::proto::StringStringEntryProto {
            key: key.into(),
            value: value.into(),
        };
        let external_data = vec![entry("location", location), entry("offset", "0"), entry("length", "16")];
        let weights = TensorProto { external_data, data_location: 1, float_data: vec![], ..weights() };
        let model = Graph::new(vec![node("Gemm", &["x", "w"], "out")], vec![weights]).model();
        Foreign::of(&Model::decode(model.into()).unwrap().in_folder_of(&inside.join("model.onnx")))
    };
    let network = read("weights").unwrap().network(pixels(2), names(2)).unwrap();
    assert_eq!(network.dense().next().unwrap().weights.values(), [1.0, 3.0, 2.0, 4.0]);
    let outside = read("../others").unwrap_err();
    assert!(outside.to_string().contains("outside of the model's folder"), "{outside}");
    assert!(outside.hint().is_some());
    assert!(read("nowhere").is_err());
}

/// The same file without a word on who wrote it.
fn anonymous(network: &Network) -> Foreign {
    let mut model = ModelProto::decode(onnx::write(network).as_slice()).unwrap();
    model.metadata_props.clear();
    Foreign::of(&Model::decode(model.encode_to_vec().into()).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn our_own_networks_are_read_by_their_graph_alone(network in networks(0.5f32..2.0), row in prop::collection::vec(-1.0f64..1.0, 9)) {
        let foreign = anonymous(&network);
        let read = foreign.clone().network(network.encoding().clone(), network.answer().clone()).unwrap();
        let row = &row[..foreign.inputs()];
        let mut expected = forward(&network, row);
        // Without a softmax at the end the file's numbers are taken for logits.
        let ends_in_softmax = matches!(network.nodes().last().unwrap().layer, Layer::Softmax);
        if network.answer().classes().is_some() && !ends_in_softmax {
            let sum: f64 = expected.iter().map(|logit| logit.exp()).sum();
            expected.iter_mut().for_each(|logit| *logit = logit.exp() / sum);
        }
        for (found, expected) in forward(&read, row).into_iter().zip(expected) {
            prop_assert!((found - expected).abs() < 1e-6 * expected.abs().max(1.0), "{} {}", found, expected);
        }
    }
}
