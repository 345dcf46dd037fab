//! Rows with what is to be predicted of them.

use serde::{Deserialize, Serialize};

use crate::{DataError, Features, Split, Unit};

/// What is to be predicted, one entry a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// One of a set of classes.
    Classes {
        /// What the labels stand for.
        names: Vec<String>,
        /// Index into `names`, one a row.
        labels: Vec<u32>,
    },
    /// A number.
    Values {
        /// The name of the column that the numbers are of.
        name: String,
        /// Finite, one a row.
        values: Vec<f32>,
    },
}

/// What a model answers with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A probability for each of these classes.
    Classes(Vec<String>),
    /// One number, of the column of this name.
    Value(String),
}

impl Answer {
    /// Numbers that a model gives for a row.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Classes(names) => names.len(),
            Self::Value(_) => 1,
        }
    }

    /// The classes; `None` where the answer is a number.
    pub fn classes(&self) -> Option<&[String]> {
        match self {
            Self::Classes(names) => Some(names),
            Self::Value(_) => None,
        }
    }
}

/// Of which kind an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// One of some classes.
    Classification,
    /// A number.
    Regression,
}

impl Task {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::Regression => "regression",
        }
    }
}

impl From<&Answer> for Task {
    fn from(answer: &Answer) -> Self {
        match answer {
            Answer::Classes(_) => Self::Classification,
            Answer::Value(_) => Self::Regression,
        }
    }
}

/// A data set: raw rows, their target, and a digest that names exactly this content.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The name it was asked for by, or its file's.
    pub name: String,
    /// Raw rows.
    pub features: Features,
    /// What is to be predicted of them.
    pub target: Target,
    /// Rows of the test part that the publisher gave, where there is one: it stays the test part.
    pub given_test: Option<Vec<u32>>,
    /// SHA-256 over the bytes of the files that it was read from, in their order.
    pub sha256: [u8; 32],
}

/// Bytes in lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Dataset {
    /// Class names and one label a row.
    ///
    /// # Errors
    /// [`DataError::Unusable`] where the target is a number.
    pub fn classes(&self) -> Result<(&[String], &[u32]), DataError> {
        match &self.target {
            Target::Classes { names, labels } => Ok((names, labels)),
            Target::Values { .. } => Err(DataError::Unusable {
                name: self.name.clone(),
                problem: "the target is a number, expected classes".into(),
            }),
        }
    }

    /// What a model of this data answers with.
    pub fn answer(&self) -> Answer {
        match &self.target {
            Target::Classes { names, .. } => Answer::Classes(names.clone()),
            Target::Values { name, .. } => Answer::Value(name.clone()),
        }
    }

    /// [`Dataset::sha256`] in 64 hex digits.
    pub fn digest(&self) -> String {
        hex(&self.sha256)
    }

    /// Training, validation and test rows for `seed`; see [`Split`].
    ///
    /// # Errors
    /// [`DataError::Unusable`] where there is only one class, a class is too small, a number to be predicted is the
    /// same in every row, or there are too few rows of it.
    pub fn split(&self, seed: u64) -> Result<Split, DataError> {
        let given_test = self.given_test.as_deref();
        match &self.target {
            Target::Classes { names, labels } => {
                Split::stratified(&self.name, names, labels, given_test, seed)
            }
            Target::Values { values, .. } => Split::by_value(&self.name, values, given_test, seed),
        }
    }

    /// Mean and standard deviation, over `rows`, of the number to be predicted: what it is learned in and errors are measured
    /// against. [`Unit::NONE`] where the target is a class.
    pub fn target_unit(&self, rows: &[u32]) -> Unit {
        match &self.target {
            Target::Classes { .. } => Unit::NONE,
            Target::Values { values, .. } => {
                Unit::of(rows.iter().map(|&row| f64::from(values[row as usize])))
            }
        }
    }
}
