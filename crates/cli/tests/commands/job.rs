//! The main job, run once on a small setting for all tests here, and what it leaves behind.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use lessen_records::{Record, ResultRecord, Role, Study};
use tempfile::TempDir;

use crate::{Ran, copy_folder, lessen, names, same_models};

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
        "report.html",
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
    assert!(teacher.test_accuracy > Some(0.96), "teacher {:?}", teacher.test_accuracy);
    assert!(record.models.iter().any(|model| model.role == Role::BestMember));
    for model in &record.models {
        let accuracy = model.test_accuracy.unwrap();
        let errors = ((1.0 - accuracy) * dataset.test as f64).round() as u64;
        assert_eq!(model.test_errors, Some(errors), "{}", model.name);
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
    let out = folder.path().join("lessen-digits");
    let mut kept = 0;
    for _ in 0..2 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lessen"));
        command.current_dir(folder.path()).args(SMALL).stderr(Stdio::null()).stdout(Stdio::null());
        let mut running = command.spawn().unwrap();
        let started = Instant::now();
        while finished_stages(&out) <= kept && started.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(20));
        }
        running.kill().unwrap();
        running.wait().unwrap();
        assert!(finished_stages(&out) > kept, "no stage was finished in a minute");
        kept = finished_stages(&out);
    }
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
    let more = ["--json", "--transfer-only", "set.csv", "--teacher", teacher.to_str().unwrap()];
    let typed = [&arguments[..], &more[..]].concat();
    let ran = lessen(folder.path(), &typed);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["file"], "set.csv");
    assert_eq!(document["rows"], 1500);
    assert!(document["copies"].as_u64().is_some_and(|copies| copies < 1500), "{document}");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1501);
    assert!(lines[0].starts_with("pixel_0,") && lines[0].ends_with(",p(8),p(9)"));
    for line in &lines[1..] {
        let cells: Vec<f32> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        let sum: f32 = cells[64..].iter().sum();
        assert!(cells.len() == 74 && (sum - 1.0).abs() < 1e-4, "{line}");
    }
    std::fs::write(&file, "mine").unwrap();
    let ran = lessen(folder.path(), &typed);
    assert_eq!((ran.code, std::fs::read(&file).unwrap()), (Some(2), b"mine".to_vec()), "{}", ran.err);
    let ran = lessen(folder.path(), &[&typed[..], &["--force"]].concat());
    assert_eq!((ran.code, std::fs::read_to_string(&file).unwrap()), (Some(0), text), "{}", ran.err);
}

#[test]
fn another_setting_goes_on_in_the_same_folder_with_the_teacher_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("lessen-digits");
    copy_folder(&job().out(), &out);
    assert_eq!(
        std::fs::read_to_string(out.join(".lessen")).unwrap(),
        "compress\n",
        "what `compress` marks with"
    );
    for teacher in ["lessen-digits/teacher", "lessen-digits"] {
        let arguments =
            ["mimic", "digits", "--rows", "1500", "--hidden", "4", "--seed", "7", "--teacher", teacher];
        let ran = lessen(folder.path(), &arguments);
        assert_eq!(ran.code, Some(0), "{teacher}: {}", ran.err);
    }
    assert!(out.join("student-4.onnx").is_file());
}

#[test]
fn a_study_of_two_seeds_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["compress", "digits", "--seeds", "2", "--methods", "mimic", "--json"];
    let first = lessen(folder.path(), &arguments);
    assert_eq!(first.code, Some(0), "{}", first.err);
    let out = folder.path().join("lessen-digits");
    assert_eq!(names(&out), [".lessen", "seed-1.json", "seed-2.json", "stages", "study.json"]);
    assert_eq!(names(&out.join("stages")), [""; 0], "the seeds' own stages are gone with their folders");
    let text = std::fs::read_to_string(out.join("study.json")).unwrap();
    assert_eq!(text.trim_end(), first.out.trim_end());
    let study = Study::from_json(&text).unwrap();
    let rows: Vec<(&str, u64)> = study.rows.iter().map(|row| (row.id.as_str(), row.seeds)).collect();
    assert_eq!(rows, [("loss", 2), ("operations", 2), ("gain", 2), ("energy", 2)]);

    let again = lessen(folder.path(), &arguments);
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert_eq!(again.err.matches("found, done by an earlier run").count(), 2, "{}", again.err);
    assert_eq!(again.out, first.out);
    assert_eq!(std::fs::read_to_string(out.join("study.json")).unwrap(), text);
}

/// Folders that are whole under `stages`; unfinished ones are hidden.
fn finished_stages(out: &std::path::Path) -> usize {
    let stages = out.join("stages");
    if stages.is_dir() { names(&stages).iter().filter(|name| !name.starts_with('.')).count() } else { 0 }
}
