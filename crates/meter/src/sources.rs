//! Ways to read energy, each in a file of its own, behind one trait.
//!
//! A [`Source`] reads one or more [`Device`]s and says what stands there now: the state of a counter, or the
//! power drawn ([`Sample`]). What follows from two samples is worked out elsewhere and the same for all
//! (`track`), so that a source is little more than the places where it looks.

pub(crate) mod battery;
pub(crate) mod files;
pub(crate) mod hwmon;
pub(crate) mod memory;
pub(crate) mod nvidia;
pub(crate) mod perf;
pub(crate) mod powercap;
pub(crate) mod replay;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use lessen_units::{Joules, Watts};

use crate::moment::Moment;

/// One way to read the energy of one or more devices.
pub trait Source: Send {
    /// What receipts call it: `powercap`, `perf`, `nvml`, …
    fn name(&self) -> &str;

    /// What it reads, in the order of the samples.
    fn devices(&self) -> &[Device];

    /// How often it must be read at least; `None` where any interval serves.
    fn interval(&self) -> Option<Duration> {
        None
    }

    /// Reads every device once: `into` has a place for each, and gets the sample or the reason why there is none
    /// now. Called about once a second; does not allocate where it succeeds.
    fn read(&mut self, now: Moment, into: &mut [Result<Sample, String>]);
}

/// What a source found at a device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sample {
    /// Energy since whenever.
    Counted {
        /// What the counter shows.
        count: u64,
        /// The energy of one count.
        unit: Joules,
        /// The counter begins again at 0 after this count; `None` where it never does.
        range: Option<u64>,
    },
    /// The power drawn now.
    Drawn(Watts),
}

/// Something whose energy is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// For people: `cpu package-0`, `gpu 0 (NVIDIA A100)`.
    pub name: String,
    /// Which part of the machine it is.
    pub part: Part,
    /// How good the reading is.
    pub rung: Rung,
    /// How old what it shows may be: about how often it shows something new.
    pub refresh: Duration,
    /// Why it has no better reading; `None` where this is the best.
    pub why: Option<String>,
}

/// Which part of the machine a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A processor.
    Processor,
    /// Main memory.
    Memory,
    /// A graphics processor or another accelerator.
    Accelerator,
    /// All of the machine.
    Machine,
}

/// How an energy came to be known, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// From a counter of energy.
    Counter,
    /// Power, read often and added up over time.
    IntegratedPower,
    /// Worked out from what was used.
    Model,
    /// Said by somebody.
    Declared,
    /// Not known.
    Unavailable,
}

impl Part {
    /// More than any such device draws. What is above it is no reading, and as long as a counter could not go
    /// round at this power, it went round at most once.
    pub(crate) fn most_watts(self) -> Watts {
        match self {
            Self::Machine => Watts(20_000.0),
            Self::Processor | Self::Memory | Self::Accelerator => Watts(1500.0),
        }
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "energy counter",
            Self::IntegratedPower => "integrated power",
            Self::Model => "model",
            Self::Declared => "declared",
            Self::Unavailable => "unavailable",
        })
    }
}

/// Where the system's files are; other places for tests, and for the host's files as a container sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    /// `/sys`.
    pub sys: PathBuf,
    /// `/proc`.
    pub proc: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self { sys: "/sys".into(), proc: "/proc".into() }
    }
}

/// What was looked for and not found, or found and not usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// For people.
    pub(crate) why: String,
    /// Whether there is something that could be read if it were allowed or mended.
    pub(crate) there: bool,
    /// The files that may not be read.
    pub(crate) denied: Vec<PathBuf>,
}

impl Refusal {
    /// There is nothing of that kind.
    pub(crate) fn absent(why: impl Into<String>) -> Self {
        Self { why: why.into(), there: false, denied: Vec::new() }
    }

    /// It is there and of no use.
    pub(crate) fn broken(why: impl Into<String>) -> Self {
        Self { why: why.into(), there: true, denied: Vec::new() }
    }
}
