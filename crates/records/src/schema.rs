//! A record's schema: the name and version that its JSON starts with, and how a record is read back.

use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::RecordError;

/// A document that lessen writes and reads back.
pub trait Record: Serialize + DeserializeOwned {
    /// The part of `schema` before the stroke, such as `lessen.result`.
    const NAME: &'static str;
    /// The newest version that this program reads, and the one that it writes.
    const VERSION: u32;

    /// What the types alone do not promise, such as that a name which is referred to exists.
    ///
    /// # Errors
    /// A sentence that says what was expected and found.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// The record as JSON, indented, with a line end.
    ///
    /// # Errors
    /// [`RecordError::Unwritable`] where a number is not finite (JSON has none such, and a null in its place
    /// could not be read back) or [`Record::check`] fails.
    fn to_json(&self) -> Result<String, RecordError> {
        let unwritable = |problem| RecordError::Unwritable { record: Self::NAME, problem };
        self.check().map_err(unwritable)?;
        let mut text = serde_json::to_string_pretty(self).map_err(|error| unwritable(error.to_string()))?;
        text.push('\n');
        Ok(text)
    }

    /// Reads a record. Fields that this version does not know are kept and written again.
    ///
    /// # Errors
    /// [`RecordError::Syntax`] with line and column where it is not JSON or a field is missing or of another
    /// type; [`RecordError::WrongSchema`] and [`RecordError::Newer`] where it is another document;
    /// [`RecordError::Inconsistent`] where [`Record::check`] fails.
    fn from_json(text: &str) -> Result<Self, RecordError> {
        check_schema::<Self>(text)?;
        let record: Self = serde_json::from_str(text).map_err(|error| syntax::<Self>(&error))?;
        record.check().map_err(|problem| RecordError::Inconsistent { record: Self::NAME, problem })?;
        Ok(record)
    }
}

/// The `schema` field of the record `R`: always the current name and version in memory, so that no record
/// can be written under a wrong one.
pub struct Schema<R>(PhantomData<fn() -> R>);

/// Only the field that says what the rest is; read before the rest, so that another document is called that
/// and not one with missing fields.
#[derive(Deserialize)]
struct Envelope {
    schema: Option<String>,
}

fn check_schema<R: Record>(text: &str) -> Result<(), RecordError> {
    let envelope: Envelope = serde_json::from_str(text).map_err(|error| syntax::<R>(&error))?;
    let expected = || format!("{}/{}", R::NAME, R::VERSION);
    let Some(found) = envelope.schema else {
        return Err(RecordError::NoSchema { expected: expected() });
    };
    let wrong = || RecordError::WrongSchema { expected: expected(), found: found.clone() };
    let (name, version) = found.split_once('/').ok_or_else(wrong)?;
    let version: u32 = version.parse().map_err(|_| wrong())?;
    match version {
        _ if name != R::NAME => Err(wrong()),
        0 => Err(wrong()),
        version if version > R::VERSION => {
            Err(RecordError::Newer { expected: expected(), found: found.clone() })
        }
        _ => Ok(()),
    }
}

/// What `serde_json` says, with the place in fields of its own.
fn syntax<R: Record>(error: &serde_json::Error) -> RecordError {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let problem = text.strip_suffix(place.as_str()).unwrap_or(&text).to_owned();
    RecordError::Syntax { record: R::NAME, line: error.line(), column: error.column(), problem }
}

impl<R: Record> Serialize for Schema<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}/{}", R::NAME, R::VERSION))
    }
}

impl<'de, R: Record> Deserialize<'de> for Schema<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = String::deserialize(deserializer)?;
        match found.split_once('/') {
            Some((name, _)) if name == R::NAME => Ok(Self(PhantomData)),
            _ => Err(D::Error::custom(format!(
                "expected schema `{}/{}`, found `{found}`",
                R::NAME,
                R::VERSION
            ))),
        }
    }
}

// By hand, because a derive would ask the same of `R`, which is only named here.
impl<R> Default for Schema<R> {
    fn default() -> Self {
        Self(PhantomData)
    }
}
impl<R> Clone for Schema<R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R> Copy for Schema<R> {}
impl<R> PartialEq for Schema<R> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl<R: Record> std::fmt::Debug for Schema<R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", R::NAME, R::VERSION)
    }
}

/// For bare numbers: JSON has no NaN and no infinity, and `serde_json` would write null, which is not a
/// number when it is read back. Used as `#[serde(serialize_with = "finite")]`.
pub(crate) fn finite<Q: lessen_units::Quantity, S: Serializer>(
    number: &Q,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let number = number.raw();
    if !number.is_finite() {
        return Err(serde::ser::Error::custom(format!("{number} is not a finite number")));
    }
    serializer.serialize_f64(number)
}

/// [`finite`] for a number that may be missing.
pub(crate) fn finite_or_none<Q: lessen_units::Quantity, S: Serializer>(
    number: &Option<Q>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match number {
        Some(number) => finite(number, serializer),
        None => serializer.serialize_none(),
    }
}
