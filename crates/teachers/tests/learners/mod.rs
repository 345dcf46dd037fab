//! Trees with the settings that tests vary.

use lessen_teachers::{BoostingSpec, FeatureShare, ForestSpec, Learner};

/// Deep trees of leaves of at least `min_leaf` rows.
pub(crate) fn forest(
    (trees, min_leaf): (usize, usize),
    features: FeatureShare,
    bootstrap: bool,
    random_thresholds: bool,
) -> Learner {
    let (max_depth, rows_limit) = (None, None);
    Learner::Forest(ForestSpec {
        trees,
        max_depth,
        min_leaf,
        features,
        bootstrap,
        random_thresholds,
        rows_limit,
    })
}

/// Trees that are added up, on four fifths of the rows each.
pub(crate) fn boosting(rounds: usize, max_depth: u32, feature_share: f32) -> Learner {
    Learner::Boosting(BoostingSpec {
        rounds,
        max_depth,
        learning_rate: 0.2,
        min_leaf: 2,
        l2: 1.0,
        row_share: 0.8,
        feature_share,
        rows_limit: None,
    })
}
