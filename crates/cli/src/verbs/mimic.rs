//! `lessen mimic`: the same path, with every setting in the user's hands.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use lessen_compress::munge::Neighbours;
use lessen_compress::{
    CompressOptions, Method, Metric, ModelTeacher, Planned, Progress, Stages, TEACHER, Teacher, transfer_set,
};
use lessen_data::Dataset;
use lessen_engine::Plan;
use lessen_meter::Meter;
use lessen_records::OutputFolder;

use super::model::{self, Any};
use crate::Outcome;
use crate::args::foreign::ForeignArgs;
use crate::args::{Common, MetricName, MimicArgs, NeighboursName};
use crate::failure::Advised;
use crate::output::Output;
use crate::progress::Line;
use crate::{interrupt, screen};

pub(crate) fn run(args: &MimicArgs, common: &Common, output: &Output) -> anyhow::Result<Outcome> {
    if let Some(file) = &args.transfer_only {
        look_where_to_write(file, common.force)?;
    }
    let (dataset, mut notes) = super::load(&args.data, &args.file, common)?;
    let options = options(args);
    let teacher = match &args.teacher {
        Some(file) if file.is_file() => Teacher::Model(of_file(file, &dataset, args.foreign, &mut notes)?),
        Some(folder) => Teacher::load(&teacher_folder(folder), &dataset, common.seed)?,
        None => Teacher::Library,
    };
    if let Some(file) = &args.transfer_only {
        return only_transfer((&dataset, &notes), &options, &teacher, file, common, output);
    }
    let result = super::compress_into_folder((&dataset, &notes), (&options, None), &teacher, common, output)?;
    screen::result(&result, &super::output_folder(&dataset, common), output)?;
    Ok(Outcome::Done)
}

fn options(args: &MimicArgs) -> CompressOptions {
    CompressOptions {
        max_drop_points: Some(args.max_drop),
        methods: Some(vec![Method::Mimic]),
        rows: args.rows.map(usize::from),
        hidden: Some(args.hidden.0.clone()),
        metric: Some(match args.metric {
            MetricName::Rmse => Metric::Rmse,
            MetricName::Accuracy => Metric::Accuracy,
            MetricName::LogLoss => Metric::LogLoss,
            MetricName::Auc => Metric::Auc,
        }),
        neighbours: args.neighbours.map(|neighbours| match neighbours {
            NeighboursName::Live => Neighbours::Live,
            NeighboursName::Static => Neighbours::Static,
        }),
        swap_probability: Some(args.swap_probability),
        spread: Some(args.spread),
        has_teacher: args.teacher.is_some(),
        ..CompressOptions::default()
    }
}

/// A model as a teacher.
fn of_file(
    path: &Path,
    dataset: &Dataset,
    said: ForeignArgs,
    notes: &mut Vec<String>,
) -> anyhow::Result<ModelTeacher> {
    let teacher = match model::read_any(path)? {
        Any::Network(read) => {
            let known = read.on(path, model::Rows::Of(dataset), said)?;
            let files = vec![(model::name_of(path), known.file(path)?)];
            notes.extend(known.notes);
            let predictor = Arc::new(Plan::new("teacher", known.network)?);
            ModelTeacher { predictor, method: "network".to_owned(), files }
        }
        Any::Graph(graph) => {
            let files = vec![(model::name_of(path), graph.as_one_file()?)];
            let predictor = graph.on(path, dataset, said, notes)?;
            ModelTeacher { predictor, method: "model of another tool".to_owned(), files }
        }
    };
    teacher.check(dataset)?;
    notes.push("which rows the teacher has seen is not known: the test rows may be among them".to_owned());
    Ok(teacher)
}

/// The teacher's own folder, where a run's folder is named.
pub(crate) fn teacher_folder(named: &Path) -> PathBuf {
    const LIST: &str = "ensemble.json";
    let inside = named.join(TEACHER);
    if !named.join(LIST).exists() && inside.join(LIST).exists() { inside } else { named.to_owned() }
}

/// Refuses a file that cannot or must not be written, before the long work that would be lost on it.
fn look_where_to_write(file: &Path, force: bool) -> anyhow::Result<()> {
    let shown = file.display();
    match fs::metadata(file) {
        Ok(found) if found.is_dir() => {
            anyhow::bail!("`--transfer-only`: `{shown}` is a folder, expected a file")
        }
        Ok(found) if !found.is_file() => {
            anyhow::bail!("`--transfer-only`: `{shown}` is a device or pipe, expected a regular file")
        }
        Ok(_) if !force => {
            let hint = "`--force` replaces it".to_owned();
            return Err(
                Advised { message: format!("`--transfer-only`: `{shown}` is there already"), hint }.into()
            );
        }
        _ => {}
    }
    let name = file.file_name().with_context(|| format!("`--transfer-only`: `{shown}` names no file"))?;
    // The set is written beside its place first and then renamed, so the folder is what must be writable.
    let mut probe = std::ffi::OsString::from(format!(".probe-{}-", std::process::id()));
    probe.push(name);
    let probe = file.with_file_name(probe);
    File::create_new(&probe).with_context(|| format!("`--transfer-only`: cannot write `{shown}`"))?;
    let _ = fs::remove_file(&probe);
    Ok(())
}

fn only_transfer(
    (dataset, notes): (&Dataset, &[String]),
    options: &CompressOptions,
    teacher: &Teacher,
    file: &Path,
    common: &Common,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let options = CompressOptions { seed: common.seed, ..options.clone() };
    let split = dataset.split(options.seed)?;
    let planned = Planned::new(dataset, &split, &options)?;
    let path = super::output_folder(dataset, common);
    let folder = OutputFolder::open(&path, super::KIND, common.force)?;
    interrupt::explain(format!("the same command again goes on from `{}`", path.display()));
    let line = Line::new(output);
    notes.iter().chain(&planned.cut).for_each(|sentence| line.note(sentence));
    let meter = Meter::detect();
    let set = transfer_set(dataset, &split, &planned.spec, teacher, Stages::new(&folder, &meter, &line))?;
    set.write_csv(file, &dataset.answer())?;
    drop(line);
    if output.json() {
        let document = serde_json::json!({
            "rows": set.table.rows(), "copies": set.copies, "file": file.display().to_string(),
        });
        output.data(&serde_json::to_string_pretty(&document)?)?;
    }
    output.talk(&format!(
        "{} rows, {} of them copies of a training row: {}",
        set.table.rows(),
        set.copies,
        file.display()
    ));
    Ok(Outcome::Done)
}
