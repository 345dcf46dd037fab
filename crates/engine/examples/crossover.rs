//! From which density on leaving zeros out pays: predictions and a training step of LeNet-300-100 (784-300-100-10) without the
//! weights that are gone over the same with all of them, as a table and as a picture:
//! `cargo run --release -p lessen-engine --example crossover -- docs/crossover.svg`.

#![allow(clippy::print_stdout)]

mod shared;

use std::fmt::Write as _;
use std::time::Instant;

use lessen_data::{Answer, Encoding};
use lessen_engine::{Activation, Optimiser, Plan, Recipe, Targets, Trainer, TrainingRows, initial};
use lessen_model::{Batch, Predictor};

use shared::{images, pruned};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A multiple of the batches, so that none is short.
const ROWS: usize = 7_680;
/// As of MNIST's pixels.
const ZEROS: f64 = 0.81;
const DENSITIES: [f64; 9] = [0.01, 0.02, 0.036, 0.08, 0.15, 0.21, 0.33, 0.5, 0.8];
/// Rows predicted at once.
const BATCHES: [usize; 3] = [1, 16, 256];
/// Rows of a minibatch.
const MINIBATCH: usize = 60;
/// Both forms take turns, so that a machine that slows down slows both.
const TURNS: usize = 15;

fn main() -> Outcome<()> {
    let features = images(ROWS, ZEROS);
    let rows: Vec<u32> = (0..ROWS as u32).collect();
    let labels: Vec<u32> = rows.iter().map(|row| row % 10).collect();
    let encoding = Encoding::fit(&features, &rows);
    let classes = Answer::Classes((0..10).map(|class| class.to_string()).collect());
    let network = |encoding| initial::mlp(encoding, &[300, 100], Activation::Relu, classes.clone(), 1);
    // Predicted without centring, as networks are shipped; trained with it.
    let (shipped, trained) = (network(encoding.unscaled().0)?, network(encoding)?);
    let training = TrainingRows { features: &features, rows: &rows, targets: Targets::Labels(&labels) };

    println!(
        "density  time without zeros over time with them: 1 row  16 rows  256 rows  a step of {MINIBATCH} rows, Adam"
    );
    let mut lines = vec![Vec::new(); BATCHES.len() + 1];
    for density in DENSITIES {
        print!("{density:7}");
        for (batch, line) in BATCHES.into_iter().zip(&mut lines) {
            let network = pruned(&shipped, density);
            let plans = [Plan::whole("whole", network.clone())?, Plan::without_zeros("sparse", network)?];
            let mut into = vec![0.0; batch * 10];
            let ratio = ratio(|form, call| {
                let first = call * batch % ROWS;
                Ok(plans[form].predict(&Batch::new(&features, &rows[first..first + batch]), &mut into)?)
            })?;
            line.push((density, ratio));
            print!("  {ratio:8.3}");
        }
        let trainer = |network| Trainer::new(network, Recipe::plain(MINIBATCH, Optimiser::adam(0.0012)), 1);
        let mut trainers = [trainer(trained.clone())?, trainer(pruned(&trained, density))?];
        let ratio = ratio(|form, _| Ok(trainers[form].step(&training).map(|_| ())?))?;
        lines[BATCHES.len()].push((density, ratio));
        println!("  {ratio:8.3}");
    }
    if let Some(path) = std::env::args().nth(1) {
        std::fs::write(path, picture(&lines))?;
    }
    Ok(())
}

/// The median over turns of the second form's time over the first's; each turn is the median of some calls.
fn ratio(mut call: impl FnMut(usize, usize) -> Outcome<()>) -> Outcome<f64> {
    let mut ratios = Vec::new();
    for turn in 0..TURNS {
        let mut medians = [0.0; 2];
        for form in if turn % 2 == 0 { [0, 1] } else { [1, 0] } {
            let mut times = Vec::new();
            for number in 0..60 {
                let began = Instant::now();
                call(form, number)?;
                times.push(began.elapsed().as_secs_f64());
            }
            times.sort_by(f64::total_cmp);
            medians[form] = times[times.len() / 2];
        }
        ratios.push(medians[1] / medians[0]);
    }
    ratios.sort_by(f64::total_cmp);
    Ok(ratios[TURNS / 2])
}

const NAMES: [&str; 4] = ["1 row", "16 rows", "256 rows", "training step"];
const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#7a3e9d"];

/// Ratios against density, both on scales of logarithms.
fn picture(lines: &[Vec<(f64, f64)>]) -> String {
    let x = |density: f64| 70.0 + 520.0 * (density / 0.01).log10() / 2.0;
    let y = |ratio: f64| 30.0 + 330.0 * (4.0 / ratio.clamp(0.03, 4.0)).log10() / (4.0f64 / 0.03).log10();
    let mut svg = String::from(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 430" font-family="sans-serif" font-size="13">
<rect width="720" height="430" fill="#fff"/>
"##,
    );
    let mut line = |text: String| svg += &(text + "\n");
    for density in [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0] {
        let (x, percent) = (x(density), 100.0 * density);
        line(format!(r##"<path d="M{x:.1} 30V360" stroke="#ddd"/>"##));
        line(format!(r##"<text x="{x:.1}" y="378" text-anchor="middle">{percent} %</text>"##));
    }
    for ratio in [0.03, 0.1, 0.3, 1.0, 3.0] {
        let y = y(ratio);
        let stroke = if ratio == 1.0 { "#333" } else { "#ddd" };
        line(format!(r##"<path d="M70 {y:.1}H590" stroke="{stroke}"/>"##));
        line(format!(r##"<text x="62" y="{:.1}" text-anchor="end">{ratio}</text>"##, y + 4.0));
    }
    line(r#"<text x="330" y="404" text-anchor="middle">weights left</text>"#.to_owned());
    line(r#"<text x="70" y="18">time without zeros over time with all weights; below 1 leaving them out is faster</text>"#.to_owned());
    let mut ends: Vec<(f64, usize)> = Vec::new();
    for (number, points) in lines.iter().enumerate() {
        let mut path = String::new();
        for &(density, ratio) in points {
            let letter = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{letter}{:.1} {:.1}", x(density), y(ratio));
            let colour = COLOURS[number];
            line(format!(r#"<circle cx="{:.1}" cy="{:.1}" r="3" fill="{colour}"/>"#, x(density), y(ratio)));
        }
        line(format!(r#"<path d="{path}" fill="none" stroke="{}" stroke-width="2"/>"#, COLOURS[number]));
        ends.push((points.last().map_or(0.0, |&(_, ratio)| y(ratio)), number));
    }
    // Names at the ends of their lines, one below the other where those meet.
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut lowest = f64::NEG_INFINITY;
    for (y, number) in ends {
        lowest = y.max(lowest + 17.0);
        let (name, colour) = (NAMES[number], COLOURS[number]);
        line(format!(r#"<text x="600" y="{:.1}" fill="{colour}">{name}</text>"#, lowest + 4.0));
    }
    svg + "</svg>\n"
}
