//! Each rule by a worked example.

use lessen_graph::Count;
use lessen_graph::proto::{AttributeProto, GraphProto, NodeProto, TensorProto};

use crate::built::{F32, count, info, integers, node};

/// What a graph of one node is made of.
struct Case {
    op: &'static str,
    domain: &'static str,
    /// Extents of its inputs; none for one that is left out.
    inputs: Vec<Option<Vec<i64>>>,
    attributes: Vec<AttributeProto>,
    results: usize,
}

fn case(op: &'static str, inputs: &[&[i64]]) -> Case {
    let inputs = inputs.iter().map(|dims| Some(dims.to_vec())).collect();
    Case { op, domain: "", inputs, attributes: Vec::new(), results: 1 }
}

impl Case {
    fn ints(mut self, name: &str, ints: &[i64]) -> Self {
        self.attributes.push(AttributeProto {
            name: name.into(),
            ints: ints.to_vec(),
            r#type: 7,
            ..AttributeProto::default()
        });
        self
    }

    fn int(mut self, name: &str, i: i64) -> Self {
        self.attributes.push(AttributeProto { name: name.into(), i, r#type: 2, ..AttributeProto::default() });
        self
    }

    fn float(mut self, name: &str, f: f32) -> Self {
        self.attributes.push(AttributeProto { name: name.into(), f, r#type: 1, ..AttributeProto::default() });
        self
    }

    fn floats(mut self, name: &str, count: usize) -> Self {
        let floats = vec![1.0; count];
        self.attributes.push(AttributeProto {
            name: name.into(),
            floats,
            r#type: 6,
            ..AttributeProto::default()
        });
        self
    }

    fn text(mut self, name: &str, s: &str) -> Self {
        let s = s.to_owned().into();
        self.attributes.push(AttributeProto { name: name.into(), s, r#type: 3, ..AttributeProto::default() });
        self
    }

    fn texts(mut self, name: &str, strings: &[&str]) -> Self {
        let strings = strings.iter().map(|string| (*string).to_owned().into()).collect();
        self.attributes.push(AttributeProto {
            name: name.into(),
            strings,
            r#type: 8,
            ..AttributeProto::default()
        });
        self
    }

    fn domain(mut self, domain: &'static str) -> Self {
        self.domain = domain;
        self
    }

    fn without(mut self, input: usize) -> Self {
        self.inputs[input] = None;
        self
    }

    fn results(mut self, results: usize) -> Self {
        self.results = results;
        self
    }

    fn count(self) -> Count {
        let name = |place: usize| format!("input{place}");
        let given =
            |(place, dims): (usize, &Option<Vec<i64>>)| dims.as_ref().map_or(String::new(), |_| name(place));
        let node = NodeProto {
            input: self.inputs.iter().enumerate().map(given).collect(),
            output: (0..self.results).map(|place| format!("result{place}")).collect(),
            op_type: self.op.into(),
            domain: self.domain.into(),
            attribute: self.attributes,
            ..NodeProto::default()
        };
        let dims = self.inputs.iter().enumerate();
        let input = dims.filter_map(|(place, dims)| Some(info(&name(place), F32, dims.as_ref()?))).collect();
        count(GraphProto { node: vec![node], input, ..GraphProto::default() })
    }

    /// MACs, adds, comparisons and the extents of the first result.
    fn takes(self, operations: [u64; 3], dims: &[u64]) {
        let op = self.op;
        let count = self.count();
        assert!(count.is_complete(), "{op}: {:?}", count.unknown().next().map(|(_, reason)| reason));
        let found = count.operations();
        assert_eq!([found.macs, found.adds, found.comparisons], operations, "{op}");
        assert_eq!(count.nodes[0].result.sides().as_deref(), Some(dims), "{op}");
    }

    /// The same where the extents are not told by a rule.
    fn takes_only(self, operations: [u64; 3]) {
        let found = self.count().operations();
        assert_eq!([found.macs, found.adds, found.comparisons], operations);
    }
}

#[test]
fn convolutions() {
    // 4 outputs of 6 by 6 positions, each of 3 channels by 3 by 3: 144 * 27.
    case("Conv", &[&[1, 3, 8, 8], &[4, 3, 3, 3]]).takes([144 * 27, 0, 0], &[1, 4, 6, 6]);
    // Padding keeps 8 by 8, and its zeros are multiplied like the others; a bias is a sum each.
    case("Conv", &[&[1, 3, 8, 8], &[4, 3, 3, 3], &[4]])
        .ints("pads", &[1, 1, 1, 1])
        .takes([256 * 27, 256, 0], &[1, 4, 8, 8]);
    // Two groups: half of the channels each.
    case("Conv", &[&[1, 4, 8, 8], &[6, 2, 3, 3]]).int("group", 2).takes([216 * 18, 0, 0], &[1, 6, 6, 6]);
    // Depthwise: a channel each.
    case("Conv", &[&[1, 4, 8, 8], &[4, 1, 3, 3]]).int("group", 4).takes([144 * 9, 0, 0], &[1, 4, 6, 6]);
    // Three numbers two apart reach over five; every other position of the four that are left.
    case("Conv", &[&[2, 3, 8], &[5, 3, 3]])
        .ints("dilations", &[2])
        .ints("strides", &[2])
        .takes([2 * 5 * 2 * 9, 0, 0], &[2, 5, 2]);
    case("Conv", &[&[1, 1, 7, 7], &[1, 1, 3, 3]])
        .ints("strides", &[2, 2])
        .text("auto_pad", "SAME_UPPER")
        .takes([16 * 9, 0, 0], &[1, 1, 4, 4]);
    // Of 3 by 3 positions each of 2 channels is spread over 3 outputs by 3 by 3: (3 - 1) * 2 + 3 = 7 wide.
    case("ConvTranspose", &[&[1, 2, 3, 3], &[2, 3, 3, 3]])
        .ints("strides", &[2, 2])
        .takes([18 * 27, 0, 0], &[1, 3, 7, 7]);
    // Cut to 5, and a position more; the sums of a bias.
    case("ConvTranspose", &[&[1, 2, 3, 3], &[2, 3, 3, 3], &[3]])
        .ints("strides", &[2, 2])
        .ints("pads", &[1, 1, 1, 1])
        .ints("output_padding", &[1, 1])
        .takes([18 * 27, 3 * 36, 0], &[1, 3, 6, 6]);
    // 9 positions of 4 numbers of one channel, each between four others.
    case("DeformConv", &[&[1, 1, 4, 4], &[1, 1, 2, 2], &[1, 8, 3, 3]]).takes([36, 36 * 7, 0], &[1, 1, 3, 3]);
    case("QLinearConv", &[&[1, 1, 4, 4], &[], &[], &[2, 1, 3, 3], &[], &[], &[], &[]])
        .takes([8 * 9, 8 * 3, 0], &[1, 2, 2, 2]);
    case("ConvInteger", &[&[1, 1, 4, 4], &[2, 1, 3, 3]]).takes([8 * 9, 0, 0], &[1, 2, 2, 2]);
    case("CausalConvWithState", &[&[2, 3, 5], &[3, 1, 4], &[3]])
        .results(2)
        .takes([30 * 4, 30, 0], &[2, 3, 5]);
}

#[test]
fn products_of_matrices() {
    case("MatMul", &[&[3, 4], &[4, 5]]).takes([60, 0, 0], &[3, 5]);
    case("MatMul", &[&[2, 1, 3, 4], &[7, 4, 5]]).takes([2 * 7 * 60, 0, 0], &[2, 7, 3, 5]);
    case("MatMul", &[&[4], &[4]]).takes([4, 0, 0], &[]);
    case("MatMul", &[&[2, 3, 4], &[4]]).takes([24, 0, 0], &[2, 3]);
    case("MatMulInteger", &[&[3, 4], &[4, 5]]).takes([60, 0, 0], &[3, 5]);
    case("QLinearMatMul", &[&[3, 4], &[], &[], &[4, 5], &[], &[], &[], &[]]).takes([60, 45, 0], &[3, 5]);
    case("Gemm", &[&[3, 4], &[5, 4], &[5]]).int("transB", 1).takes([60, 15, 0], &[3, 5]);
    // Factors: one product more with alpha, one with beta.
    case("Gemm", &[&[4, 3], &[4, 5], &[5]])
        .int("transA", 1)
        .float("alpha", 0.5)
        .float("beta", 2.0)
        .takes([60, 45, 0], &[3, 5]);
    case("FusedMatMul", &[&[3, 4], &[5, 4]])
        .domain("com.microsoft")
        .int("transB", 1)
        .takes([60, 0, 0], &[3, 5]);
}

#[test]
fn sums_said_by_letters() {
    case("Einsum", &[&[3, 4], &[4, 5]]).text("equation", "ij,jk->ik").takes([60, 0, 0], &[3, 5]);
    // Nothing is summed: products alone.
    case("Einsum", &[&[3], &[5]]).text("equation", "i,j->ij").takes([0, 15, 0], &[3, 5]);
    // Without a result: letters that are there once, in their order.
    case("Einsum", &[&[3, 4], &[4, 5]]).text("equation", "ij, jk").takes([60, 0, 0], &[3, 5]);
    // Attention's scores, heads and batch behind the dots.
    case("Einsum", &[&[2, 6, 7, 8], &[2, 6, 9, 8]])
        .text("equation", "...qd,...kd->...qk")
        .takes([2 * 6 * 7 * 9 * 8, 0, 0], &[2, 6, 7, 9]);
    // 12 numbers become 3: 9 sums.
    case("Einsum", &[&[3, 4]]).text("equation", "ij->i").takes([0, 9, 0], &[3]);
    // From the left: 2 by 3 by 4, then 2 by 4 by 5.
    case("Einsum", &[&[2, 3], &[3, 4], &[4, 5]])
        .text("equation", "ab,bc,cd->ad")
        .takes([24 + 40, 0, 0], &[2, 5]);
}

#[test]
fn attention() {
    // 2 * 3 heads of 5 by 7 scores, of 8 numbers each, and mixed into 9; five steps a score.
    let scores = 2 * 3 * 5 * 7;
    case("Attention", &[&[2, 3, 5, 8], &[2, 3, 7, 8], &[2, 3, 7, 9]])
        .takes([scores * 17, scores * 5, 0], &[2, 3, 5, 9]);
    // Heads side by side; a mask.
    case("Attention", &[&[2, 5, 24], &[2, 7, 24], &[2, 7, 27], &[5, 7]])
        .int("q_num_heads", 3)
        .int("kv_num_heads", 3)
        .takes([scores * 17, scores * 6, 0], &[2, 5, 27]);
    // Four keys from before; six heads of queries share three of keys.
    let past =
        case("Attention", &[&[2, 6, 5, 8], &[2, 3, 7, 8], &[2, 3, 7, 8], &[], &[2, 3, 4, 8], &[2, 3, 4, 8]]);
    past.without(3).results(3).takes([2 * 6 * 5 * 11 * 16, 2 * 6 * 5 * 11 * 5, 0], &[2, 6, 5, 8]);
}

#[test]
fn attention_of_onnx_runtime() {
    let of = |op, inputs: &[&[i64]]| case(op, inputs).domain("com.microsoft");
    // As above: 3 heads, 5 queries of 8 numbers each, 7 keys.
    let scores = 2 * 3 * 5 * 7;
    of("MultiHeadAttention", &[&[2, 5, 24], &[2, 7, 24], &[2, 7, 27]])
        .int("num_heads", 3)
        .takes([scores * 17, scores * 5, 0], &[2, 5, 27]);
    // A bias of what is given; keys by head, four of them from before.
    of(
        "MultiHeadAttention",
        &[&[2, 5, 24], &[2, 5, 24], &[2, 5, 24], &[72], &[], &[], &[2, 3, 4, 8], &[2, 3, 4, 8]],
    )
    .without(4)
    .without(5)
    .int("num_heads", 3)
    .results(3)
    .takes([2 * 3 * 5 * 9 * 16, 2 * 3 * 5 * 9 * 5 + 3 * 240, 0], &[2, 5, 24]);
    of("MultiHeadAttention", &[&[2, 5, 24], &[2, 3, 7, 8], &[2, 3, 7, 9]])
        .int("num_heads", 3)
        .takes([scores * 17, scores * 5, 0], &[2, 5, 27]);
    // All three in one.
    of("MultiHeadAttention", &[&[2, 5, 3, 3, 8]])
        .int("num_heads", 3)
        .takes([2 * 3 * 25 * 16, 2 * 3 * 25 * 5, 0], &[2, 5, 24]);

    // Six heads of queries share three of keys, four of these from before; causal.
    let grouped: [&[i64]; 5] = [&[2, 5, 48], &[2, 5, 24], &[2, 5, 24], &[2, 3, 4, 8], &[2, 3, 4, 8]];
    of("GroupQueryAttention", &grouped)
        .int("num_heads", 6)
        .int("kv_num_heads", 3)
        .takes([2 * 6 * 5 * 9 * 16, 2 * 6 * 5 * 9 * 6, 0], &[2, 5, 48]);
    // Packed, and turned: three for each number of queries and keys.
    of("GroupQueryAttention", &[&[2, 5, 96]])
        .int("num_heads", 6)
        .int("kv_num_heads", 3)
        .int("do_rotary", 1)
        .takes([2 * 6 * 25 * 16, 2 * 6 * 25 * 6 + 2 * 5 * 9 * 8 * 3, 0], &[2, 5, 48]);

    // Rows of 16 numbers become queries, keys and values of 3 heads by 8.
    of("Attention", &[&[2, 5, 16], &[16, 72], &[72]])
        .int("num_heads", 3)
        .takes([2 * 5 * 16 * 72 + 2 * 3 * 25 * 16, 2 * 3 * 25 * 5 + 2 * 5 * 72, 0], &[2, 5, 24]);
    of("Attention", &[&[2, 5, 16], &[16, 72], &[], &[], &[2, 2, 3, 4, 8]])
        .without(2)
        .without(3)
        .int("num_heads", 3)
        .int("unidirectional", 1)
        .takes([2 * 5 * 16 * 72 + 2 * 3 * 5 * 9 * 16, 2 * 3 * 5 * 9 * 6, 0], &[2, 5, 24]);
}

#[test]
fn recurrent_layers() {
    // 7 steps, 2 rows, 4 units: 4 gates of 3 inputs and 4 states; 4 function values, 8 sums of biases and 5 steps.
    let cells = 7 * 2 * 4;
    case("LSTM", &[&[7, 2, 3], &[1, 16, 3], &[1, 16, 4], &[1, 32]])
        .results(3)
        .takes([cells * 4 * 7, cells * 17, 0], &[7, 1, 2, 4]);
    // Both ways, without biases, with peepholes.
    case("LSTM", &[&[7, 2, 3], &[2, 16, 3], &[2, 16, 4], &[], &[], &[], &[], &[2, 12]])
        .without(3)
        .without(4)
        .without(5)
        .without(6)
        .takes([2 * cells * (28 + 3), 2 * cells * 9, 0], &[7, 2, 2, 4]);
    case("GRU", &[&[7, 2, 3], &[1, 12, 3], &[1, 12, 4], &[1, 24]])
        .takes([cells * 21, cells * 14, 0], &[7, 1, 2, 4]);
    case("RNN", &[&[2, 7, 3], &[1, 4, 3], &[1, 4, 4]])
        .int("layout", 1)
        .takes([cells * 7, cells, 0], &[2, 7, 1, 4]);
}

#[test]
fn windows_and_resizing() {
    case("MaxPool", &[&[1, 2, 6, 6]])
        .ints("kernel_shape", &[2, 2])
        .ints("strides", &[2, 2])
        .takes([0, 0, 18 * 3], &[1, 2, 3, 3]);
    case("MaxPool", &[&[1, 1, 6, 6]])
        .ints("kernel_shape", &[3, 3])
        .ints("strides", &[2, 2])
        .int("ceil_mode", 1)
        .takes([0, 0, 9 * 8], &[1, 1, 3, 3]);
    case("AveragePool", &[&[1, 2, 6, 6]]).ints("kernel_shape", &[3, 3]).takes([0, 32 * 9, 0], &[1, 2, 4, 4]);
    case("GlobalAveragePool", &[&[1, 2, 6, 6]]).takes([0, 72, 0], &[1, 2, 1, 1]);
    case("GlobalMaxPool", &[&[1, 2, 6, 6]]).takes([0, 0, 70], &[1, 2, 1, 1]);
    case("RoiAlign", &[&[1, 2, 9, 9], &[3, 4], &[3]])
        .int("output_height", 2)
        .int("output_width", 2)
        .int("sampling_ratio", 2)
        .takes([0, 3 * 2 * 4 * 4 * 8, 0], &[3, 2, 2, 2]);
    // Between four numbers: four products and three sums; 5 by 5 places of two coordinates.
    case("GridSample", &[&[1, 2, 9, 9], &[1, 5, 5, 2]]).takes([0, 50 * 7 + 50 * 2, 0], &[1, 2, 5, 5]);
    let sizes = integers("sizes", &[4], &[1, 2, 8, 8]);
    let mut linear = node("Resize", &["given", "", "", "sizes"], &["made"]);
    let mode =
        AttributeProto { name: "mode".into(), s: "linear".to_owned().into(), ..AttributeProto::default() };
    linear.attribute.push(mode);
    let input = vec![info("given", F32, &[1, 2, 4, 4])];
    let found =
        count(GraphProto { node: vec![linear], input, initializer: vec![sizes], ..GraphProto::default() });
    assert_eq!(found.operations().adds, 128 * 7);
}

#[test]
fn activations_cost_the_same_as_one_node_and_written_out() {
    case("Relu", &[&[2, 3]]).takes([0, 0, 6], &[2, 3]);
    case("Gelu", &[&[2, 3]]).takes([0, 30, 0], &[2, 3]);
    let constant = |name: &str| TensorProto {
        name: name.into(),
        data_type: F32,
        float_data: vec![2.0],
        ..TensorProto::default()
    };
    let written_out = vec![
        node("Div", &["x", "c"], &["a"]),
        node("Erf", &["a"], &["b"]),
        node("Add", &["b", "c"], &["d"]),
        node("Mul", &["x", "d"], &["e"]),
        node("Mul", &["e", "c"], &["f"]),
    ];
    let input = vec![info("x", F32, &[2, 3])];
    let found = count(GraphProto {
        node: written_out,
        input,
        initializer: vec![constant("c")],
        ..GraphProto::default()
    });
    assert_eq!(found.operations().adds, 30);
    assert_eq!(found.parameter_count(), 0, "a factor was not learned");
    case("Swish", &[&[6]]).takes([0, 12, 0], &[6]);
    case("SwiGLU", &[&[6], &[6]]).takes([0, 18, 0], &[6]);
    case("HardSwish", &[&[6]]).takes([0, 18, 12], &[6]);
    case("PRelu", &[&[2, 3], &[3]]).takes([0, 6, 6], &[2, 3]);
    case("Softmax", &[&[2, 3]]).takes([0, 24, 0], &[2, 3]);
    case("Max", &[&[2, 3], &[3], &[2, 1]]).takes([0, 0, 12], &[2, 3]);
    case("Where", &[&[2, 1], &[3], &[2, 3]]).takes([0, 0, 6], &[2, 3]);
}

#[test]
fn normalisation_and_reduction() {
    case("BatchNormalization", &[&[2, 3, 4], &[3], &[3], &[3], &[3]]).takes([0, 48, 0], &[2, 3, 4]);
    case("LayerNormalization", &[&[2, 8], &[8], &[8]]).takes([0, 16 * 7, 0], &[2, 8]);
    case("RMSNormalization", &[&[2, 8], &[8]]).takes([0, 64, 0], &[2, 8]);
    case("LRN", &[&[1, 8, 2, 2]]).int("size", 5).takes([0, 320, 0], &[1, 8, 2, 2]);
    case("ReduceSum", &[&[4, 5]]).takes([0, 19, 0], &[1, 1]);
    case("ReduceMean", &[&[4, 5]]).ints("axes", &[-1]).int("keepdims", 0).takes([0, 20, 0], &[4]);
    case("ReduceMax", &[&[4, 5]]).ints("axes", &[0]).takes([0, 0, 15], &[1, 5]);
    case("ArgMax", &[&[4, 5]]).int("axis", 1).int("keepdims", 0).takes([0, 0, 16], &[4]);
    // The greatest 3 of 5: a heap of 3 is 2 deep.
    let kept = integers("k", &[1], &[3]);
    let graph = GraphProto {
        node: vec![node("TopK", &["x", "k"], &["values", "places"])],
        input: vec![info("x", F32, &[4, 5])],
        initializer: vec![kept],
        ..GraphProto::default()
    };
    let found = count(graph);
    assert_eq!((found.operations().comparisons, found.nodes[0].result.sides()), (60, Some(vec![4, 3])));
}

#[test]
fn quantised_numbers() {
    case("QuantizeLinear", &[&[2, 3], &[], &[]]).takes([0, 18, 0], &[2, 3]);
    case("DequantizeLinear", &[&[2, 3], &[]]).takes([0, 12, 0], &[2, 3]);
    // Weights kept as bytes are weights behind their dequantisation, too.
    let weights = TensorProto {
        name: "w".into(),
        data_type: 3,
        dims: vec![4, 5],
        raw_data: vec![1; 20].into(),
        ..TensorProto::default()
    };
    let scale =
        TensorProto { name: "s".into(), data_type: F32, float_data: vec![0.1], ..TensorProto::default() };
    let graph = GraphProto {
        node: vec![node("DequantizeLinear", &["w", "s"], &["v"]), node("MatMul", &["x", "v"], &["y"])],
        input: vec![info("x", F32, &[1, 4])],
        initializer: vec![weights, scale],
        ..GraphProto::default()
    };
    let found = count(graph);
    assert_eq!((found.operations().macs, found.parameter_count(), found.weight_bytes()), (20, 20, 24));
}

#[test]
fn trees_linear_models_and_support_vectors() {
    // One tree: a root, a leaf, and a node of two leaves: two comparisons at most; another of a single leaf.
    case("TreeEnsembleRegressor", &[&[3, 2]])
        .domain("ai.onnx.ml")
        .ints("nodes_treeids", &[0, 0, 0, 0, 0, 1])
        .ints("nodes_nodeids", &[0, 1, 2, 3, 4, 0])
        .ints("nodes_truenodeids", &[1, 0, 3, 0, 0, 0])
        .ints("nodes_falsenodeids", &[2, 0, 4, 0, 0, 0])
        .texts("nodes_modes", &["BRANCH_LEQ", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF", "LEAF"])
        .takes_only([0, 3 * 2, 3 * 2]);
    case("TreeEnsemble", &[&[3, 2]])
        .domain("ai.onnx.ml")
        .ints("tree_roots", &[0])
        .ints("nodes_truenodeids", &[0, 1])
        .ints("nodes_falsenodeids", &[1, 2])
        .ints("nodes_trueleafs", &[1, 1])
        .ints("nodes_falseleafs", &[0, 1])
        .takes_only([0, 3, 3 * 2]);
    case("LinearClassifier", &[&[3, 2]])
        .domain("ai.onnx.ml")
        .floats("coefficients", 8)
        .takes_only([24, 12, 0]);
    // 5 vectors of 2: differences, squares, the kernel's two steps; 5 coefficients.
    case("SVMRegressor", &[&[3, 2]])
        .domain("ai.onnx.ml")
        .text("kernel_type", "RBF")
        .floats("support_vectors", 10)
        .floats("coefficients", 5)
        .takes_only([45, 3 * (10 + 10), 0]);
}
