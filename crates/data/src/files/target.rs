//! What is to be predicted: which column, and whether it is a class or a number.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::csv_file::{listed, missing_column};
use crate::{DataError, Target, Task};

/// The cells of a target, before it is decided what they are taken for.
pub(super) enum TargetCells {
    /// Text or truth values.
    Levels {
        names: Vec<String>,
        labels: Vec<u32>,
        /// Why they are no numbers, with the place of one that is not.
        not_numbers: Box<DataError>,
        /// The complaint that there is text among what are numbers otherwise.
        slip: Option<Box<DataError>>,
    },
    Numbers(Vec<f64>),
}

/// Names that say of a column that it is to be predicted.
const TELLING_NAMES: [&str; 4] = ["target", "label", "class", "y"];

/// Most different whole numbers that are classes unless it is said otherwise.
const MOST_NUMERALS: usize = 20;

/// Most classes.
const MOST_CLASSES: usize = 1000;

/// The place of the column to be predicted, and a note where nobody said which.
pub(super) fn find_column(
    path: &Path,
    names: &[String],
    target: Option<&str>,
) -> Result<(usize, Option<String>), DataError> {
    if let Some(target) = target {
        let by_name = names.iter().position(|name| name == target);
        let by_place = || target.parse::<usize>().ok()?.checked_sub(1).filter(|&place| place < names.len());
        return match by_name.or_else(by_place) {
            Some(place) => Ok((place, None)),
            None if target.parse::<usize>().is_ok() => {
                let hint = format!("there are {} columns, counted from 1", names.len());
                Err(DataError::NoColumn { path: path.to_owned(), column: target.to_owned(), hint })
            }
            None => Err(missing_column(path, target, names)),
        };
    }
    let telling = |name: &&String| TELLING_NAMES.contains(&name.to_lowercase().as_str());
    let mut places = (0..names.len()).filter(|&place| telling(&&names[place]));
    match (places.next(), places.next()) {
        (Some(place), None) => {
            Ok((place, Some(format!("`{}` is what is predicted: its name says so", names[place]))))
        }
        _ => {
            let hint = format!("say `--target COLUMN`; {}", listed(names));
            Err(DataError::NoTarget { path: path.to_owned(), hint })
        }
    }
}

impl TargetCells {
    /// Numbers, each of them finite, else [`DataError::Malformed`]; `place` says where one is.
    pub(super) fn numbers(
        path: &Path,
        values: Vec<f64>,
        place: impl Fn(usize) -> String,
    ) -> Result<Self, DataError> {
        match values.iter().position(|&value| !(value as f32).is_finite()) {
            Some(row) if values[row].is_nan() => {
                Err(DataError::malformed(path, place(row), "the label is missing"))
            }
            Some(row) => {
                let problem = format!("the label {}, expected a finite number", values[row]);
                Err(DataError::malformed(path, place(row), problem))
            }
            None => Ok(Self::Numbers(values)),
        }
    }

    /// Truth values.
    pub(super) fn truths(path: &Path, values: &[bool]) -> Self {
        Self::Levels {
            names: vec!["false".into(), "true".into()],
            labels: values.iter().map(|&value| u32::from(value)).collect(),
            not_numbers: Box::new(DataError::malformed(
                path,
                "",
                "the labels are truth values, expected numbers",
            )),
            slip: None,
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Levels { labels, .. } => labels.len(),
            Self::Numbers(values) => values.len(),
        }
    }

    /// Puts the cells of a test part below these; `path` is its file's.
    pub(super) fn append(&mut self, other: Self, path: &Path) -> Result<(), DataError> {
        match (self, other) {
            (Self::Numbers(values), Self::Numbers(more)) => {
                values.extend(more);
                Ok(())
            }
            (Self::Levels { names, labels, .. }, Self::Levels { names: others, labels: more, .. }) => {
                let places = merge(names, &others);
                labels.extend(more.iter().map(|&label| places[label as usize]));
                Ok(())
            }
            _ => Err(DataError::malformed(
                path,
                "",
                "the labels are of another kind than those of the training rows",
            )),
        }
    }

    /// The target called `name`, as `task` says or as the cells suggest; notes of what was taken for granted. The
    /// rows from `training_rows` on are those of a test part, from the file `test_path`.
    pub(super) fn decide(
        self,
        (path, name): (&Path, &str),
        task: Option<Task>,
        (training_rows, test_path): (usize, Option<&PathBuf>),
        notes: &mut Vec<String>,
    ) -> Result<(Target, Task), DataError> {
        let (names, labels) = match (self, task) {
            (Self::Levels { not_numbers, .. }, Some(Task::Regression)) => {
                let hint = "only numbers can be predicted as such (`--task regression`)";
                return Err((*not_numbers).advised(hint));
            }
            (Self::Levels { slip: Some(slip), names, .. }, None) if !are_few_numerals(&names) => {
                return Err(*slip);
            }
            (Self::Levels { names, labels, .. }, _) => (names, labels),
            (Self::Numbers(values), task) => {
                let (different, whole) = different(&values);
                let task = task.unwrap_or_else(|| {
                    let is_class = whole && different <= MOST_NUMERALS;
                    let shown = different;
                    notes.push(if is_class {
                        format!("`{name}` has {shown} different whole numbers: each is a class")
                    } else {
                        format!("`{name}` has {shown} different numbers: predicted as a value")
                    });
                    if is_class { Task::Classification } else { Task::Regression }
                });
                if task == Task::Regression {
                    let values = values.into_iter().map(|value| value as f32).collect();
                    return Ok((Target::Values { name: name.to_owned(), values }, task));
                }
                numerals(&values)
            }
        };
        if names.len() > MOST_CLASSES {
            let count = names.len();
            let problem = format!(
                "column `{name}` has {count} different values, expected at most {MOST_CLASSES} classes"
            );
            return Err(DataError::malformed(path, "", problem));
        }
        if let Some(test_path) = test_path {
            check_known(&names, &labels, training_rows, test_path, name)?;
        }
        Ok((Target::Classes { names, labels }, Task::Classification))
    }
}

/// Whether the numbers among `names` are so few that they are classes beside the others.
fn are_few_numerals(names: &[String]) -> bool {
    names.iter().filter(|name| name.parse::<f64>().is_ok()).count() <= MOST_NUMERALS
}

/// How many different numbers there are, and whether all are whole.
fn different(values: &[f64]) -> (usize, bool) {
    // Adding 0 makes one of the two zeros.
    let different: BTreeSet<u64> = values.iter().map(|value| (value + 0.0).to_bits()).collect();
    (different.len(), values.iter().all(|value| value.fract() == 0.0))
}

/// Each different number as a class, ascending.
fn numerals(values: &[f64]) -> (Vec<String>, Vec<u32>) {
    let mut sorted: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.dedup();
    let labels = values.iter().map(|&value| sorted.partition_point(|&other| other < value) as u32).collect();
    (sorted.iter().map(f64::to_string).collect(), labels)
}

/// Refuses a class that only test rows have: nothing could have learnt it.
fn check_known(
    names: &[String],
    labels: &[u32],
    training_rows: usize,
    test_path: &Path,
    target: &str,
) -> Result<(), DataError> {
    let mut known = vec![false; names.len()];
    for &label in &labels[..training_rows] {
        known[label as usize] = true;
    }
    match labels[training_rows..].iter().position(|&label| !known[label as usize]) {
        Some(row) => {
            let class = &names[labels[training_rows + row] as usize];
            let place = format!("row {}, column `{target}`", row + 1);
            Err(DataError::malformed(test_path, place, format!("class `{class}`, which no training row has")))
        }
        None => Ok(()),
    }
}

/// Adds to `levels` those of `others` that are not there; the place of each of `others`.
pub(super) fn merge(levels: &mut Vec<String>, others: &[String]) -> Vec<u32> {
    let mut known: HashMap<String, u32> = levels.iter().cloned().zip(0..).collect();
    let place = |other: &String| {
        *known.entry(other.clone()).or_insert_with(|| {
            levels.push(other.clone());
            levels.len() as u32 - 1
        })
    };
    others.iter().map(place).collect()
}
