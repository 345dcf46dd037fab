//! Microseconds a prediction of LeNet-300-100 (784-300-100-10) takes with ever fewer of its weights, on random rows:
//! `cargo run --release -p lessen-engine --example sparse_times`.

#![allow(clippy::print_stdout)]

mod shared;

use std::time::Instant;

use lessen_data::{Answer, Encoding, Features};
use lessen_engine::{Activation, Plan, initial};
use lessen_model::{Batch, Predictor, compact};

use shared::{images, pruned};

const ROWS: usize = 256;

/// Calls that are timed; the least of their times is taken, as other work on the machine only adds to them.
const REPEATS: usize = 2000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for zeros in [0.0, 0.81] {
        println!("pixels of which {:.0} % are zero (of MNIST's 81 %)", 100.0 * zeros);
        times(zeros)?;
    }
    Ok(())
}

fn times(zeros: f64) -> Result<(), Box<dyn std::error::Error>> {
    let features = images(ROWS, zeros);
    let rows: Vec<u32> = (0..ROWS as u32).collect();
    let classes = Answer::Classes((0..10).map(|class| class.to_string()).collect());
    // Without centring, as networks are shipped: a pixel that is zero stays zero.
    let encoding = Encoding::fit(&features, &rows).unscaled().0;
    let network = initial::mlp(encoding, &[300, 100], Activation::Relu, classes, 1)?;

    println!("density  MACs counted  bytes  us: 1 row  2 rows  3 rows  4 rows  16 rows  256 rows");
    for density in [1.0, 0.5, 0.21, 0.08, 0.036] {
        let network = pruned(&network, density);
        let bytes = compact::write(&network).len();
        let plan = Plan::new("lenet-300-100", network)?;
        print!("{density:7}  {:12}  {bytes:7}", plan.cost().total().macs);
        for count in [1, 2, 3, 4, 16, 256] {
            print!("  {:8.1}", least_microseconds(&plan, &features, &rows[..count])?);
        }
        println!();
    }
    Ok(())
}

fn least_microseconds(
    plan: &Plan,
    features: &Features,
    rows: &[u32],
) -> Result<f64, lessen_model::PredictError> {
    let mut answers = vec![0.0; rows.len() * plan.outputs()];
    let mut least = f64::INFINITY;
    for _ in 0..REPEATS {
        let began = Instant::now();
        plan.predict(&Batch::new(features, rows), &mut answers)?;
        least = least.min(began.elapsed().as_secs_f64() * 1e6);
    }
    Ok(least)
}
