//! `lessen run`, `stage`, `ledger` and `doctor`, as a person types them.

#![cfg(target_os = "linux")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::{Ran, lessen, names};

/// Runs in a folder with a ledger of its own.
fn metered(folder: &Path, options: &[&str], command: &[&str]) -> Ran {
    let typed =
        [&["run", "--ledger", "ledger.sqlite", "--receipt", "receipt.json"], options, &["--"], command]
            .concat();
    lessen(folder, &typed)
}

fn receipt(folder: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("receipt.json")).unwrap()).unwrap()
}

fn ledger(folder: &Path, typed: &[&str]) -> Ran {
    lessen(folder, &[&["ledger", "--ledger", "ledger.sqlite"], typed].concat())
}

#[test]
fn a_command_runs_as_if_alone_and_leaves_a_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let tags = ["--tag", "project=bert", "--region", "FRA", "--name", "first"];
    let ran = metered(folder.path(), &tags, &["sh", "-c", "echo out; echo err >&2; exit 3"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), "out\n"), "{}", ran.err);
    assert!(ran.err.starts_with("err\n"), "{}", ran.err);
    for part in [
        "exit code 3",
        "energy",
        "no rental price for this processor",
        "CO2e",
        "electricity",
        "peak memory",
        "as much as",
        "FRA 2024",
    ] {
        assert!(ran.err.contains(part), "{part} in\n{}", ran.err);
    }
    let receipt = receipt(folder.path());
    assert_eq!(receipt["schema"], "lessen.receipt/1");
    assert_eq!((&receipt["exit_code"], &receipt["state"]), (&Value::from(3), &Value::from("done")));
    assert!(receipt["energy"]["joules"]["value"].as_f64().unwrap() > 0.0);
    assert!(receipt["cpu_seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(receipt["carbon"]["region"], "FRA");

    let id = receipt["id"].as_str().unwrap();
    let listed = ledger(folder.path(), &["list", "--tag", "project=bert"]);
    assert!(listed.out.contains(id) && listed.out.contains("exit 3"), "{}{}", listed.out, listed.err);
    let shown = ledger(folder.path(), &["show", &id[..id.len() - 3], "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&shown.out).unwrap(), receipt);
    assert!(ledger(folder.path(), &["total", "--by", "project"]).out.contains("bert"));
    assert!(ledger(folder.path(), &["verify"]).out.contains("every row is whole"));
    let missing = ledger(folder.path(), &["show", "nothing"]);
    assert!(missing.code == Some(2) && missing.err.contains("nothing"), "{}", missing.err);
}

#[test]
fn what_cannot_run_has_the_codes_of_a_shell() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("text"), "no program").unwrap();
    let found = metered(folder.path(), &[], &["no-such-program-of-mine"]);
    assert!(found.code == Some(127) && found.err.contains("not found on PATH"), "{}", found.err);
    let refused = metered(folder.path(), &[], &["./text"]);
    assert!(refused.code == Some(126) && refused.err.contains("chmod +x"), "{}", refused.err);
    assert_eq!(metered(folder.path(), &[], &["sh", "-c", "kill -9 $$"]).code, Some(137));
    let killed = receipt(folder.path());
    assert_eq!(killed["exit_code"], Value::Null);
    assert_eq!(killed["notes"][0], "Signal 9 ended it.");
    let region = metered(folder.path(), &["--region", "Frnace"], &["true"]);
    assert!(region.code == Some(2) && region.err.contains("France"), "{}", region.err);
}

#[test]
fn input_reaches_the_command_and_secrets_do_not_reach_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lessen"));
    let typed = ["run", "-q", "--ledger", "l.sqlite", "--", "sh", "-c", "cat; :", "--token", "sk-verysecret"];
    command.current_dir(folder.path()).args(typed).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"through").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"through");
    for name in names(folder.path()) {
        let bytes = std::fs::read(folder.path().join(&name)).unwrap();
        assert!(!bytes.windows(10).any(|window| window == b"verysecret"), "{name} holds the secret");
    }
}

#[test]
fn stages_are_metered_and_nest() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_lessen");
    let work = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done";
    let script = format!(
        "{program} stage begin outer; {work}; {program} stage begin inner; {work}; {program} stage end; {program} stage end"
    );
    let ran = metered(folder.path(), &["-q"], &["sh", "-c", &script]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let receipt = receipt(folder.path());
    let stages = receipt["stages"].as_array().unwrap();
    let names: Vec<_> = stages.iter().map(|stage| stage["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["outer", "inner"]);
    assert_eq!(stages[1]["parent"], "outer");
    let joules = |stage: &Value| stage["joules"]["value"].as_f64().unwrap();
    assert!(joules(&stages[1]) > 0.0 && joules(&stages[1]) < joules(&stages[0]));
    assert!(joules(&stages[0]) <= receipt["energy"]["joules"]["value"].as_f64().unwrap());
    let outside = lessen(folder.path(), &["stage", "begin", "x"]);
    assert!(outside.code == Some(2) && outside.err.contains("LESSEN_STAGES"), "{}", outside.err);
}

#[test]
fn a_killed_run_is_interrupted_and_its_energy_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lessen"));
    let typed = ["run", "-q", "--interval", "0.1", "--ledger", "ledger.sqlite", "--", "sleep", "20"];
    let mut child = command.current_dir(folder.path()).args(typed).spawn().unwrap();
    let started = std::time::Instant::now();
    while !ledger(folder.path(), &["list"]).out.contains("running") {
        assert!(started.elapsed().as_secs() < 10, "the run does not show in the ledger");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let listed = ledger(folder.path(), &["list"]).out;
    assert!(listed.contains("interrupted") && listed.contains("sleep"), "{listed}");
}

#[test]
fn a_ledger_of_no_use_does_not_stop_the_command() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ledger.sqlite"), "this is no database, whatever it is called")
        .unwrap();
    let ran = metered(folder.path(), &[], &["sh", "-c", "echo ran; exit 4"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(4), "ran\n"), "{}", ran.err);
    assert!(ran.err.contains("the command runs all the same") && ran.err.contains("energy"), "{}", ran.err);
    let beside = names(folder.path()).into_iter().find(|name| name.starts_with("receipt-2")).unwrap();
    assert!(ran.err.contains(&beside), "{}", ran.err);
}

#[test]
fn codecarbons_rows_are_taken_in_and_given_out() {
    let folder = tempfile::tempdir().unwrap();
    let csv = "timestamp,project_name,run_id,duration,emissions,energy_consumed,country_iso_code\n\
               2024-05-01T10:00:00,mine,abc,60.0,0.001,0.005,FRA\n";
    std::fs::write(folder.path().join("emissions.csv"), csv).unwrap();
    let import = || ledger(folder.path(), &["import", "emissions.csv"]);
    let first = import();
    assert!(first.out.contains("1 runs") && first.out.contains("1 new"), "{}{}", first.out, first.err);
    assert!(import().out.contains("0 new, 1 in the ledger already"));
    for (format, part) in
        [("codecarbon", "energy_consumed"), ("csv", "joules_low"), ("json", "codecarbon-abc")]
    {
        let out = ledger(folder.path(), &["export", format]).out;
        assert!(out.contains(part), "{format}: {out}");
    }
    std::fs::write(folder.path().join("broken.csv"), csv.replace("0.005", "much")).unwrap();
    let broken = ledger(folder.path(), &["import", "broken.csv"]);
    assert!(
        broken.code == Some(2) && broken.err.contains("line 2") && broken.err.contains("energy_consumed"),
        "{}",
        broken.err
    );
}

#[test]
fn a_trace_is_replayed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("trace.csv"),
        "seconds,device,watts\n0,cpu package-0,50\n100,cpu package-0,50\n",
    )
    .unwrap();
    let ran = metered(folder.path(), &["-q", "--replay", "trace.csv"], &["sleep", "0.2"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let receipt = receipt(folder.path());
    let component = &receipt["energy"]["components"][0];
    assert_eq!(component["device"], "cpu package-0", "{receipt:#}");
    let joules = component["machine_joules"]["value"].as_f64().unwrap();
    assert!((9.0..40.0).contains(&joules), "50 W for at least 0.2 s: {joules}");
    let missing = metered(folder.path(), &["--replay", "nothing.csv"], &["true"]);
    assert!(missing.code == Some(2) && missing.err.contains("nothing.csv"), "{}", missing.err);
}

#[test]
fn the_doctor_names_every_source() {
    let folder = tempfile::tempdir().unwrap();
    let ran = lessen(folder.path(), &["doctor", "--calibrate", "0", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let found: Value = serde_json::from_str(&ran.out).unwrap();
    let sources: Vec<_> =
        found["sources"].as_array().unwrap().iter().map(|probe| probe["source"].as_str().unwrap()).collect();
    for source in ["powercap", "perf", "hwmon", "nvml", "battery"] {
        assert!(sources.contains(&source), "{sources:?}");
    }
    assert!(names(folder.path()).is_empty());
}
