//! What the name of a file says.

use std::path::Path;

/// What is behind the last dot of a file's name, in small letters; a `.gz` at the end is passed over.
pub(super) fn ending(path: &Path) -> String {
    let name = file_name(path).to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.rsplit_once('.').map_or_else(String::new, |(_, ending)| ending.to_owned())
}

/// A file's name without its ending and a `.gz` behind it.
pub(super) fn stem(path: &Path) -> String {
    let name = file_name(path);
    let bare = if name.to_lowercase().ends_with(".gz") { &name[..name.len() - 3] } else { &name };
    match bare.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem.to_owned(),
        _ => bare.to_owned(),
    }
}

/// The last part of a path, as text.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The name of the data set at `path`: a file's stem or a folder's name, with `-` for what other letters than those
/// of plain English, digits, `-`, `_` and `.` there are.
pub(super) fn of_dataset(path: &Path) -> String {
    // `.` and `..` have no name of their own.
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let path = if path.file_name().is_some() { path } else { &whole };
    let name = if path.is_dir() { file_name(path) } else { stem(path) };
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let name: String = name.chars().map(|letter| if plain(letter) { letter } else { '-' }).collect();
    if name.is_empty() { "data".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let cases = [
            ("a.csv", "csv", "a", "a"),
            ("/x/letter-recognition.data.gz", "data", "letter-recognition", "letter-recognition"),
            ("My Table (2).CSV.GZ", "csv", "My Table (2)", "My-Table--2-"),
            ("größe.v2.tsv", "tsv", "größe.v2", "gr--e.v2"),
            ("plain", "", "plain", "plain"),
            (".csv", "csv", ".csv", ".csv"),
            ("a.gz", "", "a", "a"),
        ];
        for (path, expected_ending, expected_stem, expected_name) in cases {
            let path = Path::new(path);
            let found = (ending(path), stem(path), of_dataset(path));
            assert_eq!(
                found,
                (expected_ending.into(), expected_stem.into(), expected_name.into()),
                "{path:?}"
            );
        }
    }
}
