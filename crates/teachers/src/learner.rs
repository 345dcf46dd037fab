//! What one wants to fit.

use lessen_data::Task;
use lessen_engine::EngineError;
use serde::{Deserialize, Serialize};

use crate::examples::{Examples, Lesson};
use crate::learned::{Learned, Model};
use crate::{BayesSpec, BoostingSpec, ForestSpec, NeighboursSpec, NetSpec, SvmSpec, calibration};

/// A kind of learner with its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Learner {
    /// Trees that are averaged: a single tree, bagged trees, a random forest, extra trees.
    Forest(ForestSpec),
    /// Trees (or stumps) that are added up, each mending what the ones before got wrong.
    Boosting(BoostingSpec),
    /// The votes of the nearest training rows, or the mean of their numbers.
    Neighbours(NeighboursSpec),
    /// Support vector machines, one for each pair of classes; for classes only.
    Svm(SvmSpec),
    /// Features taken as independent within a class; for classes only.
    Bayes(BayesSpec),
    /// A neural network; without a hidden layer, multinomial logistic regression, or linear regression of numbers.
    Net(NetSpec),
}

/// A learner that could not be fitted.
#[derive(Debug, thiserror::Error)]
#[error("cannot fit `{learner}`")]
pub struct FitError {
    /// The learner's name.
    pub learner: String,
    /// Why.
    pub source: FitErrorKind,
}

/// Why a learner could not be fitted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitErrorKind {
    /// Training a network failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The target is a number.
    #[error("it tells classes apart, and the target is a number")]
    ClassesOnly,
}

impl Learner {
    /// A short name that says the settings, unique in a library of classes.
    pub fn name(&self) -> String {
        self.name_for(Task::Classification)
    }

    /// A short name that says the settings, unique in a library for `task`.
    pub fn name_for(&self, task: Task) -> String {
        match self {
            Self::Forest(spec) => spec.name(),
            Self::Boosting(spec) => spec.name(),
            Self::Neighbours(spec) => spec.name(),
            Self::Svm(spec) => spec.name(),
            Self::Bayes(spec) => spec.name(),
            Self::Net(spec) => spec.name(task),
        }
    }

    /// The kind of a learner of classes, for people: `"random forest"`.
    pub fn kind(&self) -> &'static str {
        self.kind_for(Task::Classification)
    }

    /// The kind, for people.
    pub fn kind_for(&self, task: Task) -> &'static str {
        match self {
            Self::Forest(spec) => spec.kind(),
            Self::Boosting(spec) => spec.kind(),
            Self::Neighbours(_) => "nearest neighbours",
            Self::Svm(_) => "support vector machine",
            Self::Bayes(_) => "naive Bayes",
            Self::Net(spec) => spec.kind(task),
        }
    }

    /// Whether it can be fitted to such a lesson.
    pub fn supports(&self, task: Task) -> bool {
        match self {
            Self::Forest(_) | Self::Boosting(_) | Self::Neighbours(_) | Self::Net(_) => true,
            Self::Svm(_) | Self::Bayes(_) => task == Task::Classification,
        }
    }

    /// Fits to `examples`; where the kind does not give calibrated probabilities by itself, a temperature (or
    /// the machine's own sigmoids) is fitted on rows that each fit did not see. Same seed, same bits.
    ///
    /// # Errors
    /// Where training does not converge to finite numbers, or the kind does not support the lesson.
    pub fn fit(&self, examples: &Examples, seed: u64) -> Result<Learned, FitError> {
        let task = examples.lesson.task();
        let (name, kind) = (self.name_for(task), self.kind_for(task));
        let part = self.rows_limit().and_then(|limit| examples.part(limit, seed));
        let (model, temperature) = self
            .calibrated(part.as_ref().unwrap_or(examples), seed)
            .map_err(|source| FitError { learner: name.clone(), source })?;
        Ok(Learned::new(name, kind, examples, model, temperature))
    }

    /// Rows that it is fitted to at most, calibration included. (A machine between two classes has a limit of its own.)
    pub(crate) fn rows_limit(&self) -> Option<usize> {
        match self {
            Self::Forest(spec) => spec.rows_limit,
            Self::Boosting(spec) => spec.rows_limit,
            _ => None,
        }
    }

    fn calibrated(&self, examples: &Examples, seed: u64) -> Result<(Model, Option<f32>), FitErrorKind> {
        let model = self.model(examples, seed)?;
        let temperature = match &examples.lesson {
            Lesson::Labels(labels) if !self.is_calibrated_by_itself() => {
                let fit = |part: &Examples| self.model(part, seed);
                let held_out = calibration::held_out_scores(examples, labels, seed, fit)?;
                Some(calibration::temperature(&held_out, &labels.of_rows, labels.classes))
            }
            _ => None,
        };
        Ok((model, temperature))
    }

    /// Whether what the learner gives can be averaged as it is: votes of many trees or neighbours, outputs
    /// trained by log-loss with regularisation, sigmoids fitted out of sample.
    pub(crate) fn is_calibrated_by_itself(&self) -> bool {
        match self {
            Self::Forest(_) | Self::Neighbours(_) | Self::Svm(_) | Self::Net(_) => true,
            Self::Boosting(_) | Self::Bayes(_) => false,
        }
    }

    fn model(&self, examples: &Examples, seed: u64) -> Result<Model, FitErrorKind> {
        Ok(match (self, &examples.lesson) {
            (Self::Forest(spec), _) => Model::Trees(spec.fit(examples, seed)),
            (Self::Boosting(spec), _) => Model::Trees(spec.fit(examples, seed)),
            (Self::Net(spec), _) => Model::Net(spec.fit(examples, seed)?),
            (Self::Neighbours(spec), Lesson::Labels(labels)) => Model::Neighbours(spec.fit(examples, labels)),
            (Self::Neighbours(spec), Lesson::Values(values)) => {
                Model::NeighbourMean(spec.fit_mean(examples, values))
            }
            (Self::Svm(spec), Lesson::Labels(labels)) => Model::Svm(spec.fit(examples, labels, seed)),
            (Self::Bayes(spec), Lesson::Labels(labels)) => Model::Bayes(spec.fit(examples, labels)),
            (Self::Svm(_) | Self::Bayes(_), Lesson::Values(_)) => return Err(FitErrorKind::ClassesOnly),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TREE, line, numbers};
    use crate::trees::Trees;

    #[test]
    fn a_limit_is_kept_and_named() {
        let place: Vec<f32> = (0..12).map(|place| place as f32).collect();
        let training = numbers(line(&place), &place);
        let leaves = |rows_limit| {
            let spec = ForestSpec { rows_limit, ..TREE };
            let seen = rows_limit.and_then(|limit| training.part(limit, 1));
            let trees: Trees = spec.fit(seen.as_ref().unwrap_or(&training), 1);
            let learned = Learner::Forest(spec).fit(&training, 1).unwrap();
            assert_eq!(lessen_model::Predictor::cost(&learned).own, trees.operations(), "{rows_limit:?}");
            let mut answers = vec![0.0; 12];
            trees.answer(&training.encoded, &mut answers);
            answers.dedup();
            answers.len()
        };
        assert_eq!([None, Some(4), Some(12), Some(100)].map(leaves), [12, 4, 12, 12]);
        assert_eq!(ForestSpec { rows_limit: Some(4), ..TREE }.name(), "single tree, 4 rows");
    }

    /// Specs that earlier runs wrote stay what they were, and are what is written without a limit.
    #[test]
    fn specs_without_a_limit_are_written_as_before_there_was_one() {
        let forest = r#"{"forest":{"trees":1,"max_depth":null,"min_leaf":1,"features":"all","bootstrap":false,"random_thresholds":false}}"#;
        let boosting = r#"{"boosting":{"rounds":9,"max_depth":3,"learning_rate":0.5,"min_leaf":2,"l2":1.0,"row_share":1.0,"feature_share":1.0}}"#;
        for json in [forest, boosting] {
            let read: Learner = serde_json::from_str(json).unwrap();
            assert_eq!(read.rows_limit(), None);
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
        }
        let limited = Learner::Forest(ForestSpec { rows_limit: Some(7), ..TREE });
        let json = serde_json::to_string(&limited).unwrap();
        assert!(json.ends_with(r#""rows_limit":7}}"#), "{json}");
        assert_eq!(serde_json::from_str::<Learner>(&json).unwrap(), limited);
    }
}
