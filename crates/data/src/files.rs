//! Data sets from files of one's own.
//!
//! [`open`] takes a path and finds out the rest: which format, what stands between cells, whether there is a header,
//! what is to be predicted and whether that is a class or a number. What it took for granted is in [`Opened::notes`];
//! [`FileOptions`] says otherwise. [`read_rows_for`] reads rows for a model that is there already, [`RowBlocks`] block by block.
//!
//! | a path to | is read as |
//! | --- | --- |
//! | a text file, plain or packed with gzip | a table: commas, semicolons, tabs or vertical bars between cells, with a header or without |
//! | a file of IDX images | images; the labels are in the file of like name beside it |
//! | `.npy` | an array `(rows, columns)`, or images of `uint8`; the labels are in `y.npy` beside `X.npy` (`y_train.npy` beside `X_train.npy`, `labels.npy` beside `images.npy`), in the file that the target names, or in a column |
//! | `.npz` | the same from arrays `x` (or `X`, `data`, `features`, `images`) and `y` (or `Y`, `target`, `labels`); `x_train`, `y_train`, `x_test`, `y_test` |
//! | `.parquet` | a table, where lessen was built with the feature `parquet` |
//! | a folder | the one table in it, a pair whose names differ in `train` and `test`, or IDX images with their labels |
//!
//! # Example
//! ```
//! use lessen_data::files::{self, FileOptions};
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("pets.csv");
//! std::fs::write(&path, "weight;kind\n4.5;cat\n30;dog\n5;cat\n")?;
//! let options = FileOptions { target: Some("kind".into()), ..FileOptions::default() };
//! let opened = files::open(&path, &options)?;
//! assert_eq!(opened.dataset.name, "pets");
//! assert_eq!(opened.notes, ["`pets.csv` has semicolons between its cells"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arrays;
mod columns;
mod content;
mod folder;
mod for_encoding;
mod images;
mod left_out;
mod name;
#[cfg(feature = "parquet")]
mod parquet;
mod target;
mod text;
mod whole;

use std::path::{Path, PathBuf};

use crate::{DataError, Dataset, Task, named};
use content::{Content, Format};
pub use for_encoding::{RowBlocks, read_rows_for};
use whole::Whole;

/// What a person says about a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileOptions {
    /// The column to be predicted: its name or, where no column has that name, its place counted from 1; of an `.npy`
    /// file also the `.npy` file with the labels, of an `.npz` file the array with them. If none is said and exactly
    /// one column is called target, label, class or y, in capitals or not, it is that one.
    pub target: Option<String>,
    /// A file with the rows of the test part, in the same format.
    pub test: Option<PathBuf>,
    /// Whether the target is a class or a number. If not said, text and truth values are classes, and so are whole
    /// numbers of at most 20 different values; other numbers are predicted as such.
    pub task: Option<Task>,
}

/// A data set from files.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The data set. Its digest is over the length and bytes of each file in order, then the name of the target and
    /// the task; rows of a test part come last.
    pub dataset: Dataset,
    /// What was taken for granted, a sentence each.
    pub notes: Vec<String>,
}

/// The endings of names of files that [`open`] reads, a further `.gz` apart.
pub const ENDINGS: [&str; 7] = ["csv", "tsv", "data", "txt", "npy", "npz", "parquet"];

/// Whether `text` stands for a file or folder of somebody's own, not for a named set: it is no named set's name, and
/// something is there, or it looks like a path, so that what [`open`] says of a missing file is the better answer.
pub fn is_own(text: &str) -> bool {
    if named::names().any(|name| name == text) {
        return false;
    }
    let path = Path::new(text);
    let ending = name::ending(path);
    text.contains(std::path::is_separator)
        || ENDINGS.contains(&ending.as_str())
        || path.symlink_metadata().is_ok()
}

/// Reads the data set at `path`.
///
/// Left out, with a note, are columns that are the same in every training row or have no value in any, text that is
/// different in more than half of the training rows, and numbers that count the training rows.
///
/// # Errors
/// [`DataError::Read`] where a file is not there; [`DataError::Malformed`], with file, line and column, where its
/// content is not what its format promises or a target is missing or does not serve the task;
/// [`DataError::NoTarget`] and [`DataError::NoColumn`] where it is not plain which column is to be predicted;
/// [`DataError::Unknown`] where a folder holds nothing, or too much, to be read; [`DataError::Unusable`] where no
/// column is left to learn from.
pub fn open(path: &Path, options: &FileOptions) -> Result<Opened, DataError> {
    let (training, test) = if path.is_dir() {
        let found = folder::find(path)?;
        (found.training, options.test.clone().or(found.test))
    } else {
        (path.to_owned(), options.test.clone())
    };
    let content = Content::read(&training)?;
    let test = test.map(|test| Content::read(&test)).transpose()?;
    if let Some(test) = test.as_ref().filter(|test| test.format != content.format) {
        let problem = format!(
            "{}, expected {} as `{}` is",
            test.format.name(),
            content.format.name(),
            training.display()
        );
        return Err(DataError::malformed(&test.path, "", problem));
    }
    let target = options.target.as_deref();
    let whole: Whole = match content.format {
        Format::Text => text::read(content, test, target)?,
        Format::Idx => images::read(content, test, target)?,
        Format::Npy => arrays::read(content, test, target)?,
        Format::Npz => arrays::read_archive(content, test, target)?,
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::read(content, test, target)?,
        #[cfg(not(feature = "parquet"))]
        Format::Parquet => return Err(without_parquet(&training)),
    };
    whole.into_opened(name::of_dataset(path), options.task)
}

#[cfg(not(feature = "parquet"))]
fn without_parquet(path: &Path) -> DataError {
    let problem = "a Parquet file, and this lessen was built without the feature that reads them";
    DataError::malformed(path, "", problem)
        .advised("build it with `cargo build --release --features parquet`")
}
