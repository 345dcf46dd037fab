//! `lessen bench`: models side by side.

use std::fmt::Write as _;
use std::path::Path;

use lessen_records::{BenchRecord, Record, ResultRecord};

use crate::job::job;
use crate::{Ran, lessen, names};

/// Little time and few cases: what is looked at is not how long it took.
const SHORT: [&str; 6] = ["--seconds", "0.2", "--cases", "600", "--seed", "7"];

fn file(name: &str) -> String {
    job().out().join(name).to_str().unwrap().to_owned()
}

fn bench(folder: &Path, arguments: &[&str]) -> Ran {
    lessen(folder, &[&["bench"], arguments, &SHORT[..]].concat())
}

/// Numbers in a row as one `#`, and one space for several: what is left is the same on every machine.
fn without_numbers(text: &str) -> String {
    let mut left = String::new();
    for line in text.lines() {
        let mut words = Vec::new();
        for word in line.split_whitespace() {
            // Names of models stay, and prefixes of units go with their numbers.
            let is_name = word.contains(".onnx") || word == "teacher";
            let is_unit =
                ["s", "ms", "µs", "ns", "J", "mJ", "µJ", "nJ", "kB", "MB", "B", "k", "M"].contains(&word);
            match word.contains(|letter: char| letter.is_ascii_digit()) || word == "–" {
                _ if is_unit => {}
                true if !is_name && words.last() == Some(&"#") => {}
                true if !is_name => words.push("#"),
                _ => words.push(word),
            }
        }
        left += words.join(" ").trim_end();
        left.push('\n');
    }
    left
}

#[test]
fn models_are_side_by_side_with_ratios() {
    let folder = tempfile::tempdir().unwrap();
    let (large, small, teacher) = (file("student-16.onnx"), file("student-8.onnx"), file("teacher"));
    let ran = bench(folder.path(), &[&teacher, &large, &small, "digits", "--threads", "1", "--quiet"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    // How energy is obtained differs from machine to machine.
    let text: Vec<&str> = ran.out.lines().take_while(|line| !line.starts_with('~')).collect();
    insta::assert_snapshot!(without_numbers(&text.join("\n")));
    assert!(names(folder.path()).is_empty(), "nothing is written where no folder is named");
}

#[test]
fn the_record_agrees_with_the_run_that_made_the_models() {
    let folder = tempfile::tempdir().unwrap();
    let (small, run) = (file("student-8.onnx"), job().out());
    let typed = [run.to_str().unwrap(), &small, "digits", "--batch", "1,5,300", "--json", "--out", "kept"];
    let ran = bench(folder.path(), &typed);
    let ran = match ran.code {
        // The chosen model of the run may be the small one.
        Some(2) if ran.err.contains("are one model") => {
            let large = file("student-16.onnx");
            bench(folder.path(), &[&[large.as_str()], &typed[1..]].concat())
        }
        _ => ran,
    };
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.starts_with("{\n  \"schema\": \"lessen.bench/1\""), "{}", ran.out);
    let record = BenchRecord::from_json(&ran.out).unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join("kept/bench.json")).unwrap(), ran.out);
    assert_eq!((record.dataset.part.as_str(), record.dataset.rows, record.turns), ("test", 359, 7));
    let result = std::fs::read_to_string(job().out().join("result.json")).unwrap();
    let result = ResultRecord::from_json(&result).unwrap();
    for model in &record.models {
        let made = result.models.iter().find(|made| made.file.as_deref() == Some(&model.name)).unwrap();
        assert_eq!(model.right, made.test_errors.map(|errors| 359 - errors), "{}", model.name);
        assert_eq!((model.macs, model.file_bytes), (made.macs, made.file_bytes), "{}", model.name);
        assert_eq!(model.latency.iter().map(|at| at.batch).collect::<Vec<_>>(), [1, 5, 300]);
        assert!(model.latency.iter().all(|at| at.us.value().is_some_and(|us| us.0 > 0.0)));
        assert!(model.seconds.value().is_some_and(|seconds| seconds.0 > 0.0));
        assert!(model.accuracy.as_ref().unwrap().low() < model.accuracy.as_ref().unwrap().value());
    }
    let against = record.models[1].against_first.as_ref().unwrap();
    assert_eq!(against.latency.len(), 3);
    assert!(against.latency[0].low() <= against.latency[0].value());
    // A folder that holds something else is not written into.
    let out = job().out();
    let ran = bench(folder.path(), &[&small, "digits", "--out", out.to_str().unwrap()]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
}

#[test]
fn a_file_of_ones_own_has_its_labels_in_a_column() {
    let folder = tempfile::tempdir().unwrap();
    write_digits(&folder.path().join("own.csv"), 64);
    let small = file("student-8.onnx");
    let ran = bench(folder.path(), &[&small, "own.csv", "--target", "digit", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let record = BenchRecord::from_json(&ran.out).unwrap();
    assert_eq!((record.dataset.part.as_str(), record.dataset.rows), ("all", 200));
    assert!(record.models[0].right > Some(150), "{:?}", record.models[0].right);
    assert!(ran.err.contains("may have been trained on"), "{}", ran.err);
}

#[test]
fn what_does_not_fit_is_refused_by_both_names() {
    let folder = tempfile::tempdir().unwrap();
    write_digits(&folder.path().join("narrow.csv"), 20);
    std::fs::write(folder.path().join("noise.onnx"), "noise").unwrap();
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let (small, teacher) = (file("student-8.onnx"), file("teacher"));
    for (arguments, expected) in [
        (vec![small.as_str(), "narrow.csv", "--target", "digit"], ["`narrow.csv`", "expected at least 64"]),
        (
            vec![&teacher, "narrow.csv", "--target", "digit"],
            ["`teacher` does not fit the data `narrow`", "columns"],
        ),
        (vec!["noise.onnx", "digits"], ["`noise.onnx`", "is no model that can be used here"]),
        (vec!["empty", "digits"], ["`empty` is a folder without a model", "hint: name a model's file"]),
        (vec!["missing.onnx", "digits"], ["cannot read `missing.onnx`", "No such file"]),
        (vec![&small, &small, "digits"], ["are one model", "student-8.onnx"]),
        (vec![&small, "nowhere"], ["`nowhere`", "hint:"]),
        (vec![&small, "digits", "--runtime", "tensorflow"], ["invalid value 'tensorflow'", "--runtime"]),
        (vec![&small, "digits", "--batch", "0"], ["invalid value '0'", "--batch"]),
        (vec![&small], ["2 values required", "MODEL"]),
    ] {
        let ran = bench(folder.path(), &arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}: {}", ran.err);
        for expected in expected {
            assert!(ran.err.contains(expected), "{arguments:?}: {}", ran.err);
        }
    }
}

#[test]
fn another_runtime_that_is_not_there_is_an_error_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("no-library.so"), "noise").unwrap();
    let small = file("student-8.onnx");
    let typed = [&small, "digits", "--runtime", "ours,onnxruntime", "--onnxruntime", "no-library.so"];
    let ran = bench(folder.path(), &typed);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    let expected = if cfg!(feature = "onnxruntime") {
        ["`no-library.so` cannot be used as ONNX Runtime", "hint: name the shared library itself"]
    } else {
        ["built without the feature", "--features onnxruntime"]
    };
    for expected in expected {
        assert!(ran.err.contains(expected), "{}", ran.err);
    }
}

/// The library of this machine, where one is named: CI has none.
#[cfg(feature = "onnxruntime")]
#[test]
fn a_library_on_the_machine_answers_as_we_do() {
    let Some(library) = std::env::var_os("ORT_DYLIB_PATH") else { return };
    let folder = tempfile::tempdir().unwrap();
    let small = file("student-8.onnx");
    let typed =
        [&small, "digits", "--json", "--runtime", "onnxruntime", "--onnxruntime", library.to_str().unwrap()];
    let ran = bench(folder.path(), &typed);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let record = BenchRecord::from_json(&ran.out).unwrap();
    assert!(record.models[1].runtime.starts_with("onnxruntime 1."), "{}", record.models[1].runtime);
    assert_eq!(record.models[0].right, record.models[1].right);
    assert!(record.models[1].largest_difference < Some(1e-4));
}

/// The first 200 digits with so many of their pixels, and the digit.
fn write_digits(path: &Path, pixels: usize) {
    let digits = lessen_data::digits().unwrap();
    let (_, labels) = digits.classes().unwrap();
    let lessen_data::Features::Images(images) = &digits.features else { panic!("digits are images") };
    let mut text = (0..pixels).map(|pixel| format!("pixel_{pixel},")).collect::<String>() + "digit\n";
    for (row, label) in labels.iter().enumerate().take(200) {
        for pixel in &images.bytes[row * 64..][..pixels] {
            let _ = write!(text, "{pixel},");
        }
        let _ = writeln!(text, "{label}");
    }
    std::fs::write(path, text).unwrap();
}
