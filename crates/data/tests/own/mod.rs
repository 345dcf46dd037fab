//! Folders of files for tests, and what is opened from them.
#![allow(dead_code, reason = "each test file uses some of these")]

use std::path::PathBuf;

use lessen_data::Task;
use lessen_data::files::{self, FileOptions, Opened};
use lessen_data::{Column, DataError, Dataset, Features, Target};
use tempfile::TempDir;

/// A folder with these files.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, bytes) in files {
            std::fs::write(folder.path(name), bytes).unwrap();
        }
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn open(&self, name: &str, options: &FileOptions) -> Result<Opened, DataError> {
        files::open(&self.path(name), options)
    }

    /// The error and its hint, the folder's own path left out.
    pub(crate) fn error(&self, name: &str, options: &FileOptions) -> (String, String) {
        let error = self.open(name, options).unwrap_err();
        let bare = |text: String| text.replace(&format!("{}/", self.0.path().display()), "");
        (bare(error.to_string()), bare(error.hint().unwrap_or_default().to_owned()))
    }
}

pub(crate) fn target(name: &str) -> FileOptions {
    FileOptions { target: Some(name.into()), ..FileOptions::default() }
}

pub(crate) fn task(name: &str, task: Task) -> FileOptions {
    FileOptions { task: Some(task), ..target(name) }
}

pub(crate) fn columns(dataset: &Dataset) -> &[Column] {
    match &dataset.features {
        Features::Table(table) => table.columns(),
        _ => panic!("no columns, expected a table"),
    }
}

/// The cells of a column as text; `-` where one is missing.
pub(crate) fn cells(column: &Column) -> Vec<String> {
    match column {
        Column::Numeric { values, .. } => {
            values.iter().map(|value| if value.is_nan() { "-".into() } else { value.to_string() }).collect()
        }
        Column::Nominal { levels, codes, .. } => {
            codes.iter().map(|code| code.map_or("-".into(), |code| levels[code as usize].clone())).collect()
        }
    }
}

/// A data set in a line a column, the target last.
pub(crate) fn shown(dataset: &Dataset) -> Vec<String> {
    let line = |column: &Column| {
        let kind = if matches!(column, Column::Numeric { .. }) { "" } else { " (text)" };
        format!("{}{kind}: {}", column.name(), cells(column).join(" "))
    };
    let target = match &dataset.target {
        Target::Classes { names, labels } => {
            let labels: Vec<&str> = labels.iter().map(|&label| names[label as usize].as_str()).collect();
            format!("classes: {} of {}", labels.join(" "), names.join(" "))
        }
        Target::Values { name, values } => format!("values of {name}: {values:?}"),
    };
    columns(dataset).iter().map(line).chain([target]).collect()
}
