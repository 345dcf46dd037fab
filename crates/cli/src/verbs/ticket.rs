//! `lessen ticket`: lottery tickets.

use std::path::{Path, PathBuf};

use lessen_compress::lottery::{
    self, Controls, LotterySpec, Paper, Pixels, Pruning, Rewound, Scope, Strategy, folder_name,
};
use lessen_compress::{FitStart, Progress, Stages};
use lessen_data::Dataset;
use lessen_meter::Meter;
use lessen_model::Network;
use lessen_records::{OutputFolder, Record, Study};

use super::recipe;
use crate::Outcome;
use crate::args::Common;
use crate::args::ticket::{ScopeName, StrategyName, TicketArgs};
use crate::interrupt;
use crate::output::Output;
use crate::progress::Line;

/// The kind of output that a search's folder is marked with.
const KIND: &str = "ticket";

pub(crate) fn run(args: &TicketArgs, common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    let (dataset, mut notes) = super::load(&args.data, &args.file, common)?;
    let (start, file) = recipe::begin(&args.start, &dataset, &mut notes)?;
    let spec = spec(args, start, common.seed);
    let paper = Paper { name: format!("ticket {}", dataset.name), ..Paper::default() };
    search((&dataset, &notes), (&spec, file.as_ref()), (&paper, args.repair), common, output)
}

/// Does a search in its folder and shows what came of it.
pub(crate) fn search(
    (dataset, notes): (&Dataset, &[String]),
    (spec, file): (&LotterySpec, Option<&Network>),
    (paper, repair): (&Paper, bool),
    common: &Common,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let split = dataset.split(common.seed)?;
    let path = match &common.out {
        Some(path) => path.clone(),
        None => PathBuf::from(folder_name(dataset, spec)?),
    };
    lottery::check((dataset, &split), spec, file)?;
    let folder = OutputFolder::open(&path, KIND, common.force)?;
    interrupt::explain(format!("the same command again goes on from `{}`", path.display()));
    let line = Line::with_lines_below(output);
    notes.iter().for_each(|sentence| line.note(sentence));
    let meter = Meter::detect();
    let stages = Stages::new(&folder, &meter, &line);
    let (study, result) = lottery::search((dataset, &split), spec, file, stages, repair, paper)?;
    drop(line);
    folder.write(super::REPORT, lessen_report::tickets_page(&study, &result).as_bytes())?;
    show(&study, &path, output)?;
    Ok(Outcome::Done)
}

fn show(study: &Study, folder: &Path, output: &Output) -> anyhow::Result<()> {
    if output.json() {
        return Ok(output.data(&study.to_json()?)?);
    }
    output.data(&format!(
        "\n{}\n{}",
        lessen_report::table::study_text(study),
        lessen_report::table::tickets_text(study)
    ))?;
    output.talk(&format!("networks, curves, `study.json` and `report.html` are in `{}`", folder.display()));
    Ok(())
}

fn spec(args: &TicketArgs, start: FitStart, seed: u64) -> LotterySpec {
    let (pruning, controls, length) = (&args.pruning, &args.controls, &args.length);
    let (rounds, rate) = (pruning.rounds.get(), pruning.rate);
    LotterySpec {
        seed,
        pixels: if args.standardise { Pixels::Standardised } else { Pixels::FromZeroToOne },
        start,
        recipe: recipe::recipe(length.batch.get(), length.steps.get(), &args.optimiser, &args.bounds),
        steps: length.steps.get(),
        validate_every: length.validate_every.get(),
        test_every: length.test_every.get(),
        pruning: Pruning {
            rounds,
            rate,
            output_rate: pruning.output_rate.unwrap_or(rate / 2.0),
            scope: match pruning.scope {
                ScopeName::Layer => Scope::Layer,
                ScopeName::Global => Scope::Global,
            },
            strategy: match pruning.strategy {
                StrategyName::Reset => Strategy::Reset,
                StrategyName::Continue => Strategy::Continue,
            },
            rewind: pruning.rewind,
            rewound: if pruning.rewind_rate { Rewound::Rate } else { Rewound::Weights },
        },
        replicates: controls.replicates.get(),
        controls: Controls {
            levels: levels(controls.at.as_deref(), rounds, rate),
            reinit: controls.reinit,
            random: controls.random_mask,
            shuffled: controls.shuffled_mask,
            copies: controls.connectivity,
            one_shot: controls.one_shot.iter().map(|percent| percent / 100.0).collect(),
        },
    }
}

/// The rounds with controls: those that leave nearest to these percents, or every third one.
fn levels(percents: Option<&[f64]>, rounds: usize, rate: f64) -> Vec<usize> {
    let Some(percents) = percents else { return (1..=rounds).filter(|round| round % 3 == 0).collect() };
    let round = |percent: &f64| {
        let off = |round: &usize| ((1.0 - rate).powi(*round as i32) * 100.0 / percent).ln().abs();
        (1..=rounds).min_by(|a, b| off(a).total_cmp(&off(b)))
    };
    let mut levels: Vec<usize> = percents.iter().filter_map(round).collect();
    levels.sort_unstable();
    levels.dedup();
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_become_the_nearest_rounds() {
        let percents = [51.0, 21.0, 13.5, 7.0, 3.6, 1.5];
        assert_eq!(levels(Some(&percents), 20, 0.2), [3, 7, 9, 12, 15, 19]);
        assert_eq!(levels(Some(&[100.0, 90.0]), 20, 0.2), [1]);
        assert_eq!(levels(None, 7, 0.2), [3, 6]);
    }
}
