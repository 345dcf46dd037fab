//! `lessen compress`: the main job.

use lessen_compress::{MimicOptions, MimicSpec, Stages, Teacher, mimic, study};
use lessen_data::Dataset;
use lessen_meter::Meter;
use lessen_records::{OutputFolder, Record, ResultRecord};

use crate::Outcome;
use crate::args::{Common, CompressArgs};
use crate::output::Output;
use crate::progress::Line;
use crate::{interrupt, screen};

/// The kind of output that the folder's marker names.
const KIND: &str = "compress";

pub(crate) fn run(args: &CompressArgs, common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    let dataset = super::load(&args.data, common)?;
    let options = MimicOptions { max_drop_points: Some(args.max_drop), ..MimicOptions::default() };
    match args.seeds {
        None => one(&dataset, &options, common, output),
        Some(seeds) => many(&dataset, &options, seeds.get(), common, output),
    }
}

fn one(
    dataset: &Dataset,
    options: &MimicOptions,
    common: &Common,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let result = super::mimic_into_folder(dataset, options, &Teacher::Library, KIND, common, output)?;
    screen::result(&result, &super::output_folder(dataset, common), output)?;
    Ok(Outcome::Done)
}

/// The same run for several seeds, and a study of them. The models of each seed are not kept, its record is.
fn many(
    dataset: &Dataset,
    options: &MimicOptions,
    seeds: u64,
    common: &Common,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let folder = super::output_folder(dataset, common);
    let mut results: Vec<ResultRecord> = Vec::new();
    let mut files = Vec::new();
    let meter = Meter::detect();
    let out = OutputFolder::open(&folder, "compress study", common.force)?;
    interrupt::explain(format!("the same command again goes on from `{}`", folder.display()));
    for seed in (common.seed..).take(seeds as usize) {
        let file = format!("seed-{seed}.json");
        let path = folder.join(&file);
        files.push(file.clone());
        let options = MimicOptions { seed, ..options.clone() };
        let split = dataset.split(seed)?;
        let (spec, cut) = MimicSpec::new(dataset, &split, &options);
        if let Some(known) = finished(&path, &spec) {
            output.talk(&format!("seed {seed}: found, done by an earlier run"));
            results.push(known);
            continue;
        }
        output.talk(&format!("seed {seed}:"));
        let seed_folder = folder.join(format!("seed-{seed}"));
        {
            let seed_out = OutputFolder::open(&seed_folder, KIND, common.force)?;
            let line = Line::new(output);
            cut.iter().for_each(|sentence| lessen_compress::Progress::note(&line, sentence));
            let stages = Stages::new(&seed_out, &meter, &line);
            results.push(mimic(dataset, &split, &spec, &Teacher::Library, stages)?);
        }
        out.write(&file, results[results.len() - 1].to_json()?.as_bytes())?;
        std::fs::remove_dir_all(&seed_folder)?;
    }
    let study = study::of_results(&results, files)?;
    out.write("study.json", study.to_json()?.as_bytes())?;
    screen::study(&study, output)?;
    Ok(Outcome::Done)
}

/// The record of an earlier run, if it was of this very spec.
fn finished(path: &std::path::Path, spec: &MimicSpec) -> Option<ResultRecord> {
    let known = ResultRecord::from_json(&std::fs::read_to_string(path).ok()?).ok()?;
    (known.spec == serde_json::to_value(spec).ok()?).then_some(known)
}
