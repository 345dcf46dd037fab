//! Any bytes as an NPY or NPZ file: arrays or an error, never a panic or more memory than they warrant.
#![no_main]

use std::path::Path;

use lessen_data::npy::{Archive, Array};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("fuzz");
    let check = |array: Array| assert_eq!(array.shape.iter().product::<usize>(), array.elements.len());
    if let Ok(array) = Array::read(path, bytes) {
        check(array);
    }
    if let Ok(archive) = Archive::open(path, bytes) {
        let names: Vec<String> = archive.names().take(4).map(str::to_owned).collect();
        for name in names {
            if let Some(Ok(array)) = archive.array(&name) {
                check(array);
            }
        }
    }
});
