//! Which sources a machine has, and which of them serve: the best of each part.
//!
//! A processor is read through powercap, else perf, else hwmon; all of the machine through its battery where nothing
//! else is there; else its energy is modelled. Accelerators are read through NVML and hwmon.

use std::fs;
use std::time::Duration;

use lessen_units::{Figure, Watts};

use crate::model::Model;
use crate::processors::family_of;
use crate::share::MachineClock;
use crate::sources::battery::Batteries;
use crate::sources::hwmon::Hwmon;
use crate::sources::memory;
use crate::sources::nvidia::{Boards, Unread, Visible};
use crate::sources::perf::{Kernel, Perf, PowerEvents};
use crate::sources::powercap::{Powercap, Wanted};
use crate::sources::replay::Replay;
use crate::sources::{Part, Refusal, Roots, Source};

/// What is to be read, and where it is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The system's files.
    pub roots: Roots,
    /// Whether to count all of the platform (`psys`) in place of the packages and their memory.
    pub psys: bool,
    /// Which boards the command may use.
    pub visible: Visible,
    /// A recorded trace to play back in place of the parts that it has.
    pub replay: Option<Replay>,
    /// How often to read, at most; sources of power are read more often.
    pub interval: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            roots: Roots::default(),
            psys: false,
            visible: Visible::default(),
            replay: None,
            interval: Duration::from_secs(1),
        }
    }
}

/// The sources that serve on this machine.
pub struct Ladder {
    pub(crate) steps: Vec<Step>,
    /// Why the processor has no source but the model, or not the best.
    pub(crate) processor_why: String,
    /// Accelerators that are there and cannot be read.
    pub(crate) unread: Vec<Unread>,
    pub(crate) model: Model,
    pub(crate) memory: Figure<Watts>,
    pub(crate) clock: MachineClock,
    pub(crate) interval: Duration,
}

/// A source that serves.
pub(crate) struct Step {
    pub(crate) source: Box<dyn Source>,
    /// Why no better one does.
    pub(crate) why: Option<String>,
}

/// A source that was looked for.
pub(crate) struct Candidate {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    pub(crate) found: Result<Box<dyn Source>, Refusal>,
    /// Devices of it that are there and cannot be read.
    pub(crate) unread: Vec<Unread>,
}

/// What a candidate serves for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The parts that a trace has.
    Replay,
    Processor,
    Accelerator,
    /// Where no other source serves.
    Last,
}

impl Ladder {
    /// Looks for everything that can be read. Opens the sources; the first reading is left to
    /// [`Recorder::begin`](crate::Recorder::begin).
    pub fn find(settings: &Settings) -> Self {
        Self::of(candidates(settings, &Kernel), settings)
    }

    /// A ladder of given sources, such as fakes; what they lack is modelled.
    pub fn with_sources(sources: Vec<Box<dyn Source>>, settings: &Settings) -> Self {
        let mut ladder = Self::of(Vec::new(), settings);
        ladder.steps = sources.into_iter().map(|source| Step { source, why: None }).collect();
        ladder
    }

    fn of(candidates: Vec<Candidate>, settings: &Settings) -> Self {
        let (mut steps, mut unread, mut whys): (Vec<Step>, _, Vec<String>) =
            (Vec::new(), Vec::new(), Vec::new());
        for candidate in candidates {
            if !wanted(candidate.role, &steps) {
                continue;
            }
            unread.extend(candidate.unread);
            match candidate.found {
                Ok(source) => {
                    let why =
                        (candidate.role != Role::Accelerator && !whys.is_empty()).then(|| whys.join("; "));
                    steps.push(Step { source, why });
                }
                Err(refusal) if candidate.role == Role::Accelerator => {
                    if refusal.there {
                        let device = format!("gpu ({})", candidate.name);
                        unread.push(Unread { device, why: refusal.why });
                    }
                }
                Err(refusal) => whys.push(refusal.why),
            }
        }
        // A device without sensor is not worth a thread's reading.
        steps.retain(|step| !step.source.devices().is_empty());
        let cpuinfo = fs::read_to_string(settings.roots.proc.join("cpuinfo")).unwrap_or_default();
        let vcpus = std::thread::available_parallelism().map_or(1.0, |vcpus| vcpus.get() as f64);
        Self {
            steps,
            processor_why: whys.join("; "),
            unread,
            model: Model::new(family_of(&cpuinfo), vcpus),
            memory: memory::modelled(&settings.roots),
            clock: MachineClock::new(&settings.roots),
            interval: settings.interval,
        }
    }
}

/// Whether a candidate is needed beside those chosen before it.
pub(crate) fn wanted(role: Role, chosen: &[Step]) -> bool {
    let has = |parts: &[Part]| {
        let mut devices = chosen.iter().flat_map(|step| step.source.devices());
        devices.any(|device| parts.contains(&device.part))
    };
    match role {
        Role::Replay => true,
        Role::Processor => !has(&[Part::Processor, Part::Machine]),
        // A trace that has accelerators stands for all of them, and so does one of all of the machine.
        Role::Accelerator => {
            !chosen.iter().any(|step| step.source.name() == "replay")
                || !has(&[Part::Accelerator, Part::Machine])
        }
        Role::Last => chosen.is_empty(),
    }
}

/// Everything that is looked for, the best of each part first.
pub(crate) fn candidates(settings: &Settings, perf: &dyn Perf) -> Vec<Candidate> {
    let roots = &settings.roots;
    let powercap = |wanted| boxed(Powercap::find(&roots.sys.join("class/powercap"), wanted));
    let events = |wanted| boxed(PowerEvents::find(roots, wanted, perf));
    let mut found = Vec::new();
    let mut add = |name, role, source| {
        found.push(Candidate { name, role, found: source, unread: Vec::new() });
    };
    if let Some(replay) = &settings.replay {
        add("replay", Role::Replay, Ok(Box::new(replay.clone())));
    }
    if settings.psys {
        add("powercap", Role::Processor, powercap(Wanted::Platform));
        add("perf", Role::Processor, events(Wanted::Platform));
    }
    add("powercap", Role::Processor, powercap(Wanted::Processors));
    add("perf", Role::Processor, events(Wanted::Processors));
    add("hwmon", Role::Processor, boxed(Hwmon::processors(&roots.sys)));
    let (boards, unread) = match Boards::find(&roots.sys, &settings.visible) {
        Ok((boards, unread)) => (Ok(boards), unread),
        Err(refusal) => (Err(refusal), Vec::new()),
    };
    found.push(Candidate { name: "nvml", role: Role::Accelerator, found: boxed(boards), unread });
    let mut add = |name, role, source| {
        found.push(Candidate { name, role, found: source, unread: Vec::new() });
    };
    add("hwmon", Role::Accelerator, boxed(Hwmon::amd_boards(&roots.sys, &settings.visible)));
    add("battery", Role::Last, boxed(Batteries::find(&roots.sys)));
    found
}

fn boxed<S: Source + 'static>(found: Result<S, Refusal>) -> Result<Box<dyn Source>, Refusal> {
    found.map(|source| Box::new(source) as Box<dyn Source>)
}
