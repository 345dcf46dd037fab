//! Examples to test with.

use std::sync::Arc;

use lessen_data::{Column, ColumnEncoding, Encoded, Encoding, Features, Table, padded};
use lessen_model::{Predictor, predict_rows};

use crate::examples::{Examples, Labels, Lesson, Values};
use crate::{FeatureShare, ForestSpec};

/// A single tree, as deep as it goes.
pub(crate) const TREE: ForestSpec = ForestSpec {
    trees: 1,
    max_depth: None,
    min_leaf: 1,
    features: FeatureShare::All,
    bootstrap: false,
    random_thresholds: false,
    rows_limit: None,
};

/// Rows (all of one width) as encoded ones.
pub(crate) fn encoded(width: usize, rows: &[Vec<f32>]) -> Encoded {
    let lanes = padded(rows.len());
    let mut values = vec![0.0; width * lanes];
    for (place, row) in rows.iter().enumerate() {
        for (feature, &value) in row.iter().enumerate() {
            values[feature * lanes + place] = value;
        }
    }
    Encoded { width, rows: rows.len(), lanes, values }
}

/// Rows of one feature.
pub(crate) fn line(values: &[f32]) -> Encoded {
    encoded(1, &values.iter().map(|&value| vec![value]).collect::<Vec<_>>())
}

/// Rows with their labels, under the encoding that leaves rows as they are.
pub(crate) fn examples(encoded: Encoded, labels: &[u32], classes: usize) -> Examples {
    as_they_are(encoded, Lesson::Labels(Labels { classes, of_rows: labels.to_vec() }))
}

/// Rows with their numbers, likewise.
pub(crate) fn numbers(encoded: Encoded, values: &[f32]) -> Examples {
    as_they_are(encoded, Lesson::Values(Values::new(values.to_vec()).unwrap()))
}

pub(crate) fn labels(examples: &Examples) -> &Labels {
    let Lesson::Labels(labels) = &examples.lesson else { panic!("examples of numbers") };
    labels
}

pub(crate) fn values(examples: &Examples) -> &Values {
    let Lesson::Values(values) = &examples.lesson else { panic!("examples of classes") };
    values
}

fn as_they_are(encoded: Encoded, lesson: Lesson) -> Examples {
    let column = ColumnEncoding::Pixels { count: encoded.width, shift: 0.0, scale: 1.0 };
    let encoding = Encoding::try_from(vec![column]).unwrap();
    Examples::of(Arc::new(encoding), encoded, lesson)
}

/// A table of one column.
pub(crate) fn column(values: &[f32]) -> Features {
    let values = values.to_vec();
    Features::Table(Table::new(vec![Column::Numeric { name: "x".into(), values }]).unwrap())
}

/// Training rows of the set `digits`, and its raw test rows with their labels.
pub(crate) struct Digits {
    pub(crate) training: Examples,
    features: Features,
    test: Vec<u32>,
    labels: Vec<u32>,
}

pub(crate) fn digits() -> Digits {
    let digits = lessen_data::digits().unwrap();
    let split = digits.split(1).unwrap();
    let encoding = Arc::new(Encoding::fit(&digits.features, &split.train));
    let training = Examples::new(&digits, encoding, &split.train).unwrap();
    let all = digits.classes().unwrap().1;
    let labels = split.test.iter().map(|&row| all[row as usize]).collect();
    Digits { training, labels, test: split.test, features: digits.features }
}

impl Digits {
    /// Class probabilities of the test rows.
    pub(crate) fn predictions(&self, predictor: &dyn Predictor) -> Vec<f32> {
        predict_rows(predictor, &self.features, &self.test).unwrap()
    }

    /// Share of right answers in the test rows, and their mean log-loss in nats.
    pub(crate) fn accuracy_and_loss(&self, predictor: &dyn Predictor) -> (f64, f64) {
        let predictions = self.predictions(predictor);
        let (mut right, mut loss) = (0, 0.0);
        for (row, &label) in predictions.chunks_exact(predictor.outputs()).zip(&self.labels) {
            let probability = row[label as usize];
            right += usize::from(row.iter().all(|other| *other <= probability));
            loss -= f64::from(probability.max(1e-30)).ln();
        }
        let rows = self.labels.len() as f64;
        (right as f64 / rows, loss / rows)
    }
}
