//! Files that want to mislead, to hang or to fill the memory.

use lessen_graph::proto::{FunctionProto, GraphProto, StringStringEntryProto, TensorProto};
use lessen_graph::{GraphError, Model, Options};

use crate::built::{F32, bytes, count, info, integers, node, try_count};

fn refused(graph: GraphProto) -> String {
    try_count(graph, Vec::new()).unwrap_err().to_string()
}

fn graph(node: Vec<lessen_graph::proto::NodeProto>) -> GraphProto {
    GraphProto { node, input: vec![info("x", F32, &[2, 3])], ..GraphProto::default() }
}

#[test]
fn what_is_no_message_is_refused() {
    for bytes in
        [&b""[..], b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"not a model", &[0x3a, 0x80, 0x80, 0x80]]
    {
        let error = Model::decode(bytes.to_vec().into()).unwrap_err();
        assert!(matches!(error, GraphError::Malformed { .. } | GraphError::Graph { .. }), "{error}");
    }
}

#[test]
fn every_cut_and_every_flipped_bit_is_an_error_or_a_count() {
    let weights = TensorProto {
        name: "w".into(),
        data_type: F32,
        dims: vec![3, 2],
        raw_data: vec![7; 24].into(),
        ..TensorProto::default()
    };
    let whole = GraphProto {
        node: vec![node("MatMul", &["x", "w"], &["y"]), node("Relu", &["y"], &["z"])],
        initializer: vec![weights],
        input: vec![info("x", F32, &[2, 3])],
        output: vec![info("z", F32, &[2, 2])],
        ..GraphProto::default()
    };
    let whole = bytes(whole, Vec::new());
    let look =
        |bytes: Vec<u8>| Model::decode(bytes.into()).and_then(|model| model.count(&Options::default()));
    assert_eq!(look(whole.clone()).unwrap().operations().macs, 12);
    for end in 0..whole.len() {
        // What is left may be a whole message of its own.
        if let Ok(count) = look(whole[..end].to_vec()) {
            assert!(count.operations().macs <= 12);
        }
    }
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        drop(look(flipped));
    }
}

#[test]
fn nodes_in_a_circle_are_named() {
    let circle = graph(vec![node("Add", &["x", "b"], &["a"]), node("Relu", &["a"], &["b"])]);
    assert_eq!(
        refused(circle),
        "node `a` (Add): expected an input, a constant or what an earlier node makes as its input, found `b`, which is made later or nowhere"
    );
}

#[test]
fn names_stand_for_one_thing() {
    let twice = graph(vec![node("Relu", &["x"], &["a"]), node("Relu", &["x"], &["a"])]);
    assert_eq!(
        refused(twice),
        "node `a` (Relu): expected a new name for its result, found `a`, which is taken"
    );
    let constants = vec![integers("c", &[], &[1]), integers("c", &[], &[2])];
    let twice = GraphProto { initializer: constants, ..graph(Vec::new()) };
    assert_eq!(refused(twice), "tensor `c`: expected one constant of this name, found two");
}

#[test]
fn extents_beyond_all_numbers_are_not_multiplied() {
    let huge = TensorProto {
        name: "w".into(),
        data_type: F32,
        dims: vec![1 << 62, 1 << 62],
        ..TensorProto::default()
    };
    let found = refused(GraphProto { initializer: vec![huge], ..graph(Vec::new()) });
    assert_eq!(
        found,
        "tensor `w`: expected numbers that fit into 64 bits, found [4611686018427387904, 4611686018427387904]"
    );
    let negative = TensorProto { name: "w".into(), data_type: F32, dims: vec![-1], ..TensorProto::default() };
    let found = refused(GraphProto { initializer: vec![negative], ..graph(Vec::new()) });
    assert_eq!(found, "tensor `w`: expected extents of at least 0, found [-1]");
    // Inputs may be said to be as large: what is made of them is not known.
    let input = vec![info("x", F32, &[1 << 62, 4]), info("w", F32, &[4, 1 << 62])];
    let found =
        count(GraphProto { node: vec![node("MatMul", &["x", "w"], &["y"])], input, ..GraphProto::default() });
    assert!(!found.is_complete() && found.activations.is_err());
}

#[test]
fn bytes_must_be_those_of_the_extents() {
    let of = |dims: &[i64], bytes: usize| TensorProto {
        name: "w".into(),
        data_type: F32,
        dims: dims.to_vec(),
        raw_data: vec![1; bytes].into(),
        ..TensorProto::default()
    };
    let refused = |tensor| refused(GraphProto { initializer: vec![tensor], ..graph(Vec::new()) });
    assert_eq!(refused(of(&[2, 2], 15)), "tensor `w`: expected 16 bytes for [2, 2] f32, found 15");
    assert_eq!(refused(of(&[0, 2], 4)), "tensor `w`: expected 0 bytes for [0, 2] f32, found 4");
    let kind = TensorProto { data_type: 99, ..of(&[1], 4) };
    assert_eq!(refused(kind), "tensor `w`: expected a data type from 1 to 26, found 99");
}

/// Each function calls the next one twice: a few lines that would be walked for years.
#[test]
fn functions_that_call_each_other_without_end_are_refused() {
    let name = |place: usize| format!("f{place}");
    let function = |place: usize| FunctionProto {
        name: name(place),
        domain: "ours".into(),
        input: vec!["x".into()],
        output: vec!["z".into()],
        node: ["y", "z"]
            .map(|made| lessen_graph::proto::NodeProto {
                domain: "ours".into(),
                ..node(&name(place + 1), &["x"], &[made])
            })
            .into(),
        ..FunctionProto::default()
    };
    let call = lessen_graph::proto::NodeProto { domain: "ours".into(), ..node("f0", &["x"], &["y"]) };
    let wide = try_count(graph(vec![call.clone()]), (0..40).map(function).collect()).unwrap_err();
    assert_eq!(
        wide.to_string(),
        "graph: expected at most 1048576 nodes, functions and bodies written out, found more"
    );
    let mut itself = function(0);
    itself.node.truncate(1);
    itself.node[0] = lessen_graph::proto::NodeProto { domain: "ours".into(), ..node("f0", &["x"], &["z"]) };
    let deep = try_count(graph(vec![call]), vec![itself]).unwrap_err();
    assert!(deep.to_string().starts_with("graph: expected graphs and functions at most 48 deep"), "{deep}");
}

#[test]
fn graphs_deep_within_each_other_are_refused() {
    let mut inner = GraphProto::default();
    for _ in 0..200 {
        let node = crate::built::holding(node("If", &["x"], &["y"]), "then_branch", inner);
        inner = GraphProto { node: vec![node], ..GraphProto::default() };
    }
    let error = Model::decode(bytes(inner, Vec::new()).into()).unwrap_err().to_string();
    assert!(error.contains("within each other"), "{error}");
}

/// Two bytes a node: a file of a few megabytes that would become gigabytes.
#[test]
fn more_parts_than_a_model_has_are_refused() {
    let graph: Vec<u8> = [0x0a, 0x00].repeat(3 << 20);
    let mut file = vec![0x3a];
    prost::encoding::encode_varint(graph.len() as u64, &mut file);
    file.extend(graph);
    let error = Model::decode(file.into()).unwrap_err().to_string();
    assert!(error.contains("more parts than a model has"), "{error}");
}

fn external(location: &str, length: Option<&str>) -> GraphProto {
    let entry = |key: &str, value: &str| StringStringEntryProto { key: key.into(), value: value.into() };
    let mut external_data = vec![entry("location", location)];
    external_data.extend(length.map(|length| entry("length", length)));
    let dims = vec![3, 2];
    let data_location = TensorProto::EXTERNAL;
    let weights = TensorProto {
        name: "w".into(),
        data_type: F32,
        dims,
        external_data,
        data_location,
        ..TensorProto::default()
    };
    GraphProto {
        node: vec![node("MatMul", &["x", "w"], &["y"])],
        initializer: vec![weights],
        ..graph(Vec::new())
    }
}

#[test]
fn data_in_other_files_is_the_models_own_or_refused() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("model");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("weights.bin"), [1; 24]).unwrap();
    std::fs::write(folder.join("short.bin"), [1; 20]).unwrap();
    std::fs::write(home.path().join("outside.bin"), [1; 24]).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(home.path().join("outside.bin"), folder.join("link.bin")).unwrap();
    let path = folder.join("model.onnx");
    let look = |graph: GraphProto, reads_other_files: bool| {
        std::fs::write(&path, bytes(graph, Vec::new())).unwrap();
        Model::open(&path)?.count(&Options { reads_other_files, ..Options::default() })
    };
    let found = look(external("weights.bin", None), false).unwrap();
    assert_eq!((found.operations().macs, found.nonzero_count()), (12, None));
    assert_eq!(look(external("weights.bin", Some("24")), true).unwrap().nonzero_count(), Some(6));
    let outside = home.path().join("outside.bin");
    for location in ["../outside.bin", "link.bin", outside.to_str().unwrap()] {
        let error = look(external(location, None), false).unwrap_err();
        let expected = format!("tensor `w`: its data in `{location}`: lies outside of the model's folder");
        assert_eq!(error.to_string(), expected);
    }
    let missing = look(external("nowhere.bin", None), false).unwrap_err().to_string();
    assert!(missing.starts_with("tensor `w`: its data in `nowhere.bin`: "), "{missing}");
    let short = look(external("short.bin", None), false).unwrap_err().to_string();
    assert!(short.contains("expected 24 bytes from byte 0 on"), "{short}");
    let in_memory = Model::decode(bytes(external("weights.bin", None), Vec::new()).into()).unwrap();
    assert!(in_memory.count(&Options::default()).is_err(), "bytes have no folder");
}

#[test]
fn an_operator_without_a_rule_is_never_nothing() {
    let mut unknown = node("Frobnicate", &["x"], &["y"]);
    unknown.domain = "somebody".into();
    let found = count(graph(vec![unknown, node("Relu", &["y"], &["z"])]));
    let reasons: Vec<_> =
        found.unknown().map(|(node, reason)| (node.op.as_str(), reason.0.as_str())).collect();
    assert_eq!(
        reasons,
        [
            ("somebody.Frobnicate", "no rule for this operator"),
            ("Relu", "the extents of the result are not known")
        ]
    );
}

#[test]
fn operators_with_too_few_inputs_results_or_axes_are_not_counted() {
    let operators = [
        "Conv",
        "ConvTranspose",
        "DeformConv",
        "QLinearConv",
        "MaxPool",
        "MaxUnpool",
        "Resize",
        "GridSample",
        "RoiAlign",
        "AffineGrid",
        "MatMul",
        "Gemm",
        "Einsum",
        "Attention",
        "LSTM",
        "GRU",
        "ReduceSum",
        "ArgMax",
        "TopK",
        "Reshape",
        "Flatten",
        "Squeeze",
        "Unsqueeze",
        "Transpose",
        "Concat",
        "Split",
        "Slice",
        "Gather",
        "GatherND",
        "Pad",
        "Tile",
        "Expand",
        "DepthToSpace",
        "OneHot",
        "Range",
        "LayerNormalization",
        "BatchNormalization",
        "LRN",
        "Where",
        "Dropout",
        "Constant",
        "ConstantOfShape",
        "ScatterND",
    ];
    for op in operators {
        for inputs in 0..6 {
            for results in [0, 1, 3] {
                for dims in [&[][..], &[2], &[2, 3, 4, 5, 6]] {
                    let names: Vec<String> = (0..inputs.max(1)).map(|place| format!("x{place}")).collect();
                    let made: Vec<String> = (0..results).map(|place| format!("y{place}")).collect();
                    let refer =
                        |names: &[String]| names.iter().map(String::as_str).collect::<Vec<_>>().join(",");
                    let (given, told) = (refer(&names[..inputs]), refer(&made));
                    let split = |text: &str| {
                        text.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
                    };
                    let node = lessen_graph::proto::NodeProto {
                        op_type: op.into(),
                        input: split(&given),
                        output: split(&told),
                        ..Default::default()
                    };
                    let input = names.iter().map(|name| info(name, F32, dims)).collect();
                    let output = made.iter().map(|name| info(name, F32, &[3])).collect();
                    // Whatever comes of it: no panic.
                    drop(try_count(
                        GraphProto { node: vec![node], input, output, ..GraphProto::default() },
                        Vec::new(),
                    ));
                }
            }
        }
    }
}

#[test]
fn trees_that_share_their_nodes_without_end_are_not_walked() {
    let ints = |name: &str, ints: Vec<i64>| lessen_graph::proto::AttributeProto {
        name: name.into(),
        ints,
        ..Default::default()
    };
    let count = 20_000;
    let tree = lessen_graph::proto::NodeProto {
        domain: "ai.onnx.ml".into(),
        attribute: vec![
            ints("tree_roots", vec![0; count]),
            ints("nodes_truenodeids", (0..count as i64).map(|place| place + 1).collect()),
            ints("nodes_falsenodeids", vec![0; count]),
            ints("nodes_trueleafs", vec![0; count]),
            ints("nodes_falseleafs", vec![1; count]),
        ],
        ..node("TreeEnsemble", &["x"], &["y"])
    };
    let found = count_of(tree);
    assert_eq!(found, ["its nodes are no trees"]);
}

fn count_of(node: lessen_graph::proto::NodeProto) -> Vec<String> {
    count(graph(vec![node])).unknown().map(|(_, reason)| reason.0.clone()).collect()
}

#[test]
fn steps_and_axes_at_the_ends_of_all_numbers_do_not_overflow() {
    for (start, limit, step, length) in [
        (0, 10, 3, Some(4)),
        (10, 0, -4, Some(3)),
        (0, 10, -1, Some(0)),
        (0, 10, 0, None),
        (0, 10, i64::MAX, Some(1)),
        (0, -10, i64::MIN, Some(1)),
        (i64::MIN, i64::MAX, 1, None),
    ] {
        let initializer =
            vec![integers("s", &[], &[start]), integers("l", &[], &[limit]), integers("d", &[], &[step])];
        let node = vec![node("Range", &["s", "l", "d"], &["y"])];
        let found = count(GraphProto { node, initializer, ..GraphProto::default() });
        assert_eq!(found.nodes[0].result.numbers(), length, "{start} to {limit} by {step}");
    }
    let mut scan = crate::built::holding(node("Scan", &["x"], &["y"]), "body", GraphProto::default());
    let ints = |name: &str, i: i64, ints: Vec<i64>| lessen_graph::proto::AttributeProto {
        name: name.into(),
        i,
        ints,
        ..Default::default()
    };
    scan.attribute.push(ints("num_scan_inputs", 1, Vec::new()));
    scan.attribute.push(ints("scan_input_axes", 0, vec![i64::MAX]));
    assert!(!count(graph(vec![scan])).is_complete());
}
