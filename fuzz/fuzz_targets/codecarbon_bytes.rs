//! Any bytes as an emissions.csv of CodeCarbon: receipts or an error, never a panic or more memory than they warrant.
#![no_main]

use lessen_records::codecarbon::{self, BrokenRows};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The first byte chooses what to do with broken rows.
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let broken = if choice & 1 == 0 { BrokenRows::Refuse } else { BrokenRows::Skip };
    let Ok(import) = codecarbon::read("fuzz", bytes, broken) else { return };
    assert!(broken == BrokenRows::Skip || import.skipped.is_empty());
    let mut out = Vec::new();
    let written =
        codecarbon::write(import.receipts.into_iter().map(Ok), &mut out).expect("receipts can be written");
    let again =
        codecarbon::read("again", out.as_slice(), BrokenRows::Refuse).expect("what was written can be read");
    assert!(again.receipts.len() as u64 <= written);
});
