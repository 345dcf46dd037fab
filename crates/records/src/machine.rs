//! The machine that numbers were taken on.

use std::collections::BTreeSet;
use std::fs;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What times and energies depend on besides the work. What could not be read is `None`, never 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's model name.
    pub cpu: Option<String>,
    /// Physical cores; in a virtual machine what it is told.
    pub cores: Option<u32>,
    /// Hardware threads that this process may run on.
    pub threads: Option<u32>,
    /// Main memory; in a container that of the machine around it.
    pub memory_bytes: Option<u64>,
    /// Operating system and its version.
    pub os: Option<String>,
    /// The widest vector instructions that are of use here: `avx512`, `avx2`, `sse2`, `neon`, `portable`.
    pub isa: String,
    /// The version of lessen that took the numbers.
    pub lessen_version: String,
    /// Fields of later versions, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Machine {
    /// The machine that this program runs on.
    pub fn here() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            cpu: model_name(&cpuinfo),
            cores: physical_cores(&cpuinfo),
            threads: std::thread::available_parallelism()
                .ok()
                .and_then(|threads| threads.get().try_into().ok()),
            memory_bytes: total_memory(&meminfo),
            os: Some(operating_system(&release, &kernel)),
            isa: widest_vectors().to_owned(),
            lessen_version: env!("CARGO_PKG_VERSION").to_owned(),
            extra: Map::new(),
        }
    }
}

/// The value of a `key : value` line of `/proc`, without the spaces around it.
fn field<'text>(line: &'text str, key: &str) -> Option<&'text str> {
    let (found, value) = line.split_once(':')?;
    (found.trim() == key).then_some(value.trim()).filter(|value| !value.is_empty())
}

fn model_name(cpuinfo: &str) -> Option<String> {
    cpuinfo.lines().find_map(|line| field(line, "model name")).map(str::to_owned)
}

/// Distinct pairs of socket and core. Not every architecture prints them; then the number is not known.
fn physical_cores(cpuinfo: &str) -> Option<u32> {
    let mut socket = None;
    let mut cores = BTreeSet::new();
    for line in cpuinfo.lines() {
        if line.trim().is_empty() {
            socket = None;
        }
        socket = field(line, "physical id").or(socket);
        if let (Some(socket), Some(core)) = (socket, field(line, "core id")) {
            cores.insert((socket, core));
        }
    }
    cores.len().try_into().ok().filter(|cores| *cores > 0)
}

/// `MemTotal` is in units of 1024 bytes, though `/proc` calls them kB.
fn total_memory(meminfo: &str) -> Option<u64> {
    let total = meminfo.lines().find_map(|line| field(line, "MemTotal"))?;
    let kibibytes: u64 = total.strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024).filter(|bytes| *bytes > 0)
}

/// The distribution's own name and the kernel's version, as far as they can be read.
fn operating_system(release: &str, kernel: &str) -> String {
    let name =
        release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).map(|name| name.trim_matches('"'));
    let name = name.unwrap_or(std::env::consts::OS);
    let kernel = kernel.trim();
    if kernel.is_empty() { name.to_owned() } else { format!("{name}, kernel {kernel}") }
}

#[cfg(target_arch = "x86_64")]
fn widest_vectors() -> &'static str {
    if is_x86_feature_detected!("avx512f") {
        "avx512"
    } else if is_x86_feature_detected!("avx2") {
        "avx2"
    } else {
        "sse2"
    }
}

#[cfg(target_arch = "aarch64")]
fn widest_vectors() -> &'static str {
    "neon"
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn widest_vectors() -> &'static str {
    "portable"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two sockets of two cores with two threads each, cut down to the lines that matter and some that do not.
    fn two_sockets() -> String {
        let mut text = String::new();
        for thread in 0..8 {
            let (socket, core) = (thread % 2, thread / 2 % 2);
            text += &format!("processor\t: {thread}\nmodel name\t: Some CPU @ 2.00GHz: rev 2\n");
            text += &format!("physical id\t: {socket}\ncore id\t\t: {core}\npower management:\n\n");
        }
        text
    }

    #[test]
    fn a_processor_is_read_from_cpuinfo() {
        assert_eq!(model_name(&two_sockets()).as_deref(), Some("Some CPU @ 2.00GHz: rev 2"));
        assert_eq!(physical_cores(&two_sockets()), Some(4));
    }

    #[test]
    fn what_is_not_there_is_not_known() {
        let arm = "processor\t: 0\nBogoMIPS\t: 50.00\nCPU part\t: 0xd0c\n\n";
        for text in ["", arm, "garbage", "model name\t:\n", ":::\n\u{0}\n"] {
            assert_eq!(
                (model_name(text), physical_cores(text), total_memory(text)),
                (None, None, None),
                "{text:?}"
            );
        }
    }

    #[test]
    fn memory_is_in_kibibytes() {
        for (text, bytes) in [
            ("MemTotal:       24684084 kB\nMemFree: 1 kB\n", Some(25_276_502_016)),
            ("MemTotal: 0 kB\n", None),
            ("MemTotal: many kB\n", None),
            ("MemTotal: 12\n", None),
            ("MemTotal: 18446744073709551615 kB\n", None),
        ] {
            assert_eq!(total_memory(text), bytes, "{text}");
        }
    }

    #[test]
    fn the_system_has_a_name_in_any_case() {
        assert_eq!(operating_system("ID=x\nPRETTY_NAME=\"Some OS 12\"\n", "6.1\n"), "Some OS 12, kernel 6.1");
        assert_eq!(operating_system("", ""), std::env::consts::OS);
    }

    #[test]
    fn this_machine_can_be_described() {
        let machine = Machine::here();
        assert!(machine.threads.is_none_or(|threads| threads > 0));
        assert!(["avx512", "avx2", "sse2", "neon", "portable"].contains(&machine.isa.as_str()));
        assert!(!machine.lessen_version.is_empty());
    }
}
