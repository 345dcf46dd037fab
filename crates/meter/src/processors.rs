//! Which row of the table of processors describes the processor at hand.
//!
//! The rows are idle and full watts per vCPU (a hardware thread) of Cloud Carbon Footprint, in `footprint`'s table: wall power
//! of a whole server (memory, fans and losses of the supply included) divided by its hardware threads.
//!
//! Left out: AMD EPYC 5th gen (the source's row is an outlier) and AWS Graviton (the source repeats EPYC 2nd
//! gen as a placeholder). Such processors, and those of desktops and laptops, get the source's default.

use lessen_footprint::Tables;
use lessen_footprint::tables::Processor;

/// Watts of one vCPU of a family of processors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Family {
    /// For people.
    pub(crate) name: &'static str,
    /// Watts while nothing runs.
    pub(crate) idle: f64,
    /// Watts while every vCPU is busy.
    pub(crate) full: f64,
    /// The year of the coefficients.
    pub(crate) year: u16,
}

impl Family {
    fn of(row: &'static Processor) -> Option<Self> {
        let (idle, full) = (row.idle_watts_per_vcpu?, row.full_watts_per_vcpu?);
        Some(Self { name: &row.name, idle, full, year: row.year })
    }

    /// The row of the table with that key.
    fn keyed(key: &str) -> Option<Self> {
        Self::of(Tables::built_in().processors.get(key)?)
    }

    /// What the source takes for a processor that is not known: the mean over its families.
    pub(crate) fn unknown() -> Option<Self> {
        Self::keyed("family-default-aws")
    }

    /// Watts that a vCPU draws more when it is busy.
    pub(crate) fn marginal(&self) -> f64 {
        self.full - self.idle
    }
}

/// Keys of the table with the processors that belong to each.
const FAMILIES: [(Processors, &str); 15] = [
    (Epyc(23, &[(0x00, 0x0f)]), "family-epyc-1"),
    (Epyc(23, &[(0x30, 0x3f)]), "family-epyc-2"),
    (Epyc(25, &[(0x00, 0x0f)]), "family-epyc-3"),
    (Epyc(25, &[(0x10, 0x1f), (0xa0, 0xaf)]), "family-epyc-4"),
    (Xeon(0x2d, ANY), "family-sandy-bridge"),
    (Xeon(0x3e, ANY), "family-ivy-bridge"),
    (Xeon(0x3f, ANY), "family-haswell"),
    (Xeon(0x4f, ANY), "family-broadwell"),
    (Xeon(0x55, (0, 4)), "family-skylake"),
    (Xeon(0x55, (5, 7)), "family-cascade-lake"),
    (Xeon(0x9e, (10, 13)), "family-coffee-lake"),
    (Xeon(0x6a, ANY), "family-ice-lake"),
    (Xeon(0x8f, ANY), "family-sapphire-rapids"),
    (Xeon(0xcf, ANY), "family-emerald-rapids"),
    (Xeon(0xad, ANY), "family-granite-rapids"),
];

use Processors::{Epyc, Xeon};
const ANY: (u32, u32) = (0, u32::MAX);

/// Processors by the numbers that `cpuid` gives; ranges include both ends. The name must agree too, because
/// desktop processors share some of the numbers.
enum Processors {
    /// AMD: the family and ranges of models.
    Epyc(u32, &'static [(u32, u32)]),
    /// Intel family 6: the model and a range of steppings.
    Xeon(u32, (u32, u32)),
}

impl Processors {
    fn include(&self, cpu: &Cpu) -> bool {
        let within = |number: u32, (from, to): (u32, u32)| (from..=to).contains(&number);
        match *self {
            Epyc(family, models) => {
                cpu.vendor == "AuthenticAMD"
                    && cpu.name.contains("EPYC")
                    && cpu.family == family
                    && models.iter().any(|range| within(cpu.model, *range))
            }
            Xeon(model, steppings) => {
                cpu.vendor == "GenuineIntel"
                    && cpu.name.contains("Xeon")
                    && cpu.family == 6
                    && cpu.model == model
                    && within(cpu.stepping, steppings)
            }
        }
    }
}

/// The row of the processor that `/proc/cpuinfo` describes; `None` where it describes none of the table's.
pub(crate) fn family_of(cpuinfo: &str) -> Option<Family> {
    let cpu = Cpu::first_of(cpuinfo)?;
    FAMILIES.iter().find(|(processors, _)| processors.include(&cpu)).and_then(|(_, key)| Family::keyed(key))
}

/// The rows of the table, for the band of a processor that is not known.
pub(crate) fn families() -> impl Iterator<Item = Family> {
    FAMILIES.iter().filter_map(|(_, key)| Family::keyed(key))
}

/// What tells a processor, as `/proc/cpuinfo` prints it on x86.
struct Cpu<'text> {
    vendor: &'text str,
    name: &'text str,
    family: u32,
    model: u32,
    stepping: u32,
}

impl<'text> Cpu<'text> {
    fn first_of(cpuinfo: &'text str) -> Option<Self> {
        let field = |key: &str| {
            cpuinfo.lines().find_map(|line| {
                let (found, value) = line.split_once(':')?;
                (found.trim() == key).then_some(value.trim())
            })
        };
        Some(Self {
            vendor: field("vendor_id")?,
            name: field("model name")?,
            family: field("cpu family")?.parse().ok()?,
            model: field("model")?.parse().ok()?,
            stepping: field("stepping")?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpuinfo(vendor: &str, family: u32, model: u32, stepping: u32, name: &str) -> String {
        format!(
            "processor\t: 0\nvendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: {model}\n\
             model name\t: {name}\nstepping\t: {stepping}\n\n"
        )
    }

    #[test]
    fn processors_are_told_by_their_numbers() {
        let amd = |family, model, name| cpuinfo("AuthenticAMD", family, model, 1, name);
        let intel = |model, stepping, name| cpuinfo("GenuineIntel", 6, model, stepping, name);
        for (text, expected) in [
            (amd(23, 1, "AMD EPYC 7551 32-Core Processor"), Some("AMD EPYC 1st gen")),
            (amd(23, 49, "AMD EPYC-Rome Processor"), Some("AMD EPYC 2nd gen")),
            (amd(25, 1, "AMD EPYC 7763 64-Core Processor"), Some("AMD EPYC 3rd gen")),
            (amd(25, 17, "AMD EPYC"), Some("AMD EPYC 4th gen")),
            (amd(25, 160, "AMD EPYC 9754 128-Core Processor"), Some("AMD EPYC 4th gen")),
            (amd(25, 33, "AMD Ryzen 9 5950X"), None),
            (amd(23, 49, "AMD Ryzen Threadripper 3970X"), None),
            (amd(26, 2, "AMD EPYC 9755 128-Core Processor"), None),
            (intel(79, 1, "Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz"), Some("Intel Broadwell")),
            (intel(85, 4, "Intel(R) Xeon(R) Platinum 8175M"), Some("Intel Skylake")),
            (intel(85, 7, "Intel(R) Xeon(R) Platinum 8259CL"), Some("Intel Cascade Lake")),
            (intel(85, 11, "Intel(R) Xeon(R) Platinum 8380HL"), None),
            (intel(106, 6, "Intel(R) Xeon(R) Platinum 8375C"), Some("Intel Ice Lake")),
            (intel(143, 8, "Intel(R) Xeon(R) Platinum 8488C"), Some("Intel Sapphire Rapids")),
            (intel(158, 10, "Intel(R) Core(TM) i7-8700"), None),
            (amd(25, 17, ""), None),
            ("vendor_id : AuthenticAMD\nmodel name : AMD EPYC\ncpu family : many\n".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(family_of(&text).map(|family| family.name), expected, "{text}");
        }
    }

    #[test]
    fn every_family_has_its_row() {
        for (_, key) in &FAMILIES {
            assert!(Family::keyed(key).is_some(), "{key}");
        }
        assert_eq!(Family::unknown().map(|family| (family.idle, family.full)), Some((0.74, 3.5)));
    }
}
