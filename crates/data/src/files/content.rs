//! A file's bytes, and which format they are in.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::name;
use crate::unpack::Unpacked;
use crate::{DataError, npy};

/// A file that was read.
pub(super) struct Content {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    pub(super) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Idx,
    Npy,
    Npz,
    Parquet,
}

/// What a Parquet file begins with.
const PARQUET_MAGIC: &[u8] = b"PAR1";

/// What an IDX file of unsigned bytes begins with; the rank follows.
const IDX_MAGIC: &[u8] = &[0, 0, 8];

impl Content {
    /// Reads a file whole. What is no regular file (a pipe nobody writes to, an endless device) is refused unopened.
    pub(super) fn read(path: &Path) -> Result<Self, DataError> {
        let mut bytes = Vec::new();
        let read = open(path)?.read_to_end(&mut bytes);
        read.map_err(|source| DataError::Read { path: path.to_owned(), source })?;
        let format = Format::of(path, &bytes);
        Ok(Self { path: path.to_owned(), bytes, format })
    }
}

/// Opens a file that has something in it. What is no regular file (a pipe nobody writes to, an endless device) is refused
/// unopened.
pub(super) fn open(path: &Path) -> Result<BufReader<File>, DataError> {
    let cannot_read = |source| DataError::Read { path: path.to_owned(), source };
    let found = std::fs::metadata(path).map_err(cannot_read)?;
    if !found.is_file() {
        let what = if found.is_dir() { "a folder" } else { "a device or pipe" };
        return Err(DataError::malformed(path, "", format!("{what}, expected a file")));
    }
    let mut file = BufReader::new(File::open(path).map_err(cannot_read)?);
    if file.fill_buf().map_err(cannot_read)?.is_empty() {
        return Err(DataError::malformed(path, "", "there is nothing in it"));
    }
    Ok(file)
}

impl Format {
    /// By the ending of the name, or by the first bytes where that says nothing.
    pub(super) fn of(path: &Path, bytes: &[u8]) -> Self {
        match name::ending(path).as_str() {
            "csv" | "tsv" | "data" | "txt" => return Self::Text,
            "npy" => return Self::Npy,
            "npz" => return Self::Npz,
            "parquet" => return Self::Parquet,
            _ => {}
        }
        let name = name::file_name(path).to_lowercase();
        let beginning = Unpacked::new(bytes, u64::MAX).read_up_to(8).unwrap_or_default();
        let begins = |magic: &[u8]| beginning.starts_with(magic);
        match () {
            () if begins(IDX_MAGIC) || name.contains("idx") => Self::Idx,
            () if begins(npy::MAGIC) => Self::Npy,
            () if begins(npy::ZIP_MAGIC) => Self::Npz,
            () if begins(PARQUET_MAGIC) => Self::Parquet,
            () => Self::Text,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "a text file",
            Self::Idx => "an IDX file",
            Self::Npy => "an NPY file",
            Self::Npz => "an NPZ file",
            Self::Parquet => "a Parquet file",
        }
    }
}
