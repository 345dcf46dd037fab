//! Any bytes, as they are and with the digest that makes them a whole compact file: an error or a network, never a
//! panic; what is a network is written and read as itself, and predicts from where it lies if it is laid out as one.
#![no_main]

use lessen_model::compact;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

fuzz_target!(|bytes: &[u8]| {
    let sealed = [bytes, &Sha256::digest(bytes)].concat();
    for file in [bytes, &sealed] {
        let layout = compact::Layout::of(file);
        if let Ok(layout) = &layout {
            go_through(layout, file);
        }
        if let Ok(network) = compact::read(file) {
            assert!(layout.is_ok());
            match compact::read(&compact::write(&network)) {
                Ok(again) => assert_eq!(again, network),
                Err(error) => panic!("{error}"),
            }
        }
    }
});

/// Reads every weight in place: as many as the layout has, within their rows.
fn go_through(layout: &compact::Layout, file: &[u8]) {
    for node in &layout.nodes {
        let compact::LayoutLayer::Dense(dense) = &node.layer else { continue };
        if !dense.is_sparse() {
            assert_eq!(dense.plain(file, 0..dense.outputs).count(), dense.weights_held());
            continue;
        }
        let (mut rows, mut found) = (dense.sparse(file), 0);
        for _ in 0..dense.outputs.min(1 << 16) {
            rows.row(|column, weight| {
                assert!(column < dense.inputs && weight.is_finite());
                found += 1;
            });
        }
        assert!(found <= dense.weights_held());
    }
}
