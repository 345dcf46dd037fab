//! Predictors that are not ours to train further: the learners of a library, and ensembles of them.
//!
//! A [`Learner`] is what one wants to fit (kind and settings); fitted to [`Examples`] it becomes [`Learned`], a
//! predictor of class probabilities, or of a number, that can be saved and loaded again. [`library`] lists the learners that
//! make a teacher; an [`Ensemble`] is a weighted mean of learned members and a predictor itself.
//!
//! All learners compute in the same encoded, feature-major rows (`lessen_data::Encoded`), so one encoding
//! per batch serves every member.

mod bayes;
mod calibration;
mod cost;
mod ensemble;
mod examples;
#[cfg(feature = "foreign")]
pub mod foreign;
mod learned;
mod learner;
pub mod library;
mod neighbours;
mod nets;
#[cfg(feature = "onnxruntime")]
pub mod onnxruntime;
mod saved;
mod svm;
#[cfg(test)]
mod testing;
mod trees;

pub use bayes::{BayesKind, BayesSpec};
pub use cost::{FitCost, ProblemSize};
pub use ensemble::{Ensemble, Origin};
pub use examples::{Examples, Labels, Lesson, Values};
pub use learned::Learned;
pub use learner::{FitError, FitErrorKind, Learner};
pub use neighbours::{NeighboursSpec, Weighting};
pub use nets::NetSpec;
pub use saved::SavedError;
pub use svm::{SvmKernel, SvmSpec};
pub use trees::{BoostingSpec, FeatureShare, ForestSpec};
