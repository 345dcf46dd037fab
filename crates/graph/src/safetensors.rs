//! Weights without a graph: a safetensors file, or the parts of one through their index.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ::safetensors::SafeTensors;
use ::safetensors::tensor::{Dtype, Metadata};
use serde::Deserialize;

use crate::element::Element;
use crate::error::GraphError;
use crate::file::{Reads, map};
use crate::tensor::{self, Extents};

/// A tensor in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Its name.
    pub name: String,
    /// What its numbers are, as in `f32`.
    pub element: &'static str,
    /// Its extents.
    pub dims: Vec<u64>,
    /// Their product.
    pub numbers: u64,
    /// What it takes in the file.
    pub bytes: u64,
    /// How many of its numbers are not zero; `None` of kinds that share bytes in ways of their own.
    pub nonzero: Option<u64>,
}

/// What an index says: in which file each tensor is.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// The largest index that is read: one of a million tensors.
const LARGEST_INDEX: u64 = 1 << 28;

/// Whether the file at `path` is named as the index of parts is.
pub fn is_index(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".safetensors.index.json")
}

/// Whether bytes begin as a safetensors file does: the length of a JSON object, and the object.
pub fn is_safetensors(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else { return false };
    u64::from_le_bytes(*length) <= rest.len() as u64 && rest.first() == Some(&b'{')
}

/// The tensors of the file at `path`, or of all parts that an index there names; by name. Files are mapped: they may be larger than the
/// memory.
///
/// # Errors
/// [`GraphError::Io`], and [`GraphError::Safetensors`] for a file that is none, a part outside of the index' folder, and tensors that are
/// twice, or not where the index says.
pub fn open(path: &Path) -> Result<Vec<Stored>, GraphError> {
    if !is_index(path) {
        return part(path);
    }
    let index = index(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut found = BTreeMap::new();
    let mut places = BTreeMap::new();
    for name in index.weight_map.values().collect::<BTreeSet<_>>() {
        if Path::new(name).components().count() != 1 || name.contains(['/', '\\']) || name == ".." {
            return Err(problem(format!("its index names `{name}`, which is not in its folder")));
        }
        for tensor in part(&folder.join(name))? {
            places.insert(tensor.name.clone(), name);
            if let Some(twice) = found.insert(tensor.name.clone(), tensor) {
                return Err(problem(format!("two parts have a tensor `{}`", twice.name)));
            }
        }
    }
    for (tensor, file) in &index.weight_map {
        if places.get(tensor) != Some(&file) {
            return Err(problem(format!("its index says that `{tensor}` is in `{file}`, where it is not")));
        }
    }
    Ok(found.into_values().collect())
}

fn index(path: &Path) -> Result<Index, GraphError> {
    let failed = |source| GraphError::Io { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(failed)?.len() > LARGEST_INDEX {
        return Err(problem(format!("an index of more than {LARGEST_INDEX} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    serde_json::from_str(&text).map_err(|error| problem(format!("its index is not one: {error}")))
}

fn part(path: &Path) -> Result<Vec<Stored>, GraphError> {
    let bytes =
        map(path, Reads::WhenLookedAt).map_err(|source| GraphError::Io { path: path.to_owned(), source })?;
    tensors(&bytes)
}

/// The tensors in the bytes of a safetensors file, by name.
///
/// # Errors
/// [`GraphError::Safetensors`].
pub fn tensors(bytes: &[u8]) -> Result<Vec<Stored>, GraphError> {
    let (begin, metadata): (usize, Metadata) =
        SafeTensors::read_metadata(bytes).map_err(|error| problem(error.to_string()))?;
    let numbers = bytes.get(8 + begin..).unwrap_or(&[]);
    let mut found = Vec::new();
    for (name, info) in metadata.tensors() {
        let (begin, end) = info.data_offsets;
        let data =
            numbers.get(begin..end).ok_or_else(|| problem(format!("`{name}` ends behind the file")))?;
        let dims: Vec<u64> = info.shape.iter().map(|&side| side as u64).collect();
        let count = dims.iter().try_fold(1u64, |product, &side| product.checked_mul(side));
        let count =
            count.ok_or_else(|| problem(format!("`{name}` has more numbers than fit into 64 bits")))?;
        let (element, kind) = element(info.dtype);
        let nonzero = kind.and_then(|kind| {
            let extents =
                Extents { element: kind, dims: dims.clone(), numbers: count, bytes: data.len() as u64 };
            tensor::nonzero_bytes(data, &extents)
        });
        found.push(Stored { name, element, dims, numbers: count, bytes: data.len() as u64, nonzero });
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// The name of a kind, and ONNX's of the same bits where there is one.
fn element(kind: Dtype) -> (&'static str, Option<Element>) {
    let code = match kind {
        Dtype::F32 => 1,
        Dtype::U8 => 2,
        Dtype::I8 => 3,
        Dtype::U16 => 4,
        Dtype::I16 => 5,
        Dtype::I32 => 6,
        Dtype::I64 => 7,
        Dtype::BOOL => 9,
        Dtype::F16 => 10,
        Dtype::F64 => 11,
        Dtype::U32 => 12,
        Dtype::U64 => 13,
        Dtype::C64 => 14,
        Dtype::BF16 => 16,
        Dtype::F8_E4M3 => 17,
        Dtype::F8_E4M3FNUZ => 18,
        Dtype::F8_E5M2 => 19,
        Dtype::F8_E5M2FNUZ => 20,
        Dtype::F4 => 23,
        Dtype::F8_E8M0 => 24,
        Dtype::F6_E2M3 => return ("f6e2m3", None),
        Dtype::F6_E3M2 => return ("f6e3m2", None),
        _ => return ("another kind", None),
    };
    let element = Element::of(code);
    (element.map_or("another kind", Element::name), element)
}

fn problem(problem: String) -> GraphError {
    GraphError::Safetensors { problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, numbers: &[u8]) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), numbers].concat()
    }

    const HEADER: &str = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[1,3],"data_offsets":[8,14]}}"#;

    fn numbers() -> Vec<u8> {
        [1.0f32.to_le_bytes(), (-0.0f32).to_le_bytes()]
            .concat()
            .into_iter()
            .chain([0, 0, 1, 0, 0, 0x80])
            .collect()
    }

    #[test]
    fn tensors_are_told_with_their_zeros() {
        let file = file(HEADER, &numbers());
        assert!(is_safetensors(&file));
        let found = tensors(&file).unwrap();
        let told: Vec<_> =
            found.iter().map(|t| (t.name.as_str(), t.element, t.numbers, t.bytes, t.nonzero)).collect();
        assert_eq!(told, [("a", "f32", 2, 8, Some(1)), ("b", "bf16", 3, 6, Some(1))]);
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_an_error_or_tensors() {
        let whole = file(HEADER, &numbers());
        for end in 0..whole.len() {
            assert!(tensors(&whole[..end]).is_err());
        }
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            drop(tensors(&flipped));
        }
        let beyond = HEADER.replace("[8,14]", "[8,9223372036854775807]");
        assert!(tensors(&file(&beyond, &numbers())).is_err());
    }

    #[test]
    fn parts_are_those_of_the_index() {
        let folder = tempfile::tempdir().unwrap();
        let one = |name: &str| format!(r#"{{"{name}":{{"dtype":"I8","shape":[2],"data_offsets":[0,2]}}}}"#);
        std::fs::write(folder.path().join("1.safetensors"), file(&one("a"), &[0, 1])).unwrap();
        std::fs::write(folder.path().join("2.safetensors"), file(&one("b"), &[2, 1])).unwrap();
        let path = folder.path().join("model.safetensors.index.json");
        let look = |map: &str| {
            std::fs::write(&path, format!(r#"{{"metadata":{{}},"weight_map":{map}}}"#)).unwrap();
            open(&path)
        };
        let both = look(r#"{"a":"1.safetensors","b":"2.safetensors"}"#).unwrap();
        assert_eq!(both.iter().map(|tensor| tensor.nonzero).collect::<Vec<_>>(), [Some(1), Some(2)]);
        for (map, expected) in [
            (r#"{"a":"2.safetensors"}"#, "says that `a` is in `2.safetensors`, where it is not"),
            (r#"{"a":"../1.safetensors"}"#, "names `../1.safetensors`, which is not in its folder"),
            (r#"[]"#, "its index is not one"),
        ] {
            let error = look(map).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(matches!(look(r#"{"a":"3.safetensors"}"#), Err(GraphError::Io { .. })));
    }
}
