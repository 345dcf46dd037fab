//! The main job, run once on a small setting for all tests here, and what it leaves behind.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use lessen_records::{Record, ResultRecord, Role};
use tempfile::TempDir;

use crate::{Ran, lessen, names};

/// Fewer rows and sizes than `compress` takes: the whole path all the same.
const SMALL: [&str; 8] = ["mimic", "digits", "--rows", "3000", "--hidden", "8,16", "--seed", "7"];

/// The run that the tests look at.
pub(crate) struct Job {
    folder: TempDir,
    ran: Ran,
}

impl Job {
    pub(crate) fn out(&self) -> PathBuf {
        self.folder.path().join("lessen-digits")
    }

    fn record(&self) -> ResultRecord {
        ResultRecord::from_json(&std::fs::read_to_string(self.out().join("result.json")).unwrap()).unwrap()
    }
}

pub(crate) fn job() -> &'static Job {
    static JOB: OnceLock<Job> = OnceLock::new();
    JOB.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let ran = lessen(folder.path(), &SMALL);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        Job { folder, ran }
    })
}

#[test]
fn the_screen_ends_with_a_table_the_chosen_model_and_two_sentences() {
    let Job { ran, .. } = job();
    for stage in ["library", "ensemble selection", "transfer set", "students", "measure"] {
        assert!(ran.err.contains(stage), "{}", ran.err);
    }
    assert_eq!(ran.out.lines().filter(|line| line.starts_with("* student ")).count(), 1, "{}", ran.out);
    let chosen = job().record().chosen.unwrap();
    let sentences: Vec<&str> = ran.out.trim_end().lines().rev().take(2).collect();
    assert!(
        sentences[1].contains(&format!("`{chosen}`, against the teacher"))
            || sentences[1].starts_with(&format!("`{chosen}` against the teacher"))
    );
    assert!(sentences[0].starts_with("Compressing took"), "{}", ran.out);
}

#[test]
fn the_folder_holds_the_record_the_teacher_and_the_models() {
    let expected = [
        ".lessen",
        "hard-labels-16.onnx",
        "hard-labels-8.onnx",
        "result.json",
        "stages",
        "student-16.onnx",
        "student-8.onnx",
        "teacher",
    ];
    assert_eq!(names(&job().out()), expected);
}

#[test]
fn every_number_of_the_record_is_there_and_fits_the_others() {
    let record = job().record();
    let dataset = &record.dataset;
    assert_eq!((dataset.train, dataset.validation, dataset.test), (1079, 359, 359));
    let teacher = record.teacher().unwrap();
    assert!(teacher.test_accuracy > 0.96, "teacher {}", teacher.test_accuracy);
    assert!(record.models.iter().any(|model| model.role == Role::BestMember));
    for model in &record.models {
        let errors = ((1.0 - model.test_accuracy) * dataset.test as f64).round() as u64;
        assert_eq!(model.test_errors, errors, "{}", model.name);
        let latency = &model.latency_us;
        for figure in [&latency.batch_1, &latency.batch_256] {
            assert!(figure.value().is_some_and(|us| us.0 > 0.0), "{}: {}", model.name, figure.how());
        }
        assert!(model.joules_per_prediction.value().is_some_and(|joules| joules.0 > 0.0), "{}", model.name);
        assert!(model.made_with_joules.value().is_some_and(|joules| joules.0 > 0.0), "{}", model.name);
    }
    let student = record.model("student 16").unwrap();
    // 64 x 16 + 16 x 10 weights, 26 biases.
    assert_eq!((student.parameters, student.macs), (Some(1210), Some(1184)));
    let bytes = std::fs::metadata(job().out().join("student-16.onnx")).unwrap().len();
    assert_eq!(student.file_bytes, Some(bytes));
    let library = record.stages.iter().filter(|stage| stage.name.starts_with("library: ")).count();
    assert!(library >= 30, "{library} members");
    for stage in &record.stages {
        assert!(stage.joules.value().is_some(), "{}: {}", stage.name, stage.joules.how());
    }
}

#[test]
fn the_same_command_again_finds_every_stage_and_makes_the_same_models() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("lessen-digits");
    copy_folder(&job().out(), &copy);
    for file in ["result.json", "student-8.onnx"] {
        std::fs::remove_file(copy.join(file)).unwrap();
    }
    let ran = lessen(folder.path(), &SMALL);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for stage in ["library", "ensemble selection", "transfer set", "students"] {
        let line = ran.err.lines().find(|line| line.starts_with(stage)).unwrap_or_default();
        assert!(line.contains("found, done by an earlier run"), "{}", ran.err);
    }
    same_models(&copy, &job().out());
}

#[test]
fn a_run_that_is_killed_goes_on_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    for milliseconds in [400, 1500] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lessen"));
        command.current_dir(folder.path()).args(SMALL).stderr(Stdio::null()).stdout(Stdio::null());
        let mut running = command.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        running.kill().unwrap();
        running.wait().unwrap();
    }
    let out = folder.path().join("lessen-digits");
    let result = std::fs::read_to_string(out.join("result.json"));
    assert!(result.is_err_and(|error| error.kind() == ErrorKind::NotFound), "killed before the end");
    let ran = lessen(folder.path(), &SMALL);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("found, done by an earlier run"), "nothing was kept:\n{}", ran.err);
    same_models(&out, &job().out());
}

#[test]
fn one_thread_makes_the_same_bits_as_two() {
    let folder = tempfile::tempdir().unwrap();
    let ran = lessen(folder.path(), &[&SMALL[..], &["--threads", "1"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    same_models(&folder.path().join("lessen-digits"), &job().out());
}

#[test]
fn a_saved_teacher_teaches_again() {
    let teacher = job().out().join("teacher");
    let folder = tempfile::tempdir().unwrap();
    let arguments =
        ["mimic", "digits", "--rows", "2000", "--hidden", "8", "--seed", "7", "--json", "--teacher"];
    let ran = lessen(folder.path(), &[&arguments[..], &[teacher.to_str().unwrap()]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let record = ResultRecord::from_json(&ran.out).unwrap();
    let (again, before) = (record.teacher().unwrap().clone(), job().record().teacher().unwrap().clone());
    assert_eq!(again.test_errors, before.test_errors);
    assert_eq!((again.macs, again.comparisons), (before.macs, before.comparisons));
}

#[test]
fn a_transfer_set_alone_is_a_table_with_probabilities() {
    let teacher = job().out().join("teacher");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("set.csv");
    let arguments = ["mimic", "digits", "--rows", "1500", "--seed", "7", "--neighbours", "static"];
    let more = ["--transfer-only", file.to_str().unwrap(), "--teacher", teacher.to_str().unwrap()];
    let ran = lessen(folder.path(), &[&arguments[..], &more[..]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1501);
    assert!(lines[0].starts_with("pixel_0,") && lines[0].ends_with(",p(8),p(9)"));
    for line in &lines[1..] {
        let cells: Vec<f32> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        let sum: f32 = cells[64..].iter().sum();
        assert!(cells.len() == 74 && (sum - 1.0).abs() < 1e-4, "{line}");
    }
}

/// Networks and teacher are the same bytes.
fn same_models(a: &std::path::Path, b: &std::path::Path) {
    for name in names(a).iter().filter(|name| name.ends_with(".onnx")) {
        assert_eq!(std::fs::read(a.join(name)).unwrap(), std::fs::read(b.join(name)).unwrap(), "{name}");
    }
    assert_eq!(names(&a.join("teacher")), names(&b.join("teacher")));
    for name in names(&a.join("teacher")) {
        let read = |folder: &std::path::Path| std::fs::read(folder.join("teacher").join(&name)).unwrap();
        assert_eq!(read(a), read(b), "{name}");
    }
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}
