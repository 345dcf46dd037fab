//! Mimicking: one-hidden-layer networks of several sizes learn the teacher's answers for a transfer set (Bucila, Caruana &
//! Niculescu-Mizil 2006).

use lessen_records::Role;
use serde::{Deserialize, Serialize};

use super::Job;
use crate::error::CompressError;
use crate::lessons::{LessonRows, Lessons};
use crate::made::{Made, MadeNetwork, Step};
use crate::stages::{Part, Stages};
use crate::train::{Shape, TrainSpec, train};

/// A student: a network with one hidden layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudentSpec {
    /// Hidden units and what stands behind them.
    pub shape: Shape,
    /// How it is trained.
    pub train: TrainSpec,
}

impl Job<'_> {
    /// Trains each student on the lessons and, as a control, on the given answers alone, side by side, large ones first.
    pub(super) fn mimic<'s>(
        &self,
        students: &'s [StudentSpec],
        (rows, transfer): (&LessonRows, &Step),
        stages: &mut Stages<'_>,
    ) -> Result<Made, CompressError> {
        let lessons = &Lessons::of_mimicry(rows, self.dataset, self.split, self.validation.unit());
        let mut wanted: Vec<(&StudentSpec, bool)> =
            students.iter().flat_map(|spec| [(spec, true), (spec, false)]).collect();
        wanted.sort_by_key(|(spec, taught)| (std::cmp::Reverse(spec.shape.hidden.clone()), !taught));
        let part = |&(spec, taught): &(&'s StudentSpec, bool)| {
            let name = network_name(spec, taught);
            Part {
                name: name.clone(),
                key: self
                    .key((spec, taught), if taught { vec![transfer.content.clone()] } else { Vec::new() }),
                work: Box::new(move |partial| {
                    let start = spec.shape.start(&self.encoding, &self.validation, self.spec.seed)?;
                    if taught {
                        let lessons = lessons.for_training();
                        let named = (name.as_str(), partial);
                        train(named, start, &spec.train, lessons, &self.validation, self.spec.seed)
                    } else {
                        self.train_on_given((&name, partial), start, &spec.train)
                    }
                }),
            }
        };
        let done = stages.parts("students", wanted.iter().map(part).collect())?;
        let mut made = Made::default();
        made.tried.push(transfer.clone());
        for ((spec, taught), done) in wanted.into_iter().zip(done).rev() {
            let step = Step::of(&done);
            let tried = if taught { &mut made.tried } else { &mut made.tried_controls };
            tried.push(step.clone());
            made.networks.push(MadeNetwork {
                name: network_name(spec, taught),
                role: if taught { Role::Student } else { Role::HardLabels },
                method: if taught { "mimic" } else { "hard labels" },
                control: taught.then(|| network_name(spec, false)),
                chain: if taught { vec![transfer.clone(), step] } else { vec![step] },
                network: done.made,
            });
        }
        Ok(made)
    }
}

fn network_name(spec: &StudentSpec, taught: bool) -> String {
    format!("{} {}", if taught { "student" } else { "hard labels" }, spec.shape.name())
}
