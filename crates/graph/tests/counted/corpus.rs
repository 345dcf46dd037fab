//! The node test models of the `onnx` package, where `LESSEN_ONNX_CORPUS` says they are (`benches/peers/count/README.md`).

#![allow(clippy::print_stdout, reason = "the share that is counted is to be seen")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use lessen_graph::{Model, Options};

/// The share of them that must be counted.
const AT_LEAST: f64 = 0.8;

#[test]
fn node_test_models_are_counted_or_listed_with_a_reason() {
    let Some(folder) = std::env::var_os("LESSEN_ONNX_CORPUS").map(PathBuf::from) else {
        println!("left out: LESSEN_ONNX_CORPUS names no folder of models");
        return;
    };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    files.sort();
    let (mut counted, mut reasons) = (0, BTreeMap::<String, Vec<String>>::new());
    for path in &files {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let count = Model::open(path).and_then(|model| model.count(&Options::default()));
        let reason = match &count {
            Err(error) => format!("refused: {error}"),
            Ok(count) => match count.unknown().next() {
                Some((node, reason)) => format!("{}: {}", node.op, reason.0),
                None => {
                    counted += 1;
                    continue;
                }
            },
        };
        assert!(!reason.trim_end().ends_with(':'), "{name} has no reason");
        reasons.entry(reason).or_default().push(name);
    }
    for (reason, names) in reasons {
        println!("{:5}  {reason}  ({})", names.len(), names[0]);
    }
    let share = f64::from(counted) / files.len() as f64;
    println!("{counted} of {} counted: {:.1} %", files.len(), 100.0 * share);
    assert!(share >= AT_LEAST, "at least {AT_LEAST} are to be counted");
}
