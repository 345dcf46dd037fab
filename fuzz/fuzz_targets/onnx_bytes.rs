//! Any bytes as an ONNX file: an error or a network, never a panic; what is a network is written and read as itself. What is no file
//! of ours is read as another tool's.
#![no_main]

use lessen_data::{Answer, ColumnEncoding, Encoding};
use lessen_graph::Model;
use lessen_model::{Network, onnx};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(network) = onnx::read(bytes) {
        check(&network);
    }
    let Ok(model) = Model::decode(bytes.to_vec().into()) else { return };
    let _ = onnx::Signature::of(&model);
    let Ok(foreign) = onnx::Foreign::of(&model) else { return };
    if foreign.inputs() > 1 << 16 || foreign.outputs() > 1 << 16 {
        return;
    }
    let numbers = ColumnEncoding::Pixels { count: foreign.inputs(), shift: 0.0, scale: 1.0 };
    let classes = Answer::Classes((0..foreign.outputs()).map(|class| class.to_string()).collect());
    if let Ok(network) = Encoding::try_from(vec![numbers]).map(|encoding| foreign.network(encoding, classes))
        && let Ok(network) = network
    {
        check(&network);
    }
});

fn check(network: &Network) {
    match onnx::read(&onnx::write(network)) {
        Ok(again) => assert_eq!(again, *network),
        Err(error) => panic!("{error}"),
    }
}
