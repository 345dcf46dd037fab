//! `lessen predict`: class probabilities, or values, of rows.

use std::path::Path;

use lessen_compress::arg_max;
use lessen_data::csv_file::quoted;
use lessen_data::{Answer, Dataset, Features, files, named};
use lessen_engine::Plan;
use lessen_model::{Network, predict_rows};

use crate::Outcome;
use crate::args::{Common, PartName, PredictArgs};
use crate::output::Output;

pub(crate) fn run(args: &PredictArgs, common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    let network = super::read_model(&args.model)?;
    let is_named = named::names().any(|name| name == args.data);
    if is_named || !files::is_own(&args.data) {
        let dataset = named::load(&args.data, &super::folders(common))?;
        let rows = part(&dataset, args.part, common.seed)?;
        let answers = predict(network, &dataset.features, &rows, output)?;
        if let Some(right) = right(&dataset, &rows, &answers) {
            output.talk(&accuracy(right, rows.len(), args.part, common.seed));
        }
        return Ok(Outcome::Done);
    }
    if args.part != PartName::All {
        anyhow::bail!("`--part` divides a named data set, and `{}` is a file", args.data);
    }
    let features = files::read_rows_for(network.encoding(), Path::new(&args.data))?;
    let rows: Vec<u32> = (0..features.rows() as u32).collect();
    predict(network, &features, &rows, output)?;
    Ok(Outcome::Done)
}

fn part(dataset: &Dataset, part: PartName, seed: u64) -> anyhow::Result<Vec<u32>> {
    Ok(match part {
        PartName::All => (0..dataset.features.rows() as u32).collect(),
        PartName::Train => dataset.split(seed)?.train,
        PartName::Validation => dataset.split(seed)?.validation,
        PartName::Test => dataset.split(seed)?.test,
    })
}

/// Predicts and prints; the answers, `[rows][outputs]`.
fn predict(network: Network, features: &Features, rows: &[u32], output: &Output) -> anyhow::Result<Vec<f32>> {
    let answer = network.answer().clone();
    let answers = predict_rows(&Plan::new("model", network)?, features, rows)?;
    let text = match &answer {
        Answer::Classes(classes) if output.json() => probabilities_as_json(classes, rows, &answers)?,
        Answer::Classes(classes) => probabilities_as_csv(classes, rows, &answers),
        Answer::Value(name) if output.json() => {
            let document = serde_json::json!({ "value": name, "rows": rows, "predicted": answers });
            serde_json::to_string(&document)?
        }
        Answer::Value(name) => {
            let lines = rows.iter().zip(&answers).map(|(row, value)| format!("{row},{value}\n"));
            format!("row,{}\n{}", quoted(name), lines.collect::<String>())
        }
    };
    output.data(&text)?;
    Ok(answers)
}

fn probabilities_as_json(classes: &[String], rows: &[u32], answers: &[f32]) -> anyhow::Result<String> {
    let probabilities: Vec<&[f32]> = answers.chunks_exact(classes.len().max(1)).collect();
    let predicted: Vec<&str> = probabilities.iter().map(|row| classes[arg_max(row)].as_str()).collect();
    let document = serde_json::json!({
        "classes": classes, "rows": rows, "predicted": predicted, "probabilities": probabilities,
    });
    Ok(serde_json::to_string(&document)?)
}

fn probabilities_as_csv(classes: &[String], rows: &[u32], answers: &[f32]) -> String {
    let column = |class: &String| quoted(&format!("p({class})")).into_owned();
    let mut text = format!("row,predicted,{}\n", classes.iter().map(column).collect::<Vec<_>>().join(","));
    for (row, probabilities) in rows.iter().zip(answers.chunks_exact(classes.len().max(1))) {
        let cells: Vec<String> = probabilities.iter().map(f32::to_string).collect();
        text += &format!("{row},{},{}\n", quoted(&classes[arg_max(probabilities)]), cells.join(","));
    }
    text
}

/// How many rows got their own class; `None` where the set has no classes.
fn right(dataset: &Dataset, rows: &[u32], answers: &[f32]) -> Option<usize> {
    let (names, labels) = dataset.classes().ok()?;
    let row_right = |(row, answer): &(&u32, &[f32])| arg_max(answer) == labels[**row as usize] as usize;
    Some(rows.iter().zip(answers.chunks_exact(names.len())).filter(row_right).count())
}

/// The share of right rows, and what it is worth: a model is no judge of the rows that it learned from.
fn accuracy(right: usize, rows: usize, part: PartName, seed: u64) -> String {
    let share = 100.0 * right as f64 / rows.max(1) as f64;
    let held_out = |part: &str| {
        format!("{right} of {rows} rows of the {part} part under --seed {seed} right ({share:.2} %)")
    };
    match part {
        PartName::All | PartName::Train => format!(
            "{right} of {rows} rows right ({share:.2} %); rows that a model may have been trained on are among them"
        ),
        PartName::Validation => held_out("validation"),
        PartName::Test => held_out("test"),
    }
}
