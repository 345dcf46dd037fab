//! What a file says trees are, and whether they can be.

use serde::Deserialize;

use super::grow::Place;
use super::model::{Combine, Node, Trees};

/// The fields of [`Trees`], in their order, as a file has them: not yet checked.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct Wire {
    classes: usize,
    combine: Combine,
    roots: Vec<Place>,
    nodes: Vec<Node>,
    leaves: Vec<f32>,
    comparisons: u64,
}

/// Trees that cannot be.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum WireError {
    #[error("0 classes, expected 1 or more")]
    NoClass,
    #[error("0 trees, expected 1 or more to take the mean of")]
    NoTree,
    #[error("{found} start scores, expected one for each of {classes} classes")]
    Starts { found: usize, classes: usize },
    #[error("{found} numbers in the leaves, expected a multiple of {outputs}")]
    Leaves { found: usize, outputs: usize },
    #[error("tree {tree} begins at a node or leaf that is not there")]
    Root { tree: usize },
    #[error("node {node} leads back, or to a node or leaf that is not there")]
    Child { node: usize },
    #[error("node {node} compares with {found}, expected a finite number")]
    Threshold { node: usize, found: f32 },
    #[error("leaf {leaf} holds no class probabilities")]
    Probabilities { leaf: usize },
    #[error("a score of {found}, expected at most {LARGEST_SCORE} either way")]
    Score { found: f32 },
    #[error("{found} comparisons, expected at most one for each of {nodes} nodes")]
    Comparisons { found: u64, nodes: usize },
}

/// Far above any score that is learned, and sums of it stay finite.
const LARGEST_SCORE: f32 = 1e6;

/// How far class probabilities may be from a sum of 1, by rounding.
const ROUNDING: f32 = 1e-3;

impl TryFrom<Wire> for Trees {
    type Error = WireError;

    fn try_from(wire: Wire) -> Result<Self, WireError> {
        wire.check_lengths()?;
        wire.check_walks()?;
        wire.check_leaves()?;
        let Wire { classes, combine, roots, nodes, leaves, comparisons } = wire;
        Ok(Self { classes, combine, roots, nodes, leaves, comparisons })
    }
}

impl Wire {
    fn check_lengths(&self) -> Result<(), WireError> {
        let classes = self.classes;
        if classes == 0 {
            return Err(WireError::NoClass);
        }
        match &self.combine {
            Combine::Mean if self.roots.is_empty() => return Err(WireError::NoTree),
            Combine::Sum { start } if start.len() != classes => {
                return Err(WireError::Starts { found: start.len(), classes });
            }
            _ => {}
        }
        let (found, outputs) = (self.leaves.len(), self.combine.outputs(classes));
        if found.is_multiple_of(outputs) { Ok(()) } else { Err(WireError::Leaves { found, outputs }) }
    }

    /// Whether every walk ends in a leaf: it does where children come after their parents.
    fn check_walks(&self) -> Result<(), WireError> {
        let leaves = self.leaves.len() / self.combine.outputs(self.classes);
        let is_there = |place: &Place| place.number() < if place.is_leaf() { leaves } else { self.nodes.len() };
        if let Some(tree) = self.roots.iter().position(|root| !is_there(root)) {
            return Err(WireError::Root { tree });
        }
        for (number, node) in self.nodes.iter().enumerate() {
            let leads_on = |place: &Place| is_there(place) && (place.is_leaf() || place.number() > number);
            if !node.children.iter().all(leads_on) {
                return Err(WireError::Child { node: number });
            }
            if !node.threshold.is_finite() {
                return Err(WireError::Threshold { node: number, found: node.threshold });
            }
        }
        // A node lies in one tree: no walk down all of them takes more comparisons than there are nodes.
        if self.comparisons > self.nodes.len() as u64 {
            return Err(WireError::Comparisons { found: self.comparisons, nodes: self.nodes.len() });
        }
        Ok(())
    }

    fn check_leaves(&self) -> Result<(), WireError> {
        match &self.combine {
            Combine::Mean => {
                let wrong = self.leaves.chunks(self.classes).position(|says| !are_probabilities(says));
                wrong.map_or(Ok(()), |leaf| Err(WireError::Probabilities { leaf }))
            }
            Combine::Sum { start } => {
                let wrong = start.iter().chain(&self.leaves).find(|score| !is_score(**score));
                wrong.map_or(Ok(()), |&found| Err(WireError::Score { found }))
            }
        }
    }
}

fn are_probabilities(says: &[f32]) -> bool {
    let sum: f32 = says.iter().sum();
    says.iter().all(|share| (0.0..=1.0).contains(share)) && (sum - 1.0).abs() <= ROUNDING
}

fn is_score(score: f32) -> bool {
    score.abs() <= LARGEST_SCORE
}
