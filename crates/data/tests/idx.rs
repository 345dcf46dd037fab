//! The IDX reader: what it reads, and what it says to what it does not.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod packed;

use std::path::Path;

use lessen_data::{Images, idx};
use packed::gzip;

const IMAGES: [u8; 4] = [0, 0, 8, 3];
const LABELS: [u8; 4] = [0, 0, 8, 1];

/// A file of that magic number, dimensions and elements.
fn file(magic: [u8; 4], dimensions: &[u32], elements: &[u8]) -> Vec<u8> {
    let dimensions: Vec<u8> = dimensions.iter().flat_map(|dimension| dimension.to_be_bytes()).collect();
    [&magic[..], &dimensions, elements].concat()
}

fn images(bytes: &[u8]) -> Result<Images, String> {
    idx::images(Path::new("i"), bytes).map_err(|error| error.to_string())
}

fn labels(bytes: &[u8], images: usize) -> Result<Vec<u8>, String> {
    idx::labels(Path::new("l"), bytes, images).map_err(|error| error.to_string())
}

#[test]
fn images_and_labels_are_read_plain_and_packed() {
    let elements: Vec<u8> = (1..=12).collect();
    let plain = file(IMAGES, &[2, 3, 2], &elements);
    let expected = Images { channels: 1, height: 3, width: 2, bytes: elements };
    assert_eq!(images(&plain), Ok(expected.clone()));
    assert_eq!(images(&gzip(&plain)), Ok(expected));

    let plain = file(LABELS, &[3], &[7, 0, 9]);
    assert_eq!(labels(&plain, 3), Ok(vec![7, 0, 9]));
    assert_eq!(labels(&gzip(&plain), 3), Ok(vec![7, 0, 9]));
}

#[test]
fn malformed_images_are_named_with_the_place() {
    let huge = u32::MAX;
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (vec![], "byte 0: ends here, expected a header of 16 bytes"),
        (vec![0, 0, 8], "byte 3: ends here, expected a header of 16 bytes"),
        (file(IMAGES, &[1, 1], &[]), "byte 12: ends here, expected a header of 16 bytes"),
        (b"PK\x03\x04 and more".to_vec(), "byte 0: starts with 50 4b, expected 00 00 of an IDX file"),
        (
            file([0, 0, 0x0d, 3], &[1, 1, 1], &[0; 4]),
            "byte 2: elements of type 0x0d, expected 0x08 (unsigned byte)",
        ),
        (file(LABELS, &[1], &[0]), "byte 3: rank 1, expected 3"),
        (file([0, 0, 8, 255], &[], &[]), "byte 3: rank 255, expected 3"),
        (file(IMAGES, &[0, 1, 1], &[]), "byte 4: dimension 1 is 0, expected 1 or more"),
        (file(IMAGES, &[1, 1, 0], &[]), "byte 12: dimension 3 is 0, expected 1 or more"),
        (
            file(IMAGES, &[huge, huge, huge], &[]),
            "byte 4: 4294967295 images of 4294967295 x 4294967295 are more than can be",
        ),
    ];
    for (bytes, expected) in cases {
        assert_eq!(images(&bytes), Err(format!("`i`, {expected}")), "{bytes:02x?}");
    }
}

#[test]
fn a_body_must_be_as_long_as_the_header_says() {
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (file(IMAGES, &[2, 1, 2], &[1, 2, 3]), "3 elements after the header, expected 4"),
        (file(IMAGES, &[2, 1, 2], &[1, 2, 3, 4, 5]), "more elements after the header, expected 4"),
        // Nine exabytes are promised; nothing of the kind is allocated.
        (
            file(IMAGES, &[1, 1 << 31, u32::MAX], &[1]),
            "1 elements after the header, expected 9223372034707292160",
        ),
        // A bomb is read as far as the header warrants, not to its end.
        (file(IMAGES, &[1, 1, 1], &vec![0; 1 << 24]), "more elements after the header, expected 1"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(images(&bytes), Err(format!("`i`: {expected}")));
        assert_eq!(images(&gzip(&bytes)), Err(format!("`i`: {expected}")), "packed");
    }
}

#[test]
fn labels_must_be_one_an_image() {
    let bytes = file(LABELS, &[3], &[7, 0, 9]);
    assert_eq!(labels(&bytes, 4), Err("`l`, byte 4: 3 labels, expected 4: one an image".into()));
    assert_eq!(labels(&bytes[..10], 3), Err("`l`: 2 elements after the header, expected 3".into()));
    assert_eq!(labels(&file(IMAGES, &[1, 1, 1], &[0]), 1), Err("`l`, byte 3: rank 3, expected 1".into()));
}

#[test]
fn damaged_packing_is_an_error() {
    let whole = gzip(&file(IMAGES, &[1, 2, 2], &[1, 2, 3, 4]));
    for cut in 2..whole.len() {
        let error = images(&whole[..cut]).unwrap_err();
        assert!(error.contains("the gzip stream is damaged"), "cut at {cut}: {error}");
    }
}
