//! Our side of `benches/peers/engine`: one program of several that take turns, driven by lines of JSON.
//!
//! `peer prepare FOLDER [DATA_DIR]` writes what all programs work on: rows, labels, start weights, masks and models.
//! `peer ours FOLDER` and `peer rten FOLDER` answer a request a line: `{"do": "time" | "answers", "work": W}` or
//! `{"do": "floor"}`. What W may be is in [`Work`].

#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lessen_data::named::{self, Folders};
use lessen_data::{Answer, Dataset, Encoding, Features, Images, Target, random};
use lessen_engine::{
    Activation, Mapped, Matrix, MatrixMut, Optimiser, Plan, Recipe, Targets, Trainer, TrainingRows, initial,
    product,
};
use lessen_model::{Batch, Format, Network, Predictor, predict_rows};
use rand::RngExt;
use rten::{Model, ValueView};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Training rows; those that are predicted come after them.
const TRAINING: usize = 60_000;
const ROWS: usize = 70_000;
const PIXELS: usize = 784;
const CLASSES: usize = 10;

/// Shares of weights left: "21" % and so on.
const DENSITIES: [(&str, f64); 4] = [("dense", 1.0), ("21", 0.21), ("8", 0.08), ("3.6", 0.036)];

/// Steps before the weights are compared: the programs must have learned the same.
const COMPARED_STEPS: usize = 5;

/// Rows whose answers are compared.
const COMPARED_ROWS: usize = 256;

/// A call is timed so often, or for so long, whichever ends first; a tenth of it before to warm up.
const CALLS: usize = 300;
const LONGEST: Duration = Duration::from_millis(1500);
const FEWEST: usize = 5;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["prepare", folder] => prepare(Path::new(folder), None),
        ["prepare", folder, data_dir] => prepare(Path::new(folder), Some(Path::new(data_dir))),
        ["ours", folder] => serve(&mut Ours::new(Path::new(folder))?),
        ["rten", folder] => serve(&mut Rten::new(Path::new(folder))?),
        _ => Err("usage: peer prepare FOLDER [DATA_DIR] | peer ours FOLDER | peer rten FOLDER".into()),
    }
}

/// A program that works on request.
trait Peer {
    /// Makes one call of `work` ready, and hands it to `timer`, which calls it often and gives its median in microseconds.
    fn time(&mut self, work: &Work) -> Outcome<(f64, usize)>;
    /// What `work` answers for the rows that are compared.
    fn answers(&mut self, work: &Work) -> Outcome<Vec<f32>>;
}

/// `step:adam|sgd0|sgd0.9:BATCH:DENSITY`, `predict:DENSITY:BATCH`, `load:DENSITY`.
enum Work {
    Step { optimiser: String, batch: usize, density: String },
    Predict { density: String, batch: usize },
    Load { density: String },
}

impl Work {
    fn parse(text: &str) -> Outcome<Self> {
        Ok(match text.split(':').collect::<Vec<_>>()[..] {
            ["step", optimiser, batch, density] => {
                Self::Step { optimiser: optimiser.into(), batch: batch.parse()?, density: density.into() }
            }
            ["predict", density, batch] => Self::Predict { density: density.into(), batch: batch.parse()? },
            ["load", density] => Self::Load { density: density.into() },
            _ => return Err(format!("unknown work `{text}`").into()),
        })
    }
}

fn serve(peer: &mut dyn Peer) -> Outcome<()> {
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let work = || Work::parse(request["work"].as_str().unwrap_or_default());
        let reply = match request["do"].as_str() {
            Some("time") => {
                let (median_us, calls) = peer.time(&work()?)?;
                json!({ "median_us": median_us, "calls": calls })
            }
            Some("answers") => json!({ "answers": peer.answers(&work()?)? }),
            Some("floor") => floor(),
            _ => return Err(format!("unknown request {request}").into()),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{reply}")?;
        out.flush()?;
    }
    Ok(())
}

/// The median of the calls' times in microseconds, and how many were timed.
fn timed(mut call: impl FnMut() -> Outcome<()>) -> Outcome<(f64, usize)> {
    let began = Instant::now();
    for _ in 0..CALLS / 10 {
        call()?;
        if began.elapsed() > LONGEST / 10 {
            break;
        }
    }
    let began = Instant::now();
    let mut times = Vec::new();
    while times.len() < FEWEST || (times.len() < CALLS && began.elapsed() < LONGEST) {
        let began = Instant::now();
        call()?;
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok((times[times.len() / 2], times.len()))
}

/// What the machine can do at best, in this process on all threads: multiply-accumulates of a product of matrices that stay in
/// the nearest caches, and bytes read from the cache.
fn floor() -> Value {
    /// Rows, inner extent and columns: all of it stays in the nearest caches.
    const PRODUCT: (usize, usize, usize) = (48, 256, 64);
    const PRODUCTS: usize = 200;
    // The weights of such a network stay in the cache from call to call.
    const FLOATS: usize = 1 << 18;
    const REPEATS: usize = 64;
    let (rows, inner, columns) = PRODUCT;
    let (left, right) = (vec![0.5f32; rows * inner], vec![0.25f32; inner * columns]);
    let long = vec![1.0f32; FLOATS];
    let threads = rayon::current_num_threads();
    let least = |work: &(dyn Fn() + Sync)| {
        let once = || {
            let began = Instant::now();
            rayon::scope(|scope| (0..threads).for_each(|_| scope.spawn(|_| work())));
            began.elapsed().as_secs_f64()
        };
        (0..7).map(|_| once()).fold(f64::INFINITY, f64::min)
    };
    let multiply = || {
        let mut into = vec![0.0; rows * columns];
        for _ in 0..PRODUCTS {
            let (left, right) =
                (Matrix::row_major(&left, rows, inner), Matrix::row_major(&right, inner, columns));
            product(left, right, MatrixMut { values: black_box(&mut into), shape: (rows, columns) });
        }
    };
    let read = || {
        let mut sums = [0.0f32; 64];
        for _ in 0..REPEATS {
            for chunk in black_box(&long).chunks_exact(64) {
                sums.iter_mut().zip(chunk).for_each(|(sum, value)| *sum += value);
            }
        }
        black_box(sums);
    };
    let macs = (threads * PRODUCTS * rows * inner * columns) as f64 / least(&multiply);
    let bytes = (threads * REPEATS * FLOATS * 4) as f64 / least(&read);
    json!({ "threads": threads, "macs_per_second": macs, "bytes_per_second": bytes })
}

/// What all programs work on.
struct Ours {
    folder: PathBuf,
    features: Features,
    labels: Vec<u32>,
    training: Vec<u32>,
    test: Vec<u32>,
    trainers: HashMap<String, Trainer>,
    plans: HashMap<String, Plan>,
}

impl Ours {
    fn new(folder: &Path) -> Outcome<Self> {
        let bytes = std::fs::read(folder.join("rows.u8"))?;
        let labels = std::fs::read(folder.join("labels.u8"))?.into_iter().map(u32::from).collect();
        Ok(Self {
            folder: folder.to_owned(),
            features: Features::Images(Images { channels: 1, height: 28, width: 28, bytes }),
            labels,
            training: (0..TRAINING as u32).collect(),
            test: (TRAINING as u32..ROWS as u32).collect(),
            trainers: HashMap::new(),
            plans: HashMap::new(),
        })
    }

    fn trainer(&self, optimiser: &str, batch: usize, density: &str) -> Outcome<Trainer> {
        let network = read(&self.folder.join(format!("start-{density}.lsm")))?;
        let optimiser = match optimiser {
            "adam" => Optimiser::adam(0.0012),
            "sgd0" => Optimiser::sgd(0.01),
            "sgd0.9" => Optimiser::Sgd { rate: 0.01, momentum: 0.9, nesterov: false },
            _ => return Err(format!("unknown optimiser `{optimiser}`").into()),
        };
        let recipe = Recipe::plain(batch, optimiser);
        Ok(Trainer::new(network, recipe, 1)?)
    }

    fn plan(&mut self, density: &str) -> Outcome<&Plan> {
        if !self.plans.contains_key(density) {
            let network = read(&self.folder.join(format!("model-{density}.lsm")))?;
            self.plans.insert(density.to_owned(), Plan::new("model", network)?);
        }
        Ok(&self.plans[density])
    }

    /// Maps the file, makes it ready and predicts the first test row.
    fn load(&self, density: &str) -> Outcome<Vec<f32>> {
        let mapped = Mapped::open("model", &self.folder.join(format!("model-{density}.lsm")))?;
        let mut answer = vec![0.0; CLASSES];
        mapped.predict(&Batch::new(&self.features, &self.test[..1]), &mut answer)?;
        Ok(answer)
    }
}

impl Peer for Ours {
    fn time(&mut self, work: &Work) -> Outcome<(f64, usize)> {
        match work {
            Work::Step { optimiser, batch, density } => {
                let key = format!("{optimiser} {batch} {density}");
                if !self.trainers.contains_key(&key) {
                    self.trainers.insert(key.clone(), self.trainer(optimiser, *batch, density)?);
                }
                let rows = TrainingRows {
                    features: &self.features,
                    rows: &self.training,
                    targets: Targets::Labels(&self.labels),
                };
                let trainer = self.trainers.get_mut(&key).ok_or("the trainer was made")?;
                timed(|| {
                    black_box(trainer.step(&rows)?);
                    Ok(())
                })
            }
            Work::Predict { density, batch } => {
                self.plan(density)?;
                let (plan, features, test) = (&self.plans[density], &self.features, &self.test);
                let mut next = 0;
                let mut answers = vec![0.0; batch * CLASSES];
                timed(|| {
                    let rows = &test[next..next + batch];
                    next = if next + 2 * batch > test.len() { 0 } else { next + batch };
                    if *batch > 256 {
                        black_box(predict_rows(plan, features, rows)?);
                    } else {
                        plan.predict(&Batch::new(features, rows), &mut answers)?;
                    }
                    Ok(())
                })
            }
            Work::Load { density } => timed(|| self.load(density).map(|answer| drop(black_box(answer)))),
        }
    }

    fn answers(&mut self, work: &Work) -> Outcome<Vec<f32>> {
        match work {
            Work::Step { optimiser, batch, density } => {
                let mut trainer = self.trainer(optimiser, *batch, density)?;
                // One minibatch again and again: the programs draw theirs in different orders.
                let rows = TrainingRows {
                    features: &self.features,
                    rows: &self.training[..*batch],
                    targets: Targets::Labels(&self.labels),
                };
                for _ in 0..COMPARED_STEPS {
                    trainer.step(&rows)?;
                }
                let plan = Plan::new("trained", trainer.into_network())?;
                Ok(predict_rows(&plan, &self.features, &self.test[..COMPARED_ROWS])?)
            }
            // As many rows at once as will be timed, as the way through the kernels depends on it.
            Work::Predict { density, batch } => {
                self.plan(density)?;
                let (plan, features) = (&self.plans[density], &self.features);
                if *batch > COMPARED_ROWS {
                    let mut answers = predict_rows(plan, features, &self.test[..*batch])?;
                    answers.truncate(COMPARED_ROWS * CLASSES);
                    return Ok(answers);
                }
                let mut answers = vec![0.0; COMPARED_ROWS * CLASSES];
                let blocks = self.test[..COMPARED_ROWS].chunks(*batch);
                for (rows, into) in blocks.zip(answers.chunks_mut(batch * CLASSES)) {
                    plan.predict(&Batch::new(features, rows), into)?;
                }
                Ok(answers)
            }
            Work::Load { density } => self.load(density),
        }
    }
}

/// A Rust runtime for ONNX files that is not ours.
struct Rten {
    folder: PathBuf,
    /// Test rows, as the file expects them.
    rows: Vec<f32>,
    models: HashMap<String, Model>,
}

impl Rten {
    fn new(folder: &Path) -> Outcome<Self> {
        let bytes = std::fs::read(folder.join("rows.u8"))?;
        let rows = bytes[TRAINING * PIXELS..].iter().map(|&byte| f32::from(byte)).collect();
        Ok(Self { folder: folder.to_owned(), rows, models: HashMap::new() })
    }

    fn run(model: &Model, rows: &[f32]) -> Outcome<Vec<f32>> {
        let input = ValueView::from_shape([rows.len() / PIXELS, PIXELS], rows)?;
        let inputs = vec![(model.node_id("rows")?, input.into())];
        let [output] = model.run_n(inputs, [model.node_id("probabilities")?], None)?;
        Ok(output.into_shape_vec::<f32, 2>()?.1)
    }

    fn model(&mut self, density: &str) -> Outcome<()> {
        if !self.models.contains_key(density) {
            let path = self.folder.join(format!("model-{density}.onnx"));
            self.models.insert(density.to_owned(), Model::load(std::fs::read(path)?)?);
        }
        Ok(())
    }

    fn load(&self, density: &str) -> Outcome<Vec<f32>> {
        let model = Model::load(std::fs::read(self.folder.join(format!("model-{density}.onnx")))?)?;
        Self::run(&model, &self.rows[..PIXELS])
    }
}

impl Peer for Rten {
    fn time(&mut self, work: &Work) -> Outcome<(f64, usize)> {
        match work {
            Work::Step { .. } => Err("this runtime does not train".into()),
            Work::Load { density } => timed(|| self.load(density).map(|answer| drop(black_box(answer)))),
            Work::Predict { density, batch } => {
                self.model(density)?;
                let model = &self.models[density];
                let mut next = self.rows.chunks_exact(batch * PIXELS).cycle();
                timed(|| {
                    black_box(Self::run(model, next.next().ok_or("there are rows")?)?);
                    Ok(())
                })
            }
        }
    }

    fn answers(&mut self, work: &Work) -> Outcome<Vec<f32>> {
        match work {
            Work::Step { .. } => Err("this runtime does not train".into()),
            Work::Load { density } => self.load(density),
            Work::Predict { density, batch } => {
                self.model(density)?;
                let model = &self.models[density];
                let blocks = self.rows.chunks(batch * PIXELS).take(COMPARED_ROWS.div_ceil(*batch));
                let mut answers =
                    blocks.map(|rows| Self::run(model, rows)).collect::<Outcome<Vec<_>>>()?.concat();
                answers.truncate(COMPARED_ROWS * CLASSES);
                Ok(answers)
            }
        }
    }
}

fn read(path: &Path) -> Outcome<Network> {
    Ok(lessen_model::read(&std::fs::read(path)?)?)
}

/// Writes `rows.u8`, `labels.u8`, `encoding.json`, `start-D.lsm` and `.f32`, `mask-D.u8`, `model-D.lsm`, `.onnx` and `.f32`.
fn prepare(folder: &Path, data_dir: Option<&Path>) -> Outcome<()> {
    let (features, labels) = match data_dir {
        Some(folder) => mnist(folder)?,
        None => random_images(),
    };
    let Features::Images(images) = &features else { return Err("expected images".into()) };
    std::fs::write(folder.join("rows.u8"), &images.bytes)?;
    std::fs::write(folder.join("labels.u8"), labels.iter().map(|&label| label as u8).collect::<Vec<_>>())?;

    let training: Vec<u32> = (0..TRAINING as u32).collect();
    let encoding = Encoding::fit(&features, &training);
    std::fs::write(folder.join("encoding.json"), serde_json::to_vec(&encoding)?)?;
    let classes = Answer::Classes((0..CLASSES).map(|class| class.to_string()).collect());
    let start = initial::mlp(encoding, &[300, 100], Activation::Relu, classes, 1)?;
    let rows = TrainingRows { features: &features, rows: &training, targets: Targets::Labels(&labels) };
    let trained = trained(&start, &rows)?;
    let zeros = images.bytes.iter().filter(|&&byte| byte == 0).count() as f64 / images.bytes.len() as f64;
    for (name, density) in DENSITIES {
        let keep = strongest(&trained, density);
        std::fs::write(
            folder.join(format!("mask-{name}.u8")),
            keep.concat().iter().map(|&k| u8::from(k)).collect::<Vec<_>>(),
        )?;
        let start = masked(&start, &keep, density);
        std::fs::write(folder.join(format!("start-{name}.lsm")), Format::Compact.write(&start))?;
        std::fs::write(folder.join(format!("start-{name}.f32")), raw(&start))?;
        // Trained on with its mask, as pruned networks are; written as `lessen compress` writes them.
        let model = self::trained(&masked(&trained, &keep, density), &rows)?.without_dead_units();
        let model = model.with_scaling_folded().ok_or("the first layer is dense")?;
        for format in [Format::Compact, Format::Onnx] {
            let path = folder.join(format!("model-{name}.{}", format.extension()));
            std::fs::write(path, format.write(&model))?;
        }
        std::fs::write(folder.join(format!("model-{name}.f32")), raw(&model))?;
        let widths: Vec<usize> = model.dense().map(|dense| dense.bias.len()).collect();
        std::fs::write(
            folder.join(format!("model-{name}.json")),
            serde_json::to_vec(&json!({
                "widths": widths, "macs": model.operations().macs, "macs_nonzero": model.operations_nonzero().macs,
                "file_bytes": Format::Compact.write(&model).len(),
            }))?,
        )?;
    }
    println!(
        "{}",
        json!({ "data": if data_dir.is_some() { "mnist" } else { "random bytes" }, "zeros": zeros })
    );
    Ok(())
}

fn mnist(folder: &Path) -> Outcome<(Features, Vec<u32>)> {
    let Dataset { features, target, .. } = named::load("mnist", &Folders::from_environment(Some(folder)))?;
    let Target::Classes { labels, .. } = target else { return Err("expected classes".into()) };
    Ok((features, labels))
}

fn random_images() -> (Features, Vec<u32>) {
    let mut random = random::stream(1, "random images");
    let bytes = (0..ROWS * PIXELS).map(|_| random.random()).collect();
    let labels = (0..ROWS).map(|_| random.random_range(0..CLASSES as u32)).collect();
    (Features::Images(Images { channels: 1, height: 28, width: 28, bytes }), labels)
}

/// 1000 steps: enough that the large weights are where they matter.
fn trained(network: &Network, rows: &TrainingRows<'_>) -> Outcome<Network> {
    let recipe = Recipe::plain(60, Optimiser::adam(0.0012));
    let mut trainer = Trainer::new(network.clone(), recipe, 1)?;
    for _ in 0..1000 {
        trainer.step(rows)?;
    }
    Ok(trainer.into_network())
}

/// Of each layer the share `density` of weights that are largest.
fn strongest(network: &Network, density: f64) -> Vec<Vec<bool>> {
    let of_layer = |values: &[f32]| {
        let mut sizes: Vec<f32> = values.iter().map(|weight| weight.abs()).collect();
        sizes.sort_by(|a, b| b.total_cmp(a));
        let least = sizes[((density * sizes.len() as f64) as usize).clamp(1, sizes.len()) - 1];
        values.iter().map(|weight| weight.abs() >= least).collect()
    };
    network.dense().map(|dense| of_layer(dense.weights.values())).collect()
}

fn masked(network: &Network, keep: &[Vec<bool>], density: f64) -> Network {
    let mut network = network.clone();
    if density < 1.0 {
        network.dense_mut().zip(keep).for_each(|(dense, keep)| dense.weights.shrink(|index| keep[index]));
    }
    network
}

/// Weights and biases, layer by layer, as `f32` one after the other.
fn raw(network: &Network) -> Vec<u8> {
    let layers = network.dense().flat_map(|dense| dense.weights.values().iter().chain(&dense.bias));
    layers.flat_map(|value| value.to_le_bytes()).collect()
}
