//! The bytes of a file, against the specification's field numbers and numbers worked out by hand:
//! <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>.

use lessen_model::onnx;

use crate::examples::{by_hand, dense, node, pixels};
use crate::wire::{bytes, int, message, text};

/// `StringStringEntryProto`: key, value; in `ModelProto.metadata_props`.
fn metadata(key: &str, value: &str) -> Vec<u8> {
    message(14, &[text(1, key), text(2, value)])
}

/// `ValueInfoProto`: name, type, in it `tensor_type` of floats (1), in it a shape of `batch` and `width`.
fn rows(field: u64, name: &str, width: i64) -> Vec<u8> {
    let shape = message(2, &[message(1, &[text(2, "batch")]), message(1, &[int(1, width)])]);
    message(field, &[text(1, name), message(2, &[message(1, &[int(1, 1), shape])])])
}

/// `NodeProto`: inputs, output, name, operator, and an attribute of type INT (2) where there is one.
fn operator(inputs: &[&str], output: &str, name: &str, op: &str, attribute: Option<(&str, i64)>) -> Vec<u8> {
    let mut parts: Vec<_> = inputs.iter().map(|input| text(1, input)).collect();
    parts.extend([text(2, output), text(3, name), text(4, op)]);
    parts.extend(attribute.map(|(name, value)| message(5, &[text(1, name), int(3, value), int(20, 2)])));
    message(1, &parts)
}

/// `TensorProto`: dims one by one, data type float (1), name, `raw_data`.
fn tensor(dims: &[i64], name: &str, raw: &[u8]) -> Vec<u8> {
    let mut parts: Vec<_> = dims.iter().map(|&side| int(1, side)).collect();
    parts.extend([int(2, 1), text(8, name), bytes(9, raw)]);
    message(5, &parts)
}

#[test]
fn a_file_has_the_bytes_worked_out_by_hand() {
    // Little-endian: 1.0 is 0x3f800000, 2.0 0x40000000, 0.5 0x3f000000, 0.25 0x3e800000, 1.5 0x3fc00000; the
    // highest bit is the sign.
    let hidden_weights = [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f, 0, 0, 0, 0];
    let hidden_bias = [0, 0, 0x80, 0x3e, 0, 0, 0xc0, 0xbf];
    let output_weights = [0, 0, 0x80, 0x3f, 0, 0, 0, 0, 0, 0, 0x80, 0xbf, 0, 0, 0, 0x40];
    let output_bias = [0, 0, 0, 0, 0, 0, 0, 0x3f];
    let graph = [
        operator(&["rows", "hidden.weights", "hidden.bias"], "hidden", "hidden", "Gemm", Some(("transB", 1))),
        operator(&["hidden"], "relu", "relu", "Relu", None),
        operator(&["relu", "output.weights", "output.bias"], "output", "output", "Gemm", Some(("transB", 1))),
        operator(&["output"], "probabilities", "softmax", "Softmax", Some(("axis", 1))),
        text(2, "network"),
        tensor(&[2, 2], "hidden.weights", &hidden_weights),
        tensor(&[2], "hidden.bias", &hidden_bias),
        tensor(&[2, 2], "output.weights", &output_weights),
        tensor(&[2], "output.bias", &output_bias),
        rows(11, "rows", 2),
        rows(12, "probabilities", 2),
    ];
    let model = [
        int(1, 8),
        text(2, "lessen"),
        text(3, env!("CARGO_PKG_VERSION")),
        message(7, &graph),
        // The domain of ONNX's own operators is the empty one, which proto3 leaves out.
        message(8, &[int(2, 17)]),
        metadata("lessen.format", "1"),
        metadata("lessen.classes", r#"["no","yes"]"#),
        metadata("lessen.encoding", r#"[{"pixels":{"count":2,"shift":0.0,"scale":1.0}}]"#),
        metadata("lessen.masked", r#"["hidden.weights"]"#),
    ];
    let written = onnx::write(&by_hand());
    assert_eq!(written, model.concat(), "{}", written.escape_ascii());
    assert_eq!(written, onnx::write(&by_hand()), "the same network, the same bytes");
}

#[test]
fn without_masks_there_is_no_list_of_them_and_a_zero_stays_as_it_is() {
    let layer = node("only", dense([1, 2], &[0.0, -0.0], &[0.0]), 0);
    let network = lessen_model::Network::new(
        vec![layer],
        pixels(2),
        lessen_data::Answer::Classes(vec!["value".into()]),
    )
    .unwrap();
    let written = onnx::write(&network);
    let has = |part: &[u8]| written.windows(part.len()).any(|window| window == part);
    assert!(!has(b"lessen.masked"));
    assert!(has(&bytes(9, &[0, 0, 0, 0, 0, 0, 0, 0x80])));
    assert!(has(&operator(
        &["rows", "only.weights", "only.bias"],
        "probabilities",
        "only",
        "Gemm",
        Some(("transB", 1))
    )));
}

#[test]
fn a_masked_weight_that_is_left_and_zero_is_told_from_one_that_is_gone() {
    let layer = node("only", dense([1, 3], &[0.0, 5.0, -0.0], &[0.0]), 0);
    let mut network = lessen_model::Network::new(
        vec![layer],
        pixels(3),
        lessen_data::Answer::Classes(vec!["value".into()]),
    )
    .unwrap();
    network.dense_mut().next().unwrap().weights.shrink(|index| index != 1);
    let written = onnx::write(&network);
    let raw = bytes(9, &[0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x80]);
    assert!(written.windows(raw.len()).any(|window| window == raw));
    assert_eq!(onnx::read(&written).unwrap().density(), 2.0 / 3.0);
}
