//! Rows to learn from, with what a network should answer for each.

use lessen_data::{Dataset, Features, Split, Target, Unit};
use lessen_engine::{Blend, NO_LABEL, Targets, Taught, soften};
use serde::{Deserialize, Serialize};

use crate::error::CompressError;
use crate::transfer::TransferSet;

/// The rows of a transfer set with the training rows below them, shared by all that learn from them.
pub(crate) struct LessonRows {
    features: Features,
    rows: Vec<u32>,
    /// The teacher's answers for those of the transfer set, `[rows][outputs]`.
    answers: Vec<f32>,
    /// How many those are.
    transferred: usize,
}

/// Rows with what is wanted of each.
pub(crate) struct Lessons<'a> {
    rows: &'a LessonRows,
    wanted: Wanted,
}

/// What is wanted of each row of the features.
enum Wanted {
    /// Class probabilities, `[rows][classes]`.
    Soft(Vec<f32>),
    /// A teacher's probabilities at a temperature, and labels.
    Taught { soft: Vec<f32>, labels: Vec<u32>, blend: Blend },
    /// A value a row, in the unit that networks learn in.
    Values(Vec<f32>),
}

/// How soft and hard targets are weighed ([`Blend`]), but for the temperature, which is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weighing {
    /// Weight of the teacher's answers.
    pub soft: f32,
    /// Weight of the given labels or values; Hinton, Vinyals & Dean 2014 give theirs half the weight of the soft ones.
    pub hard: f32,
}

impl LessonRows {
    /// Puts the training rows below those of the transfer set, each row's cells together: networks learn from them in random
    /// order.
    ///
    /// # Errors
    /// Where the columns differ.
    pub(crate) fn new(
        transfer: TransferSet,
        dataset: &Dataset,
        split: &Split,
    ) -> Result<Self, CompressError> {
        let TransferSet { mut table, answers, .. } = transfer;
        let transferred = table.rows();
        table.append(&dataset.features.table(&split.train))?;
        let rows = (0..table.rows() as u32).collect();
        Ok(Self { features: Features::RowMajor((&table).into()), rows, answers, transferred })
    }
}

impl<'a> Lessons<'a> {
    /// The transfer set as the teacher answers it and the training rows with their true answers, certain: what the students
    /// of Bucila et al. 2006 learn from.
    pub(crate) fn of_mimicry(rows: &'a LessonRows, dataset: &Dataset, split: &Split, unit: Unit) -> Self {
        let mut answers = rows.answers.clone();
        let wanted = match &dataset.target {
            Target::Classes { names, labels } => {
                for &row in &split.train {
                    let label = labels[row as usize] as usize;
                    answers.extend((0..names.len()).map(|class| f32::from(u8::from(class == label))));
                }
                Wanted::Soft(answers)
            }
            Target::Values { values, .. } => {
                answers.extend(split.train.iter().map(|&row| values[row as usize]));
                Wanted::Values(answers.into_iter().map(|answer| unit.scaled(answer)).collect())
            }
        };
        Self { rows, wanted }
    }

    /// The transfer set as the teacher answers it and the training rows with both its answers (`of_training`,
    /// `[training rows][outputs]`) and the true ones, at `temperature` and weighed as Hinton, Vinyals & Dean 2014 do. A value
    /// that both teach is their mean by the same weights.
    pub(crate) fn of_distillation(
        (rows, of_training): (&'a LessonRows, &[f32]),
        (dataset, split): (&Dataset, &Split),
        (weighing, temperature): (Weighing, f32),
        unit: Unit,
    ) -> Self {
        let mut answers = rows.answers.clone();
        let wanted = match &dataset.target {
            Target::Classes { names, labels } => {
                answers.extend_from_slice(of_training);
                soften(&mut answers, names.len(), temperature);
                let mut known = vec![NO_LABEL; rows.transferred];
                known.extend(split.train.iter().map(|&row| labels[row as usize]));
                let blend = Blend { temperature, soft: weighing.soft, hard: weighing.hard };
                Wanted::Taught { soft: answers, labels: known, blend }
            }
            Target::Values { values, .. } => {
                let total = weighing.soft + weighing.hard;
                let mean = |(&row, &taught): (&u32, &f32)| {
                    (weighing.soft * taught + weighing.hard * values[row as usize]) / total
                };
                answers.extend(split.train.iter().zip(of_training).map(mean));
                Wanted::Values(answers.into_iter().map(|answer| unit.scaled(answer)).collect())
            }
        };
        Self { rows, wanted }
    }

    /// Everything that a training takes.
    pub(crate) fn for_training(&self) -> (&Features, &[u32], Targets<'_>) {
        let targets = match &self.wanted {
            Wanted::Soft(soft) => Targets::Soft(soft),
            Wanted::Taught { soft, labels, blend } => Targets::Taught(Taught { soft, labels, blend: *blend }),
            Wanted::Values(values) => Targets::Values(values),
        };
        (&self.rows.features, &self.rows.rows, targets)
    }
}
