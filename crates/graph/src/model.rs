//! An ONNX file, read and looked at.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use prost::Message;

use crate::count::{Count, Dimension};
use crate::error::GraphError;
use crate::file::{Reads, map};
use crate::limits::check_parts;
use crate::proto::{DimensionProto, GraphProto, ModelProto, TensorProto};
use crate::tensor::{self, Extents, Place};
use crate::value::{Dims, Value};
use crate::walk::{Walker, scope::tensor_type};

/// Parts that a file may have: a node has about 15, and a model of a billion weights some ten thousand nodes.
const MOST_PARTS: usize = 1 << 21;

/// A model of any tool's.
#[derive(Debug)]
pub struct Model {
    proto: ModelProto,
    /// Where its file is, if it was read from one.
    folder: Option<PathBuf>,
    /// Bytes of the file.
    file_bytes: u64,
}

/// How a model is counted.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Values of free dimensions by name. One along the first axis of an input is 1 where nothing is said.
    pub dims: BTreeMap<String, u64>,
    /// Whether numbers in other files are read, to tell how many are not zero.
    pub reads_other_files: bool,
}

impl Model {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`GraphError`].
    pub fn open(path: &Path) -> Result<Self, GraphError> {
        let failed = |source| GraphError::Io { path: path.to_owned(), source };
        let bytes = map(path, Reads::WhenLookedAt).map_err(failed)?;
        Ok(Self::decode(bytes)?.in_folder_of(path))
    }

    /// Of the bytes of such a file. Tensors share them; data in other files cannot be found.
    ///
    /// # Errors
    /// [`GraphError`].
    pub fn decode(bytes: Bytes) -> Result<Self, GraphError> {
        let malformed = |problem: String| GraphError::Malformed { problem };
        let file_bytes = bytes.len() as u64;
        check_parts(&bytes, MOST_PARTS).map_err(|error| malformed(error.to_string()))?;
        let proto = ModelProto::decode(bytes).map_err(|error| malformed(error.to_string()))?;
        if proto.graph.is_none() {
            return Err(GraphError::Graph { expected: "a graph".into(), found: "none".into() });
        }
        Ok(Self { proto, folder: None, file_bytes })
    }

    /// The same in a folder, where its data in other files is.
    #[must_use]
    pub fn in_folder_of(mut self, path: &Path) -> Self {
        self.folder = Some(path.parent().unwrap_or(Path::new("")).to_owned());
        self
    }

    /// Bytes of its file and of those that it names, each once; what is not there has none.
    pub fn stored_bytes(&self) -> u64 {
        let tensors = self.proto.graph.iter().flat_map(|graph| &graph.initializer);
        let files: HashSet<PathBuf> = tensors
            .filter_map(|tensor| match tensor::place(tensor) {
                Ok(Place::Elsewhere { location, .. }) => self.other_file(&tensor.name, &location).ok(),
                _ => None,
            })
            .collect();
        let bytes = |path: PathBuf| std::fs::metadata(path).map_or(0, |about| about.len());
        self.file_bytes.saturating_add(files.into_iter().map(bytes).sum())
    }

    /// The file's message.
    pub fn proto(&self) -> &ModelProto {
        &self.proto
    }

    /// What it takes to compute it once.
    ///
    /// # Errors
    /// What is wrong with the file. What only cannot be known is in the count.
    pub fn count(&self, options: &Options) -> Result<Count, GraphError> {
        let Some(graph) = &self.proto.graph else { return Ok(Count::default()) };
        self.check_other_files(graph)?;
        let (inputs, dimensions) = inputs(graph, &options.dims)?;
        let given: Vec<(&str, Option<u64>)> =
            inputs.iter().map(|(name, value)| (*name, value.bytes())).collect();
        let mut walker = Walker::new(&self.proto);
        walker.model(&self.proto, graph, inputs.iter().cloned().collect::<HashMap<_, _>>())?;
        let outputs: Vec<&str> = graph.output.iter().map(|output| output.name.as_str()).collect();
        let activations = crate::memory::activations(&given, &walker.steps, &outputs);
        let elsewhere = |tensor: &TensorProto, extents: &Extents| {
            if options.reads_other_files { self.nonzero_elsewhere(tensor, extents) } else { None }
        };
        let Walker { constants, nodes, .. } = walker;
        Ok(Count {
            inputs: inputs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            dimensions,
            nodes,
            constants: constants.finish(elsewhere),
            activations,
        })
    }

    /// Files that the model names must be there, its own, and long enough, whether they are read or not.
    fn check_other_files(&self, graph: &GraphProto) -> Result<(), GraphError> {
        for tensor in &graph.initializer {
            if let Place::Elsewhere { location, offset, length } = tensor::place(tensor)? {
                let extents = Extents::of(tensor)?;
                let path = self.other_file(&tensor.name, &location)?;
                let failed = |source| GraphError::Io { path: path.clone(), source };
                let there = std::fs::metadata(&path).map_err(failed)?.len();
                let needed = length.unwrap_or(extents.bytes);
                if needed != extents.bytes || offset.checked_add(needed).is_none_or(|end| end > there) {
                    return Err(GraphError::External {
                        tensor: tensor.name.clone(),
                        location,
                        problem: format!(
                            "expected {} bytes from byte {offset} on, found {needed} said of {there} there",
                            extents.bytes
                        ),
                    });
                }
            }
        }
        Ok(())
    }

    /// A file that a tensor names, if it is in the model's folder.
    pub(crate) fn other_file(&self, tensor: &str, location: &str) -> Result<PathBuf, GraphError> {
        let refused = |problem: String| GraphError::External {
            tensor: tensor.to_owned(),
            location: location.to_owned(),
            problem,
        };
        let Some(folder) = &self.folder else {
            return Err(refused("the model has no folder".into()));
        };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let home = folder.canonicalize().map_err(|source| refused(source.to_string()))?;
        let path = folder.join(location).canonicalize().map_err(|source| refused(source.to_string()))?;
        if Path::new(location).is_absolute() || !path.starts_with(&home) {
            return Err(refused("lies outside of the model's folder".into()));
        }
        Ok(path)
    }

    fn nonzero_elsewhere(&self, tensor: &TensorProto, extents: &Extents) -> Option<u64> {
        let Ok(Place::Elsewhere { location, offset, .. }) = tensor::place(tensor) else { return None };
        let path = self.other_file(&tensor.name, &location).ok()?;
        let bytes = map(&path, Reads::WhenLookedAt).ok()?;
        let begin = usize::try_from(offset).ok()?;
        let end = begin.checked_add(usize::try_from(extents.bytes).ok()?)?;
        tensor::nonzero_bytes(bytes.get(begin..end)?, extents)
    }
}

/// Names, with what is known of each.
type Inputs<'a> = Vec<(&'a str, Value)>;

/// The inputs that are no constants, with their free dimensions filled in.
fn inputs<'a>(
    graph: &'a GraphProto,
    said: &BTreeMap<String, u64>,
) -> Result<(Inputs<'a>, Vec<Dimension>), GraphError> {
    let constants: HashSet<&str> = graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
    let given = graph.input.iter().filter(|input| !constants.contains(input.name.as_str()));
    let mut dimensions: Vec<Dimension> = Vec::new();
    let mut inputs = Vec::new();
    for input in given {
        let Some((element, dims)) = input.r#type.as_ref().and_then(tensor_type) else {
            inputs.push((input.name.as_str(), Value::default()));
            continue;
        };
        let mut side = |(axis, dim): (usize, &DimensionProto)| {
            if let Some(side) = dim.dim_value.and_then(|side| u64::try_from(side).ok()) {
                return Some(side);
            }
            let name = match dim.dim_param.as_deref() {
                Some(name) if !name.is_empty() => name.to_owned(),
                _ => format!("{}[{axis}]", input.name),
            };
            if let Some(known) = dimensions.iter().find(|dimension| dimension.name == name) {
                return known.value;
            }
            let value = said.get(&name).copied();
            let is_assumed = value.is_none() && axis == 0;
            let value = value.or(is_assumed.then_some(1));
            dimensions.push(Dimension { name, value, is_assumed });
            value
        };
        let dims = dims.map(|dims| dims.iter().enumerate().map(&mut side).collect::<Dims>());
        inputs.push((input.name.as_str(), Value::new(element, dims).bounded()));
    }
    if let Some(name) = said.keys().find(|name| !dimensions.iter().any(|dimension| dimension.name == **name))
    {
        let free = dimensions.into_iter().map(|dimension| dimension.name).collect();
        return Err(GraphError::NoSuchDimension { name: name.clone(), free });
    }
    Ok((inputs, dimensions))
}
