//! Threads and processes side by side, and killed ones. Children are this test program again, which finds in its
//! environment what to do.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::failures::{filled_place, permit, use_without_permission};
use super::*;

const TASK: &str = "LESSEN_LEDGER_TEST_TASK";
const PATH: &str = "LESSEN_LEDGER_TEST_PATH";

/// The part of a child; for anybody else nothing to do.
#[test]
fn child() {
    let (Some(task), Some(path)) = (std::env::var_os(TASK), std::env::var_os(PATH)) else { return };
    let (task, path) = (task.into_string().unwrap(), PathBuf::from(path));
    if task == "without permission" {
        return use_without_permission(&path);
    }
    let ledger = Ledger::open(&path).unwrap();
    match task.strip_prefix("checkpoints of ") {
        None => {
            ledger.begin(&running(&task)).unwrap();
            ledger.close(&receipt(&task)).unwrap();
        }
        Some(id) => {
            // Time only goes forward, so that an older receipt than one that was seen is one that was lost.
            ledger.begin(&Receipt { seconds: Seconds(0.0), ..running(id) }).unwrap();
            for seconds in 1.. {
                let seconds = Seconds(f64::from(seconds));
                ledger.checkpoint(&Receipt { seconds, ..running(id) }).unwrap();
            }
        }
    }
}

fn start(task: &str, path: &Path) -> Child {
    command(task, path).spawn().unwrap()
}

fn command(task: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "ledger::tests::processes::child"]).env(TASK, task).env(PATH, path);
    command.stdout(Stdio::null()).stderr(Stdio::inherit());
    command
}

#[test]
fn thirty_two_processes_at_once_give_thirty_two_rows() {
    let place = place();
    let children: Vec<Child> = (0..32).map(|number| start(&format!("child-{number}"), &place.path)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    check_thirty_two(&place);
}

#[test]
fn thirty_two_threads_at_once_give_thirty_two_rows() {
    let place = place();
    std::thread::scope(|scope| {
        for number in 0..32 {
            let path = &place.path;
            scope.spawn(move || {
                let ledger = Ledger::open(path).unwrap();
                ledger.close(&receipt(&format!("child-{number}"))).unwrap();
            });
        }
    });
    check_thirty_two(&place);
}

fn check_thirty_two(place: &Place) {
    let ledger = Ledger::open_existing(&place.path).unwrap();
    let mut found = ids(&ledger, &Filter::default());
    found.sort();
    let mut expected: Vec<String> = (0..32).map(|number| format!("child-{number}")).collect();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(ledger.total(None).unwrap()[0].joules.figure.value(), Some(Joules(3200.0)));
    let found = ledger.verify().unwrap();
    assert!(found.is_sound(), "{:?}", found.problems);
}

#[test]
fn a_killed_run_is_interrupted_with_what_it_had_at_its_last_checkpoint() {
    let place = place();
    for round in 0..5_u32 {
        let id = format!("killed-{round}");
        let mut child = start(&format!("checkpoints of {id}"), &place.path);
        let ledger = Ledger::open(&place.path).unwrap();
        let begun = Instant::now();
        let seen = loop {
            assert!(begun.elapsed() < Duration::from_secs(20), "the child writes");
            match ledger.show(&id) {
                Ok(receipt) if receipt.seconds >= Seconds(3.0 + f64::from(round)) => break receipt,
                _ => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        assert_eq!(seen.state, State::Running, "its process lives");
        child.kill().unwrap();
        child.wait().unwrap();
        let left = ledger.show(&id).unwrap();
        assert_eq!(left.state, State::Interrupted);
        assert!(left.seconds >= seen.seconds, "no checkpoint that was seen is lost");
        let total = &ledger.total(None).unwrap()[0];
        assert_eq!(
            (total.runs, total.running, total.interrupted),
            (u64::from(round) + 1, 0, u64::from(round) + 1)
        );
        assert_eq!(total.joules.figure.value(), Some(Joules(100.0 * (f64::from(round) + 1.0))));
        let found = ledger.verify().unwrap();
        assert!(found.is_sound(), "{:?}", found.problems);
    }
}

#[test]
fn killed_at_any_moment_the_ledger_stays_sound() {
    let mut entered = 0;
    for round in 0..16_u64 {
        // From before the file is there to the middle of writing; each second round finds it made.
        let place = place();
        for id in ["a", "b"] {
            let mut child = start(&format!("checkpoints of {id}"), &place.path);
            std::thread::sleep(Duration::from_millis(round * 3));
            child.kill().unwrap();
            child.wait().unwrap();
            let ledger = Ledger::open(&place.path).unwrap();
            let found = ledger.verify().unwrap();
            assert!(found.is_sound(), "after {round} * 3 ms: {:?}", found.problems);
            assert!(ledger.list(&Filter::default()).all(|run| run.unwrap().state == State::Interrupted));
            entered += found.runs;
        }
    }
    assert!(entered > 0, "some children came to write");
}

#[test]
fn a_ledger_that_may_only_be_read_is_read() {
    let (folder, path) = filled_place();
    let inner = path.parent().unwrap();
    permit(folder.path(), 0o755);
    permit(&folder.path().join("data"), 0o755);
    permit(&path, 0o444);
    permit(inner, 0o555);
    let mut child = command("without permission", &path);
    if rustix::process::getuid().is_root() {
        // Nobody.
        child.uid(65534).gid(65534);
    }
    let outcome = child.status();
    permit(inner, 0o755);
    assert!(outcome.unwrap().success());
}
