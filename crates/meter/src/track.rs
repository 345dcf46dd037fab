//! What follows from the samples of one device: its energy, and for how long it was not known.

use std::time::Duration;

use lessen_units::{Joules, Seconds, Watts};

use crate::moment::Moment;
use crate::sources::Sample;

/// Counters show a new value every so often, and a reading can be late: so much older or newer than its time
/// the value may be.
const LATENESS: Duration = Duration::from_millis(100);

/// Between two readings of power that are further apart, nobody knows what was drawn.
const LONGEST_BETWEEN_POWERS: Duration = Duration::from_secs(5);

/// Steps that are shorter say little about power: a counter's new value may have come just before their end.
const SHORTEST_FOR_POWER: Seconds = Seconds(0.1);

/// The samples of one device, added up since the first.
#[derive(Debug)]
pub(crate) struct Track {
    most: Watts,
    /// When a sample was last asked for.
    asked: Option<Moment>,
    /// The sample that came then, if one did.
    last: Option<Sample>,
    so_far: Stretch,
    /// Why the last break happened.
    why: String,
}

/// Energy over some time, with the time in it that was not read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Stretch {
    /// Of the time that was read.
    pub(crate) joules: Joules,
    /// How long that was, while the machine was awake.
    pub(crate) read: Seconds,
    /// How long the device could not be read.
    pub(crate) missed: Seconds,
    /// How often it stopped being readable.
    pub(crate) breaks: u64,
    /// The most that was drawn between two readings, since the track began.
    pub(crate) peak: Watts,
}

impl Stretch {
    /// From `earlier` until now.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            joules: self.joules - earlier.joules,
            read: self.read - earlier.read,
            missed: self.missed - earlier.missed,
            breaks: self.breaks - earlier.breaks,
            peak: self.peak,
        }
    }
}

impl Track {
    /// Of a device that draws at most `most`.
    pub(crate) fn new(most: Watts) -> Self {
        Self { most, asked: None, last: None, so_far: Stretch::default(), why: String::new() }
    }

    /// What it has added up to.
    pub(crate) fn so_far(&self) -> Stretch {
        self.so_far
    }

    /// Why it last was not readable; empty where it always was.
    pub(crate) fn why(&self) -> &str {
        &self.why
    }

    /// Adds what was read at `now`, or that nothing could be.
    pub(crate) fn step(&mut self, now: Moment, sample: &Result<Sample, String>) {
        let before = self.last.take();
        let asked = self.asked.replace(now);
        let sample = match sample {
            Ok(sample) => *sample,
            Err(why) => {
                self.miss(now, asked);
                return self.lose(why.clone());
            }
        };
        self.last = Some(sample);
        let (Some(before), Some(then)) = (before, asked) else { return self.miss(now, asked) };
        let elapsed = now.since(then);
        let joules = match now.slept_since(then) {
            Some(slept) => Err(format!("the machine slept for {:.0} s", slept.0)),
            None => between(before, sample, elapsed, self.most),
        };
        match joules {
            Ok(joules) => self.add(joules, elapsed.into()),
            Err(why) => {
                self.miss(now, asked);
                self.lose(why);
            }
        }
    }

    fn add(&mut self, joules: Joules, elapsed: Seconds) {
        let so_far = &mut self.so_far;
        so_far.joules = so_far.joules + joules;
        so_far.read = so_far.read + elapsed;
        if elapsed >= SHORTEST_FOR_POWER && joules / elapsed > so_far.peak {
            so_far.peak = joules / elapsed;
        }
    }

    fn miss(&mut self, now: Moment, asked: Option<Moment>) {
        let elapsed = asked.map_or(Seconds(0.0), |then| now.since(then).into());
        self.so_far.missed = self.so_far.missed + elapsed;
    }

    fn lose(&mut self, why: String) {
        self.so_far.breaks += 1;
        self.why = why;
    }
}

/// The energy between two samples, where it can be told.
fn between(before: Sample, after: Sample, elapsed: Duration, most: Watts) -> Result<Joules, String> {
    match (before, after) {
        (Sample::Counted { count: before, .. }, Sample::Counted { count: after, unit, range }) => {
            counted(before, after, unit, range, elapsed, most)
        }
        (Sample::Drawn(before), Sample::Drawn(after)) => drawn(before, after, elapsed, most),
        _ => Err("it gives a counter one time and power the other".to_owned()),
    }
}

/// What a counter counted between two readings.
fn counted(
    before: u64,
    after: u64,
    unit: Joules,
    range: Option<u64>,
    elapsed: Duration,
    most: Watts,
) -> Result<Joules, String> {
    let seconds = elapsed.as_secs_f64();
    let most = most * Seconds::from(elapsed.saturating_add(LATENESS));
    if let Some(range) = range.filter(|&range| most > unit * range as f64) {
        let joules = (unit * range as f64).0;
        return Err(format!(
            "{seconds:.0} s between two readings, it may have gone round more than once at {joules:.0} J"
        ));
    }
    let no_reading =
        || format!("the counter went from {before} to {after} in {seconds:.3} s, which is no reading");
    let step = match (after.checked_sub(before), range) {
        (Some(step), _) => step,
        (None, Some(range)) => (range.checked_sub(before))
            .and_then(|rest| rest.checked_add(after))
            .ok_or("the counter is beyond its range")?,
        (None, None) => return Err(no_reading()),
    };
    let joules = unit * step as f64;
    if joules > most { Err(no_reading()) } else { Ok(joules) }
}

/// The area under the straight line between two readings of power.
fn drawn(before: Watts, after: Watts, elapsed: Duration, most: Watts) -> Result<Joules, String> {
    let plausible = Watts(0.0)..=most;
    if let Some(watts) = [before, after].into_iter().find(|watts| !plausible.contains(watts)) {
        return Err(format!("{} W is no reading", watts.0));
    }
    if elapsed > LONGEST_BETWEEN_POWERS {
        return Err(format!("{:.0} s between two readings of power", elapsed.as_secs_f64()));
    }
    Ok((before + after) / 2.0 * Seconds::from(elapsed))
}

#[cfg(test)]
mod tests;
