//! A network without its dead units computes the same.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::examples::networks;
use crate::reference::forward;

proptest! {
    #[test]
    fn without_dead_units_the_answers_are_the_same(
        network in networks(-1.0f32..1.0),
        row in vec(-1.0f64..1.0, 9),
    ) {
        let rest = network.without_dead_units();
        let row = &row[..network.encoding().width()];
        for (expected, found) in forward(&network, row).iter().zip(forward(&rest, row)) {
            // Two biases of at most 6, rounded once each, and weights below 1 behind them.
            prop_assert!((expected - found).abs() < 1e-5, "{} {}", expected, found);
        }
        prop_assert_eq!(rest.without_dead_units(), rest.clone());
        prop_assert!(rest.operations_nonzero().macs <= network.operations_nonzero().macs);
        for dense in rest.dense().skip(1) {
            let inputs = dense.weights.shape()[1];
            let is_read = |unit| dense.weights.values().iter().skip(unit).step_by(inputs).any(|&w| w != 0.0);
            prop_assert!(inputs == 1 || (0..inputs).all(is_read));
        }
    }
}
