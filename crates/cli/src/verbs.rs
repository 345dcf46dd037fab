//! One file a verb: what was typed becomes a library call, and its record becomes a screen.

use std::path::{Path, PathBuf};

use lessen_compress::{CompressOptions, Planned, Progress, Stages, Teacher};
use lessen_data::named::{self, Folders};
use lessen_data::{DataError, Dataset};
use lessen_meter::Meter;
use lessen_records::{OutputFolder, ResultRecord};

use crate::args::Common;
use crate::output::Output;
use crate::progress::Line;
use crate::{failure, interrupt};

pub(crate) mod compress;
pub(crate) mod data;
pub(crate) mod mimic;
pub(crate) mod predict;

/// The kind of output that a run's folder is marked with. `mimic` is `compress` with settings: both may go on in one.
pub(crate) const KIND: &str = "compress";

/// The page of a run, in its folder.
pub(crate) const REPORT: &str = "report.html";

/// Where named data sets are looked for.
fn folders(common: &Common) -> Folders {
    Folders::from_environment(common.data_dir.as_deref())
}

/// The named data set.
fn load(name: &str, common: &Common) -> anyhow::Result<Dataset> {
    match named::load(name, &folders(common)) {
        Err(DataError::Unknown { .. }) if Path::new(name).exists() => Err(failure::not_a_named_set(name)),
        loaded => Ok(loaded?),
    }
}

/// Where a run on `dataset` writes.
fn output_folder(dataset: &Dataset, common: &Common) -> PathBuf {
    common.out.clone().unwrap_or_else(|| Path::new(&format!("lessen-{}", dataset.name)).to_owned())
}

/// Runs the whole job in the output folder. Everything that can be refused is looked at before the folder
/// is made.
fn compress_into_folder(
    dataset: &Dataset,
    options: &CompressOptions,
    teacher: &Teacher,
    common: &Common,
    output: &Output,
) -> anyhow::Result<ResultRecord> {
    let options = CompressOptions { seed: common.seed, ..options.clone() };
    let split = dataset.split(options.seed)?;
    let planned = Planned::new(dataset, &split, &options);
    let path = output_folder(dataset, common);
    let meter = Meter::detect();
    let folder = OutputFolder::open(&path, KIND, common.force)?;
    interrupt::explain(format!("the same command again goes on from `{}`", path.display()));
    let line = Line::new(output);
    planned.cut.iter().for_each(|sentence| line.note(sentence));
    let stages = Stages::new(&folder, &meter, &line);
    let result = lessen_compress::compress(dataset, &split, &planned, teacher, stages)?;
    folder.write(REPORT, lessen_report::page(&result).as_bytes())?;
    Ok(result)
}
