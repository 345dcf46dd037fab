//! Another runtime, where this lessen was built with it.

use std::path::Path;
use std::sync::Arc;

use lessen_model::{Network, Predictor};
use lessen_teachers::onnxruntime::{OnnxRuntime, OnnxRuntimeError};

use crate::failure::Advised;

/// The library that was named.
pub(super) struct Other(OnnxRuntime);

impl Other {
    pub(super) fn load(library: Option<&Path>) -> anyhow::Result<Self> {
        let Some(library) = library else { return Err(super::no_library_named().into()) };
        Ok(Self(OnnxRuntime::load(library).map_err(advised)?))
    }

    pub(super) fn name(&self) -> String {
        self.0.name()
    }

    pub(super) fn predictor(
        &self,
        name: &str,
        network: &Network,
        threads: usize,
    ) -> anyhow::Result<Arc<dyn Predictor>> {
        Ok(Arc::new(self.0.predictor(name, network, threads).map_err(advised)?))
    }
}

fn advised(error: OnnxRuntimeError) -> anyhow::Error {
    match error.hint() {
        Some(hint) => Advised { message: error.to_string(), hint: hint.to_owned() }.into(),
        None => error.into(),
    }
}
