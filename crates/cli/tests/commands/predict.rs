//! `lessen predict`, and the shipped file in a runtime that is not ours.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::job::job;
use crate::lessen;

/// The raw test rows of `digits` under seed 7, and what `lessen predict` says of them.
fn predicted() -> (Vec<u32>, Vec<Vec<f32>>) {
    let model = job().out().join("student-16.onnx");
    let arguments = ["predict", model.to_str().unwrap(), "digits", "--part", "test", "--seed", "7", "--json"];
    let folder = tempfile::tempdir().unwrap();
    let ran = lessen(folder.path(), &arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("of 359 rows of the test part under --seed 7 right ("), "{}", ran.err);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let rows = serde_json::from_value(document["rows"].clone()).unwrap();
    (rows, serde_json::from_value(document["probabilities"].clone()).unwrap())
}

/// A row of `digits` as the publisher's numbers.
fn raw(row: u32) -> Vec<f32> {
    let digits = lessen_data::digits().unwrap();
    let lessen_data::Features::Images(images) = digits.features else { panic!("digits are images") };
    images.bytes[row as usize * 64..][..64].iter().map(|&byte| f32::from(byte)).collect()
}

#[test]
fn an_independent_runtime_says_the_same_of_raw_rows() {
    let (rows, ours) = predicted();
    let model = rten::Model::load(std::fs::read(job().out().join("student-16.onnx")).unwrap()).unwrap();
    let input: Vec<f32> = rows.iter().flat_map(|&row| raw(row)).collect();
    let input = rten::ValueView::from_shape([rows.len(), 64], &input).unwrap();
    let inputs = vec![(model.node_id("rows").unwrap(), input.into())];
    let [output] = model.run_n(inputs, [model.node_id("probabilities").unwrap()], None).unwrap();
    let (shape, theirs) = output.into_shape_vec::<f32, 2>().unwrap();
    assert_eq!(shape, [rows.len(), 10]);
    for (row, ours) in ours.iter().enumerate() {
        for (class, ours) in ours.iter().enumerate() {
            let theirs = theirs[row * 10 + class];
            assert!((ours - theirs).abs() < 1e-5, "row {row}, class {class}: {ours}, theirs {theirs}");
        }
    }
}

#[test]
fn rows_from_a_file_are_predicted_like_rows_of_the_set() {
    let (rows, ours) = predicted();
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..64).map(|pixel| format!("pixel_{pixel}")).collect();
    // Columns in another order, and one that is not the model's.
    let mut text = format!("label,{}\n", names.iter().rev().cloned().collect::<Vec<_>>().join(","));
    for &row in &rows[..20] {
        let cells: Vec<String> = raw(row).iter().rev().map(f32::to_string).collect();
        text += &format!("x,{}\n", cells.join(","));
    }
    std::fs::write(folder.path().join("rows.csv"), text).unwrap();
    let model = job().out().join("student-16.onnx");
    let ran = lessen(folder.path(), &["predict", model.to_str().unwrap(), "rows.csv"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 21);
    assert!(lines[0].starts_with("row,predicted,p(0),"));
    for (line, ours) in lines[1..].iter().zip(&ours) {
        let cells: Vec<f32> = line.split(',').skip(2).map(|cell| cell.parse().unwrap()).collect();
        for (cell, ours) in cells.iter().zip(ours) {
            assert!((cell - ours).abs() < 1e-6, "{line}");
        }
    }
}

/// 5000 raw rows of `digits`, over and over, as a table: several blocks of them, and more than a pipe holds.
fn many_rows() -> String {
    let names: Vec<String> = (0..64).map(|pixel| format!("pixel_{pixel}")).collect();
    let rows: Vec<String> = (0..500)
        .map(|row| raw(row).iter().map(f32::to_string).collect::<Vec<_>>().join(",") + "\n")
        .collect();
    format!("{}\n{}", names.join(","), rows.concat().repeat(10))
}

fn piped(model: &str, text: &str) -> std::process::Child {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_lessen"));
    command.args(["predict", model, "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    let (mut stdin, text) = (running.stdin.take().unwrap(), text.to_owned());
    // It may stop reading before all is written.
    std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    running
}

#[test]
fn rows_from_standard_input_are_predicted_like_those_of_a_file() {
    let model = job().out().join("student-16.onnx");
    let model = model.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let text = many_rows();
    std::fs::write(folder.path().join("rows.csv"), &text).unwrap();
    let from_file = lessen(folder.path(), &["predict", model, "rows.csv"]);
    assert_eq!(from_file.code, Some(0), "{}", from_file.err);
    let lines: Vec<&str> = from_file.out.lines().collect();
    assert_eq!(lines.len(), 5001);
    for (place, line) in lines[1..].iter().enumerate() {
        let (number, answer) = line.split_once(',').unwrap();
        assert_eq!(number, place.to_string());
        assert_eq!(answer, lines[1 + place % 500].split_once(',').unwrap().1, "row {place}");
    }
    let ran = piped(model, &text).wait_with_output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert!(String::from_utf8(ran.stdout).unwrap() == from_file.out, "standard input gives other rows");
}

#[test]
fn a_reader_that_has_enough_ends_it_quietly() {
    let model = job().out().join("student-16.onnx");
    let mut running = piped(model.to_str().unwrap(), &many_rows());
    let mut first = String::new();
    BufReader::new(running.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("row,predicted,p(0),"), "{first}");
    let ran = running.wait_with_output().unwrap();
    assert_eq!((ran.status.code(), String::from_utf8(ran.stderr).unwrap().as_str()), (Some(0), ""));
}

#[test]
fn rows_before_a_broken_one_are_printed() {
    let model = job().out().join("student-16.onnx");
    let text = many_rows() + "1,2,3\n";
    let ran = piped(model.to_str().unwrap(), &text).wait_with_output().unwrap();
    let (out, err) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap());
    assert_eq!((ran.status.code(), out.lines().count()), (Some(2), 1 + 4096), "{err}");
    assert!(err.contains("`standard input`, line 5002: 3 cells, expected 64"), "{err}");
}

#[test]
fn accuracy_says_when_rows_may_have_been_learned_from() {
    let model = job().out().join("student-8.onnx");
    let folder = tempfile::tempdir().unwrap();
    let warning = "; rows that a model may have been trained on are among them";
    for (part, of, expected) in [
        ("all", "1797 rows right (", warning),
        ("train", "1079 rows right (", warning),
        ("validation", "359 rows of the validation part under --seed 7 right (", " %)\n"),
    ] {
        let ran = lessen(
            folder.path(),
            &["predict", model.to_str().unwrap(), "digits", "--part", part, "--seed", "7"],
        );
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(ran.err.contains(&format!(" of {of}")) && ran.err.contains(expected), "{part}: {}", ran.err);
    }
}

/// Opening a pipe that nobody writes to would never return.
#[cfg(unix)]
#[test]
fn pipes_folders_and_devices_are_refused_unopened() {
    let model = job().out().join("student-8.onnx");
    let model = model.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap();
    assert!(made.success());
    for arguments in [["pipe", "digits"], [model, "pipe"], [model, "/dev/zero"], [model, "."]] {
        let ran = lessen(folder.path(), &[&["predict"], &arguments[..]].concat());
        assert_eq!(ran.code, Some(2), "{arguments:?}");
        assert!(ran.err.contains("expected a"), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn rows_that_do_not_fit_are_refused_by_line_and_column() {
    let model = job().out().join("student-8.onnx");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("short.csv"), "pixel_0,pixel_1\n1,2\n").unwrap();
    let ran = lessen(folder.path(), &["predict", model.to_str().unwrap(), "short.csv"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("`short.csv`, line 1: 2 columns, expected at least 64"), "{}", ran.err);
    let names: Vec<String> = (1..65).map(|pixel| format!("pixel_{pixel}")).collect();
    std::fs::write(folder.path().join("other.csv"), names.join(",")).unwrap();
    let ran = lessen(folder.path(), &["predict", model.to_str().unwrap(), "other.csv"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("`other.csv` has no column `pixel_0`"), "{}", ran.err);
    let ran = lessen(folder.path(), &["predict", model.to_str().unwrap(), "short.csv", "--part", "test"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("--part"), "{}", ran.err);
}
