//! Any command, run as if nothing were there, and what its whole process tree used.
//!
//! A [`Command`] is started with [`Command::spawn`] and becomes a [`Running`]; [`Running::wait`] sleeps until it has
//! [`Ended`] and gives its [`Usage`]: CPU time and memory of all its processes, however short they lived, wherever they
//! went. Standard input and output, terminal, signals, working folder, environment and exit code are the command's own:
//! it stays in our process group and session, so the terminal treats it as if we were not there.
//!
//! Beside it: [`mask`] hides the secrets of a command line, [`stages`] lets the command say what it is at, and
//! [`metrics`] serves numbers while it runs. This crate knows nothing of energy and keeps nothing: the callbacks
//! ([`Running::wait`], [`stages::Listener::start`]) are the moments to read a meter and to write to a ledger.
//!
//! # How CPU time is counted
//! By a control group where one may be made (version 2, or `cpuacct` of version 1), and by reaping: this process takes
//! in the orphans of the command (`PR_SET_CHILD_SUBREAPER`) and waits for all, and what still runs is read from `/proc`.
//! The larger of the two is given, since each can only miss something: a group misses what moves itself to another
//! one, reaping the children of a process that ignores `SIGCHLD`, for which nobody waits. Without a group such a
//! process makes the figure a band. Nothing is counted of what somebody else starts at the command's wish (a container
//! of a daemon, a job of a batch system).
//!
//! # Limits
//! While a command runs, every child of this process counts as the command's; start no other. The handlers of signals
//! stay after the command has ended: Ctrl-C while its receipt is written does nothing. A `SIGCHLD` that this process was
//! started to ignore is at its default in the command.
//! Commands are run on Linux only; the rest needs Unix.
//!
//! # Example
//! ```no_run
//! use std::time::Duration;
//!
//! use lessen_command::{Command, Options};
//!
//! let argv = ["python", "train.py"].map(std::ffi::OsString::from);
//! let mut running = Command::new(argv, Options::default()).spawn()?;
//! let ended = running.wait(Duration::from_secs(5), |so_far| {
//!     // A checkpoint: so_far.cpu, so_far.peak_memory.
//! })?;
//! println!("{:?} of CPU time, by {}", ended.usage.cpu.value(), ended.usage.cpu.how());
//! std::process::exit(i32::from(ended.exit.code()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(target_os = "linux")]
mod command;
#[cfg(target_os = "linux")]
mod error;
pub mod metrics;
#[cfg(target_os = "linux")]
mod running;
mod secrets;
mod service;
#[cfg(target_os = "linux")]
mod signals;
pub mod stages;
#[cfg(target_os = "linux")]
mod tree;

#[cfg(target_os = "linux")]
pub use command::{Command, Options, Prepared};
#[cfg(target_os = "linux")]
pub use error::{SpawnError, WaitError};
#[cfg(target_os = "linux")]
pub use running::{Ended, Exit, Running, Waker};
pub use secrets::mask;
#[cfg(target_os = "linux")]
pub use tree::Usage;
