//! What the system says about this process and the machine around it.

use std::fs;
use std::path::Path;

use lessen_units::{Bytes, Figure, Kind, Seconds};
use rustix::time::{ClockId, Timespec, clock_gettime};

/// CPU time of the calling thread since it began; differences of it are a part's share of a window, see
/// [`crate::Usage::share`].
pub fn thread_cpu_seconds() -> Seconds {
    seconds(clock_gettime(ClockId::ThreadCPUTime))
}

/// CPU time of all threads of this process, of those that have ended too.
pub(crate) fn process_cpu_seconds() -> Seconds {
    seconds(clock_gettime(ClockId::ProcessCPUTime))
}

fn seconds(time: Timespec) -> Seconds {
    Seconds(time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9)
}

/// The largest resident memory that this process has had so far.
pub fn peak_memory() -> Figure<Bytes> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    match high_water_mark(&status) {
        Some(bytes) => Figure::exact(Bytes(bytes as f64), Kind::Measured, "VmHWM of /proc/self/status"),
        None => Figure::unavailable("no VmHWM in /proc/self/status"),
    }
}

/// `VmHWM` is in units of 1024 bytes, though `/proc` calls them kB.
fn high_water_mark(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// CPU time that the whole machine has been busy since it started, of a file like `/proc/stat`; `None` where there
/// is none.
pub(crate) fn busy_seconds(stat: &Path) -> Option<Seconds> {
    let ticks = busy_ticks(&fs::read_to_string(stat).ok()?)?;
    Some(coarse_tick() * ticks as f64)
}

/// How many CPUs a file like `/proc/stat` lists; `None` where it lists none.
pub(crate) fn cpus(stat: &Path) -> Option<usize> {
    let is_cpu = |line: &&str| {
        line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()))
    };
    let count = fs::read_to_string(stat).ok()?.lines().filter(is_cpu).count();
    (count > 0).then_some(count)
}

/// The unit of `/proc/stat`.
pub(crate) fn coarse_tick() -> Seconds {
    Seconds(1.0 / rustix::param::clock_ticks_per_second() as f64)
}

/// User, nice, system, irq and softirq of the `cpu` line, see proc(5). Idle and waiting are not busy, stolen
/// time was another machine's.
fn busy_ticks(stat: &str) -> Option<u64> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let fields: Vec<u64> = line.split_whitespace().map(|field| field.parse().ok()).collect::<Option<_>>()?;
    [0, 1, 2, 5, 6].iter().try_fold(0u64, |sum, &index| sum.checked_add(*fields.get(index)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_is_what_worked() {
        for (stat, busy) in [
            ("cpu  100 20 30 9000 500 4 6 70 8 9\ncpu0 1 2 3 4\n", Some(160)),
            ("cpu  1 2 3 4 5 6 7\n", Some(19)),
            ("cpu  1 2 3 4\n", None),
            ("cpu  1 2 x 4 5 6 7\n", None),
            ("cpu  18446744073709551615 2 3 4 5 6 7\n", None),
            ("cpu0 1 2 3 4 5 6 7\n", None),
            ("", None),
        ] {
            assert_eq!(busy_ticks(stat), busy, "{stat}");
        }
    }

    #[test]
    fn memory_is_in_kibibytes() {
        for (status, bytes) in [
            ("VmPeak:\t 3060 kB\nVmHWM:\t    1740 kB\n", Some(1_781_760)),
            ("VmHWM:\t many kB\n", None),
            ("VmHWM:\t 18446744073709551615 kB\n", None),
            ("VmRSS:\t 1 kB\n", None),
        ] {
            assert_eq!(high_water_mark(status), bytes, "{status}");
        }
    }

    #[test]
    fn the_clocks_run_while_there_is_work() {
        let (thread, process) = (thread_cpu_seconds(), process_cpu_seconds());
        let mut sum = 0u64;
        while thread_cpu_seconds() - thread < Seconds(0.01) {
            sum = sum.wrapping_add(1);
        }
        assert!(sum > 0 && process_cpu_seconds() - process >= Seconds(0.01));
    }
}
