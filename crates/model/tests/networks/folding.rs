//! A network with its scaling folded in computes the same of raw rows.

use lessen_data::{Column, ColumnEncoding, Encoding, Features, Table};
use lessen_model::{Network, onnx};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::examples::networks;
use crate::reference::forward;

/// The outputs of every row: encoded by the network's own encoding, then computed.
fn predict(network: &Network, features: &Features) -> Vec<f64> {
    let rows: Vec<u32> = (0..features.rows() as u32).collect();
    let encoded = network.encoding().encode(features, &rows).unwrap().row_major();
    let row = |row: &[f32]| forward(network, &row.iter().copied().map(f64::from).collect::<Vec<_>>());
    encoded.chunks_exact(network.encoding().width()).flat_map(row).collect()
}

/// The network's layers behind an encoding of the same width whose numbers are those of real data.
fn with_encoding(network: &Network, shift: f32, scale: f32) -> Network {
    let columns: Vec<ColumnEncoding> = match network.encoding().width() {
        1 => vec![ColumnEncoding::Pixels { count: 1, shift, scale }],
        width => {
            let number =
                ColumnEncoding::Numeric { name: "n".into(), fill: shift, shift, scale, indicator: true };
            let pixels = ColumnEncoding::Pixels { count: width - 2, shift: -shift, scale: scale * 2.0 };
            vec![number, pixels]
        }
    };
    let encoding = Encoding::try_from(columns).unwrap();
    Network::new(network.nodes().to_vec(), encoding, network.answer().clone()).unwrap()
}

/// As many raw columns as the encoding takes; the first has missing cells.
fn table(encoding: &Encoding, cells: &[f32]) -> Features {
    let column = |place: usize| {
        let mut values = cells[place * 4..][..4].to_vec();
        if place == 0 && encoding.width() > 1 {
            values[3] = f32::NAN;
        }
        Column::Numeric { name: format!("c{place}"), values }
    };
    Features::Table(Table::new((0..encoding.raw_columns()).map(column).collect()).unwrap())
}

proptest! {
    #[test]
    fn folded_on_raw_rows_is_unfolded_on_encoded_rows(
        network in networks(-1.0f32..1.0),
        (shift, scale) in (-5.0f32..5.0, 0.5f32..10.0),
        cells in vec(-5.0f32..5.0, 9 * 4),
    ) {
        let network = with_encoding(&network, shift, scale);
        let features = table(network.encoding(), &cells);
        let folded = network.with_scaling_folded().unwrap();
        prop_assert!(folded.encoding().unscaled().1.iter().all(|&scaling| scaling == (0.0, 1.0)));
        prop_assert_eq!(folded.density(), network.density());

        let (expected, found) = (predict(&network, &features), predict(&folded, &features));
        for (expected, found) in expected.iter().zip(&found) {
            // A term of the first layer is at most 20 and rounded three times by 2^-24 of that; at most nine
            // terms meet, and two layers of at most five weights below 1 follow: below 1e-3 in the worst case.
            prop_assert!((expected - found).abs() < 1e-3 * expected.abs().max(1.0), "{} {}", expected, found);
        }
        // And through a file.
        prop_assert_eq!(predict(&onnx::read(&onnx::write(&folded)).unwrap(), &features), found);
    }
}
