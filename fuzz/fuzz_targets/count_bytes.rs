//! Any bytes as an ONNX file: an error or a count, never a panic, and in bounded time and memory.
#![no_main]

use lessen_graph::{Model, Options};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(count) = Model::decode(bytes.to_vec().into()).and_then(|model| model.count(&Options::default())) {
        let _ = (count.operations(), count.nonzero_count(), count.nonzero_macs(), count.flops_per_byte());
    }
});
