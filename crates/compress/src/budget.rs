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

/// CPU seconds of the reference machine that training a network of this shape takes: six operations a weight and row, and
/// gathering the rows. Within a fifth of what students of digits and MNIST took.
pub(crate) fn training_seconds(shape: &Shape, spec: &TrainSpec, width: usize, outputs: usize) -> f64 {
    let mut inputs = width;
    let mut macs = 0;
    for &units in shape.hidden.iter().chain([&outputs]) {
        macs += inputs * units;
        inputs = units;
    }
    let rows = spec.steps as f64 * spec.batch as f64;
    rows * (6.0 * macs as f64 / FLOPS + width as f64 / GATHERED)
}

/// Operations a second in the products of a training step.
const FLOPS: f64 = 85e9;

/// Features a second that are gathered into minibatches.
const GATHERED: f64 = 1e8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Metric;

    /// Measured on the reference machine: 25.7 s for 2.25 million rows of MNIST through 64 hidden units, 0.70 s for
    /// 678,000 rows of digits.
    #[test]
    fn estimates_are_near_what_was_measured() {
        let spec = |rows: u64| TrainSpec {
            steps: rows / 128,
            batch: 128,
            rate: 0.01,
            evaluations: 20,
            metric: Metric::Rmse,
        };
        let shape = Shape { hidden: vec![64], activation: Activation::Tanh };
        for (rows, width, measured) in [(2_250_000, 784, 25.7), (678_000, 64, 0.70)] {
            let estimated = training_seconds(&shape, &spec(rows), width, 10);
            assert!((0.8..1.25).contains(&(estimated / measured)), "{estimated}, measured {measured}");
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
