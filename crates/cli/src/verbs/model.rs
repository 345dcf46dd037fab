//! Models from files: our own, which say all of themselves, and other tools', which are told what their rows are.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use lessen_data::{Answer, ColumnEncoding, Dataset, Encoding, Features};
use lessen_graph::Model;
use lessen_model::onnx::{self, Foreign, OnnxError};
use lessen_model::{Format, Network, Predictor, ReadError};
#[cfg(feature = "foreign")]
use lessen_teachers::foreign::ForeignModel;

use crate::args::foreign::{ForeignArgs, Pixels};
use crate::failure::Advised;

/// Protocol buffers, which an ONNX file is one of, end at 2 GiB.
const LARGEST_MODEL: u64 = 2 << 30;

/// Reads a file whole. What is no regular file (a pipe nobody writes to, an endless device) is refused unopened.
pub(crate) fn read_regular(path: &Path, at_most: Option<u64>) -> anyhow::Result<Vec<u8>> {
    let cannot_read = || format!("cannot read `{}`", path.display());
    let found = fs::metadata(path).with_context(cannot_read)?;
    if !found.is_file() {
        let what = if found.is_dir() { "a folder" } else { "a device or pipe" };
        anyhow::bail!("`{}` is {what}, expected a regular file", path.display());
    }
    if let Some(most) = at_most.filter(|&most| found.len() > most) {
        anyhow::bail!("`{}` has {} bytes, expected at most {most}", path.display(), found.len());
    }
    fs::read(path).with_context(cannot_read)
}

/// A model's file, read.
pub(crate) enum Read {
    /// A network of ours, of either form.
    Ours(Network),
    /// Another tool's layers.
    Foreign(Foreign),
}

/// What another tool's model is given.
#[derive(Clone, Copy)]
pub(crate) enum Rows<'a> {
    /// The rows of a data set, which says what answers are, too.
    Of(&'a Dataset),
    /// Images, of which nothing else is known.
    Images,
    /// Numbers, of which nothing else is known.
    Numbers,
}

/// A network, and what was assumed of it.
pub(crate) struct Known {
    pub(crate) network: Network,
    pub(crate) notes: Vec<String>,
    is_foreign: bool,
}

/// What can answer rows.
pub(crate) enum Any {
    /// A network.
    Network(Read),
    /// A graph of other nodes.
    Graph(Box<Graph>),
}

/// A model that can be run as it is, but not changed.
pub(crate) struct Graph {
    model: Model,
    /// What keeps it from being a network here.
    why: OnnxError,
}

/// Bytes of another tool's file and of those that it names; `None` where that cannot be told.
pub(crate) fn stored_bytes(path: &Path) -> Option<u64> {
    Model::open(path).ok().map(|model| model.stored_bytes())
}

/// Reads the network in a file of ours or another tool's.
pub(crate) fn read(path: &Path) -> anyhow::Result<Read> {
    match read_any(path)? {
        Any::Network(read) => Ok(read),
        Any::Graph(graph) => Err(unusable(path, graph.why.into())),
    }
}

/// Reads whatever can answer rows.
pub(crate) fn read_any(path: &Path) -> anyhow::Result<Any> {
    let bytes = Bytes::from(read_regular(path, Some(LARGEST_MODEL))?);
    let ours = |read: Result<Network, ReadError>| {
        read.map(|network| Any::Network(Read::Ours(network))).map_err(|error| unusable(path, error))
    };
    if Format::of(&bytes) == Format::Compact {
        return ours(lessen_model::read(&bytes));
    }
    // Other tools' graphs may have many times as many parts as ours.
    let model =
        Model::decode(bytes.clone()).map_err(|error| unusable(path, OnnxError::from(error).into()))?;
    if onnx::is_ours(model.proto()) {
        return ours(lessen_model::read(&bytes));
    }
    let model = model.in_folder_of(path);
    match Foreign::of(&model) {
        Ok(foreign) => Ok(Any::Network(Read::Foreign(foreign))),
        // A graph of several inputs, or rows of free extents, is no less a graph.
        Err(why @ (OnnxError::Kept { .. } | OnnxError::Graph { .. })) => {
            Ok(Any::Graph(Box::new(Graph { model, why })))
        }
        Err(error) => Err(unusable(path, error.into())),
    }
}

impl Graph {
    /// The model ready to answer the rows of `dataset`; what was assumed is added to `notes`.
    pub(crate) fn on(
        self,
        path: &Path,
        dataset: &Dataset,
        said: ForeignArgs,
        notes: &mut Vec<String>,
    ) -> anyhow::Result<Arc<dyn Predictor>> {
        let shown = path.display();
        let encoding = encoding_of(path, dataset, said, notes);
        let (found, uncounted) = self.run(path, encoding, dataset.answer())?;
        notes.push(format!("`{shown}` is run, not changed: {}", self.why));
        if uncounted > 0 {
            notes.push(format!(
                "the arithmetic of `{shown}` is more than is said: {uncounted} nodes are not counted (`lessen count`)"
            ));
        }
        Ok(found)
    }

    /// In the runtime, with how many nodes its cost leaves out.
    #[cfg(feature = "foreign")]
    fn run(
        &self,
        path: &Path,
        encoding: Encoding,
        answer: Answer,
    ) -> anyhow::Result<(Arc<dyn Predictor>, usize)> {
        let found = ForeignModel::new(name_of(path), (&self.as_one_file()?, &self.model), encoding, answer)?;
        let uncounted = found.uncounted();
        Ok((Arc::new(found), uncounted))
    }

    /// Models of layers that are not known here need a runtime, which this build has not.
    #[cfg(not(feature = "foreign"))]
    fn run(&self, path: &Path, _: Encoding, _: Answer) -> anyhow::Result<(Arc<dyn Predictor>, usize)> {
        let hint = "build it with `cargo build --release --features foreign`".to_owned();
        let message = format!("`{}` needs a runtime, which this lessen was built without", path.display());
        Err(anyhow::anyhow!("{}", self.why).context(Advised { message, hint }))
    }

    /// Its file, with what it has in others.
    pub(crate) fn as_one_file(&self) -> anyhow::Result<Vec<u8>> {
        Ok(self.model.as_one_file()?)
    }
}

/// The last part of a path, for people.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

impl Known {
    /// The file that the network is in; of another tool's, which also depends on what was said of it, as ours would be.
    pub(crate) fn file(&self, path: &Path) -> anyhow::Result<Vec<u8>> {
        if self.is_foreign { Ok(Format::Onnx.write(&self.network)) } else { read_regular(path, None) }
    }
}

/// Raw numbers as they are, pixels as was said.
fn encoding_of(path: &Path, dataset: &Dataset, said: ForeignArgs, notes: &mut Vec<String>) -> Encoding {
    let encoding = Encoding::unscaled_of(&dataset.features);
    if !matches!(dataset.features, Features::Images(_)) {
        return encoding;
    }
    with_pixels(encoding, path, said, notes)
}

fn with_pixels(encoding: Encoding, path: &Path, said: ForeignArgs, notes: &mut Vec<String>) -> Encoding {
    if said.pixels.is_none() {
        let path = path.display();
        notes.push(format!("`{path}` does not say how it takes pixels: they are given as 0 to 1 (--pixels)"));
    }
    let Pixels { shift, scale } = said.pixels.unwrap_or_default();
    encoding.with_pixels_scaled(shift, scale)
}

fn unusable(path: &Path, error: ReadError) -> anyhow::Error {
    let hint = error.hint().map(str::to_owned);
    let error =
        anyhow::Error::from(error).context(format!("`{}` is no model that can be used here", path.display()));
    match hint {
        Some(hint) => error.context(Advised { message: "cannot load the model".into(), hint }),
        None => error,
    }
}

impl Read {
    /// The columns that it reads of a table, by name or by place, or the pixels of an image.
    pub(crate) fn columns(&self) -> anyhow::Result<Encoding> {
        Ok(match self {
            Self::Ours(network) => network.encoding().clone(),
            Self::Foreign(foreign) => numbers(foreign)?,
        })
    }

    /// The network for these rows.
    pub(crate) fn on(self, path: &Path, rows: Rows<'_>, said: ForeignArgs) -> anyhow::Result<Known> {
        let foreign = match self {
            Self::Ours(network) => return Ok(Known { network, notes: Vec::new(), is_foreign: false }),
            Self::Foreign(foreign) => foreign,
        };
        let mut notes = foreign.notes().to_vec();
        let (encoding, answer) = match rows {
            Rows::Of(dataset) => (encoding_of(path, dataset, said, &mut notes), dataset.answer()),
            Rows::Images => (with_pixels(numbers(&foreign)?, path, said, &mut notes), numbered(&foreign)),
            Rows::Numbers => (numbers(&foreign)?, numbered(&foreign)),
        };
        let network = foreign.network(encoding, answer).map_err(|error| unusable(path, error.into()))?;
        // As our own files have it: raw numbers in, the scaling in the first layer.
        let network = network.with_scaling_folded().unwrap_or(network);
        Ok(Known { network, notes, is_foreign: true })
    }
}

/// Numbers by their places, as they are.
fn numbers(foreign: &Foreign) -> anyhow::Result<Encoding> {
    let numbers = ColumnEncoding::Pixels { count: foreign.inputs(), shift: 0.0, scale: 1.0 };
    Ok(Encoding::try_from(vec![numbers])?)
}

/// Classes by their numbers, or a value, where there is no data that says more.
fn numbered(foreign: &Foreign) -> Answer {
    let classes = match foreign.outputs() {
        1 if foreign.is_sigmoid() => 2,
        1 => return Answer::Value("value".into()),
        outputs => outputs,
    };
    Answer::Classes((0..classes).map(|class| class.to_string()).collect())
}
