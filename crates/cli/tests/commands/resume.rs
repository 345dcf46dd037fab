//! Runs that are stopped at any moment: finished stages are found again, and the end is that of an unbroken run.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::own::write_table;
use crate::{copy_folder, lessen, names, same_models};

/// A small table of one's own, every method but mimicking.
const COMMAND: [&str; 8] = ["compress", "t.csv", "--target", "kind", "--methods", "ticket", "--seed", "3"];

fn start(folder: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lessen"));
    command.current_dir(folder).args(COMMAND).stderr(Stdio::null()).stdout(Stdio::null());
    command.spawn().unwrap()
}

fn send(signal: &str, to: &Child) {
    let sent = Command::new("kill").args([signal, &to.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Moments from a fixed stream of numbers, so that a failure can be had again; where in the work they fall still differs from
/// machine to machine, which is the point.
fn moments(seed: u64) -> impl Iterator<Item = Duration> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis(20 + (state >> 33) % 1500)
    })
}

#[test]
fn killed_or_interrupted_at_random_moments_it_ends_as_if_it_had_never_been() {
    let unbroken = tempfile::tempdir().unwrap();
    write_table(unbroken.path(), "t.csv", 240);
    let ran = lessen(unbroken.path(), &COMMAND);
    assert_eq!(ran.code, Some(0), "{}", ran.err);

    for (signal, seed) in [("-KILL", 1), ("-INT", 2)] {
        let broken = tempfile::tempdir().unwrap();
        write_table(broken.path(), "t.csv", 240);
        let mut stopped = 0;
        for moment in moments(seed).take(5) {
            let mut running = start(broken.path());
            let began = Instant::now();
            while began.elapsed() < moment && running.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(5));
            }
            if running.try_wait().unwrap().is_none() {
                send(signal, &running);
                stopped += 1;
            }
            running.wait().unwrap();
        }
        assert!(stopped >= 2, "only {stopped} runs were stopped by {signal}: they end too soon");
        let ran = lessen(broken.path(), &COMMAND);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(ran.err.contains("found, done by an earlier run"), "nothing was kept:\n{}", ran.err);
        same_models(&broken.path().join("lessen-t"), &unbroken.path().join("lessen-t"));
    }
}

#[test]
fn an_interrupt_says_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    write_table(folder.path(), "t.csv", 240);
    let mut command = Command::new(env!("CARGO_BIN_EXE_lessen"));
    command.current_dir(folder.path()).args(COMMAND).stderr(Stdio::piped()).stdout(Stdio::null());
    let running = command.spawn().unwrap();
    let began = Instant::now();
    // The folder is made just after the handler is set up, at the latest.
    while !folder.path().join("lessen-t/stages").is_dir() && began.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(300));
    send("-INT", &running);
    let ended = running.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("stopped; the same command again goes on from `lessen-t`"), "{said}");
}

/// With a budget the plan is that of the first run, however fast the machine seems to the second.
#[test]
fn a_budget_is_planned_once() {
    let folder = tempfile::tempdir().unwrap();
    write_table(folder.path(), "t.csv", 1500);
    // The shortest that is accepted, whatever this machine is: one that is too short is refused before anything is done.
    let mut accepted = None;
    for seconds in [10, 12, 15, 20, 30, 45, 60, 90, 120, 180] {
        let budget = format!("{seconds}s");
        let ran = lessen(folder.path(), &[&COMMAND[..], &["--budget", &budget, "--json"]].concat());
        if ran.code == Some(0) {
            accepted = Some((budget, ran));
            break;
        }
        assert_eq!(ran.code, Some(2), "{}", ran.err);
        assert!(ran.err.contains("expected to take") && ran.err.contains("hint: `--budget "), "{}", ran.err);
        assert_eq!(names(folder.path()), ["t.csv"], "wrote something");
    }
    let (budget, first) = accepted.unwrap();
    let arguments = [&COMMAND[..], &["--budget", &budget, "--json"]].concat();
    let record: serde_json::Value = serde_json::from_str(&first.out).unwrap();
    assert_eq!(format!("{}s", record["spec"]["budget"]["seconds"].as_f64().unwrap()), budget);
    assert!(!record["cut"].as_array().unwrap().is_empty(), "{budget} are short: {}", first.err);
    for cut in record["cut"].as_array().unwrap() {
        assert!(first.err.contains(cut.as_str().unwrap()), "{cut} is not said:\n{}", first.err);
    }
    let copy = tempfile::tempdir().unwrap();
    copy_folder(folder.path(), copy.path());
    for file in ["result.json", "pruned.onnx"] {
        std::fs::remove_file(copy.path().join("lessen-t").join(file)).unwrap();
    }
    let again = lessen(copy.path(), &arguments);
    assert_eq!(again.code, Some(0), "{}", again.err);
    let again: serde_json::Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!(again["spec"], record["spec"]);
    same_models(&copy.path().join("lessen-t"), &folder.path().join("lessen-t"));
}

/// A disk that is full: an error that names the file, nothing half-written, and the same command goes on once there is room.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    let folder = tempfile::tempdir().unwrap();
    write_table(folder.path(), "t.csv", 240);
    std::fs::create_dir(folder.path().join("small")).unwrap();
    // A file system of 300 kB in a mount namespace of our own; where none may be made, the same by a limit on file sizes.
    let script = "mount -t tmpfs -o size=300k none small && \"$@\"; code=$?; \
                  find small -name '*.part' | grep . && exit 99; ls small/lessen-t/stages | wc -l >&2; exit $code";
    let binary = env!("CARGO_BIN_EXE_lessen");
    let mut command = Command::new("unshare");
    command.current_dir(folder.path()).args(["-rm", "sh", "-c", script, "sh", binary]).args(COMMAND);
    let ended = command.args(["--out", "small/lessen-t"]).output();
    let Some(ended) = ended.ok().filter(|ended| !mount_was_refused(&ended.stderr)) else {
        eprintln!("skipped: no file system may be mounted here");
        return;
    };
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(said.contains("No space left on device") && said.contains("small/lessen-t"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

fn mount_was_refused(said: &[u8]) -> bool {
    let said = String::from_utf8_lossy(said);
    said.contains("unshare:") || said.contains("mount:")
}
