//! Milliseconds of a training step and of predictions of LeNet-300-100 (784-300-100-10) on random rows:
//! `cargo run --release -p lessen-engine --example step_time`.

#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use lessen_data::{Answer, Encoding, Features, Images, random};
use lessen_engine::{
    Activation, EngineError, Optimiser, Plan, Recipe, Schedule, Targets, Trainer, TrainingRows, initial,
    timing,
};
use rand::RngExt;

const ROWS: usize = 10_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut random = random::stream(1, "random images");
    let bytes = (0..ROWS * 784).map(|_| random.random()).collect();
    let features = Features::Images(Images { channels: 1, height: 28, width: 28, bytes });
    let rows: Vec<u32> = (0..ROWS as u32).collect();
    let labels: Vec<u32> = rows.iter().map(|row| row % 10).collect();
    let network = lenet(&features, &rows)?;

    let recipe = Recipe {
        batch: 60,
        optimiser: Optimiser::adam(0.0012),
        schedule: Schedule::Constant,
        weight_decay: 0.0,
    };
    let mut trainer = Trainer::new(network.clone(), recipe, 1)?;
    let training = TrainingRows { features: &features, rows: &rows, targets: Targets::Labels(&labels) };
    let mut times = Vec::new();
    for step in 0..1200 {
        let began = Instant::now();
        trainer.step(&training)?;
        if step >= 200 {
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    println!("step, batch 60, Adam: {:.3} ms (median of {})", times[times.len() / 2], times.len());

    let plan = Plan::new("lenet-300-100", network)?;
    for batch in [1, 4, 16, 256] {
        let latency = timing::latency(&plan, &features, &rows, batch, Duration::from_secs(1))?;
        println!("prediction, batch {batch}: {:.1} us", latency.value().map_or(f64::NAN, |us| us.0));
    }
    let per_row = timing::seconds_per_row_on_all_threads(&plan, &features, &rows, Duration::from_secs(1))?;
    println!(
        "prediction: {:.3} us a row, {}",
        per_row.value().map_or(f64::NAN, |s| s.0 * 1e6),
        per_row.how()
    );
    Ok(())
}

fn lenet(features: &Features, rows: &[u32]) -> Result<lessen_model::Network, EngineError> {
    let classes = Answer::Classes((0..10).map(|class| class.to_string()).collect());
    initial::mlp(Encoding::fit(features, rows), &[300, 100], Activation::Relu, classes, 1)
}
