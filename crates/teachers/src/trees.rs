//! Decision trees: averaged ([`ForestSpec`]) or added up ([`BoostingSpec`]).
//!
//! Features are cut into at most 255 [`bins`] first; trees are [grown](grow) in terms of bins, by a [`tally`] of
//! classes or numbers ([`forest_tree`], [`cuts`]) or by slopes of a loss ([`slope_tree`], [`histogram`]), and put
//! together as [`Trees`], which know thresholds only.

mod bins;
mod boosting;
mod cuts;
mod forest;
mod forest_tree;
mod grow;
mod histogram;
mod loss;
mod model;
mod slope_tree;
mod tally;
#[cfg(test)]
mod testing;
mod wire;

pub use boosting::BoostingSpec;
pub use forest::{FeatureShare, ForestSpec};
pub(crate) use model::Trees;
