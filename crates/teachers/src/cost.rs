//! What fitting and asking a learner is expected to cost, for planning: formulas of a problem's size, no clocks.
//!
//! The coefficients were fitted to thread CPU times on one core of a Zen 4 processor (AVX-512, 1 MiB of L2): all members
//! of the libraries of digits, letter (3,000 and 12,000 rows), adult (6,000 and 29,848) and mnist (5,000 and 20,000, some
//! at 55,000), as `examples/fit_times.rs` measures them. On another processor the shares of the members change less
//! than their sum.

mod classical;
mod nets;
mod trees;

use lessen_data::Task;

use crate::examples::{Examples, Lesson};
use crate::learner::Learner;

/// How large a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProblemSize {
    /// Training rows.
    pub rows: usize,
    /// Encoded features.
    pub width: usize,
    /// Classes; `None` where the target is a number.
    pub classes: Option<usize>,
    /// Rows that each fitted learner is asked about once, for the selection.
    pub validation_rows: usize,
}

impl ProblemSize {
    /// The size of fitting to `examples`.
    pub fn of(examples: &Examples, validation_rows: usize) -> Self {
        let classes = match &examples.lesson {
            Lesson::Labels(labels) => Some(labels.classes),
            Lesson::Values(_) => None,
        };
        Self { rows: examples.rows(), width: examples.encoded.width, classes, validation_rows }
    }

    /// Of which kind the problem is.
    pub fn task(&self) -> Task {
        if self.classes.is_some() { Task::Classification } else { Task::Regression }
    }

    fn outputs(&self) -> f64 {
        self.classes.unwrap_or(1) as f64
    }

    fn with_limit(self, limit: Option<usize>) -> Self {
        Self { rows: limit.map_or(self.rows, |limit| self.rows.min(limit)), ..self }
    }

    /// Rows, features and numbers in an answer, to reckon with.
    fn numbers(&self) -> (f64, f64, f64) {
        (self.rows as f64, self.width as f64, self.outputs())
    }
}

/// CPU seconds that a member of a library is expected to take on the reference machine, on one thread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitCost {
    /// Fitting to all rows.
    pub training: f64,
    /// Fitting anew without each third of the rows, and asking about that third, where the kind is calibrated so.
    pub calibration: f64,
    /// Asking about the validation rows.
    pub validation: f64,
}

impl FitCost {
    /// CPU seconds until there is a fitted learner.
    pub fn fitting(&self) -> f64 {
        self.training + self.calibration
    }

    /// CPU seconds in all.
    pub fn total(&self) -> f64 {
        self.fitting() + self.validation
    }
}

/// Three fits to two thirds of the rows take about as long as two to all.
const REFITS: f64 = 2.0;

/// Dividing the rows into folds and gathering them, a value.
const GATHERING: f64 = 25e-9;

/// The search for a temperature, a probability.
const TEMPERATURE: f64 = 177e-9;

impl Learner {
    /// What fitting is expected to take. Work that members share (points to search, a row-major table) counts with each.
    pub fn fit_cost(&self, size: &ProblemSize) -> FitCost {
        let of_size = self.size_of_fit(size);
        let training = match self {
            Self::Forest(spec) => trees::forest(spec, &of_size),
            Self::Boosting(spec) => trees::boosting(spec, &of_size),
            Self::Net(spec) => nets::net(spec, &of_size),
            Self::Neighbours(_) => classical::neighbours(&of_size),
            Self::Svm(spec) => classical::svm(spec, &of_size),
            Self::Bayes(spec) => classical::bayes(spec, &of_size),
        };
        let (rows, width, outputs) = of_size.numbers();
        let calibration = if self.is_calibrated_by_itself() || size.task() == Task::Regression {
            0.0
        } else {
            REFITS * training + GATHERING * rows * width + TEMPERATURE * rows * outputs
        };
        let validation = self.predict_cost_per_row(size) * size.validation_rows as f64;
        FitCost { training, calibration, validation }
    }

    /// CPU seconds that a prediction is expected to take once it is fitted to a problem of this size, a row of many, with
    /// the encoding and all else that other members may share.
    pub fn predict_cost_per_row(&self, size: &ProblemSize) -> f64 {
        let of_size = self.size_of_fit(size);
        match self {
            Self::Forest(spec) => trees::forest_row(spec, &of_size),
            Self::Boosting(spec) => trees::boosting_row(spec, &of_size),
            Self::Net(spec) => nets::net_row(spec, &of_size),
            Self::Neighbours(_) => classical::search(&of_size),
            Self::Svm(spec) => classical::svm_row(spec, &of_size),
            Self::Bayes(spec) => classical::bayes_row(spec, &of_size),
        }
    }

    /// The problem as the learner sees it.
    fn size_of_fit(&self, size: &ProblemSize) -> ProblemSize {
        size.with_limit(self.rows_limit())
    }
}

#[cfg(test)]
mod tests;
