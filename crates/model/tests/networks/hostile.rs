//! Broken and hostile bytes: an error or a network, never a panic, a hang or memory beyond the file's size.

use lessen_model::onnx;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::examples::by_hand;
use crate::read::{File, integer, node};
use crate::wire::{bytes, int, message, text};

/// Reads; whatever is read must be written and read as itself.
fn check(file: &[u8]) {
    if let Ok(network) = onnx::read(file) {
        assert_eq!(onnx::read(&onnx::write(&network)).unwrap(), network);
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let file = onnx::write(&by_hand());
    onnx::read(&file).unwrap();
    // Only the list of masks, the file's last field, may be missing.
    let masks = message(14, &[text(1, "lessen.masked"), text(2, r#"["hidden.weights"]"#)]);
    for length in 0..file.len() {
        let read = onnx::read(&file[..length]);
        assert_eq!(read.is_ok(), length == file.len() - masks.len(), "{length} bytes: {read:?}");
    }
}

#[test]
fn a_file_with_any_bit_flipped_is_an_error_or_a_network() {
    let file = onnx::write(&by_hand());
    for place in 0..file.len() * 8 {
        let mut flipped = file.clone();
        flipped[place / 8] ^= 1 << (place % 8);
        check(&flipped);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_an_error_or_a_network(file in vec(any::<u8>(), 0..300)) {
        check(&file);
    }

    #[test]
    fn a_file_with_any_bytes_replaced_is_an_error_or_a_network(
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut file = onnx::write(&by_hand());
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        check(&file);
    }
}

fn refused(file: &[u8]) -> String {
    onnx::read(file).unwrap_err().to_string()
}

#[test]
fn what_is_no_model_is_said_to_be_none() {
    let endless = [vec![0x3a], vec![0x80; 9], vec![1]].concat();
    let cases: [(&str, Vec<u8>, &str); 7] = [
        ("text", b"hello, world".to_vec(), "wire type 4, expected 0, 1, 2 or 5, at byte 3"),
        ("a group", vec![0x0b], "wire type 3, expected 0, 1, 2 or 5, at byte 1"),
        ("half a key", vec![0x80], "0 bytes are left, expected 1, at byte 1"),
        ("a long number", [vec![8], vec![0xff; 11]].concat(), "a number of more than 10 bytes, at byte 11"),
        ("half a float", vec![0x0d, 0, 0], "2 bytes are left, expected 4, at byte 1"),
        ("a length of 2^63", endless, "0 bytes are left, expected 9223372036854775808, at byte 11"),
        (
            "a node beyond its graph",
            vec![0x3a, 2, 0x0a, 5, 0, 0, 0, 0, 0],
            "0 bytes are left, expected 5, at byte 4",
        ),
    ];
    for (what, file, expected) in cases {
        assert_eq!(refused(&file), format!("not an ONNX model: {expected}"), "{what}");
    }
    assert!(refused(&int(7, 1)).starts_with("not an ONNX model: "), "a graph that is a number");
    assert_eq!(refused(&[]), "graph: expected a graph, found none");
}

#[test]
fn a_file_of_very_many_parts_is_refused_before_it_is_decoded() {
    let many = "not an ONNX model: more parts than a model has, expected at most 65536, at byte ";
    let cases: [(&str, Vec<u8>); 6] = [
        ("nodes", message(7, &[bytes(1, &[]).repeat(70_000)])),
        ("a node's inputs", message(7, &[message(1, &[text(1, "").repeat(70_000)])])),
        ("tensors", message(7, &[bytes(5, &[]).repeat(70_000)])),
        ("dims, packed", message(7, &[message(5, &[bytes(1, &[0; 70_000])])])),
        ("dims, one by one", message(7, &[message(5, &[int(1, 0).repeat(70_000)])])),
        ("metadata", bytes(14, &[]).repeat(70_000)),
    ];
    for (what, file) in cases {
        assert!(refused(&file).starts_with(many), "{what}");
    }
}

#[test]
fn one_tensor_does_not_make_many_layers() {
    let mut file = File::new();
    file.nodes = vec![
        node("Gemm", "first", &["x", "w", "b"], &["y"], &[integer("transB", 1)]),
        node("Gemm", "second", &["x", "w", "b"], &["z"], &[integer("transB", 1)]),
    ];
    let expected =
        "node `second` (Gemm): expected parameters of its own among the initializers, found none named `w`";
    assert_eq!(refused(&file.bytes()), expected);
}

#[test]
fn a_side_without_end_and_one_of_zero_are_no_endless_loop() {
    for trans_b in [0, 1] {
        for dims in [[0, i64::MAX], [i64::MAX, 0]] {
            let mut file = File::new();
            file.nodes[0] = node("Gemm", "d", &["x", "w", "b"], &["y"], &[integer("transB", trans_b)]);
            file.tensors[0] = [int(1, dims[0]), int(1, dims[1]), int(2, 1), text(8, "w")].concat();
            assert_eq!(refused(&file.bytes()), "the model's layers do not fit together");
        }
    }
}
