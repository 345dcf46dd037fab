//! Milliseconds of a training step of LeNet-300-100 (784-300-100-10) with ever fewer of its weights, on random rows:
//! `cargo run --release -p lessen-engine --example step_time`.

#![allow(clippy::print_stdout)]

mod shared;

use std::time::Instant;

use lessen_data::{Answer, Encoding};
use lessen_engine::{Activation, Optimiser, Recipe, Targets, Trainer, TrainingRows, initial};

use shared::{images, pruned};

/// A multiple of both batches, so that no minibatch is short.
const ROWS: usize = 9_600;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let features = images(ROWS, 0.0);
    let rows: Vec<u32> = (0..ROWS as u32).collect();
    let labels: Vec<u32> = rows.iter().map(|row| row % 10).collect();
    let classes = Answer::Classes((0..10).map(|class| class.to_string()).collect());
    let network = initial::mlp(Encoding::fit(&features, &rows), &[300, 100], Activation::Relu, classes, 1)?;
    let training = TrainingRows { features: &features, rows: &rows, targets: Targets::Labels(&labels) };

    println!("density  optimiser  batch  ms: least  median, one thread  least  median, all threads");
    for density in [1.0, 0.64, 0.51, 0.41, 0.33, 0.21, 0.08, 0.036, 0.01] {
        for (name, batch, optimiser) in
            [("Adam", 60, Optimiser::adam(0.0012)), ("SGD", 128, Optimiser::sgd(0.01))]
        {
            print!("{density:7}  {name:9}  {batch:5}");
            for threads in [1, 0] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
                let recipe = Recipe::plain(batch, optimiser);
                let mut trainer = Trainer::new(pruned(&network, density), recipe, 1)?;
                let (least, median) = pool.install(|| milliseconds(&mut trainer, &training))?;
                print!("  {least:10.3}  {median:18.3}");
            }
            println!();
        }
    }
    Ok(())
}

fn milliseconds(
    trainer: &mut Trainer,
    training: &TrainingRows<'_>,
) -> Result<(f64, f64), lessen_engine::StepError> {
    let mut times = Vec::new();
    for step in 0..1200 {
        let began = Instant::now();
        trainer.step(training)?;
        if step >= 200 {
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok((times[0], times[times.len() / 2]))
}
