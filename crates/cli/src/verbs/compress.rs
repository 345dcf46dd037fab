//! `lessen compress`: the main job.

use lessen_compress::{CompressOptions, Teacher, study};
use lessen_data::Dataset;
use lessen_meter::Meter;
use lessen_records::OutputFolder;

use crate::Outcome;
use crate::args::{Common, CompressArgs};
use crate::output::Output;
use crate::progress::Line;
use crate::{interrupt, screen};

pub(crate) fn run(args: &CompressArgs, common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    let (dataset, notes) = super::load(&args.data, &args.file, common)?;
    let methods = args.methods.as_ref().map(|names| names.iter().copied().map(Into::into).collect());
    let options =
        CompressOptions { max_drop_points: Some(args.max_drop), methods, ..CompressOptions::default() };
    if let Some(seeds) = args.seeds {
        notes.iter().for_each(|note| output.talk(&format!("note: {note}")));
        return many(&dataset, &options, seeds.get(), common, output);
    }
    let result = super::compress_into_folder(
        (&dataset, &notes),
        (&options, args.budget),
        &Teacher::Library,
        common,
        output,
    )?;
    screen::result(&result, &super::output_folder(&dataset, common), output)?;
    Ok(Outcome::Done)
}

/// The same run for several seeds, and a study of them.
fn many(
    dataset: &Dataset,
    options: &CompressOptions,
    seeds: u64,
    common: &Common,
    output: &Output,
) -> anyhow::Result<Outcome> {
    // Whatever is wrong with the data or the seeds shows before the folder is made.
    dataset.split(common.seed)?;
    let Some(end) = common.seed.checked_add(seeds) else {
        anyhow::bail!(
            "`--seed {}` and `--seeds {seeds}` lead past the largest seed, {}",
            common.seed,
            u64::MAX
        )
    };
    let path = super::output_folder(dataset, common);
    let folder = OutputFolder::open(&path, "study", common.force)?;
    interrupt::explain(format!("the same command again goes on from `{}`", path.display()));
    let line = Line::new(output);
    let study = study::run(dataset, options, common.seed..end, &folder, (&Meter::detect(), &line))?;
    drop(line);
    screen::study(&study, output)?;
    Ok(Outcome::Done)
}
