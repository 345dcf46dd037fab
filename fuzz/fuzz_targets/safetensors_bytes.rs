//! Any bytes as a safetensors file: an error or tensors that lie in it, never a panic.
#![no_main]

use lessen_graph::safetensors;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(tensors) = safetensors::tensors(bytes) {
        let stored: u64 = tensors.iter().map(|tensor| tensor.bytes).sum();
        assert!(stored <= bytes.len() as u64, "{stored} bytes of tensors in {}", bytes.len());
    }
});
