//! Memory where no counter tells: watts a gigabyte times the memory that may be used.
//!
//! The limit of the control group counts where there is one, else all of the machine's memory: what was reserved
//! is powered, whether it is filled or not. The watts are those of the row `memory` in `footprint`'s table of defaults,
//! whose band is wide: published numbers are apart by a factor of ten, and none has been reproduced at the wall.

use std::fs;
use std::path::{Path, PathBuf};

use lessen_footprint::Tables;
use lessen_units::{Bytes, Figure, Kind, Watts};

use super::Roots;

/// The power of the memory that this process and its children may use.
pub(crate) fn modelled(roots: &Roots) -> Figure<Watts> {
    let Some(row) = Tables::built_in().defaults.get("memory") else {
        return Figure::unavailable("the table of defaults has no `memory`");
    };
    let Some((bytes, limit)) = within_reach(roots) else {
        return Figure::unavailable(format!("no MemTotal in `{}`", roots.proc.join("meminfo").display()));
    };
    let watts = |per_gb: f64| Watts(per_gb * bytes.gigabytes());
    Figure::band(
        watts(row.value),
        watts(row.low.unwrap_or(row.value)),
        watts(row.high.unwrap_or(row.value)),
        Kind::Estimated,
        format!("modelled: {:.1} GB ({limit}) at {} W/GB", bytes.gigabytes(), row.value),
    )
}

/// The least of the control groups' limits and the machine's memory, and which of them that is.
fn within_reach(roots: &Roots) -> Option<(Bytes, &'static str)> {
    let total = fs::read_to_string(roots.proc.join("meminfo")).ok().and_then(|text| total(&text))?;
    let groups = fs::read_to_string(roots.proc.join("self/cgroup")).unwrap_or_default();
    let limit = groups.lines().filter_map(|line| limit_of(&roots.sys.join("fs/cgroup"), line)).min();
    Some(match limit {
        Some(limit) if limit < total => (Bytes(limit as f64), "limit of the control group"),
        _ => (Bytes(total as f64), "all of the machine's"),
    })
}

/// `MemTotal` is in units of 1024 bytes, though `/proc` calls them kB.
fn total(meminfo: &str) -> Option<u64> {
    let value = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The least limit on the way from the group of a line of `/proc/self/cgroup` up to the root. Inside of a container
/// the root that is seen is the container's group, and the path may be one of the host's, which is not there.
fn limit_of(mounted: &Path, line: &str) -> Option<u64> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (controllers, path) = (fields.next()?, fields.next()?);
    let (folders, file) = if controllers.is_empty() {
        (vec![mounted.to_owned(), mounted.join("unified")], "memory.max")
    } else if controllers.split(',').any(|controller| controller == "memory") {
        (vec![mounted.join("memory")], "memory.limit_in_bytes")
    } else {
        return None;
    };
    let of_folder = |folder: PathBuf| {
        let group = folder.join(path.trim_start_matches('/'));
        let up_to_root = group.ancestors().take_while(|above| above.starts_with(&folder));
        // `max` is no limit and no number.
        up_to_root.filter_map(|group| fs::read_to_string(group.join(file)).ok()?.trim().parse().ok()).min()
    };
    folders.into_iter().filter_map(of_folder).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 64 GiB, and `files` under the root of both trees.
    fn roots(files: &[(&str, &str)]) -> (tempfile::TempDir, Roots) {
        let folder = tempfile::tempdir().unwrap();
        let meminfo = [("proc/meminfo", "MemTotal:       67108864 kB\nMemFree: 1 kB\n")];
        for (file, text) in meminfo.iter().chain(files) {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let roots = Roots { sys: folder.path().join("sys"), proc: folder.path().join("proc") };
        (folder, roots)
    }

    const V2: (&str, &str) = ("proc/self/cgroup", "0::/pod/box\n");
    const V1: (&str, &str) = ("proc/self/cgroup", "5:cpu,memory:/box\n1:cpuset:/\n0::/\n");

    #[test]
    fn the_least_limit_on_the_way_up_counts() {
        let gib = |gib: f64| gib * f64::from(1u32 << 30);
        for (files, expected) in [
            (&[][..], 64.0),
            (&[V2], 64.0),
            (&[V2, ("sys/fs/cgroup/pod/box/memory.max", "max\n")], 64.0),
            (&[V2, ("sys/fs/cgroup/pod/box/memory.max", "2147483648\n")], 2.0),
            (
                &[
                    V2,
                    ("sys/fs/cgroup/pod/box/memory.max", "2147483648\n"),
                    ("sys/fs/cgroup/pod/memory.max", "1073741824\n"),
                ],
                1.0,
            ),
            // A container that sees its own group as the root.
            (&[V2, ("sys/fs/cgroup/memory.max", "3221225472\n")], 3.0),
            (&[V1, ("sys/fs/cgroup/memory/box/memory.limit_in_bytes", "9223372036854771712\n")], 64.0),
            (&[V1, ("sys/fs/cgroup/memory/box/memory.limit_in_bytes", "4294967296\n")], 4.0),
            (&[("proc/self/cgroup", "nonsense\n:::\n5:memory\n")], 64.0),
        ] {
            let (_folder, roots) = roots(files);
            let (bytes, _) = within_reach(&roots).unwrap();
            assert_eq!(bytes.0, gib(expected), "{files:?}");
        }
    }

    #[test]
    fn a_limit_of_ten_gigabytes_has_a_wide_band() {
        let (_folder, roots) = roots(&[V2, ("sys/fs/cgroup/pod/box/memory.max", "10000000000")]);
        let power = modelled(&roots);
        let close = |figure: Option<Watts>, expected: f64| {
            figure.is_some_and(|watts| (watts.0 - expected).abs() < 1e-9)
        };
        assert!(close(power.value(), 3.725), "10 GB at 0.3725 W: {power:?}");
        assert!(close(power.low(), 0.4) && close(power.high(), 3.92), "{power:?}");
        assert_eq!(power.how(), "modelled: 10.0 GB (limit of the control group) at 0.3725 W/GB");
    }

    #[test]
    fn memory_that_is_not_told_is_not_known() {
        let (folder, roots) = roots(&[]);
        fs::write(folder.path().join("proc/meminfo"), "MemTotal: lots\n").unwrap();
        assert_eq!(modelled(&roots).value(), None);
    }
}
