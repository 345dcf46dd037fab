//! Pruning by magnitude, with retraining, in rounds (Han, Pool, Tran & Dally 2015).

use lessen_model::Network;
use lessen_records::Role;
use serde::{Deserialize, Serialize};

use super::Job;
use super::distil::Distilled;
use crate::choose::{Candidate, choose, doubtful_drop};
use crate::error::CompressError;
use crate::judged::Judged;
use crate::made::{Curve, Made, MadeNetwork, Step};
use crate::magnitude::{Cut, without_the_smallest};
use crate::stages::Stages;
use crate::train::{TrainSpec, train};

/// How the distilled network is pruned.
///
/// | setting | default | purpose |
/// | --- | --- | --- |
/// | `rate` | 0.3 | share of the weights that are left which a round takes from each layer, the smallest first |
/// | `output_rate` | 0.15 | the same for the output layer, whose weights are few and dear |
/// | `rounds` | 14 | most rounds |
/// | `train` | | how survivors are retrained after each round, from where they are: a lower rate and fewer steps than at first |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PruneSpec {
    /// Share of a layer's weights that a round takes.
    pub rate: f64,
    /// The same for the output layer.
    pub output_rate: f64,
    /// Most rounds.
    pub rounds: usize,
    /// How survivors are retrained.
    pub train: TrainSpec,
}

/// Rounds in a row that may miss what is allowed before pruning ends: one may be bad luck.
const MISSES: usize = 2;

/// The rounds of pruning, and what came of them.
pub(crate) struct Pruned {
    pub(crate) made: Made,
    /// The network after each round, with the steps that led to it from the distilled one.
    pub(crate) rounds: Vec<(Network, Vec<Step>)>,
}

impl Job<'_> {
    /// Prunes the distilled network round by round while validation allows: no further drop, doubt included, than
    /// `max_drop_points` against the teacher, or than the distilled network's own where that is larger.
    pub(super) fn prune(
        &self,
        spec: &PruneSpec,
        distilled: &Distilled<'_>,
        stages: &mut Stages<'_>,
    ) -> Result<Pruned, CompressError> {
        let start = self.validation.judge_network(&distilled.network)?;
        let allowed = doubtful_drop(&distilled.teacher, &start).max(self.spec.max_drop_points);
        let mut network = distilled.network.clone();
        let mut content = distilled.content.clone();
        let (mut rounds, mut judged) = (Vec::new(), Vec::new());
        let mut chain: Vec<Step> = Vec::new();
        let mut missed = 0;
        for round in 1..=spec.rounds {
            let done = stages.stage(
                &format!("prune: round {round}"),
                &self.key(spec, vec![content]),
                |_, partial| {
                    let pruned = without_the_smallest(&network, &cut(&network, spec.rate, spec.output_rate));
                    let lessons = distilled.lessons.for_training();
                    train(("pruned", partial), pruned, &spec.train, lessons, &self.validation, self.spec.seed)
                },
            )?;
            chain.push(Step::of(&done));
            network = done.made;
            content = done.content;
            let answered = self.validation.judge_network(&network)?;
            missed = if doubtful_drop(&distilled.teacher, &answered) <= allowed { 0 } else { missed + 1 };
            rounds.push((network.clone(), chain.clone()));
            judged.push(answered);
            if missed >= MISSES {
                break;
            }
        }
        let made = self.pruned(distilled, &rounds, &judged, chain);
        Ok(Pruned { made, rounds })
    }

    fn pruned(
        &self,
        distilled: &Distilled<'_>,
        rounds: &[(Network, Vec<Step>)],
        judged: &[Judged],
        tried: Vec<Step>,
    ) -> Made {
        let networks = rounds.iter().map(|(network, _)| network);
        let place = self.smallest_allowed(distilled, networks.clone(), judged);
        let best = place.map(|place| {
            let (network, chain) = &rounds[place];
            MadeNetwork {
                name: "pruned".to_owned(),
                role: Role::Student,
                method: "prune",
                control: Some(distilled.control.clone()),
                network: network.clone(),
                chain: distilled.chain.iter().chain(chain).cloned().collect(),
            }
        });
        let levels = std::iter::once(&distilled.network).chain(networks).cloned().collect();
        Made {
            networks: best.into_iter().collect(),
            tried,
            tried_controls: Vec::new(),
            curves: vec![Curve { name: "pruned".to_owned(), levels }],
        }
    }

    /// The place of the network with the fewest weights left that validation allows; where it allows none, of the one that
    /// comes nearest.
    pub(super) fn smallest_allowed<'n>(
        &self,
        distilled: &Distilled<'_>,
        networks: impl Iterator<Item = &'n Network>,
        judged: &[Judged],
    ) -> Option<usize> {
        let candidate = |(network, judged): (&Network, &Judged)| Candidate {
            macs_nonzero: network.operations_nonzero().macs,
            file_bytes: 0,
            judged: judged.clone(),
        };
        let candidates: Vec<Candidate> = networks.zip(judged).map(candidate).collect();
        choose(&distilled.teacher, &candidates, self.spec.max_drop_points).map(|choice| choice.place)
    }
}

/// A round's cut: `rate` of what is left in a layer, `output_rate` in the last one.
fn cut(network: &Network, rate: f64, output_rate: f64) -> Cut {
    let layers = network.weights().count();
    Cut::ByLayer((1..=layers).map(|layer| if layer == layers { output_rate } else { rate }).collect())
}
