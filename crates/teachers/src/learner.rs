//! What one wants to fit.

use lessen_engine::EngineError;
use serde::{Deserialize, Serialize};

use crate::examples::Examples;
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
    /// The votes of the nearest training rows.
    Neighbours(NeighboursSpec),
    /// Support vector machines, one for each pair of classes.
    Svm(SvmSpec),
    /// Features taken as independent within a class.
    Bayes(BayesSpec),
    /// A neural network; without a hidden layer, multinomial logistic regression.
    Net(NetSpec),
}

/// A learner that could not be fitted.
#[derive(Debug, thiserror::Error)]
#[error("cannot fit `{learner}`")]
pub struct FitError {
    /// The learner's name.
    pub learner: String,
    /// Why.
    pub source: EngineError,
}

impl Learner {
    /// A short name that says the settings, unique in a library.
    pub fn name(&self) -> String {
        match self {
            Self::Forest(spec) => spec.name(),
            Self::Boosting(spec) => spec.name(),
            Self::Neighbours(spec) => spec.name(),
            Self::Svm(spec) => spec.name(),
            Self::Bayes(spec) => spec.name(),
            Self::Net(spec) => spec.name(),
        }
    }

    /// The kind, for people: `"random forest"`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Forest(spec) => spec.kind(),
            Self::Boosting(spec) => spec.kind(),
            Self::Neighbours(_) => "nearest neighbours",
            Self::Svm(_) => "support vector machine",
            Self::Bayes(_) => "naive Bayes",
            Self::Net(spec) => spec.kind(),
        }
    }

    /// Fits to `examples`; where the kind does not give calibrated probabilities by itself, a temperature (or
    /// the machine's own sigmoids) is fitted on rows that each fit did not see. Same seed, same bits.
    ///
    /// # Errors
    /// Where training does not converge to finite numbers.
    pub fn fit(&self, examples: &Examples, seed: u64) -> Result<Learned, FitError> {
        let name = self.name();
        let model =
            self.model(examples, seed).map_err(|source| FitError { learner: name.clone(), source })?;
        let temperature = if self.is_calibrated_by_itself() {
            None
        } else {
            let held_out = calibration::held_out_scores(examples, seed, |part| self.model(part, seed));
            let held_out = held_out.map_err(|source| FitError { learner: name.clone(), source })?;
            Some(calibration::temperature(&held_out, &examples.labels, examples.classes))
        };
        Ok(Learned::new(name, self.kind(), examples, model, temperature))
    }

    /// Whether what the learner gives can be averaged as it is: votes of many trees or neighbours, outputs
    /// trained by log-loss with regularisation, sigmoids fitted out of sample.
    fn is_calibrated_by_itself(&self) -> bool {
        match self {
            Self::Forest(_) | Self::Neighbours(_) | Self::Svm(_) | Self::Net(_) => true,
            Self::Boosting(_) | Self::Bayes(_) => false,
        }
    }

    fn model(&self, examples: &Examples, seed: u64) -> Result<Model, EngineError> {
        Ok(match self {
            Self::Forest(spec) => Model::Trees(spec.fit(examples, seed)),
            Self::Boosting(spec) => Model::Trees(spec.fit(examples, seed)),
            Self::Neighbours(spec) => Model::Neighbours(spec.fit(examples)),
            Self::Svm(spec) => Model::Svm(spec.fit(examples, seed)),
            Self::Bayes(spec) => Model::Bayes(spec.fit(examples)),
            Self::Net(spec) => Model::Net(spec.fit(examples, seed)?),
        })
    }
}
