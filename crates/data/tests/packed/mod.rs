//! Packing for tests.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

/// `content` as gzip writes it.
pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}
