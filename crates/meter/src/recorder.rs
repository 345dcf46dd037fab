//! The energy of a command: read when it begins, on the way, and when it ends.

use std::fmt;

use lessen_units::{Bytes, Figure, Joules, Seconds};

use crate::ladder::Ladder;
use crate::model::Model;
use crate::moment::Moment;
use crate::process::peak_memory;
use crate::reading::{Account, Reading};
use crate::sampler::{Mark, Sampler, Since};
use crate::share::{MachineClock, Share};
use crate::sources::nvidia::Unread;
use crate::sources::{Part, Rung};

/// Reads the sources of a ladder from a thread of its own while a command runs.
///
/// The first reading is made in [`Recorder::begin`], the last in [`Recorder::end`], so that a command is measured
/// however short it is beside the interval. Shared freely between threads.
pub struct Recorder {
    sampler: Sampler,
    /// Why each device has no better source, in the order of the sampler's.
    whys: Vec<Option<String>>,
    processor_why: String,
    unread: Vec<Unread>,
    model: Model,
    memory: Figure<lessen_units::Watts>,
    clock: MachineClock,
    start: Start,
}

/// A moment to count from: that at which the recorder began, or a stage.
#[derive(Clone, Debug)]
pub struct Start {
    mark: Mark,
    began: Moment,
    busy: Option<Seconds>,
}

/// What metering itself takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Overhead {
    /// CPU time of reading the sources.
    pub cpu_seconds: Seconds,
    /// The same as a share of one CPU over the time since the recorder began.
    pub share: f64,
    /// The largest resident memory of all of this process so far.
    pub resident: Figure<Bytes>,
}

impl Recorder {
    /// Makes the first reading and goes on at the ladder's interval.
    pub fn begin(ladder: Ladder) -> Self {
        let of_step = |step: &crate::ladder::Step| {
            let why = step.why.clone();
            let devices = step.source.devices().iter();
            devices.map(|device| device.why.clone().or_else(|| why.clone())).collect::<Vec<_>>()
        };
        let whys = ladder.steps.iter().flat_map(of_step).collect();
        let sources = ladder.steps.into_iter().map(|step| step.source).collect();
        let sampler = Sampler::start(sources, ladder.interval);
        let start = start(&sampler, &ladder.clock);
        Self {
            sampler,
            whys,
            processor_why: ladder.processor_why,
            unread: ladder.unread,
            model: ladder.model,
            memory: ladder.memory,
            clock: ladder.clock,
            start,
        }
    }

    /// Reads everything now and gives the moment to count from: the beginning of a stage.
    pub fn start(&self) -> Start {
        start(&self.sampler, &self.clock)
    }

    /// Reads everything now and gives what was used since the recorder began, `cpu_seconds` being the CPU time of
    /// the command since then; without it no share of a processor's energy can be told.
    pub fn so_far(&self, cpu_seconds: Option<Seconds>) -> Account {
        self.since(&self.start, cpu_seconds)
    }

    /// Reads everything now and gives what was used since `start`, `cpu_seconds` being the CPU time of the command
    /// since then.
    pub fn since(&self, start: &Start, cpu_seconds: Option<Seconds>) -> Account {
        let counted = self.sampler.since(&start.mark);
        let seconds = Moment::now().since(start.began).into();
        let busy = self.clock.busy_since(start.busy, seconds);
        let share = cpu_seconds.map(|cpu| self.clock.share(cpu, busy));
        let window = Window { recorder: self, seconds, busy, cpu: cpu_seconds, share };
        let (readings, apart) = window.readings(&counted);
        Account { seconds, readings, apart }
    }

    /// Makes the last reading, ends the thread, and gives what was used in all and what metering took.
    pub fn end(self, cpu_seconds: Option<Seconds>) -> (Account, Overhead) {
        let account = self.so_far(cpu_seconds);
        (account, self.overhead())
    }

    /// What metering has taken so far.
    pub fn overhead(&self) -> Overhead {
        let cpu_seconds = self.sampler.cpu_seconds();
        let wall = Seconds::from(Moment::now().since(self.start.began));
        let share = if wall > Seconds(0.0) { cpu_seconds.0 / wall.0 } else { 0.0 };
        Overhead { cpu_seconds, share, resident: peak_memory() }
    }
}

fn start(sampler: &Sampler, clock: &MachineClock) -> Start {
    let busy = clock.busy();
    let began = Moment::now();
    Start { mark: sampler.mark(), began, busy }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("sampler", &self.sampler).finish_non_exhaustive()
    }
}

/// What is known of a stretch of time apart from the sources.
struct Window<'recorder> {
    recorder: &'recorder Recorder,
    seconds: Seconds,
    busy: Seconds,
    cpu: Option<Seconds>,
    share: Option<Share>,
}

impl Window<'_> {
    /// What adds up to the total, and what is apart.
    fn readings(&self, counted: &[Since]) -> (Vec<Reading>, Vec<Reading>) {
        let of = |parts: &'static [Part]| {
            let whys = self.recorder.whys.iter();
            counted.iter().zip(whys).filter(|(since, _)| parts.contains(&since.device.part))
        };
        let shared = |(since, why): (&Since, &Option<String>)| self.shared(since, why.as_deref());
        let processors: Result<Vec<Reading>, String> =
            of(&[Part::Processor, Part::Machine]).map(shared).collect();
        let memory: Result<Vec<Reading>, String> = of(&[Part::Memory]).map(shared).collect();
        // One package that could not be read makes the others useless: a model knows all of the machine only.
        let (mut readings, measured) = match processors {
            Ok(readings) if !readings.is_empty() => (readings, true),
            Ok(_) => (vec![self.modelled(&self.recorder.processor_why)], false),
            Err(why) => (vec![self.modelled(&why)], false),
        };
        let whole = counted.iter().any(|since| since.device.part == Part::Machine);
        let mut apart = Vec::new();
        match memory {
            Ok(memory) if measured && !memory.is_empty() => readings.extend(memory),
            Ok(memory) if !memory.is_empty() => apart.extend(memory),
            Ok(_) if whole && measured => {}
            Ok(_) => apart.push(self.modelled_memory("no counter of memory")),
            Err(why) => apart.push(self.modelled_memory(&why)),
        }
        readings.extend(of(&[Part::Accelerator]).map(|(since, why)| whole_device(since, why.as_deref())));
        readings.extend(self.recorder.unread.iter().map(|unread| unavailable(&unread.device, &unread.why)));
        (readings, apart)
    }

    /// A device whose energy is divided by CPU time.
    fn shared(&self, since: &Since, why: Option<&str>) -> Result<Reading, String> {
        let machine = since.figure()?;
        let how = format!("{}, by share of the machine's busy CPU time", machine.how());
        let joules = match self.share {
            Some(share) => share.of(&machine, how),
            None => Figure::unavailable(NO_CPU_TIME),
        };
        Ok(reading(since, joules, machine, why))
    }

    fn modelled(&self, why: &str) -> Reading {
        let model = &self.recorder.model;
        Reading {
            device: "cpu".to_owned(),
            part: Part::Processor,
            source: "model".to_owned(),
            rung: Rung::Model,
            joules: match self.cpu {
                Some(cpu) => model.energy(self.seconds, cpu, why),
                None => Figure::unavailable(NO_CPU_TIME),
            },
            machine: model.machine(self.seconds, self.busy, self.recorder.clock.vcpus, why),
            why: Some(why.to_owned()),
        }
    }

    fn modelled_memory(&self, why: &str) -> Reading {
        let joules: Figure<Joules> = self.recorder.memory.map(|watts| watts * self.seconds);
        Reading {
            device: "memory".to_owned(),
            part: Part::Memory,
            source: "model".to_owned(),
            rung: Rung::Model,
            machine: joules.clone(),
            joules,
            why: Some(why.to_owned()),
        }
    }
}

const NO_CPU_TIME: &str = "the command's CPU time is not known";

/// A device whose energy is all the command's.
fn whole_device(since: &Since, why: Option<&str>) -> Reading {
    match since.figure() {
        Ok(machine) => reading(since, machine.clone(), machine, why),
        Err(why) => unavailable(&since.device.name, &why),
    }
}

fn reading(since: &Since, joules: Figure<Joules>, machine: Figure<Joules>, why: Option<&str>) -> Reading {
    Reading {
        device: since.device.name.clone(),
        part: since.device.part,
        source: since.source.clone(),
        rung: since.device.rung,
        joules,
        machine,
        why: why.map(str::to_owned),
    }
}

fn unavailable(device: &str, why: &str) -> Reading {
    Reading {
        device: device.to_owned(),
        part: Part::Accelerator,
        source: "none".to_owned(),
        rung: Rung::Unavailable,
        joules: Figure::unavailable(why.to_owned()),
        machine: Figure::unavailable(why.to_owned()),
        why: Some(why.to_owned()),
    }
}
