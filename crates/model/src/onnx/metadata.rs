//! What ONNX has no place for, from the model's metadata.

use std::collections::BTreeSet;

use lessen_data::Encoding;
use serde::de::DeserializeOwned;

use super::messages::ModelProto;
use super::{CLASSES_KEY, ENCODING_KEY, FORMAT, FORMAT_KEY, MASKED_KEY, OnnxError};

/// What [`super::write()`] put beside the graph.
pub(super) struct Metadata {
    pub(super) classes: Vec<String>,
    pub(super) encoding: Encoding,
    /// Names of the weight tensors that have a mask.
    pub(super) masked: BTreeSet<String>,
}

impl Metadata {
    pub(super) fn of(model: &ModelProto) -> Result<Self, OnnxError> {
        let (format, classes) = (value(model, FORMAT_KEY)?, value(model, CLASSES_KEY)?);
        let (encoding, masked) = (value(model, ENCODING_KEY)?, value(model, MASKED_KEY)?);
        let (Some(format), Some(classes), Some(encoding)) = (format, classes, encoding) else {
            let needed = [(FORMAT_KEY, format), (CLASSES_KEY, classes), (ENCODING_KEY, encoding)];
            let missing = needed.into_iter().filter(|(_, value)| value.is_none()).map(|(key, _)| key);
            return Err(OnnxError::Foreign { missing: missing.collect() });
        };
        if format != FORMAT {
            return Err(error(FORMAT_KEY, format!("`{FORMAT}`"), format!("`{format}`")));
        }
        Ok(Self {
            classes: json(CLASSES_KEY, "a JSON list of names", classes)?,
            encoding: json(ENCODING_KEY, "the JSON of an encoding", encoding)?,
            masked: masked
                .map_or(Ok(BTreeSet::new()), |list| json(MASKED_KEY, "a JSON list of names", list))?,
        })
    }
}

/// A mask for a tensor that no layer has as its weights.
pub(super) fn unused_mask(tensor: &str) -> OnnxError {
    error(MASKED_KEY, "the weights of one dense layer each".into(), format!("`{tensor}`"))
}

fn value<'a>(model: &'a ModelProto, key: &str) -> Result<Option<&'a str>, OnnxError> {
    let mut values =
        model.metadata_props.iter().filter(|entry| entry.key == key).map(|entry| entry.value.as_str());
    let first = values.next();
    if values.next().is_some() {
        return Err(error(key, "one value".into(), "several".into()));
    }
    Ok(first)
}

fn json<T: DeserializeOwned>(key: &str, expected: &str, text: &str) -> Result<T, OnnxError> {
    serde_json::from_str(text)
        .map_err(|problem| error(key, expected.into(), format!("other text: {problem}")))
}

fn error(key: &str, expected: String, found: String) -> OnnxError {
    OnnxError::Metadata { key: key.into(), expected, found }
}
