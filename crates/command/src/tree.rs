//! What a command and everything that it started used.
//!
//! CPU time has two counters, and both may miss some of it but never count too much, so the larger is the better:
//!
//! 1. **A control group** made for the command, where one may be made. It counts whoever runs in it, however short,
//!    and loses what moves itself elsewhere.
//! 2. **Reaping**: this process becomes the subreaper of the tree, so that orphans come to it, and waits for all.
//!    The system adds the time of each child that is waited for to that of the waiter, and so on up to us. Lost are the
//!    children of a process that ignores `SIGCHLD`, since nobody waits for them; where such a process is seen, the
//!    figure has a band. Children that still run are read from `/proc`.
//!
//! Neither takes samples: a process that lives for a millisecond is counted.

mod cgroup;
mod oom;
mod proc;
mod reaped;

use std::collections::HashMap;
use std::process::{Child, Command};
use std::time::Instant;
use std::{io, thread};

use lessen_units::{Bytes, Figure, Kind, Seconds};

use self::cgroup::Group;
pub(crate) use self::cgroup::Visit;
use self::oom::Killer;
use self::proc::Process;
use self::reaped::Reaped;

pub(crate) use self::proc::{is_descendant, is_stopped};

/// What a tree of processes used so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Usage {
    /// CPU time of all its processes, those that have ended among them.
    pub cpu: Figure<Seconds>,
    /// The largest resident memory: of all processes together where a control group says it, else that of the largest
    /// process; [`Figure::how`] tells which.
    pub peak_memory: Figure<Bytes>,
    /// Processes that were seen: all that were reaped by us or ran at a reading. Those that their own parents waited
    /// for between two readings are not among them, so it is the least number that there were.
    pub processes_seen: u64,
    /// Processes that run now, such as daemons that the command left.
    pub running: u64,
}

/// The counters of one command.
#[derive(Debug)]
pub(crate) struct Tree {
    /// Until the command has been started: the way into its group.
    visit: Option<Visit>,
    group: Result<Group, String>,
    /// Counts kills for want of memory, where that is counted.
    killer: Option<Killer>,
    /// Of this process's children that were waited for before the command began.
    before: Reaped,
    /// Whether orphans come to us.
    subreaper: bool,
    /// Our own largest memory at the start, which the system takes for the child's until it runs its program.
    own_peak: Option<Bytes>,
    began: Instant,
    seen: Seen,
    /// A process that ignores `SIGCHLD` was among them.
    children_lost: bool,
    /// The largest process that ran at a reading.
    largest_seen: Option<Bytes>,
    /// CPU time never falls, though a reading can come between two moments of the tree.
    most_cpu: Seconds,
}

impl Tree {
    /// Makes ready to count what will be started. `visit` is why there is no group, where there is none.
    pub(crate) fn prepare(visit: Result<Visit, String>) -> Self {
        let (visit, why) = match visit {
            Ok(visit) => (Some(visit), String::new()),
            Err(why) => (None, why),
        };
        Self {
            visit,
            group: Err(why),
            killer: Killer::watch(),
            before: Reaped::so_far(),
            subreaper: rustix::process::set_child_subreaper(Some(rustix::process::getpid())).is_ok(),
            own_peak: proc::own_peak_memory(),
            began: Instant::now(),
            seen: Seen::default(),
            children_lost: false,
            largest_seen: None,
            most_cpu: Seconds(0.0),
        }
    }

    /// Starts the command inside of the control group, if there is one; may be tried more than once.
    pub(crate) fn spawn(&mut self, command: impl Fn() -> Command) -> io::Result<Child> {
        if let Some(visit) = &self.visit {
            match visit.spawn(command()) {
                Some(outcome) => return outcome,
                None => self.settle(),
            }
        }
        command().spawn()
    }

    /// The command was started: we go back to where we belong.
    pub(crate) fn settle(&mut self) {
        if let Some(visit) = self.visit.take() {
            self.group = visit.end();
        }
    }

    /// What those of our children say that have ended and are not reaped yet.
    pub(crate) fn look_at_the_dead(&mut self) {
        for process in proc::children_of_us().iter().filter(|process| !process.runs) {
            self.children_lost |= process.loses_children;
            self.seen.at_a_reading(process);
        }
    }

    /// One of our children was waited for.
    pub(crate) fn reaped(&mut self, pid: i32) {
        self.seen.reaped(pid);
    }

    /// Whether the system killed a process of our group, such as the command's, for want of memory.
    pub(crate) fn out_of_memory(&self) -> bool {
        self.killer.as_ref().is_some_and(Killer::has_struck)
    }

    /// What was used until now.
    pub(crate) fn usage(&mut self) -> Usage {
        // Before the living: who is reaped in between is counted once at the next reading, not twice at this one.
        let reaped = Reaped::so_far();
        let there = proc::descendants_of_us();
        self.seen.reading(&there);
        self.children_lost |= there.iter().any(|process| process.loses_children);
        let largest = there.iter().filter_map(|process| process.peak_memory).fold(None, larger);
        self.largest_seen = self.largest_seen.into_iter().chain(largest).fold(None, larger);
        Usage {
            cpu: self.cpu(&reaped, &there),
            peak_memory: self.peak_memory(&reaped),
            processes_seen: self.seen.processes,
            running: there.iter().filter(|process| process.runs).count() as u64,
        }
    }

    fn cpu(&mut self, reaped: &Reaped, there: &[Process]) -> Figure<Seconds> {
        let by_reaping = reaped.cpu - self.before.cpu + there.iter().map(|process| process.cpu).sum();
        let by_group = match &self.group {
            Ok(group) => group.cpu(),
            Err(why) => Err(why.clone()),
        };
        let counted = by_group.as_ref().map_or(by_reaping, |&by_group| most(by_group, by_reaping));
        self.most_cpu = most(self.most_cpu, counted);
        match by_group {
            Ok(by_group) if by_reaping - by_group < AGREEMENT => {
                Figure::exact(self.most_cpu, Kind::Counted, "control group of the command")
            }
            Ok(_) => Figure::exact(
                self.most_cpu,
                Kind::Counted,
                "reaping of the command's processes, of which some left its control group",
            ),
            Err(why) => self.cpu_by_reaping(&why),
        }
    }

    fn cpu_by_reaping(&self, why_no_group: &str) -> Figure<Seconds> {
        let how = format!("reaping of the command's processes (control group: {why_no_group})");
        let missed = match (self.children_lost, self.subreaper) {
            (true, _) => "a process ignores SIGCHLD, so the time of its children is lost",
            (_, false) => "orphans do not come to us, so their time is lost",
            (false, true) => return Figure::exact(self.most_cpu, Kind::Counted, how),
        };
        let processors = thread::available_parallelism().map_or(1, usize::from) as f64;
        let at_most = Seconds::from(self.began.elapsed()) * processors;
        let how = format!("{how}; {missed}: at least this, at most all processors all the time");
        Figure::band(self.most_cpu, self.most_cpu, most(at_most, self.most_cpu), Kind::Estimated, how)
    }

    fn peak_memory(&self, reaped: &Reaped) -> Figure<Bytes> {
        if let Some(peak) = self.group.as_ref().ok().and_then(Group::peak_memory) {
            return Figure::exact(peak, Kind::Measured, "memory.peak of the command's control group");
        }
        const LARGEST: &str = "largest process of the command";
        let not_the_commands = larger(Some(self.before.peak_memory), self.own_peak.unwrap_or(Bytes(0.0)));
        let ended = Some(reaped.peak_memory).filter(|&peak| peak > Bytes(0.0));
        match (ended, self.largest_seen) {
            (Some(ended), seen) if Some(ended) > not_the_commands => {
                Figure::exact(larger(seen, ended).unwrap_or(ended), Kind::Measured, LARGEST)
            }
            (ended, Some(seen)) if ended.is_none_or(|ended| seen >= ended) => {
                Figure::exact(seen, Kind::Measured, LARGEST)
            }
            (Some(ended), seen) => {
                let how = format!(
                    "{LARGEST}: no larger than the program that started it, whose memory the system takes for the child's at first"
                );
                Figure::band(ended, seen.unwrap_or(Bytes(0.0)), ended, Kind::Measured, how)
            }
            (None, _) => Figure::unavailable("no process of the command was seen running or has ended"),
        }
    }
}

/// Two counters of the same are not read at the same instant, and what it takes to start a command falls to one or the
/// other side of each.
const AGREEMENT: Seconds = Seconds(0.02);

fn most(a: Seconds, b: Seconds) -> Seconds {
    if b > a { b } else { a }
}

fn larger(a: Option<Bytes>, b: Bytes) -> Option<Bytes> {
    Some(a.filter(|&a| a > b).unwrap_or(b))
}

/// Which processes have been counted; holds no more than those that are there.
#[derive(Debug, Default)]
struct Seen {
    processes: u64,
    /// Those that were there at the last reading, with their start: numbers are used again.
    there: HashMap<i32, u64>,
}

impl Seen {
    fn reading(&mut self, there: &[Process]) {
        let now: HashMap<i32, u64> = there.iter().map(|process| (process.pid, process.started)).collect();
        self.processes +=
            now.iter().filter(|(pid, started)| self.there.get(pid) != Some(started)).count() as u64;
        self.there = now;
    }

    fn at_a_reading(&mut self, process: &Process) {
        if self.there.insert(process.pid, process.started) != Some(process.started) {
            self.processes += 1;
        }
    }

    fn reaped(&mut self, pid: i32) {
        if self.there.remove(&pid).is_none() {
            self.processes += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, started: u64) -> Process {
        Process { pid, started, runs: true, cpu: Seconds(0.0), peak_memory: None, loses_children: false }
    }

    #[test]
    fn a_process_is_seen_once_and_a_number_may_come_again() {
        let mut seen = Seen::default();
        seen.reading(&[process(10, 1), process(11, 1)]);
        seen.reading(&[process(10, 1), process(11, 7)]);
        assert_eq!(seen.processes, 3, "11 is another one now");
        seen.at_a_reading(&process(10, 1));
        seen.reaped(10);
        seen.reaped(12);
        assert_eq!(seen.processes, 4, "12 came and went between two readings");
        seen.reading(&[]);
        assert!(seen.there.is_empty());
    }
}
