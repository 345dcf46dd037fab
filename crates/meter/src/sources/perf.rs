//! The energy counters of processors as perf events: the PMU `power` under `/sys/bus/event_source/devices`.
//!
//! The same sensors as powercap's, with 64 bits that never go round. They are counted for all of the machine, which
//! the kernel allows to whoever has the capability `CAP_PERFMON`, or where `perf_event_paranoid` is 0 or less. The
//! files there say which CPU to ask for each package, and the energy of one count.

mod syscall;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lessen_units::Joules;

use super::files::{number, number_or_refusal, text, text_if_any};
use super::powercap::Wanted;
use super::{Device, Part, Refusal, Roots, Rung, Sample, Source};
use crate::moment::Moment;

/// The kernel reads the sensors when it is asked; they show a new value about every millisecond.
const REFRESH: Duration = Duration::from_millis(1);

/// The events that are counted, and what they count.
const EVENTS: [(&str, Part); 3] =
    [("energy-pkg", Part::Processor), ("energy-ram", Part::Memory), ("energy-psys", Part::Machine)];

/// How the kernel is asked for a counter: itself, or a fake.
pub(crate) trait Perf {
    /// A counter of an event of a PMU, for all of the machine, asked of one CPU.
    fn open(&self, pmu: u32, config: u64, cpu: u32) -> io::Result<Box<dyn Counter>>;
}

/// A counter that is open.
pub(crate) trait Counter: Send {
    /// What it shows.
    fn count(&mut self) -> io::Result<u64>;
}

/// The kernel of this machine.
pub(crate) struct Kernel;

impl Perf for Kernel {
    fn open(&self, pmu: u32, config: u64, cpu: u32) -> io::Result<Box<dyn Counter>> {
        Ok(Box::new(syscall::open(pmu, config, cpu)?))
    }
}

/// The counters of all packages.
pub(crate) struct PowerEvents {
    counters: Vec<(Box<dyn Counter>, Joules)>,
    devices: Vec<Device>,
}

impl PowerEvents {
    /// Opens the counters that `roots` describe.
    pub(crate) fn find(roots: &Roots, wanted: Wanted, perf: &dyn Perf) -> Result<Self, Refusal> {
        let pmu = roots.sys.join("bus/event_source/devices/power");
        if !pmu.exists() {
            return Err(Refusal::absent("no perf events of energy"));
        }
        let kind = number_or_refusal(&pmu.join("type"))?;
        let kind =
            u32::try_from(kind).map_err(|_| Refusal::broken(format!("`{kind}` is no type of a PMU")))?;
        let mut found = Self { counters: Vec::new(), devices: Vec::new() };
        let cpus = cpus(&pmu.join("cpumask")).map_err(Refusal::broken)?;
        for (name, part) in EVENTS.into_iter().filter(|(_, part)| wanted == Wanted::of(*part)) {
            let Some(event) = Event::read(&pmu.join("events").join(name)).map_err(Refusal::broken)? else {
                continue;
            };
            // The platform is one, and every package shows it.
            let asked = if part == Part::Machine { &cpus[..1] } else { &cpus };
            for &cpu in asked {
                let counter =
                    perf.open(kind, event.config, cpu).map_err(|error| refusal(roots, name, &error))?;
                found.counters.push((counter, event.unit));
                found.devices.push(device(&roots.sys, part, cpu));
            }
        }
        if !found.devices.iter().any(|device| device.part != Part::Memory) {
            return Err(Refusal::absent("perf has no event of the energy of packages"));
        }
        Ok(found)
    }
}

impl Source for PowerEvents {
    fn name(&self) -> &str {
        "perf"
    }

    fn devices(&self) -> &[Device] {
        &self.devices
    }

    fn read(&mut self, _: Moment, into: &mut [Result<Sample, String>]) {
        for ((counter, unit), place) in self.counters.iter_mut().zip(into) {
            *place = match counter.count() {
                Ok(count) => Ok(Sample::Counted { count, unit: *unit, range: None }),
                Err(error) => Err(format!("cannot read the perf event: {error}")),
            };
        }
    }
}

/// An event as its files describe it.
#[derive(Debug, PartialEq)]
struct Event {
    config: u64,
    /// Of one count.
    unit: Joules,
}

impl Event {
    /// `None` where there is no such event.
    fn read(path: &Path) -> Result<Option<Self>, String> {
        let Some(event) = text_if_any(path) else { return Ok(None) };
        let beside = |suffix: &str| text(&path.with_extension(suffix));
        let unit = beside("unit")?;
        if unit != "Joules" {
            return Err(format!("`{}` is in `{unit}`, expected `Joules`", path.display()));
        }
        let scale = beside("scale")?;
        let joules = scale.parse().ok().filter(|scale: &f64| scale.is_finite() && *scale > 0.0);
        match (config(&event), joules) {
            (Some(config), Some(joules)) => Ok(Some(Self { config, unit: Joules(joules) })),
            _ => Err(format!(
                "`{}` holds `{event}` and its scale `{scale}`, expected `event=0x..` and a number",
                path.display()
            )),
        }
    }
}

/// Of `event=0x02`, which the format of this PMU puts into the lowest bits.
fn config(event: &str) -> Option<u64> {
    u64::from_str_radix(event.strip_prefix("event=0x")?, 16).ok()
}

/// The CPUs of a list such as `0,18` or `0-1`; at least one.
fn cpus(path: &Path) -> Result<Vec<u32>, String> {
    let list = text(path)?;
    let range = |range: &str| -> Option<std::ops::RangeInclusive<u32>> {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        (first <= last && last < MOST_CPUS).then_some(first..=last)
    };
    let ranges: Option<Vec<_>> = list.split(',').map(range).collect();
    ranges
        .map(|ranges| ranges.into_iter().flatten().collect())
        .ok_or_else(|| format!("`{}` holds `{list}`, expected numbers of CPUs", path.display()))
}

/// More than Linux can be built for.
const MOST_CPUS: u32 = 1 << 16;

fn device(sys: &Path, part: Part, cpu: u32) -> Device {
    let topology = sys.join(format!("devices/system/cpu/cpu{cpu}/topology"));
    let package = number(&topology.join("physical_package_id"))
        .map_or_else(|_| format!("package of cpu {cpu}"), |package| format!("package-{package}"));
    let name = match part {
        Part::Processor => format!("cpu {package}"),
        Part::Memory => format!("memory {package}"),
        Part::Accelerator | Part::Machine => "psys".to_owned(),
    };
    Device { name, part, rung: Rung::Counter, refresh: REFRESH, why: None }
}

fn refusal(roots: &Roots, event: &str, error: &io::Error) -> Refusal {
    let paranoid = paranoid(roots);
    if error.kind() == ErrorKind::PermissionDenied {
        let level = text_if_any(&paranoid).unwrap_or_else(|| "unknown".to_owned());
        let why = format!("no permission for the perf event `{event}`: perf_event_paranoid is {level}");
        return Refusal { denied: vec![paranoid], ..Refusal::broken(why) };
    }
    Refusal::broken(format!("cannot open the perf event `{event}`: {error}"))
}

/// How much the kernel keeps from those who are not root.
fn paranoid(roots: &Roots) -> PathBuf {
    roots.proc.join("sys/kernel/perf_event_paranoid")
}

#[cfg(test)]
mod tests;
