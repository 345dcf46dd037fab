//! How well readings repeat: idle and busy stretches in turn.

use std::thread::sleep;
use std::time::{Duration, Instant};

use lessen_units::{Joules, Seconds, Watts};

use crate::ladder::Ladder;
use crate::process::thread_cpu_seconds;
use crate::reading::Account;
use crate::recorder::Recorder;
use crate::sources::{Part, Rung};

/// How well readings repeat.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// What was read: `powercap`, `model`, …
    pub source: String,
    /// How good that is. A model repeats what it is told: only its input is tried.
    pub rung: Rung,
    /// The machine while this program did nothing.
    pub idle: Series,
    /// The machine while this program kept one CPU busy.
    pub busy: Series,
}

/// The energy of stretches that were alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// How long each was.
    pub seconds: Seconds,
    /// The energy of each.
    pub joules: Vec<Joules>,
}

impl Series {
    /// Of one stretch.
    pub fn mean(&self) -> Joules {
        self.joules.iter().copied().sum::<Joules>() / self.joules.len() as f64
    }

    /// Standard deviation of one stretch, from the sample; 0 where there is one only.
    pub fn deviation(&self) -> Joules {
        let mean = self.mean();
        let squares: f64 = self.joules.iter().map(|joules| (*joules - mean).0.powi(2)).sum();
        let freedom = self.joules.len().saturating_sub(1).max(1);
        Joules((squares / freedom as f64).sqrt())
    }

    /// Mean power.
    pub fn watts(&self) -> Watts {
        self.mean() / self.seconds
    }

    /// Deviation as a share of the mean: how well readings repeat, the smaller the better. Not a number where no
    /// energy was read.
    pub fn repeatability(&self) -> f64 {
        self.deviation().0 / self.mean().0
    }
}

impl Calibration {
    /// What one busy CPU draws more than none.
    pub fn watts_of_busy_cpu(&self) -> Watts {
        self.busy.watts() - self.idle.watts()
    }
}

/// Of idle and of busy stretches each.
const ROUNDS: u32 = 3;

/// Spends `duration` idle and with one busy CPU, in turn, three times each, and reads the processor.
///
/// # Errors
/// The reason where the processor's energy is not known.
pub fn calibrate(ladder: Ladder, duration: Duration) -> Result<Calibration, String> {
    let recorder = Recorder::begin(ladder);
    let each = duration / (2 * ROUNDS);
    let (mut idle, mut busy) = (Vec::new(), Vec::new());
    let mut read = None;
    for _ in 0..ROUNDS {
        idle.push(stretch(&recorder, || sleep(each), &mut read)?);
        busy.push(stretch(&recorder, || keep_busy(each), &mut read)?);
    }
    let (source, rung) = read.unwrap_or(("none".to_owned(), Rung::Unavailable));
    let series = |joules| Series { seconds: each.into(), joules };
    Ok(Calibration { source, rung, idle: series(idle), busy: series(busy) })
}

/// The worst of the sources that were read.
type Read = Option<(String, Rung)>;

fn stretch(recorder: &Recorder, work: impl FnOnce(), read: &mut Read) -> Result<Joules, String> {
    let start = recorder.start();
    let before = thread_cpu_seconds();
    work();
    processor(&recorder.since(&start, Some(thread_cpu_seconds() - before)), read)
}

/// The energy of the processors in an account, for whomever.
fn processor(account: &Account, read: &mut Read) -> Result<Joules, String> {
    let mut sum = Joules(0.0);
    let processors = account.readings.iter();
    for reading in processors.filter(|reading| matches!(reading.part, Part::Processor | Part::Machine)) {
        sum = sum + reading.machine.value().ok_or_else(|| reading.machine.how().to_owned())?;
        if read.as_ref().is_none_or(|(_, rung)| *rung < reading.rung) {
            *read = Some((reading.source.clone(), reading.rung));
        }
    }
    Ok(sum)
}

fn keep_busy(duration: Duration) {
    let began = Instant::now();
    let mut sum = 0u64;
    while began.elapsed() < duration {
        sum = std::hint::black_box(sum.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_has_its_mean_and_deviation() {
        let series = Series { seconds: Seconds(2.0), joules: [10.0, 12.0, 14.0].map(Joules).to_vec() };
        assert_eq!(
            (series.mean(), series.deviation(), series.watts()),
            (Joules(12.0), Joules(2.0), Watts(6.0))
        );
        assert!((series.repeatability() - 1.0 / 6.0).abs() < 1e-12);
        let one = Series { joules: vec![Joules(5.0)], ..series };
        assert_eq!(one.deviation(), Joules(0.0));
    }
}
