//! Models of other tools, in every verb that takes a model.

use std::fmt::Write as _;
use std::path::Path;

use lessen_records::{CountRecord, Record};
use serde_json::Value;

use crate::{lessen, names};

/// A model of `testdata/foreign`, copied, so that its path is the same everywhere, and what is said of it there.
fn copied(folder: &Path, name: &str) -> Value {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/foreign");
    let file = format!("{name}.onnx");
    std::fs::copy(from.join(&file), folder.join(file)).unwrap();
    let said: Value =
        serde_json::from_str(&std::fs::read_to_string(from.join("models.json")).unwrap()).unwrap();
    said[name].clone()
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// Rows of four numbers with a class that depends on them.
fn pets(folder: &Path) {
    let mut text = "a,b,c,d,class\n".to_owned();
    for row in 0..240u32 {
        let number = |factor: u32| f64::from(row * factor % 97) / 97.0;
        let cells = [number(7), number(13), number(29), number(41)];
        let kind = if cells[0] + cells[1] > cells[2] + cells[3] { "cat" } else { "dog" };
        writeln!(text, "{},{},{},{},{kind}", cells[0], cells[1], cells[2], cells[3]).unwrap();
    }
    std::fs::write(folder.join("pets.csv"), text).unwrap();
}

#[test]
fn rows_of_a_file_are_predicted_as_where_the_model_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let said = copied(folder.path(), "torch-dynamo-binary");
    let mut text = "a,b,c,d\n".to_owned();
    for row in said["rows"].as_array().unwrap() {
        let cells: Vec<String> = numbers(row).iter().map(f64::to_string).collect();
        writeln!(text, "{}", cells.join(",")).unwrap();
    }
    std::fs::write(folder.path().join("rows.csv"), text).unwrap();
    let ran = lessen(folder.path(), &["predict", "torch-dynamo-binary.onnx", "rows.csv", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let found: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(found["classes"], serde_json::json!(["0", "1"]));
    for (found, answer) in
        found["probabilities"].as_array().unwrap().iter().zip(said["answers"].as_array().unwrap())
    {
        let (found, expected) = (numbers(found), numbers(answer)[0]);
        assert!((found[1] - expected).abs() < 1e-5 && (found[0] + found[1] - 1.0).abs() < 1e-5, "{found:?}");
    }

    let said = copied(folder.path(), "torch-dynamo-number");
    let ran = lessen(folder.path(), &["predict", "torch-dynamo-number.onnx", "rows.csv", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{said}");
    let found: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(found["value"], "value");
}

#[test]
fn what_another_tool_trained_is_trained_on_benched_counted_and_mimicked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    copied(path, "keras-binary");
    pets(path);

    let from = ["train", "pets.csv", "--from", "keras-binary.onnx", "--steps", "300", "--lr", "0.02"];
    let ran = lessen(path, &[&from[..], &["--out", "trained"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let record: Value =
        serde_json::from_str(&std::fs::read_to_string(path.join("trained/result.json")).unwrap()).unwrap();
    assert!(record["models"][0]["test_accuracy"].as_f64().unwrap() > 0.85, "{record}");

    let bench = ["bench", "keras-binary.onnx", "trained/network.onnx", "pets.csv", "--seconds", "0.1"];
    let ran = lessen(path, &[&bench[..], &["--cases", "100", "--json"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let record: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(record["models"].as_array().unwrap().len(), 2);

    let ran = lessen(path, &["count", "keras-binary.onnx", "--data", "pets.csv", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let record = CountRecord::from_json(&ran.out).unwrap();
    let activity = record.models[0].activity.clone().unwrap();
    // 4 x 6 and 6 x 1, which became 6 x 2. A tanh is zero where all of a row is, in rows 0, 97 and 194: no layer has a bias yet.
    assert_eq!(activity.layers.iter().map(|layer| layer.weights).collect::<Vec<_>>(), [24, 12]);
    assert_eq!(activity.rows, 240);
    assert!((activity.activation_density - (1.0 - 18.0 / 1920.0)).abs() < 1e-12, "{activity:?}");

    let mimic = ["mimic", "pets.csv", "--teacher", "trained/network.onnx", "--rows", "600", "--hidden", "4"];
    let ran = lessen(path, &[&mimic[..], &["--out", "mimicked"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(names(&path.join("mimicked/teacher")), ["network.onnx"]);
    assert!(path.join("mimicked/student-4.onnx").is_file());
    let record: Value =
        serde_json::from_str(&std::fs::read_to_string(path.join("mimicked/result.json")).unwrap()).unwrap();
    assert_eq!(record["models"][0]["method"], "network");
}

#[test]
fn a_pruned_model_is_counted_with_what_is_left_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    copied(path, "torch-script-pruned");
    // Twelve columns of which any may be zero; three classes.
    let mut text: String = (0..12).map(|column| format!("x{column},")).collect::<String>() + "y\n";
    for row in 0..90u32 {
        let cells: String = (1..=12).map(|column| format!("{},", row * column % 13)).collect();
        writeln!(text, "{cells}class {}", row % 3).unwrap();
    }
    std::fs::write(path.join("rows.csv"), text).unwrap();
    let ran = lessen(path, &["count", "torch-script-pruned.onnx", "--data", "rows.csv", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let model = CountRecord::from_json(&ran.out).unwrap().models.remove(0);
    assert!(model.notes.iter().any(|note| note.contains("48 of 96 weights are left")), "{:?}", model.notes);
    let activity = model.activity.unwrap();
    let [first, second] = activity.layers.as_slice() else { panic!("{activity:?}") };
    // Han et al. 2015: the first layer's inputs count as dense, the second's are the first's results.
    assert_eq!((first.weight_density, first.flops_share), (0.5, 0.5));
    assert!(first.activation_density > 0.0 && first.activation_density < 1.0);
    assert!((second.flops_share - second.weight_density * first.activation_density).abs() < 1e-12);
    let flops = 192.0 * first.flops_share + 48.0 * second.flops_share;
    assert!((activity.flops_share - flops / 240.0).abs() < 1e-12, "{activity:?}");
    assert!((activity.flops_share_of_weights - (96.0 + 48.0) / 240.0).abs() < 1e-12, "{activity:?}");
    let zeros = (0..90 * 12).filter(|at| at / 12 * (at % 12 + 1) % 13 == 0).count();
    assert!((activity.input_density - (1.0 - zeros as f64 / 1080.0)).abs() < 1e-12);
    let table = lessen(path, &["count", "torch-script-pruned.onnx", "--data", "rows.csv"]);
    assert!(table.out.contains("weights not 0") && table.out.contains("in all"), "{}", table.out);
}

#[test]
fn a_model_that_must_stay_as_it_is_names_the_node() {
    let folder = tempfile::tempdir().unwrap();
    copied(folder.path(), "torch-kept-residual");
    pets(folder.path());
    let ran = lessen(folder.path(), &["train", "pets.csv", "--from", "torch-kept-residual.onnx"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    insta::assert_snapshot!(ran.err);
    let ran = lessen(folder.path(), &["predict", "torch-kept-residual.onnx", "pets.csv"]);
    assert_eq!(ran.code, Some(2));
    // It can be counted all the same.
    let ran = lessen(folder.path(), &["count", "torch-kept-residual.onnx"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let estimate = ["estimate", "--model", "torch-kept-residual.onnx", "--examples", "1000", "--gpu", "v100"];
    let ran = lessen(folder.path(), &estimate);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}

/// Runs where the runtime of the feature `foreign` is built in.
#[cfg(feature = "foreign")]
#[test]
fn a_model_that_must_stay_as_it_is_is_a_teacher() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let said = copied(path, "torch-kept-residual");
    // The rows that it was exported with, over and over; the classes are its own answers.
    let mut text = "a,b,c,d,e,f,y\n".to_owned();
    for row in 0..200usize {
        let (cells, answers) = (numbers(&said["rows"][row % 5]), numbers(&said["answers"][row % 5]));
        let best = (0..3).max_by(|&a, &b| answers[a].total_cmp(&answers[b])).unwrap();
        let cells: String = cells.iter().map(|cell| format!("{cell},")).collect();
        writeln!(text, "{cells}class {}", if row < 15 { row % 3 } else { best }).unwrap();
    }
    std::fs::write(path.join("rows.csv"), text).unwrap();
    let mimic =
        ["mimic", "rows.csv", "--teacher", "torch-kept-residual.onnx", "--rows", "400", "--hidden", "4"];
    let ran = lessen(path, &[&mimic[..], &["--out", "mimicked", "--json"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("is run, not changed") && ran.err.contains("`Add`"), "{}", ran.err);
    assert_eq!(names(&path.join("mimicked/teacher")), ["torch-kept-residual.onnx"]);
    let record: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(record["models"][0]["method"], "model of another tool");
    // Its answers are those it gave where it was made: nearly all rows are right.
    assert!(record["models"][0]["validation_accuracy"].as_f64().unwrap() > 0.85, "{record}");

    let bench =
        ["bench", "torch-kept-residual.onnx", "mimicked/student-4.onnx", "rows.csv", "--seconds", "0.1"];
    let ran = lessen(path, &[&bench[..], &["--cases", "50"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}
