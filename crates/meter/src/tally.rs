//! Readings of counters that begin again at 0, added up.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use lessen_units::{Joules, Seconds};

use crate::powercap::Zones;

/// More than any package or its memory draws. What is above it is no reading, and as long as a counter could
/// not go round at this power, it went round at most once.
const MOST_WATTS: f64 = 1500.0;

/// Counters show a new value about every millisecond, and a reading can be late: so much older or newer than
/// its time the value may be.
const LATENESS: Duration = Duration::from_millis(100);

/// The energy that the counters have shown since the tally began.
#[derive(Debug)]
struct Tally {
    zones: Zones,
    microjoules: u64,
    last: Option<(Instant, Vec<u64>)>,
    /// How often the sum lost its thread, and why it did the last time. Windows with such a break in them have
    /// no measured energy; later ones have.
    breaks: u64,
    why: String,
}

/// A state of the tally, to take the difference from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    microjoules: u64,
    breaks: u64,
}

impl Tally {
    fn step(&mut self, now: Instant) {
        let counts = match self.zones.read() {
            Ok(counts) => counts,
            Err(why) => {
                self.last = None;
                return self.lose(why);
            }
        };
        let Some((then, before)) = self.last.replace((now, counts.clone())) else { return };
        let elapsed = now.saturating_duration_since(then);
        let steps: Result<Vec<u64>, String> = self
            .zones
            .iter()
            .zip(before.iter().zip(&counts))
            .map(|(zone, (before, after))| {
                step(*before, *after, zone.range_uj, elapsed)
                    .map_err(|problem| format!("powercap counter `{}`: {problem}", zone.name))
            })
            .collect();
        match steps {
            Ok(steps) => {
                self.microjoules = steps.iter().fold(self.microjoules, |sum, step| sum.saturating_add(*step))
            }
            Err(why) => self.lose(why),
        }
    }

    fn lose(&mut self, why: String) {
        self.breaks += 1;
        self.why = why;
    }
}

/// What a counter counted between two readings, in microjoules, where that can be told.
fn step(before: u64, after: u64, range: u64, elapsed: Duration) -> Result<u64, String> {
    let most = MOST_WATTS * (elapsed + LATENESS).as_secs_f64() * 1e6;
    if most > range as f64 {
        let (seconds, joules) = (elapsed.as_secs_f64(), range as f64 * 1e-6);
        return Err(format!(
            "{seconds:.0} s between two readings, it may have gone round more than once at {joules:.0} J"
        ));
    }
    let step = match after.checked_sub(before) {
        Some(step) => step,
        None => (range.checked_sub(before))
            .and_then(|rest| rest.checked_add(after))
            .ok_or("it is beyond its range")?,
    };
    if step as f64 > most {
        return Err(format!("from {before} to {after} uJ in {:.3} s is no reading", elapsed.as_secs_f64()));
    }
    Ok(step)
}

/// A tally that a thread keeps reading, often enough that no counter goes round twice unseen.
#[derive(Debug)]
pub(crate) struct Counters {
    tally: Arc<Mutex<Tally>>,
    /// Dropping it ends the thread.
    _sampler: Sender<()>,
}

impl Counters {
    pub(crate) fn new(zones: Zones) -> Self {
        let smallest_range = zones.iter().map(|zone| zone.range_uj).min().unwrap_or(0);
        let lap = Seconds(smallest_range as f64 * 1e-6 / MOST_WATTS);
        let interval = Duration::from_secs_f64((lap.0 / 2.0).clamp(1.0, 60.0));
        let tally = Tally { zones, microjoules: 0, last: None, breaks: 0, why: String::new() };
        let tally = Arc::new(Mutex::new(tally));
        let (sampler, ended) = mpsc::channel();
        let sampled = Arc::clone(&tally);
        // Without the thread long windows lose their thread too, and say so.
        let _ = thread::Builder::new().name("lessen-meter".to_owned()).spawn(move || {
            while ended.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                lock(&sampled).step(Instant::now());
            }
        });
        Self { tally, _sampler: sampler }
    }

    /// Reads the counters and gives the state to measure from; the reason where they cannot be read now.
    pub(crate) fn mark(&self) -> Result<Mark, String> {
        let mut tally = lock(&self.tally);
        tally.step(Instant::now());
        match tally.last {
            Some(_) => Ok(Mark { microjoules: tally.microjoules, breaks: tally.breaks }),
            None => Err(tally.why.clone()),
        }
    }

    /// Reads the counters and gives what they counted since; the reason where a reading in between failed.
    pub(crate) fn since(&self, mark: Mark) -> Result<Joules, String> {
        let now = self.mark()?;
        if now.breaks != mark.breaks {
            return Err(lock(&self.tally).why.clone());
        }
        Ok(Joules::from_microjoules(now.microjoules.saturating_sub(mark.microjoules)))
    }
}

/// A thread that panicked while it held the tally has at worst lost a reading.
fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_or_refused() {
        const RANGE: u64 = 262_143_328_850;
        let joules = |joules: u64| joules * 1_000_000;
        let ms = Duration::from_millis;
        for (before, after, range, elapsed, expected) in [
            (joules(10), joules(15), RANGE, ms(1000), Ok(joules(5))),
            (joules(10), joules(10), RANGE, ms(1000), Ok(0)),
            // Round once: 100 J up to the range and 50 J after it.
            (RANGE - joules(100), joules(50), RANGE, ms(2000), Ok(joules(150))),
            (RANGE, 0, RANGE, ms(1), Ok(0)),
            // Backwards by 1 J: as a wrap it would be 262 kJ in a second.
            (
                joules(10),
                joules(9),
                RANGE,
                ms(1000),
                Err("from 10000000 to 9000000 uJ in 1.000 s is no reading"),
            ),
            (0, joules(1700), RANGE, ms(1000), Err("from 0 to 1700000000 uJ in 1.000 s is no reading")),
            (0, joules(1600), RANGE, ms(1000), Ok(joules(1600))),
            (
                0,
                joules(5),
                RANGE,
                ms(200_000),
                Err("200 s between two readings, it may have gone round more than once at 262143 J"),
            ),
            (RANGE + 7, 5, RANGE, ms(1), Err("it is beyond its range")),
            (0, 5, u64::MAX, Duration::MAX - LATENESS, Err("more than once")),
        ] {
            match (step(before, after, range, elapsed), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
                (found, expected) => panic!("{before} to {after}: {found:?}, expected {expected:?}"),
            }
        }
    }
}
