//! Any body of a saved learner, under a digest that is right: an error, or a learner that predicts without a panic.

#![no_main]

use lessen_data::{Column, Features, Table};
use lessen_model::predict_rows;
use lessen_teachers::Learned;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

fuzz_target!(|body: &[u8]| {
    let digest: [u8; 32] = Sha256::digest(body).into();
    let bytes = [&b"LSNL"[..], &1u32.to_le_bytes(), &digest, body].concat();
    let Ok(learned) = Learned::from_bytes("fuzzed.lsn", &bytes) else { return };
    let columns = learned.encoding().raw_columns();
    if columns > 1 << 12 {
        return;
    }
    let column = |place: usize| Column::Numeric { name: format!("c{place}"), values: vec![0.5, f32::NAN] };
    let Ok(table) = Table::new((0..columns).map(column).collect()) else { return };
    let _ = predict_rows(&learned, &Features::Table(table), &[0, 1]);
});
