//! `lessen predict`: class probabilities, or values, of rows.

use std::path::Path;

use lessen_compress::arg_max;
use lessen_data::csv_file::quoted;
use lessen_data::files::{self, RowBlocks};
use lessen_data::{Answer, Dataset, Features, named};
use lessen_engine::Plan;
use lessen_model::predict_rows;

use super::model::{self, Known, Rows};
use crate::Outcome;
use crate::args::{Common, PartName, PredictArgs};
use crate::output::Output;

/// Rows that are read, predicted and printed at a time: enough for all threads, and few against any memory.
const BLOCK: usize = 2048;

/// What DATA is where rows come from standard input, and what messages call that.
const STDIN: (&str, &str) = ("-", "standard input");

pub(crate) fn run(args: &PredictArgs, common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    let model = model::read(&args.model)?;
    let is_named = named::names().any(|name| name == args.data);
    if args.data != STDIN.0 && (is_named || !files::is_own(&args.data)) {
        let dataset = named::load(&args.data, &super::folders(common))?;
        let rows = part(&dataset, args.part, common.seed)?;
        let Known { network, notes, .. } = model.on(&args.model, Rows::Of(&dataset), args.foreign)?;
        notes.iter().for_each(|note| output.talk(&format!("note: {note}")));
        let mut printer = Printer::new(Plan::new("model", network)?, output);
        let mut right_rows = Some(0);
        for rows in rows.chunks(BLOCK) {
            let answers = printer.block(&dataset.features, rows, 0)?;
            right_rows = right_rows.zip(right(&dataset, rows, &answers)).map(|(before, more)| before + more);
        }
        printer.end()?;
        if let Some(right) = right_rows {
            output.talk(&accuracy(right, rows.len(), args.part, common.seed));
        }
        return Ok(Outcome::Done);
    }
    if args.part != PartName::All {
        anyhow::bail!("`--part` divides a named data set, and `{}` is a file", args.data);
    }
    let encoding = model.columns()?;
    let mut blocks = match args.data.as_str() {
        data if data == STDIN.0 => {
            RowBlocks::of_text(&encoding, Path::new(STDIN.1), std::io::stdin().lock())?
        }
        data => RowBlocks::open(&encoding, Path::new(data))?,
    };
    // The first rows say what another tool's model is given.
    let mut next = blocks.next_block(BLOCK)?;
    let rows = if matches!(next, Some(Features::Images(_))) { Rows::Images } else { Rows::Numbers };
    let Known { network, notes, .. } = model.on(&args.model, rows, args.foreign)?;
    notes.iter().for_each(|note| output.talk(&format!("note: {note}")));
    let mut printer = Printer::new(Plan::new("model", network)?, output);
    let mut first = 0;
    while let Some(features) = next {
        let rows: Vec<u32> = (0..features.rows() as u32).collect();
        for rows in rows.chunks(BLOCK) {
            printer.block(&features, rows, first)?;
        }
        first += features.rows() as u64;
        next = blocks.next_block(BLOCK)?;
    }
    printer.end()?;
    Ok(Outcome::Done)
}

pub(crate) fn part(dataset: &Dataset, part: PartName, seed: u64) -> anyhow::Result<Vec<u32>> {
    Ok(match part {
        PartName::All => (0..dataset.features.rows() as u32).collect(),
        PartName::Train => dataset.split(seed)?.train,
        PartName::Validation => dataset.split(seed)?.validation,
        PartName::Test => dataset.split(seed)?.test,
    })
}

/// Predicts rows block by block and prints each block when it is there; a document in JSON is one, and so printed at the end.
struct Printer<'a> {
    plan: Plan,
    answer: Answer,
    output: &'a Output,
    has_begun: bool,
    /// For JSON alone: the numbers of all rows and their answers.
    kept: (Vec<u64>, Vec<f32>),
}

impl<'a> Printer<'a> {
    fn new(plan: Plan, output: &'a Output) -> Self {
        let answer = plan.network().answer().clone();
        Self { plan, answer, output, has_begun: false, kept: Default::default() }
    }

    /// The answers for `rows` of `features`, `[rows][outputs]`. A row's number is its place there, after the `first` rows.
    fn block(&mut self, features: &Features, rows: &[u32], first: u64) -> anyhow::Result<Vec<f32>> {
        let answers = predict_rows(&self.plan, features, rows)?;
        let numbers = rows.iter().map(|&row| first + u64::from(row));
        if self.output.json() {
            self.kept.0.extend(numbers);
            self.kept.1.extend(&answers);
            return Ok(answers);
        }
        let mut text = self.header();
        for (number, answer) in numbers.zip(answers.chunks_exact(self.answer.outputs().max(1))) {
            text += &line(&self.answer, number, answer);
        }
        self.output.data(&text)?;
        Ok(answers)
    }

    /// What is printed once: before the first row, or alone where there is none.
    fn header(&mut self) -> String {
        if std::mem::replace(&mut self.has_begun, true) {
            return String::new();
        }
        match &self.answer {
            Answer::Classes(classes) => {
                let column = |class: &String| quoted(&format!("p({class})")).into_owned();
                format!("row,predicted,{}\n", classes.iter().map(column).collect::<Vec<_>>().join(","))
            }
            Answer::Value(name) => format!("row,{}\n", quoted(name)),
        }
    }

    fn end(mut self) -> anyhow::Result<()> {
        let (rows, answers) = std::mem::take(&mut self.kept);
        let text = match &self.answer {
            Answer::Classes(classes) if self.output.json() => {
                probabilities_as_json(classes, &rows, &answers)?
            }
            Answer::Value(name) if self.output.json() => {
                let document = serde_json::json!({ "value": name, "rows": rows, "predicted": answers });
                serde_json::to_string(&document)?
            }
            _ => self.header(),
        };
        if !text.is_empty() {
            self.output.data(&text)?;
        }
        Ok(())
    }
}

fn probabilities_as_json(classes: &[String], rows: &[u64], answers: &[f32]) -> anyhow::Result<String> {
    let probabilities: Vec<&[f32]> = answers.chunks_exact(classes.len().max(1)).collect();
    let predicted: Vec<&str> = probabilities.iter().map(|row| classes[arg_max(row)].as_str()).collect();
    let document = serde_json::json!({
        "classes": classes, "rows": rows, "predicted": predicted, "probabilities": probabilities,
    });
    Ok(serde_json::to_string(&document)?)
}

/// One row of the table.
fn line(answer: &Answer, row: u64, answers: &[f32]) -> String {
    let cells: Vec<String> = answers.iter().map(f32::to_string).collect();
    match answer {
        Answer::Classes(classes) => {
            format!("{row},{},{}\n", quoted(&classes[arg_max(answers)]), cells.join(","))
        }
        Answer::Value(_) => format!("{row},{}\n", cells.join(",")),
    }
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
