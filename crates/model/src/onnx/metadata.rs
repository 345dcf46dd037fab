//! What ONNX has no place for, from the model's metadata.

use std::collections::BTreeSet;

use lessen_data::{Answer, Encoding};
use lessen_graph::proto::ModelProto;
use serde::de::DeserializeOwned;

use super::{CLASSES_KEY, ENCODING_KEY, FORMAT, FORMAT_KEY, MASKED_KEY, OnnxError, VALUE_KEY};

/// What [`super::write()`] put beside the graph.
pub(super) struct Metadata {
    pub(super) answer: Answer,
    pub(super) encoding: Encoding,
    /// Names of the weight tensors that have a mask.
    pub(super) masked: BTreeSet<String>,
}

impl Metadata {
    pub(super) fn of(model: &ModelProto) -> Result<Self, OnnxError> {
        let (format, encoding) = (value(model, FORMAT_KEY)?, value(model, ENCODING_KEY)?);
        let (classes, number) = (value(model, CLASSES_KEY)?, value(model, VALUE_KEY)?);
        let masked = value(model, MASKED_KEY)?;
        let (Some(format), Some(answer), Some(encoding)) = (format, classes.or(number), encoding) else {
            let needed = [(FORMAT_KEY, format), (CLASSES_KEY, classes.or(number)), (ENCODING_KEY, encoding)];
            let missing = needed.into_iter().filter(|(_, value)| value.is_none()).map(|(key, _)| key);
            return Err(OnnxError::Foreign { missing: missing.collect() });
        };
        if format != FORMAT {
            return Err(error(FORMAT_KEY, format!("`{FORMAT}`"), format!("`{format}`")));
        }
        let answer = match (classes, number) {
            (Some(_), Some(_)) => {
                let expected = format!("none beside `{CLASSES_KEY}`");
                return Err(error(VALUE_KEY, expected, format!("`{answer}`")));
            }
            (Some(_), None) => Answer::Classes(json(CLASSES_KEY, "a JSON list of names", answer)?),
            (None, _) => Answer::Value(json(VALUE_KEY, "a JSON string", answer)?),
        };
        Ok(Self {
            answer,
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
