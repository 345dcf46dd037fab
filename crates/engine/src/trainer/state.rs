//! Parameters and moments of a layer whatever holds them: what passes from one plan to the next, and into checkpoints.

use crate::optimiser::Parameters;

/// Everything that a layer learns, as if nothing had been left out; zero where a weight is gone.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LayerState {
    /// `[outputs][inputs]`.
    pub(super) weights: Tensor,
    /// `[outputs]`.
    pub(super) bias: Tensor,
}

/// Values with what the optimiser remembers of each; the moments are empty where it remembers none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tensor {
    pub(super) values: Vec<f32>,
    pub(super) first: Vec<f32>,
    pub(super) second: Vec<f32>,
}

impl Tensor {
    /// Values about which nothing is remembered yet, though there is room where `moments` says that something will be.
    pub(super) fn of(values: &[f32], moments: (bool, bool)) -> Self {
        let room = |there| vec![0.0; if there { values.len() } else { 0 }];
        Self { values: values.to_vec(), first: room(moments.0), second: room(moments.1) }
    }

    /// Entry `index` put at `at` of `into`.
    pub(super) fn put(&self, index: usize, into: &mut Parameters, at: usize) {
        into.values[at] = self.values[index];
        for (moment, into) in [(&self.first, &mut into.first), (&self.second, &mut into.second)] {
            if let (Some(moment), Some(into)) = (moment.get(index), into.get_mut(at)) {
                *into = *moment;
            }
        }
    }

    /// Entry `index` taken from `at` of `from`.
    pub(super) fn take(&mut self, index: usize, from: &Parameters, at: usize) {
        self.values[index] = from.values[at];
        for (moment, from) in [(&mut self.first, &from.first), (&mut self.second, &from.second)] {
            if let (Some(moment), Some(from)) = (moment.get_mut(index), from.get(at)) {
                *moment = *from;
            }
        }
    }

    /// Zero where `has` says that the entry is gone.
    pub(super) fn shrink(&mut self, has: impl Fn(usize) -> bool) {
        for numbers in [&mut self.values, &mut self.first, &mut self.second] {
            numbers
                .iter_mut()
                .enumerate()
                .filter(|(index, _)| !has(*index))
                .for_each(|(_, number)| *number = 0.0);
        }
    }
}
