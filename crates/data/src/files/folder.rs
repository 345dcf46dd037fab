//! Which files of a folder make a data set.

use std::path::{Path, PathBuf};

use super::{ENDINGS, arrays, images, name};
use crate::DataError;

/// The files with the rows; their labels are found beside them.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) training: PathBuf,
    pub(super) test: Option<PathBuf>,
}

/// Most names that are shown of what a folder holds.
const NAMES_SHOWN: usize = 10;

/// Looks for IDX images with their labels, then for the one table or the pair of tables that a folder holds.
pub(super) fn find(folder: &Path) -> Result<Found, DataError> {
    let cannot_read = |source| DataError::Read { path: folder.to_owned(), source };
    let entries = std::fs::read_dir(folder).map_err(cannot_read)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| Ok(entry.map_err(cannot_read)?.path())).collect::<Result<_, DataError>>()?;
    paths.sort_unstable();
    let files: Vec<&PathBuf> =
        paths.iter().filter(|path| path.is_file() && !name::file_name(path).starts_with('.')).collect();

    let image_files: Vec<&PathBuf> = files
        .iter()
        .copied()
        .filter(|path| images::labels_beside(path).is_some_and(|path| path.is_file()))
        .collect();
    if let Some(found) = pair(&image_files) {
        return Ok(found);
    }
    let endings = |endings: &[&str]| -> Vec<&PathBuf> {
        let is_table = |path: &&PathBuf| endings.contains(&name::ending(path).as_str());
        files.iter().copied().filter(is_table).filter(|path| !is_labels(path, &files)).collect()
    };
    // Notes and licences are text files too: those count where nothing else is there.
    let tables = endings(&ENDINGS.map(|ending| if ending == "txt" { "csv" } else { ending }));
    let tables = if tables.is_empty() { endings(&["txt"]) } else { tables };
    pair(&tables).ok_or_else(|| nothing(folder, &paths, tables.len()))
}

/// Whether a file holds the labels of another one of `files`.
fn is_labels(path: &Path, files: &[&PathBuf]) -> bool {
    files.iter().any(|file| arrays::labels_beside(file).is_some_and(|labels| labels == path))
}

/// The one file, or the two whose names differ in that one is for training and the other for tests.
fn pair(files: &[&PathBuf]) -> Option<Found> {
    match files {
        [one] => Some(Found { training: one.to_path_buf(), test: None }),
        [a, b] => {
            let (training, test) = if is_test(a) { (b, a) } else { (a, b) };
            let alike = is_test(test) && !is_test(training) && name::ending(test) == name::ending(training);
            alike.then(|| Found { training: training.to_path_buf(), test: Some(test.to_path_buf()) })
        }
        _ => None,
    }
}

/// Whether a name is that of a test part: `test.csv`, `X_test.npy`, MNIST's `t10k-images-idx3-ubyte`.
fn is_test(path: &Path) -> bool {
    let stem = name::stem(path).to_lowercase();
    stem.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| word == "test" || word == "t10k")
}

fn nothing(folder: &Path, paths: &[PathBuf], tables: usize) -> DataError {
    let shown: Vec<String> =
        paths.iter().take(NAMES_SHOWN).map(|path| format!("`{}`", name::file_name(path))).collect();
    let more = if paths.len() > NAMES_SHOWN { ", …" } else { "" };
    let holds =
        if paths.is_empty() { "it is empty".into() } else { format!("it holds {}{more}", shown.join(", ")) };
    let problem = if tables == 0 {
        format!("the folder has nothing that can be read; {holds}")
    } else {
        format!(
            "the folder has {tables} tables, expected one, or one for training and one for tests; {holds}"
        )
    };
    let hint = if tables == 0 {
        let endings: Vec<String> = ENDINGS.iter().map(|ending| format!(".{ending}")).collect();
        format!("expected IDX images with their labels, or a file that ends in {}", endings.join(", "))
    } else {
        "name the file that is meant; `--test FILE` names that of the test part".into()
    };
    DataError::Unknown { name: folder.display().to_string(), problem, hint }
}
