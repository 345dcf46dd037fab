//! Windows of work and what was used in them.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use lessen_units::{Figure, Joules, Kind, Seconds};

use crate::model::Model;
use crate::process::process_cpu_seconds;
use crate::processors::family_of;
use crate::sampler::{Mark, Sampler, Since};
use crate::share::{MachineClock, Share};
use crate::sources::Roots;
use crate::sources::powercap::{Powercap, Wanted};

/// What can be read on this machine, found out once. Shared freely between threads.
#[derive(Debug)]
pub struct Meter {
    /// Or why there are none.
    counters: Result<Sampler, String>,
    model: Model,
    clock: MachineClock,
}

/// A stretch of work under way.
#[derive(Debug)]
pub struct Window<'meter> {
    meter: &'meter Meter,
    began: Instant,
    cpu: Seconds,
    busy: Option<Seconds>,
    /// Or why there is none.
    mark: Result<Mark, String>,
}

/// What this process used in a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Usage {
    /// Wall time, by a monotonic clock.
    pub seconds: Seconds,
    /// CPU time of all threads.
    pub cpu_seconds: Seconds,
    /// Energy.
    ///
    /// Measured: the energy of the processors' packages and memory times this process's share of the time that
    /// the machine's CPUs were busy; up to all of it, as the process may have been the only reason why the
    /// machine was on. Where the machine's busy time cannot be read, the share is that of all its CPUs' time.
    /// Disks, fans, network and the losses of the power supply are not in it.
    ///
    /// Modelled: CPU time times the watts of a fully used vCPU, between what a busy vCPU draws more than an
    /// idle one and what all vCPUs of this machine draw idle plus that, both widened by how far processors are
    /// from their family's row (see the crate's `model` module).
    pub joules: Figure<Joules>,
}

/// Counters show a new value about every millisecond: below this a window's energy is mostly luck.
const SHORTEST_MEASURED: Seconds = Seconds(0.02);

/// Between two readings of the counters that no window asks for.
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);

impl Meter {
    /// The meter of this machine.
    pub fn detect() -> Self {
        Self::with_powercap_root(Path::new("/sys/class/powercap"))
    }

    /// A meter that looks for energy counters under `root`, such as a tree made for a test or the host's tree
    /// as a container sees it.
    pub fn with_powercap_root(root: &Path) -> Self {
        let vcpus = std::thread::available_parallelism().map_or(1.0, |vcpus| vcpus.get() as f64);
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let counters = Powercap::find(root, Wanted::Processors)
            .map(|powercap| Sampler::start(vec![Box::new(powercap)], LONGEST_INTERVAL))
            .map_err(|refusal| refusal.why);
        Self {
            counters,
            model: Model::new(family_of(&cpuinfo), vcpus),
            clock: MachineClock::new(&Roots::default()),
        }
    }

    /// Opens a window.
    pub fn begin(&self) -> Window<'_> {
        let mark = self.counters.as_ref().map(Sampler::mark).map_err(Clone::clone);
        let busy = self.clock.busy();
        Window { meter: self, began: Instant::now(), cpu: process_cpu_seconds(), busy, mark }
    }
}

impl Window<'_> {
    /// Closes the window.
    pub fn end(self) -> Usage {
        self.so_far()
    }

    /// What was used since the window was opened.
    pub fn so_far(&self) -> Usage {
        let cpu_seconds = process_cpu_seconds() - self.cpu;
        let seconds = Seconds::from(self.began.elapsed());
        let joules = match self.counted(seconds) {
            Ok(machine) => self.share(seconds, cpu_seconds).of(&machine, MEASURED.to_owned()),
            Err(why) => self.meter.model.energy(seconds, cpu_seconds, &why),
        };
        Usage { seconds, cpu_seconds, joules }
    }

    /// The energy of the whole machine's processors in the window.
    fn counted(&self, seconds: Seconds) -> Result<Figure<Joules>, String> {
        let counters = self.meter.counters.as_ref().map_err(Clone::clone)?;
        let mark = self.mark.as_ref().map_err(Clone::clone)?;
        let counted: Result<Vec<Joules>, String> = counters.since(mark).iter().map(Since::whole).collect();
        let counted = counted?.into_iter().sum();
        if seconds < SHORTEST_MEASURED {
            return Err("too short for the counter".to_owned());
        }
        Ok(Figure::exact(counted, Kind::Measured, MEASURED))
    }

    /// This process's share of the time that the machine's CPUs were busy.
    fn share(&self, seconds: Seconds, cpu_seconds: Seconds) -> Share {
        let clock = &self.meter.clock;
        clock.share(cpu_seconds, clock.busy_since(self.busy, seconds))
    }
}

const MEASURED: &str = "powercap, by share of the machine's busy CPU time";

impl Usage {
    /// The energy of a part of the window, by its CPU time (differences of
    /// [`thread_cpu_seconds`](crate::thread_cpu_seconds)): how parts that ran side by side divide the
    /// window's. What no part claims, such as starting threads, stays with the window.
    pub fn share(&self, cpu_seconds_of_part: Seconds) -> Figure<Joules> {
        let share = cpu_seconds_of_part.0 / self.cpu_seconds.0;
        if share.is_nan() || share < 0.0 {
            return Figure::unavailable("no CPU time was used in the window");
        }
        // Two clocks: a part can come out a hair above the whole.
        self.joules.map(|energy| energy * share.min(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_divide_a_window_by_their_cpu_time() {
        let joules = Figure::band(Joules(8.0), Joules(4.0), Joules(16.0), Kind::Estimated, "a model");
        let usage = Usage { seconds: Seconds(1.0), cpu_seconds: Seconds(2.0), joules };
        let quarter = usage.share(Seconds(0.5));
        assert_eq!(
            (quarter.value(), quarter.low(), quarter.high()),
            (Some(Joules(2.0)), Some(Joules(1.0)), Some(Joules(4.0)))
        );
        assert_eq!(usage.share(Seconds(2.1)).value(), Some(Joules(8.0)), "never more than the whole");
        assert_eq!(usage.share(Seconds(0.0)).value(), Some(Joules(0.0)), "nothing was done");
        let idle = Usage { cpu_seconds: Seconds(0.0), ..usage };
        for part in [0.0, f64::NAN, -1.0] {
            assert_eq!(idle.share(Seconds(part)).value(), None);
        }
    }
}
