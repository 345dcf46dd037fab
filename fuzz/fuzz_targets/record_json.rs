//! Any text for a record: an error, or a record that is written as it was read.

#![no_main]

use lessen_records::{Receipt, Record, ResultRecord, Study};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = ResultRecord::from_json(text).map(|record| record.to_json());
    let _ = Study::from_json(text).map(|record| record.to_json());
    let _ = Receipt::from_json(text).map(|record| record.to_json());
});
