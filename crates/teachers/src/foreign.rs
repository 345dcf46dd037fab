//! Models of other tools as they are: run, not changed (feature `foreign`).
//!
//! Any ONNX graph with one input of rows and one output of answers can be a teacher, whatever its layers. It runs in `rten`, a runtime
//! in Rust, on threads of its own.

use lessen_data::{Answer, Encoding};
use lessen_graph::{Model, Options};
use lessen_model::onnx::{Ending, Signature};
use lessen_model::{Batch, Cost, PredictError, PredictErrorKind, Predictor};
use lessen_units::Operations;
use rten::{NodeId, ValueView};

/// A model of another tool, ready to answer.
pub struct ForeignModel {
    name: String,
    model: rten::Model,
    ids: (NodeId, NodeId),
    signature: Signature,
    encoding: Encoding,
    answer: Answer,
    cost: Cost,
    /// Nodes whose arithmetic is not known, and so not in the cost.
    uncounted: usize,
}

/// Why a model cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForeignError {
    /// The runtime refuses it.
    #[error("`{model}` cannot be run: {problem}")]
    Runtime {
        /// The model.
        model: String,
        /// What the runtime says.
        problem: String,
    },
    /// It is not of one input of rows and one output of answers, or of other ones than the data's.
    #[error("`{model}` does not fit the data: {problem}")]
    Unfit {
        /// The model.
        model: String,
        /// What was expected, and what found.
        problem: String,
    },
}

impl ForeignModel {
    /// The model in the bytes of an ONNX file, for rows that `encoding` makes.
    ///
    /// # Errors
    /// [`ForeignError`].
    pub fn new(
        name: impl Into<String>,
        (bytes, graph): (&[u8], &Model),
        encoding: Encoding,
        answer: Answer,
    ) -> Result<Self, ForeignError> {
        let name = name.into();
        let unfit = |problem: String| ForeignError::Unfit { model: name.clone(), problem };
        let signature = Signature::of(graph).map_err(|error| unfit(error.to_string()))?;
        if signature.width() != encoding.width() {
            let (model, data) = (signature.width(), encoding.width());
            return Err(unfit(format!(
                "it takes rows of {model} numbers, and the data makes rows of {data}"
            )));
        }
        if signature.ending == Ending::Sigmoid && answer.outputs() > 2 {
            return Err(unfit("it gives a number a class by itself, and probabilities are asked for".into()));
        }
        let refused = |problem: String| ForeignError::Runtime { model: name.clone(), problem };
        let model = rten::Model::load(bytes.to_vec()).map_err(|error| refused(error.to_string()))?;
        let id = |of: &str| model.node_id(of).map_err(|error| refused(error.to_string()));
        let ids = (id(&signature.input)?, id(&signature.output)?);
        let counted = graph.count(&Options::default()).map_err(|error| unfit(error.to_string()))?;
        let (operations, rows): (Operations, _) = (counted.operations(), signature.batch.unwrap_or(1).max(1));
        let a_row = Operations {
            macs: operations.macs / rows as u64,
            adds: operations.adds / rows as u64,
            comparisons: operations.comparisons / rows as u64,
        };
        let uncounted = counted.unknown().count();
        Ok(Self { name, model, ids, signature, encoding, answer, cost: Cost::own(a_row), uncounted })
    }

    /// Nodes whose arithmetic is not known: its cost is at least what is said.
    pub fn uncounted(&self) -> usize {
        self.uncounted
    }

    /// What the runtime gives for encoded rows, `[rows][outputs of the file]`.
    fn run(&self, rows: Vec<f32>, count: usize) -> Result<Vec<f32>, PredictError> {
        let failed = |problem: String| self.error(PredictErrorKind::Runtime { problem });
        let shape: Vec<usize> = [count].into_iter().chain(self.signature.shape.iter().copied()).collect();
        let input =
            ValueView::from_shape(shape.as_slice(), &rows).map_err(|error| failed(error.to_string()))?;
        let [output] = self
            .model
            .run_n(vec![(self.ids.0, input.into())], [self.ids.1], None)
            .map_err(|error| failed(error.to_string()))?;
        let output = output
            .into_tensor::<f32>()
            .ok_or_else(|| failed("its answers are no numbers of 32 bits".into()))?;
        Ok(output.into_data())
    }

    /// The file's answers of a row as probabilities, or as the number.
    fn settle(&self, given: &[f32], into: &mut [f32]) {
        match (&self.answer, self.signature.ending) {
            (Answer::Value(_), _) => into.copy_from_slice(given),
            // One number, where two classes are asked for, is about the second.
            (_, ending) if given.len() == 1 && into.len() == 2 => {
                let second =
                    if ending == Ending::Sigmoid { given[0] } else { 1.0 / (1.0 + (-given[0]).exp()) };
                into.copy_from_slice(&[1.0 - second, second]);
            }
            (_, Ending::Softmax) => into.copy_from_slice(given),
            (_, Ending::LogSoftmax) => into.iter_mut().zip(given).for_each(|(into, &log)| *into = log.exp()),
            (_, Ending::Sigmoid | Ending::Other) => {
                let most = given.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                into.iter_mut().zip(given).for_each(|(into, &logit)| *into = (logit - most).exp());
                let sum: f32 = into.iter().sum();
                into.iter_mut().for_each(|into| *into /= sum);
            }
        }
    }
}

impl Predictor for ForeignModel {
    fn name(&self) -> &str {
        &self.name
    }

    fn outputs(&self) -> usize {
        self.answer.outputs()
    }

    fn cost(&self) -> Cost {
        self.cost.clone()
    }

    fn predict(&self, batch: &Batch<'_>, into: &mut [f32]) -> Result<(), PredictError> {
        self.check_room(batch, into)?;
        let (width, outputs) = (self.encoding.width(), self.outputs());
        // A file that is for so many rows takes no other number of them: the last call is filled up.
        let a_call = self.signature.batch.unwrap_or(batch.len()).max(1);
        for (rows, into) in batch.rows().chunks(a_call).zip(into.chunks_mut(a_call * outputs)) {
            let count = if self.signature.batch.is_some() { a_call } else { rows.len() };
            let mut encoded = vec![0.0; count * width];
            let there = &mut encoded[..rows.len() * width];
            self.encoding
                .gather_rows(batch.features(), rows, width, there)
                .map_err(|error| self.error(error))?;
            let given = self.run(encoded, count)?;
            let a_row = given.len() / count;
            let is_one_of_two = a_row == 1 && outputs == 2 && matches!(self.answer, Answer::Classes(_));
            if given.len() != count * a_row || (a_row != outputs && !is_one_of_two) {
                let (expected, found) = (count * outputs, given.len());
                return Err(self.error(PredictErrorKind::Room { expected, found }));
            }
            for (given, into) in given.chunks_exact(a_row).zip(into.chunks_exact_mut(outputs)) {
                self.settle(given, into);
            }
        }
        Ok(())
    }
}
