//! Frankle & Carbin 2019, "The Lottery Ticket Hypothesis", section 2 and appendix G: LeNet-300-100 on MNIST.

use lessen_engine::{Activation, Initial, Optimiser, Recipe, Start};

use crate::architecture::Architecture;
use crate::fit::FitStart;
use crate::lottery::{Controls, LotterySpec, Paper, Pixels, Pruning, Rewound, Scope, Strategy};

/// The data set.
pub const DATA: &str = "mnist";

/// Rounds after which tickets are held against random reinitialisations: 51.3, 21.1, 13.5, 7.0, 3.6 and 1.5 % are left.
const CONTROLS: [usize; 6] = [3, 7, 9, 12, 15, 19];

/// The experiment: 5 replicates of 21 levels, 3 reinitialisations at six of them, 50,000 steps each; `short` is a first look at
/// it, with 3 replicates of a tenth of the steps and one reinitialisation.
///
/// The test rows are looked at every 500 steps, not every 100, and once more at early stop, which the numbers stand on.
pub fn spec(seed: u64, short: bool, replicates: Option<u32>) -> LotterySpec {
    let start = Start { initial: Initial::Glorot, ..Start::of(Activation::Relu) };
    LotterySpec {
        seed,
        pixels: Pixels::FromZeroToOne,
        start: FitStart::Drawn { architecture: Architecture::lenet_300_100(), start },
        recipe: Recipe::plain(60, Optimiser::adam(0.0012)),
        steps: if short { 5_000 } else { 50_000 },
        validate_every: 100,
        test_every: 500,
        pruning: Pruning {
            rounds: 20,
            rate: 0.2,
            output_rate: 0.1,
            scope: Scope::Layer,
            strategy: Strategy::Reset,
            rewind: 0,
            rewound: Rewound::Weights,
        },
        replicates: replicates.unwrap_or(if short { 3 } else { 5 }),
        controls: Controls {
            levels: CONTROLS.to_vec(),
            reinit: if short { 1 } else { 3 },
            ..Controls::default()
        },
    }
}

/// The paper's numbers, read off its text (`dense`: "Stabilizing the Lottery Ticket Hypothesis", the same setting).
pub fn paper(short: bool) -> Paper {
    Paper {
        name: if short { "frankle2019, short" } else { "frankle2019" }.to_owned(),
        numbers: vec![
            ("dense", 98.0),
            ("best-ticket", 0.3),
            ("random-reinit-21.07", 0.5),
            ("early-stop", 38.0),
            ("reinit-early-stop", 2.51),
        ],
        dense: Some((98.0, 0.3)),
    }
}
