//! A control group for one command, under the one that we are in.
//!
//! A process is counted in the group where its parent was when it was forked. So that not even the first instant of the
//! command is missed, we go into the new group ourselves, start it, and go back; our own CPU time meanwhile is taken off.
//! In a group of version 2 the whole process has to go, in one of version 1 (`cpuacct`) a thread may.
//! The limits of our own group hold for the new one, since it lies below.
//!
//! Where a machine has both (systemd calls that hybrid), version 1 is taken: a thread that goes by itself takes 0.3 ms.
//! A whole process waits for the kernel, which lets every CPU pass a quiet moment first: 7 to 15 ms, though no work. So it
//! is done by a thread of its own ([`Visit`]), ahead of time, while the rest is made ready; going back takes a fifth of a
//! millisecond, since the kernel is then still prepared for moves. (A threaded group of version 2 would take a thread,
//! but a command in it could make no groups of its own.)

mod visit;

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lessen_units::{Bytes, Seconds};
use rustix::time::{ClockId, clock_gettime};

pub(crate) use self::visit::Visit;

/// A group that the command, and only the command, runs in.
#[derive(Debug)]
pub(crate) struct Group {
    version: Version,
    /// Where we belong.
    home: PathBuf,
    /// The group of the command.
    folder: PathBuf,
    ours: Ours,
    /// Bytes that were ours when the command began.
    our_memory: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// A tree of control groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hierarchy {
    /// That of version 1 with a controller.
    One(&'static str),
    /// The one of version 2.
    Two,
}

impl Version {
    /// Where CPU time is counted.
    fn hierarchy(self) -> Hierarchy {
        match self {
            Self::One => Hierarchy::One("cpuacct"),
            Self::Two => Hierarchy::Two,
        }
    }

    /// The file by which to go into a group.
    fn door(self) -> &'static str {
        match self {
            Self::One => "tasks",
            Self::Two => "cgroup.procs",
        }
    }

    /// The clock of who goes.
    fn clock(self) -> ClockId {
        match self {
            Self::One => ClockId::ThreadCPUTime,
            Self::Two => ClockId::ProcessCPUTime,
        }
    }
}

/// Where our own clock and the group's stood before the command began.
struct Counting {
    clock: ClockId,
    at: Seconds,
    before: Seconds,
    memory: Option<u64>,
}

/// How much of the group's CPU time is our own.
#[derive(Clone, Copy, Debug)]
enum Ours {
    /// We were in it once, for so long.
    Was(Seconds),
    /// We could not leave it; our CPU time when we came.
    Since(Seconds),
}

const NAME: &str = "lessen-run-";

impl Group {
    /// A new, empty group; else the reason why there is none.
    fn make() -> Result<Self, String> {
        let memberships = fs::read_to_string("/proc/self/cgroup")
            .map_err(|error| format!("no /proc/self/cgroup: {error}"))?;
        let mounts = fs::read_to_string("/proc/self/mountinfo")
            .map_err(|error| format!("no /proc/self/mountinfo: {error}"))?;
        let mut why = "no hierarchy of control groups counts CPU time here".to_owned();
        // A thread goes into a group in 0.3 ms; the whole process waits for the kernel.
        for version in [Version::One, Version::Two] {
            let Some(home) = folder_of(version.hierarchy(), &memberships, &mounts) else { continue };
            match Self::make_under(version, home) {
                Ok(group) => return Ok(group),
                Err(reason) => why = reason,
            }
        }
        Err(why)
    }

    fn make_under(version: Version, home: PathBuf) -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        sweep(&home);
        let name = format!("{NAME}{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = home.join(name);
        fs::create_dir(&folder).map_err(|error| format!("cannot make one in {}: {error}", home.display()))?;
        let group = Self { version, home, folder, ours: Ours::Was(Seconds(0.0)), our_memory: None };
        // A group that does not count is removed on the way out.
        group.cpu().map(|_| group)
    }

    /// Takes us into the group: all of the process, or in version 1 this thread.
    fn enter(&self) -> Result<(), String> {
        go(&self.folder, self.version.door())
    }

    /// What is in the group until now is our own. Our clock is read first: that has the kernel bring its account of this
    /// thread up to date, so that the two agree.
    fn begin_to_count(&self) -> Result<Counting, String> {
        let clock = self.version.clock();
        Ok(Counting {
            clock,
            at: cpu_clock(clock),
            before: self.counted()?,
            memory: self.memory("memory.current"),
        })
    }

    /// Takes us back. A thread in a group of version 1 ends there, and with it our stay.
    fn leave(&mut self, counting: Result<Counting, String>) -> Result<(), String> {
        let back = match self.version {
            Version::Two => go(&self.home, self.version.door()),
            Version::One => Ok(()),
        };
        let counting = counting?;
        self.ours = match back {
            Ok(()) => Ours::Was(counting.before + (cpu_clock(counting.clock) - counting.at)),
            Err(_) => Ours::Since(counting.at - counting.before),
        };
        self.our_memory = counting.memory;
        Ok(())
    }

    /// CPU time of the command and all that it started, those that have ended among them.
    pub(crate) fn cpu(&self) -> Result<Seconds, String> {
        let total = self.counted()?;
        let ours = match self.ours {
            Ours::Was(inside) => inside,
            Ours::Since(since) => cpu_clock(ClockId::ProcessCPUTime) - since,
        };
        let commands = total - ours;
        Ok(if commands > Seconds(0.0) { commands } else { Seconds(0.0) })
    }

    /// CPU time of whoever was in the group.
    fn counted(&self) -> Result<Seconds, String> {
        let (file, total): (_, fn(&str) -> Option<Duration>) = match self.version {
            Version::Two => ("cpu.stat", usage_of_cpu_stat),
            Version::One => ("cpuacct.usage", usage_of_cpuacct),
        };
        let path = self.folder.join(file);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let total = total(&text).ok_or_else(|| format!("{}: no CPU time in it", path.display()))?;
        Ok(total.into())
    }

    /// The most memory that all processes had at once; only where the group has the memory controller. What we took
    /// while we were in the group stays on its account, and is not the command's.
    pub(crate) fn peak_memory(&self) -> Option<Bytes> {
        let peak = self.memory("memory.peak")?;
        let ours = self.our_memory.unwrap_or(0);
        Some(Bytes(peak.saturating_sub(ours) as f64))
    }

    fn memory(&self, file: &str) -> Option<u64> {
        fs::read_to_string(self.folder.join(file)).ok()?.trim().parse().ok()
    }
}

impl Drop for Group {
    /// Daemons that still run keep their group; a later run sweeps it up.
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Removes empty groups of runs that are over. One that is in use cannot be removed.
fn sweep(home: &Path) {
    let Ok(entries) = home.read_dir() else { return };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(NAME)?.split('-').next());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// 0 stands for whoever writes it.
fn go(folder: &Path, file: &str) -> Result<(), String> {
    let path = folder.join(file);
    fs::write(&path, "0").map_err(|error| format!("{}: {error}", path.display()))
}

fn cpu_clock(clock: ClockId) -> Seconds {
    let time = clock_gettime(clock);
    Seconds::from(Duration::try_from(time).unwrap_or_default())
}

fn usage_of_cpu_stat(text: &str) -> Option<Duration> {
    let value = text.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
    Some(Duration::from_micros(value.trim().parse().ok()?))
}

fn usage_of_cpuacct(text: &str) -> Option<Duration> {
    Some(Duration::from_nanos(text.trim().parse().ok()?))
}

/// The folder of the group that we are in: where its hierarchy is mounted, and our place below.
pub(super) fn folder_of(wanted: Hierarchy, memberships: &str, mounts: &str) -> Option<PathBuf> {
    let place = memberships.lines().find_map(|line| {
        let (hierarchy, rest) = line.split_once(':')?;
        let (controllers, place) = rest.split_once(':')?;
        let ours = match wanted {
            Hierarchy::Two => hierarchy == "0" && controllers.is_empty(),
            Hierarchy::One(named) => controllers.split(',').any(|controller| controller == named),
        };
        ours.then_some(place)
    })?;
    mounts.lines().find_map(|line| below(wanted, line, place))
}

/// The place below one mount of mountinfo: `id parent device root mount-point options … - type source super-options`.
fn below(wanted: Hierarchy, mount: &str, place: &str) -> Option<PathBuf> {
    let (left, right) = mount.split_once(" - ")?;
    let mut left = left.split(' ').skip(3);
    let (root, point) = (left.next()?, left.next()?);
    let mut right = right.split(' ');
    let (kind, options) = (right.next()?, right.nth(1)?);
    let ours = match wanted {
        Hierarchy::Two => kind == "cgroup2",
        Hierarchy::One(named) => kind == "cgroup" && options.split(',').any(|option| option == named),
    };
    // A place outside of what is mounted (`/../x`, seen from inside of a container) cannot be reached.
    let inside = Path::new(place).strip_prefix(root).ok().filter(|_| ours && !place.contains("/.."))?;
    // As mountinfo writes a space.
    Some(Path::new(&point.replace("\\040", " ")).join(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIFIED: &str = "24 1 0:5 / /proc rw - proc proc rw\n30 23 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
    const HYBRID: &str = "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    const CONTAINER: &str = "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n";

    #[test]
    fn our_own_group_is_found_below_its_mount() {
        for (version, memberships, mounts, expected) in [
            (Version::Two, "0::/user.slice/a.scope\n", UNIFIED, Some("/sys/fs/cgroup/user.slice/a.scope")),
            (Version::Two, "0::/\n", UNIFIED, Some("/sys/fs/cgroup")),
            (Version::Two, "0::/docker/abc/x\n", CONTAINER, Some("/sys/fs/cgroup/x")),
            (Version::Two, "0::/elsewhere\n", CONTAINER, None),
            (Version::Two, "0::/../x\n", UNIFIED, None),
            (Version::Two, "4:memory:/m\n", UNIFIED, None),
            (
                Version::One,
                "4:memory:/m\n2:cpu,cpuacct:/job/7\n0::/\n",
                HYBRID,
                Some("/sys/fs/cgroup/cpu,cpuacct/job/7"),
            ),
            (Version::One, "4:memory:/m\n0::/\n", HYBRID, None),
            (Version::One, "", "", None),
        ] {
            let found = folder_of(version.hierarchy(), memberships, mounts);
            assert_eq!(found.as_deref(), expected.map(Path::new), "{memberships}");
        }
    }

    #[test]
    fn counters_have_their_own_units() {
        assert_eq!(usage_of_cpu_stat("usage_usec 2500000\nuser_usec 1\n"), Some(Duration::from_millis(2500)));
        assert_eq!(usage_of_cpu_stat("user_usec 1\n"), None);
        assert_eq!(usage_of_cpuacct("2500000000\n"), Some(Duration::from_millis(2500)));
        assert_eq!(usage_of_cpuacct("many\n"), None);
    }
}
