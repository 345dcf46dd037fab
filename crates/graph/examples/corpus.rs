//! How many of the models in a folder are counted, and why the others are not: `cargo run --release -p lessen-graph --example corpus -- FOLDER`.

#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use lessen_graph::{Model, Options};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("expected a folder of ONNX files")?);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    files.sort();
    let (mut counted, mut reasons) = (0, BTreeMap::<String, Vec<String>>::new());
    for path in &files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match Model::open(path).and_then(|model| model.count(&Options::default())) {
            Err(error) => reasons.entry(format!("refused: {error}")).or_default().push(name),
            Ok(count) => match count.unknown().next() {
                None => counted += 1,
                Some((node, reason)) => {
                    reasons.entry(format!("{}: {}", node.op, reason.0)).or_default().push(name);
                }
            },
        }
    }
    for (reason, names) in reasons {
        println!("{:5}  {reason}  ({})", names.len(), names[0]);
    }
    println!(
        "{counted} of {} counted: {:.1} %",
        files.len(),
        100.0 * counted as f64 / files.len().max(1) as f64
    );
    Ok(())
}
