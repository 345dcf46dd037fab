//! Models side by side: how good each is on the same rows, and what its predictions cost, measured in turns.
//!
//! Every model has a turn, then every model has another, and the one that goes first changes: what the machine does meanwhile
//! hits all alike. A figure is the median of the turns.

mod against;
mod contender;

use std::time::{Duration, Instant};

use lessen_engine::timing::{self, FEWEST_TURNS, Turn};
use lessen_meter::Meter;
use lessen_model::{Batch, PredictError, predict_rows};
use lessen_records::bench::{BatchLatency, BenchModelRecord};
use lessen_units::{Figure, Joules, Kind, Seconds};

use crate::error::CompressError;
use crate::judged::Judged;
use crate::measure::{median_of_windows, window};
use crate::stages::Progress;
use against::against;
pub use contender::{Contender, truth_of};

/// Turns of each model: the median lies between the extremes of six with 95 %, and of seven one is in the middle.
pub const TURNS: usize = FEWEST_TURNS + 1;

/// Rows whose answers are compared between runtimes a number of rows a call.
const COMPARED: usize = 512;

/// Shares of a turn that predicting many cases gets: one call may take longer than all others together.
const SHARES_OF_MANY: u32 = 2;

/// What is measured, and for how long.
#[derive(Clone, Debug)]
pub struct BenchSpec {
    /// Rows a call, one entry a latency.
    pub batches: Vec<usize>,
    /// Rows that are predicted at once on all threads; the rows at hand are repeated where they are fewer.
    pub cases: usize,
    /// Wall time that timing is to take in all; slow models take longer, as each is called in each turn.
    pub budget: Duration,
}

/// What the turns of one contender gave.
#[derive(Default)]
struct Turns {
    /// One entry a number of rows a call.
    latency: Vec<Vec<Turn>>,
    many: Vec<Turn>,
    joules: Vec<Figure<Joules>>,
}

/// Measures `contenders`, the first of which the others are set against, in turns.
///
/// # Errors
/// [`CompressError::Disagrees`] where a runtime answers otherwise than ours with the same model: then nothing is timed.
/// [`CompressError::Predict`] where a model fails.
pub fn bench(
    contenders: &[Contender],
    spec: &BenchSpec,
    meter: &Meter,
    progress: &dyn Progress,
) -> Result<Vec<BenchModelRecord>, CompressError> {
    let (judged, differences) = judge(contenders, &spec.batches)?;
    let mut turns: Vec<Turns> = contenders.iter().map(|_| Turns::default()).collect();
    let shares = (TURNS * contenders.len()) as u32 * (spec.batches.len() as u32 + SHARES_OF_MANY);
    let share = spec.budget / shares.max(1);
    for turn in 0..TURNS {
        for place in 0..contenders.len() {
            let place = (place + turn) % contenders.len();
            progress.advance(turn as f64 / TURNS as f64, &contenders[place].name);
            turns[place].add(&contenders[place], spec, share, meter)?;
        }
    }
    let mut records: Vec<BenchModelRecord> = contenders
        .iter()
        .zip(&turns)
        .zip(judged.iter().zip(differences))
        .map(|((contender, turns), (judged, difference))| record(contender, spec, turns, judged, difference))
        .collect();
    for place in 1..records.len() {
        records[place].against_first =
            Some(against(&records[place], &records[0], &judged[place], &judged[0]));
    }
    Ok(records)
}

/// How right each is, and by how much its answers differ from those of the contender that it is to agree with.
fn judge(
    contenders: &[Contender],
    batches: &[usize],
) -> Result<(Vec<Judged>, Vec<Option<f64>>), CompressError> {
    let answers: Vec<Vec<f32>> =
        contenders.iter().map(|contender| many(contender, &contender.rows)).collect::<Result<_, _>>()?;
    let mut differences = Vec::new();
    for (contender, found) in contenders.iter().zip(&answers) {
        let Some(reference) = contender.agrees_with else {
            differences.push(None);
            continue;
        };
        let expected = &answers[reference];
        let mut difference = largest_difference(expected, found);
        let rows = &contender.rows[..contender.rows.len().min(COMPARED)];
        for &batch in batches {
            let found = in_calls(contender, rows, batch)?;
            difference = difference.max(largest_difference(&expected[..found.len()], &found));
        }
        let largest = expected.iter().copied().map(f32::abs).fold(1.0, f32::max);
        let tolerance = crate::shipped::TOLERANCE * largest;
        if difference > tolerance {
            let (model, runtime) = (contender.name.clone(), contender.runtime.clone());
            return Err(CompressError::Disagrees { model, runtime, difference, tolerance });
        }
        differences.push(Some(f64::from(difference)));
    }
    let judge = |(contender, answers): (&Contender, &Vec<f32>)| {
        Judged::new(&contender.truth, answers, contender.deviation)
    };
    Ok((contenders.iter().zip(&answers).map(judge).collect(), differences))
}

/// Infinite where an answer is no number.
fn largest_difference(expected: &[f32], found: &[f32]) -> f32 {
    let difference = |(a, b): (&f32, &f32)| {
        let difference = (a - b).abs();
        if difference.is_nan() { f32::INFINITY } else { difference }
    };
    expected.iter().zip(found).map(difference).fold(0.0, f32::max)
}

/// Predicts many rows at once, on all threads.
fn many(contender: &Contender, rows: &[u32]) -> Result<Vec<f32>, PredictError> {
    let predictor = contender.predictor.as_ref();
    if !contender.own_threads {
        return predict_rows(predictor, &contender.features, rows);
    }
    let mut answers = vec![0.0; rows.len() * predictor.outputs()];
    predictor.predict(&Batch::new(&contender.features, rows), &mut answers)?;
    Ok(answers)
}

fn in_calls(contender: &Contender, rows: &[u32], batch: usize) -> Result<Vec<f32>, PredictError> {
    let outputs = contender.predictor.outputs();
    let mut answers = vec![0.0; rows.len() * outputs];
    for (rows, into) in rows.chunks(batch).zip(answers.chunks_mut(batch * outputs)) {
        contender.predictor.predict(&Batch::new(&contender.features, rows), into)?;
    }
    Ok(answers)
}

impl Turns {
    fn add(
        &mut self,
        contender: &Contender,
        spec: &BenchSpec,
        share: Duration,
        meter: &Meter,
    ) -> Result<(), CompressError> {
        let (predictor, features) = (contender.predictor.as_ref(), contender.features.as_ref());
        self.latency.resize(spec.batches.len(), Vec::new());
        for (turns, &batch) in self.latency.iter_mut().zip(&spec.batches) {
            turns.push(timing::turn_of_latency(predictor, features, &contender.rows, batch, share)?);
        }
        let rows: Vec<u32> = contender.rows.iter().copied().cycle().take(spec.cases).collect();
        let pass = || {
            let began = Instant::now();
            many(contender, &rows)?;
            Ok(began.elapsed())
        };
        // By the clock and by the meter at once; not the first pass, which warms up.
        pass()?;
        let (joules, mut times) = window(meter, share * SHARES_OF_MANY, rows.len(), pass)?;
        times.sort_unstable();
        self.many.push(Turn { median: times[times.len() / 2], calls: times.len() });
        self.joules.push(joules);
        Ok(())
    }
}

fn record(
    contender: &Contender,
    spec: &BenchSpec,
    turns: &Turns,
    judged: &Judged,
    largest_difference: Option<f64>,
) -> BenchModelRecord {
    let threads = rayon::current_num_threads();
    let on = match contender.own_threads {
        true => format!("on {threads} threads of its own"),
        false => "on the calling thread".to_owned(),
    };
    let latency = spec.batches.iter().zip(&turns.latency).map(|(&batch, turns)| {
        let what = format!("{batch} {} a call {on}", if batch == 1 { "row" } else { "rows" });
        let extra = serde_json::Map::default();
        BatchLatency { batch: batch as u64, us: timing::of_turns(turns, &what), extra }
    });
    let what = format!("{} rows at once on {threads} threads", spec.cases);
    let seconds = timing::of_turns(&turns.many, &what).map(Seconds::from);
    let network = contender.network.as_ref();
    let computed = contender.predictor.cost().total();
    BenchModelRecord {
        name: contender.name.clone(),
        file: contender.file.clone(),
        runtime: contender.runtime.clone(),
        right: judged.errors().map(|errors| contender.rows.len() as u64 - errors),
        accuracy: accuracy(judged),
        rmse: rmse(judged),
        latency: latency.collect(),
        cases: spec.cases as u64,
        seconds,
        joules_per_prediction: median_of_windows(turns.joules.clone()),
        file_bytes: contender.file_bytes,
        parameters: network.map(|network| network.parameters() as u64),
        nonzero: network.map(|network| network.nonzero() as u64),
        density: network.map(lessen_model::Network::density),
        macs: Some(network.map_or(computed.macs, |network| network.operations().macs)),
        macs_nonzero: Some(network.map_or(computed.macs, |network| network.operations_nonzero().macs)),
        comparisons: Some(computed.comparisons),
        largest_difference,
        against_first: None,
        extra: serde_json::Map::default(),
    }
}

/// The two-sided 95 % quantile of the normal distribution.
const Z: f64 = 1.96;

/// The share that is right, with Wilson's interval (1927): it holds for few rows and for all right, too.
fn accuracy(judged: &Judged) -> Option<Figure<f64>> {
    let Judged::Right(right) = judged else { return None };
    let (share, rows) = (judged.accuracy()?, right.len() as f64);
    let spread = 1.0 + Z * Z / rows;
    let middle = (share + Z * Z / (2.0 * rows)) / spread;
    let half = Z / spread * (share * (1.0 - share) / rows + Z * Z / (4.0 * rows * rows)).sqrt();
    let count = right.iter().filter(|right| **right).count();
    let how = format!("{count} of {rows} rows right, 95 % interval of Wilson");
    let (low, high) = ((middle - half).clamp(0.0, share), (middle + half).clamp(share, 1.0));
    Some(Figure::band(share, low, high, Kind::Measured, how))
}

/// The root mean squared error with the interval of its delta method.
fn rmse(judged: &Judged) -> Option<Figure<f64>> {
    let Judged::Missed { squares, .. } = judged else { return None };
    let (rmse, rows) = (judged.rmse()?, squares.len() as f64);
    let mean = rmse * rmse;
    let variance = squares.iter().map(|square| (square - mean).powi(2)).sum::<f64>() / (rows - 1.0).max(1.0);
    let half = if rmse > 0.0 { Z * (variance / rows).sqrt() / (2.0 * rmse) } else { 0.0 };
    let how = format!("of {rows} rows, 95 % interval");
    Some(Figure::band(rmse, (rmse - half).max(0.0), rmse + half, Kind::Measured, how))
}

#[cfg(test)]
mod tests;
