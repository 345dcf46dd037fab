//! Decision trees: averaged ([`ForestSpec`]) or added up ([`BoostingSpec`]).
//!
//! Features are cut into at most 255 [`bins`] first; trees are [grown](grow) in terms of bins, by counts of
//! classes ([`class_tree`], [`gini`]) or by slopes of a loss ([`slope_tree`], [`histogram`]), and put together
//! as [`Trees`], which know thresholds only.

mod bins;
mod boosting;
mod class_tree;
mod forest;
mod gini;
mod grow;
mod histogram;
mod model;
mod slope_tree;
#[cfg(test)]
mod testing;
mod wire;

pub use boosting::BoostingSpec;
pub use forest::{FeatureShare, ForestSpec};
pub(crate) use model::Trees;
