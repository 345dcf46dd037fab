//! Whose energy: a command's share of what the whole machine used.

use std::path::PathBuf;

use lessen_units::{Figure, Joules, Seconds};

use crate::process::{busy_seconds, coarse_tick, cpus};
use crate::sources::Roots;

/// The CPU time that the whole machine has worked.
#[derive(Clone, Debug)]
pub(crate) struct MachineClock {
    stat: PathBuf,
    /// CPUs of the machine; those that this process may use where that is all that is known.
    pub(crate) vcpus: f64,
}

impl MachineClock {
    pub(crate) fn new(roots: &Roots) -> Self {
        let stat = roots.proc.join("stat");
        let ours = || std::thread::available_parallelism().map_or(1.0, |vcpus| vcpus.get() as f64);
        Self { vcpus: cpus(&stat).map_or_else(ours, |cpus| cpus as f64), stat }
    }

    /// Since the machine started; `None` where that cannot be read.
    pub(crate) fn busy(&self) -> Option<Seconds> {
        busy_seconds(&self.stat)
    }

    /// Since `before`. Where it cannot be read, all CPUs' time.
    pub(crate) fn busy_since(&self, before: Option<Seconds>, wall: Seconds) -> Seconds {
        match (before, self.busy()) {
            (Some(before), Some(after)) => after - before,
            _ => wall * self.vcpus,
        }
    }

    /// The share of what used `cpu` while the machine was `busy`, and the least that it can be as the machine's
    /// clock ticks coarsely.
    pub(crate) fn share(&self, cpu: Seconds, busy: Seconds) -> Share {
        let busy = if busy > cpu { busy } else { cpu };
        let late = coarse_tick() * self.vcpus;
        Share { likely: cpu.0 / busy.0, least: cpu.0 / (busy + late).0 }
    }
}

/// Numbers from 0 to 1; not a number where nothing was busy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) likely: f64,
    pub(crate) least: f64,
}

impl Share {
    /// The share of the machine's energy, up to all of it.
    pub(crate) fn of(self, machine: &Figure<Joules>, how: String) -> Figure<Joules> {
        match machine {
            Figure::Known { value, low, high, kind, .. } => {
                Figure::band(*value * self.likely, *low * self.least, *high, *kind, how)
            }
            unavailable => unavailable.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lessen_units::Kind;

    #[test]
    fn a_share_is_at_most_all() {
        let machine = Figure::band(Joules(80.0), Joules(72.0), Joules(90.0), Kind::Measured, "powercap");
        let ours = Share { likely: 0.25, least: 0.125 }.of(&machine, "by share".to_owned());
        assert_eq!(
            (ours.low(), ours.value(), ours.high()),
            (Some(Joules(9.0)), Some(Joules(20.0)), Some(Joules(90.0)))
        );
        assert_eq!((ours.kind(), ours.how()), (Some(Kind::Measured), "by share"));
        let none = Share { likely: f64::NAN, least: f64::NAN }.of(&machine, "by share".to_owned());
        assert_eq!(none.value(), None, "nobody was busy");
    }

    #[test]
    fn what_was_busy_is_shared_by_cpu_time() {
        let folder = tempfile::tempdir().unwrap();
        let roots = Roots { proc: folder.path().to_owned(), ..Roots::default() };
        let stat = folder.path().join("stat");
        std::fs::write(&stat, "cpu  100 0 100 900 0 0 0 0 0 0\ncpu0 1\ncpu1 2\nintr 1\n").unwrap();
        let clock = MachineClock::new(&roots);
        assert_eq!(clock.vcpus, 2.0);
        let before = clock.busy();
        let ticks = 1.0 / coarse_tick().0;
        std::fs::write(&stat, format!("cpu  {} 0 100 900 0 0 0\n", 100.0 + 4.0 * ticks)).unwrap();
        let busy = clock.busy_since(before, Seconds(10.0));
        assert!((busy.0 - 4.0).abs() < 1e-9, "{busy:?}");
        let share = clock.share(Seconds(1.0), busy);
        assert!((share.likely - 0.25).abs() < 1e-9 && share.least < share.likely && share.least > 0.24);
        assert_eq!(clock.share(Seconds(5.0), busy).likely, 1.0, "clocks apart");
        std::fs::remove_file(&stat).unwrap();
        assert_eq!(clock.busy_since(before, Seconds(10.0)), Seconds(20.0), "all CPUs' time");
    }
}
