//! What takes part in a bench.

use std::sync::Arc;

use lessen_data::{Answer, Dataset, Features, Target};
use lessen_engine::Plan;
use lessen_model::{Batch, Network, Predictor};

use crate::error::CompressError;
use crate::truth::Truth;

/// A model in a runtime, with the rows that it is measured on.
#[derive(Clone)]
pub struct Contender {
    /// As short as tells it from the others.
    pub name: String,
    /// Where it was read from.
    pub file: String,
    /// `ours`, or the name and version of another.
    pub runtime: String,
    /// What predicts.
    pub predictor: Arc<dyn Predictor>,
    /// Whether it divides many rows among threads itself.
    pub own_threads: bool,
    /// What is computed, where it is a network.
    pub network: Option<Network>,
    /// Size of its file or files.
    pub file_bytes: Option<u64>,
    /// The place of the contender whose answers it must give, where it is another runtime.
    pub agrees_with: Option<usize>,
    /// The rows' home, as this model reads them.
    pub features: Arc<Features>,
    /// Which of them.
    pub rows: Arc<Vec<u32>>,
    /// What is true of them, in the order of the model's classes.
    pub truth: Arc<Truth>,
    /// Standard deviation of the target over the rows; losses of values are told in percent of it.
    pub deviation: f64,
}

impl Contender {
    /// `network` in our own runtime.
    ///
    /// # Errors
    /// [`CompressError::Engine`] where it cannot be compiled.
    pub fn plan(name: &str, network: &Network) -> Result<Arc<dyn Predictor>, CompressError> {
        Ok(Arc::new(Plan::new(name, network.clone())?))
    }

    /// Whether the model takes these rows: it is asked for the first.
    ///
    /// # Errors
    /// [`CompressError::Unfit`], naming the model and the data.
    pub fn check(&self, data: &str) -> Result<(), CompressError> {
        let Some(first) = self.rows.get(..1) else { return Ok(()) };
        let mut into = vec![0.0; self.predictor.outputs()];
        let tried = self.predictor.predict(&Batch::new(&self.features, first), &mut into);
        tried.map_err(|error| CompressError::Unfit {
            model: self.name.clone(),
            data: data.to_owned(),
            problem: error.source.to_string(),
        })
    }
}

/// What is true of `rows` of `dataset`, for a model that gives `answer`: labels are numbered in the order of its classes.
///
/// # Errors
/// [`CompressError::Unfit`] where the data has a class that the model does not know, or one is of classes and the other of
/// numbers.
pub fn truth_of(
    model: &str,
    answer: &Answer,
    dataset: &Dataset,
    rows: &[u32],
) -> Result<Truth, CompressError> {
    let unfit = |problem: String| CompressError::Unfit {
        model: model.to_owned(),
        data: dataset.name.clone(),
        problem,
    };
    match (&dataset.target, answer) {
        (Target::Values { values, .. }, Answer::Value(_)) => {
            Ok(Truth::Values(rows.iter().map(|&row| values[row as usize]).collect()))
        }
        (Target::Classes { names, labels }, Answer::Classes(known)) => {
            let place = |name: &String| {
                known.iter().position(|class| class == name).ok_or_else(|| {
                    unfit(format!("the data has a class `{name}`, which the model does not know"))
                })
            };
            let places = names.iter().map(place).collect::<Result<Vec<usize>, _>>()?;
            let labels = rows.iter().map(|&row| places[labels[row as usize] as usize] as u32).collect();
            Ok(Truth::Classes { labels, classes: known.len() })
        }
        (Target::Classes { names, .. }, Answer::Value(value)) => Err(unfit(format!(
            "the model gives a number, `{value}`, and the data has {} classes",
            names.len()
        ))),
        (Target::Values { name, .. }, Answer::Classes(known)) => Err(unfit(format!(
            "the model tells {} classes apart, and the data has a number, `{name}`",
            known.len()
        ))),
    }
}
