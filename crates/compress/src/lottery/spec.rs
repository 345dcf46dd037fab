//! What a search for tickets is to do, fully resolved.

use lessen_data::{Dataset, Encoding, Split};
use lessen_engine::Recipe;
use lessen_model::Network;
use serde::{Deserialize, Serialize};

use super::ladder::{Ladder, Rung};
use crate::error::CompressError;
use crate::fit::FitStart;
use crate::magnitude::Cut;

/// A search for lottery tickets (Frankle & Carbin 2019): everything that its outcome depends on but the data.
///
/// | setting | paper, LeNet-300-100 | purpose |
/// | --- | --- | --- |
/// | `recipe` | Adam at 0.0012, batches of 60 | how each network is trained |
/// | `steps` | 50,000 | minibatches of each training |
/// | `validate_every` | 100 | minibatches between looks at the validation rows |
/// | `test_every` | 100 | the same for test rows, which choose nothing and are not shown before the choice |
/// | `replicates` | 5 | independent repetitions: other first weights, other orders of rows |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LotterySpec {
    /// What every random choice comes from.
    pub seed: u64,
    /// What pixels of images become.
    pub pixels: Pixels,
    /// The network before it is trained. Drawn weights differ between replicates, those of a file do not.
    pub start: FitStart,
    /// How each network is trained.
    pub recipe: Recipe,
    /// Minibatches of each training.
    pub steps: u64,
    /// Minibatches between looks at the validation rows.
    pub validate_every: u64,
    /// Minibatches between looks at the test rows.
    pub test_every: u64,
    /// How weights go.
    pub pruning: Pruning,
    /// Independent repetitions.
    pub replicates: u32,
    /// What tickets are held against.
    pub controls: Controls,
}

/// What the pixels of images become before a network sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pixels {
    /// Shares of the brightest, 0 to 1, as in the paper's experiments; a step leaves out what is dark in all of its rows.
    FromZeroToOne,
    /// Of mean 0 and standard deviation 1 over the training rows, as elsewhere in lessen.
    Standardised,
}

/// How weights go, round by round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pruning {
    /// Rounds.
    pub rounds: usize,
    /// Share of the weights that are left which a round takes from a layer.
    pub rate: f64,
    /// The same for the output layer.
    pub output_rate: f64,
    /// What is ranked with what.
    pub scope: Scope,
    /// What survivors go on from between rounds.
    pub strategy: Strategy,
    /// The step whose weights survivors are given back: 0 for the first ones (Frankle & Carbin 2019), a later one for late
    /// rewinding (Frankle et al. 2020).
    pub rewind: u64,
    /// What is given back.
    pub rewound: Rewound,
}

/// What is ranked with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The weights of a layer among themselves.
    Layer,
    /// Those of all layers together, but for the output layer's where its rate is 0: it then loses none.
    Global,
}

/// What survivors go on from between rounds (Frankle & Carbin 2019, appendix B).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// From the weights that they are given back: strategy 1.
    Reset,
    /// From their trained weights; they are given back the others only to be tickets: strategy 2.
    Continue,
}

/// What a rewind gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rewound {
    /// Weights and the place in the schedule.
    Weights,
    /// The place in the schedule alone: trained weights go on from there (Renda, Frankle & Carbin 2020).
    Rate,
}

/// What tickets are held against.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Controls {
    /// Rounds after which there are controls.
    pub levels: Vec<usize>,
    /// Networks with the ticket's mask and newly drawn weights, a level.
    pub reinit: u32,
    /// Networks of as many weights at random places of all layers that are pruned, with their first values.
    pub random: u32,
    /// Networks of as many weights as each layer has, at random places of it, with their first values.
    pub shuffled: u32,
    /// Whether each ticket is trained once more in another order of rows, and the two are held against what lies between
    /// them (linear mode connectivity: Frankle et al. 2020).
    pub copies: bool,
    /// Shares of hidden layers that go in one round after one training; the output layer loses in proportion to its rate.
    pub one_shot: Vec<f64>,
}

impl Pruning {
    /// The rates by layer of a network with so many; `factor` scales them.
    fn rates(&self, layers: usize, factor: f64) -> Vec<f64> {
        (1..=layers)
            .map(|layer| factor * if layer == layers { self.output_rate } else { self.rate })
            .collect()
    }

    /// A round's cut.
    pub(crate) fn cut(&self, layers: usize) -> Cut {
        match self.scope {
            Scope::Layer => Cut::ByLayer(self.rates(layers, 1.0)),
            Scope::Global => Cut::Together { rate: self.rate, takes_part: self.takes_part(layers) },
        }
    }

    /// The cut that takes `rate` of hidden layers at once.
    pub(crate) fn one_shot(&self, rate: f64, layers: usize) -> Cut {
        match self.scope {
            Scope::Layer => Cut::ByLayer(self.rates(layers, rate / self.rate)),
            Scope::Global => Cut::Together { rate, takes_part: self.takes_part(layers) },
        }
    }

    /// Whether a layer is ranked with the others.
    fn takes_part(&self, layers: usize) -> Vec<bool> {
        (1..=layers).map(|layer| layer < layers || self.output_rate > 0.0).collect()
    }

    /// What the rounds leave of a network.
    pub fn ladder(&self, network: &Network) -> Ladder {
        let layers = network.weights().count();
        let weights = network.weights().map(|(_, weights)| weights.values().len());
        let rung = |(weights, rate)| Rung { weights, rate };
        match self.scope {
            Scope::Layer => Ladder::by_layer(weights.zip(self.rates(layers, 1.0)).map(rung).collect()),
            Scope::Global => {
                let rate = |takes_part| if takes_part { self.rate } else { 0.0 };
                let rates = self.takes_part(layers).into_iter().map(rate);
                Ladder::together(weights.zip(rates).map(rung).collect())
            }
        }
    }
}

impl LotterySpec {
    /// How rows become numbers.
    pub(crate) fn encoding(&self, dataset: &Dataset, split: &Split) -> Encoding {
        let fitted = Encoding::fit(&dataset.features, &split.train);
        match self.pixels {
            Pixels::FromZeroToOne => fitted.with_pixels_from_0_to_1(),
            Pixels::Standardised => fitted,
        }
    }

    /// Whether the search can be done with `network`.
    pub(crate) fn check(&self, network: &Network) -> Result<(), CompressError> {
        let refused = |setting: &'static str, found: String, expected: &'static str| {
            Err(CompressError::Lottery { setting, found, expected })
        };
        let Pruning { rounds, rate, output_rate, scope, strategy, rewind, rewound } = self.pruning;
        let is_share = |rate: f64| rate > 0.0 && rate < 1.0;
        if !is_share(rate) {
            return refused("rate", rate.to_string(), "above 0 and below 1");
        }
        if !(0.0..1.0).contains(&output_rate) {
            return refused("output-rate", output_rate.to_string(), "at least 0 and below 1");
        }
        if let Some(rate) = self.controls.one_shot.iter().find(|rate| !is_share(**rate)) {
            return refused("one-shot", (100.0 * rate).to_string(), "percents above 0 and below 100");
        }
        if scope == Scope::Layer
            && let Some(rate) = self.controls.one_shot.iter().find(|one| *one * output_rate / rate >= 1.0)
        {
            let expected = "a percentage that leaves the output layer something";
            return refused("one-shot", (100.0 * rate).to_string(), expected);
        }
        if self.replicates == 0 {
            return refused("replicates", "0".into(), "at least 1");
        }
        if rewind >= self.steps {
            return refused("rewind", rewind.to_string(), "a step before the last one");
        }
        if strategy == Strategy::Continue && rewound == Rewound::Rate {
            return refused("strategy", "continue".into(), "reset, where the rate alone is rewound");
        }
        if self.validate_every == 0 || !self.test_every.is_multiple_of(self.validate_every) {
            return refused("test-every", self.test_every.to_string(), "a multiple of `--validate-every`");
        }
        if let Some(level) = self.controls.levels.iter().find(|level| !(1..=rounds).contains(*level)) {
            return refused("at", level.to_string(), "a round that there is");
        }
        let ladder = self.pruning.ladder(network);
        let idle = ladder.first_idle(rounds);
        if let Some((round, layer)) =
            ladder.first_empty(rounds).filter(|empty| idle.is_none_or(|idle| empty.0 < idle))
        {
            let layer = layer_name(network, layer);
            return Err(CompressError::NothingLeft { round, layer, rounds });
        }
        match idle {
            Some(round) => Err(CompressError::NothingTaken { round, rounds }),
            None => Ok(()),
        }
    }
}

/// The name of a layer that has weights, by its place among them.
pub(crate) fn layer_name(network: &Network, place: usize) -> String {
    network.weights().nth(place).map_or_else(String::new, |(name, _)| name.to_owned())
}
