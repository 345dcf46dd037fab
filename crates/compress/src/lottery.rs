//! Lottery tickets after Frankle & Carbin 2019: which weights of a network would have been enough, had they been known.
//!
//! [`search()`] trains a network, takes its smallest weights away, gives the others their first values back, and trains them
//! again, round by round ([`Ladder`] says how many are left); controls say what that owes to the mask and what to the values.
//! Each training is a task (`plan`) with a folder of its own; replicates and controls run side by side (`queue`). Training
//! costs what is left, so the sparse levels, most of all trainings, are cheap.

mod connectivity;
mod costs;
mod found;
mod ladder;
mod masks;
mod pinned;
mod plan;
mod queue;
mod result;
mod rows;
mod search;
mod series;
mod spec;
mod training;
mod way;

use lessen_data::{Dataset, Split};
use lessen_model::Network;
use lessen_records::{Record, ResultRecord, Schema, Study};
use lessen_units::Seconds;

pub use ladder::{Ladder, Rung};
pub use pinned::folder_name;
pub use spec::{Controls, LotterySpec, Pixels, Pruning, Rewound, Scope, Strategy};

use self::found::Outcome;
use self::search::Search;
use self::way::Way;
use crate::error::CompressError;
use crate::fit::begin;
use crate::kept::as_json;
use crate::stages::Stages;
use crate::train::Validation;

/// What the rows of the study are held against, where that is a paper.
#[derive(Clone, Debug, Default)]
pub struct Paper {
    /// The study's name.
    pub name: String,
    /// The paper's numbers, by the row's id.
    pub numbers: Vec<(&'static str, f64)>,
    /// The accuracy of the dense network that the paper's setting is known to give, and how far from it ours may be, in
    /// percent.
    pub dense: Option<(f64, f64)>,
}

/// Does every training of `spec` that the folder of `stages` does not hold yet, decides for a ticket on the validation rows,
/// and only then looks at the test rows: into `study.json`, and the dense network and the ticket, shipped and measured, into
/// `result.json`. `file` is the network that [`crate::FitStart::File`] names.
///
/// # Errors
/// Where a setting is out of its range, the folder holds another search, something in it is broken (with `repair` it is done
/// again), or training diverges.
pub fn search(
    (dataset, split): (&Dataset, &Split),
    spec: &LotterySpec,
    file: Option<&Network>,
    stages: Stages<'_>,
    repair: bool,
    paper: &Paper,
) -> Result<(Study, ResultRecord), CompressError> {
    let validation = Validation::new(dataset, split);
    let encoding = spec.encoding(dataset, split);
    let first = begin((dataset, encoding.clone()), (&spec.start, spec.seed), file.cloned(), &validation)?;
    spec.check(&first)?;
    pinned::pin(stages.folder(), dataset, spec)?;
    let densities = spec.pruning.ladder(&first).densities(spec.pruning.rounds);
    let tasks = plan::tasks(spec, &densities);
    stages.progress().begin("trainings", tasks.len());
    let began = std::time::Instant::now();
    let search = Search {
        dataset,
        split,
        spec,
        encoding: &encoding,
        file,
        validation: &validation,
        stages: &stages,
        tasks: &tasks,
        repair,
    };
    let unit = if dataset.classes().is_ok() { " %" } else { "" };
    let way = Way::new(&tasks, unit, stages.meter(), stages.progress());
    let found = search.run(&way)?;
    stages.progress().end("trainings", Seconds::from(began.elapsed()), way.found());
    let outcome = Outcome::new(spec, dataset, &tasks, found);
    let connectivity = connectivity::of(&search, &outcome)?;
    let folder = stages.folder();
    let result = result::of((dataset, split), &validation, &outcome, stages)?;
    let study = Study {
        schema: Schema::default(),
        name: paper.name.clone(),
        spec: as_json("spec", spec)?,
        rows: rows::of(&outcome, &connectivity, paper),
        series: series::of(&outcome, &connectivity),
        results: vec!["result.json".to_owned()],
        tickets: costs::of(&outcome),
        extra: extra(&outcome, &result),
    };
    folder.write("study.json", study.to_json()?.as_bytes())?;
    Ok((study, result))
}

/// Whether `spec` can be done with this data, before anything is written.
///
/// # Errors
/// Where a setting is out of its range, or the network does not fit the data.
pub fn check(
    (dataset, split): (&Dataset, &Split),
    spec: &LotterySpec,
    file: Option<&Network>,
) -> Result<(), CompressError> {
    let validation = Validation::new(dataset, split);
    let encoding = spec.encoding(dataset, split);
    spec.check(&begin((dataset, encoding), (&spec.start, spec.seed), file.cloned(), &validation)?)
}

/// What a page of the study needs beside its own fields.
fn extra(outcome: &Outcome<'_>, result: &ResultRecord) -> serde_json::Map<String, serde_json::Value> {
    let mut extra = serde_json::Map::new();
    extra.insert("machine".into(), serde_json::to_value(&result.machine).unwrap_or_default());
    extra.insert("dataset".into(), serde_json::to_value(&result.dataset).unwrap_or_default());
    extra.insert("best_level".into(), outcome.best_level().into());
    extra
}
