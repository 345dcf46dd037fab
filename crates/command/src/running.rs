//! A command while it runs.

use std::os::fd::OwnedFd;
use std::process;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lessen_units::Seconds;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, WaitStatus, getpid, kill_process, wait, waitid,
};

use crate::error::WaitError;
use crate::signals::Signals;
use crate::tree::{Tree, Usage, is_stopped};

/// A command that was started.
#[derive(Debug)]
pub struct Running {
    pid: Pid,
    tree: Tree,
    signals: Signals,
    began: Instant,
    wait_all: bool,
    exit: Option<Exit>,
    waker: Waker,
}

/// Has [`Running::wait`] call its tick at once, from any thread: for a reading at a moment that the command names.
#[derive(Clone, Debug)]
pub struct Waker {
    /// An event counter of the kernel; `None` where none could be made, and ticks then come at their interval only.
    event: Option<Arc<OwnedFd>>,
}

impl Waker {
    pub(crate) fn new() -> Self {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
        Self { event: event.ok().map(Arc::new) }
    }

    /// Asks for a tick; whether one will come.
    pub fn wake(&self) -> bool {
        let one = 1u64.to_ne_bytes();
        self.event.as_ref().is_some_and(|event| rustix::io::write(event, &one).is_ok())
    }

    /// Whether somebody asked since the last time.
    fn was_asked(&self) -> bool {
        let mut count = [0; 8];
        self.event.as_ref().is_some_and(|event| rustix::io::read(event, &mut count).is_ok())
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with a code.
    Code(u8),
    /// By a signal, with its number.
    Signal(u8),
}

impl Exit {
    /// What a shell answers: the code, or 128 and the number of the signal.
    pub fn code(self) -> u8 {
        match self {
            Self::Code(code) => code,
            Self::Signal(number) => number.saturating_add(128),
        }
    }

    fn of(status: WaitStatus) -> Option<Self> {
        let byte = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
        match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Some(Self::Code(byte(code))),
            (_, Some(number)) => Some(Self::Signal(byte(number))),
            _ => None,
        }
    }
}

/// A command that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// How.
    pub exit: Exit,
    /// It was killed while the system's out-of-memory killer was at work in its control group.
    pub out_of_memory: bool,
    /// What it used, with all that it started.
    pub usage: Usage,
    /// Wall time from its start to the end of what was waited for, by a monotonic clock.
    pub seconds: Seconds,
}

impl Running {
    pub(crate) fn new(
        child: &process::Child,
        began: Instant,
        tree: Tree,
        signals: Signals,
        wait_all: bool,
        waker: Waker,
    ) -> Self {
        Self { pid: Pid::from_child(child), tree, signals, began, wait_all, exit: None, waker }
    }

    /// The process that was started.
    pub fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// What it used so far.
    pub fn usage(&mut self) -> Usage {
        self.tree.usage()
    }

    /// Waits until the command ends (or, as the options have it, all that it started) and calls `tick` with the usage
    /// so far after every `interval` and when its [`Waker`] asks. In between it sleeps in the kernel. Signals are passed on meanwhile, and when
    /// the terminal stops the command this process stops with it. Where the command has ended and only what it left is
    /// waited for, a signal that asks to end (Ctrl-C, `SIGTERM`) ends the waiting.
    ///
    /// # Errors
    /// Where the end cannot be seen, because another part of this process has waited for it.
    pub fn wait(&mut self, interval: Duration, mut tick: impl FnMut(&Usage)) -> Result<Ended, WaitError> {
        let mut next = Instant::now().checked_add(interval);
        loop {
            let arrived = self.signals.arrived();
            for signal in arrived.to_pass_on {
                self.send(signal);
            }
            if arrived.continued && is_stopped(self.pid.as_raw_nonzero().get()) {
                self.send(Signal::CONT);
            }
            let now = self.reap()?;
            let enough = if arrived.asked_to_end { self.exit } else { None };
            if let Some(exit) = now.ended.or(enough) {
                let seconds = self.began.elapsed().into();
                let out_of_memory = exit == Exit::Signal(9) && self.tree.out_of_memory();
                return Ok(Ended { exit, out_of_memory, usage: self.tree.usage(), seconds });
            }
            if now.stopped && !arrived.continued {
                // The whole process stops here; it goes on when the shell continues the job.
                let _ = kill_process(getpid(), Signal::STOP);
                continue;
            }
            let asked = self.waker.was_asked();
            let due = next.is_some_and(|next| next <= Instant::now());
            if asked || due {
                tick(&self.tree.usage());
            }
            if due {
                next = Instant::now().checked_add(interval);
            }
            self.sleep_until(next);
        }
    }

    /// Until a signal (that of an ended child among them) or the instant.
    fn sleep_until(&self, next: Option<Instant>) {
        let left = next.map(|next| next.saturating_duration_since(Instant::now()));
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        let mut events = vec![PollFd::from_borrowed_fd(self.signals.readable(), PollFlags::IN)];
        events.extend(self.waker.event.as_ref().map(|event| PollFd::new(event, PollFlags::IN)));
        // An interruption is as good as a wake-up.
        let _ = poll(&mut events, timeout.as_ref());
    }

    /// Takes in all that has happened to our children, orphans that came to us among them.
    fn reap(&mut self) -> Result<Now, WaitError> {
        let mut stopped = false;
        if somebody_has_ended() {
            self.tree.look_at_the_dead();
        }
        loop {
            match wait(WaitOptions::NOHANG | WaitOptions::UNTRACED) {
                Ok(Some((pid, status))) if status.stopped() => {
                    // A debugger's SIGSTOP is the command's own affair, and nobody would wake us from it.
                    let by_terminal = [Signal::TSTP, Signal::TTIN, Signal::TTOU].map(Signal::as_raw);
                    stopped |= pid == self.pid
                        && status.stopping_signal().is_some_and(|signal| by_terminal.contains(&signal));
                }
                Ok(Some((pid, status))) => {
                    self.tree.reaped(pid.as_raw_nonzero().get());
                    if pid == self.pid {
                        self.exit = Exit::of(status);
                        stopped = false;
                    }
                }
                Ok(None) if self.wait_all => return Ok(Now { ended: None, stopped }),
                Ok(None) => return Ok(Now { ended: self.exit, stopped }),
                Err(Errno::INTR) => {}
                Err(Errno::CHILD) if self.exit.is_some() => return Ok(Now { ended: self.exit, stopped }),
                Err(Errno::CHILD) => return Err(WaitError::Lost { pid: self.pid.as_raw_nonzero().get() }),
                Err(error) => {
                    let pid = self.pid.as_raw_nonzero().get();
                    return Err(WaitError::Refused { pid, source: error.into() });
                }
            }
        }
    }

    /// To the command; nothing where it has ended, whose number may be another's by now.
    fn send(&self, signal: Signal) {
        if self.exit.is_none() {
            let _ = kill_process(self.pid, signal);
        }
    }
}

/// Whether a child is there to be reaped. That is asked at every tick, and looking at all children takes a while.
fn somebody_has_ended() -> bool {
    let without_reaping = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::All, without_reaping), Ok(None))
}

/// What a look at our children found.
struct Now {
    ended: Option<Exit>,
    stopped: bool,
}
