//! How a network is trained.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::EngineError;

/// Everything about training but the data, the network and the seed.
///
/// | setting | purpose | range |
/// | --- | --- | --- |
/// | `batch` | rows in a minibatch | 1 to 2^20 |
/// | `optimiser` | how gradients become steps | rates above 0, decays in [0, 1) |
/// | `schedule` | how the learning rate changes | |
/// | `schedule_from` | steps of the schedule that count as taken before the first one: training that begins late (Frankle et al. 2020) | |
/// | `weight_decay` | share of a weight taken away a step, times the learning rate (decoupled: Loshchilov & Hutter 2019, so that Adam becomes AdamW); biases keep theirs | at least 0 |
/// | `penalty` | what is added to the loss, and so to gradients, for the size of weights; biases are free | at least 0 |
/// | `clip` | gradients are made shorter where all of them together, as one vector, are longer | above 0 |
/// | `max_norm` | what a unit's weights, as one vector, are never longer than after a step (Srebro & Shraibman 2005) | above 0 |
/// | `rates` | what the learning rate is multiplied with in the dense layers of these names; 0 freezes one | at least 0 |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Rows in a minibatch.
    pub batch: usize,
    /// How gradients become steps.
    pub optimiser: Optimiser,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Steps of the schedule that count as taken before the first one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub schedule_from: u64,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// Penalties on the size of weights.
    #[serde(default)]
    pub penalty: Penalty,
    /// Longest gradient of all parameters together.
    #[serde(default)]
    pub clip: Option<f32>,
    /// Longest vector of weights into a unit.
    #[serde(default)]
    pub max_norm: Option<f32>,
    /// Factors of the learning rate by dense layer.
    #[serde(default)]
    pub rates: BTreeMap<String, f32>,
}

/// So that what never began late has the name that it always had.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(steps: &u64) -> bool {
    *steps == 0
}

/// Penalties on weights: `l1 sum |w| + l2 / 2 sum w^2`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Penalty {
    /// On their absolute values: what is not needed goes to zero.
    pub l1: f32,
    /// On their squares: what is not needed becomes small (Han et al. 2015 retrain pruned networks better with it).
    pub l2: f32,
}

impl Recipe {
    /// Minibatches of `batch` rows and an optimiser, at one rate and with nothing else.
    pub fn plain(batch: usize, optimiser: Optimiser) -> Self {
        Self {
            batch,
            optimiser,
            schedule: Schedule::Constant,
            schedule_from: 0,
            weight_decay: 0.0,
            penalty: Penalty::default(),
            clip: None,
            max_norm: None,
            rates: BTreeMap::new(),
        }
    }
}

/// How gradients become steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimiser {
    /// Kingma & Ba 2015, algorithm 1.
    Adam {
        /// Learning rate.
        rate: f32,
        /// Decay of the first moment.
        beta1: f32,
        /// Decay of the second moment.
        beta2: f32,
        /// Added to the root of the second moment.
        epsilon: f32,
    },
    /// Stochastic gradient descent: `v <- momentum v + g; w <- w - rate v`.
    Sgd {
        /// Learning rate.
        rate: f32,
        /// 0 for none.
        momentum: f32,
        /// Whether a step looks ahead: `w <- w - rate (g + momentum v)`.
        #[serde(default)]
        nesterov: bool,
    },
}

impl Optimiser {
    /// Adam with the paper's other settings: 0.9, 0.999, 1e-8.
    pub fn adam(rate: f32) -> Self {
        Self::Adam { rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }

    /// Descent without momentum.
    pub fn sgd(rate: f32) -> Self {
        Self::Sgd { rate, momentum: 0.0, nesterov: false }
    }

    /// Whether it remembers a first and a second moment of each entry.
    pub(crate) fn moments(self) -> (bool, bool) {
        match self {
            Self::Adam { .. } => (true, true),
            Self::Sgd { momentum, .. } => (momentum != 0.0, false),
        }
    }
}

/// How the learning rate changes with the steps taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Not at all.
    Constant,
    /// Up in a line for `warm_up` steps, then down along half a cosine to 0 at `steps`.
    Cosine {
        /// All steps.
        steps: u64,
        /// Steps until the full rate.
        warm_up: u64,
    },
    /// Up in a line for `warm_up` steps, then multiplied by `factor` at each of these steps.
    Steps {
        /// Where, in steps taken, rising.
        at: Vec<u64>,
        /// By what; the usual 0.1 divides by ten.
        factor: f32,
        /// Steps until the full rate.
        warm_up: u64,
    },
}

impl Schedule {
    /// What the learning rate is multiplied by at step `step`, from 0.
    pub fn factor(&self, step: u64) -> f32 {
        match *self {
            Self::Constant => 1.0,
            Self::Cosine { warm_up, .. } | Self::Steps { warm_up, .. } if step < warm_up => {
                (step + 1) as f32 / warm_up as f32
            }
            Self::Steps { ref at, factor, .. } => {
                factor.powi(at.iter().filter(|&&at| at <= step).count() as i32)
            }
            Self::Cosine { steps, warm_up } => {
                let way = (step - warm_up) as f64 / (steps.saturating_sub(warm_up).max(1)) as f64;
                (0.5 * (1.0 + (std::f64::consts::PI * way.min(1.0)).cos())) as f32
            }
        }
    }
}

/// A guard against a mistyped batch: room for all of it is taken when training begins.
const LARGEST_BATCH: usize = 1 << 20;

impl Recipe {
    /// Whether every setting is in its range.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        let refused = |setting, found: f32, expected| {
            Err(EngineError::Recipe { setting, found: f64::from(found), expected })
        };
        let decays = |decay: f32| (0.0..1.0).contains(&decay);
        let above_zero = |rate: f32| rate > 0.0 && rate.is_finite();
        if !(1..=LARGEST_BATCH).contains(&self.batch) {
            return refused("batch", self.batch as f32, "1 to 2^20");
        }
        if !(self.weight_decay >= 0.0 && self.weight_decay.is_finite()) {
            return refused("weight_decay", self.weight_decay, "at least 0");
        }
        let at_least_zero = |value: f32| value >= 0.0 && value.is_finite();
        for (setting, value) in [("l1", self.penalty.l1), ("l2", self.penalty.l2)] {
            if !at_least_zero(value) {
                return refused(setting, value, "at least 0");
            }
        }
        for (setting, value) in [("clip", self.clip), ("max_norm", self.max_norm)] {
            if let Some(value) = value.filter(|value| !above_zero(*value)) {
                return refused(setting, value, "above 0");
            }
        }
        if let Some(&factor) = self.rates.values().find(|factor| !at_least_zero(**factor)) {
            return refused("rates", factor, "at least 0");
        }
        if let Schedule::Steps { factor, .. } = self.schedule
            && !above_zero(factor)
        {
            return refused("factor", factor, "above 0");
        }
        match self.optimiser {
            Optimiser::Adam { rate, .. } | Optimiser::Sgd { rate, .. } if !above_zero(rate) => {
                refused("rate", rate, "above 0")
            }
            Optimiser::Adam { beta1, .. } if !decays(beta1) => refused("beta1", beta1, "in [0, 1)"),
            Optimiser::Adam { beta2, .. } if !decays(beta2) => refused("beta2", beta2, "in [0, 1)"),
            Optimiser::Adam { epsilon, .. } if !above_zero(epsilon) => refused("epsilon", epsilon, "above 0"),
            Optimiser::Sgd { momentum, .. } if !decays(momentum) => {
                refused("momentum", momentum, "in [0, 1)")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_by_hand() {
        let schedule = Schedule::Cosine { steps: 10, warm_up: 2 };
        for (step, expected) in [(0, 0.5), (1, 1.0), (2, 1.0), (6, 0.5), (10, 0.0), (99, 0.0)] {
            let factor = schedule.factor(step);
            assert!((factor - expected).abs() < 1e-6, "step {step}: {factor}");
        }
        assert_eq!(Schedule::Constant.factor(7), 1.0);
    }

    #[test]
    fn steps_down_by_hand() {
        let schedule = Schedule::Steps { at: vec![5, 8], factor: 0.5, warm_up: 2 };
        for (step, expected) in [(0, 0.5), (1, 1.0), (4, 1.0), (5, 0.5), (7, 0.5), (8, 0.25), (99, 0.25)] {
            assert_eq!(schedule.factor(step), expected, "step {step}");
        }
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let good = Recipe::plain(1, Optimiser::adam(0.1));
        assert!(good.check().is_ok());
        let adam = |rate, beta1, beta2, epsilon| Optimiser::Adam { rate, beta1, beta2, epsilon };
        for (bad, setting) in [
            (Recipe { batch: 0, ..good.clone() }, "batch"),
            (Recipe { batch: usize::MAX, ..good.clone() }, "batch"),
            (Recipe { weight_decay: f32::NAN, ..good.clone() }, "weight_decay"),
            (Recipe { weight_decay: -1.0, ..good.clone() }, "weight_decay"),
            (Recipe { optimiser: Optimiser::adam(0.0), ..good.clone() }, "rate"),
            (Recipe { optimiser: Optimiser::adam(f32::NAN), ..good.clone() }, "rate"),
            (Recipe { optimiser: adam(0.1, 1.0, 0.9, 1e-8), ..good.clone() }, "beta1"),
            (Recipe { optimiser: adam(0.1, 0.9, f32::NAN, 1e-8), ..good.clone() }, "beta2"),
            (Recipe { optimiser: adam(0.1, 0.9, 0.9, 0.0), ..good.clone() }, "epsilon"),
            (
                Recipe {
                    optimiser: Optimiser::Sgd { rate: 0.1, momentum: -0.1, nesterov: false },
                    ..good.clone()
                },
                "momentum",
            ),
            (Recipe { penalty: Penalty { l1: -1.0, l2: 0.0 }, ..good.clone() }, "l1"),
            (Recipe { penalty: Penalty { l1: 0.0, l2: f32::NAN }, ..good.clone() }, "l2"),
            (Recipe { clip: Some(0.0), ..good.clone() }, "clip"),
            (Recipe { max_norm: Some(f32::NAN), ..good.clone() }, "max_norm"),
            (Recipe { rates: [("a".to_owned(), -1.0)].into(), ..good.clone() }, "rates"),
            (
                Recipe { schedule: Schedule::Steps { at: vec![], factor: 0.0, warm_up: 0 }, ..good.clone() },
                "factor",
            ),
        ] {
            match bad.check() {
                Err(EngineError::Recipe { setting: found, .. }) => assert_eq!(found, setting),
                other => panic!("{setting}: {other:?}"),
            }
        }
    }
}
