//! `--published`: what a paper prints beside what its inputs give.

use lessen_footprint::published;
use lessen_records::{OutputFolder, Record as _};
use lessen_report::table::{Notes, study_markdown_with, study_text};

use crate::Outcome;
use crate::args::Common;
use crate::args::estimate::PublishedName;
use crate::output::Output;

/// The kind of output that the folder of a study is marked with.
const KIND: &str = "study";

pub(super) fn run(name: PublishedName, common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    let name = name.of_study();
    let Some(study) = published::study(name) else { anyhow::bail!("no study `{name}`") };
    let json = study.to_json()?;
    if let Some(path) = &common.out {
        let folder = OutputFolder::open(path, KIND, common.force)?;
        folder.write("study.json", json.as_bytes())?;
        folder.write("study.md", study_markdown_with(&study, Notes::All).as_bytes())?;
        output.talk(&format!("the study is in `{}`: study.json, study.md", path.display()));
    }
    output.data(&if output.json() { json } else { study_text(&study) })?;
    Ok(Outcome::Done)
}
