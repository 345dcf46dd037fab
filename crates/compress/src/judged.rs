//! How each of some rows was answered, and how much worse one model answers than another.

use lessen_data::{Dataset, Unit};
use lessen_model::{PredictError, Predictor, predict_rows};

use crate::metric::arg_max;

use crate::truth::Truth;

/// How each of some rows was answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Judged {
    /// Whether the most probable class is the true one.
    Right(Vec<bool>),
    /// By how much a value was missed.
    Missed {
        /// Squared error, one a row, in the square of the target's unit.
        squares: Vec<f64>,
        /// Standard deviation of the target over the training rows: losses are told in percent of it.
        deviation: f64,
    },
}

impl Judged {
    /// Has `predictor` answer `rows`, and holds that against the truth; `unit` is the target's over the training rows.
    ///
    /// # Errors
    /// Where the predictor fails.
    pub fn of(
        predictor: &dyn Predictor,
        dataset: &Dataset,
        rows: &[u32],
        unit: Unit,
    ) -> Result<Self, PredictError> {
        let answers = predict_rows(predictor, &dataset.features, rows)?;
        Ok(Self::new(&Truth::of(dataset, rows), &answers, f64::from(unit.scale)))
    }

    /// Holds `answers`, `[rows][outputs]` row-major, against the truth; `deviation` is the target's over the training
    /// rows, and counts where the target is a value.
    pub fn new(truth: &Truth, answers: &[f32], deviation: f64) -> Self {
        match truth {
            Truth::Classes { labels, classes } => {
                let rows = answers.chunks_exact(*classes).zip(labels);
                Self::Right(rows.map(|(row, &label)| arg_max(row) == label as usize).collect())
            }
            Truth::Values(values) => {
                let error = |(answer, value): (&f32, &f32)| f64::from(*answer) - f64::from(*value);
                let squares = answers.iter().zip(values).map(error).map(|error| error * error).collect();
                Self::Missed { squares, deviation }
            }
        }
    }

    /// Share of rows that are right; `None` for values.
    pub fn accuracy(&self) -> Option<f64> {
        let Self::Right(right) = self else { return None };
        Some(right.iter().filter(|right| **right).count() as f64 / (right.len() as f64).max(1.0))
    }

    /// Rows that are wrong; `None` for values.
    pub fn errors(&self) -> Option<u64> {
        let Self::Right(right) = self else { return None };
        Some(right.iter().filter(|right| !**right).count() as u64)
    }

    /// Root mean squared error; `None` for classes.
    pub fn rmse(&self) -> Option<f64> {
        let Self::Missed { squares, .. } = self else { return None };
        Some((squares.iter().sum::<f64>() / (squares.len() as f64).max(1.0)).sqrt())
    }

    /// Accuracy in percent, or the root mean squared error: what curves show.
    pub fn quality(&self) -> f64 {
        self.accuracy().map_or_else(|| self.rmse().unwrap_or(f64::NAN), |accuracy| 100.0 * accuracy)
    }

    /// How much worse than `teacher` on the same rows, and the standard error of that: in percentage points of accuracy,
    /// or in percent of the target's standard deviation.
    ///
    /// Classes: only rows on which one is right and the other wrong speak. With `b` rows that only the teacher gets right and
    /// `c` that only the other does, the drop is `(b - c) / n` and its variance `(b + c - (b - c)^2 / n) / n^2` (McNemar's
    /// table). One half is added to each of `b` and `c` for the variance alone: no disagreement on a few rows does not
    /// prove that there is none.
    ///
    /// Values: the difference of the two errors `R = sqrt(mean e_i)`; its variance that of the mean of
    /// `e_i / (2 R)` less the teacher's (the delta method).
    pub fn drop_points(&self, teacher: &Self) -> (f64, f64) {
        match (self, teacher) {
            (Self::Right(right), Self::Right(teacher)) => drop_of_rows(teacher, right),
            (Self::Missed { squares, deviation }, Self::Missed { squares: teacher, .. }) => {
                let (drop, error) = drop_of_squares(teacher, squares);
                (100.0 * drop / deviation, 100.0 * error / deviation)
            }
            // Models of one run answer one question.
            _ => (f64::NAN, f64::NAN),
        }
    }
}

fn drop_of_rows(teacher_right: &[bool], right: &[bool]) -> (f64, f64) {
    let pairs = || teacher_right.iter().zip(right);
    let only_teacher = pairs().filter(|(teacher, other)| **teacher && !**other).count() as f64;
    let only_other = pairs().filter(|(teacher, other)| !**teacher && **other).count() as f64;
    let rows = (teacher_right.len() as f64).max(1.0);
    let difference = only_teacher - only_other;
    let variance = (only_teacher + only_other + 1.0 - difference * difference / rows) / (rows * rows);
    (100.0 * difference / rows, 100.0 * variance.max(0.0).sqrt())
}

fn drop_of_squares(teacher: &[f64], squares: &[f64]) -> (f64, f64) {
    let rows = (squares.len() as f64).max(1.0);
    let root = |squares: &[f64]| (squares.iter().sum::<f64>() / rows).sqrt().max(f64::MIN_POSITIVE);
    let (mine, theirs) = (root(squares), root(teacher));
    let difference = |(mine_squared, theirs_squared): (&f64, &f64)| {
        mine_squared / (2.0 * mine) - theirs_squared / (2.0 * theirs)
    };
    let differences: Vec<f64> = squares.iter().zip(teacher).map(difference).collect();
    let mean = differences.iter().sum::<f64>() / rows;
    let variance = differences.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / (rows - 1.0).max(1.0);
    (mine - theirs, (variance / rows).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 rows; the first `wrong` are wrong.
    fn right(wrong: usize) -> Judged {
        Judged::Right((0..100).map(|row| row >= wrong).collect())
    }

    #[test]
    fn the_drop_counts_disagreements_only() {
        // Teacher wrong on 2 rows, the other on the same 2 and 3 more: b = 3, c = 0, n = 100:
        // drop 3, variance (3 + 0 + 1 - 9 / 100) / 10,000.
        let (drop, error) = right(5).drop_points(&right(2));
        assert!((drop - 3.0).abs() < 1e-12);
        assert!((error - 100.0 * (3.91f64 / 10_000.0).sqrt()).abs() < 1e-12);
        let (drop, error) = right(2).drop_points(&right(2));
        assert_eq!((drop, error), (0.0, 1.0), "no disagreement still leaves doubt");
    }

    #[test]
    fn the_drop_of_values_by_hand() {
        // Errors (1, 1) against (1, 3): roots 1 and sqrt 5, a deviation of 10.
        let missed = |squares: &[f64]| Judged::Missed { squares: squares.to_vec(), deviation: 10.0 };
        let (teacher, other) = (missed(&[1.0, 1.0]), missed(&[1.0, 9.0]));
        let (drop, error) = other.drop_points(&teacher);
        assert!((drop - 10.0 * (5f64.sqrt() - 1.0)).abs() < 1e-9, "{drop}");
        // Differences 1/(2 sqrt 5) - 1/2 and 9/(2 sqrt 5) - 1/2: their halves differ by 4 / sqrt 5, so the standard error
        // of their mean is half of that.
        assert!((error - 10.0 * 2.0 / 5f64.sqrt()).abs() < 1e-9, "{error}");
        assert_eq!(teacher.drop_points(&teacher), (0.0, 0.0));
        assert!(right(1).drop_points(&teacher).0.is_nan());
    }

    #[test]
    fn answers_are_held_against_the_truth() {
        let truth = Truth::Classes { labels: vec![0, 1], classes: 2 };
        let judged = Judged::new(&truth, &[0.9, 0.1, 0.6, 0.4], 1.0);
        assert_eq!(judged, Judged::Right(vec![true, false]));
        assert_eq!((judged.accuracy(), judged.errors(), judged.rmse()), (Some(0.5), Some(1), None));
        let judged = Judged::new(&Truth::Values(vec![1.0, 2.0]), &[1.0, 4.0], 3.0);
        assert_eq!(judged, Judged::Missed { squares: vec![0.0, 4.0], deviation: 3.0 });
        assert_eq!((judged.accuracy(), judged.errors(), judged.rmse()), (None, None, Some(2f64.sqrt())));
    }
}
