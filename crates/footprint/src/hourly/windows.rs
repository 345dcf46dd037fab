//! Stretches of a series, and the one that would emit least.

use std::cmp::Reverse;

use lessen_units::{GramsPerKilowattHour, Hours, Seconds};

use super::HourlyIntensity;
use super::error::HourlyError;
use super::series::GRAINS_PER_GRAM;
use crate::instant;

/// A stretch of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The instant it begins at, as RFC 3339, in UTC.
    pub start: String,
    /// The year of that.
    pub year: u16,
    /// How long it is.
    pub duration: Hours,
    /// The mean intensity over it, each step weighed by the part of it that is used.
    pub g_per_kwh: GramsPerKilowattHour,
}

/// What a run's start is worth: the same run over different hours.
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    /// The window with the lowest mean; of equals the earliest.
    pub best: Window,
    /// The window with the highest mean; of equals the earliest.
    pub worst: Window,
    /// The window that begins with the file.
    pub first: Window,
    /// The whole file: what a run at any time emits on average.
    pub mean: Window,
}

/// How a window lies over steps: so many whole ones, then a part of one, in nanoseconds.
struct Cover {
    duration: Hours,
    whole: usize,
    part: u128,
    step: u128,
    nanoseconds: u128,
}

impl HourlyIntensity {
    /// The windows of that length which begin at an instant of the file and end within it: best, worst, first; and
    /// the file's mean.
    ///
    /// # Errors
    /// [`HourlyError::NoLength`] where `duration` is not above zero, [`HourlyError::TooLong`] where it is longer than
    /// the file.
    pub fn best_window(&self, duration: Hours) -> Result<Windows, HourlyError> {
        let cover = self.cover(duration)?;
        let starts = self.steps() - cover.steps();
        let weighed = || (0..=starts).map(|start| (self.weight(start, &cover), start));
        let best = weighed().min().map_or(0, |(_, start)| start);
        let worst = weighed().max_by_key(|&(weight, start)| (weight, Reverse(start)));
        let worst = worst.map_or(0, |(_, start)| start);
        Ok(Windows {
            best: self.window(best, &cover),
            worst: self.window(worst, &cover),
            first: self.window(0, &cover),
            mean: self.whole(),
        })
    }

    /// The whole file as a window.
    pub fn whole(&self) -> Window {
        let step = self.step_nanoseconds();
        let nanoseconds = step * self.steps() as u128;
        let cover = Cover { duration: self.length(), whole: self.steps(), part: 0, step, nanoseconds };
        self.window(0, &cover)
    }

    fn cover(&self, duration: Hours) -> Result<Cover, HourlyError> {
        if duration.0.is_nan() || duration.0 <= 0.0 {
            return Err(HourlyError::NoLength { found: duration });
        }
        let too_long =
            || HourlyError::TooLong { file: self.name.clone(), wanted: duration, holds: self.length() };
        // Whole nanoseconds, so that a third of an hour is a third of a step of one.
        let exact =
            std::time::Duration::try_from_secs_f64(Seconds::from(duration).0).map_err(|_| too_long())?;
        let (nanoseconds, step) = (exact.as_nanos(), self.step_nanoseconds());
        if nanoseconds == 0 {
            return Err(HourlyError::NoLength { found: duration });
        }
        let whole = usize::try_from(nanoseconds / step).map_err(|_| too_long())?;
        let cover = Cover { duration, whole, part: nanoseconds % step, step, nanoseconds };
        if cover.steps() > self.steps() {
            return Err(too_long());
        }
        Ok(cover)
    }

    /// The integral of the intensity over a window: grains times nanoseconds, exact.
    ///
    /// Below 2^128 by far: 64 MB hold fewer than 2^23 rows of 2^31 grains at most, and a day has fewer than
    /// 2^47 nanoseconds.
    fn weight(&self, start: usize, cover: &Cover) -> u128 {
        let sum = |steps: usize| u128::from(self.sums.get(steps).copied().unwrap_or_default());
        let end = start + cover.whole;
        let whole = (sum(end) - sum(start)) * cover.step;
        if cover.part == 0 { whole } else { whole + (sum(end + 1) - sum(end)) * cover.part }
    }

    fn window(&self, start: usize, cover: &Cover) -> Window {
        let steps = i32::try_from(start).unwrap_or(i32::MAX);
        let at = self.first + self.step * steps;
        let mean = self.weight(start, cover) as f64 / cover.nanoseconds as f64 / GRAINS_PER_GRAM;
        Window {
            start: instant::text(at),
            year: instant::year(at),
            duration: cover.duration,
            g_per_kwh: GramsPerKilowattHour(mean),
        }
    }

    fn step_nanoseconds(&self) -> u128 {
        self.step.whole_nanoseconds().unsigned_abs()
    }
}

impl Cover {
    /// Steps that the window touches.
    fn steps(&self) -> usize {
        self.whole.saturating_add(usize::from(self.part > 0))
    }
}
