//! Small files of the system, read anew each time: a device that has gone is noticed.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::Refusal;

/// A file that holds one number, read without allocating.
pub(crate) fn number(path: &Path) -> Result<u64, String> {
    let mut buffer = [0; 64];
    let length = read_into(path, &mut buffer).map_err(|error| complaint(path, &error))?;
    let text = String::from_utf8_lossy(&buffer[..length]);
    let text = text.trim();
    text.parse().map_err(|_| {
        let start: String = text.chars().take(20).collect();
        format!("`{}` holds `{start}`, expected a number", path.display())
    })
}

/// One reading: a file that holds a number is given whole.
fn read_into(path: &Path, buffer: &mut [u8]) -> io::Result<usize> {
    let mut file = File::open(path)?;
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// A file's words, without the end of the line.
pub(crate) fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map(|text| text.trim().to_owned()).map_err(|error| complaint(path, &error))
}

/// A file's words, where there is such a file.
pub(crate) fn text_if_any(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// The folders under `folder` in the order of their names, numbers by their value: `hwmon2` before `hwmon10`. None where
/// there is no such folder.
pub(crate) fn folders(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<(String, PathBuf)> =
        entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path()))).collect();
    found.sort_by(|(a, _), (b, _)| by_number(a).cmp(&by_number(b)));
    found
}

fn by_number(name: &str) -> (&str, u64, &str) {
    let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    (stem, name[stem.len()..].parse().unwrap_or(0), name)
}

/// Why a file could not be read.
pub(crate) fn complaint(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => {
            format!("no permission to read `{}`: run as root or `chmod a+r` it", path.display())
        }
        ErrorKind::NotFound => format!("`{}` is missing", path.display()),
        _ => format!("cannot read `{}`: {error}", path.display()),
    }
}

/// A number, or why a device that has such a file cannot be used.
pub(crate) fn number_or_refusal(path: &Path) -> Result<u64, Refusal> {
    number(path).map_err(|why| refusal(path, why))
}

/// `why`, with the file if what it lacks is the permission to read it.
pub(crate) fn refusal(path: &Path, why: String) -> Refusal {
    let denied = File::open(path).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
    Refusal { why, there: true, denied: if denied { vec![path.to_owned()] } else { Vec::new() } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (text, expected) in [
            ("12\n", Ok(12)),
            (" 18446744073709551615\n", Ok(u64::MAX)),
            ("18446744073709551616\n", Err("holds `18446744073709551616`, expected a number")),
            ("-1", Err("holds `-1`, expected a number")),
            ("", Err("holds ``, expected a number")),
            (&"9".repeat(100), Err("holds `99999999999999999999`, expected a number")),
        ] {
            fs::write(&path, text).unwrap();
            match (number(&path), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
                (found, expected) => panic!("{text}: {found:?}, expected {expected:?}"),
            }
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(number(&path).is_err());
        fs::remove_file(&path).unwrap();
        assert!(number(&path).unwrap_err().ends_with("is missing"));
        let denied = complaint(Path::new("x"), &io::Error::from(ErrorKind::PermissionDenied));
        assert_eq!(denied, "no permission to read `x`: run as root or `chmod a+r` it");
    }

    #[test]
    fn folders_are_in_the_order_of_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["hwmon10", "hwmon2", "BAT0", "hwmon"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let names: Vec<String> = folders(folder.path()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["BAT0", "hwmon", "hwmon2", "hwmon10"]);
        assert!(folders(&folder.path().join("none")).is_empty());
    }
}
