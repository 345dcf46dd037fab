use super::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::sources::Roots;

struct Tree(tempfile::TempDir);

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for (file, text) in files {
            let path = tree.0.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        tree
    }

    fn probes(&self) -> Vec<Probe> {
        let roots = Roots { sys: self.0.path().join("sys"), proc: self.0.path().join("proc") };
        probe(&Settings { roots, ..Settings::default() })
    }
}

fn package(number: u32) -> [(String, String); 3] {
    let file = |name: &str| format!("sys/class/powercap/intel-rapl:{number}/{name}");
    [
        (file("name"), format!("package-{number}")),
        (file("max_energy_range_uj"), "262143328850".to_owned()),
        (file("energy_uj"), "5".to_owned()),
    ]
}

fn packages(numbers: std::ops::Range<u32>) -> Tree {
    let files: Vec<_> = numbers.flat_map(package).collect();
    Tree::new(&files.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect::<Vec<_>>())
}

#[test]
fn a_machine_without_sensors_uses_the_models() {
    let probes = Tree::new(&[]).probes();
    let used: Vec<_> = probes
        .iter()
        .filter(|probe| matches!(probe.state, State::Used(_)))
        .map(|probe| (probe.source, probe.device.as_str(), probe.state))
        .collect();
    let model = State::Used(Rung::Model);
    assert_eq!(used, [("model", "cpu", model), ("model", "memory", model)]);
    let whys: Vec<_> = probes.iter().filter_map(|probe| probe.why.as_deref()).collect();
    for why in ["no powercap counters", "no perf events of energy", "no AMD graphics board", "no battery"] {
        assert!(whys.contains(&why), "{why}: {whys:?}");
    }
    assert!(probes.iter().all(|probe| probe.remedy.is_none()), "nothing is there to be made readable");
}

#[test]
fn what_can_be_read_is_used_or_second() {
    let tree = packages(0..2);
    fs::create_dir_all(tree.0.path().join("sys/class/hwmon/hwmon0")).unwrap();
    for (file, text) in [("name", "amd_energy"), ("energy1_label", "Esocket0"), ("energy1_input", "7")] {
        fs::write(tree.0.path().join("sys/class/hwmon/hwmon0").join(file), text).unwrap();
    }
    let states: Vec<_> = tree
        .probes()
        .into_iter()
        .filter(|probe| probe.state != State::NotReadable)
        .map(|probe| (probe.source, probe.device, probe.state))
        .collect();
    let expected = [
        ("powercap", "cpu package-0", State::Used(Rung::Counter)),
        ("powercap", "cpu package-1", State::Used(Rung::Counter)),
        ("hwmon", "cpu Esocket0", State::Readable(Rung::Counter)),
        ("model", "cpu", State::Readable(Rung::Model)),
        ("model", "memory", State::Used(Rung::Model)),
    ];
    assert_eq!(states, expected.map(|(source, device, state)| (source, device.to_owned(), state)));
}

#[test]
fn what_may_not_be_read_has_the_command_for_all_its_files() {
    let tree = packages(0..2);
    for number in 0..2 {
        let path = tree.0.path().join(format!("sys/class/powercap/intel-rapl:{number}/energy_uj"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        if fs::read(&path).is_ok() {
            println!("skipped: this user may read everything");
            return;
        }
    }
    let probes = tree.probes();
    let probe = probes.iter().find(|probe| probe.source == "powercap").unwrap();
    let remedy = probe.remedy.as_deref().unwrap().replace(&tree.0.path().display().to_string(), "");
    let files = [0, 1].map(|number| format!("/sys/class/powercap/intel-rapl:{number}/energy_uj")).join(" ");
    assert_eq!(remedy, format!("sudo chmod a+r {files}"));
    assert!(probe.exposes.unwrap().contains("PLATYPUS"));
}

#[test]
fn commands_are_exact() {
    let denied = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
    let here = Program(Some("/home/me/my bin/lessen".into()));
    let paranoid = denied(&["/proc/sys/kernel/perf_event_paranoid"]);
    for (source, denied, program, expected) in [
        (
            "powercap",
            denied(&["/sys/class/powercap/intel-rapl:0/energy_uj"]),
            &here,
            Some("sudo chmod a+r /sys/class/powercap/intel-rapl:0/energy_uj"),
        ),
        ("perf", paranoid.clone(), &here, Some("sudo setcap cap_perfmon=ep '/home/me/my bin/lessen'")),
        ("perf", paranoid, &Program(None), Some("echo 0 | sudo tee /proc/sys/kernel/perf_event_paranoid")),
        ("hwmon", denied(&["/sys/it's"]), &here, Some(r"sudo chmod a+r '/sys/it'\''s'")),
        ("nvml", Vec::new(), &here, None),
    ] {
        let remedy = remedy(source, &denied, program);
        assert_eq!(remedy.as_ref().map(|(remedy, _)| remedy.as_str()), expected, "{source}");
        assert!(remedy.is_none_or(|(_, exposes)| exposes.contains("PLATYPUS")));
    }
}
