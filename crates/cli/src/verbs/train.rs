//! `lessen train`: one network, on given answers.

use std::path::Path;

use lessen_compress::{FitSpec, FitStart, Metric, Progress, Stages, fit};
use lessen_data::{Dataset, Target};
use lessen_meter::Meter;
use lessen_records::{OutputFolder, Record, ResultRecord};
use lessen_report::{table, trained};

use super::recipe;
use crate::Outcome;
use crate::args::train::TrainArgs;
use crate::args::{Common, MetricName};
use crate::interrupt;
use crate::output::Output;
use crate::progress::Line;

/// The kind of output that a training's folder is marked with.
const KIND: &str = "train";

/// Passes over the rows where nothing is said.
const EPOCHS: u64 = 20;

pub(crate) fn run(args: &TrainArgs, common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    let (dataset, mut notes) = super::load(&args.data, &args.file, common)?;
    let split = dataset.split(common.seed)?;
    let (start, network) = recipe::begin(&args.start, &dataset, &mut notes)?;
    let spec = spec(args, start, &dataset, split.train.len(), common.seed)?;
    let path = super::output_folder(&dataset, common);
    let folder = OutputFolder::open(&path, KIND, common.force)?;
    interrupt::explain(format!("the same command again goes on from `{}`", path.display()));
    let line = Line::new(output);
    notes.iter().for_each(|sentence| line.note(sentence));
    let meter = Meter::detect();
    let stages = Stages::new(&folder, &meter, &line);
    // In the pool, so that a large layer is shared between its threads.
    let (spec, split) = (&spec, &split);
    let result = rayon::scope(|_| fit((&dataset, split), spec, network, stages))?;
    drop(line);
    show(&result, &path, output)?;
    Ok(Outcome::Done)
}

fn show(result: &ResultRecord, folder: &Path, output: &Output) -> anyhow::Result<()> {
    if output.json() {
        return Ok(output.data(&result.to_json()?)?);
    }
    output.data(&format!("\n{}\n{}\n", table::models(result), trained(result)))?;
    result.cut.iter().for_each(|sentence| output.talk(&format!("note: {sentence}")));
    output.talk(&format!("the model and `result.json` are in `{}`", folder.display()));
    Ok(())
}

fn spec(
    args: &TrainArgs,
    start: FitStart,
    dataset: &Dataset,
    rows: usize,
    seed: u64,
) -> anyhow::Result<FitSpec> {
    let length = &args.length;
    let a_pass = rows.div_ceil(length.batch.get()).max(1) as u64;
    let epochs = length.epochs.map_or(EPOCHS, u64::from);
    let Some(steps) = length.steps.map(u64::from).or_else(|| epochs.checked_mul(a_pass)) else {
        anyhow::bail!("`--epochs {epochs}` is too many")
    };
    let metric = match (length.metric, &dataset.target) {
        (None, Target::Classes { .. }) | (Some(MetricName::Accuracy), _) => Metric::Accuracy,
        (None | Some(MetricName::Rmse), _) => Metric::Rmse,
        (Some(MetricName::LogLoss), _) => Metric::LogLoss,
        (Some(MetricName::Auc), _) => Metric::Auc,
    };
    Ok(FitSpec {
        seed,
        start,
        recipe: recipe::recipe(length.batch.get(), steps, &args.optimiser, &args.bounds),
        steps,
        evaluate_every: length.eval_every.map_or(a_pass, u64::from),
        patience: length.patience.map(u64::from),
        metric,
    })
}
