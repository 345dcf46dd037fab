//! When something was read.

use std::time::Duration;

use lessen_units::Seconds;
use rustix::time::{ClockId, Timespec, clock_gettime};

/// A point in time, by two clocks that nobody can set: one that stands still while the machine sleeps, and one
/// that goes on. The time of day is not in it, so setting the clock back changes no reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Since some start, without the time that the machine slept.
    pub awake: Duration,
    /// Since some start, with that time.
    pub with_sleep: Duration,
}

/// The two clocks are read one after the other; what they are apart by less than this is not sleep.
const SHORTEST_SLEEP: Duration = Duration::from_millis(500);

impl Moment {
    /// Now.
    pub fn now() -> Self {
        let awake = duration(clock_gettime(ClockId::Monotonic));
        #[cfg(target_os = "linux")]
        let with_sleep = duration(clock_gettime(ClockId::Boottime));
        #[cfg(not(target_os = "linux"))]
        let with_sleep = awake;
        Self { awake, with_sleep }
    }

    /// How long the machine has been awake since `earlier`.
    pub fn since(self, earlier: Self) -> Duration {
        self.awake.saturating_sub(earlier.awake)
    }

    /// How long it slept since `earlier`, if it did.
    pub(crate) fn slept_since(self, earlier: Self) -> Option<Seconds> {
        let with_sleep = self.with_sleep.saturating_sub(earlier.with_sleep);
        let slept = with_sleep.saturating_sub(self.since(earlier));
        (slept >= SHORTEST_SLEEP).then(|| slept.into())
    }
}

fn duration(time: Timespec) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(awake: u64, with_sleep: u64) -> Moment {
        Moment { awake: Duration::from_millis(awake), with_sleep: Duration::from_millis(with_sleep) }
    }

    #[test]
    fn sleep_is_what_one_clock_has_more() {
        let began = at(5_000, 8_000);
        assert_eq!(at(6_000, 9_000).slept_since(began), None);
        assert_eq!(at(6_000, 9_499).slept_since(began), None, "clocks read apart");
        assert_eq!(at(6_000, 69_000).slept_since(began), Some(Seconds(60.0)));
        assert_eq!(at(6_000, 69_000).since(began), Duration::from_secs(1));
    }

    #[test]
    fn a_moment_never_lies_before_an_earlier_one() {
        let first = Moment::now();
        let second = Moment::now();
        assert!(second.awake >= first.awake && second.with_sleep >= first.with_sleep);
        assert_eq!(
            first.since(Moment { awake: first.awake + Duration::from_secs(1), ..first }),
            Duration::ZERO
        );
    }
}
