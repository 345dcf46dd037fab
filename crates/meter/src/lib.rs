//! What a stretch of work used: time, CPU time, energy, memory, of this process alone.
//!
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
//! # Example
//! ```
//! use lessen_meter::{Meter, thread_cpu_seconds};
//!
//! let meter = Meter::detect();
//! let window = meter.begin();
//! let before = thread_cpu_seconds();
//! let sum: f64 = (0..100_000).map(f64::from).map(f64::sqrt).sum();
//! let part = thread_cpu_seconds() - before;
//! let usage = window.end();
//! assert!(sum > 0.0 && usage.joules.value() >= usage.share(part).value());
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
