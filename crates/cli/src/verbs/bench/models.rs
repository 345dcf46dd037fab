//! What MODEL stands for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use lessen_compress::bench::{Contender, truth_of};
use lessen_compress::{Truth, folder_bytes};
use lessen_data::{Answer, Dataset};
use lessen_model::{Network, Predictor};
use lessen_records::{Record, ResultRecord};
use lessen_teachers::Ensemble;

use super::rows::Rows;
use crate::args::foreign::ForeignArgs;
use crate::failure::Advised;
use crate::verbs::model::{self, Any, Read, name_of};
use crate::verbs::{RESULT, mimic};

/// A model that was read.
pub(super) struct Model {
    name: String,
    file: String,
    pub(super) network: Option<Network>,
    /// Another tool's model, until it is told what its rows are.
    foreign: Option<Any>,
    /// What is no network.
    pub(super) other: Option<Arc<dyn Predictor>>,
    bytes: Option<u64>,
}

/// Reads the models that were named; each gets a name as short as tells it from the others.
pub(super) fn read(named: &[String]) -> anyhow::Result<Vec<Model>> {
    let mut models = named.iter().map(|named| read_one(Path::new(named))).collect::<Result<Vec<_>, _>>()?;
    for place in 0..models.len() {
        if let Some(twin) = (0..place).find(|&twin| models[twin].file == models[place].file) {
            anyhow::bail!("`{}` and `{}` are one model", named[twin], named[place]);
        }
        let is_like = |(other, model): (usize, &Model)| other != place && model.name == models[place].name;
        if models.iter().enumerate().any(is_like) {
            models[place].name = models[place].file.clone();
        }
    }
    Ok(models)
}

fn read_one(path: &Path) -> anyhow::Result<Model> {
    if !path.is_dir() {
        return of_network(path);
    }
    let record = path.join(RESULT);
    if record.is_file() {
        return of_network(&chosen(path, &record)?);
    }
    let folder = mimic::teacher_folder(path);
    let ensemble = Ensemble::load(&folder).map_err(|error| {
        let message = format!("`{}` is a folder without a model", path.display());
        let hint =
            "name a model's file, the folder of a finished run, or the folder of a saved teacher".to_owned();
        anyhow::Error::from(error).context(Advised { message, hint })
    })?;
    Ok(Model {
        name: name_of(&folder),
        file: folder.display().to_string(),
        network: None,
        foreign: None,
        bytes: folder_bytes(&folder),
        other: Some(Arc::new(ensemble)),
    })
}

fn of_network(path: &Path) -> anyhow::Result<Model> {
    let (network, foreign, bytes) = match model::read_any(path)? {
        Any::Network(Read::Ours(network)) => {
            (Some(network), None, std::fs::metadata(path).ok().map(|about| about.len()))
        }
        foreign => (None, Some(foreign), model::stored_bytes(path)),
    };
    let (name, file) = (name_of(path), path.display().to_string());
    Ok(Model { name, file, network, foreign, other: None, bytes })
}

/// The file of a run's chosen model.
fn chosen(folder: &Path, record: &Path) -> anyhow::Result<PathBuf> {
    let shown = record.display();
    let text = std::fs::read_to_string(record).with_context(|| format!("cannot read `{shown}`"))?;
    let record = ResultRecord::from_json(&text).with_context(|| format!("`{shown}` is no result"))?;
    let file = record.chosen_model().and_then(|model| model.file.clone());
    file.map(|file| folder.join(file)).with_context(|| format!("`{shown}` has no chosen model with a file"))
}

impl Model {
    /// Tells another tool's model what its rows are; what was assumed is added to `notes`.
    pub(super) fn settle(
        &mut self,
        dataset: &Dataset,
        said: ForeignArgs,
        notes: &mut Vec<String>,
    ) -> anyhow::Result<()> {
        let path = Path::new(&self.file);
        match self.foreign.take() {
            None => {}
            Some(Any::Network(read)) => {
                let known = read.on(path, model::Rows::Of(dataset), said)?;
                notes.extend(known.notes);
                self.network = Some(known.network);
            }
            Some(Any::Graph(graph)) => self.other = Some(graph.on(path, dataset, said, notes)?),
        }
        Ok(())
    }

    /// What the model answers with; `None` where its files do not say.
    pub(super) fn answer(&self) -> Option<&Answer> {
        self.network.as_ref().map(Network::answer)
    }

    /// The model in our own runtime, on `rows` as it reads them.
    pub(super) fn contender(&self, rows: &Rows) -> anyhow::Result<Contender> {
        let predictor: Arc<dyn Predictor> = match (&self.network, &self.other) {
            (Some(network), _) => Contender::plan(&self.name, network)?,
            (None, Some(other)) => other.clone(),
            (None, None) => anyhow::bail!("`{}` holds no model", self.file),
        };
        let dataset = &rows.dataset;
        let truth = match self.answer() {
            Some(answer) => truth_of(&self.name, answer, dataset, &rows.rows)?,
            None if predictor.outputs() == dataset.answer().outputs() => Truth::of(dataset, &rows.rows),
            None => {
                let problem = format!(
                    "the model gives {} numbers a row, and the data asks for {}",
                    predictor.outputs(),
                    dataset.answer().outputs()
                );
                let (model, data) = (self.name.clone(), dataset.name.clone());
                return Err(lessen_compress::CompressError::Unfit { model, data, problem }.into());
            }
        };
        Ok(Contender {
            name: self.name.clone(),
            file: self.file.clone(),
            runtime: "ours".to_owned(),
            predictor,
            own_threads: false,
            network: self.network.clone(),
            file_bytes: self.bytes,
            agrees_with: None,
            features: rows.features(self.network.as_ref())?,
            rows: rows.rows.clone(),
            truth: Arc::new(truth),
            deviation: f64::from(dataset.target_unit(&rows.rows).scale),
        })
    }
}
