//! In the place of another runtime, where this lessen was built without it.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use lessen_model::{Network, Predictor};

use crate::failure::Advised;

/// There is none.
pub(super) struct Other(Infallible);

impl Other {
    pub(super) fn load(_: Option<&Path>) -> anyhow::Result<Self> {
        let message = "this lessen was built without the feature that runs models in ONNX Runtime".to_owned();
        let hint = "build it with `cargo build --release --features onnxruntime`".to_owned();
        Err(Advised { message, hint }.into())
    }

    pub(super) fn name(&self) -> String {
        match self.0 {}
    }

    pub(super) fn predictor(&self, _: &str, _: &Network, _: usize) -> anyhow::Result<Arc<dyn Predictor>> {
        match self.0 {}
    }
}
