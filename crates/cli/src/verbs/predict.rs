//! `lessen predict`: class probabilities of rows.

use std::path::Path;

use anyhow::Context;
use lessen_compress::arg_max;
use lessen_data::csv_file::{self, CsvFile};
use lessen_data::{Dataset, Features, named};
use lessen_engine::Plan;
use lessen_model::{Network, Predictor, onnx, predict_rows};

use crate::Outcome;
use crate::args::{Common, PartName, PredictArgs};
use crate::failure::Advised;
use crate::output::Output;

pub(crate) fn run(args: &PredictArgs, common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    let network = read_model(&args.model)?;
    let is_named = named::names().any(|name| name == args.data);
    if is_named || !Path::new(&args.data).is_file() {
        let dataset = super::load(&args.data, common)?;
        let rows = part(&dataset, args.part, common.seed)?;
        let answers = predict(network, &dataset.features, &rows, output)?;
        say_accuracy(&dataset, &rows, &answers, output);
        return Ok(Outcome::Done);
    }
    if args.part != PartName::All {
        anyhow::bail!("`--part` divides a named data set, and `{}` is a file", args.data);
    }
    let path = Path::new(&args.data);
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let table = csv_file::read_for(network.encoding(), &CsvFile { path, bytes: &bytes })?;
    let rows: Vec<u32> = (0..table.rows() as u32).collect();
    predict(network, &Features::Table(table), &rows, output)?;
    Ok(Outcome::Done)
}

fn read_model(path: &Path) -> anyhow::Result<Network> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    onnx::read(&bytes).map_err(|error| {
        let hint = error.hint().map(str::to_owned);
        let error = anyhow::Error::from(error)
            .context(format!("`{}` is no model that can be used here", path.display()));
        match hint {
            Some(hint) => error.context(Advised { message: "cannot load the model".into(), hint }),
            None => error,
        }
    })
}

fn part(dataset: &Dataset, part: PartName, seed: u64) -> anyhow::Result<Vec<u32>> {
    Ok(match part {
        PartName::All => (0..dataset.features.rows() as u32).collect(),
        PartName::Train => dataset.split(seed)?.train,
        PartName::Validation => dataset.split(seed)?.validation,
        PartName::Test => dataset.split(seed)?.test,
    })
}

/// Predicts and prints; the answers, `[rows][classes]`.
fn predict(network: Network, features: &Features, rows: &[u32], output: &Output) -> anyhow::Result<Vec<f32>> {
    let classes = network.classes().to_vec();
    let plan = Plan::new("model", network)?;
    let answers = predict_rows(&plan, features, rows)?;
    let outputs = plan.outputs().max(1);
    if output.json() {
        let predicted: Vec<&str> =
            answers.chunks_exact(outputs).map(|row| classes[arg_max(row)].as_str()).collect();
        let probabilities: Vec<&[f32]> = answers.chunks_exact(outputs).collect();
        let document = serde_json::json!({
            "classes": classes, "rows": rows, "predicted": predicted, "probabilities": probabilities,
        });
        output.data(&serde_json::to_string(&document)?)?;
        return Ok(answers);
    }
    let quoted = |class: &String| csv_cell(&format!("p({class})"));
    let mut text = format!("row,predicted,{}\n", classes.iter().map(quoted).collect::<Vec<_>>().join(","));
    for (row, probabilities) in rows.iter().zip(answers.chunks_exact(outputs)) {
        let cells: Vec<String> = probabilities.iter().map(f32::to_string).collect();
        text += &format!("{row},{},{}\n", csv_cell(&classes[arg_max(probabilities)]), cells.join(","));
    }
    output.data(&text)?;
    Ok(answers)
}

fn say_accuracy(dataset: &Dataset, rows: &[u32], answers: &[f32], output: &Output) {
    let Ok((names, labels)) = dataset.classes() else { return };
    let row_right = |(row, answer): (&u32, &[f32])| arg_max(answer) == labels[*row as usize] as usize;
    let right = rows.iter().zip(answers.chunks_exact(names.len())).filter(|pair| row_right(*pair)).count();
    let share = 100.0 * right as f64 / rows.len().max(1) as f64;
    output.talk(&format!("{right} of {} rows right ({share:.2} %)", rows.len()));
}

fn csv_cell(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
