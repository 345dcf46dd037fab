//! Where named sets are looked for.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The environment variable that names a data folder.
pub const DATA_FOLDER_VARIABLE: &str = "LESSEN_DATA";

/// Where a user's caches are, by the XDG Base Directory Specification; `.cache` of [`HOME_VARIABLE`] if unset.
const CACHE_VARIABLE: &str = "XDG_CACHE_HOME";

const HOME_VARIABLE: &str = "HOME";

/// Data folders, in the order in which they are looked through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folders {
    folders: Vec<PathBuf>,
}

impl Folders {
    /// `explicit` first (what `--data-dir` says), then `LESSEN_DATA`, then `lessen` in the user's cache.
    pub fn from_environment(explicit: Option<&Path>) -> Self {
        Self::new(explicit, |name| std::env::var_os(name))
    }

    /// The same from any `variable`s, for those who do not want this process's.
    pub fn new(explicit: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let path = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // The specification has a cache that is not absolute ignored.
        let cache = path(CACHE_VARIABLE)
            .filter(|cache| cache.is_absolute())
            .or_else(|| Some(path(HOME_VARIABLE)?.join(".cache")))
            .map(|cache| cache.join("lessen"));
        let mut folders: Vec<PathBuf> = Vec::new();
        for folder in [explicit.map(Path::to_owned), path(DATA_FOLDER_VARIABLE), cache].into_iter().flatten()
        {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        Self { folders }
    }

    /// The folders, the first to be looked in first.
    pub fn iter(&self) -> impl Iterator<Item = &Path> {
        self.folders.iter().map(PathBuf::as_path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_in_the_documented_order() {
        type Case<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)], &'a [&'a str]);
        let cases: [Case<'_>; 7] = [
            (None, &[], &[]),
            (Some("here"), &[], &["here"]),
            (None, &[("HOME", "/home/a")], &["/home/a/.cache/lessen"]),
            (None, &[("HOME", "/home/a"), ("XDG_CACHE_HOME", "/c")], &["/c/lessen"]),
            (None, &[("HOME", "/home/a"), ("XDG_CACHE_HOME", "relative")], &["/home/a/.cache/lessen"]),
            (
                Some("here"),
                &[("LESSEN_DATA", "/data"), ("HOME", "/home/a"), ("XDG_CACHE_HOME", "")],
                &["here", "/data", "/home/a/.cache/lessen"],
            ),
            (Some("/data"), &[("LESSEN_DATA", "/data")], &["/data"]),
        ];
        for (explicit, variables, expected) in cases {
            let variable = |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            };
            let folders = Folders::new(explicit.map(Path::new), variable);
            let expected: Vec<&Path> = expected.iter().map(Path::new).collect();
            assert_eq!(folders.iter().collect::<Vec<_>>(), expected, "{explicit:?} {variables:?}");
        }
    }
}
