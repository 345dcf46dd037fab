//! The main job: a heavy ensemble becomes a small network, by every method that is asked for.

mod distil;
mod mimic;
mod prune;
mod result;
mod teacher;
mod ticket;

use std::sync::Arc;

use lessen_data::{Dataset, Encoding, Split};
use lessen_records::ResultRecord;
use serde::Serialize;

pub(crate) use self::distil::DISTIL;
pub use self::distil::DistilSpec;
pub use self::mimic::StudentSpec;
pub use self::prune::PruneSpec;
pub(crate) use self::result::dataset_record;
pub use self::teacher::{ModelTeacher, Teacher};
pub use self::ticket::TicketSpec;
use crate::error::CompressError;
use crate::lessons::LessonRows;
use crate::made::{Made, MadeTeacher, Step};
use crate::plan::{CompressSpec, Planned};
use crate::stages::{Done, Stages};
use crate::train::{Given, Validation};
use crate::transfer::TransferSet;

/// What every stage of a run sees.
struct Job<'a> {
    dataset: &'a Dataset,
    split: &'a Split,
    spec: &'a CompressSpec,
    encoding: Arc<Encoding>,
    validation: Validation<'a>,
    given: Given<'a>,
}

/// What a stage's outcome depends on besides its own settings.
#[derive(Clone, Serialize)]
struct Key<S> {
    data: String,
    seed: u64,
    settings: S,
    upstream: Vec<String>,
}

/// Makes the teacher, the transfer set and the networks of every method, measures them all and chooses. The models and
/// `result.json` are written into the folder of `stages`.
///
/// # Errors
/// Where a stage fails; what was finished before is kept, and the same call goes on from there.
pub fn compress(
    dataset: &Dataset,
    split: &Split,
    planned: &Planned,
    teacher: &Teacher,
    mut stages: Stages<'_>,
) -> Result<ResultRecord, CompressError> {
    let job = Job::new(dataset, split, &planned.spec);
    let teacher = job.teacher(teacher, &mut stages)?;
    let transfer = job.transfer(&teacher, &mut stages)?;
    let made = job.networks(&teacher, transfer, &mut stages)?;
    job.result(&teacher, made, &planned.cut, stages)
}

/// Makes the teacher and the transfer set only.
///
/// # Errors
/// As [`compress`].
pub fn transfer_set(
    dataset: &Dataset,
    split: &Split,
    spec: &CompressSpec,
    teacher: &Teacher,
    mut stages: Stages<'_>,
) -> Result<TransferSet, CompressError> {
    let job = Job::new(dataset, split, spec);
    let teacher = job.teacher(teacher, &mut stages)?;
    Ok(job.transfer(&teacher, &mut stages)?.made)
}

impl<'a> Job<'a> {
    fn new(dataset: &'a Dataset, split: &'a Split, spec: &'a CompressSpec) -> Self {
        let encoding = Arc::new(Encoding::fit(&dataset.features, &split.train));
        let validation = Validation::new(dataset, split);
        let given = Given::of(dataset, split, validation.unit());
        Self { dataset, split, spec, encoding, validation, given }
    }

    fn key<S: Serialize>(&self, settings: S, upstream: Vec<String>) -> Key<S> {
        Key { data: self.dataset.digest(), seed: self.spec.seed, settings, upstream }
    }

    fn transfer(
        &self,
        teacher: &MadeTeacher,
        stages: &mut Stages<'_>,
    ) -> Result<Done<TransferSet>, CompressError> {
        let spec = &self.spec.munge;
        let key = self.key((spec, self.spec.munge_from), vec![teacher.content.clone()]);
        let rows = evenly(&self.split.train, self.spec.munge_from);
        stages.stage("transfer set", &key, |progress, _| {
            TransferSet::make(self.dataset, &rows, teacher.predictor.as_ref(), spec, self.spec.seed, progress)
        })
    }

    /// The networks of every method, each method after those that it stands on.
    fn networks(
        &self,
        teacher: &MadeTeacher,
        transfer: Done<TransferSet>,
        stages: &mut Stages<'_>,
    ) -> Result<Made, CompressError> {
        let transferred = Step::of(&transfer);
        let rows = LessonRows::new(transfer.made, self.dataset, self.split)?;
        let mut made = Made::default();
        if !self.spec.students.is_empty() {
            made.join(self.mimic(&self.spec.students, (&rows, &transferred), stages)?);
        }
        let Some(distil) = &self.spec.distil else { return Ok(made) };
        let mut distilled = self.distil(distil, teacher, (&rows, &transferred), stages)?;
        made.join(std::mem::take(&mut distilled.made));
        let Some(prune) = &self.spec.prune else { return Ok(made) };
        let mut pruned = self.prune(prune, &distilled, stages)?;
        made.join(std::mem::take(&mut pruned.made));
        if let Some(ticket) = &self.spec.ticket {
            made.join(self.tickets(ticket, (&distilled, &pruned), stages)?);
        }
        Ok(made)
    }
}

/// `count` of `rows`, evenly spread over them; all where there are no more.
fn evenly(rows: &[u32], count: usize) -> Vec<u32> {
    if count >= rows.len() {
        return rows.to_vec();
    }
    (0..count).map(|place| rows[place * rows.len() / count]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_evenly() {
        assert_eq!(evenly(&[3, 5, 7, 9], 2), [3, 7]);
        assert_eq!(evenly(&[3, 5], 9), [3, 5]);
    }
}
