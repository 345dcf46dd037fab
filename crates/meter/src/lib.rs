//! What a stretch of work used: time, CPU time, energy, memory; of this process, or of any command.
//!
//! # This process
//! A [`Meter`] finds out once what can be read here. [`Meter::begin`] opens a [`Window`], [`Window::end`]
//! gives its [`Usage`]. Where the processor's energy counters may be read (powercap: Linux on metal, usually
//! as root) the energy is measured; anywhere else it is modelled from CPU time and the watts of the processor's family.
//! Each [`Figure`](lessen_units::Figure) says which it was, and why not the better one, and has a band that
//! holds what is not known; the two bands are described at [`Usage::joules`].
//!
//! Child processes are not counted. Windows may nest and overlap, and then each counts all that the process
//! did in it: for parts that run side by side open one window around them and divide it with
//! [`Usage::share`].
//!
//! # Any command
//! A [`Ladder`] is the best [`Source`] of each part of the machine: counters of energy before power that is added up,
//! before a model ([`Rung`]). A [`Recorder`] reads them before the command begins, from a thread of its own while it
//! runs, and when it has ended, and gives an [`Account`]: a [`Reading`] of each device, what could not be read with its
//! reason, and their [`Total`]. The CPU time of the command, by which it is given its share of the machine's energy, is
//! counted by the caller. [`doctor`] says what could be read and what that takes.
//!
//! Memory without a counter is shown apart and is in no total: its model is as good as a guess, and the model of the
//! processor includes it.
//!
//! # Example
//! ```
//! use lessen_meter::{Ladder, Meter, Recorder, Settings, thread_cpu_seconds};
//!
//! let meter = Meter::detect();
//! let window = meter.begin();
//! let before = thread_cpu_seconds();
//! let sum: f64 = (0..100_000).map(f64::from).map(f64::sqrt).sum();
//! let part = thread_cpu_seconds() - before;
//! let usage = window.end();
//! assert!(sum > 0.0 && usage.joules.value() >= usage.share(part).value());
//!
//! let recorder = Recorder::begin(Ladder::find(&Settings::default()));
//! // ... a command runs ...
//! let (account, overhead) = recorder.end(Some(part));
//! for reading in account.readings.iter().chain(&account.apart) {
//!     assert!(reading.joules.value().is_some() || !reading.joules.how().is_empty(), "a number or a reason");
//! }
//! assert!(account.total().joules.low() <= account.total().joules.value() && overhead.share < 1.0);
//! ```

pub mod doctor;
mod ladder;
mod meter;
mod model;
mod moment;
mod process;
mod processors;
mod reading;
mod recorder;
mod sampler;
mod share;
mod sources;
mod track;

pub use ladder::{Ladder, Settings};
pub use meter::{Meter, Usage, Window};
pub use moment::Moment;
pub use process::{peak_memory, thread_cpu_seconds};
pub use reading::{Account, Reading, Total};
pub use recorder::{Overhead, Recorder, Start};
pub use sources::nvidia::Visible;
pub use sources::replay::{Replay, ReplayError};
pub use sources::{Device, Part, Roots, Rung, Sample, Source};
