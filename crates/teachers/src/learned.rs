//! A fitted learner: a predictor that can be saved.

use std::sync::Arc;

use lessen_data::{Encoded, Encoding};
use lessen_model::{Batch, Cost, PredictError, Predictor};
use lessen_units::Operations;
use serde::{Deserialize, Serialize};

use crate::bayes::Bayes;
use crate::examples::Examples;
use crate::neighbours::{Among, NeighbourMean, Neighbours};
use crate::nets::Net;
use crate::svm::Svm;
use crate::trees::Trees;

/// A fitted member of a library. It gives a probability for each class, or one number.
#[derive(Clone, Debug, Serialize)]
pub struct Learned {
    name: String,
    kind: String,
    encoding: Arc<Encoding>,
    fingerprint: u64,
    /// Numbers in an answer: classes, or 1 for a number.
    outputs: usize,
    model: Model,
    /// Divides the log-probabilities where the model is not calibrated by itself.
    temperature: Option<f32>,
}

/// The fields of [`Learned`], in their order, as a file has them: each right by itself, not yet together.
#[derive(Deserialize)]
pub(crate) struct Unchecked {
    name: String,
    kind: String,
    encoding: Encoding,
    fingerprint: u64,
    /// Numbers in an answer: classes, or 1 for a number.
    outputs: usize,
    model: Model,
    temperature: Option<f32>,
}

impl TryFrom<Unchecked> for Learned {
    type Error = String;

    fn try_from(unchecked: Unchecked) -> Result<Self, String> {
        let Unchecked { name, kind, encoding, fingerprint, outputs, model, temperature } = unchecked;
        let learned =
            Self { name, kind, encoding: Arc::new(encoding), fingerprint, outputs, model, temperature };
        learned.check()?;
        Ok(learned)
    }
}

/// What was fitted. Each gives class probabilities, or a number, for encoded rows and counts its arithmetic.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Model {
    Trees(Trees),
    Neighbours(Neighbours),
    Svm(Svm),
    Bayes(Bayes),
    Net(Net),
    NeighbourMean(NeighbourMean),
}

impl Model {
    /// The answer for encoded rows into `[rows][outputs]`. `batch` holds the memo for shared work.
    pub(crate) fn answer(&self, encoded: &Encoded, batch: &Batch<'_>, into: &mut [f32]) {
        match self {
            Self::Trees(trees) => trees.answer(encoded, into),
            Self::Neighbours(neighbours) => neighbours.probabilities(encoded, batch, into),
            Self::Svm(svm) => svm.probabilities(encoded, into),
            Self::Bayes(bayes) => bayes.probabilities(encoded, into),
            Self::Net(net) => net.answer(encoded, into),
            Self::NeighbourMean(mean) => mean.values(encoded, batch, into),
        }
    }

    /// Whether it takes encoded rows of this width: trees, which look features up one by one, take any.
    fn takes(&self, width: usize) -> bool {
        match self {
            Self::Trees(_) => true,
            Self::Neighbours(_) | Self::NeighbourMean(_) => {
                self.among().is_some_and(|among| among.width() == width)
            }
            Self::Svm(svm) => svm.width() == width,
            Self::Bayes(bayes) => bayes.width() == width,
            Self::Net(net) => net.width() == width,
        }
    }

    /// Training rows that it looks for neighbours among.
    fn among(&self) -> Option<&Among> {
        match self {
            Self::Neighbours(neighbours) => Some(neighbours.among()),
            Self::NeighbourMean(mean) => Some(mean.among()),
            _ => None,
        }
    }

    /// Numbers in its answer.
    fn outputs(&self) -> usize {
        match self {
            Self::NeighbourMean(_) => 1,
            Self::Trees(trees) => trees.outputs(),
            Self::Neighbours(neighbours) => neighbours.classes(),
            Self::Svm(svm) => svm.classes(),
            Self::Bayes(bayes) => bayes.classes(),
            Self::Net(net) => net.outputs(),
        }
    }

    fn cost(&self) -> Cost {
        match self {
            Self::Trees(trees) => Cost::own(trees.operations()),
            Self::Neighbours(neighbours) => neighbours.cost(),
            Self::Svm(svm) => Cost::own(svm.operations()),
            Self::Bayes(bayes) => Cost::own(bayes.operations()),
            Self::Net(net) => Cost::own(net.operations()),
            Self::NeighbourMean(mean) => mean.cost(),
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
            outputs: examples.lesson.outputs(),
            model,
            temperature,
        }
    }

    /// Whether the parts fit together, as they do after fitting.
    pub(crate) fn check(&self) -> Result<(), String> {
        let fingerprint = self.encoding.fingerprint();
        if self.fingerprint != fingerprint {
            return Err(format!("an encoding named {:016x}, expected {fingerprint:016x}", self.fingerprint));
        }
        if !self.model.takes(self.encoding.width()) {
            return Err(format!(
                "an encoding of {} features, not as many as the model takes",
                self.encoding.width()
            ));
        }
        if self.model.among().is_some_and(|among| among.encoding() != fingerprint) {
            return Err("training rows in another encoding than new rows come in".into());
        }
        let outputs = self.model.outputs();
        if self.outputs != outputs {
            return Err(format!("{} outputs, expected {outputs}, as the model gives", self.outputs));
        }
        match self.temperature {
            Some(temperature) if !(temperature.is_finite() && temperature > 0.0) => {
                Err(format!("a temperature of {temperature}, expected a finite number above 0"))
            }
            _ => Ok(()),
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
        self.outputs
    }

    fn cost(&self) -> Cost {
        let mut cost = self.model.cost();
        if self.temperature.is_some() {
            // Logarithm, quotient, exponential, sum and normalising of each class.
            cost.own += Operations { adds: 5 * self.outputs as u64, ..Operations::NONE };
        }
        cost
    }

    fn predict(&self, batch: &Batch<'_>, into: &mut [f32]) -> Result<(), PredictError> {
        self.check_room(batch, into)?;
        let encoded =
            batch.encoded(&self.encoding, self.fingerprint).map_err(|problem| self.error(problem))?;
        self.model.answer(&encoded, batch, into);
        if let Some(temperature) = self.temperature {
            lessen_engine::soften(into, self.outputs, temperature);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use lessen_data::ColumnEncoding;

    use super::*;
    use crate::testing::{examples, line};
    use crate::{BayesKind, BayesSpec, Learner, NeighboursSpec, Weighting};

    fn encoding(count: usize) -> Arc<Encoding> {
        let column = ColumnEncoding::Pixels { count, shift: 0.5, scale: 2.0 };
        Arc::new(Encoding::try_from(vec![column]).unwrap())
    }

    #[test]
    fn parts_that_do_not_fit_are_found() {
        let training = examples(line(&[0.0, 1.0, 2.0, 3.0]), &[0, 0, 1, 1], 2);
        let bayes = Learner::Bayes(BayesSpec { kind: BayesKind::Gaussian }).fit(&training, 0).unwrap();
        let spec = NeighboursSpec { k: 1, weighting: Weighting::Uniform };
        let neighbours = Learner::Neighbours(spec).fit(&training, 0).unwrap();
        let under = |learned: &Learned, encoding: Arc<Encoding>| Learned {
            fingerprint: encoding.fingerprint(),
            encoding,
            ..learned.clone()
        };
        let with = |temperature| Learned { temperature: Some(temperature), ..bayes.clone() };
        assert_eq!((bayes.check(), neighbours.check()), (Ok(()), Ok(())));
        assert_eq!(under(&bayes, encoding(1)).check(), Ok(()));
        let cases = [
            (Learned { encoding: encoding(1), ..bayes.clone() }, "an encoding named "),
            (under(&bayes, encoding(2)), "an encoding of 2 features"),
            (under(&neighbours, encoding(1)), "training rows in another encoding"),
            (Learned { outputs: 3, ..bayes.clone() }, "3 outputs, expected 2"),
            (with(0.0), "a temperature of 0"),
            (with(-1.0), "a temperature of -1"),
            (with(f32::NAN), "a temperature of NaN"),
            (with(f32::INFINITY), "a temperature of inf"),
        ];
        for (learned, expected) in cases {
            let error = learned.check().unwrap_err();
            assert!(error.starts_with(expected), "{error}, expected {expected}");
        }
    }
}
