//! Rows to test with.

use lessen_data::{Encoded, padded};

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
