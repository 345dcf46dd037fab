//! Any bytes: an error or a network, never a panic; what is a network is written and read as itself.
#![no_main]

use lessen_model::onnx;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(network) = onnx::read(bytes) {
        match onnx::read(&onnx::write(&network)) {
            Ok(again) => assert_eq!(again, network),
            Err(error) => panic!("{error}"),
        }
    }
});
