//! What the system has added up over the children that were waited for, and those that they had waited for.

use std::time::Duration;

use lessen_units::{Bytes, Seconds};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// `getrusage(RUSAGE_CHILDREN)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reaped {
    /// CPU time, user and system.
    pub(crate) cpu: Seconds,
    /// Of the largest of them; 0 where none has ended.
    pub(crate) peak_memory: Bytes,
}

impl Reaped {
    /// Until now, since this process began.
    pub(crate) fn so_far() -> Self {
        // The call fails for arguments only that it is never given.
        let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else {
            return Self { cpu: Seconds(0.0), peak_memory: Bytes(0.0) };
        };
        Self {
            cpu: seconds(usage.user_time()) + seconds(usage.system_time()),
            peak_memory: Bytes(super::proc::bytes_of_kibibytes(usage.max_rss().unsigned_abs()) as f64),
        }
    }
}

fn seconds(time: TimeVal) -> Seconds {
    let whole = Duration::from_secs(time.tv_sec().unsigned_abs());
    Seconds::from(whole + Duration::from_micros(time.tv_usec().unsigned_abs()))
}
