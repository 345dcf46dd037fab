//! The energy counters of processors that Linux shows under `/sys/class/powercap`.
//!
//! Counted are the packages and their memory (`dram`), which a package's counter does not hold. `core` and
//! `uncore` are parts of the package; `psys` is the whole platform, the package in it once more; the domains
//! of `intel-rapl-mmio` are the same sensors read another way, and count only where `intel-rapl` lacks them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// One counter.
#[derive(Debug)]
pub(crate) struct Zone {
    /// `package-0`, or `package-0 dram`.
    pub(crate) name: String,
    energy_uj: PathBuf,
    /// The counter begins again at 0 after this value, in microjoules.
    pub(crate) range_uj: u64,
}

impl Zone {
    fn read(&self) -> Result<u64, String> {
        number(&self.energy_uj)
    }
}

/// The counters that add up to the processors' energy.
#[derive(Debug)]
pub(crate) struct Zones(Vec<Zone>);

impl Zones {
    /// Finds the counters under `root` and reads each once. One that cannot be read makes all of them useless:
    /// the sum of the others would pass for the whole.
    pub(crate) fn find(root: &Path) -> Result<Self, String> {
        let entries = fs::read_dir(root).map_err(|error| match error.kind() {
            ErrorKind::NotFound => "no powercap counters".to_owned(),
            _ => complaint(root, &error),
        })?;
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        // So that of two domains for one sensor `intel-rapl:` comes last and replaces `intel-rapl-mmio:`.
        names.sort();
        let mut folders = BTreeMap::new();
        for name in &names {
            if let Some(zone) = zone_name(root, name)? {
                folders.insert(zone, root.join(name));
            }
        }
        if folders.is_empty() {
            return Err("no powercap counters".to_owned());
        }
        let zones: Result<Vec<Zone>, String> =
            folders.into_iter().map(|(name, folder)| open(name, &folder)).collect();
        without_mirrors(zones?)
    }

    /// Each counter's value, in microjoules, in the order of [`Zones::iter`].
    pub(crate) fn read(&self) -> Result<Vec<u64>, String> {
        self.0.iter().map(Zone::read).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Zone> {
        self.0.iter()
    }
}

/// The name under which a domain is counted; `None` for what is not counted. `intel-rapl:0` is a package,
/// `intel-rapl:0:2` a part of it; AMD's counters are called the same.
fn zone_name(root: &Path, folder: &str) -> Result<Option<String>, String> {
    let Some((control, numbers)) = folder.split_once(':') else { return Ok(None) };
    if !["intel-rapl", "intel-rapl-mmio"].contains(&control) {
        return Ok(None);
    }
    let name = text(&root.join(folder).join("name"))?;
    match numbers.split_once(':') {
        None if name.starts_with("package") => Ok(Some(name)),
        Some((package, _)) if name == "dram" => {
            let package = text(&root.join(format!("{control}:{package}")).join("name"))?;
            Ok(Some(format!("{package} dram")))
        }
        _ => Ok(None),
    }
}

fn open(name: String, folder: &Path) -> Result<Zone, String> {
    let range = folder.join("max_energy_range_uj");
    let range_uj = number(&range)?;
    if range_uj == 0 {
        return Err(format!("`{}` is 0", range.display()));
    }
    let zone = Zone { name, energy_uj: folder.join("energy_uj"), range_uj };
    zone.read().map(|_| zone)
}

/// Some processors of several dies show the package's counter once for each die. Two counters of one package
/// that have counted to within a joule of each other since the machine started are one.
fn without_mirrors(zones: Vec<Zone>) -> Result<Zones, String> {
    const ONE_JOULE: u64 = 1_000_000;
    let mut kept: Vec<(Zone, u64)> = Vec::new();
    for zone in zones {
        let count = zone.read()?;
        let package = |name: &str| name.split_once("-die-").map(|(package, _)| package.to_owned());
        let mirrored = package(&zone.name).is_some()
            && kept.iter().any(|(other, other_count)| {
                package(&other.name) == package(&zone.name) && other_count.abs_diff(count) <= ONE_JOULE
            });
        if !mirrored {
            kept.push((zone, count));
        }
    }
    Ok(Zones(kept.into_iter().map(|(zone, _)| zone).collect()))
}

fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map(|text| text.trim().to_owned()).map_err(|error| complaint(path, &error))
}

fn number(path: &Path) -> Result<u64, String> {
    let text = text(path)?;
    text.parse().map_err(|_| {
        let start: String = text.chars().take(20).collect();
        format!("`{}` holds `{start}`, expected a number", path.display())
    })
}

fn complaint(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => {
            format!("no permission to read `{}`: run as root or `chmod a+r` it", path.display())
        }
        ErrorKind::NotFound => format!("`{}` is missing", path.display()),
        _ => format!("cannot read `{}`: {error}", path.display()),
    }
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

    fn found(zones: &[(&str, &str, &str)]) -> Vec<(String, u64)> {
        let tree = tree(zones);
        fs::create_dir(tree.path().join("intel-rapl")).unwrap();
        let zones = Zones::find(tree.path()).unwrap();
        zones.iter().map(|zone| zone.name.clone()).zip(zones.read().unwrap()).collect()
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
            ("package-0", 1_000_000),
            ("package-0 dram", 200_000),
            ("package-1", 3_000_000),
            ("package-1 dram", 400_000),
        ];
        assert_eq!(found(&two_sockets), expected.map(|(name, count)| (name.to_owned(), count)));
        let only_mmio = [("intel-rapl-mmio:0", "package-0", "7")];
        assert_eq!(found(&only_mmio), [("package-0".to_owned(), 7)]);
    }

    #[test]
    fn mirrored_dies_are_counted_once_and_others_each() {
        let dies = [
            ("intel-rapl:0", "package-0-die-0", "500000000"),
            ("intel-rapl:1", "package-0-die-1", "500900000"),
            ("intel-rapl:2", "package-1-die-0", "500000000"),
            ("intel-rapl:3", "package-1-die-1", "800000000"),
        ];
        let names: Vec<_> = found(&dies).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["package-0-die-0", "package-1-die-0", "package-1-die-1"]);
    }

    #[test]
    fn what_cannot_be_read_is_a_reason() {
        let reason = |prepare: &dyn Fn(&Path)| {
            let tree = tree(&[("intel-rapl:0", "package-0", "1"), ("intel-rapl:1", "package-1", "1")]);
            prepare(tree.path());
            let reason = Zones::find(tree.path()).unwrap_err();
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
        let denied = complaint(Path::new("x"), &io::Error::from(ErrorKind::PermissionDenied));
        assert_eq!(denied, "no permission to read `x`: run as root or `chmod a+r` it");
    }
}
