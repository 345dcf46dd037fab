//! The transfer set: unlabelled rows with the teacher's opinion of them.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use lessen_data::csv_file::quoted;
use lessen_data::{Answer, Column, DataError, Dataset, Features, Table};
use lessen_model::{Predictor, predict_rows};
use lessen_records::RecordError;
use serde::{Deserialize, Serialize};

use crate::error::CompressError;
use crate::munge::{MungeSpec, munge};
use crate::stages::{Keep, Progress};

/// Rows that a student learns from, with what the teacher says of each.
pub struct TransferSet {
    /// The rows; columns as in the training data.
    pub table: Table,
    /// The teacher's answers, `[rows][outputs]` row-major: class probabilities, or a value a row.
    pub answers: Vec<f32>,
    /// How many rows are exact copies of a training row.
    pub copies: usize,
}

impl TransferSet {
    /// Munges the training rows of `dataset` and has `teacher` label what comes out.
    ///
    /// # Errors
    /// Where the teacher cannot predict such rows.
    pub fn make(
        dataset: &Dataset,
        training_rows: &[u32],
        teacher: &dyn Predictor,
        spec: &MungeSpec,
        seed: u64,
        progress: &dyn Progress,
    ) -> Result<Self, CompressError> {
        let table = dataset.features.table(training_rows);
        let munged = munge(&table, spec, seed, &|share| progress.advance(share / 2.0, "munge"));
        let rows: Vec<u32> = (0..munged.table.rows() as u32).collect();
        let features = Features::Table(munged.table);
        let answers =
            label(teacher, &features, &rows, &|share| progress.advance(0.5 + share / 2.0, "label"))?;
        let Features::Table(table) = features else {
            return Err(DataError::Mismatch { problem: "images, expected a table".into() }.into());
        };
        Ok(Self { table, answers, copies: munged.copies })
    }

    /// Writes the set as CSV: the columns, then one column `p(<class>)` a class, or one of the target's name. A missing
    /// cell is empty.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write_csv(&self, path: &Path, answer: &Answer) -> Result<(), CompressError> {
        let failed = |source| RecordError::File { action: "write", path: path.to_owned(), source };
        let mut text = Vec::new();
        let names = self.table.columns().iter().map(|column| column.name().to_owned());
        let answered = match answer {
            Answer::Classes(classes) => classes.iter().map(|class| format!("p({class})")).collect(),
            Answer::Value(name) => vec![name.clone()],
        };
        write_record(&mut text, names.chain(answered)).map_err(failed)?;
        for (row, answers) in self.answers.chunks_exact(answer.outputs().max(1)).enumerate() {
            let cells = self.table.columns().iter().map(|column| cell(column, row));
            write_record(&mut text, cells.chain(answers.iter().map(f32::to_string))).map_err(failed)?;
        }
        Ok(lessen_records::write_whole(path, &text)?)
    }
}

/// Rows that are handed to the teacher between two words about progress.
const LABELLED_AT_A_TIME: usize = 4096;

fn cell(column: &Column, row: usize) -> String {
    match column {
        Column::Numeric { values, .. } if values[row].is_nan() => String::new(),
        Column::Numeric { values, .. } => values[row].to_string(),
        Column::Nominal { levels, codes, .. } => {
            codes[row].map(|code| levels[code as usize].clone()).unwrap_or_default()
        }
    }
}

fn write_record(text: &mut Vec<u8>, cells: impl Iterator<Item = String>) -> std::io::Result<()> {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            text.push(b',');
        }
        text.extend(quoted(&cell).bytes());
    }
    text.push(b'\n');
    Ok(())
}

/// What a teacher answers for `rows`, `[rows][outputs]`; `done` hears the share of work done.
pub(crate) fn label(
    teacher: &dyn Predictor,
    features: &Features,
    rows: &[u32],
    done: &dyn Fn(f64),
) -> Result<Vec<f32>, CompressError> {
    let mut answers = Vec::with_capacity(rows.len() * teacher.outputs());
    for (place, block) in rows.chunks(LABELLED_AT_A_TIME).enumerate() {
        answers.extend(predict_rows(teacher, features, block)?);
        done((((place + 1) * LABELLED_AT_A_TIME) as f64 / rows.len() as f64).min(1.0));
    }
    Ok(answers)
}

#[derive(Serialize, Deserialize)]
struct Kept {
    columns: Vec<Column>,
    answers: Vec<f32>,
    copies: usize,
}

const FILE: &str = "transfer.postcard";

impl Keep for TransferSet {
    fn save(&self, folder: &Path) -> Result<(), CompressError> {
        let path = folder.join(FILE);
        let failed = |source| RecordError::File { action: "write", path: path.clone(), source };
        let mut file = BufWriter::new(File::create(&path).map_err(failed)?);
        let kept = (self.table.columns(), &self.answers, self.copies);
        postcard::to_io(&kept, &mut file)
            .map_err(|error| failed(std::io::Error::other(error)))?
            .flush()
            .map_err(failed)?;
        Ok(())
    }

    fn load(folder: &Path) -> Result<Self, CompressError> {
        let path = folder.join(FILE);
        let kept = |problem: String| CompressError::Kept { path: path.clone(), problem };
        let file = BufReader::new(File::open(&path).map_err(|error| kept(error.to_string()))?);
        let mut scratch = [0; 4096];
        let (Kept { columns, answers, copies }, _) =
            postcard::from_io((file, &mut scratch)).map_err(|error| kept(error.to_string()))?;
        Ok(Self { table: Table::new(columns)?, answers, copies })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_set_is_kept_to_the_bit_and_written_as_csv() {
        let table = Table::new(vec![
            Column::Numeric { name: "x".into(), values: vec![0.1, f32::NAN] },
            Column::Nominal { name: "n, m".into(), levels: vec!["a\"b".into()], codes: vec![Some(0), None] },
        ])
        .unwrap();
        let set = TransferSet { table, answers: vec![0.25, 0.75, 1.0, 0.0], copies: 1 };
        let folder = tempfile::tempdir().unwrap();
        set.save(folder.path()).unwrap();
        let loaded = TransferSet::load(folder.path()).unwrap();
        assert_eq!(format!("{:?}", loaded.table), format!("{:?}", set.table));
        assert_eq!((loaded.answers, loaded.copies), (set.answers.clone(), 1));

        let path = folder.path().join("set.csv");
        set.write_csv(&path, &Answer::Classes(vec!["yes".into(), "no".into()])).unwrap();
        let expected = "x,\"n, m\",p(yes),p(no)\n0.1,\"a\"\"b\",0.25,0.75\n,,1,0\n";
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    }

    #[test]
    fn a_broken_kept_set_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), [7, 1, 2]).unwrap();
        assert!(matches!(TransferSet::load(folder.path()), Err(CompressError::Kept { .. })));
    }
}
