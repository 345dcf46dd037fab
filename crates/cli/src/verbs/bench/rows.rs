//! What DATA stands for: rows, and what is true of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lessen_compress::CompressError;
use lessen_data::files::{self, FileOptions, Opened};
use lessen_data::{Answer, Dataset, Features, Task, named};
use lessen_model::Network;

use super::models::Model;
use crate::args::bench::BenchArgs;
use crate::args::{Common, PartName};
use crate::verbs;

/// The rows that models are measured on.
pub(super) struct Rows {
    pub(super) dataset: Dataset,
    pub(super) rows: Arc<Vec<u32>>,
    /// As the record says it.
    pub(super) part: &'static str,
    pub(super) notes: Vec<String>,
    /// A file of one's own: each network finds its columns in it by name, whatever learning would have left out.
    file: Option<PathBuf>,
    features: Arc<Features>,
}

impl Rows {
    pub(super) fn read(
        data: &str,
        models: &[Model],
        args: &BenchArgs,
        common: &Common,
    ) -> anyhow::Result<Self> {
        let is_named = named::names().any(|name| name == data) || !files::is_own(data);
        let (dataset, mut notes, file) = if is_named {
            let (dataset, notes) = verbs::load(data, &args.file, common)?;
            (dataset, notes, None)
        } else {
            let Opened { dataset, notes } = files::open(Path::new(data), &options(args, models))?;
            let one_file = Path::new(data).is_file() && args.file.test.is_none();
            // What learning leaves out is nothing to a model that is there.
            (dataset, if one_file { Vec::new() } else { notes }, one_file.then(|| PathBuf::from(data)))
        };
        let part = args.part.unwrap_or(if is_named { PartName::Test } else { PartName::All });
        let rows = verbs::predict::part(&dataset, part, common.seed)?;
        let part = match part {
            PartName::All | PartName::Train => {
                notes.push(
                    "rows that a model may have been trained on are among those that it is measured on"
                        .into(),
                );
                if part == PartName::All { "all" } else { "train" }
            }
            PartName::Validation => "validation",
            PartName::Test => "test",
        };
        let features = Arc::new(dataset.features.clone());
        Ok(Self { dataset, rows: Arc::new(rows), part, notes, file, features })
    }

    /// The rows as `network` reads them.
    pub(super) fn features(&self, network: Option<&Network>) -> anyhow::Result<Arc<Features>> {
        match (network, &self.file) {
            (Some(network), Some(file)) => {
                let features = files::read_rows_for(network.encoding(), file)?;
                if features.rows() != self.dataset.features.rows() {
                    let (found, expected) = (features.rows(), self.dataset.features.rows());
                    let problem = format!("{found} rows have its columns, and {expected} have a target");
                    let (model, data) = ("a model".to_owned(), self.dataset.name.clone());
                    return Err(CompressError::Unfit { model, data, problem }.into());
                }
                Ok(Arc::new(features))
            }
            _ => Ok(self.features.clone()),
        }
    }
}

/// What the models say about a file, where the user does not.
fn options(args: &BenchArgs, models: &[Model]) -> FileOptions {
    let answer = models.iter().find_map(Model::answer);
    let task = args.file.task.map(Into::into).or_else(|| answer.map(Task::from));
    let of_model = answer.and_then(|answer| match answer {
        Answer::Value(name) => Some(name.clone()),
        Answer::Classes(_) => None,
    });
    FileOptions { target: args.file.target.clone().or(of_model), test: args.file.test.clone(), task }
}
