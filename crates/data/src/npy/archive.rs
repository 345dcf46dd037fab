//! NPZ: arrays in a ZIP file, each an entry `NAME.npy`.
//!
//! ZIP is read here, not by a crate: what NumPy writes (`savez`, `savez_compressed`) is one file of at most 4 GiB with
//! entries that are stored or deflated. Layout and numbers are those of PKWARE's APPNOTE.TXT, sections 4.3 and 4.5.

use std::io::Read;
use std::path::Path;

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use super::Array;
use crate::DataError;

/// The arrays of an NPZ file, read one at a time.
#[derive(Clone, Debug)]
pub struct Archive<'a> {
    path: &'a Path,
    bytes: &'a [u8],
    entries: Vec<Entry>,
}

/// An entry of the central directory.
#[derive(Clone, Debug)]
struct Entry {
    /// Without `.npy`.
    name: String,
    encrypted: bool,
    method: u16,
    checksum: u32,
    packed: usize,
    unpacked: usize,
    /// Where its local header is.
    start: usize,
}

const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
/// A comment of up to so many bytes may follow the end record.
const LONGEST_COMMENT: usize = 0xffff;
const CENTRAL: &[u8] = b"PK\x01\x02";
const CENTRAL_LENGTH: usize = 46;
/// What a ZIP file with entries begins with.
pub(crate) const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_LENGTH: usize = 30;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

impl<'a> Archive<'a> {
    /// The arrays in the content of an NPZ file; `path` is for messages.
    ///
    /// # Errors
    /// [`DataError::Malformed`] where the content is no ZIP file that lists its entries, or one beyond 4 GiB.
    pub fn open(path: &'a Path, bytes: &'a [u8]) -> Result<Self, DataError> {
        let malformed = |problem: &str| DataError::malformed(path, "", problem);
        let from = bytes.len().saturating_sub(END_LENGTH + LONGEST_COMMENT);
        let end = bytes[from..].windows(END.len()).rposition(|window| window == END);
        let end = end
            .and_then(|place| bytes[from + place..].get(..END_LENGTH))
            .ok_or_else(|| malformed("no end record of a ZIP file, expected an NPZ file"))?;
        let count = u16_at(end, 10);
        let mut rest = bytes.get(u32_at(end, 16) as usize..).ok_or_else(|| {
            malformed("the ZIP file's directory is beyond its end; larger than 4 GiB, or cut off")
        })?;
        let mut entries = Vec::new();
        for _ in 0..count {
            let (entry, length) =
                Entry::read(rest).ok_or_else(|| malformed("the ZIP file's directory is damaged"))?;
            entries.push(entry);
            rest = &rest[length..];
        }
        Ok(Self { path, bytes, entries })
    }

    /// The names of the arrays, in the file's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// The array called `name`; the last, where several are. `None` where there is none.
    ///
    /// # Errors
    /// [`DataError::Malformed`] where its entry is damaged, encrypted or packed in another way than by deflate, or is
    /// no NPY file.
    pub fn array(&self, name: &str) -> Option<Result<Array, DataError>> {
        let entry = self.entries.iter().rfind(|entry| entry.name == name)?;
        let path = self.path.join(format!("{name}.npy"));
        let content = self.content(entry).map_err(|problem| DataError::malformed(&path, "", problem));
        Some(content.and_then(|content| Array::read(&path, &content)))
    }

    /// Memory grows with what comes out of an entry, not with what its sizes claim.
    fn content(&self, entry: &Entry) -> Result<Vec<u8>, String> {
        if entry.encrypted {
            return Err("the entry of the ZIP file is encrypted".into());
        }
        let cut_off = "the entry of the ZIP file is cut off";
        let local = self.bytes.get(entry.start..).ok_or(cut_off)?;
        if !local.starts_with(LOCAL) || local.len() < LOCAL_LENGTH {
            return Err("the ZIP file's directory is damaged".into());
        }
        // Lengths of name and extra field; these are the local header's own, not the directory's.
        let start = LOCAL_LENGTH + usize::from(u16_at(local, 26)) + usize::from(u16_at(local, 28));
        let packed = local.get(start..).and_then(|rest| rest.get(..entry.packed)).ok_or(cut_off)?;
        let mut content = Vec::new();
        let most = entry.unpacked as u64 + 1;
        let read = match entry.method {
            STORED => packed.take(most).read_to_end(&mut content),
            DEFLATED => DeflateDecoder::new(packed).take(most).read_to_end(&mut content),
            method => return Err(format!("packed by method {method}, expected 0 (stored) or 8 (deflated)")),
        };
        read.map_err(|error| format!("the deflated entry is damaged ({error})"))?;
        let mut checksum = Crc::new();
        checksum.update(&content);
        if content.len() != entry.unpacked || checksum.sum() != entry.checksum {
            return Err("the entry of the ZIP file is damaged: its length or checksum is another".into());
        }
        Ok(content)
    }
}

impl Entry {
    /// The entry at the beginning of `bytes`, and its length in the directory.
    fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let fixed = bytes.get(..CENTRAL_LENGTH).filter(|fixed| fixed.starts_with(CENTRAL))?;
        let name_length = usize::from(u16_at(fixed, 28));
        let name = bytes.get(CENTRAL_LENGTH..CENTRAL_LENGTH + name_length)?;
        let name = String::from_utf8_lossy(name);
        let length =
            CENTRAL_LENGTH + name_length + usize::from(u16_at(fixed, 30)) + usize::from(u16_at(fixed, 32));
        let entry = Self {
            name: name.strip_suffix(".npy").unwrap_or(&name).to_owned(),
            encrypted: u16_at(fixed, 8) & 1 == 1,
            method: u16_at(fixed, 10),
            checksum: u32_at(fixed, 16),
            packed: u32_at(fixed, 20) as usize,
            unpacked: u32_at(fixed, 24) as usize,
            start: u32_at(fixed, 42) as usize,
        };
        (bytes.len() >= length).then_some((entry, length))
    }
}

/// Two bytes of a record that has them.
fn u16_at(record: &[u8], place: usize) -> u16 {
    u16::from_le_bytes([record[place], record[place + 1]])
}

/// Four bytes of a record that has them.
fn u32_at(record: &[u8], place: usize) -> u32 {
    u32::from(u16_at(record, place)) | u32::from(u16_at(record, place + 2)) << 16
}
