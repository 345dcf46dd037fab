//! `lessen bench`: models side by side.

mod models;
#[cfg_attr(not(feature = "onnxruntime"), path = "bench/without.rs")]
mod onnxruntime;
mod rows;

use lessen_compress::CompressError;
use lessen_compress::Progress;
use lessen_compress::bench::{BenchSpec, Contender, TURNS, bench};
use lessen_meter::Meter;
use lessen_records::bench::BenchDatasetRecord;
use lessen_records::{BenchRecord, Machine, OutputFolder, Record, Schema};

use crate::Outcome;
use crate::args::Common;
use crate::args::bench::{BenchArgs, RuntimeName};
use crate::output::Output;
use crate::progress::Line;
use models::Model;
use onnxruntime::Other;
use rows::Rows;

/// The kind of output that a bench's folder is marked with, and its record.
const KIND: &str = "bench";
const FILE: &str = "bench.json";

pub(crate) fn run(args: &BenchArgs, common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    let Some((data, named)) = args.models_and_data.split_last() else {
        anyhow::bail!("expected models, then data");
    };
    let mut models = models::read(named)?;
    let rows = Rows::read(data, &models, args, common)?;
    let mut notes = rows.notes.clone();
    for model in &mut models {
        model.settle(&rows.dataset, args.foreign, &mut notes)?;
    }
    let contenders = contenders(&models, &rows, args, &mut notes)?;
    let folder =
        common.out.as_deref().map(|path| OutputFolder::open(path, KIND, common.force)).transpose()?;
    let line = Line::new(output);
    notes.iter().for_each(|sentence| line.note(sentence));
    let spec = BenchSpec {
        batches: args.batch.iter().map(|batch| batch.get()).collect(),
        cases: args.cases.get(),
        budget: args.seconds,
    };
    line.begin("bench", 1);
    let measured = match bench(&contenders, &spec, &Meter::detect(), &line) {
        Ok(measured) => measured,
        Err(error @ CompressError::Disagrees { .. }) => {
            drop(line);
            output.failure(&crate::failure::text(&error.into()));
            return Ok(Outcome::NotHeld);
        }
        Err(error) => return Err(error.into()),
    };
    drop(line);
    let dataset = &rows.dataset;
    let record = BenchRecord {
        schema: Schema::default(),
        dataset: BenchDatasetRecord {
            name: dataset.name.clone(),
            part: rows.part.to_owned(),
            rows: rows.rows.len() as u64,
            features: dataset.features.count() as u64,
            classes: dataset.answer().classes().map(|classes| classes.len() as u64),
            target: match dataset.answer() {
                lessen_data::Answer::Value(name) => Some(name),
                lessen_data::Answer::Classes(_) => None,
            },
            sha256: dataset.digest(),
            extra: serde_json::Map::default(),
        },
        machine: Machine::here(),
        threads: rayon::current_num_threads() as u64,
        seed: common.seed,
        turns: TURNS as u64,
        models: measured,
        notes,
        extra: serde_json::Map::default(),
    };
    if let Some(folder) = &folder {
        folder.write(FILE, record.to_json()?.as_bytes())?;
    }
    let text = if output.json() { record.to_json()? } else { lessen_report::bench::text(&record) };
    output.data(&text)?;
    Ok(Outcome::Done)
}

/// Every model in every runtime that can run it, our own first, so that the others can be held against it.
fn contenders(
    models: &[Model],
    rows: &Rows,
    args: &BenchArgs,
    notes: &mut Vec<String>,
) -> anyhow::Result<Vec<Contender>> {
    let ours = args.runtime.contains(&RuntimeName::Ours);
    let theirs = args.runtime.contains(&RuntimeName::Onnxruntime);
    let other = if theirs { Some(Other::load(args.onnxruntime.as_deref())?) } else { None };
    let mut contenders = Vec::new();
    for model in models {
        let own = model.contender(rows)?;
        own.check(&rows.dataset.name)?;
        let reference = contenders.len();
        match (&other, &model.network) {
            (Some(other), Some(network)) => {
                // Ours is there to hold the other's answers against, asked for or not.
                if !ours {
                    notes.push(format!(
                        "`{}` is measured in our own runtime too, which the other must agree with",
                        own.name
                    ));
                }
                let other = Contender {
                    runtime: other.name(),
                    predictor: other.predictor(&own.name, network, rayon::current_num_threads())?,
                    own_threads: true,
                    file_bytes: Some(lessen_model::Format::Onnx.write(network).len() as u64),
                    agrees_with: Some(reference),
                    ..own.clone()
                };
                contenders.extend([own, other]);
            }
            (Some(_), None) => {
                notes.push(format!("`{}` is no network, so it runs in our own runtime alone", own.name));
                contenders.push(own);
            }
            (None, _) => contenders.push(own),
        }
    }
    Ok(contenders)
}

#[cfg(feature = "onnxruntime")]
fn no_library_named() -> crate::failure::Advised {
    crate::failure::Advised {
        message: "`--runtime onnxruntime` needs the library of ONNX Runtime".to_owned(),
        hint: "name it with `--onnxruntime FILE` or in ORT_DYLIB_PATH; the Python package `onnxruntime` has it as \
               `onnxruntime/capi/libonnxruntime.so.…`"
            .to_owned(),
    }
}
