//! All that was read, as a data set.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::target::{TargetCells, merge};
use super::{Opened, left_out};
use crate::{Column, DataError, Dataset, Features, Table, Task};

/// Rows of one file with their targets.
pub(super) struct Half {
    pub(super) path: PathBuf,
    pub(super) features: Features,
    pub(super) target: TargetCells,
}

/// What was read of all files, before it is decided what the target is taken for.
pub(super) struct Whole {
    /// The file with the training rows.
    path: PathBuf,
    features: Features,
    target_name: String,
    target: TargetCells,
    /// The rows from here on are the test part.
    training_rows: usize,
    test_path: Option<PathBuf>,
    digest: Sha256,
    notes: Vec<String>,
}

impl Whole {
    /// From one table of several files' rows: `training_rows` of the first, then those of `test_path`.
    pub(super) fn new(
        training: Half,
        training_rows: usize,
        test_path: Option<PathBuf>,
        target_name: String,
        notes: Vec<String>,
    ) -> Self {
        let Half { path, features, target } = training;
        Self { path, features, target_name, target, training_rows, test_path, digest: Sha256::new(), notes }
    }

    /// From files that were read apart; their columns are in one order.
    pub(super) fn of_halves(
        training: Half,
        test: Option<Half>,
        target_name: String,
        notes: Vec<String>,
    ) -> Result<Self, DataError> {
        let rows = training.features.rows();
        for half in std::iter::once(&training).chain(&test) {
            if half.features.rows() != half.target.len() {
                let problem = format!("{} labels for {} rows", half.target.len(), half.features.rows());
                return Err(DataError::malformed(&half.path, "", problem));
            }
            if half.features.rows() == 0 {
                return Err(DataError::malformed(&half.path, "", "there are no rows"));
            }
        }
        let Half { path, mut features, mut target } = training;
        let test_path = test.as_ref().map(|test| test.path.clone());
        if let Some(test) = test {
            features = joined(features, test.features, &test.path)?;
            target.append(test.target, &test.path)?;
        }
        let joined = Half { path, features, target };
        Ok(Self::new(joined, rows, test_path, target_name, notes))
    }

    /// Takes the bytes of the files into the digest, in their order.
    pub(super) fn digesting<'a>(mut self, files: impl IntoIterator<Item = &'a [u8]>) -> Self {
        for bytes in files {
            // Lengths tell files apart whose bytes are the same only when put together.
            self.digest.update((bytes.len() as u64).to_le_bytes());
            self.digest.update(bytes);
        }
        self
    }

    /// Decides what the target is, and leaves out columns that teach nothing.
    pub(super) fn into_opened(self, name: String, task: Option<Task>) -> Result<Opened, DataError> {
        let Self { path, features, target_name, target, training_rows, test_path, mut digest, mut notes } =
            self;
        let rows = target.len();
        let test = (training_rows, test_path.as_ref());
        let (target, task) = target.decide((&path, &target_name), task, test, &mut notes)?;
        digest.update(format!("\ntarget {target_name}\ntask {}\n", task.name()));
        let features = match features {
            Features::Table(table) => {
                let (kept, left_out) = left_out::without_useless(table.into_columns(), training_rows);
                if kept.is_empty() {
                    let problem = format!("no column is left to learn from: {}", left_out.join("; "));
                    return Err(DataError::Unusable { name, problem });
                }
                notes.extend(left_out);
                Features::Table(Table::new(kept)?)
            }
            others => others,
        };
        let given_test = test_path.map(|_| (training_rows as u32..rows as u32).collect());
        let dataset = Dataset { name, features, target, given_test, sha256: digest.finalize().into() };
        Ok(Opened { dataset, notes })
    }
}

/// The rows of a test part below those for training; `path` is the test part's file.
fn joined(training: Features, test: Features, path: &Path) -> Result<Features, DataError> {
    let malformed = |problem: String| Err(DataError::malformed(path, "", problem));
    match (training, test) {
        (Features::Images(mut images), Features::Images(more)) => {
            let size = |images: &crate::Images| (images.channels, images.height, images.width);
            if size(&images) != size(&more) {
                let shown = |(channels, height, width)| format!("{channels} x {height} x {width}");
                let expected = shown(size(&images));
                return malformed(format!("images of {}, expected {expected}", shown(size(&more))));
            }
            images.bytes.extend(more.bytes);
            Ok(Features::Images(images))
        }
        (Features::Table(table), Features::Table(more)) => {
            let (columns, more) = (table.into_columns(), more.into_columns());
            if columns.len() != more.len() {
                return malformed(format!("{} columns, expected {}", more.len(), columns.len()));
            }
            let columns = columns.into_iter().zip(more).map(|(column, more)| below(column, more, path));
            Ok(Features::Table(Table::new(columns.collect::<Result<_, _>>()?)?))
        }
        _ => malformed("images in one file and a table in the other".into()),
    }
}

fn below(column: Column, more: Column, path: &Path) -> Result<Column, DataError> {
    match (column, more) {
        (Column::Numeric { name, mut values }, Column::Numeric { values: more, .. }) => {
            values.extend(more);
            Ok(Column::Numeric { name, values })
        }
        (
            Column::Nominal { name, mut levels, mut codes },
            Column::Nominal { levels: others, codes: more, .. },
        ) => {
            let places = merge(&mut levels, &others);
            codes.extend(more.iter().map(|code| code.map(|code| places[code as usize])));
            Ok(Column::Nominal { name, levels, codes })
        }
        (column, _) => {
            let place = format!("column `{}`", column.name());
            let expected = match column {
                Column::Numeric { .. } => "text, expected numbers as in the training rows",
                Column::Nominal { .. } => "numbers, expected text as in the training rows",
            };
            Err(DataError::malformed(path, place, expected))
        }
    }
}
