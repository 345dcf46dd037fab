//! Any bytes, as they are and with the digest that makes them a whole compact file: an error or a network, never a
//! panic; what is a network is written and read as itself.
#![no_main]

use lessen_model::compact;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

fuzz_target!(|bytes: &[u8]| {
    let sealed = [bytes, &Sha256::digest(bytes)].concat();
    for file in [bytes, &sealed] {
        if let Ok(network) = compact::read(file) {
            match compact::read(&compact::write(&network)) {
                Ok(again) => assert_eq!(again, network),
                Err(error) => panic!("{error}"),
            }
        }
    }
});
