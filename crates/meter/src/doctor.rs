//! What could be read on this machine, what it would take, and how well it repeats.

mod calibration;

pub use calibration::{Calibration, Series, calibrate};

use std::env;
use std::path::{Path, PathBuf};

use crate::ladder::{Candidate, Role, Settings, candidates, wanted};
use crate::sources::perf::Kernel;
use crate::sources::{Part, Refusal, Rung};

/// A source, as far as it can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// `powercap`, `perf`, `hwmon`, `nvml`, `battery`, `replay`, `model`.
    pub source: &'static str,
    /// The device; what kind of device was looked for, where none was found.
    pub device: String,
    /// Whether it can be read.
    pub state: State,
    /// Why it cannot, or why it is not the best.
    pub why: Option<String>,
    /// The command that would make it readable, for a shell.
    pub remedy: Option<String>,
    /// What that command lets others see.
    pub exposes: Option<&'static str>,
}

/// Whether a source can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It serves for receipts.
    Used(Rung),
    /// It can be read, and a better one serves.
    Readable(Rung),
    /// It cannot be read.
    NotReadable,
}

/// Looks for every source and says what came of it, in the order in which they would serve.
pub fn probe(settings: &Settings) -> Vec<Probe> {
    probes(candidates(settings, &Kernel), &Program::this())
}

/// The program that would read.
struct Program(Option<PathBuf>);

impl Program {
    fn this() -> Self {
        Self(env::current_exe().ok())
    }
}

fn probes(candidates: Vec<Candidate>, program: &Program) -> Vec<Probe> {
    let (mut probes, mut used) = (Vec::new(), Vec::new());
    for candidate in candidates {
        let serves = wanted(candidate.role, &used);
        let unread = candidate.unread.into_iter();
        probes.extend(unread.map(|unread| {
            not_readable(candidate.name, &unread.device, Refusal::broken(unread.why), program)
        }));
        match candidate.found {
            Ok(source) => {
                for device in source.devices() {
                    let state = if serves { State::Used(device.rung) } else { State::Readable(device.rung) };
                    let (device, why) = (device.name.clone(), device.why.clone());
                    probes.push(Probe {
                        source: candidate.name,
                        device,
                        state,
                        why,
                        remedy: None,
                        exposes: None,
                    });
                }
                if serves {
                    used.push(crate::ladder::Step { source, why: None });
                }
            }
            Err(refusal) => probes.push(not_readable(candidate.name, kind(candidate.role), refusal, program)),
        }
    }
    let measured = |parts: &[Part]| {
        let mut devices = used.iter().flat_map(|step| step.source.devices());
        devices.any(|device| parts.contains(&device.part))
    };
    probes.push(modelled("cpu", measured(&[Part::Processor, Part::Machine])));
    probes.push(modelled("memory", measured(&[Part::Memory, Part::Machine])));
    probes
}

fn kind(role: Role) -> &'static str {
    match role {
        Role::Replay => "trace",
        Role::Processor => "cpu",
        Role::Accelerator => "gpu",
        Role::Last => "machine",
    }
}

fn modelled(device: &str, measured: bool) -> Probe {
    let state = if measured { State::Readable(Rung::Model) } else { State::Used(Rung::Model) };
    Probe { source: "model", device: device.to_owned(), state, why: None, remedy: None, exposes: None }
}

fn not_readable(source: &'static str, device: &str, refusal: Refusal, program: &Program) -> Probe {
    let (remedy, exposes) = match remedy(source, &refusal.denied, program) {
        Some((remedy, exposes)) => (Some(remedy), Some(exposes)),
        None => (None, None),
    };
    Probe {
        source,
        device: device.to_owned(),
        state: State::NotReadable,
        why: Some(refusal.why),
        remedy,
        exposes,
    }
}

/// The command that makes files readable, and what it exposes; `None` where there is no such command.
fn remedy(source: &str, denied: &[PathBuf], program: &Program) -> Option<(String, &'static str)> {
    let files: Vec<String> = denied.iter().map(|path| quoted(path)).collect();
    match (source, files.as_slice()) {
        (_, []) => None,
        ("perf", [paranoid, ..]) => Some(match &program.0 {
            Some(program) => (format!("sudo setcap cap_perfmon=ep {}", quoted(program)), PERF_EXPOSES),
            None => (format!("echo 0 | sudo tee {paranoid}"), PARANOID_EXPOSES),
        }),
        (_, files) => Some((format!("sudo chmod a+r {}", files.join(" ")), FILES_EXPOSE)),
    }
}

const FILES_EXPOSE: &str = "until the next start every program of this machine can read these energies, from which \
    cryptographic keys have been recovered (PLATYPUS: CVE-2020-8694 and CVE-2020-8695 on Intel, CVE-2020-12912 on AMD)";
const PERF_EXPOSES: &str = "until this program is replaced, whoever runs it may count events of all of the machine, \
    energy among them, from which cryptographic keys have been recovered (PLATYPUS: CVE-2020-8694)";
const PARANOID_EXPOSES: &str = "until the next start every program of this machine may count events of all of the \
    machine, energy among them, from which cryptographic keys have been recovered (PLATYPUS: CVE-2020-8694)";

/// As one word of a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-:+".contains(letter);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests;
