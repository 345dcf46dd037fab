//! The dense network and the chosen ticket, shipped and measured.

use std::sync::Arc;

use lessen_data::{Dataset, Split};
use lessen_engine::Plan;
use lessen_records::{Machine, Record, ResultRecord, Role, Schema, StageRecord};
use lessen_units::{Figure, Joules};

use super::found::{Outcome, Sort};
use super::plan::{Kind, Task};
use super::search::Found;
use super::training::{EARLY, network};
use crate::assessment::{Entrant, assess};
use crate::error::CompressError;
use crate::job::dataset_record;
use crate::kept::as_json;
use crate::shipped::ship;
use crate::stages::Stages;
use crate::train::Validation;

/// A network of the search that is shipped.
struct Chosen<'a> {
    name: &'static str,
    role: Role,
    control: Option<&'static str>,
    task: &'a Task,
    found: &'a Found,
}

/// Ships the dense network, the ticket that validation decided for, and its random reinitialisation where there is one, of the
/// replicate whose ticket is best on the validation rows; measures them; and writes `result.json`.
pub(super) fn of(
    (dataset, split): (&Dataset, &Split),
    validation: &Validation<'_>,
    outcome: &Outcome<'_>,
    mut stages: Stages<'_>,
) -> Result<ResultRecord, CompressError> {
    let chosen = chosen(outcome);
    let (folder, meter) = (stages.folder(), stages.meter());
    let assessment = stages.unkept("measure", |progress| {
        let mut entrants = Vec::new();
        for Chosen { name, role, control, task, found } in &chosen {
            let path = folder.path().join(task.place());
            let shipped = ship(&network(&path, EARLY)?, name, folder, dataset, &split.validation)?;
            entrants.push(Entrant {
                name: (*name).to_owned(),
                role: role.clone(),
                method: if *role == Role::Trained { "train" } else { "ticket" }.to_owned(),
                control: control.map(str::to_owned),
                predictor: Arc::new(Plan::new(*name, shipped.network.clone())?),
                network: Some(shipped.network),
                density: Some(shipped.density),
                file: Some(shipped.file),
                other_files: shipped.other_files,
                file_bytes: Some(shipped.bytes),
                made_with: found.receipt.joules.clone(),
                to_repay: searching(outcome, task, found),
            });
        }
        assess(entrants, (dataset, split), f64::INFINITY, meter, progress)
    })?;
    let mut receipts = outcome.receipts();
    receipts.extend(stages.into_receipts());
    let record = record((dataset, split), validation, outcome, assessment.models, receipts)?;
    folder.write("result.json", record.to_json()?.as_bytes())?;
    Ok(record)
}

fn record(
    (dataset, split): (&Dataset, &Split),
    validation: &Validation<'_>,
    outcome: &Outcome<'_>,
    models: Vec<lessen_records::ModelRecord>,
    stages: Vec<StageRecord>,
) -> Result<ResultRecord, CompressError> {
    let chosen = models.iter().any(|model| model.name == TICKET).then(|| TICKET.to_owned());
    Ok(ResultRecord {
        schema: Schema::default(),
        dataset: dataset_record(dataset, split, validation),
        machine: Machine::here(),
        seed: outcome.spec.seed,
        spec: as_json("spec", outcome.spec)?,
        stages,
        models,
        chosen_within_drop: None,
        chosen,
        cut: Vec::new(),
        series: Vec::new(),
        extra: serde_json::Map::default(),
    })
}

const DENSE: &str = "dense";
const TICKET: &str = "ticket";

fn chosen<'a>(outcome: &'a Outcome<'_>) -> Vec<Chosen<'a>> {
    let level = outcome.best_level();
    let quality = |found: &Found| outcome.sign() * found.training.early.validation.quality;
    let better = |a: &(&Task, &Found), b: &(&Task, &Found)| quality(a.1).total_cmp(&quality(b.1));
    let Some((task, found)) = outcome.of(Sort::Ticket, level).max_by(better) else { return Vec::new() };
    let replicate = task.replicate;
    let reinit = outcome.one(replicate, Kind::Reinit { level, draw: 1 });
    let name = "random reinit";
    let ticket = Chosen { name: TICKET, role: Role::Student, control: reinit.map(|_| name), task, found };
    let dense = outcome.one(replicate, Kind::Ticket(0)).map(|(task, found)| Chosen {
        name: DENSE,
        role: Role::Trained,
        control: None,
        task,
        found,
    });
    let reinit =
        reinit.map(|(task, found)| Chosen { name, role: Role::RandomReinit, control: None, task, found });
    dense.into_iter().chain(Some(ticket).filter(|_| level > 0)).chain(reinit).collect()
}

/// What a network's savings have to repay: for a ticket every training of its replicate's search, since the level is only
/// known when all have been trained.
fn searching(outcome: &Outcome<'_>, task: &Task, found: &Found) -> Figure<Joules> {
    if task.kind == Kind::Ticket(0) {
        return found.receipt.joules.clone();
    }
    let is_search = |other: &Task| {
        other.replicate == task.replicate
            && matches!(other.kind, Kind::Rewind | Kind::Ticket(_) | Kind::Continued(_))
    };
    let mut all = outcome.tasks.iter().zip(&outcome.found).filter(|(other, _)| is_search(other));
    let Some((_, first)) = all.next() else { return found.receipt.joules.clone() };
    all.fold(first.receipt.joules.clone(), |sum, (_, found)| &sum + &found.receipt.joules)
}
