//! Rows with what is to be predicted of them.

use serde::{Deserialize, Serialize};

use crate::{DataError, Features, Split};

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
    /// [`DataError::Unusable`] where the target is no class, there is only one class, or a class is too small.
    pub fn split(&self, seed: u64) -> Result<Split, DataError> {
        let (names, labels) = self.classes()?;
        Split::stratified(&self.name, names, labels, self.given_test.as_deref(), seed)
    }
}
