//! Any bytes as an IDX file: images, labels or an error, never a panic or more memory than they warrant.
#![no_main]

use std::path::Path;

use lessen_data::idx;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("fuzz");
    if let Ok(images) = idx::images(path, bytes) {
        assert_eq!(images.rows() * images.pixels(), images.bytes.len());
    }
    // The last byte stands for the number of images that the labels should fit.
    if let Some((&images, bytes)) = bytes.split_last()
        && let Ok(labels) = idx::labels(path, bytes, usize::from(images))
    {
        assert_eq!(labels.len(), usize::from(images));
    }
});
