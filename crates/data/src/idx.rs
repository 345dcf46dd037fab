//! IDX: the format of MNIST and its kin.
//!
//! A file is two zero bytes, the element type (8: unsigned byte), the rank, each dimension as a big-endian
//! `u32`, and the elements with the last dimension running fastest. Published files are packed with gzip; both
//! forms are read, told apart by content.

use std::path::Path;

use crate::unpack::Unpacked;
use crate::{DataError, Images};

/// The element type of a file of unsigned bytes, the only one that published sets have.
const UNSIGNED_BYTE: u8 = 0x08;

/// Grey images from the content of a file of rank 3, `[images][height][width]`; `path` is for messages.
///
/// # Errors
/// [`DataError::Malformed`] where the content is anything but whole images of bytes.
pub fn images(path: &Path, bytes: &[u8]) -> Result<Images, DataError> {
    let (dimensions, content) = header::<3>(path, bytes)?;
    let [count, height, width] = dimensions;
    let expected =
        height.checked_mul(width).and_then(|pixels| pixels.checked_mul(count)).ok_or_else(|| {
            DataError::malformed(
                path,
                "byte 4",
                format!("{count} images of {height} x {width} are more than can be"),
            )
        })?;
    let bytes = body(path, content, expected)?;
    Ok(Images { channels: 1, height, width, bytes })
}

/// Labels from the content of a file of rank 1 that must hold one for each of `images`; `path` is for messages.
///
/// # Errors
/// [`DataError::Malformed`] where the content is anything but `images` whole labels of a byte.
pub fn labels(path: &Path, bytes: &[u8], images: usize) -> Result<Vec<u8>, DataError> {
    let ([count], content) = header::<1>(path, bytes)?;
    if count != images {
        let problem = format!("{count} labels, expected {images}: one an image");
        return Err(DataError::malformed(path, "byte 4", problem));
    }
    body(path, content, count)
}

/// The dimensions that a file states, and the rest of its content.
fn header<'a, const RANK: usize>(
    path: &Path,
    bytes: &'a [u8],
) -> Result<([usize; RANK], Unpacked<&'a [u8]>), DataError> {
    let mut content = Unpacked::new(bytes, u64::MAX);
    let length = 4 + 4 * RANK;
    let header = content
        .read_up_to(length as u64)
        .map_err(|error| DataError::malformed(path, "", error.to_string()))?;
    if let Some(magic) = header.first_chunk::<4>() {
        check_magic(path, *magic, RANK)?;
    }
    if header.len() < length {
        let problem = format!("ends here, expected a header of {length} bytes");
        return Err(DataError::malformed(path, format!("byte {}", header.len()), problem));
    }
    let mut dimensions = [0; RANK];
    let stated = header[4..].as_chunks::<4>().0;
    for (place, (dimension, stated)) in dimensions.iter_mut().zip(stated).enumerate() {
        *dimension = u32::from_be_bytes(*stated) as usize;
        if *dimension == 0 {
            let problem = format!("dimension {} is 0, expected 1 or more", place + 1);
            return Err(DataError::malformed(path, format!("byte {}", 4 + 4 * place), problem));
        }
    }
    Ok((dimensions, content))
}

fn check_magic(
    path: &Path,
    [first, second, element, rank]: [u8; 4],
    expected_rank: usize,
) -> Result<(), DataError> {
    if [first, second] != [0, 0] {
        let problem = format!("starts with {first:02x} {second:02x}, expected 00 00 of an IDX file");
        return Err(DataError::malformed(path, "byte 0", problem));
    }
    if element != UNSIGNED_BYTE {
        let problem = format!("elements of type 0x{element:02x}, expected 0x08 (unsigned byte)");
        return Err(DataError::malformed(path, "byte 2", problem));
    }
    if usize::from(rank) != expected_rank {
        return Err(DataError::malformed(path, "byte 3", format!("rank {rank}, expected {expected_rank}")));
    }
    Ok(())
}

/// Exactly `expected` elements. One byte more is asked for, never a whole bomb; and memory grows with what
/// comes, so that a header that promises too much costs nothing.
fn body(path: &Path, mut content: Unpacked<&[u8]>, expected: usize) -> Result<Vec<u8>, DataError> {
    let most = (expected as u64).saturating_add(1);
    let mut body =
        content.read_up_to(most).map_err(|error| DataError::malformed(path, "", error.to_string()))?;
    if body.len() != expected {
        let found = if body.len() > expected { "more".into() } else { body.len().to_string() };
        let problem = format!("{found} elements after the header, expected {expected}");
        return Err(DataError::malformed(path, "", problem));
    }
    body.shrink_to_fit();
    Ok(body)
}
