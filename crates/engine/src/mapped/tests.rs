use lessen_model::{Network, compact};
use proptest::prelude::*;

use super::*;
use crate::Plan;
use crate::forward::examples::{answers, images, network};

fn written(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

fn check(network: &Network, rows: usize, pixels: usize) {
    let file = written(&compact::write(network));
    let mapped = Mapped::open("mapped", file.path()).unwrap();
    assert_eq!((mapped.encoding(), mapped.answer()), (network.encoding(), network.answer()));
    let plan = Plan::new("plan", network.clone()).unwrap();
    let features = images(rows, pixels);
    for (found, expected) in answers(&mapped, &features).iter().zip(answers(&plan, &features)) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 48 }))]
    #[test]
    fn it_answers_as_a_plan_does(
        rows in 1usize..90, width in 1usize..60, hidden in 1usize..40, share in 0usize..5, tanh: bool, seed: u64,
    ) {
        let activation = if tanh { crate::Activation::Tanh } else { crate::Activation::Relu };
        let density = [0.0, 0.05, 0.3, 0.95, 1.0][share];
        check(&network([width, hidden], activation, density, seed), rows, width);
    }
}

/// Of more weights than are decoded at a time.
#[test]
fn large_layers_go_a_band_at_a_time() {
    for density in [0.2, 0.99, 1.0] {
        for rows in [1, 70] {
            check(&network([400, 230], crate::Activation::Relu, density, 3), rows, 400);
        }
    }
}

#[test]
fn the_cost_is_that_of_the_weights_in_the_file() {
    for density in [0.1, 1.0] {
        let network = network([50, 20], crate::Activation::Relu, density, 1);
        let file = written(&compact::write(&network));
        let mapped = Mapped::open("m", file.path()).unwrap();
        assert_eq!(mapped.cost().total(), network.operations_nonzero());
    }
}

#[test]
fn what_cannot_be_mapped_is_named() {
    let missing = Mapped::open("m", Path::new("no such file.lsm")).err().unwrap();
    assert!(missing.to_string().contains("no such file.lsm"), "{missing}");
    let network = network([9, 4], crate::Activation::Relu, 0.5, 1);
    let bytes = compact::write(&network);
    let mut infinite = bytes.clone();
    let last = bytes.len() - 36;
    infinite[last..last + 4].copy_from_slice(&f32::INFINITY.to_le_bytes());
    for (bytes, expected) in [
        (&b"PK"[..], "expected the mark of a compact file"),
        (&bytes[..bytes.len() - 40], "expected"),
        (&infinite, "expected finite numbers"),
        (&[], "expected the mark"),
    ] {
        let file = written(bytes);
        let error = Mapped::open("m", file.path()).err().unwrap();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains(expected), "{source}");
    }
}
