//! One file a verb: what was typed becomes a library call, and its record becomes a screen.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lessen_compress::{Budget, CompressOptions, Planned, Progress, Speed, Stages, Teacher};
use lessen_data::Dataset;
use lessen_data::files::{self, FileOptions, Opened};
use lessen_data::named::{self, Folders};
use lessen_meter::Meter;
use lessen_records::{OutputFolder, ResultRecord};

use crate::args::{Common, FileArgs};
use crate::interrupt;
use crate::output::Output;
use crate::progress::Line;

pub(crate) mod bench;
pub(crate) mod compress;
pub(crate) mod count;
pub(crate) mod data;
pub(crate) mod doctor;
pub(crate) mod estimate;
pub(crate) mod ledger;
pub(crate) mod mimic;
mod model;
pub(crate) mod predict;
mod recipe;
pub(crate) mod regions;
pub(crate) mod reproduce;
pub(crate) mod run;
pub(crate) mod site;
pub(crate) mod stage;
pub(crate) mod ticket;
pub(crate) mod train;

/// The kind of output that a run's folder is marked with. `mimic` is `compress` with settings: both may go on in one.
pub(crate) const KIND: &str = "compress";

/// The record of a run, in its folder.
pub(crate) const RESULT: &str = "result.json";

/// The page of a run, in its folder.
pub(crate) const REPORT: &str = "report.html";

/// Where named data sets are looked for.
fn folders(common: &Common) -> Folders {
    Folders::from_environment(common.data_dir.as_deref())
}

/// The data set that DATA stands for, and what was assumed of a file: a name, or else a path.
fn load(data: &str, file: &FileArgs, common: &Common) -> anyhow::Result<(Dataset, Vec<String>)> {
    let is_named = named::names().any(|name| name == data);
    if is_named || !files::is_own(data) {
        if let Some(flag) = file.first_said() {
            anyhow::bail!("`{flag}` is for files of your own, and `{data}` is the name of a data set");
        }
        return Ok((named::load(data, &folders(common))?, Vec::new()));
    }
    let options =
        FileOptions { target: file.target.clone(), test: file.test.clone(), task: file.task.map(Into::into) };
    let Opened { dataset, notes } = files::open(Path::new(data), &options)?;
    Ok((dataset, notes))
}

/// Where a run on `dataset` writes.
fn output_folder(dataset: &Dataset, common: &Common) -> PathBuf {
    common.out.clone().unwrap_or_else(|| Path::new(&format!("lessen-{}", dataset.name)).to_owned())
}

/// Runs the whole job in the output folder. Everything that can be refused is looked at before the folder
/// is made.
fn compress_into_folder(
    (dataset, notes): (&Dataset, &[String]),
    (options, budget): (&CompressOptions, Option<Duration>),
    teacher: &Teacher,
    common: &Common,
    output: &Output,
) -> anyhow::Result<ResultRecord> {
    let options = CompressOptions { seed: common.seed, ..options.clone() };
    let split = dataset.split(options.seed)?;
    let path = output_folder(dataset, common);
    let speed = budget.map(|_| Speed::measure()).transpose()?;
    let plan = |speed: Option<Speed>| {
        let budget = budget.zip(speed).map(|(time, speed)| Budget {
            seconds: time.as_secs_f64(),
            threads: rayon::current_num_threads(),
            speed: speed.factor,
        });
        Planned::new(dataset, &split, &CompressOptions { budget, ..options.clone() })
    };
    let planned = match plan(speed) {
        // Only a run that begins: one that goes on has the speed that it was planned with.
        Err(error) if !path.exists() => return Err(error.into()),
        planned => planned,
    };
    let meter = Meter::detect();
    let folder = OutputFolder::open(&path, KIND, common.force)?;
    interrupt::explain(format!("the same command again goes on from `{}`", path.display()));
    let line = Line::new(output);
    notes.iter().for_each(|sentence| line.note(sentence));
    let mut stages = Stages::new(&folder, &meter, &line);
    // A run that goes on keeps to the speed, and so to the plan, that it began with.
    let planned = match speed {
        Some(speed) => plan(Some(speed.of_run(&mut stages)?))?,
        None => planned?,
    };
    planned.cut.iter().for_each(|sentence| line.note(sentence));
    let result = lessen_compress::compress(dataset, &split, &planned, teacher, stages)?;
    folder.write(REPORT, lessen_report::page(&result).as_bytes())?;
    Ok(result)
}
