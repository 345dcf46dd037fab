//! Encoded rows with what is to be learned of them: what learners are fitted to.

use std::sync::{Arc, OnceLock};

use lessen_data::{
    Answer, Column, ColumnEncoding, DataError, Dataset, Encoded, Encoding, Features, Table, Target, padded,
};

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
    table: OnceLock<Option<Features>>,
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
    /// The mean.
    pub centre: f32,
    /// The standard deviation; 1 where the numbers do not differ.
    pub scale: f32,
    /// `(value - centre) / scale`, one a row.
    pub standardised: Vec<f32>,
}

/// Of which kind a lesson is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Classes are told apart.
    Classes,
    /// A number is predicted.
    Values,
}

impl From<&Answer> for Task {
    fn from(answer: &Answer) -> Self {
        match answer {
            Answer::Classes(_) => Self::Classes,
            Answer::Value(_) => Self::Values,
        }
    }
}

impl Lesson {
    /// Of which kind it is.
    pub fn task(&self) -> Task {
        match self {
            Self::Labels(_) => Task::Classes,
            Self::Values(_) => Task::Values,
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
            Self::Values(Values { centre, scale, standardised }) => Self::Values(Values {
                centre: *centre,
                scale: *scale,
                standardised: rows.iter().map(|&row| standardised[row]).collect(),
            }),
        }
    }
}

impl Values {
    /// Standardises `values`; the place of the first that is not finite where there is one.
    pub(crate) fn new(mut values: Vec<f32>) -> Result<Self, usize> {
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            return Err(place);
        }
        let count = values.len().max(1) as f64;
        let mean = values.iter().copied().map(f64::from).sum::<f64>() / count;
        let square = |value: f32| (f64::from(value) - mean).powi(2);
        let deviation = (values.iter().copied().map(square).sum::<f64>() / count).sqrt() as f32;
        let (centre, scale) = (mean as f32, if deviation > 0.0 { deviation } else { 1.0 });
        let standard = |value: f32| ((f64::from(value) - f64::from(centre)) / f64::from(scale)) as f32;
        values.iter_mut().for_each(|value| *value = standard(*value));
        Ok(Self { centre, scale, standardised: values })
    }

    /// A standardised number in the target's unit.
    pub(crate) fn in_unit(&self, standardised: f32) -> f32 {
        standardised.mul_add(self.scale, self.centre)
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
        let (table, points) = (OnceLock::new(), OnceLock::new());
        Self { encoding, fingerprint, encoded, lesson, table, points }
    }

    /// The encoded rows as points to be searched, made once and held once however many learners keep them.
    pub(crate) fn points(&self) -> Arc<Points> {
        self.points.get_or_init(|| Arc::new(Points::of(&self.encoded))).clone()
    }

    /// The encoded rows as raw features of their own, made once however many learners want them: what is trained
    /// minibatch by minibatch reads rows so. [`Examples::as_they_are`] is the encoding that goes with it. `None` where
    /// an encoded value is not finite.
    pub(crate) fn table(&self) -> Option<&Features> {
        let column = |feature| Column::Numeric {
            name: format!("feature_{feature}"),
            values: self.encoded.feature(feature).to_vec(),
        };
        let make = || Table::new((0..self.encoded.width).map(column).collect()).ok().map(Features::Table);
        self.table.get_or_init(make).as_ref()
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
