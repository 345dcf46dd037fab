//! What computing a model once takes.

use lessen_units::Operations;

use crate::call::Reason;
use crate::constants::{Constant, Role};
use crate::memory::Activations;
use crate::value::Value;
use crate::walk::NodeCount;

/// What computing a model once takes, and what of that is not known.
#[derive(Clone, Debug)]
pub struct Count {
    /// What it is given: names, with what is known of each.
    pub inputs: Vec<(String, Value)>,
    /// Its free dimensions, as they were filled in.
    pub dimensions: Vec<Dimension>,
    /// Its nodes in their order, those of bodies and functions in the place of their calls.
    pub nodes: Vec<NodeCount>,
    /// Its constants.
    pub constants: Vec<Constant>,
    /// What its inputs and results take in memory.
    pub activations: Result<Activations, Reason>,
}

impl Default for Count {
    fn default() -> Self {
        Self {
            inputs: Vec::new(),
            dimensions: Vec::new(),
            nodes: Vec::new(),
            constants: Vec::new(),
            activations: Ok(Activations { bytes: 0, peak_bytes: 0 }),
        }
    }
}

/// A free dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// Its name; `input[axis]` where it has none.
    pub name: String,
    /// What it is; `None` where nothing was said.
    pub value: Option<u64>,
    /// Whether nothing was said, and 1 was taken: along the first axis of an input.
    pub is_assumed: bool,
}

impl Count {
    /// The sum over the nodes whose operations are known: all, where [`Count::unknown`] is empty.
    pub fn operations(&self) -> Operations {
        let saturating = |of: fn(&Operations) -> u64| {
            self.nodes.iter().fold(0u64, |sum, node| sum.saturating_add(of(&node.operations)))
        };
        Operations {
            macs: saturating(|of| of.macs),
            adds: saturating(|of| of.adds),
            comparisons: saturating(|of| of.comparisons),
        }
    }

    /// Nodes whose operations are not known, with the reason.
    pub fn unknown(&self) -> impl Iterator<Item = (&NodeCount, &Reason)> {
        self.nodes.iter().filter_map(|node| Some((node, node.unknown.as_ref()?)))
    }

    /// Whether every node is counted.
    pub fn is_complete(&self) -> bool {
        self.unknown().next().is_none()
    }

    /// Constants that were learned.
    pub fn parameters(&self) -> impl Iterator<Item = &Constant> {
        self.constants.iter().filter(|constant| constant.role == Role::Parameter)
    }

    /// Numbers that were learned.
    pub fn parameter_count(&self) -> u64 {
        self.parameters().fold(0, |sum, constant| sum.saturating_add(constant.numbers))
    }

    /// Those of them that are not zero; `None` where some were not read.
    pub fn nonzero_count(&self) -> Option<u64> {
        self.parameters().map(|constant| constant.nonzero).sum()
    }

    /// Bytes of what a model keeps beside its graph: parameters, statistics, scales and zero points.
    pub fn weight_bytes(&self) -> u64 {
        let kept = self.constants.iter().filter(|constant| constant.role > Role::Setting);
        kept.fold(0, |sum, constant| sum.saturating_add(constant.bytes))
    }

    /// MACs of a node with weights that are not zero; all of them, where it has no weights. `None` where its weights were not read, or do
    /// not all take part equally often.
    pub fn nonzero_macs_of(&self, node: &NodeCount) -> Option<u64> {
        let macs = u128::from(node.operations.macs);
        if node.weights.is_empty() || macs == 0 {
            return Some(node.operations.macs);
        }
        let of = |place: &usize| self.constants.get(*place);
        let all: u128 =
            node.weights.iter().map(|place| of(place).map(|of| u128::from(of.numbers))).sum::<Option<_>>()?;
        let left =
            node.weights.iter().map(|place| of(place)?.nonzero.map(u128::from)).sum::<Option<u128>>()?;
        if all == 0 || !macs.is_multiple_of(all) {
            return None;
        }
        u64::try_from(macs / all * left).ok()
    }

    /// MACs with weights that are not zero; `None` where that is not known of some node.
    pub fn nonzero_macs(&self) -> Option<u64> {
        self.nodes.iter().map(|node| self.nonzero_macs_of(node)).sum()
    }

    /// FLOPs for each byte of weights, inputs and results, each taken once; `None` where some of either are not known.
    pub fn flops_per_byte(&self) -> Option<f64> {
        if !self.is_complete() {
            return None;
        }
        let bytes = self.weight_bytes().checked_add(self.activations.as_ref().ok()?.bytes)?;
        let operations = self.operations();
        (bytes > 0).then(|| (2.0 * operations.macs as f64 + operations.adds as f64) / bytes as f64)
    }
}
