//! A control group for one command, under the one that we are in.
//!
//! A process is counted in the group where its parent was when it was forked. So that not even the first instant of the
//! command is missed, we go into the new group ourselves, start it, and go back; our own CPU time meanwhile is taken off.
//! In a group of version 2 the whole process has to go, in one of version 1 (`cpuacct`) a thread may.
//! The limits of our own group hold for the new one, since it lies below.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use lessen_units::{Bytes, Seconds};
use rustix::time::{ClockId, clock_gettime};

/// A group that the command, and only the command, runs in.
#[derive(Debug)]
pub(crate) struct Group {
    version: Version,
    /// Where we belong.
    home: PathBuf,
    /// The group of the command.
    folder: PathBuf,
    ours: Ours,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
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
    pub(crate) fn make() -> Result<Self, String> {
        let memberships = fs::read_to_string("/proc/self/cgroup")
            .map_err(|error| format!("no /proc/self/cgroup: {error}"))?;
        let mounts = fs::read_to_string("/proc/self/mountinfo")
            .map_err(|error| format!("no /proc/self/mountinfo: {error}"))?;
        let mut why = "no hierarchy of control groups counts CPU time here".to_owned();
        for version in [Version::Two, Version::One] {
            let Some(home) = home(version, &memberships, &mounts) else { continue };
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
        let group = Self { version, home, folder, ours: Ours::Was(Seconds(0.0)) };
        // A group that does not count is removed on the way out.
        group.cpu().map(|_| group)
    }

    /// Starts a command in the group. The outer error says why the group could not be used, and then nothing was
    /// started; the inner one is the command's.
    pub(crate) fn spawn(&mut self, command: &mut Command) -> Result<io::Result<Child>, String> {
        match self.version {
            Version::Two => self.spawn_by_process(command),
            Version::One => self.spawn_by_thread(command),
        }
    }

    fn spawn_by_process(&mut self, command: &mut Command) -> Result<io::Result<Child>, String> {
        go(&self.folder, "cgroup.procs")?;
        let before = cpu_clock(ClockId::ProcessCPUTime);
        let started = command.spawn();
        let inside = cpu_clock(ClockId::ProcessCPUTime) - before;
        let back = go(&self.home, "cgroup.procs");
        self.ours = match (back, self.ours) {
            (Ok(()), Ours::Was(earlier)) => Ours::Was(earlier + inside),
            (_, Ours::Since(since)) => Ours::Since(since),
            (Err(_), Ours::Was(earlier)) => Ours::Since(before - earlier),
        };
        Ok(started)
    }

    /// The thread ends in the group, and with it our stay.
    fn spawn_by_thread(&mut self, command: &mut Command) -> Result<io::Result<Child>, String> {
        let folder = &self.folder;
        let (started, inside) = thread::scope(|scope| {
            let visit = scope.spawn(|| {
                go(folder, "tasks")?;
                let before = cpu_clock(ClockId::ThreadCPUTime);
                let started = command.spawn();
                Ok((started, cpu_clock(ClockId::ThreadCPUTime) - before))
            });
            visit.join().unwrap_or_else(|_| Err("the thread that starts the command failed".to_owned()))
        })?;
        if let Ours::Was(earlier) = self.ours {
            self.ours = Ours::Was(earlier + inside);
        }
        Ok(started)
    }

    /// CPU time of the command and all that it started, those that have ended among them.
    pub(crate) fn cpu(&self) -> Result<Seconds, String> {
        let (file, total): (_, fn(&str) -> Option<Duration>) = match self.version {
            Version::Two => ("cpu.stat", usage_of_cpu_stat),
            Version::One => ("cpuacct.usage", usage_of_cpuacct),
        };
        let path = self.folder.join(file);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let total = total(&text).ok_or_else(|| format!("{}: no CPU time in it", path.display()))?;
        let ours = match self.ours {
            Ours::Was(inside) => inside,
            Ours::Since(since) => cpu_clock(ClockId::ProcessCPUTime) - since,
        };
        let commands = Seconds::from(total) - ours;
        Ok(if commands > Seconds(0.0) { commands } else { Seconds(0.0) })
    }

    /// The most memory that all processes had at once; only where the group has the memory controller.
    pub(crate) fn peak_memory(&self) -> Option<Bytes> {
        let text = fs::read_to_string(self.folder.join("memory.peak")).ok()?;
        Some(Bytes(text.trim().parse::<u64>().ok()? as f64))
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
fn home(version: Version, memberships: &str, mounts: &str) -> Option<PathBuf> {
    let place = memberships.lines().find_map(|line| {
        let (hierarchy, rest) = line.split_once(':')?;
        let (controllers, place) = rest.split_once(':')?;
        let ours = match version {
            Version::Two => hierarchy == "0" && controllers.is_empty(),
            Version::One => controllers.split(',').any(|controller| controller == "cpuacct"),
        };
        ours.then_some(place)
    })?;
    mounts.lines().find_map(|line| below(version, line, place))
}

/// The place below one mount of mountinfo: `id parent device root mount-point options … - type source super-options`.
fn below(version: Version, mount: &str, place: &str) -> Option<PathBuf> {
    let (left, right) = mount.split_once(" - ")?;
    let mut left = left.split(' ').skip(3);
    let (root, point) = (left.next()?, left.next()?);
    let mut right = right.split(' ');
    let (kind, options) = (right.next()?, right.nth(1)?);
    let ours = match version {
        Version::Two => kind == "cgroup2",
        Version::One => kind == "cgroup" && options.split(',').any(|option| option == "cpuacct"),
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
            let found = home(version, memberships, mounts);
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
