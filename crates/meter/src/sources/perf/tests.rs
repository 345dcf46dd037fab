use super::*;
use std::cell::RefCell;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Gives counters that show what is said, and remembers what was asked.
struct Fake {
    counts: Arc<AtomicU64>,
    asked: RefCell<Vec<(u32, u64, u32)>>,
    error: Option<ErrorKind>,
}

struct FakeCounter(Arc<AtomicU64>);

/// Shown by a counter that has gone.
const GONE: u64 = u64::MAX;

impl Counter for FakeCounter {
    fn count(&mut self) -> io::Result<u64> {
        match self.0.load(Ordering::Relaxed) {
            GONE => Err(ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }
}

impl Perf for Fake {
    fn open(&self, pmu: u32, config: u64, cpu: u32) -> io::Result<Box<dyn Counter>> {
        self.asked.borrow_mut().push((pmu, config, cpu));
        match self.error {
            Some(kind) => Err(kind.into()),
            None => Ok(Box::new(FakeCounter(Arc::clone(&self.counts)))),
        }
    }
}

impl Fake {
    fn new() -> Self {
        Self { counts: Arc::default(), asked: RefCell::default(), error: None }
    }
}

/// Two packages, as a server shows them.
fn tree(change: &[(&str, &str)]) -> (tempfile::TempDir, Roots) {
    let folder = tempfile::tempdir().unwrap();
    let pmu = "sys/bus/event_source/devices/power";
    let scale = "2.3283064365386962890625e-10";
    let files = [
        ("type", "21"),
        ("cpumask", "0,18"),
        ("events/energy-pkg", "event=0x02"),
        ("events/energy-pkg.scale", scale),
        ("events/energy-pkg.unit", "Joules"),
        ("events/energy-ram", "event=0x03"),
        ("events/energy-ram.scale", "1.52587890625e-05"),
        ("events/energy-ram.unit", "Joules"),
        ("events/energy-psys", "event=0x05"),
        ("events/energy-psys.scale", scale),
        ("events/energy-psys.unit", "Joules"),
    ];
    let write = |path: PathBuf, text: &str| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{text}\n")).unwrap();
    };
    for (file, text) in files.iter().chain(change) {
        write(folder.path().join(pmu).join(file), text);
    }
    for (cpu, package) in [(0, "0"), (18, "1")] {
        let path = format!("sys/devices/system/cpu/cpu{cpu}/topology/physical_package_id");
        write(folder.path().join(path), package);
    }
    write(folder.path().join("proc/sys/kernel/perf_event_paranoid"), "2");
    let roots = Roots { sys: folder.path().join("sys"), proc: folder.path().join("proc") };
    (folder, roots)
}

#[test]
fn packages_and_their_memory_are_opened_on_the_cpus_of_the_mask() {
    let (_folder, roots) = tree(&[]);
    let fake = Fake::new();
    let mut events = PowerEvents::find(&roots, Wanted::Processors, &fake).unwrap();
    assert_eq!(*fake.asked.borrow(), [(21, 2, 0), (21, 2, 18), (21, 3, 0), (21, 3, 18)]);
    let names: Vec<&str> = events.devices().iter().map(|device| device.name.as_str()).collect();
    assert_eq!(names, ["cpu package-0", "cpu package-1", "memory package-0", "memory package-1"]);
    // 2^32 counts of 2^-32 J are 1 J.
    fake.counts.store(1 << 32, Ordering::Relaxed);
    let mut samples = vec![Err(String::new()); 4];
    events.read(Moment::now(), &mut samples);
    let joules = |sample: &Result<Sample, String>| match sample {
        Ok(Sample::Counted { count, unit, range: None }) => (*unit * *count as f64).0,
        other => panic!("{other:?}"),
    };
    assert_eq!(samples.iter().map(joules).collect::<Vec<_>>(), [1.0, 1.0, 65_536.0, 65_536.0]);
    fake.counts.store(GONE, Ordering::Relaxed);
    events.read(Moment::now(), &mut samples);
    assert!(samples[0].as_ref().unwrap_err().starts_with("cannot read the perf event"));
}

#[test]
fn the_platform_is_counted_once() {
    let (_folder, roots) = tree(&[]);
    let fake = Fake::new();
    let events = PowerEvents::find(&roots, Wanted::Platform, &fake).unwrap();
    assert_eq!(*fake.asked.borrow(), [(21, 5, 0)]);
    assert_eq!((events.devices()[0].name.as_str(), events.devices()[0].part), ("psys", Part::Machine));
}

#[test]
fn what_may_not_be_opened_names_the_setting() {
    let (_folder, roots) = tree(&[]);
    let fake = Fake { error: Some(ErrorKind::PermissionDenied), ..Fake::new() };
    let refusal = PowerEvents::find(&roots, Wanted::Processors, &fake).err().unwrap();
    assert_eq!(refusal.why, "no permission for the perf event `energy-pkg`: perf_event_paranoid is 2");
    assert_eq!(refusal.denied, [roots.proc.join("sys/kernel/perf_event_paranoid")]);
    let fake = Fake { error: Some(ErrorKind::NotFound), ..Fake::new() };
    let refusal = PowerEvents::find(&roots, Wanted::Processors, &fake).err().unwrap();
    assert!(refusal.why.starts_with("cannot open the perf event `energy-pkg`") && refusal.denied.is_empty());
}

#[test]
fn files_that_say_something_else_are_a_reason() {
    for (file, text, expected) in [
        ("type", "many", "holds `many`, expected a number"),
        ("type", "99999999999", "is no type of a PMU"),
        ("cpumask", "0-", "holds `0-`, expected numbers of CPUs"),
        ("cpumask", "5-1", "expected numbers of CPUs"),
        ("cpumask", "0-4294967295", "expected numbers of CPUs"),
        ("cpumask", "", "expected numbers of CPUs"),
        ("events/energy-pkg", "config=2", "expected `event=0x..` and a number"),
        ("events/energy-pkg.scale", "0", "its scale `0`"),
        ("events/energy-pkg.scale", "NaN", "its scale `NaN`"),
        ("events/energy-pkg.unit", "Watts", "is in `Watts`, expected `Joules`"),
    ] {
        let (_folder, roots) = tree(&[(file, text)]);
        let refusal = PowerEvents::find(&roots, Wanted::Processors, &Fake::new()).err().unwrap();
        assert!(refusal.there && refusal.why.contains(expected), "{file}: {refusal:?}");
    }
    let (folder, roots) = tree(&[]);
    fs::remove_file(folder.path().join("sys/bus/event_source/devices/power/events/energy-pkg")).unwrap();
    let refusal = PowerEvents::find(&roots, Wanted::Processors, &Fake::new()).err().unwrap();
    assert_eq!(refusal.why, "perf has no event of the energy of packages");
    let nowhere = Roots { sys: folder.path().join("none"), ..roots };
    let refusal = PowerEvents::find(&nowhere, Wanted::Processors, &Fake::new()).err().unwrap();
    assert_eq!(refusal, Refusal::absent("no perf events of energy"));
}

#[test]
fn lists_of_cpus_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cpumask");
    for (list, expected) in [("0\n", &[0][..]), ("0,18", &[0, 18]), ("0-2,7", &[0, 1, 2, 7])] {
        fs::write(&path, list).unwrap();
        assert_eq!(cpus(&path).unwrap(), expected);
    }
}
