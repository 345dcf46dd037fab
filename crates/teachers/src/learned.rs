//! A fitted learner: a predictor that can be saved.

use std::sync::Arc;

use lessen_data::{Encoded, Encoding};
use lessen_model::{Batch, Cost, PredictError, Predictor};
use lessen_units::Operations;
use serde::{Deserialize, Serialize};

use crate::bayes::Bayes;
use crate::examples::Examples;
use crate::neighbours::Neighbours;
use crate::nets::Net;
use crate::svm::Svm;
use crate::trees::Trees;

/// A fitted member of a library.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Learned {
    name: String,
    kind: String,
    encoding: Arc<Encoding>,
    fingerprint: u64,
    classes: usize,
    model: Model,
    /// Divides the log-probabilities where the model is not calibrated by itself.
    temperature: Option<f32>,
}

/// What was fitted. Each gives class probabilities for encoded rows and counts its arithmetic.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Model {
    Trees(Trees),
    Neighbours(Neighbours),
    Svm(Svm),
    Bayes(Bayes),
    Net(Net),
}

impl Model {
    /// Class probabilities of encoded rows into `[rows][classes]`. `batch` holds the memo for shared work.
    pub(crate) fn probabilities(&self, encoded: &Encoded, batch: &Batch<'_>, into: &mut [f32]) {
        match self {
            Self::Trees(trees) => trees.probabilities(encoded, into),
            Self::Neighbours(neighbours) => neighbours.probabilities(encoded, batch, into),
            Self::Svm(svm) => svm.probabilities(encoded, into),
            Self::Bayes(bayes) => bayes.probabilities(encoded, into),
            Self::Net(net) => net.probabilities(encoded, into),
        }
    }

    fn cost(&self) -> Cost {
        match self {
            Self::Trees(trees) => Cost::own(trees.operations()),
            Self::Neighbours(neighbours) => neighbours.cost(),
            Self::Svm(svm) => Cost::own(svm.operations()),
            Self::Bayes(bayes) => Cost::own(bayes.operations()),
            Self::Net(net) => Cost::own(net.operations()),
        }
    }
}

impl Learned {
    pub(crate) fn new(
        name: String,
        kind: &str,
        examples: &Examples,
        model: Model,
        temperature: Option<f32>,
    ) -> Self {
        Self {
            name,
            kind: kind.to_owned(),
            encoding: examples.encoding.clone(),
            fingerprint: examples.fingerprint,
            classes: examples.classes,
            model,
            temperature,
        }
    }

    /// The kind of learner, for people.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// How raw rows are encoded for it.
    pub fn encoding(&self) -> &Encoding {
        &self.encoding
    }
}

impl Predictor for Learned {
    fn name(&self) -> &str {
        &self.name
    }

    fn outputs(&self) -> usize {
        self.classes
    }

    fn cost(&self) -> Cost {
        let mut cost = self.model.cost();
        if self.temperature.is_some() {
            // Logarithm, quotient, exponential, sum and normalising of each class.
            cost.own += Operations { adds: 5 * self.classes as u64, ..Operations::NONE };
        }
        cost
    }

    fn predict(&self, batch: &Batch<'_>, into: &mut [f32]) -> Result<(), PredictError> {
        self.check_room(batch, into)?;
        let encoded =
            batch.encoded(&self.encoding, self.fingerprint).map_err(|problem| self.error(problem))?;
        self.model.probabilities(&encoded, batch, into);
        if let Some(temperature) = self.temperature {
            crate::calibration::apply(temperature, self.classes, into);
        }
        Ok(())
    }
}
