//! What answers are held against.

use lessen_data::{Dataset, Target};

use crate::metric::Metric;

/// What is true of some rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    /// Their classes.
    Classes {
        /// One a row.
        labels: Vec<u32>,
        /// How many classes there are.
        classes: usize,
    },
    /// Their values, one a row.
    Values(Vec<f32>),
}

impl Truth {
    /// What is true of `rows`.
    pub fn of(dataset: &Dataset, rows: &[u32]) -> Self {
        match &dataset.target {
            Target::Classes { names, labels } => Self::Classes {
                labels: rows.iter().map(|&row| labels[row as usize]).collect(),
                classes: names.len(),
            },
            Target::Values { values, .. } => {
                Self::Values(rows.iter().map(|&row| values[row as usize]).collect())
            }
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Classes { labels, .. } => labels.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// Numbers that answer a row: as many as classes, or one.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Classes { classes, .. } => *classes,
            Self::Values(_) => 1,
        }
    }

    /// How good `answers`, `[rows][outputs]` row-major, times `scale` are; more is better. Classes are judged by `metric`,
    /// values by their root mean squared error, less than 0.
    pub fn score(&self, metric: Metric, answers: &[f32], scale: f32) -> f64 {
        match self {
            Self::Classes { labels, classes } => metric.score(answers, scale, labels, *classes),
            Self::Values(values) => {
                let error = |(answer, value): (&f32, &f32)| f64::from(answer * scale) - f64::from(*value);
                let squares = answers.iter().zip(values).map(error).map(|error| error * error);
                -(squares.sum::<f64>() / values.len() as f64).sqrt()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_judged_by_their_root_mean_squared_error() {
        let truth = Truth::Values(vec![1.0, 5.0]);
        // Half of (4, 4) misses by 1 and 3: the root of 5, whatever the metric.
        for metric in [Metric::Rmse, Metric::Accuracy] {
            assert!((truth.score(metric, &[4.0, 4.0], 0.5) + 5f64.sqrt()).abs() < 1e-9);
        }
        assert_eq!((truth.rows(), truth.outputs()), (2, 1));
    }
}
