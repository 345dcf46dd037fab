//! The energy counters of processors that Linux shows under `/sys/class/powercap`.
//!
//! Counted are the packages and their memory (`dram`), which a package's counter does not hold. `core` and
//! `uncore` are parts of the package; `psys` is the whole platform, the package in it once more, and counted in
//! place of the others where it is asked for; the domains of `intel-rapl-mmio` are the same sensors read another
//! way, and count only where `intel-rapl` lacks them.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lessen_units::{Joules, Seconds};

use super::files::{complaint, number, number_or_refusal, refusal, text};
use super::{Device, Part, Refusal, Rung, Sample, Source};
use crate::moment::Moment;

/// Counters show a new value about every millisecond.
const REFRESH: Duration = Duration::from_millis(1);

/// One counter.
#[derive(Debug)]
struct Zone {
    name: Name,
    energy_uj: PathBuf,
    /// The counter begins again at 0 after this value, in microjoules.
    range_uj: u64,
}

/// What a counter counts. In the order in which receipts name them: a package, then its memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    /// `package-0`, or `psys`.
    package: String,
    part: Part,
}

/// Which counters are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The packages and their memory.
    Processors,
    /// The whole platform.
    Platform,
}

impl Wanted {
    pub(crate) fn of(part: Part) -> Self {
        if part == Part::Machine { Self::Platform } else { Self::Processors }
    }
}

/// The counters that add up to the processors' energy, or to the platform's.
#[derive(Debug)]
pub(crate) struct Powercap {
    zones: Vec<Zone>,
    devices: Vec<Device>,
    interval: Duration,
}

impl Powercap {
    /// Finds the counters under `root` and reads each once. One that cannot be read makes all of them useless:
    /// the sum of the others would pass for the whole.
    pub(crate) fn find(root: &Path, wanted: Wanted) -> Result<Self, Refusal> {
        let zones = zones(root, wanted)?;
        let smallest = zones.iter().map(|zone| zone.range_uj).min().unwrap_or(0);
        let most_watts = zones.iter().map(|zone| zone.name.part.most_watts().0).fold(0.0, f64::max);
        let lap = Seconds(Joules::from_microjoules(smallest).0 / most_watts);
        Ok(Self {
            devices: zones.iter().map(|zone| device(&zone.name)).collect(),
            interval: Duration::from_secs_f64((lap.0 / 2.0).clamp(1.0, 60.0)),
            zones,
        })
    }
}

impl Source for Powercap {
    fn name(&self) -> &str {
        "powercap"
    }

    fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// Often enough that no counter goes round twice unseen.
    fn interval(&self) -> Option<Duration> {
        Some(self.interval)
    }

    fn read(&mut self, _: Moment, into: &mut [Result<Sample, String>]) {
        for (zone, place) in self.zones.iter().zip(into) {
            *place = number(&zone.energy_uj).map(|count| Sample::Counted {
                count,
                unit: Joules::from_microjoules(1),
                range: Some(zone.range_uj),
            });
        }
    }
}

fn device(name: &Name) -> Device {
    let name_for_people = match name.part {
        Part::Processor => format!("cpu {}", name.package),
        Part::Memory => format!("memory {}", name.package),
        Part::Accelerator | Part::Machine => name.package.clone(),
    };
    Device { name: name_for_people, part: name.part, rung: Rung::Counter, refresh: REFRESH, why: None }
}

fn zones(root: &Path, wanted: Wanted) -> Result<Vec<Zone>, Refusal> {
    let entries = fs::read_dir(root).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Refusal::absent("no powercap counters"),
        _ => refusal(root, complaint(root, &error)),
    })?;
    let mut folders: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    // So that of two domains for one sensor `intel-rapl:` comes last and replaces `intel-rapl-mmio:`.
    folders.sort();
    let mut found = BTreeMap::new();
    for folder in &folders {
        let name = name_of(root, folder).map_err(Refusal::broken)?;
        if let Some(name) = name.filter(|name| wanted == Wanted::of(name.part)) {
            found.insert(name, root.join(folder));
        }
    }
    if found.is_empty() {
        return Err(Refusal::absent(match wanted {
            Wanted::Processors => "no powercap counters",
            Wanted::Platform => "no powercap counter `psys`",
        }));
    }
    let opened = found.into_iter().map(|(name, folder)| open(name, &folder));
    without_mirrors(all_or_refusal(opened)?)
}

/// All zones, or the first reason with all the files that would have to be made readable.
fn all_or_refusal(opened: impl Iterator<Item = Result<Zone, Refusal>>) -> Result<Vec<Zone>, Refusal> {
    let (mut zones, mut refused): (Vec<Zone>, Option<Refusal>) = (Vec::new(), None);
    for zone in opened {
        match (zone, &mut refused) {
            (Ok(zone), _) => zones.push(zone),
            (Err(refusal), Some(first)) => first.denied.extend(refusal.denied),
            (Err(refusal), none) => *none = Some(refusal),
        }
    }
    refused.map_or(Ok(zones), Err)
}

/// What a domain counts; `None` for what is never counted. `intel-rapl:0` is a package, `intel-rapl:0:2` a part
/// of it; AMD's counters are called the same.
fn name_of(root: &Path, folder: &str) -> Result<Option<Name>, String> {
    let Some((control, numbers)) = folder.split_once(':') else { return Ok(None) };
    if !["intel-rapl", "intel-rapl-mmio"].contains(&control) {
        return Ok(None);
    }
    let name = text(&root.join(folder).join("name"))?;
    Ok(match numbers.split_once(':') {
        None if name.starts_with("package") => Some(Name { package: name, part: Part::Processor }),
        None if name == "psys" => Some(Name { package: name, part: Part::Machine }),
        Some((package, _)) if name == "dram" => {
            let package = text(&root.join(format!("{control}:{package}")).join("name"))?;
            Some(Name { package, part: Part::Memory })
        }
        _ => None,
    })
}

fn open(name: Name, folder: &Path) -> Result<Zone, Refusal> {
    let range = folder.join("max_energy_range_uj");
    let range_uj = number_or_refusal(&range)?;
    if range_uj == 0 {
        return Err(Refusal::broken(format!("`{}` is 0", range.display())));
    }
    let zone = Zone { name, energy_uj: folder.join("energy_uj"), range_uj };
    number_or_refusal(&zone.energy_uj).map(|_| zone)
}

/// Some processors of several dies show the package's counter once for each die. Two counters of one package
/// that have counted to within a joule of each other since the machine started are one.
fn without_mirrors(zones: Vec<Zone>) -> Result<Vec<Zone>, Refusal> {
    const ONE_JOULE: u64 = 1_000_000;
    let mut kept: Vec<(Zone, u64)> = Vec::new();
    for zone in zones {
        let count = number_or_refusal(&zone.energy_uj)?;
        let package = |name: &Name| {
            name.package.split_once("-die-").map(|(package, _)| (package.to_owned(), name.part))
        };
        let mirrored = package(&zone.name).is_some()
            && kept.iter().any(|(other, other_count)| {
                package(&other.name) == package(&zone.name) && other_count.abs_diff(count) <= ONE_JOULE
            });
        if !mirrored {
            kept.push((zone, count));
        }
    }
    Ok(kept.into_iter().map(|(zone, _)| zone).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree of `(folder, name, energy_uj)`.
    fn tree(zones: &[(&str, &str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (folder, name, energy) in zones {
            let folder = root.path().join(folder);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("name"), format!("{name}\n")).unwrap();
            fs::write(folder.join("energy_uj"), format!("{energy}\n")).unwrap();
            fs::write(folder.join("max_energy_range_uj"), "262143328850\n").unwrap();
        }
        root
    }

    fn found(zones: &[(&str, &str, &str)], wanted: Wanted) -> Vec<(String, u64)> {
        let tree = tree(zones);
        fs::create_dir(tree.path().join("intel-rapl")).unwrap();
        let mut powercap = Powercap::find(tree.path(), wanted).unwrap();
        let mut samples = vec![Err(String::new()); powercap.devices().len()];
        powercap.read(Moment::now(), &mut samples);
        let counts = samples.into_iter().map(|sample| match sample.unwrap() {
            Sample::Counted { count, .. } => count,
            Sample::Drawn(_) => panic!("counters count"),
        });
        powercap.devices().iter().map(|device| device.name.clone()).zip(counts).collect()
    }

    #[test]
    fn packages_and_memory_are_counted_once() {
        let two_sockets = [
            ("intel-rapl:0", "package-0", "1000000"),
            ("intel-rapl:0:0", "core", "900000"),
            ("intel-rapl:0:1", "dram", "200000"),
            ("intel-rapl:1", "package-1", "3000000"),
            ("intel-rapl:1:0", "dram", "400000"),
            ("intel-rapl:2", "psys", "9000000"),
            ("intel-rapl-mmio:0", "package-0", "1000001"),
            ("dtpm:0", "package-9", "5"),
        ];
        let expected = [
            ("cpu package-0", 1_000_000),
            ("memory package-0", 200_000),
            ("cpu package-1", 3_000_000),
            ("memory package-1", 400_000),
        ];
        assert_eq!(
            found(&two_sockets, Wanted::Processors),
            expected.map(|(name, count)| (name.to_owned(), count))
        );
        assert_eq!(found(&two_sockets, Wanted::Platform), [("psys".to_owned(), 9_000_000)]);
        let only_mmio = [("intel-rapl-mmio:0", "package-0", "7")];
        assert_eq!(found(&only_mmio, Wanted::Processors), [("cpu package-0".to_owned(), 7)]);
    }

    #[test]
    fn mirrored_dies_are_counted_once_and_others_each() {
        let dies = [
            ("intel-rapl:0", "package-0-die-0", "500000000"),
            ("intel-rapl:1", "package-0-die-1", "500900000"),
            ("intel-rapl:2", "package-1-die-0", "500000000"),
            ("intel-rapl:3", "package-1-die-1", "800000000"),
        ];
        let names: Vec<_> = found(&dies, Wanted::Processors).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["cpu package-0-die-0", "cpu package-1-die-0", "cpu package-1-die-1"]);
    }

    #[test]
    fn what_cannot_be_read_is_a_reason() {
        let reason = |prepare: &dyn Fn(&Path)| {
            let tree = tree(&[("intel-rapl:0", "package-0", "1"), ("intel-rapl:1", "package-1", "1")]);
            prepare(tree.path());
            let reason = Powercap::find(tree.path(), Wanted::Processors).unwrap_err().why;
            reason.replace(&tree.path().display().to_string(), "ROOT")
        };
        let write = |path: &'static str, text: &'static str| {
            move |root: &Path| fs::write(root.join(path), text).unwrap()
        };
        for (prepare, expected) in [
            (
                &write("intel-rapl:1/energy_uj", "a lot") as &dyn Fn(&Path),
                "`ROOT/intel-rapl:1/energy_uj` holds `a lot`, expected a number",
            ),
            (
                &write("intel-rapl:1/energy_uj", ""),
                "`ROOT/intel-rapl:1/energy_uj` holds ``, expected a number",
            ),
            (
                &write("intel-rapl:1/energy_uj", "-5"),
                "`ROOT/intel-rapl:1/energy_uj` holds `-5`, expected a number",
            ),
            (&write("intel-rapl:0/max_energy_range_uj", "0"), "`ROOT/intel-rapl:0/max_energy_range_uj` is 0"),
            (
                &|root| fs::remove_file(root.join("intel-rapl:0/energy_uj")).unwrap(),
                "`ROOT/intel-rapl:0/energy_uj` is missing",
            ),
            (&|root| fs::remove_dir_all(root).unwrap(), "no powercap counters"),
            (
                &|root| {
                    ["intel-rapl:0", "intel-rapl:1"]
                        .iter()
                        .for_each(|name| fs::remove_dir_all(root.join(name)).unwrap())
                },
                "no powercap counters",
            ),
        ] {
            assert_eq!(reason(prepare), expected);
        }
    }

    #[test]
    fn psys_that_is_asked_for_and_not_there_is_a_reason() {
        let tree = tree(&[("intel-rapl:0", "package-0", "1")]);
        let refusal = Powercap::find(tree.path(), Wanted::Platform).unwrap_err();
        assert_eq!(refusal, Refusal::absent("no powercap counter `psys`"));
    }

    #[test]
    fn it_wants_to_be_read_before_a_counter_goes_round() {
        let tree = tree(&[("intel-rapl:0", "package-0", "1")]);
        let interval = || Powercap::find(tree.path(), Wanted::Processors).unwrap().interval().unwrap();
        assert_eq!(interval(), Duration::from_secs(60), "262 kJ at 1500 W are 174 s");
        fs::write(tree.path().join("intel-rapl:0/max_energy_range_uj"), "65532610987").unwrap();
        assert_eq!(interval().as_secs(), 21, "65 kJ at 1500 W are 43 s");
    }
}
