//! A file in memory that the system shares with it.

use std::fs::File;
use std::io;
use std::path::Path;

use bytes::Bytes;

/// When the system reads a file that is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// All of it at once: it will be needed.
    AtOnce,
    /// What is looked at, when it is.
    WhenLookedAt,
}

/// The bytes of a file, mapped: nothing is copied.
///
/// The file must stay as it is while its bytes are used. Where another program changes it all the same numbers are wrong, and where
/// it cuts it off the system ends this one.
///
/// # Errors
/// Where the path is no file, or the file cannot be opened or mapped.
pub fn map(path: &Path, reads: Reads) -> io::Result<Bytes> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("is no file"));
    }
    let mut options = memmap2::MmapOptions::new();
    if reads == Reads::AtOnce {
        options.populate();
    }
    #[allow(unsafe_code)]
    // SAFETY: the bytes are read as numbers and text, which are looked at before they are trusted; each read looks at its bounds.
    let map = unsafe { options.map(&file) }?;
    Ok(Bytes::from_owner(map))
}
