//! A folder belongs to one search: its settings and its data are written into it, and compared.

use lessen_data::Dataset;
use lessen_records::{OutputFolder, content_name, write_whole};
use serde::Serialize;
use serde_json::Value;

use super::spec::LotterySpec;
use crate::error::CompressError;
use crate::kept::{as_json, load};

/// Of what a search leads to: a change of how trainings compute makes old ones strangers.
const VERSION: u32 = 1;

const FILE: &str = "spec.json";

/// Everything that the outcome of a search depends on.
#[derive(Serialize)]
struct Pinned<'a> {
    version: u32,
    data: &'a str,
    data_sha256: String,
    #[serde(flatten)]
    spec: &'a LotterySpec,
}

impl<'a> Pinned<'a> {
    fn new(dataset: &'a Dataset, spec: &'a LotterySpec) -> Self {
        Self { version: VERSION, data: &dataset.name, data_sha256: dataset.digest(), spec }
    }
}

/// The name of the folder of a search where none is said: made of its content, so that each search has its own.
///
/// # Errors
/// None that a search could give.
pub fn folder_name(dataset: &Dataset, spec: &LotterySpec) -> Result<String, CompressError> {
    Ok(content_name(&format!("lessen-ticket-{}", dataset.name), &Pinned::new(dataset, spec))?)
}

/// Writes the settings into a new folder, or sees that they are those of the search in it.
pub(super) fn pin(folder: &OutputFolder, dataset: &Dataset, spec: &LotterySpec) -> Result<(), CompressError> {
    let asked = as_json("spec", &Pinned::new(dataset, spec))?;
    let path = folder.path().join(FILE);
    if !path.exists() {
        let text = serde_json::to_string_pretty(&asked)
            .map_err(|error| CompressError::Unwritable { what: "spec", problem: error.to_string() })?;
        return Ok(write_whole(&path, text.as_bytes())?);
    }
    let there: Value = load(&path, |bytes| serde_json::from_slice(bytes))?;
    let mut differences = Vec::new();
    compare("", &there, &asked, &mut differences);
    if differences.is_empty() {
        return Ok(());
    }
    let differences = differences.join("; ");
    Err(CompressError::OtherSpec { path: folder.path().to_owned(), differences })
}

/// Notes each place where two values differ.
fn compare(name: &str, there: &Value, asked: &Value, into: &mut Vec<String>) {
    if let (Value::Object(there), Value::Object(asked)) = (there, asked) {
        let mut names: Vec<&String> = there.keys().chain(asked.keys()).collect();
        names.sort();
        names.dedup();
        for member in names {
            let of =
                |object: &serde_json::Map<String, Value>| object.get(member).cloned().unwrap_or(Value::Null);
            let name = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
            compare(&name, &of(there), &of(asked), into);
        }
    } else if there != asked {
        into.push(format!("`{name}` is {there} there, {asked} was asked for"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_named() {
        let mut found = Vec::new();
        let there = json!({"rounds": 20, "pruning": {"rate": 0.2, "rewind": 0}, "old": true});
        compare(
            "",
            &there,
            &json!({"rounds": 20, "pruning": {"rate": 0.3, "rewind": 0}, "new": 1}),
            &mut found,
        );
        assert_eq!(
            found,
            [
                "`new` is null there, 1 was asked for",
                "`old` is true there, null was asked for",
                "`pruning.rate` is 0.2 there, 0.3 was asked for",
            ]
        );
    }
}
