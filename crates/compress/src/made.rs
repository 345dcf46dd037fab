//! What a run has made: who takes part in the comparison, and what each owes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use lessen_model::{Network, Predictor};
use lessen_records::{Role, StageRecord};
use lessen_teachers::Learned;
use lessen_units::{Figure, Joules};

use crate::assessment::Entrant;
use crate::shipped::folder_bytes;
use crate::stages::Done;

/// The folder of the saved teacher, in a run's folder.
pub const TEACHER: &str = "teacher";

/// A teacher with its best member, and what it stands on.
pub(crate) struct MadeTeacher {
    pub(crate) predictor: Arc<dyn Predictor>,
    /// How it was made.
    pub(crate) method: String,
    pub(crate) best_member: Option<Arc<Learned>>,
    pub(crate) receipts: Vec<StageRecord>,
    pub(crate) content: String,
}

/// A stage that something stands on, and its energy.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) content: String,
    pub(crate) joules: Figure<Joules>,
}

impl Step {
    pub(crate) fn of<T>(done: &Done<T>) -> Self {
        Self { content: done.content.clone(), joules: done.receipt.joules.clone() }
    }
}

/// A network that takes part in the comparison.
pub(crate) struct MadeNetwork {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) method: &'static str,
    /// Name of the network that shows what the method adds.
    pub(crate) control: Option<String>,
    pub(crate) network: Network,
    /// Everything that making it took, the teacher apart.
    pub(crate) chain: Vec<Step>,
}

/// Networks of falling density.
pub(crate) struct Curve {
    pub(crate) name: String,
    pub(crate) levels: Vec<Network>,
}

/// What methods made.
#[derive(Default)]
pub(crate) struct Made {
    pub(crate) networks: Vec<MadeNetwork>,
    /// Everything that was tried for the sake of networks that may be chosen: the best is only known when all have been.
    pub(crate) tried: Vec<Step>,
    /// The same of the controls.
    pub(crate) tried_controls: Vec<Step>,
    pub(crate) curves: Vec<Curve>,
}

impl Made {
    /// Adds what another method made.
    pub(crate) fn join(&mut self, other: Self) {
        self.networks.extend(other.networks);
        self.tried.extend(other.tried);
        self.tried_controls.extend(other.tried_controls);
        self.curves.extend(other.curves);
    }
}

/// The energy of some steps, each counted once.
pub(crate) fn energy_of<'s>(steps: impl IntoIterator<Item = &'s Step>) -> Figure<Joules> {
    let steps: BTreeMap<&str, &Figure<Joules>> =
        steps.into_iter().map(|step| (step.content.as_str(), &step.joules)).collect();
    total_energy(steps.into_values()).unwrap_or_else(|| Figure::unavailable("no stage was run for it"))
}

impl MadeTeacher {
    /// The teacher, and its best member: what one would ship without an ensemble.
    pub(crate) fn entrants(&self, folder: &Path) -> Vec<Entrant> {
        let made_with = total_energy(self.receipts.iter().map(|receipt| &receipt.joules))
            .unwrap_or_else(|| Figure::unavailable("the teacher was made by an earlier run"));
        let entrant = |name: &str, role, method: &str, predictor: Arc<dyn Predictor>| Entrant {
            name: name.to_owned(),
            role,
            method: method.to_owned(),
            control: None,
            predictor,
            network: None,
            density: None,
            file: None,
            other_files: Vec::new(),
            file_bytes: None,
            made_with: made_with.clone(),
            to_repay: made_with.clone(),
        };
        let mut teacher = entrant("teacher", Role::Teacher, &self.method, self.predictor.clone());
        teacher.file_bytes = folder_bytes(&folder.join(TEACHER));
        teacher.file = teacher.file_bytes.map(|_| TEACHER.to_owned());
        let best = self.best_member.iter().map(|best| {
            let name = format!("best member: {}", best.name());
            let mut entrant = entrant(&name, Role::BestMember, best.kind(), best.clone());
            entrant.file_bytes = best.to_bytes().ok().map(|bytes| bytes.len() as u64);
            entrant
        });
        std::iter::once(teacher).chain(best).collect()
    }
}

/// The sum of figures; `None` where there is none.
fn total_energy<'f>(parts: impl Iterator<Item = &'f Figure<Joules>>) -> Option<Figure<Joules>> {
    parts.cloned().reduce(|sum, part| &sum + &part)
}

#[cfg(test)]
mod tests {
    use lessen_units::Kind;

    use super::*;

    fn step(content: &str, joules: f64) -> Step {
        Step { content: content.into(), joules: Figure::exact(Joules(joules), Kind::Measured, "a counter") }
    }

    #[test]
    fn a_step_that_two_stand_on_is_counted_once() {
        let chain = [step("transfer", 100.0), step("student 8", 1.0)];
        let tried = [step("transfer", 100.0), step("student 8", 1.0), step("student 16", 2.0)];
        assert_eq!(energy_of(&chain).value(), Some(Joules(101.0)));
        assert_eq!(energy_of(tried.iter().chain(&chain)).value(), Some(Joules(103.0)));
    }

    #[test]
    fn what_was_made_elsewhere_has_no_energy_here() {
        assert_eq!(energy_of(&[]).value(), None);
    }
}
