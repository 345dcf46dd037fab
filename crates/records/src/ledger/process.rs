//! Whether the process that entered a run still lives.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A process for all times: a number is given to another process later, a number with the moment of its start is
/// not, within one boot of one machine and one namespace of process numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ProcessMark {
    pid: u32,
    /// Clock ticks after boot at which it started.
    started_ticks: u64,
    #[serde(flatten)]
    world: World,
}

/// Where process numbers mean the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct World {
    /// A random text for each boot of a kernel.
    boot: String,
    /// Containers number their processes by themselves.
    pid_namespace: String,
    host: String,
}

/// When an event was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Microseconds after 1970 by the system's clock, which may be set.
    pub(super) written_us: i64,
    /// Nanoseconds after boot, time asleep included; `None` where there is no such clock.
    pub(super) uptime_ns: Option<i64>,
}

/// Who asks: this process, with what it sees of the others.
pub(super) struct Observer {
    proc: PathBuf,
    world: Option<World>,
    now: Stamp,
}

/// A writer that cannot be looked at (on another machine, in another container) is taken to be gone after this silence,
/// three times the longest spacing of checkpoints.
const SILENCE: Duration = Duration::from_secs(900);

impl ProcessMark {
    /// This process; `None` where the system does not tell (no `/proc`).
    pub(super) fn here() -> Option<Self> {
        Self::read(Path::new("/proc"), std::process::id())
    }

    fn read(proc: &Path, pid: u32) -> Option<Self> {
        let started_ticks = living_since(proc, pid)?;
        Some(Self { pid, started_ticks, world: World::read(proc)? })
    }
}

impl World {
    fn read(proc: &Path) -> Option<Self> {
        let text = |name: &str| Some(fs::read_to_string(proc.join(name)).ok()?.trim().to_owned());
        Some(Self {
            boot: text("sys/kernel/random/boot_id")?,
            pid_namespace: fs::read_link(proc.join("self/ns/pid")).ok()?.to_string_lossy().into_owned(),
            host: text("sys/kernel/hostname")?,
        })
    }
}

impl Stamp {
    /// Now, by both clocks.
    pub(super) fn now() -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { written_us: i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX), uptime_ns: uptime_ns() }
    }
}

#[cfg(target_os = "linux")]
fn uptime_ns() -> Option<i64> {
    let uptime = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    uptime.tv_sec.checked_mul(1_000_000_000)?.checked_add(uptime.tv_nsec)
}

#[cfg(not(target_os = "linux"))]
fn uptime_ns() -> Option<i64> {
    None
}

impl Observer {
    pub(super) fn here() -> Self {
        let proc = PathBuf::from("/proc");
        Self { world: World::read(&proc), proc, now: Stamp::now() }
    }

    /// Whether the process that wrote an event lives, as far as can be seen from here.
    pub(super) fn sees_alive(&self, mark: Option<&ProcessMark>, written: Stamp) -> bool {
        let (Some(mark), Some(world)) = (mark, &self.world) else {
            return !self.is_silent(written, false);
        };
        let same_boot = mark.world.boot == world.boot;
        if same_boot && mark.world.pid_namespace == world.pid_namespace {
            living_since(&self.proc, mark.pid) == Some(mark.started_ticks)
        } else if !same_boot && mark.world.host == world.host {
            false
        } else {
            !self.is_silent(written, same_boot)
        }
    }

    /// Within one boot the clock that nobody sets decides.
    fn is_silent(&self, written: Stamp, same_boot: bool) -> bool {
        let by_uptime = self.now.uptime_ns.zip(written.uptime_ns).filter(|_| same_boot);
        let silent_us = match by_uptime {
            Some((now, then)) => now.saturating_sub(then) / 1000,
            None => self.now.written_us.saturating_sub(written.written_us),
        };
        u128::try_from(silent_us).is_ok_and(|silent| silent > SILENCE.as_micros())
    }
}

/// When a process started, in clock ticks after boot, from `/proc/PID/stat`; `None` where it is gone or a zombie.
fn living_since(proc: &Path, pid: u32) -> Option<u64> {
    let stat = fs::read(proc.join(pid.to_string()).join("stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    // The name stands in parentheses and may hold any byte, parentheses too.
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    // Field 22 of the line; the state is field 3.
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_US: i64 = 60_000_000;

    /// A `/proc` with one process.
    fn proc_tree(boot: &str, namespace: &str, host: &str, stat: &str) -> tempfile::TempDir {
        let proc = tempfile::tempdir().unwrap();
        for (path, text) in
            [("sys/kernel/random/boot_id", boot), ("sys/kernel/hostname", host), ("42/stat", stat)]
        {
            let path = proc.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        }
        fs::create_dir_all(proc.path().join("self/ns")).unwrap();
        std::os::unix::fs::symlink(namespace, proc.path().join("self/ns/pid")).unwrap();
        proc
    }

    fn stat(state: &str, ticks: u64) -> String {
        format!("42 (a) S (odd name) {state} 1 42 42 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 {ticks} 100 200")
    }

    #[test]
    fn a_process_is_alive_while_its_number_and_start_are_there() {
        let proc = proc_tree("boot-1", "pid:[1]", "host-a", &stat("S", 777));
        let mark = ProcessMark::read(proc.path(), 42).unwrap();
        assert_eq!((mark.pid, mark.started_ticks), (42, 777));
        let now = Stamp { written_us: 100 * MINUTE_US, uptime_ns: Some(50 * MINUTE_US * 1000) };
        let (long_ago, lately) = (
            Stamp { written_us: 0, uptime_ns: Some(0) },
            Stamp { written_us: 99 * MINUTE_US, uptime_ns: Some(49 * MINUTE_US * 1000) },
        );
        let cases = [
            ("the same world", "boot-1", "pid:[1]", "host-a", stat("S", 777), long_ago, true),
            ("its number is another's", "boot-1", "pid:[1]", "host-a", stat("S", 778), lately, false),
            ("a zombie", "boot-1", "pid:[1]", "host-a", stat("Z", 777), lately, false),
            ("no such line", "boot-1", "pid:[1]", "host-a", "42 (a) S 1".to_owned(), lately, false),
            ("after a reboot", "boot-2", "pid:[1]", "host-a", stat("S", 777), lately, false),
            ("in another container, lately", "boot-1", "pid:[2]", "c", stat("S", 1), lately, true),
            ("in another container, long ago", "boot-1", "pid:[2]", "c", stat("S", 777), long_ago, false),
            ("on another machine, lately", "boot-2", "pid:[1]", "host-b", stat("S", 1), lately, true),
            ("on another machine, long ago", "boot-2", "pid:[1]", "host-b", stat("S", 777), long_ago, false),
        ];
        for (what, boot, namespace, host, stat, written, expected) in cases {
            let proc = proc_tree(boot, namespace, host, &stat);
            let observer = Observer { world: World::read(proc.path()), proc: proc.path().to_owned(), now };
            assert_eq!(observer.sees_alive(Some(&mark), written), expected, "{what}");
        }
    }

    #[test]
    fn without_a_mark_silence_decides_and_a_clock_set_back_is_no_silence() {
        let proc = tempfile::tempdir().unwrap();
        let now = Stamp { written_us: 100 * MINUTE_US, uptime_ns: None };
        let observer = Observer { world: World::read(proc.path()), proc: proc.path().to_owned(), now };
        for (minute, alive) in [(84, false), (86, true), (200, true)] {
            let written = Stamp { written_us: minute * MINUTE_US, uptime_ns: Some(0) };
            assert_eq!(observer.sees_alive(None, written), alive, "minute {minute}");
        }
    }

    #[test]
    fn this_process_sees_itself() {
        let mark = ProcessMark::here().unwrap();
        assert_eq!(mark.pid, std::process::id());
        assert!(Observer::here().sees_alive(Some(&mark), Stamp { written_us: 0, uptime_ns: Some(0) }));
    }
}
