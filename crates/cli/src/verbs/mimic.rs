//! `lessen mimic`: the same path, with every setting in the user's hands.

use lessen_compress::munge::Neighbours;
use lessen_compress::{Metric, MimicOptions, MimicSpec, Progress, Stages, Teacher, transfer_set};
use lessen_data::Dataset;
use lessen_meter::Meter;
use lessen_records::OutputFolder;

use crate::Outcome;
use crate::args::{Common, MetricName, MimicArgs, NeighboursName};
use crate::output::Output;
use crate::progress::Line;
use crate::{interrupt, screen};

pub(crate) fn run(args: &MimicArgs, common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    let dataset = super::load(&args.data, common)?;
    let options = options(args);
    let teacher = match &args.teacher {
        Some(folder) => Teacher::load(folder, &dataset, common.seed)?,
        None => Teacher::Library,
    };
    if let Some(file) = &args.transfer_only {
        return only_transfer(&dataset, &options, &teacher, file, common, output);
    }
    let result = super::mimic_into_folder(&dataset, &options, &teacher, common, output)?;
    screen::result(&result, &super::output_folder(&dataset, common), output)?;
    Ok(Outcome::Done)
}

fn options(args: &MimicArgs) -> MimicOptions {
    MimicOptions {
        max_drop_points: Some(args.max_drop),
        rows: args.rows.map(usize::from),
        hidden: Some(args.hidden.iter().copied().map(usize::from).collect()),
        metric: Some(match args.metric {
            MetricName::Rmse => Metric::Rmse,
            MetricName::Accuracy => Metric::Accuracy,
            MetricName::LogLoss => Metric::LogLoss,
            MetricName::Auc => Metric::Auc,
        }),
        neighbours: args.neighbours.map(|neighbours| match neighbours {
            NeighboursName::Live => Neighbours::Live,
            NeighboursName::Static => Neighbours::Static,
        }),
        swap_probability: args.swap_probability,
        spread: args.spread,
        ..MimicOptions::default()
    }
}

fn only_transfer(
    dataset: &Dataset,
    options: &MimicOptions,
    teacher: &Teacher,
    file: &std::path::Path,
    common: &Common,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let options = MimicOptions { seed: common.seed, ..options.clone() };
    let split = dataset.split(options.seed)?;
    let (spec, cut) = MimicSpec::new(dataset, &split, &options);
    let path = super::output_folder(dataset, common);
    let folder = OutputFolder::open(&path, super::KIND, common.force)?;
    interrupt::explain(format!("the same command again goes on from `{}`", path.display()));
    let line = Line::new(output);
    cut.iter().for_each(|sentence| line.note(sentence));
    let meter = Meter::detect();
    let set = transfer_set(dataset, &split, &spec, teacher, Stages::new(&folder, &meter, &line))?;
    set.write_csv(file, dataset.classes()?.0)?;
    drop(line);
    output.talk(&format!(
        "{} rows, {} of them copies of a training row: {}",
        set.table.rows(),
        set.copies,
        file.display()
    ));
    Ok(Outcome::Done)
}
