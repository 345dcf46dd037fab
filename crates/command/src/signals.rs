//! The signals that are meant for the command and reach us.
//!
//! The command is in our process group. What the terminal sends (Ctrl-C, Ctrl-\, Ctrl-Z, a changed window size, a
//! hang-up) it sends to the whole group, so the command has it already: we only must not die of it. What a process
//! sends (`kill`, a batch system, a supervisor) goes to us alone, since ours is the process that was started: it is
//! passed on. What the command sends to its parent or its group is not passed back to it.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use rustix::process::Signal;
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::{Cause, Origin};

use crate::tree::is_descendant;

/// All that we listen to beside the ends of children. `SIGKILL` and `SIGSTOP` cannot be caught; the signals of faults
/// are our own.
const MEANT_FOR_THE_COMMAND: [Signal; 10] = [
    Signal::HUP,
    Signal::INT,
    Signal::QUIT,
    Signal::USR1,
    Signal::USR2,
    Signal::ALARM,
    Signal::TERM,
    Signal::TSTP,
    Signal::CONT,
    Signal::WINCH,
];

const ASK_TO_END: [Signal; 4] = [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM];

/// Signals, queued for a loop that can wait for them with others.
#[derive(Debug)]
pub(crate) struct Signals {
    delivery: SignalDelivery<UnixStream, WithOrigin>,
}

/// What has come.
#[derive(Debug, Default)]
pub(crate) struct Arrived {
    /// To be sent to the command.
    pub(crate) to_pass_on: Vec<Signal>,
    /// We were stopped and go on.
    pub(crate) continued: bool,
    /// Somebody, the terminal or a process, asks that this ends.
    pub(crate) asked_to_end: bool,
}

impl Signals {
    /// Catches what is not ignored. What we were told to ignore (`nohup`) the command has to ignore too, which it
    /// inherits as long as we leave it alone.
    pub(crate) fn listen() -> io::Result<Self> {
        let ignored = ignored_signals(&fs::read_to_string("/proc/self/status").unwrap_or_default());
        let caught = MEANT_FOR_THE_COMMAND
            .into_iter()
            .filter(|signal| ignored & bit(*signal) == 0)
            .chain([Signal::CHILD])
            .map(Signal::as_raw);
        let (read, write) = UnixStream::pair()?;
        let delivery = SignalDelivery::with_pipe(read, write, WithOrigin::default(), caught)?;
        Ok(Self { delivery })
    }

    /// Readable when there is something for [`Signals::arrived`].
    pub(crate) fn readable(&self) -> BorrowedFd<'_> {
        self.delivery.get_read().as_fd()
    }

    /// What came since the last call; never blocks.
    pub(crate) fn arrived(&mut self) -> Arrived {
        let mut arrived = Arrived::default();
        for origin in self.delivery.pending() {
            let signal = Signal::from_named_raw(origin.signal);
            arrived.asked_to_end |= signal.is_some_and(|signal| ASK_TO_END.contains(&signal));
            match signal {
                Some(Signal::CHILD) | None => {}
                Some(Signal::CONT) => arrived.continued = true,
                Some(signal) if is_for_us_alone(&origin) => arrived.to_pass_on.push(signal),
                Some(_) => {}
            }
        }
        arrived
    }
}

fn is_for_us_alone(origin: &Origin) -> bool {
    match (&origin.cause, &origin.process) {
        (Cause::Kernel, _) => false,
        (_, Some(sender)) => !is_descendant(sender.pid),
        (_, None) => true,
    }
}

/// The signals that a process ignores, by the `SigIgn` line of its `/proc/PID/status`: signal n is bit n - 1.
pub(crate) fn ignored_signals(status: &str) -> u64 {
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// The place of a signal in such a mask.
pub(crate) fn bit(signal: Signal) -> u64 {
    1 << (signal.as_raw() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_is_hexadecimal() {
        let status = "SigBlk:\t0000000000000001\nSigIgn:\t0000000000011001\nSigCgt:\t0000000000000002\n";
        let mask = ignored_signals(status);
        for (signal, ignored) in
            [(Signal::HUP, true), (Signal::PIPE, true), (Signal::CHILD, true), (Signal::INT, false)]
        {
            assert_eq!(mask & bit(signal) != 0, ignored, "{signal:?}");
        }
        assert_eq!(ignored_signals("SigIgn:\tnonsense\n"), 0);
    }
}
