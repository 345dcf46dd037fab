//! A run within a time: what is done less of, decided before anything is done.
//!
//! Costs are estimated in CPU seconds of the machine that their coefficients were taken on, and the machine at hand is
//! compared with that one by a short calibration ([`Speed`]), which is kept like any stage: a run that is stopped goes on by
//! the plan that it began with.

use std::path::Path;

use lessen_data::{Answer, Column, Encoding, Features, Table, random};
use lessen_engine::{Activation, Optimiser, Recipe, Targets, Trainer, TrainingRows, initial};
use lessen_meter::thread_cpu_seconds;
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::error::CompressError;
use crate::kept::{load, save_json};
use crate::stages::{Keep, Stages};
use crate::train::{Shape, TrainSpec};

/// Time that a run may take, and what the machine does in it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Wall time of the whole run.
    pub seconds: f64,
    /// Threads that work on it.
    pub threads: usize,
    /// How fast one of them is ([`Speed::factor`]).
    pub speed: f64,
}

/// How fast a thread of this machine is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// Times the reference machine's, a Zen 4 server core at about 3.7 GHz.
    pub factor: f64,
}

/// CPU seconds of the calibration on the reference machine.
const REFERENCE_SECONDS: f64 = 0.083;

/// Steps that are timed.
const CALIBRATION_STEPS: usize = 1_000;

impl Speed {
    /// The speed that was measured when the run began; for a run that begins, this one, which is kept.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub fn of_run(self, stages: &mut Stages<'_>) -> Result<Self, CompressError> {
        Ok(stages.stage("calibration", &"one thread's speed", |_, _| Ok(self))?.made)
    }

    /// Times the training of a small network, which is most of what a run does; a tenth of a second.
    ///
    /// # Errors
    /// Where that network cannot be trained.
    pub fn measure() -> Result<Self, CompressError> {
        let mut random = random::stream(0, "calibration");
        let column = |place: usize| Column::Numeric {
            name: format!("x{place}"),
            values: (0..CALIBRATION_ROWS).map(|_| random.random_range(-1.0f32..1.0)).collect(),
        };
        let features = Features::Table(Table::new((0..64).map(column).collect())?);
        let rows: Vec<u32> = (0..CALIBRATION_ROWS as u32).collect();
        let labels: Vec<u32> = rows.iter().map(|row| row % 10).collect();
        let answer = Answer::Classes((0..10).map(|class| class.to_string()).collect());
        let encoding = Encoding::fit(&features, &rows);
        let network = initial::mlp(encoding, &[128, 64], Activation::Relu, answer, 0)?;
        let recipe = Recipe::plain(64, Optimiser::adam(0.001));
        let mut trainer = Trainer::new(network, recipe, 0)?;
        let training = TrainingRows { features: &features, rows: &rows, targets: Targets::Labels(&labels) };
        let before = thread_cpu_seconds();
        for _ in 0..CALIBRATION_STEPS {
            trainer.step(&training).map_err(lessen_engine::EngineError::from)?;
        }
        let seconds = (thread_cpu_seconds() - before).0;
        let factor = if seconds > 0.0 { REFERENCE_SECONDS / seconds } else { 1.0 };
        Ok(Self { factor: factor.clamp(0.01, 100.0) })
    }
}

const CALIBRATION_ROWS: usize = 2048;

const FILE: &str = "speed.json";

impl Keep for Speed {
    fn save(&self, folder: &Path) -> Result<(), CompressError> {
        save_json(self, "the speed", &folder.join(FILE))
    }

    fn load(folder: &Path) -> Result<Self, CompressError> {
        load(&folder.join(FILE), |bytes| serde_json::from_slice(bytes))
    }
}

/// CPU seconds of the reference machine that training a network of this shape takes with so much of its weights left: six
/// operations a weight and row, and what a unit and a feature of a row take whatever is left.
pub(crate) fn training_seconds(
    shape: &Shape,
    spec: &TrainSpec,
    (width, outputs): (usize, usize),
    density: f64,
) -> f64 {
    let mut inputs = width;
    let (mut macs, mut units) = (0, 0);
    for &layer in shape.hidden.iter().chain([&outputs]) {
        macs += inputs * layer;
        units += layer;
        inputs = layer;
    }
    let rows = spec.steps as f64 * spec.batch as f64;
    let operations = 6.0 * macs as f64 * (SPARSE * density).min(1.0);
    rows * (operations / FLOPS + UNIT * units as f64 + GATHERING * width as f64)
}

/// Operations a second in the products of a training step.
const FLOPS: f64 = 131e9;

/// Times that an operation with a weight takes among weights that are gone: by so little fewer are all done.
const SPARSE: f64 = 1.7;

/// Seconds that a unit takes for a row.
const UNIT: f64 = 2.7e-9;

/// Seconds that gathering a feature of a row into a minibatch takes.
const GATHERING: f64 = 0.88e-9;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Metric;

    /// Stages of `lessen compress` of MNIST (all its rows) and of digits on two cores of a Zen 3 server, whose threads do 0.65 of
    /// what the reference machine's do: students, the distilled network, and tickets at what is left of it.
    #[test]
    fn estimates_are_near_what_was_measured() {
        let tanh = |units: usize| Shape { hidden: vec![units], activation: Activation::Tanh };
        let relu = || Shape { hidden: vec![256, 128], activation: Activation::Relu };
        let (mnist, digits) = ((784, 6_450_048), (64, 679_808));
        let measured = [
            (mnist, tanh(8), 1.0, 10.2),
            (mnist, tanh(32), 1.0, 19.8),
            (mnist, tanh(64), 1.0, 32.8),
            (mnist, tanh(256), 1.0, 106.5),
            (digits, tanh(8), 1.0, 0.15),
            (digits, tanh(64), 1.0, 0.46),
            (digits, tanh(256), 1.0, 1.72),
            ((784, 3_225_088), relu(), 1.0, 62.4),
            ((784, 3_225_088), relu(), 0.7f64.powi(4), 29.6),
            ((784, 3_225_088), relu(), 0.7f64.powi(6), 16.7),
            ((784, 3_225_088), relu(), 0.7f64.powi(8), 11.0),
        ];
        for ((width, rows), shape, density, seconds) in measured {
            let (batch, metric) = (64, Metric::Rmse);
            let spec = TrainSpec { steps: rows / batch, batch: 64, rate: 0.01, evaluations: 20, metric };
            let estimated = training_seconds(&shape, &spec, (width, 10), density);
            let ratio = estimated / (0.65 * seconds);
            assert!(
                (0.75..1.33).contains(&ratio),
                "{estimated:.2}, measured {seconds}: {shape:?} {density:.2}"
            );
        }
    }

    #[test]
    fn a_speed_is_a_number_and_is_kept() {
        let speed = Speed::measure().unwrap();
        assert!((0.01..=100.0).contains(&speed.factor));
        let folder = tempfile::tempdir().unwrap();
        speed.save(folder.path()).unwrap();
        assert_eq!(Speed::load(folder.path()).unwrap(), speed);
    }
}
