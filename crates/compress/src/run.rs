//! The main job: a heavy ensemble becomes a small network.

use std::path::Path;
use std::sync::Arc;

use lessen_data::{Dataset, Encoding, Split};
use lessen_engine::Targets;
use lessen_model::{Predictor, predict_rows};
use lessen_records::{DatasetRecord, Machine, Record, ResultRecord, Schema, StageRecord, content_name};
use lessen_teachers::{Ensemble, Examples, Learned, Origin};
use serde::Serialize;

use crate::assessment::assess;
use crate::error::CompressError;
use crate::kept::{Selected, as_json};
use crate::made::{MadeNetwork, MadeNetworks, MadeTeacher, TEACHER, network_name};
use crate::plan::MimicSpec;
use crate::select::{HillClimbSet, select};
use crate::shipped::ship;
use crate::stages::{Done, Part, Stages};
use crate::students::{StudentSpec, Validation, train};
use crate::transfer::TransferSet;

/// Where the teacher comes from.
#[derive(Clone, Debug)]
pub enum Teacher {
    /// Fit a library and select an ensemble from it.
    Library,
    /// An ensemble that an earlier run saved.
    Given(Arc<Ensemble>),
}

impl Teacher {
    /// Loads the ensemble in `folder` and sees that it can predict the rows of `dataset`, and that those which `seed` holds
    /// back from training are rows that it has not seen.
    ///
    /// # Errors
    /// Where the folder holds no ensemble, or one for other columns, classes or rows.
    pub fn load(folder: &Path, dataset: &Dataset, seed: u64) -> Result<Self, CompressError> {
        let ensemble = Ensemble::load(folder)?;
        let expected = dataset.classes()?.0.len();
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

/// What every stage of a run sees.
struct Job<'a> {
    dataset: &'a Dataset,
    split: &'a Split,
    spec: &'a MimicSpec,
    encoding: Arc<Encoding>,
    classes: usize,
}

/// What a stage's outcome depends on besides its own settings.
#[derive(Clone, Serialize)]
struct Key<S> {
    data: String,
    seed: u64,
    settings: S,
    upstream: Vec<String>,
}

/// Makes the teacher, the transfer set and the students, measures them all and chooses. The models and
/// `result.json` are written into the folder of `stages`.
///
/// # Errors
/// Where a stage fails; what was finished before is kept, and the same call goes on from there.
pub fn mimic(
    dataset: &Dataset,
    split: &Split,
    spec: &MimicSpec,
    teacher: &Teacher,
    mut stages: Stages<'_>,
) -> Result<ResultRecord, CompressError> {
    let job = Job::new(dataset, split, spec)?;
    let made = job.teacher(teacher, &mut stages)?;
    let transfer = job.transfer(&made, &mut stages)?;
    let networks = job.students(transfer, &mut stages)?;
    job.result(made, networks, stages)
}

/// Makes the teacher and the transfer set only.
///
/// # Errors
/// As [`mimic`].
pub fn transfer_set(
    dataset: &Dataset,
    split: &Split,
    spec: &MimicSpec,
    teacher: &Teacher,
    mut stages: Stages<'_>,
) -> Result<TransferSet, CompressError> {
    let job = Job::new(dataset, split, spec)?;
    let made = job.teacher(teacher, &mut stages)?;
    Ok(job.transfer(&made, &mut stages)?.made)
}

impl<'a> Job<'a> {
    fn new(dataset: &'a Dataset, split: &'a Split, spec: &'a MimicSpec) -> Result<Self, CompressError> {
        let encoding = Arc::new(Encoding::fit(&dataset.features, &split.train));
        let classes = dataset.classes()?.0.len();
        Ok(Self { dataset, split, spec, encoding, classes })
    }

    fn key<S: Serialize>(&self, settings: S, upstream: Vec<String>) -> Key<S> {
        Key { data: self.dataset.digest(), seed: self.spec.seed, settings, upstream }
    }

    fn teacher(&self, teacher: &Teacher, stages: &mut Stages<'_>) -> Result<MadeTeacher, CompressError> {
        match teacher {
            Teacher::Library => {
                let members = self.library(stages)?;
                self.select(members, stages)
            }
            Teacher::Given(ensemble) => self.given(ensemble.clone(), stages),
        }
    }

    /// Fits every learner of the library, side by side.
    fn library(&self, stages: &mut Stages<'_>) -> Result<Vec<Done<Learned>>, CompressError> {
        let examples = Examples::new(self.dataset, self.encoding.clone(), &self.split.train)?;
        let examples = &examples;
        let seed = self.spec.seed;
        let parts = self.spec.library.iter().cloned().map(|learner| Part {
            name: format!("library: {}", learner.name()),
            key: self.key(learner.clone(), Vec::new()),
            work: Box::new(move || Ok(learner.fit(examples, seed)?)),
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
        let validation = Validation::new(self.dataset, self.split)?;
        let selected: Done<Selected> = stages.stage("ensemble selection", &key, |progress| {
            let mut predictions = Vec::new();
            for (place, member) in library.iter().enumerate() {
                predictions.push(validation.probabilities(&member.made)?);
                progress.advance(place as f64 / library.len() as f64, member.made.name());
            }
            let set = HillClimbSet {
                predictions: &predictions,
                labels: validation.labels(),
                classes: self.classes,
            };
            let weights = select(&set, &self.spec.selection, self.spec.seed);
            let score =
                |member: &Vec<f32>| self.spec.selection.metric.score(member, 1.0, set.labels, set.classes);
            let scores = predictions.iter().map(score).collect();
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
        Ok(MadeTeacher { ensemble: Arc::new(ensemble), best_member, receipts, content: selected.content })
    }

    fn given(&self, ensemble: Arc<Ensemble>, stages: &Stages<'_>) -> Result<MadeTeacher, CompressError> {
        let validation = Validation::new(self.dataset, self.split)?;
        let mut scores = Vec::new();
        for (member, _) in ensemble.members() {
            let probabilities = validation.probabilities(member.as_ref())?;
            scores.push(self.spec.selection.metric.score(
                &probabilities,
                1.0,
                validation.labels(),
                self.classes,
            ));
        }
        let best_member = best_of(&scores).and_then(|place| ensemble.members().get(place));
        let best_member = best_member.map(|(member, _)| member.clone());
        let content = content_name("teacher", &ensemble.digests()?)?;
        ensemble.save(&stages.folder().path().join(TEACHER))?;
        Ok(MadeTeacher { ensemble, best_member, receipts: Vec::new(), content })
    }

    fn transfer(
        &self,
        teacher: &MadeTeacher,
        stages: &mut Stages<'_>,
    ) -> Result<Done<TransferSet>, CompressError> {
        let spec = &self.spec.munge;
        let key = self.key((spec, self.spec.munge_from), vec![teacher.content.clone()]);
        let rows = evenly(&self.split.train, self.spec.munge_from);
        stages.stage("transfer set", &key, |progress| {
            TransferSet::make(self.dataset, &rows, teacher.ensemble.as_ref(), spec, self.spec.seed, progress)
        })
    }

    /// Trains each student on the transfer set and each control on hard labels, side by side, large ones first.
    fn students(
        &self,
        transfer: Done<TransferSet>,
        stages: &mut Stages<'_>,
    ) -> Result<MadeNetworks, CompressError> {
        let lessons = transfer.made.with_training_rows(self.dataset, &self.split.train)?;
        let validation = Validation::new(self.dataset, self.split)?;
        let labels = self.dataset.classes()?.1;
        let (lessons, validation) = (&lessons, &validation);
        let mut wanted: Vec<(&StudentSpec, bool)> =
            self.spec.students.iter().flat_map(|spec| [(spec, true), (spec, false)]).collect();
        wanted.sort_by_key(|(spec, taught)| (std::cmp::Reverse(spec.hidden), !taught));
        let part = |&(spec, taught): &(&'a StudentSpec, bool)| Part {
            name: network_name(spec, taught),
            key: self.key((spec, taught), if taught { vec![transfer.content.clone()] } else { Vec::new() }),
            work: Box::new(move || {
                let rows = if taught {
                    (&lessons.features, lessons.rows.as_slice(), Targets::Soft(&lessons.probabilities))
                } else {
                    (&self.dataset.features, self.split.train.as_slice(), Targets::Labels(labels))
                };
                train(spec, &self.encoding, rows, validation, self.spec.seed)
            }),
        };
        let done = stages.parts("students", wanted.iter().map(part).collect())?;
        let networks = wanted
            .into_iter()
            .zip(done)
            .map(|((spec, taught), done)| MadeNetwork {
                name: network_name(spec, taught),
                taught,
                control: taught.then(|| network_name(spec, false)),
                done,
            })
            .rev()
            .collect();
        Ok(MadeNetworks { networks, transfer: transfer.receipt })
    }

    /// Ships the networks, measures everything, and puts the record together.
    fn result(
        &self,
        teacher: MadeTeacher,
        made: MadeNetworks,
        mut stages: Stages<'_>,
    ) -> Result<ResultRecord, CompressError> {
        let (folder, meter) = (stages.folder(), stages.meter());
        let assessment = stages.unkept("measure", |progress| {
            let mut entrants = teacher.entrants(folder.path());
            let tried = made.energy_of_all();
            for network in &made.networks {
                let shipped =
                    ship(&network.done.made, &network.name, folder, self.dataset, &self.split.validation)?;
                entrants.push(network.entrant(shipped, &made.transfer, &tried)?);
            }
            let data = (self.dataset, self.split);
            assess(entrants, data, self.spec.max_drop_points, meter, progress)
        })?;
        if let Some((name, false)) = &assessment.chosen {
            let points = self.spec.max_drop_points;
            stages.progress().note(&format!(
                "no student stays within {points} points of the teacher on the {} validation rows with one standard \
                 error to spare; {name} comes nearest",
                self.split.validation.len()
            ));
        }
        let record = ResultRecord {
            schema: Schema::default(),
            dataset: self.dataset_record(),
            machine: Machine::here(),
            seed: self.spec.seed,
            spec: as_json("spec", self.spec)?,
            stages: stages.into_receipts(),
            models: assessment.models,
            chosen_within_drop: assessment.chosen.as_ref().map(|(_, within)| *within),
            chosen: assessment.chosen.map(|(name, _)| name),
            cut: Vec::new(),
            series: Vec::new(),
            extra: serde_json::Map::default(),
        };
        folder.write("result.json", record.to_json()?.as_bytes())?;
        Ok(record)
    }

    fn dataset_record(&self) -> DatasetRecord {
        DatasetRecord {
            name: self.dataset.name.clone(),
            train: self.split.train.len() as u64,
            validation: self.split.validation.len() as u64,
            test: self.split.test.len() as u64,
            features: self.dataset.features.count() as u64,
            classes: Some(self.classes as u64),
            target: None,
            target_deviation: None,
            sha256: self.dataset.digest(),
            extra: serde_json::Map::default(),
        }
    }
}

/// The place of the best score, the first of several.
fn best_of(scores: &[f64]) -> Option<usize> {
    (0..scores.len()).reduce(|best, place| if scores[place] > scores[best] { place } else { best })
}

/// `count` of `rows`, evenly spread over them; all where there are no more.
fn evenly(rows: &[u32], count: usize) -> Vec<u32> {
    if count >= rows.len() {
        return rows.to_vec();
    }
    (0..count).map(|place| rows[place * rows.len() / count]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_evenly() {
        assert_eq!(evenly(&[3, 5, 7, 9], 2), [3, 7]);
        assert_eq!(evenly(&[3, 5], 9), [3, 5]);
    }

    #[test]
    fn the_first_of_the_best_is_best() {
        assert_eq!(best_of(&[0.5, 0.9, 0.9]), Some(1));
        assert_eq!(best_of(&[]), None);
    }
}
