//! What growing one tree of either kind needs.

use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::bins::Bins;

/// When to stop splitting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Most comparisons from the root to a leaf.
    pub(super) max_depth: u32,
    /// Fewest samples in a leaf, 1 or more.
    pub(super) min_leaf: usize,
}

/// Where a walk goes: to a node, or to a leaf. Twice the number, plus 1 for a leaf, so that small numbers stay
/// short in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Place(u32);

impl Place {
    pub(super) fn node(number: usize) -> Self {
        Self((number as u32) << 1)
    }

    pub(super) fn leaf(number: usize) -> Self {
        Self((number as u32) << 1 | 1)
    }

    pub(super) fn is_leaf(self) -> bool {
        self.0 & 1 == 1
    }

    /// The node's or the leaf's number.
    pub(super) fn number(self) -> usize {
        (self.0 >> 1) as usize
    }
}

/// A tree as it grows, in terms of bins.
pub(super) struct Grown {
    /// Where it begins.
    pub(super) root: Place,
    /// Children come after their parents.
    pub(super) nodes: Vec<GrownNode>,
    /// What the leaves say.
    pub(super) leaves: Leaves,
    /// Comparisons on the way to their leaf, of all samples together.
    pub(super) comparisons: u64,
}

/// A comparison.
#[derive(Clone, Copy)]
pub(super) struct GrownNode {
    pub(super) feature: u32,
    /// The last bin that goes left.
    pub(super) last_left: u8,
    /// Left and right.
    pub(super) children: [Place; 2],
}

/// Where a part of a tree that is about to grow hangs.
#[derive(Clone, Copy)]
pub(super) enum Origin {
    Root,
    Child { parent: usize, side: usize },
}

/// A part of a tree that is yet to grow.
pub(super) struct Open {
    /// Which of the samples it holds.
    pub(super) samples: Range<usize>,
    /// Comparisons that led to it.
    pub(super) depth: u32,
    pub(super) origin: Origin,
}

impl Open {
    /// All of a tree that has this many samples.
    pub(super) fn whole(samples: usize) -> Self {
        Self { samples: 0..samples, depth: 0, origin: Origin::Root }
    }
}

impl Grown {
    /// A tree without leaves or nodes yet; its leaves will say `outputs` numbers.
    pub(super) fn new(outputs: usize) -> Self {
        Self { root: Place::leaf(0), nodes: Vec::new(), leaves: Leaves::new(outputs), comparisons: 0 }
    }

    /// Ends `open` with a leaf for its `samples`, copies counted.
    pub(super) fn end(&mut self, open: &Open, samples: u64, says: &[f32]) {
        let leaf = self.leaves.number(says);
        self.hang(open.origin, Place::leaf(leaf));
        self.comparisons += u64::from(open.depth) * samples;
    }

    /// Splits `open`, the samples before `middle` going left; gives the two parts that are yet to grow.
    pub(super) fn split(&mut self, open: &Open, feature: u32, last_left: u8, middle: usize) -> [Open; 2] {
        let parent = self.nodes.len();
        self.hang(open.origin, Place::node(parent));
        self.nodes.push(GrownNode { feature, last_left, children: [Place::leaf(0); 2] });
        let parts = [open.samples.start..middle, middle..open.samples.end];
        let child = |side: usize, samples| Open {
            samples,
            depth: open.depth + 1,
            origin: Origin::Child { parent, side },
        };
        let [left, right] = parts;
        [child(0, left), child(1, right)]
    }

    fn hang(&mut self, origin: Origin, place: Place) {
        match origin {
            Origin::Root => self.root = place,
            Origin::Child { parent, side } => self.nodes[parent].children[side] = place,
        }
    }

    /// The leaf of a row that has been binned.
    pub(super) fn leaf_of(&self, bins: &Bins, row: usize) -> &[f32] {
        let mut place = self.root;
        while !place.is_leaf() {
            let node = &self.nodes[place.number()];
            place = node.children[usize::from(bins.column(node.feature)[row] > node.last_left)];
        }
        self.leaves.get(place.number())
    }
}

/// What leaves say, `outputs` numbers each; leaves that say the same to the bit are one.
pub(super) struct Leaves {
    outputs: usize,
    /// `[leaves][outputs]`.
    pub(super) values: Vec<f32>,
    known: HashMap<Box<[u32]>, usize>,
}

impl Leaves {
    pub(super) fn new(outputs: usize) -> Self {
        Self { outputs, values: Vec::new(), known: HashMap::new() }
    }

    /// The number of the leaf that says `says`, added where it is new. Deep trees end in few different leaves
    /// (most are pure), which keeps forests small in memory and on disk.
    pub(super) fn number(&mut self, says: &[f32]) -> usize {
        let bits: Box<[u32]> = says.iter().map(|number| number.to_bits()).collect();
        let next = self.known.len();
        let number = *self.known.entry(bits).or_insert(next);
        if number == next {
            self.values.extend_from_slice(says);
        }
        number
    }

    pub(super) fn get(&self, number: usize) -> &[f32] {
        &self.values[number * self.outputs..][..self.outputs]
    }

    /// What each leaf says, in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.outputs)
    }
}

/// Brings the samples that go left before those that do not, keeping the order within both (ascending rows are
/// read fastest), and gives how many go left. `spare` is room for the work.
pub(super) fn partition<T: Copy>(
    samples: &mut [T],
    spare: &mut Vec<T>,
    goes_left: impl Fn(&T) -> bool,
) -> usize {
    spare.clear();
    let mut left = 0;
    for index in 0..samples.len() {
        let sample = samples[index];
        if goes_left(&sample) {
            samples[left] = sample;
            left += 1;
        } else {
            spare.push(sample);
        }
    }
    samples[left..].copy_from_slice(spare);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partition_keeps_the_order_of_both_sides() {
        let mut samples = [5, 2, 8, 1, 9, 4];
        let mut spare = vec![7; 2];
        assert_eq!(partition(&mut samples, &mut spare, |&sample| sample < 5), 3);
        assert_eq!(samples, [2, 1, 4, 5, 8, 9]);
        assert_eq!(partition(&mut samples[..3], &mut spare, |_| true), 3);
        assert_eq!(partition(&mut samples[3..], &mut spare, |_| false), 0);
        assert_eq!(samples, [2, 1, 4, 5, 8, 9]);
    }

    #[test]
    fn a_place_is_a_node_or_a_leaf_with_its_number() {
        for number in [0, 1, 70_000] {
            assert_eq!((Place::node(number).is_leaf(), Place::node(number).number()), (false, number));
            assert_eq!((Place::leaf(number).is_leaf(), Place::leaf(number).number()), (true, number));
        }
    }

    #[test]
    fn leaves_that_say_the_same_are_one() {
        let mut leaves = Leaves::new(2);
        let numbers = [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]].map(|says| leaves.number(&says));
        assert_eq!(numbers, [0, 1, 0]);
        assert_eq!(leaves.values, [0.0, 1.0, 1.0, 0.0]);
        assert_eq!(leaves.get(1), [1.0, 0.0]);
        assert_eq!(leaves.iter().count(), 2);
    }
}
