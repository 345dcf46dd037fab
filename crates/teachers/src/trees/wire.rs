//! What a file says trees are, and whether they can be.

use serde::Deserialize;

use super::grow::Place;
use super::model::{Combine, Node, Trees};

/// The fields of [`Trees`], in their order, as a file has them: not yet checked.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct Wire {
    outputs: usize,
    combine: Combine,
    roots: Vec<Place>,
    nodes: Vec<Node>,
    leaves: Vec<f32>,
    comparisons: u64,
}

/// Trees that cannot be.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum WireError {
    #[error("0 outputs, expected 1 or more")]
    NoOutput,
    #[error("0 trees, expected 1 or more to take the mean of")]
    NoTree,
    #[error("{found} start scores, expected one for each of {classes} classes")]
    Starts { found: usize, classes: usize },
    #[error("{found} outputs, expected 1 for a number")]
    NotOne { found: usize },
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
    #[error("a number that is not finite")]
    NotFinite,
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
        let Wire { outputs, combine, roots, nodes, leaves, comparisons } = wire;
        Ok(Self { outputs, combine, roots, nodes, leaves, comparisons })
    }
}

impl Wire {
    fn check_lengths(&self) -> Result<(), WireError> {
        let outputs = self.outputs;
        if outputs == 0 {
            return Err(WireError::NoOutput);
        }
        match &self.combine {
            Combine::Mean if self.roots.is_empty() => return Err(WireError::NoTree),
            Combine::Sum { start } if start.len() != outputs => {
                return Err(WireError::Starts { found: start.len(), classes: outputs });
            }
            Combine::Value { .. } if outputs != 1 => return Err(WireError::NotOne { found: outputs }),
            _ => {}
        }
        let (found, outputs) = (self.leaves.len(), self.combine.in_leaf(outputs));
        if found.is_multiple_of(outputs) { Ok(()) } else { Err(WireError::Leaves { found, outputs }) }
    }

    /// Whether every walk ends in a leaf: it does where children come after their parents.
    fn check_walks(&self) -> Result<(), WireError> {
        let leaves = self.leaves.len() / self.combine.in_leaf(self.outputs);
        let is_there =
            |place: &Place| place.number() < if place.is_leaf() { leaves } else { self.nodes.len() };
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
                let wrong = self.leaves.chunks(self.outputs).position(|says| !are_probabilities(says));
                wrong.map_or(Ok(()), |leaf| Err(WireError::Probabilities { leaf }))
            }
            Combine::Sum { start } => {
                let wrong = start.iter().chain(&self.leaves).find(|score| !is_score(**score));
                wrong.map_or(Ok(()), |&found| Err(WireError::Score { found }))
            }
            Combine::Value { centre, scale } => {
                let mut numbers = [centre, scale].into_iter().chain(&self.leaves);
                numbers.all(|number| number.is_finite()).then_some(()).ok_or(WireError::NotFinite)
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

#[cfg(test)]
mod tests {
    use lessen_data::random;
    use rand::RngExt;

    use super::*;
    use crate::trees::testing::{encoded, probabilities};

    /// A split, with a leaf on its left and another split on its right.
    fn nodes() -> Vec<Node> {
        let node = |threshold, children| Node { feature: 0, threshold, children };
        vec![node(0.5, [Place::leaf(0), Place::node(1)]), node(1.5, [Place::leaf(1), Place::leaf(0)])]
    }

    fn forest() -> Wire {
        let leaves = vec![1.0, 0.0, 0.25, 0.75];
        let roots = vec![Place::node(0), Place::leaf(1)];
        Wire { outputs: 2, combine: Combine::Mean, roots, nodes: nodes(), leaves, comparisons: 2 }
    }

    fn boosting() -> Wire {
        let combine = Combine::Sum { start: vec![0.0, 0.5] };
        Wire { combine, leaves: vec![-0.5, 0.5], ..forest() }
    }

    fn values() -> Wire {
        let combine = Combine::Value { centre: 10.0, scale: 2.0 };
        Wire { outputs: 1, combine, leaves: vec![-0.5, 0.5], ..forest() }
    }

    fn changed(mut wire: Wire, change: impl FnOnce(&mut Wire)) -> Wire {
        change(&mut wire);
        wire
    }

    #[test]
    fn right_ones_are_taken() {
        let rows = encoded(&[&[0.0, 1.0, 2.0]]);
        let forest = Trees::try_from(forest()).unwrap();
        assert_eq!(probabilities(&forest, &rows), [0.625, 0.375, 0.25, 0.75, 0.625, 0.375]);
        let boosting = Trees::try_from(boosting()).unwrap();
        let second = |score: f32| 1.0 / (1.0 + (-score).exp());
        for (row, score) in probabilities(&boosting, &rows).chunks(2).zip([0.5, 1.5, 0.5]) {
            assert!((row[1] - second(score)).abs() < 1e-6, "{row:?}");
        }
        // The second tree is a leaf of 1/2.
        assert_eq!(probabilities(&Trees::try_from(values()).unwrap(), &rows), [10.0, 12.0, 10.0]);
    }

    #[test]
    fn wrong_ones_are_refused() {
        let cases: [(Wire, WireError); 18] = [
            (changed(values(), |wire| wire.outputs = 2), WireError::NotOne { found: 2 }),
            (changed(values(), |wire| wire.leaves[1] = f32::NAN), WireError::NotFinite),
            (changed(forest(), |wire| wire.outputs = 0), WireError::NoOutput),
            (changed(forest(), |wire| wire.roots.clear()), WireError::NoTree),
            (changed(boosting(), |wire| wire.outputs = 3), WireError::Starts { found: 2, classes: 3 }),
            (changed(forest(), |wire| wire.leaves.truncate(3)), WireError::Leaves { found: 3, outputs: 2 }),
            (
                changed(forest(), |wire| wire.outputs = usize::MAX),
                WireError::Leaves { found: 4, outputs: usize::MAX },
            ),
            (changed(forest(), |wire| wire.roots[1] = Place::leaf(2)), WireError::Root { tree: 1 }),
            (changed(forest(), |wire| wire.roots[1] = Place::node(2)), WireError::Root { tree: 1 }),
            (
                changed(forest(), |wire| wire.nodes[1].children[0] = Place::leaf(2)),
                WireError::Child { node: 1 },
            ),
            (
                changed(forest(), |wire| wire.nodes[1].children[0] = Place::node(2)),
                WireError::Child { node: 1 },
            ),
            (
                changed(forest(), |wire| wire.nodes[1].children[0] = Place::node(1)),
                WireError::Child { node: 1 },
            ),
            (
                changed(forest(), |wire| wire.nodes[1].children[1] = Place::node(0)),
                WireError::Child { node: 1 },
            ),
            (
                changed(forest(), |wire| wire.nodes[0].threshold = f32::INFINITY),
                WireError::Threshold { node: 0, found: f32::INFINITY },
            ),
            (changed(forest(), |wire| wire.leaves[3] = 0.7), WireError::Probabilities { leaf: 1 }),
            (
                changed(forest(), |wire| wire.leaves[..2].copy_from_slice(&[1.5, -0.5])),
                WireError::Probabilities { leaf: 0 },
            ),
            (changed(boosting(), |wire| wire.leaves[0] = -2e6), WireError::Score { found: -2e6 }),
            (changed(forest(), |wire| wire.comparisons = 3), WireError::Comparisons { found: 3, nodes: 2 }),
        ];
        for (wire, expected) in cases {
            assert_eq!(Trees::try_from(wire).unwrap_err(), expected);
        }
        for number in [f32::NAN, f32::INFINITY] {
            assert!(Trees::try_from(changed(forest(), |wire| wire.leaves[0] = number)).is_err());
            assert!(Trees::try_from(changed(boosting(), |wire| wire.leaves[0] = number)).is_err());
            let start = vec![0.0, number];
            assert!(
                Trees::try_from(changed(boosting(), |wire| wire.combine = Combine::Sum { start })).is_err()
            );
            assert!(Trees::try_from(changed(boosting(), |wire| wire.nodes[1].threshold = number)).is_err());
        }
    }

    /// Bytes that were damaged anywhere are refused or give trees that predict: no panic, no endless walk.
    #[test]
    fn damaged_bytes_do_no_harm() {
        let rows = encoded(&[&[0.0, 1.0, 2.0]]);
        let mut random = random::stream(1, "damage");
        let mut taken = 0;
        for wire in [forest(), boosting(), values()] {
            let bytes = postcard::to_stdvec(&wire).unwrap();
            for _ in 0..2000 {
                let mut bytes = bytes.clone();
                let place = random.random_range(0..bytes.len());
                bytes[place] = random.random();
                if let Ok(trees) = postcard::from_bytes::<Trees>(&bytes) {
                    taken += 1;
                    let mut room = vec![0.0; rows.rows * 2];
                    trees.answer(&rows, &mut room);
                    trees.operations();
                }
            }
        }
        assert!(taken > 100, "most damage is to numbers, which may be any: {taken}");
    }
}
