//! What an independent ONNX runtime computes of a file.

use lessen_model::{Network, onnx};
use proptest::collection::vec;
use proptest::prelude::*;
use rten::{Model, ValueView};

use crate::examples::{by_hand, networks};
use crate::reference::forward;

/// What the runtime answers for `rows`, `[batch][width]`; `[batch][outputs]`.
fn run(network: &Network, rows: &[f32], batch: usize) -> Vec<f32> {
    let model = Model::load(onnx::write(network)).unwrap();
    let input = ValueView::from_shape([batch, network.encoding().width()], rows).unwrap();
    let inputs = vec![(model.node_id("rows").unwrap(), input.into())];
    let output = if network.answer().classes().is_some() { "probabilities" } else { "value" };
    let [output] = model.run_n(inputs, [model.node_id(output).unwrap()], None).unwrap();
    let (shape, values) = output.into_shape_vec::<f32, 2>().unwrap();
    assert_eq!(shape, [batch, network.outputs()]);
    values
}

#[test]
fn another_runtime_agrees_with_the_hand() {
    let found = run(&by_hand(), &[2.0, 1.0, 0.0, 0.0, 0.0, 1.0], 3);
    let expected = [0.5, 0.5, 0.5, 0.5, 0.377_540_67, 0.622_459_3];
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn another_runtime_computes_what_the_network_says(
        network in networks(-1.0f32..1.0),
        rows in vec(-1.0f32..1.0, 7 * 9),
    ) {
        let width = network.encoding().width();
        for batch in [1, 7] {
            let rows = &rows[..batch * width];
            let found = run(&network, rows, batch);
            let row = |row: &[f32]| forward(&network, &row.iter().copied().map(f64::from).collect::<Vec<_>>());
            let expected: Vec<f64> = rows.chunks_exact(width).flat_map(row).collect();
            for (found, expected) in found.into_iter().zip(expected) {
                prop_assert!((f64::from(found) - expected).abs() < 1e-5, "{} {}", found, expected);
            }
        }
    }
}
