//! Windows over a fake tree of energy counters.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use lessen_meter::{Meter, Usage, peak_memory};
use lessen_units::{Joules, Kind};

const RANGE: u64 = 262_143_328_850;

/// One package whose counter stands at `microjoules`.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new(microjoules: u64) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        fs::create_dir(tree.path("")).unwrap();
        fs::write(tree.path("name"), "package-0\n").unwrap();
        fs::write(tree.path("max_energy_range_uj"), RANGE.to_string()).unwrap();
        tree.set(&microjoules.to_string());
        tree
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join("intel-rapl:0").join(file)
    }

    fn set(&self, text: &str) {
        fs::write(self.path("energy_uj"), text).unwrap();
    }

    fn meter(&self) -> Meter {
        Meter::with_powercap_root(self.0.path())
    }
}

/// Busy, so that the window has CPU time to attribute energy to, and longer than the shortest that is measured.
fn work() {
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(40) {
        std::hint::black_box(0);
    }
}

fn reason(tree: &Tree, usage: &Usage) -> String {
    assert_eq!(usage.joules.kind(), Some(Kind::Estimated), "modelled where not measured, and never 0");
    assert!(usage.joules.value() > Some(Joules(0.0)));
    let (_, reason) = usage.joules.how().rsplit_once(" (").unwrap();
    reason.trim_end_matches(')').replace(&tree.0.path().display().to_string(), "ROOT")
}

#[test]
fn a_window_is_measured() {
    let tree = Tree::new(5_000_000);
    let meter = tree.meter();
    let window = meter.begin();
    work();
    tree.set("12000000");
    let usage = window.end();
    assert_eq!(usage.joules.kind(), Some(Kind::Measured), "{usage:?}");
    assert_eq!(usage.joules.high(), Some(Joules(7.0)), "all that the package counted");
    assert!(usage.joules.low() > Some(Joules(0.0)), "{usage:?}");
    assert!(usage.seconds.0 >= 0.04 && usage.cpu_seconds.0 > 0.0);
}

#[test]
fn a_counter_that_went_round_is_measured() {
    let tree = Tree::new(RANGE - 2_000_000);
    let meter = tree.meter();
    let window = meter.begin();
    work();
    tree.set("3000000");
    assert_eq!(window.end().joules.high(), Some(Joules(5.0)));
}

#[test]
fn nested_windows_each_see_their_own() {
    let tree = Tree::new(0);
    let meter = tree.meter();
    let outer = meter.begin();
    tree.set("1000000");
    let inner = meter.begin();
    work();
    tree.set("3000000");
    assert_eq!(inner.end().joules.high(), Some(Joules(2.0)));
    assert_eq!(outer.end().joules.high(), Some(Joules(3.0)));
}

#[test]
fn what_breaks_in_a_window_is_its_reason_and_the_next_is_measured() {
    let tree = Tree::new(5_000_000);
    let meter = tree.meter();
    for (broken, expected) in [
        ("lots", "powercap `cpu package-0`: `ROOT/intel-rapl:0/energy_uj` holds `lots`, expected a number"),
        ("4000000", "powercap `cpu package-0`: the counter went from 5000000 to 4000000 in"),
        ("9999999999999", "powercap `cpu package-0`: the counter went from 5000000 to 9999999999999 in"),
        ("99999999999999999999", "holds `99999999999999999999`, expected a number"),
    ] {
        tree.set("5000000");
        meter.begin().end();
        let window = meter.begin();
        work();
        tree.set(broken);
        let reason = reason(&tree, &window.end());
        assert!(reason.contains(expected), "{broken}: {reason}");
    }
    tree.set("5000000");
    meter.begin().end();
    let window = meter.begin();
    work();
    tree.set("6000000");
    assert_eq!(window.end().joules.high(), Some(Joules(1.0)));
}

#[test]
fn a_counter_that_vanishes_is_a_reason() {
    let tree = Tree::new(5_000_000);
    let meter = tree.meter();
    let window = meter.begin();
    work();
    fs::remove_dir_all(tree.path("")).unwrap();
    assert_eq!(
        reason(&tree, &window.end()),
        "powercap `cpu package-0`: `ROOT/intel-rapl:0/energy_uj` is missing"
    );
    // Missing at the start of a window as well.
    let window = meter.begin();
    work();
    assert_eq!(
        reason(&tree, &window.end()),
        "powercap `cpu package-0`: `ROOT/intel-rapl:0/energy_uj` is missing"
    );
}

#[test]
fn a_counter_that_comes_back_within_a_window_is_not_a_measured_zero() {
    let tree = Tree::new(5_000_000);
    let meter = tree.meter();
    tree.set("");
    let window = meter.begin();
    work();
    tree.set("5000000");
    assert_eq!(
        reason(&tree, &window.end()),
        "powercap `cpu package-0`: `ROOT/intel-rapl:0/energy_uj` holds ``, expected a number"
    );
}

#[test]
fn a_window_too_short_for_the_counter_is_modelled() {
    let tree = Tree::new(5_000_000);
    let meter = tree.meter();
    let window = meter.begin();
    std::hint::black_box((0..1000).sum::<u64>());
    let usage = window.end();
    if usage.seconds.0 < 0.02 {
        assert_eq!(reason(&tree, &usage), "too short for the counter");
    }
}

#[test]
fn a_counter_that_may_not_be_read_is_a_reason() {
    let tree = Tree::new(5_000_000);
    fs::set_permissions(tree.path("energy_uj"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(tree.path("energy_uj")).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    let meter = tree.meter();
    let window = meter.begin();
    work();
    let expected = "no permission to read `ROOT/intel-rapl:0/energy_uj`: run as root or `chmod a+r` it";
    assert_eq!(reason(&tree, &window.end()), expected);
}

#[test]
fn no_counters_are_a_reason_and_cpu_time_counts() {
    let tree = Tree::new(0);
    fs::remove_dir_all(tree.path("")).unwrap();
    let meter = tree.meter();
    let window = meter.begin();
    work();
    let busy = window.end();
    assert_eq!(reason(&tree, &busy), "no powercap counters");
    let window = meter.begin();
    sleep(Duration::from_millis(40));
    let asleep = window.end();
    assert!(asleep.seconds.0 >= 0.04 && asleep.cpu_seconds.0 < busy.seconds.0);
}

#[test]
fn memory_in_use_is_counted() {
    let block = vec![1u8; 64 << 20];
    let peak = peak_memory();
    if let Some(bytes) = peak.value() {
        assert!(bytes.0 >= std::hint::black_box(&block).len() as f64, "{peak:?}");
    }
}
