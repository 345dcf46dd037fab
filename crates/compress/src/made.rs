//! What a run has made, as entrants of the comparison: who they are and what they owe.

use std::path::Path;
use std::sync::Arc;

use lessen_engine::Plan;
use lessen_model::{Network, Predictor};
use lessen_records::{Role, StageRecord};
use lessen_teachers::{Ensemble, Learned};
use lessen_units::{Figure, Joules};

use crate::assessment::Entrant;
use crate::error::CompressError;
use crate::shipped::{Shipped, folder_bytes};
use crate::stages::Done;
use crate::students::StudentSpec;

/// The folder of the saved teacher, in a run's folder.
pub const TEACHER: &str = "teacher";

/// A teacher with its best member, and what it stands on.
pub(crate) struct MadeTeacher {
    pub(crate) ensemble: Arc<Ensemble>,
    pub(crate) best_member: Option<Arc<Learned>>,
    pub(crate) receipts: Vec<StageRecord>,
    pub(crate) content: String,
}

/// A student or its control.
pub(crate) struct MadeNetwork {
    pub(crate) name: String,
    pub(crate) taught: bool,
    /// The network of the same size that has no teacher.
    pub(crate) control: Option<String>,
    pub(crate) done: Done<Network>,
}

pub(crate) fn network_name(spec: &StudentSpec, taught: bool) -> String {
    format!("{} {}", if taught { "student" } else { "hard labels" }, spec.hidden)
}

/// All networks, and the receipt of the transfer set that half of them learned from.
pub(crate) struct MadeNetworks {
    pub(crate) networks: Vec<MadeNetwork>,
    pub(crate) transfer: StageRecord,
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
            file: None,
            file_bytes: None,
            made_with: made_with.clone(),
            to_repay: made_with.clone(),
        };
        let mut teacher = entrant("teacher", Role::Teacher, "ensemble selection", self.ensemble.clone());
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

impl MadeNetworks {
    /// What all sizes together took, students and controls apart: the smallest good one is only known when all
    /// have been tried.
    pub(crate) fn energy_of_all(&self) -> Tried {
        let of = |taught: bool| {
            let networks = self.networks.iter().filter(|network| network.taught == taught);
            total_energy(networks.map(|network| &network.done.receipt.joules))
                .unwrap_or_else(|| Figure::unavailable("no network was trained"))
        };
        Tried { students: of(true), controls: of(false) }
    }
}

/// Energy of training every size.
pub(crate) struct Tried {
    pub(crate) students: Figure<Joules>,
    pub(crate) controls: Figure<Joules>,
}

impl MadeNetwork {
    pub(crate) fn entrant(
        &self,
        shipped: Shipped,
        transfer: &StageRecord,
        tried: &Tried,
    ) -> Result<Entrant, CompressError> {
        let own = &self.done.receipt.joules;
        let (role, method, made_with, to_repay) = if self.taught {
            let (made, repay) = (&transfer.joules + own, &transfer.joules + &tried.students);
            (Role::Student, "mimic", made, repay)
        } else {
            (Role::HardLabels, "hard labels", own.clone(), tried.controls.clone())
        };
        Ok(Entrant {
            name: self.name.clone(),
            role,
            method: method.to_owned(),
            control: self.control.clone(),
            predictor: Arc::new(Plan::new(self.name.as_str(), shipped.network.clone())?),
            network: Some(shipped.network),
            file: Some(shipped.file),
            file_bytes: Some(shipped.bytes),
            made_with,
            to_repay,
        })
    }
}

/// The sum of figures; `None` where there is none.
fn total_energy<'f>(parts: impl Iterator<Item = &'f Figure<Joules>>) -> Option<Figure<Joules>> {
    parts.cloned().reduce(|sum, part| &sum + &part)
}

#[cfg(test)]
mod tests {
    use lessen_data::{Answer, ColumnEncoding, Encoding};
    use lessen_engine::{Activation, initial};
    use lessen_records::StageRecord;
    use lessen_units::{Kind, Seconds};

    use super::*;

    fn receipt(joules: f64) -> StageRecord {
        StageRecord {
            name: "a stage".into(),
            seconds: Seconds(1.0),
            cpu_seconds: Seconds(1.0),
            joules: Figure::exact(Joules(joules), Kind::Measured, "a counter"),
            kg_co2e: Figure::unavailable("not asked"),
            extra: serde_json::Map::default(),
        }
    }

    fn network() -> Network {
        let encoding =
            Encoding::try_from(vec![ColumnEncoding::Pixels { count: 2, shift: 0.0, scale: 1.0 }]).unwrap();
        let answer = Answer::Classes(vec!["a".into(), "b".into()]);
        initial::mlp(encoding, &[3], Activation::Tanh, answer, 1).unwrap()
    }

    #[test]
    fn a_student_owes_the_transfer_set_and_every_size_that_was_tried() {
        let made = |name: &str, taught, joules| MadeNetwork {
            name: name.into(),
            taught,
            control: None,
            done: Done { made: network(), receipt: receipt(joules), content: name.into() },
        };
        let networks = vec![
            made("student 8", true, 1.0),
            made("hard labels 8", false, 10.0),
            made("student 16", true, 2.0),
            made("hard labels 16", false, 20.0),
        ];
        let made = MadeNetworks { networks, transfer: receipt(100.0) };
        let tried = made.energy_of_all();
        // Made with: the transfer set and itself. To repay: the transfer set and all students.
        let expected = [(101.0, 103.0), (10.0, 30.0), (102.0, 103.0), (20.0, 30.0)];
        for (network, (made_with, to_repay)) in made.networks.iter().zip(expected) {
            let shipped = Shipped { network: network.done.made.clone(), file: "x.onnx".into(), bytes: 7 };
            let entrant = network.entrant(shipped, &made.transfer, &tried).unwrap();
            assert_eq!(entrant.made_with.value(), Some(Joules(made_with)), "{}", network.name);
            assert_eq!(entrant.to_repay.value(), Some(Joules(to_repay)), "{}", network.name);
        }
    }

    #[test]
    fn what_was_made_elsewhere_has_no_energy_here() {
        assert_eq!(total_energy([].iter()), None);
    }
}
