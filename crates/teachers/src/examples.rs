//! Encoded rows with what is to be learned of them: what learners are fitted to.

use std::sync::{Arc, OnceLock};

use lessen_data::{
    Column, ColumnEncoding, DataError, Dataset, Encoded, Encoding, Features, Table, Target, Task, Unit,
    padded, random,
};
use rand::seq::SliceRandom;

use crate::neighbours::Points;

/// Training rows, encoded once for all learners.
pub struct Examples {
    /// How raw rows were encoded; the learned predictors keep it.
    pub encoding: Arc<Encoding>,
    /// `encoding.fingerprint()`.
    pub fingerprint: u64,
    /// The rows, `[width][lanes]`.
    pub encoded: Encoded,
    /// What is to be learned of them.
    pub lesson: Lesson,
    by_row: OnceLock<Option<Features>>,
    points: OnceLock<Arc<Points>>,
}

/// What is to be learned of each row.
#[derive(Clone, Debug, PartialEq)]
pub enum Lesson {
    /// Its class.
    Labels(Labels),
    /// A number.
    Values(Values),
}

/// A class a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    /// Number of classes.
    pub classes: usize,
    /// One a row, below `classes`.
    pub of_rows: Vec<u32>,
}

/// A number a row, as learners see it: less the mean, in units of the standard deviation. Their answers are in the
/// target's unit again.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// Their mean and standard deviation.
    pub unit: Unit,
    /// In that unit, one a row.
    pub standardised: Vec<f32>,
}

impl Lesson {
    /// Of which kind it is.
    pub fn task(&self) -> Task {
        match self {
            Self::Labels(_) => Task::Classification,
            Self::Values(_) => Task::Regression,
        }
    }

    /// Numbers in an answer: a probability for each class, or one value.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Labels(labels) => labels.classes,
            Self::Values(_) => 1,
        }
    }

    fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Labels(Labels { classes, of_rows }) => Self::Labels(Labels {
                classes: *classes,
                of_rows: rows.iter().map(|&row| of_rows[row]).collect(),
            }),
            Self::Values(Values { unit, standardised }) => Self::Values(Values {
                unit: *unit,
                standardised: rows.iter().map(|&row| standardised[row]).collect(),
            }),
        }
    }
}

impl Labels {
    /// Rows of each class in `limit` rows of all.
    fn shares(&self, limit: usize) -> Vec<usize> {
        let mut counts = vec![0; self.classes];
        for &label in &self.of_rows {
            counts[label as usize] += 1;
        }
        let all = self.of_rows.len().max(1);
        counts.into_iter().map(|count: usize| ((count * limit + all / 2) / all).max(1).min(count)).collect()
    }
}

impl Values {
    /// Standardises `values`; the place of the first that is not finite where there is one.
    pub(crate) fn new(mut values: Vec<f32>) -> Result<Self, usize> {
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            return Err(place);
        }
        let unit = Unit::of(values.iter().copied().map(f64::from));
        values.iter_mut().for_each(|value| *value = unit.scaled(*value));
        Ok(Self { unit, standardised: values })
    }
}

impl Examples {
    /// Encodes `rows` of `dataset`.
    ///
    /// # Errors
    /// Where a row's target is a number that is not finite, or the encoding was fitted to other columns.
    pub fn new(dataset: &Dataset, encoding: Arc<Encoding>, rows: &[u32]) -> Result<Self, DataError> {
        let encoded = encoding.encode(&dataset.features, rows)?;
        let lesson = match &dataset.target {
            Target::Classes { names, labels } => {
                let of_rows = rows.iter().map(|&row| labels[row as usize]).collect();
                Lesson::Labels(Labels { classes: names.len(), of_rows })
            }
            Target::Values { name, values } => {
                let of_rows: Vec<f32> = rows.iter().map(|&row| values[row as usize]).collect();
                let unusable = |place: usize| DataError::Unusable {
                    name: dataset.name.clone(),
                    problem: format!(
                        "`{name}` is {} in row {}, expected a finite number",
                        values[rows[place] as usize], rows[place]
                    ),
                };
                Lesson::Values(Values::new(of_rows).map_err(unusable)?)
            }
        };
        Ok(Self::of(encoding, encoded, lesson))
    }

    /// Rows that are encoded already.
    pub(crate) fn of(encoding: Arc<Encoding>, encoded: Encoded, lesson: Lesson) -> Self {
        let fingerprint = encoding.fingerprint();
        let (by_row, points) = (OnceLock::new(), OnceLock::new());
        Self { encoding, fingerprint, encoded, lesson, by_row, points }
    }

    /// The encoded rows as points to be searched, made once and held once however many learners keep them.
    pub(crate) fn points(&self) -> Arc<Points> {
        self.points.get_or_init(|| Arc::new(Points::of(&self.encoded))).clone()
    }

    /// The encoded rows as raw features of their own, made once however many learners want them: what is trained
    /// minibatch by minibatch reads rows so. [`Examples::as_they_are`] is the encoding that goes with it. `None` where
    /// an encoded value is not finite.
    pub(crate) fn by_row(&self) -> Option<&Features> {
        let column = |feature| Column::Numeric {
            name: format!("feature_{feature}"),
            values: self.encoded.feature(feature).to_vec(),
        };
        let make = || {
            let table = Table::new((0..self.encoded.width).map(column).collect()).ok()?;
            Some(Features::RowMajor((&table).into()))
        };
        self.by_row.get_or_init(make).as_ref()
    }

    /// The encoding that leaves encoded rows as they are.
    pub(crate) fn as_they_are(&self) -> Result<Encoding, DataError> {
        let pixels = ColumnEncoding::Pixels { count: self.encoded.width, shift: 0.0, scale: 1.0 };
        Encoding::try_from(vec![pixels])
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.encoded.rows
    }

    /// At most `limit` rows, in their order: each class keeps its share, rounded, but one row at least; numbers keep their
    /// spread, by a row from each of `limit` runs of them in order. `None` where there are no more rows than that. Drawn
    /// from the stream `part of the rows` of `seed`, so that learners with the same limit see the same rows.
    pub(crate) fn part(&self, limit: usize, seed: u64) -> Option<Self> {
        let rows = self.rows();
        if rows <= limit {
            return None;
        }
        let mut order: Vec<usize> = (0..rows).collect();
        order.shuffle(&mut random::stream(seed, "part of the rows"));
        let mut drawn: Vec<usize> = match &self.lesson {
            Lesson::Labels(labels) => {
                let mut left = labels.shares(limit);
                let mut take = |row: &usize| {
                    let left = &mut left[labels.of_rows[*row] as usize];
                    let is_wanted = *left > 0;
                    *left = left.saturating_sub(1);
                    is_wanted
                };
                order.into_iter().filter(|row| take(row)).collect()
            }
            Lesson::Values(values) => {
                // The shuffle decides among equal numbers.
                order.sort_by(|&a, &b| values.standardised[a].total_cmp(&values.standardised[b]));
                (0..limit).map(|place| order[place * rows / limit]).collect()
            }
        };
        drawn.sort_unstable();
        Some(self.select(&drawn))
    }

    /// The given rows (places among these examples) as examples of their own.
    pub fn select(&self, rows: &[usize]) -> Self {
        let lanes = padded(rows.len());
        let mut values = vec![0.0; self.encoded.width * lanes];
        for feature in 0..self.encoded.width {
            let from = self.encoded.feature(feature);
            for (into, &row) in values[feature * lanes..].iter_mut().zip(rows) {
                *into = from[row];
            }
        }
        let encoded = Encoded { width: self.encoded.width, rows: rows.len(), lanes, values };
        Self::of(self.encoding.clone(), encoded, self.lesson.select(rows))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{examples, labels, line, numbers, values};

    #[test]
    fn numbers_are_standardised_and_come_back() {
        let four = numbers(line(&[0.0; 4]), &[1e6, 1e6 + 2.0, 1e6 + 4.0, 1e6 + 6.0]);
        let found = values(&four);
        assert_eq!((found.unit.centre, found.unit.scale), (1e6 + 3.0, 5f32.sqrt()));
        assert!((found.standardised[3] - 3.0 / 5f32.sqrt()).abs() < 1e-6);
        assert_eq!(found.unit.unscaled(found.standardised[0]), 1e6);
        assert_eq!(values(&numbers(line(&[0.0; 2]), &[7.0, 7.0])).standardised, [0.0, 0.0]);
    }

    #[test]
    fn a_part_has_each_class_by_its_share_and_numbers_of_all_sizes() {
        let place: Vec<f32> = (0..100).map(|row| row as f32).collect();
        // 90 of class 0, 9 of class 1, one of class 2.
        let of_rows: Vec<u32> = (0..100).map(|row| u32::from(row >= 90) + u32::from(row == 99)).collect();
        let all = examples(line(&place), &of_rows, 3);
        let part = all.part(20, 1).unwrap();
        let count = |class| labels(&part).of_rows.iter().filter(|&&label| label == class).count();
        assert_eq!([0, 1, 2].map(count), [18, 2, 1]);
        for (label, &value) in labels(&part).of_rows.iter().zip(part.encoded.feature(0)) {
            assert_eq!(of_rows[value as usize], *label, "rows keep what they are labelled with");
        }
        assert_ne!(part.encoded.feature(0), all.part(20, 2).unwrap().encoded.feature(0));
        assert!(all.part(100, 1).is_none());

        let part = numbers(line(&place), &place).part(10, 1).unwrap();
        assert_eq!(
            part.encoded.feature(0)[..10],
            [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0]
        );
        assert_eq!(values(&part).unit.centre, 49.5, "what all rows' mean is stays known");
    }
}
