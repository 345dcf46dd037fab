//! Rows with what is to be predicted of them.

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
    Values(Vec<f32>),
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
            Target::Values(_) => Err(DataError::Unusable {
                name: self.name.clone(),
                problem: "the target is a number, expected classes".into(),
            }),
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
