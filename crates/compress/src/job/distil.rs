//! Distilling: a deeper network learns the teacher's answers at a temperature beside the given ones (Hinton, Vinyals &
//! Dean 2014).

use std::path::Path;

use lessen_model::Network;
use lessen_records::{Role, write_whole};
use serde::{Deserialize, Serialize};

use super::Job;
use crate::error::CompressError;
use crate::judged::Judged;
use crate::kept::load;
use crate::lessons::{LessonRows, Lessons, Weighing};
use crate::made::{Made, MadeNetwork, MadeTeacher, Step};
use crate::stages::{Done, Keep, Part, Partial, Stages};
use crate::train::{Shape, TrainSpec, train};
use crate::transfer::label;

/// The method's name in records.
pub(crate) const DISTIL: &str = "distil";

/// How the distilled network is made.
///
/// | setting | default | purpose |
/// | --- | --- | --- |
/// | `shape` | 128-64, ReLU | hidden units; wider where rows are wide |
/// | `train` | | how it is trained |
/// | `temperatures` | 1, 2, 4, 8 | temperatures that are tried, each in a training of its own; validation chooses |
/// | `weighing` | 1 and 0.5 | weights of soft and hard targets |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistilSpec {
    /// Hidden units and what stands behind them.
    pub shape: Shape,
    /// How it is trained.
    pub train: TrainSpec,
    /// Temperatures that are tried; values, which have none, are learned once.
    pub temperatures: Vec<f32>,
    /// How soft and hard targets are weighed.
    pub weighing: Weighing,
}

/// A distilled network, and what is needed to go on from it.
pub(crate) struct Distilled<'a> {
    pub(crate) made: Made,
    pub(crate) shape: Shape,
    pub(crate) network: Network,
    /// Its content name.
    pub(crate) content: String,
    pub(crate) chain: Vec<Step>,
    /// Name of the same network on hard labels.
    pub(crate) control: String,
    /// What it learned from, at the temperature that was chosen.
    pub(crate) lessons: Lessons<'a>,
    /// How the teacher answers the validation rows.
    pub(crate) teacher: Judged,
}

/// The teacher's answers for the training and the validation rows, `[rows][outputs]`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Opinions {
    training: Vec<f32>,
    validation: Vec<f32>,
}

impl Job<'_> {
    /// Trains the network at every temperature, and once on the given answers alone, side by side.
    pub(super) fn distil<'l>(
        &self,
        spec: &DistilSpec,
        teacher: &MadeTeacher,
        (rows, transfer): (&'l LessonRows, &Step),
        stages: &mut Stages<'_>,
    ) -> Result<Distilled<'l>, CompressError> {
        let opinions = self.opinions(teacher, stages)?;
        let upstream = vec![transfer.content.clone(), opinions.content.clone()];
        let lessons = |temperature: f32| {
            let of = (rows, opinions.made.training.as_slice());
            let weighed = (spec.weighing, temperature);
            Lessons::of_distillation(of, (self.dataset, self.split), weighed, self.validation.unit())
        };
        // Each is trained with one temperature; none is the control.
        let temperatures = self.temperatures(spec);
        let wanted: Vec<Option<f32>> = temperatures.iter().copied().map(Some).chain([None]).collect();
        let control = format!("hard labels {}", spec.shape.name());
        let (lessons, control_name) = (&lessons, control.as_str());
        let part = |&temperature: &Option<f32>| Part {
            name: match temperature {
                Some(temperature) if temperatures.len() > 1 => format!("distilled: T = {temperature}"),
                Some(_) => "distilled".to_owned(),
                None => control_name.to_owned(),
            },
            key: self.key(
                (&spec.shape, &spec.train, temperature.map(|temperature| (temperature, spec.weighing))),
                if temperature.is_some() { upstream.clone() } else { Vec::new() },
            ),
            work: Box::new(move |partial| {
                let start = spec.shape.start(&self.encoding, &self.validation, self.spec.seed)?;
                match temperature {
                    Some(temperature) => {
                        let lessons = lessons(temperature);
                        let rows = lessons.for_training();
                        train(
                            ("distilled", partial),
                            start,
                            &spec.train,
                            rows,
                            &self.validation,
                            self.spec.seed,
                        )
                    }
                    None => self.train_on_given((control_name, partial), start, &spec.train),
                }
            }),
        };
        let mut done = stages.parts("distillation", wanted.iter().map(part).collect())?;
        let on_given = done.pop().ok_or(CompressError::NothingSelected)?;
        let best = self.best_temperature(spec, &done)?;
        if temperatures.len() > 1 {
            stages.progress().note(&format!("temperature {} is best on validation", temperatures[best]));
        }
        let lessons = lessons(temperatures[best]);
        let tried =
            [transfer.clone(), Step::of(&opinions)].into_iter().chain(done.iter().map(Step::of)).collect();
        let chain = vec![transfer.clone(), Step::of(&opinions), Step::of(&done[best])];
        let teacher = Judged::new(
            self.validation.truth(),
            &opinions.made.validation,
            f64::from(self.validation.unit().scale),
        );
        let Done { made: network, content, .. } = done.swap_remove(best);
        let made = Made {
            networks: vec![
                MadeNetwork {
                    name: control.clone(),
                    role: Role::HardLabels,
                    method: "hard labels",
                    control: None,
                    chain: vec![Step::of(&on_given)],
                    network: on_given.made.clone(),
                },
                MadeNetwork {
                    name: format!("distilled {}", spec.shape.name()),
                    role: Role::Student,
                    method: DISTIL,
                    control: Some(control.clone()),
                    chain: chain.clone(),
                    network: network.clone(),
                },
            ],
            tried,
            tried_controls: vec![Step::of(&on_given)],
            curves: Vec::new(),
        };
        let shape = spec.shape.clone();
        Ok(Distilled { made, shape, network, content, chain, control, lessons, teacher })
    }

    fn temperatures(&self, spec: &DistilSpec) -> Vec<f32> {
        match self.dataset.answer().classes() {
            Some(_) if !spec.temperatures.is_empty() => spec.temperatures.clone(),
            _ => vec![1.0],
        }
    }

    /// Has the teacher answer the rows that are there.
    fn opinions(
        &self,
        teacher: &MadeTeacher,
        stages: &mut Stages<'_>,
    ) -> Result<Done<Opinions>, CompressError> {
        let key = self.key("soft targets", vec![teacher.content.clone()]);
        stages.stage("soft targets", &key, |progress, _| {
            let (ensemble, features) = (teacher.predictor.as_ref(), &self.dataset.features);
            let said = |share| progress.advance(share, "label");
            let training = label(ensemble, features, &self.split.train, &said)?;
            let validation = label(ensemble, features, &self.split.validation, &|_| ())?;
            Ok(Opinions { training, validation })
        })
    }

    /// The place of the network that validation rows find best; the first of several.
    fn best_temperature(&self, spec: &DistilSpec, done: &[Done<Network>]) -> Result<usize, CompressError> {
        let mut best: Option<(f64, usize)> = None;
        for (place, done) in done.iter().enumerate() {
            let score = self.validation.score(&done.made, spec.train.metric)?;
            if best.is_none_or(|(best, _)| score > best) {
                best = Some((score, place));
            }
        }
        best.map(|(_, place)| place).ok_or(CompressError::NothingSelected)
    }

    /// Trains a network on the training rows and their given answers.
    pub(super) fn train_on_given(
        &self,
        named: (&str, &Partial<'_>),
        start: Network,
        spec: &TrainSpec,
    ) -> Result<Network, CompressError> {
        train(named, start, spec, self.given.for_training(), &self.validation, self.spec.seed)
    }
}

const FILE: &str = "opinions.postcard";

impl Keep for Opinions {
    fn save(&self, folder: &Path) -> Result<(), CompressError> {
        let bytes = postcard::to_stdvec(self)
            .map_err(|error| CompressError::Unwritable { what: "opinions", problem: error.to_string() })?;
        Ok(write_whole(&folder.join(FILE), &bytes)?)
    }

    fn load(folder: &Path) -> Result<Self, CompressError> {
        load(&folder.join(FILE), |bytes| postcard::from_bytes(bytes))
    }
}
