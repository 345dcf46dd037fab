//! Commands recorded over fake trees and fake sources.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use lessen_meter::doctor::calibrate;
use lessen_meter::{
    Account, Device, Ladder, Moment, Part, Reading, Recorder, Replay, Roots, Rung, Sample, Settings, Source,
};
use lessen_units::{Joules, Kind, Seconds, Watts};

/// A machine's files, its memory 8 GB and its CPU time what is said.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        tree.write("proc/meminfo", "MemTotal: 8000000 kB\n");
        tree.busy_ticks(1000);
        tree
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn busy_ticks(&self, ticks: u64) {
        self.write("proc/stat", &format!("cpu  {ticks} 0 0 5000 0 0 0 0 0 0\ncpu0 1\ncpu1 1\n"));
    }

    fn zone(&self, folder: &str, name: &str, microjoules: u64) {
        self.write(&format!("sys/class/powercap/{folder}/name"), name);
        self.write(&format!("sys/class/powercap/{folder}/max_energy_range_uj"), "262143328850");
        self.counts(folder, microjoules);
    }

    fn counts(&self, folder: &str, microjoules: u64) {
        self.write(&format!("sys/class/powercap/{folder}/energy_uj"), &microjoules.to_string());
    }

    fn settings(&self) -> Settings {
        let roots = Roots { sys: self.path("sys"), proc: self.path("proc") };
        Settings { roots, ..Settings::default() }
    }

    fn begin(&self) -> Recorder {
        Recorder::begin(Ladder::find(&self.settings()))
    }
}

fn named<'account>(account: &'account Account, device: &str) -> &'account Reading {
    account.readings.iter().chain(&account.apart).find(|reading| reading.device == device).unwrap()
}

fn devices(readings: &[Reading]) -> Vec<&str> {
    readings.iter().map(|reading| reading.device.as_str()).collect()
}

/// Joules of a counter have a band for the age of its values; what is compared here is the value.
fn close(figure: Option<Joules>, expected: f64) -> bool {
    figure.is_some_and(|joules| (joules.0 - expected).abs() < 1e-6)
}

#[test]
fn packages_and_their_memory_are_divided_by_cpu_time() {
    let tree = Tree::new();
    tree.zone("intel-rapl:0", "package-0", 1_000_000);
    tree.zone("intel-rapl:0:0", "dram", 0);
    let recorder = tree.begin();
    sleep(Duration::from_millis(30));
    tree.counts("intel-rapl:0", 9_000_000);
    tree.counts("intel-rapl:0:0", 2_000_000);
    // A thousand ticks of which we are a quarter.
    tree.busy_ticks(2000);
    let quarter = 250.0 / ticks_a_second();
    let (account, overhead) = recorder.end(Some(Seconds(quarter)));
    assert_eq!(devices(&account.readings), ["cpu package-0", "memory package-0"]);
    assert!(account.apart.is_empty(), "{account:?}");
    let cpu = named(&account, "cpu package-0");
    assert!(close(cpu.machine.value(), 8.0) && close(cpu.joules.value(), 2.0), "{cpu:?}");
    assert_eq!(
        (cpu.joules.kind(), cpu.rung, cpu.source.as_str()),
        (Some(Kind::Measured), Rung::Counter, "powercap")
    );
    assert_eq!(cpu.why, None, "the best there is");
    assert!(close(named(&account, "memory package-0").joules.value(), 0.5));
    let total = account.total();
    assert!(
        close(total.joules.value(), 2.5) && total.complete && total.measured_share == Some(1.0),
        "{total:?}"
    );
    assert!(close(account.machine().joules.value(), 10.0));
    assert!(overhead.cpu_seconds > Seconds(0.0));
}

/// The unit of `/proc/stat` is a hundredth of a second wherever Linux runs today.
fn ticks_a_second() -> f64 {
    100.0
}

#[test]
fn a_command_far_shorter_than_the_interval_is_measured() {
    let tree = Tree::new();
    tree.zone("intel-rapl:0", "package-0", 0);
    let recorder =
        Recorder::begin(Ladder::find(&Settings { interval: Duration::from_secs(3600), ..tree.settings() }));
    sleep(Duration::from_millis(5));
    tree.counts("intel-rapl:0", 100_000);
    let (account, _) = recorder.end(Some(Seconds(0.004)));
    assert!(close(named(&account, "cpu package-0").machine.value(), 0.1), "{account:?}");
}

#[test]
fn a_machine_without_sensors_is_modelled_and_memory_is_apart() {
    let tree = Tree::new();
    let recorder = tree.begin();
    sleep(Duration::from_millis(30));
    let (account, _) = recorder.end(Some(Seconds(0.02)));
    assert_eq!((devices(&account.readings), devices(&account.apart)), (vec!["cpu"], vec!["memory"]));
    let cpu = named(&account, "cpu");
    assert_eq!((cpu.rung, cpu.joules.kind()), (Rung::Model, Some(Kind::Estimated)));
    let why = "no powercap counters; no perf events of energy; no hwmon sensor of a processor; no battery";
    assert_eq!(cpu.why.as_deref(), Some(why));
    // 3.5 W a vCPU of an unknown processor.
    assert!(close(cpu.joules.value(), 0.07), "{cpu:?}");
    let total = account.total();
    assert!(close(total.joules.value(), 0.07) && total.measured_share == Some(0.0) && total.complete);
    assert!(named(&account, "memory").joules.value() > Some(Joules(0.0)));
}

#[test]
fn without_cpu_time_there_is_no_share_and_the_total_is_not_complete() {
    let tree = Tree::new();
    tree.zone("intel-rapl:0", "package-0", 0);
    let recorder = tree.begin();
    sleep(Duration::from_millis(10));
    tree.counts("intel-rapl:0", 1_000_000);
    let account = recorder.so_far(None);
    assert!(close(account.machine().joules.value(), 1.0));
    let total = account.total();
    assert_eq!((total.joules.value(), total.complete), (None, false));
}

#[test]
fn a_counter_that_vanishes_on_the_way_gives_place_to_the_model() {
    let tree = Tree::new();
    tree.zone("intel-rapl:0", "package-0", 0);
    let recorder = tree.begin();
    sleep(Duration::from_millis(10));
    fs::remove_dir_all(tree.path("sys/class/powercap")).unwrap();
    let account = recorder.so_far(Some(Seconds(0.005)));
    let cpu = named(&account, "cpu");
    assert_eq!(cpu.rung, Rung::Model);
    assert!(cpu.why.as_deref().unwrap().ends_with("energy_uj` is missing"), "{cpu:?}");
    assert!(cpu.joules.value() > Some(Joules(0.0)), "never 0");
}

#[test]
fn a_counter_that_stands_still_is_not_a_measured_zero() {
    let tree = Tree::new();
    tree.zone("intel-rapl:0", "package-0", 7);
    let recorder = tree.begin();
    sleep(Duration::from_millis(10));
    let account = recorder.so_far(Some(Seconds(0.005)));
    let cpu = named(&account, "cpu");
    assert_eq!(cpu.rung, Rung::Model);
    assert!(cpu.why.as_deref().unwrap().contains("did not move"), "{cpu:?}");
}

#[test]
fn psys_is_counted_where_it_is_asked_for_and_in_place_of_the_packages() {
    let tree = Tree::new();
    tree.zone("intel-rapl:0", "package-0", 0);
    tree.zone("intel-rapl:0:0", "dram", 0);
    tree.zone("intel-rapl:1", "psys", 0);
    let recorder = Recorder::begin(Ladder::find(&Settings { psys: true, ..tree.settings() }));
    sleep(Duration::from_millis(10));
    for zone in ["intel-rapl:0", "intel-rapl:0:0", "intel-rapl:1"] {
        tree.counts(zone, 1_000_000);
    }
    let account = recorder.so_far(Some(Seconds(0.005)));
    assert_eq!((devices(&account.readings), devices(&account.apart)), (vec!["psys"], vec![]));
    assert!(close(account.machine().joules.value(), 1.0));
}

#[test]
fn a_battery_serves_only_where_nothing_else_does() {
    let tree = Tree::new();
    tree.write("sys/class/power_supply/BAT0/status", "Discharging\n");
    tree.write("sys/class/power_supply/BAT0/power_now", "10000000\n");
    let recorder = tree.begin();
    sleep(Duration::from_millis(50));
    let account = recorder.so_far(Some(Seconds(0.01)));
    let machine = named(&account, "machine, from its battery");
    assert_eq!(machine.rung, Rung::IntegratedPower);
    // 10 W; the window is a little longer than what was slept, and than what was read.
    let expected = account.seconds.0 * 10.0;
    assert!(
        machine.machine.value().is_some_and(|joules| (0.5..=expected).contains(&joules.0)),
        "{account:?}"
    );
    assert!(account.apart.is_empty(), "memory is in it");
    tree.zone("intel-rapl:0", "package-0", 0);
    let recorder = tree.begin();
    sleep(Duration::from_millis(10));
    tree.counts("intel-rapl:0", 1_000_000);
    assert_eq!(devices(&recorder.so_far(Some(Seconds(0.01))).readings), ["cpu package-0"]);
}

#[test]
fn a_graphics_board_is_all_the_commands() {
    let tree = Tree::new();
    let board = |file: &str, text: &str| tree.write(&format!("sys/class/hwmon/hwmon0/{file}"), text);
    board("name", "amdgpu");
    board("power1_cap", "300000000");
    board("power1_average", "200000000");
    let recorder = tree.begin();
    // Long enough for the thread to read too.
    sleep(Duration::from_millis(250));
    let account = recorder.so_far(Some(Seconds(0.01)));
    assert_eq!(devices(&account.readings), ["cpu", "gpu amd 0"]);
    let gpu = named(&account, "gpu amd 0");
    assert_eq!(gpu.joules, gpu.machine);
    let expected = account.seconds.0 * 200.0;
    assert!(gpu.joules.value().is_some_and(|joules| (50.0..=expected).contains(&joules.0)), "{account:?}");
    let share = account.total().measured_share.unwrap();
    assert!(share > 0.5 && share < 1.0, "{share}");
}

#[test]
fn a_board_that_cannot_be_read_makes_the_total_incomplete() {
    let tree = Tree::new();
    tree.write("sys/class/hwmon/hwmon0/name", "amdgpu");
    tree.write("sys/class/hwmon/hwmon0/power1_cap", "300000000");
    let recorder = tree.begin();
    sleep(Duration::from_millis(5));
    let account = recorder.so_far(Some(Seconds(0.001)));
    let gpu = named(&account, "gpu (hwmon)");
    assert_eq!((gpu.rung, gpu.joules.value()), (Rung::Unavailable, None));
    assert!(!account.total().complete && account.total().joules.value().is_some());
}

#[test]
fn a_trace_stands_for_the_parts_that_it_has() {
    let tree = Tree::new();
    tree.zone("intel-rapl:0", "package-0", 0);
    let trace =
        "seconds,device,watts\n0,cpu package-0,100\n3600,cpu package-0,100\n0,gpu 0,300\n3600,gpu 0,300\n";
    let replay = Some(Replay::read(trace.as_bytes()).unwrap());
    let recorder = Recorder::begin(Ladder::find(&Settings { replay, ..tree.settings() }));
    sleep(Duration::from_millis(50));
    let account = recorder.so_far(Some(Seconds(0.01)));
    assert_eq!(devices(&account.readings), ["cpu package-0", "gpu 0"]);
    let cpu = named(&account, "cpu package-0");
    assert_eq!(
        (cpu.source.as_str(), cpu.rung, cpu.machine.kind()),
        ("replay", Rung::Declared, Some(Kind::Declared))
    );
    let gpu = named(&account, "gpu 0");
    let watts = gpu.joules.value().unwrap() / account.seconds;
    assert!((200.0..=300.1).contains(&watts.0), "{watts:?}");
    assert_eq!(account.total().measured_share, Some(0.0), "nobody measured it");
}

/// A counter that a test moves, and that remembers how often it was read.
struct Fake {
    device: [Device; 1],
    millijoules: Arc<AtomicU64>,
    reads: Arc<Mutex<Vec<Moment>>>,
}

impl Source for Fake {
    fn name(&self) -> &str {
        "fake"
    }

    fn devices(&self) -> &[Device] {
        &self.device
    }

    fn interval(&self) -> Option<Duration> {
        Some(Duration::from_millis(20))
    }

    fn read(&mut self, now: Moment, into: &mut [Result<Sample, String>]) {
        self.reads.lock().unwrap().push(now);
        let count = self.millijoules.load(Ordering::Relaxed);
        into[0] = Ok(Sample::Counted { count, unit: Joules(1e-3), range: None });
    }
}

fn fake(part: Part) -> Fake {
    let device = Device {
        name: "fake 0".to_owned(),
        part,
        rung: Rung::Counter,
        refresh: Duration::from_millis(1),
        why: None,
    };
    Fake { device: [device], millijoules: Arc::default(), reads: Arc::default() }
}

#[test]
fn stages_add_up_to_the_whole_and_the_thread_reads_on_its_own() {
    let tree = Tree::new();
    let fake = fake(Part::Accelerator);
    let (counter, reads) = (Arc::clone(&fake.millijoules), Arc::clone(&fake.reads));
    let recorder = Recorder::begin(Ladder::with_sources(vec![Box::new(fake)], &tree.settings()));
    let mut stages = 0.0;
    for joules in [1u64, 2, 3] {
        let stage = recorder.start();
        sleep(Duration::from_millis(70));
        counter.fetch_add(joules * 1000, Ordering::Relaxed);
        let account = recorder.since(&stage, Some(Seconds(0.0)));
        let of_stage = named(&account, "fake 0").joules.value();
        assert!(close(of_stage, joules as f64), "{account:?}");
        stages += of_stage.unwrap().0;
    }
    let (account, _) = recorder.end(Some(Seconds(0.0)));
    assert!(close(named(&account, "fake 0").joules.value(), stages), "{account:?}");
    let asked_for = 1 + 3 + 3 + 1;
    let read = reads.lock().unwrap().len();
    assert!(read > asked_for, "{read} readings, {asked_for} of them asked for");
    sleep(Duration::from_millis(60));
    assert_eq!(reads.lock().unwrap().len(), read, "the thread has ended");
}

#[test]
fn reading_takes_less_than_a_thousandth_of_a_core_at_a_second() {
    let tree = Tree::new();
    for package in 0..4 {
        tree.zone(&format!("intel-rapl:{package}"), &format!("package-{package}"), 0);
    }
    let recorder = Recorder::begin(Ladder::find(&tree.settings()));
    const READINGS: u32 = 50;
    let before = recorder.overhead().cpu_seconds;
    for _ in 0..READINGS {
        recorder.start();
    }
    let each = (recorder.overhead().cpu_seconds - before) / f64::from(READINGS);
    assert!(each > Seconds(0.0) && each < Seconds(0.001), "{each:?}");
}

#[test]
fn a_calibration_tells_idle_from_busy() {
    let ladder = Ladder::find(&Settings {
        roots: Roots { sys: "/nowhere".into(), ..Roots::default() },
        ..Settings::default()
    });
    let calibration = calibrate(ladder, Duration::from_millis(600)).unwrap();
    assert_eq!((calibration.source.as_str(), calibration.rung), ("model", Rung::Model));
    assert_eq!((calibration.idle.joules.len(), calibration.busy.joules.len()), (3, 3));
    assert!(calibration.idle.watts() > Watts(0.0) && calibration.busy.repeatability().is_finite());
}
