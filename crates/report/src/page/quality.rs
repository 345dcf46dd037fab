//! How good models are, as an axis shows it: accuracies in percent, or root mean squared errors.

use lessen_records::{ModelRecord, ResultRecord};

use crate::chart::Labels;
use crate::readable::{number, percent};

/// The measure of quality of a result.
#[derive(Clone, Copy)]
pub(super) enum Quality<'result> {
    /// The share of rows that are right.
    Accuracy,
    /// The root mean squared error of the named target.
    Error(Option<&'result str>),
}

impl<'result> Quality<'result> {
    pub(super) fn of(result: &'result ResultRecord) -> Self {
        match result.dataset.classes {
            Some(_) => Self::Accuracy,
            None => Self::Error(result.dataset.target.as_deref()),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "Accuracy",
            Self::Error(_) => "RMSE",
        }
    }

    /// The name of an axis of qualities on test rows.
    pub(super) fn axis(self) -> String {
        match self {
            Self::Accuracy => "Test accuracy".to_owned(),
            Self::Error(None) => "Test RMSE (less is better)".to_owned(),
            Self::Error(Some(target)) => format!("Test RMSE of {target} (less is better)"),
        }
    }

    pub(super) fn labels(self) -> Labels {
        match self {
            Self::Accuracy => Labels::Plain("%"),
            Self::Error(_) => Labels::Plain(""),
        }
    }

    /// On test rows, in the axis' unit.
    pub(super) fn test(self, model: &ModelRecord) -> Option<f64> {
        let quality = match self {
            Self::Accuracy => model.test_accuracy? * 100.0,
            Self::Error(_) => model.test_rmse?,
        };
        quality.is_finite().then_some(quality)
    }

    /// By how much the first is better than the second; below 0 where it is worse.
    pub(super) fn gain(self, first: f64, second: f64) -> f64 {
        match self {
            Self::Accuracy => first - second,
            Self::Error(_) => second - first,
        }
    }

    /// A value of [`Quality::test`].
    pub(super) fn write(self, value: f64) -> String {
        match self {
            Self::Accuracy => percent(value / 100.0),
            Self::Error(_) => number(value),
        }
    }

    /// The quality of a model that loses so many points against the teacher: percentage points, or percent of the
    /// target's standard deviation.
    pub(super) fn after_drop(self, result: &ResultRecord, teacher: f64, points: f64) -> Option<f64> {
        match self {
            Self::Accuracy => Some(teacher - points),
            Self::Error(_) => Some(teacher + points / 100.0 * result.dataset.target_deviation?),
        }
    }
}
