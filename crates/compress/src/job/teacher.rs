//! The teacher: an ensemble selected from a library that is fitted here, or one that an earlier run saved.

use std::path::Path;
use std::sync::Arc;

use lessen_data::{Dataset, Task, hex};
use lessen_model::{Predictor, predict_rows};
use lessen_records::{StageRecord, content_name};
use lessen_teachers::{Ensemble, Examples, Learned, Origin};
use sha2::{Digest, Sha256};

use super::Job;
use crate::error::CompressError;
use crate::kept::Selected;
use crate::made::{MadeTeacher, TEACHER};
use crate::select::{HillClimbSet, select};
use crate::stages::{Done, Part, Stages};

/// How an ensemble is made.
const SELECTION: &str = "ensemble selection";

/// Where the teacher comes from.
#[derive(Clone)]
pub enum Teacher {
    /// Fit a library and select an ensemble from it.
    Library,
    /// An ensemble that an earlier run saved.
    Given(Arc<Ensemble>),
    /// A model of any kind, from a file.
    Model(ModelTeacher),
}

/// A teacher that is a model: a network, or what another tool made.
#[derive(Clone)]
pub struct ModelTeacher {
    /// What answers.
    pub predictor: Arc<dyn Predictor>,
    /// What it is, for people: `network`.
    pub method: String,
    /// Name and bytes of its files, which are kept with the run.
    pub files: Vec<(String, Vec<u8>)>,
}

impl ModelTeacher {
    /// Sees that it answers the rows of `dataset`.
    ///
    /// # Errors
    /// Where it does not.
    pub fn check(&self, dataset: &Dataset) -> Result<(), CompressError> {
        let expected = dataset.answer().outputs();
        if self.predictor.outputs() != expected {
            return Err(CompressError::TeacherClasses { expected, found: self.predictor.outputs() });
        }
        predict_rows(self.predictor.as_ref(), &dataset.features, &[0])?;
        Ok(())
    }
}

impl Teacher {
    /// Loads the ensemble in `folder` and sees that it can predict the rows of `dataset`, and that those which `seed` holds
    /// back from training are rows that it has not seen.
    ///
    /// # Errors
    /// Where the folder holds no ensemble, or one for other columns, classes or rows.
    pub fn load(folder: &Path, dataset: &Dataset, seed: u64) -> Result<Self, CompressError> {
        let ensemble = Ensemble::load(folder)?;
        let expected = dataset.answer().outputs();
        if ensemble.outputs() != expected {
            return Err(CompressError::TeacherClasses { expected, found: ensemble.outputs() });
        }
        let here = origin(dataset, seed);
        if let Some(Origin { dataset, seed, .. }) = ensemble.origin().filter(|origin| **origin != here) {
            let found = format!("`{}` divided by seed {}", here.dataset, here.seed);
            return Err(CompressError::TeacherRows { dataset: dataset.clone(), seed: *seed, found });
        }
        predict_rows(&ensemble, &dataset.features, &[0])?;
        Ok(Self::Given(Arc::new(ensemble)))
    }
}

fn origin(dataset: &Dataset, seed: u64) -> Origin {
    Origin { dataset: dataset.name.clone(), sha256: dataset.digest(), seed }
}

impl Job<'_> {
    pub(super) fn teacher(
        &self,
        teacher: &Teacher,
        stages: &mut Stages<'_>,
    ) -> Result<MadeTeacher, CompressError> {
        match teacher {
            Teacher::Library => {
                let members = self.library(stages)?;
                self.select(members, stages)
            }
            Teacher::Given(ensemble) => self.given(ensemble.clone(), stages),
            Teacher::Model(model) => Self::model(model, stages),
        }
    }

    /// Fits every learner of the library, side by side.
    fn library(&self, stages: &mut Stages<'_>) -> Result<Vec<Done<Learned>>, CompressError> {
        let examples = Examples::new(self.dataset, self.encoding.clone(), &self.split.train)?;
        let examples = &examples;
        let seed = self.spec.seed;
        let task = Task::from(&self.dataset.answer());
        let parts = self.spec.library.iter().cloned().map(|learner| Part {
            name: format!("library: {}", learner.name_for(task)),
            key: self.key(learner.clone(), Vec::new()),
            work: Box::new(move |_| Ok(learner.fit(examples, seed)?)),
        });
        stages.parts("library", parts.collect())
    }

    /// Selects the ensemble on the validation rows.
    fn select(
        &self,
        library: Vec<Done<Learned>>,
        stages: &mut Stages<'_>,
    ) -> Result<MadeTeacher, CompressError> {
        let upstream: Vec<String> = library.iter().map(|done| done.content.clone()).collect();
        let key = self.key(&self.spec.selection, upstream);
        let selected: Done<Selected> = stages.stage("ensemble selection", &key, |progress, _| {
            let mut predictions = Vec::new();
            for (place, member) in library.iter().enumerate() {
                predictions.push(self.validation.answers(&member.made)?);
                progress.advance(place as f64 / library.len() as f64, member.made.name());
            }
            let (truth, spec) = (self.validation.truth(), &self.spec.selection);
            let weights = select(&HillClimbSet { predictions: &predictions, truth }, spec, self.spec.seed);
            let scores = predictions.iter().map(|member| truth.score(spec.metric, member, 1.0)).collect();
            Ok(Selected { weights, scores })
        })?;
        let mut receipts: Vec<StageRecord> = library.iter().map(|done| done.receipt.clone()).collect();
        receipts.push(selected.receipt);
        let members: Vec<Arc<Learned>> = library.into_iter().map(|done| Arc::new(done.made)).collect();
        let best = best_of(&selected.made.scores);
        let best_member = best.and_then(|place| members.get(place).cloned());
        let chosen = members.into_iter().zip(selected.made.weights).collect();
        let ensemble = Ensemble::new("teacher", chosen)
            .ok_or(CompressError::NothingSelected)?
            .with_origin(Some(origin(self.dataset, self.spec.seed)));
        ensemble.save(&stages.folder().path().join(TEACHER))?;
        let (predictor, content) = (Arc::new(ensemble), selected.content);
        Ok(MadeTeacher { predictor, method: SELECTION.to_owned(), best_member, receipts, content })
    }

    fn given(&self, ensemble: Arc<Ensemble>, stages: &Stages<'_>) -> Result<MadeTeacher, CompressError> {
        let mut scores = Vec::new();
        for (member, _) in ensemble.members() {
            let answers = self.validation.answers(member.as_ref())?;
            scores.push(self.validation.truth().score(self.spec.selection.metric, &answers, 1.0));
        }
        let best_member = best_of(&scores).and_then(|place| ensemble.members().get(place));
        let best_member = best_member.map(|(member, _)| member.clone());
        let content = content_name("teacher", &ensemble.digests()?)?;
        ensemble.save(&stages.folder().path().join(TEACHER))?;
        let (predictor, method) = (ensemble, SELECTION.to_owned());
        Ok(MadeTeacher { predictor, method, best_member, receipts: Vec::new(), content })
    }

    fn model(model: &ModelTeacher, stages: &Stages<'_>) -> Result<MadeTeacher, CompressError> {
        let ModelTeacher { predictor, method, files } = model;
        let digests: Vec<String> = files.iter().map(|(_, bytes)| hex(&Sha256::digest(bytes))).collect();
        for (name, bytes) in files {
            stages.folder().write(&format!("{TEACHER}/{name}"), bytes)?;
        }
        Ok(MadeTeacher {
            predictor: predictor.clone(),
            method: method.clone(),
            best_member: None,
            receipts: Vec::new(),
            content: content_name("teacher", &digests)?,
        })
    }
}

/// The place of the best score, the first of several.
fn best_of(scores: &[f64]) -> Option<usize> {
    (0..scores.len()).reduce(|best, place| if scores[place] > scores[best] { place } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_best_is_best() {
        assert_eq!(best_of(&[0.5, 0.9, 0.9]), Some(1));
        assert_eq!(best_of(&[]), None);
    }
}
