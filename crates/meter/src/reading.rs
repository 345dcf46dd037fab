//! The energy of each device over a window, and their sum.

use lessen_units::{Figure, Joules, Kind, Seconds};

use crate::sampler::Since;
use crate::sources::{Part, Rung};

/// The energy of one device over a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// `cpu package-0`, `gpu 0 (NVIDIA A100)`, `memory`.
    pub device: String,
    /// Which part of the machine it is.
    pub part: Part,
    /// What it was read from: `powercap`, `perf`, `nvml`, `hwmon`, `battery`, `replay`, `model`.
    pub source: String,
    /// How good that is.
    pub rung: Rung,
    /// The command's energy.
    ///
    /// Of a processor, its memory or all of the machine: what the device used times the command's share of the CPU
    /// time that the machine worked, up to all of it. Of an accelerator: all that it used, idle power included.
    pub joules: Figure<Joules>,
    /// What the device used, for whomever.
    pub machine: Figure<Joules>,
    /// Why no better source served; `None` where the best one did.
    pub why: Option<String>,
}

/// What devices used over a window, so far or in the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// How long the window was, by a clock that nobody can set and that stands still while the machine sleeps.
    pub seconds: Seconds,
    /// The devices that add up to the total.
    pub readings: Vec<Reading>,
    /// What is shown beside the total and not in it: memory where it was not measured, as its model is as good as a
    /// guess; and where the processor's energy is modelled, which includes memory.
    pub apart: Vec<Reading>,
}

/// A sum of readings.
#[derive(Clone, Debug, PartialEq)]
pub struct Total {
    /// Of the readings that are known.
    pub joules: Figure<Joules>,
    /// Whether all of them are.
    pub complete: bool,
    /// Energy that was measured / all energy, from 0 to 1; `None` where nothing is known.
    pub measured_share: Option<f64>,
}

impl Account {
    /// The command's energy, in all.
    pub fn total(&self) -> Total {
        Total::of(self.readings.iter().map(|reading| &reading.joules))
    }

    /// The energy of all devices, for whomever.
    pub fn machine(&self) -> Total {
        Total::of(self.readings.iter().map(|reading| &reading.machine))
    }
}

impl Total {
    fn of<'figures>(figures: impl Iterator<Item = &'figures Figure<Joules>>) -> Self {
        let (mut sum, mut complete, mut measured): (Option<Figure<Joules>>, _, _) = (None, true, Joules(0.0));
        for figure in figures {
            let Some(value) = figure.value() else {
                complete = false;
                continue;
            };
            if matches!(figure.kind(), Some(Kind::Measured | Kind::Counted)) {
                measured = measured + value;
            }
            sum = Some(sum.map_or_else(|| figure.clone(), |sum| &sum + figure));
        }
        let joules = sum.unwrap_or_else(|| Figure::unavailable("no device's energy is known"));
        let measured_share = joules.value().filter(|all| *all > Joules(0.0)).map(|all| measured.0 / all.0);
        Self { joules, complete: complete && measured_share.is_some(), measured_share }
    }
}

/// Of less of the window than this, nothing is concluded about all of it.
const LEAST_READ: f64 = 0.5;

impl Since {
    /// What the device used in the window; the reason where too little of it was read.
    ///
    /// What was missed is filled in at the mean power of the rest, between nothing and the most that the device
    /// drew, and the figure is then an estimate. A counter's figure has the band of its values' age.
    pub(crate) fn figure(&self) -> Result<Figure<Joules>, String> {
        let stretch = &self.stretch;
        let window = stretch.read + stretch.missed;
        let broken = stretch.missed > Seconds(0.0);
        if stretch.read.0 <= 0.0 || stretch.read.0 < LEAST_READ * window.0 {
            return Err(if broken || stretch.breaks > 0 {
                self.why.clone()
            } else {
                self.in_words("no time passed")
            });
        }
        let counter = self.device.rung == Rung::Counter;
        let refresh = Seconds::from(self.device.refresh);
        if counter && window < refresh * 2.0 {
            let (window, refresh) = (window.0, refresh.0);
            let why = format!("{window:.3} s are too short: it shows a new value every {refresh} s");
            return Err(self.in_words(&why));
        }
        if self.device.rung != Rung::Declared && stretch.joules <= Joules(0.0) {
            return Err(self.in_words(&format!("it did not move in {:.3} s", window.0)));
        }
        let mean = stretch.joules / stretch.read;
        let peak = if stretch.peak > mean { stretch.peak } else { mean };
        let late = if counter { mean * refresh } else { Joules(0.0) };
        let low = stretch.joules - late;
        let value = stretch.joules + mean * stretch.missed;
        let high = stretch.joules + peak * stretch.missed + late;
        let (kind, how) = match (self.device.rung, broken) {
            (Rung::Declared, _) => (Kind::Declared, self.source.clone()),
            (_, false) => (Kind::Measured, self.source.clone()),
            (_, true) => {
                let (missed, window) = (stretch.missed.0, window.0);
                let how = format!("{}, {missed:.1} s of {window:.1} s filled in: {}", self.source, self.why);
                (Kind::Estimated, how)
            }
        };
        Ok(Figure::band(value, low, high, kind, how))
    }
}

#[cfg(test)]
mod tests;
