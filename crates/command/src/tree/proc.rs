//! Processes as `/proc` shows them; see proc(5).

use std::fs;
use std::time::Duration;

use lessen_units::{Bytes, Seconds};
use rustix::process::{Signal, getpid};

use crate::signals::{bit, ignored_signals};

/// One process of the tree.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    /// In ticks since the machine started: with the number, it tells a process from a later one.
    pub(crate) started: u64,
    /// Not so where it has ended and nobody has waited for it yet.
    pub(crate) runs: bool,
    /// Its own CPU time and that of the children that it waited for.
    pub(crate) cpu: Seconds,
    pub(crate) peak_memory: Option<Bytes>,
    /// It ignores `SIGCHLD`: the system does not keep its children for a waiter.
    pub(crate) loses_children: bool,
}

/// More processes than this in one tree are not looked at, so that a reading ends.
const MOST: usize = 100_000;

/// Parents before their children: a process that is reaped during the walk is then counted by nobody rather than
/// twice, and again at the next reading.
pub(crate) fn descendants_of_us() -> Vec<Process> {
    let mut found = children_of_us();
    let mut next = 0;
    while next < found.len() && found.len() < MOST {
        let pid = found[next].pid;
        found.extend(children(pid));
        next += 1;
    }
    found
}

/// Those whose parent we are: the command, and orphans of its tree.
pub(crate) fn children_of_us() -> Vec<Process> {
    children(getpid().as_raw_nonzero().get())
}

fn children(pid: i32) -> Vec<Process> {
    let pids = match children_by_thread(pid) {
        Some(pids) => pids,
        None => children_by_search(pid),
    };
    pids.into_iter().filter_map(process).collect()
}

/// `None` where the kernel has no such files (or the process is gone).
fn children_by_thread(pid: i32) -> Option<Vec<i32>> {
    let mut pids = Vec::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()?.filter_map(Result::ok) {
        // A thread that ended meanwhile has handed its children to another.
        match fs::read_to_string(thread.path().join("children")) {
            Ok(listed) => pids.extend(listed.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok())),
            Err(_) if thread.path().exists() => return None,
            Err(_) => {}
        }
    }
    Some(pids)
}

fn children_by_search(parent: i32) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|&pid| stat(pid).is_some_and(|stat| stat.parent == parent))
        .collect()
}

fn process(pid: i32) -> Option<Process> {
    let stat = stat(pid)?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    Some(Process {
        pid,
        started: stat.started,
        runs: !matches!(stat.state, 'Z' | 'X'),
        cpu: seconds_of_ticks(stat.ticks),
        peak_memory: peak_memory(&status),
        loses_children: ignored_signals(&status) & bit(Signal::CHILD) != 0,
    })
}

/// Whether a process is stopped by a signal.
pub(crate) fn is_stopped(pid: i32) -> bool {
    stat(pid).is_some_and(|stat| stat.state == 'T')
}

/// Whether a process was started by us or by what we started. One that is gone is not known to be.
pub(crate) fn is_descendant(pid: i32) -> bool {
    let us = getpid().as_raw_nonzero().get();
    let mut at = pid;
    // A chain of parents is as long as the tree is deep; numbers that change hands on the way must not lead in circles.
    for _ in 0..1000 {
        match stat(at) {
            Some(stat) if stat.parent == us => return true,
            Some(stat) if stat.parent > 1 => at = stat.parent,
            _ => return false,
        }
    }
    false
}

/// The largest resident memory that this process has had.
pub(crate) fn own_peak_memory() -> Option<Bytes> {
    peak_memory(&fs::read_to_string("/proc/self/status").ok()?)
}

/// The system says kB and means 1024 bytes.
pub(crate) fn bytes_of_kibibytes(kibibytes: u64) -> u64 {
    kibibytes.saturating_mul(1024)
}

fn peak_memory(status: &str) -> Option<Bytes> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(Bytes(bytes_of_kibibytes(kibibytes) as f64))
}

fn seconds_of_ticks(ticks: u64) -> Seconds {
    let a_second = rustix::param::clock_ticks_per_second().max(1);
    Seconds::from(Duration::from_secs(ticks)) / a_second as f64
}

/// What is needed of `/proc/PID/stat`.
#[derive(Debug, PartialEq)]
struct Stat {
    state: char,
    parent: i32,
    /// User and system time, of the process and of the children that it waited for.
    ticks: u64,
    started: u64,
}

fn stat(pid: i32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The name, second and in parentheses, may hold spaces and parentheses itself.
fn parse_stat(line: &str) -> Option<Stat> {
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    // Fields are numbered from 1 in proc(5); the third is our first.
    let field = |number: usize| fields.get(number - 3).copied();
    let ticks = (14..=17).try_fold(0u64, |sum, number| sum.checked_add(field(number)?.parse().ok()?))?;
    Some(Stat {
        state: field(3)?.chars().next()?,
        parent: field(4)?.parse().ok()?,
        ticks,
        started: field(22)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let tail = "S 41 42 42 0 -1 4194560 100 200 0 0 7 5 20 10 20 0 1 0 8123 9 9";
        let expected = Stat { state: 'S', parent: 41, ticks: 42, started: 8123 };
        for name in ["sh", "a b", ") R 1 (", "x) y"] {
            assert_eq!(parse_stat(&format!("42 ({name}) {tail}")).as_ref(), Some(&expected), "{name}");
        }
        for broken in
            ["", "42 (sh", "42 (sh) S 41", "42 (sh) S x 42 42 0 -1 0 1 2 0 0 7 5 20 10 20 0 1 0 8 9"]
        {
            assert_eq!(parse_stat(broken), None, "{broken}");
        }
    }

    #[test]
    fn memory_is_in_kibibytes() {
        assert_eq!(peak_memory("VmPeak:\t 9 kB\nVmHWM:\t    1740 kB\n"), Some(Bytes(1_781_760.0)));
        assert_eq!(peak_memory("State:\tZ (zombie)\n"), None);
    }

    #[test]
    fn both_ways_find_the_same_children() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let us = getpid().as_raw_nonzero().get();
        assert!(children_by_search(us).contains(&pid));
        assert!(children_by_thread(us).is_none_or(|pids| pids.contains(&pid)));
        assert!(descendants_of_us().iter().any(|process| process.pid == pid && process.runs));
        assert!(is_descendant(pid) && !is_descendant(us) && !is_descendant(1));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!is_descendant(pid));
    }
}
