//! Rows to test with.

use std::collections::BTreeMap;
use std::sync::Arc;

use lessen_data::{ColumnEncoding, Encoded, Encoding, padded};

use super::Trees;
use super::bins::Bins;
use super::grow::Grown;
use crate::examples::{Examples, Labels, Lesson};

/// Rows of these features, which are of one length.
pub(super) fn encoded(features: &[&[f32]]) -> Encoded {
    let rows = features.first().map_or(0, |feature| feature.len());
    let lanes = padded(rows);
    let mut values = vec![0.0; features.len() * lanes];
    for (into, feature) in values.chunks_mut(lanes.max(1)).zip(features) {
        into[..rows].copy_from_slice(feature);
    }
    Encoded { width: features.len(), rows, lanes, values }
}

/// The same rows with their labels.
pub(super) fn examples(features: &[&[f32]], labels: &[u32], classes: usize) -> Examples {
    let column = ColumnEncoding::Pixels { count: features.len(), shift: 0.0, scale: 1.0 };
    let encoding = Encoding::try_from(vec![column]).unwrap();
    let labels = Labels { classes, of_rows: labels.to_vec() };
    Examples::of(Arc::new(encoding), encoded(features), Lesson::Labels(labels))
}

/// Training rows of the set `digits`, and its validation rows with their labels.
pub(super) fn digits() -> (Examples, Examples) {
    let digits = lessen_data::digits().unwrap();
    let split = digits.split(1).unwrap();
    let encoding = Arc::new(Encoding::fit(&digits.features, &split.train));
    let examples = |rows: &[u32]| Examples::new(&digits, encoding.clone(), rows).unwrap();
    (examples(&split.train), examples(&split.validation))
}

/// `[rows][classes]`.
pub(super) fn probabilities(trees: &Trees, encoded: &Encoded) -> Vec<f32> {
    let mut probabilities = vec![f32::NAN; encoded.rows * trees.outputs()];
    trees.answer(encoded, &mut probabilities);
    probabilities
}

/// The share of rows that get the greatest probability in their class.
pub(super) fn accuracy(trees: &Trees, examples: &Examples) -> f64 {
    let probabilities = probabilities(trees, &examples.encoded);
    let labels = crate::testing::labels(examples);
    let rows = probabilities.chunks(labels.classes).zip(&labels.of_rows);
    let right =
        rows.filter(|(row, label)| row.iter().all(|probability| *probability <= row[**label as usize]));
    right.count() as f64 / examples.rows() as f64
}

/// How many of `rows` (each so many times) end at each place where a leaf hangs, named by parent and side; as
/// leaves that say the same are one, their numbers would not tell.
pub(super) fn ends(
    grown: &Grown,
    bins: &Bins,
    rows: impl Iterator<Item = (u32, u32)>,
) -> BTreeMap<(usize, usize), u32> {
    let mut ends = BTreeMap::new();
    for (row, copies) in rows {
        let (mut at, mut place) = ((0, 0), grown.root);
        while !place.is_leaf() {
            let node = &grown.nodes[place.number()];
            at = (place.number(), usize::from(bins.column(node.feature)[row as usize] > node.last_left));
            place = node.children[at.1];
        }
        *ends.entry(at).or_default() += copies;
    }
    ends
}
