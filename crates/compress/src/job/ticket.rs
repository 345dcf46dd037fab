//! Winning tickets: survivors of pruning, trained again from their first weights (Frankle & Carbin 2019).

use lessen_data::random;
use lessen_model::Network;
use lessen_records::Role;
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::Job;
use super::distil::Distilled;
use super::prune::Pruned;
use crate::error::CompressError;
use crate::made::{Curve, Made, MadeNetwork, Step};
use crate::magnitude::under_mask_of;
use crate::stages::{Done, Part, Stages};
use crate::train::{TrainSpec, train};

/// How tickets are trained.
///
/// The masks are those of the pruning rounds, in which survivors go on from their trained weights: Frankle & Carbin's second
/// strategy (appendix B), which trains each level once. Their first strategy, which resets before every round and trains in
/// full each time, is `lessen ticket`'s.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TicketSpec {
    /// As the distilled network was trained.
    pub train: TrainSpec,
    /// A ticket is trained of every so many rounds, counted from the last.
    pub every: usize,
}

/// What survivors start from.
#[derive(Clone, Copy, PartialEq, Serialize)]
enum Start {
    /// The weights that the dense network started from.
    First,
    /// Weights that are drawn anew from the same distribution.
    Drawn,
}

impl Job<'_> {
    /// Trains the survivors of the rounds from their first weights and, as a control, from newly drawn ones.
    pub(super) fn tickets(
        &self,
        spec: &TicketSpec,
        (distilled, pruned): (&Distilled<'_>, &Pruned),
        stages: &mut Stages<'_>,
    ) -> Result<Made, CompressError> {
        let rounds: Vec<usize> = (0..pruned.rounds.len()).rev().step_by(spec.every.max(1)).collect();
        let wanted: Vec<(usize, Start)> =
            rounds.iter().rev().flat_map(|&round| [(round, Start::First), (round, Start::Drawn)]).collect();
        let part = |&(round, start): &(usize, Start)| {
            let (masked, chain) = &pruned.rounds[round];
            let upstream = chain.last().map(|step| step.content.clone());
            Part {
                name: format!("{}: round {}", start.name(), round + 1),
                key: self.key((spec, start), upstream.into_iter().collect()),
                work: Box::new(move |partial| {
                    let start = self.reset(masked, start, round, distilled)?;
                    let lessons = distilled.lessons.for_training();
                    train(("ticket", partial), start, &spec.train, lessons, &self.validation, self.spec.seed)
                }),
            }
        };
        let done = stages.parts("tickets", wanted.iter().map(part).collect())?;
        let (mut tickets, mut controls) = (Vec::new(), Vec::new());
        for ((round, start), done) in wanted.into_iter().zip(done) {
            match start {
                Start::First => tickets.push((round, done)),
                Start::Drawn => controls.push((round, done)),
            }
        }
        self.won((distilled, pruned), &tickets, &controls)
    }

    /// The survivors with the weights that they start from.
    fn reset(
        &self,
        masked: &Network,
        start: Start,
        round: usize,
        distilled: &Distilled<'_>,
    ) -> Result<Network, CompressError> {
        let seed = match start {
            Start::First => self.spec.seed,
            Start::Drawn => {
                random::stream(self.spec.seed, &format!("random reinit {}", round + 1)).next_u64()
            }
        };
        let network = distilled.shape.start(&self.encoding, &self.validation, seed)?;
        Ok(under_mask_of(network, masked))
    }

    /// The smallest ticket that validation allows, with the control of its round.
    fn won(
        &self,
        (distilled, pruned): (&Distilled<'_>, &Pruned),
        tickets: &[(usize, Done<Network>)],
        controls: &[(usize, Done<Network>)],
    ) -> Result<Made, CompressError> {
        let networks = tickets.iter().map(|(_, done)| &done.made);
        let judged: Vec<_> = networks
            .clone()
            .map(|network| self.validation.judge_network(network))
            .collect::<Result<_, _>>()?;
        let place = self.smallest_allowed(distilled, networks, &judged);
        let model = |(round, done): &(usize, Done<Network>), start: Start| MadeNetwork {
            name: start.name().to_owned(),
            role: if start == Start::First { Role::Student } else { Role::RandomReinit },
            method: start.name(),
            control: (start == Start::First).then(|| Start::Drawn.name().to_owned()),
            network: done.made.clone(),
            chain: distilled
                .chain
                .iter()
                .chain(&pruned.rounds[*round].1)
                .cloned()
                .chain([Step::of(done)])
                .collect(),
        };
        let pair =
            |place: usize| [model(&tickets[place], Start::First), model(&controls[place], Start::Drawn)];
        let curve = |start: Start, of: &[(usize, Done<Network>)]| Curve {
            name: start.name().to_owned(),
            levels: of.iter().map(|(_, done)| done.made.clone()).collect(),
        };
        Ok(Made {
            networks: place.map(pair).into_iter().flatten().collect(),
            tried: tickets.iter().map(|(_, done)| Step::of(done)).collect(),
            tried_controls: controls.iter().map(|(_, done)| Step::of(done)).collect(),
            curves: vec![curve(Start::First, tickets), curve(Start::Drawn, controls)],
        })
    }
}

impl Start {
    fn name(self) -> &'static str {
        match self {
            Self::First => "ticket",
            Self::Drawn => "random reinit",
        }
    }
}
