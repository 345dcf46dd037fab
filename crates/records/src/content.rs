//! Names made of content: what was computed from the same settings has the same name, and is found again.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::RecordError;

/// The name of what `key` leads to: `<kind>-<first 16 hex digits of SHA-256 of canonical_json(key)>`.
///
/// `key` must hold everything that the outcome depends on, defaults written out, so that a changed default
/// gives another name. Letters and digits of `kind` are kept, anything else becomes `-`: the name serves as
/// one component of a path.
///
/// # Errors
/// As [`canonical_json`].
pub fn content_name(kind: &str, key: &impl Serialize) -> Result<String, RecordError> {
    let kind: String =
        kind.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let digest = Sha256::digest(canonical_json(key)?.as_bytes());
    let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{kind}-{hex}"))
}

/// One text for one content: no spaces, members of objects sorted by name (bytes of UTF-8), numbers in their
/// shortest form. A number that is not finite is written as null, as JSON has none such.
///
/// # Errors
/// [`RecordError::Unwritable`] for what JSON cannot hold, such as a map whose keys are no strings.
pub fn canonical_json(key: &impl Serialize) -> Result<String, RecordError> {
    let unwritable = |error: serde_json::Error| RecordError::Unwritable {
        record: "content key",
        problem: error.to_string(),
    };
    let value = serde_json::to_value(key).map_err(unwritable)?;
    let mut text = String::new();
    write_canonical(&value, &mut text);
    Ok(text)
}

/// `serde_json` sorts only as long as no crate of the build asks it to keep the order of insertion, so the
/// sorting is done here.
fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_canonical(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_canonical(item, text);
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_the_digest_of_the_canonical_text() {
        // printf '{"a":[1,2.5,"x\\"y"],"b":{"c":null,"d":true}}' | sha256sum
        let key = json!({"b": {"d": true, "c": null}, "a": [1, 2.5, "x\"y"]});
        assert_eq!(canonical_json(&key).unwrap(), r#"{"a":[1,2.5,"x\"y"],"b":{"c":null,"d":true}}"#);
        assert_eq!(content_name("teacher", &key).unwrap(), "teacher-ff9717a7a12856e8");
        // printf '{}' | sha256sum
        assert_eq!(content_name("transfer set/..", &json!({})).unwrap(), "transfer-set----44136fa355b3678a");
    }

    #[test]
    fn the_order_of_members_does_not_matter_and_the_values_do() {
        #[derive(Serialize)]
        struct OneWay {
            seed: u64,
            rows: u64,
        }
        #[derive(Serialize)]
        struct OtherWay {
            rows: u64,
            seed: u64,
        }
        let name = content_name("x", &OneWay { seed: 1, rows: 2 }).unwrap();
        assert_eq!(name, content_name("x", &OtherWay { rows: 2, seed: 1 }).unwrap());
        assert_ne!(name, content_name("x", &OneWay { seed: 2, rows: 1 }).unwrap());
    }

    #[test]
    fn a_map_without_names_is_an_error() {
        let pairs = std::collections::BTreeMap::from([((1, 2), 3)]);
        let error = content_name("x", &pairs).unwrap_err();
        assert_eq!(error.to_string(), "cannot write `content key` as JSON: key must be a string");
    }
}
