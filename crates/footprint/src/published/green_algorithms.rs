//! Lannelongue, Grealey & Inouye 2021, "Green Algorithms: Quantifying the Carbon Footprint of Computation" (Advanced
//! Science 8(12), 2100707), and the calculator of that name.

use lessen_records::Study;
use lessen_records::study::StudyRow;
use lessen_units::{Figure, GramsPerKilowattHour, Hours, Joules, KilowattHours, Kind, Watts};
use serde::Deserialize;

use super::{BuiltIn, built_in, claim, printed::Printed, rows, study_of};
use crate::tables::reading::{Row, Unfit, said, within};
use crate::tables::{Confidence, Tables};
use crate::{Intensity, carbon};

pub(super) const NAME: &str = "green-algorithms";

/// Cores or GPUs of one kind that a job holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// How many.
    pub count: f64,
    /// What one draws in full use.
    pub watts_each: Figure<Watts>,
    /// The part of that which is used, from 0 to 1; 1 where it is not known.
    pub usage: f64,
}

impl Draw {
    /// None of them.
    pub fn none() -> Self {
        Self { count: 0.0, watts_each: Figure::exact(Watts(0.0), Kind::Counted, ""), usage: 1.0 }
    }

    /// Cores of a processor that is not known, in full use: 12 W each in our tables (`cpu-core`).
    pub fn any_cores(count: f64, tables: &Tables) -> Self {
        Self { count, watts_each: default(tables, "cpu-core").map(Watts), usage: 1.0 }
    }

    /// GPUs that are not known, in full use: 200 W each in our tables (`gpu`).
    pub fn any_gpus(count: f64, tables: &Tables) -> Self {
        Self { count, watts_each: default(tables, "gpu").map(Watts), usage: 1.0 }
    }

    fn watts(&self) -> Figure<Watts> {
        let factor = self.count * self.usage;
        self.watts_each.map(|watts| watts * factor)
    }
}

/// A job as the calculator asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// How long it runs.
    pub time: Figure<Hours>,
    /// Cores of processors.
    pub cores: Draw,
    /// GPUs.
    pub gpus: Draw,
    /// Memory that it holds, used or not, in gigabytes.
    pub memory_gb: f64,
    /// The building's energy over that of the computers in it (power usage effectiveness), 1 or more.
    pub pue: Figure<f64>,
    /// How often it is run (the paper's pragmatic scaling factor), 1 for once.
    pub repeats: f64,
}

/// Energy that is bought for a job: `t (n_c P_c u_c + n_g P_g u_g + 0.3725 GB) PUE PSF / 1000`, in kilowatt-hours of `t`
/// hours.
///
/// `c` are cores and `g` GPUs, `n` how many, `P` the watts of one and `u` the part of it that is used; GB is
/// memory at 0.3725 W a gigabyte (the value of `memory` in the table of defaults, without its band: the method has
/// none), PSF [`Job::repeats`]. The band is that of the time times that of the watts times that of the PUE.
///
/// Unavailable where an input is, and where one cannot be: a count, a size or a time below 0, a usage outside of 0 to 1,
/// a PUE below 1.
pub fn green_algorithms_energy(job: &Job, tables: &Tables) -> Figure<KilowattHours> {
    if let Err(why) = job.check() {
        return Figure::unavailable(why);
    }
    let Some(per_gb) = tables.defaults.get("memory") else {
        return Figure::unavailable("the table of defaults has no `memory`");
    };
    let memory = Watts(per_gb.value * job.memory_gb);
    let memory = Figure::exact(memory, Kind::Estimated, format!("{} W/GB of memory", per_gb.value));
    let watts = &(&job.cores.watts() + &job.gpus.watts()) + &memory;
    let once = &(&watts * &job.time) * &job.pue;
    once.map(|energy| energy * job.repeats)
}

impl Job {
    fn check(&self) -> Result<(), String> {
        bounded("the number of cores", self.cores.count, 0.0, f64::MAX)?;
        bounded("the usage of cores", self.cores.usage, 0.0, 1.0)?;
        bounded("the number of GPUs", self.gpus.count, 0.0, f64::MAX)?;
        bounded("the usage of GPUs", self.gpus.usage, 0.0, 1.0)?;
        bounded("memory, in GB,", self.memory_gb, 0.0, f64::MAX)?;
        bounded("the number of runs", self.repeats, 0.0, f64::MAX)?;
        for (what, least, low) in [
            ("the watts of a core", 0.0, self.cores.watts_each.low().map(|watts| watts.0)),
            ("the watts of a GPU", 0.0, self.gpus.watts_each.low().map(|watts| watts.0)),
            ("the time, in hours,", 0.0, self.time.low().map(|hours| hours.0)),
            ("PUE", 1.0, self.pue.low()),
        ] {
            low.map_or(Ok(()), |low| bounded(what, low, least, f64::MAX))?;
        }
        Ok(())
    }
}

fn bounded(what: &str, value: f64, low: f64, high: f64) -> Result<(), String> {
    match (low..=high).contains(&value) {
        true => Ok(()),
        false if high == f64::MAX => Err(format!("{what} is {value}, expected {low} or more")),
        false => Err(format!("{what} is {value}, expected {low} to {high}")),
    }
}

fn default(tables: &Tables, key: &str) -> Figure<f64> {
    match tables.defaults.get(key) {
        Some(row) => row.figure(),
        None => Figure::unavailable(format!("the table of defaults has no `{key}`")),
    }
}

static WORKED: BuiltIn<Worked> = built_in!("green_algorithms.csv");

/// Jobs of which energy and emissions are worked out by hand, and by [`green_algorithms_energy`].
pub(super) fn study() -> Study {
    let spec = serde_json::json!({
        "paper": "Lannelongue, Grealey, Inouye 2021 (Green Algorithms), Advanced Science 8(12) 2100707",
        "vectors": "worked by hand from the method; not the paper's own",
    });
    study_of(NAME, spec, rows(&WORKED).iter().flat_map(Worked::compare).collect())
}

/// A job and what it takes, worked by hand.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Worked {
    key: String,
    what: String,
    hours: f64,
    cores: f64,
    watts_per_core: f64,
    core_usage: f64,
    gpus: f64,
    watts_per_gpu: f64,
    gpu_usage: f64,
    memory_gb: f64,
    pue: f64,
    repeats: f64,
    g_per_kwh: f64,
    worked_kwh: Printed,
    worked_g_co2e: Printed,
    source: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the table; checked as it is read")]
    confidence: Confidence,
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the table")]
    note: String,
}

impl Worked {
    fn job(&self) -> Job {
        let said = |watts| Figure::exact(Watts(watts), Kind::Declared, self.source.clone());
        Job {
            time: Figure::exact(Hours(self.hours), Kind::Declared, self.source.clone()),
            cores: Draw { count: self.cores, watts_each: said(self.watts_per_core), usage: self.core_usage },
            gpus: Draw { count: self.gpus, watts_each: said(self.watts_per_gpu), usage: self.gpu_usage },
            memory_gb: self.memory_gb,
            pue: Figure::exact(self.pue, Kind::Declared, self.source.clone()),
            repeats: self.repeats,
        }
    }

    fn compare(&self) -> [StudyRow; 2] {
        let energy = green_algorithms_energy(&self.job(), Tables::built_in());
        let intensity = Intensity::said(GramsPerKilowattHour(self.g_per_kwh));
        // The building is in the energy.
        let emitted = carbon(&energy.map(Joules::from), 1.0, &intensity);
        let row = |quantity: &str, what: &str, printed, ours, inputs| {
            claim(format!("{}/{quantity}", self.key), format!("{}: {what}", self.what), printed, ours, inputs)
        };
        let emission_inputs = format!("{} × {} g/kWh", self.in_words(), self.g_per_kwh);
        [
            row(
                "kwh",
                "energy, kWh",
                self.worked_kwh,
                energy.value().map(|energy| energy.0),
                self.in_words(),
            ),
            row(
                "g-co2e",
                "emissions, g CO2e",
                self.worked_g_co2e,
                emitted.value().map(|grams| grams.0),
                emission_inputs,
            ),
        ]
    }

    fn in_words(&self) -> String {
        let factor = |factor: f64, before: &str| {
            if factor == 1.0 { String::new() } else { format!(" × {before}{factor}") }
        };
        let devices = |count: f64, name: &str, watts: f64, usage: f64| {
            (count > 0.0).then(|| format!("{count} {name} × {watts} W{}", factor(usage, "")))
        };
        let parts = [
            devices(self.cores, "cores", self.watts_per_core, self.core_usage),
            devices(self.gpus, "GPUs", self.watts_per_gpu, self.gpu_usage),
            (self.memory_gb > 0.0).then(|| format!("{} GB of memory", self.memory_gb)),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let (pue, repeats) = (factor(self.pue, "PUE "), factor(self.repeats, "runs "));
        format!("{} h × ({}){pue}{repeats}", self.hours, parts.join(" + "))
    }
}

impl Row for Worked {
    const FILE: &'static str = "green_algorithms.csv";

    fn key(&self) -> String {
        self.key.clone()
    }

    fn check(&self) -> Result<(), Unfit> {
        said("key", &self.key)?;
        said("what", &self.what)?;
        within("hours", self.hours, 0.0, 1e7)?;
        within("cores", self.cores, 0.0, 1e7)?;
        within("watts_per_core", self.watts_per_core, 0.1, 100.0)?;
        within("core_usage", self.core_usage, 0.0, 1.0)?;
        within("gpus", self.gpus, 0.0, 1e6)?;
        within("watts_per_gpu", self.watts_per_gpu, 1.0, 1e4)?;
        within("gpu_usage", self.gpu_usage, 0.0, 1.0)?;
        within("memory_gb", self.memory_gb, 0.0, 1e7)?;
        within("pue", self.pue, 1.0, 3.0)?;
        within("repeats", self.repeats, 1.0, 1e6)?;
        within("g_per_kwh", self.g_per_kwh, 0.0, 2000.0)?;
        said("source", &self.source)
    }
}

#[cfg(test)]
mod tests;
