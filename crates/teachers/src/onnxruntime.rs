//! Networks of ours in an ONNX Runtime library that is on the machine (feature `onnxruntime`).
//!
//! The library is loaded when it is named, and nothing is linked or downloaded. It has threads of its own.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use lessen_data::Encoding;
use lessen_model::{Batch, Cost, Format, Network, PredictError, PredictErrorKind, Predictor};
use ort::environment::Environment;
use ort::session::Session;
use ort::value::TensorRef;

/// A library that was loaded. A process has one: the first that is named stays.
pub struct OnnxRuntime {
    environment: Environment,
    /// Its version, as far as it says: `1.32`.
    version: String,
    path: PathBuf,
}

/// Why ONNX Runtime cannot run a network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxRuntimeError {
    /// There is no such library, or it is another one.
    #[error("`{}` cannot be used as ONNX Runtime: {problem}", path.display())]
    Library {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// It refuses a model.
    #[error("ONNX Runtime refuses `{model}`: {problem}")]
    Model {
        /// The model.
        model: String,
        /// What it says.
        problem: String,
    },
}

impl OnnxRuntimeError {
    /// Advice, where there is some.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Library { .. } => Some(
                "name the shared library itself, version 1.17 or newer; the Python package `onnxruntime` has it as \
                 `onnxruntime/capi/libonnxruntime.so.…`",
            ),
            Self::Model { .. } => None,
        }
    }
}

impl OnnxRuntime {
    /// Loads the library at `path`.
    ///
    /// # Errors
    /// [`OnnxRuntimeError::Library`] where it cannot be loaded, is no ONNX Runtime or is too old.
    pub fn load(path: &Path) -> Result<Self, OnnxRuntimeError> {
        let refused = |problem: String| OnnxRuntimeError::Library { path: path.to_owned(), problem };
        // A bare name would be looked for elsewhere.
        let path = path.canonicalize().map_err(|error| refused(error.to_string()))?;
        let builder = ort::init_from(&path).map_err(|error| refused(error.to_string()))?;
        let environment = builder.with_name("lessen").build().map_err(|error| refused(error.to_string()))?;
        let version = ort::util::probe(&path).map_or_else(|| "1".to_owned(), |minor| format!("1.{minor}"));
        Ok(Self { environment, version, path })
    }

    /// `onnxruntime 1.32`.
    pub fn name(&self) -> String {
        format!("onnxruntime {}", self.version)
    }

    /// Where the library is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `network`, written as ONNX, in a session with that many threads.
    ///
    /// # Errors
    /// [`OnnxRuntimeError::Model`] where the library refuses it.
    pub fn predictor(
        &self,
        name: &str,
        network: &Network,
        threads: usize,
    ) -> Result<OnnxPredictor, OnnxRuntimeError> {
        let refused = |error: String| OnnxRuntimeError::Model { model: name.to_owned(), problem: error };
        let session = Session::builder(&self.environment)
            .map_err(|error| refused(error.to_string()))?
            .with_intra_threads(threads)
            .map_err(|error| refused(error.to_string()))?
            .commit_from_memory(&Format::Onnx.write(network))
            .map_err(|error| refused(error.to_string()))?;
        let output = session.outputs().first().map(|output| output.name().to_owned());
        Ok(OnnxPredictor {
            name: name.to_owned(),
            encoding: network.encoding().clone(),
            outputs: network.outputs(),
            cost: Cost::own(network.operations()),
            output: output.ok_or_else(|| refused("it has no output".to_owned()))?,
            session: Mutex::new(session),
        })
    }
}

/// A network in a session of ONNX Runtime. One call runs at a time, on the session's threads.
pub struct OnnxPredictor {
    name: String,
    encoding: Encoding,
    outputs: usize,
    cost: Cost,
    output: String,
    session: Mutex<Session>,
}

impl OnnxPredictor {
    fn failed(&self, problem: impl ToString) -> PredictError {
        self.error(PredictErrorKind::Runtime { problem: problem.to_string() })
    }
}

impl Predictor for OnnxPredictor {
    fn name(&self) -> &str {
        &self.name
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    /// What the file says; the library multiplies zeros too.
    fn cost(&self) -> Cost {
        self.cost.clone()
    }

    fn predict(&self, batch: &Batch<'_>, into: &mut [f32]) -> Result<(), PredictError> {
        self.check_room(batch, into)?;
        if batch.is_empty() {
            return Ok(());
        }
        let width = self.encoding.width();
        let mut rows = vec![0.0; batch.len() * width];
        // A row at a time comes out row-major, as the library wants it.
        for (row, into) in batch.rows().chunks(1).zip(rows.chunks_exact_mut(width)) {
            self.encoding.gather(batch.features(), row, 1, into).map_err(|error| self.error(error))?;
        }
        let rows = TensorRef::from_array_view(([batch.len(), width], rows.as_slice()));
        let rows = rows.map_err(|error| self.failed(error))?;
        let mut session = self.session.lock().map_err(|error| self.failed(error))?;
        let answers = session.run([rows.into()]).map_err(|error| self.failed(error))?;
        let (_, answers) =
            answers[self.output.as_str()].try_extract_tensor::<f32>().map_err(|error| self.failed(error))?;
        let room = PredictErrorKind::Room { expected: into.len(), found: answers.len() };
        if answers.len() != into.len() {
            return Err(self.error(room));
        }
        into.copy_from_slice(answers);
        Ok(())
    }
}
