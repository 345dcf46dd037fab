//! The same run over several seeds: how sure its numbers are.

use std::ops::Range;
use std::path::Path;

use lessen_data::Dataset;
use lessen_meter::Meter;
use lessen_records::study::{Axis, Holds, Series, StudyRow};
use lessen_records::{ModelRecord, OutputFolder, Record, RecordError, ResultRecord, Role, Schema, Study};

use crate::error::CompressError;
use crate::interval::Interval;
use crate::job::{DISTIL, Teacher, compress};
use crate::plan::{CompressOptions, CompressSpec, Planned};
use crate::stages::{Progress, Stages};

/// The kind of the folders that a study works in; only such are ever removed.
const WORK: &str = "seed of a study";

/// Runs the main job for each of `seeds` and writes `seed-<n>.json` for each and `study.json` of all into `folder`. The
/// models are not kept. A seed whose record is there, of this very data and spec, is not run again.
///
/// # Errors
/// Where a run fails, or something cannot be written.
pub fn run(
    dataset: &Dataset,
    options: &CompressOptions,
    seeds: Range<u64>,
    folder: &OutputFolder,
    (meter, progress): (&Meter, &dyn Progress),
) -> Result<Study, CompressError> {
    let mut results = Vec::new();
    let mut files = Vec::new();
    for seed in seeds {
        let options = CompressOptions { seed, ..options.clone() };
        let split = dataset.split(seed)?;
        let planned = Planned::new(dataset, &split, &options)?;
        let file = format!("seed-{seed}.json");
        // Hidden, so that it is in nobody's way while it is there.
        let work = folder.path().join(format!(".seed-{seed}"));
        if let Some(known) = finished(&folder.path().join(&file), dataset, &planned.spec) {
            progress.note(&format!("seed {seed}: found, done by an earlier run"));
            results.push(known);
        } else {
            progress.note(&format!("seed {seed}"));
            planned.cut.iter().for_each(|sentence| progress.note(sentence));
            let seed_folder = OutputFolder::open(&work, WORK, false)?;
            let stages = Stages::new(&seed_folder, meter, progress);
            let result = compress(dataset, &split, &planned, &Teacher::Library, stages)?;
            folder.write(&file, result.to_json()?.as_bytes())?;
            results.push(result);
        }
        remove_work(&work)?;
        files.push(file);
    }
    let study = of_results(&results, files)?;
    folder.write("study.json", study.to_json()?.as_bytes())?;
    Ok(study)
}

/// The record of an earlier run, if it was of this very data and spec.
fn finished(path: &Path, dataset: &Dataset, spec: &CompressSpec) -> Option<ResultRecord> {
    let known = ResultRecord::from_json(&std::fs::read_to_string(path).ok()?).ok()?;
    let same = known.spec == serde_json::to_value(spec).ok()? && known.dataset.sha256 == dataset.digest();
    same.then_some(known)
}

/// Removes a folder that a study worked in, and nothing else.
fn remove_work(work: &Path) -> Result<(), CompressError> {
    if !work.exists() {
        return Ok(());
    }
    // Refuses a folder that is not marked as a study's.
    drop(OutputFolder::open(work, WORK, false)?);
    std::fs::remove_dir_all(work)
        .map_err(|source| RecordError::File { action: "remove", path: work.to_owned(), source }.into())
}

/// Puts the results of one run over several seeds together; `files` are their paths relative to the study's folder.
/// Intervals are Student's, of 95 %, two-sided, over seeds.
///
/// # Errors
/// Where there is no result.
pub fn of_results(results: &[ResultRecord], files: Vec<String>) -> Result<Study, RecordError> {
    let first = results.first().ok_or(RecordError::Unwritable {
        record: "lessen.study",
        problem: "there is no result to make it of".into(),
    })?;
    let mut spec = first.spec.clone();
    if let Some(spec) = spec.as_object_mut() {
        spec.insert("seed".into(), results.iter().map(|result| result.seed).collect());
    }
    let mut study = Study {
        schema: Schema::default(),
        name: format!("compress {}", first.dataset.name),
        spec,
        rows: rows(results),
        series: by_seed(results).into_iter().chain(results.iter().flat_map(curves)).collect(),
        results: files,
        tickets: Vec::new(),
        extra: serde_json::Map::default(),
    };
    study.extra.insert("machine".into(), serde_json::to_value(&first.machine).unwrap_or_default());
    Ok(study)
}

/// Points of test quality that the chosen student may lose in the mean, the interval's upper end included.
const MOST_POINTS_LOST: f64 = 2.0;

/// Operations that the chosen student may take, in percent of the teacher's: what this project demands of itself.
fn most_operations(dataset: &str) -> f64 {
    if dataset == "letter" { 1.0 } else { 3.0 }
}

/// Test accuracy in percent, or the root mean squared error on test rows in the target's unit.
fn quality(model: &ModelRecord) -> Option<f64> {
    model.test_accuracy.map(|accuracy| 100.0 * accuracy).or(model.test_rmse)
}

/// What [`quality`] is called, its unit, and what a point of it is.
struct Quality {
    name: &'static str,
    unit: &'static str,
    points: &'static str,
}

impl Quality {
    fn of(result: &ResultRecord) -> Self {
        match result.dataset.classes {
            Some(_) => Self { name: "test accuracy", unit: "%", points: "points of test accuracy" },
            None => Self {
                name: "test RMSE",
                unit: "",
                points: "percent of the target's standard deviation in test RMSE",
            },
        }
    }
}

fn lost(result: &ResultRecord) -> Option<f64> {
    result.points_lost(result.chosen_model()?)
}

fn operations_share(result: &ResultRecord) -> Option<f64> {
    Some(100.0 * operations(result.chosen_model()?)? / operations(result.teacher()?)?)
}

/// The chosen student's lead over the same network, before pruning, on the given answers alone.
fn gained(result: &ResultRecord) -> Option<f64> {
    let chosen = result.chosen_model()?;
    let control = |model: &ModelRecord| result.model(model.control.as_deref()?);
    let is_hard = |model: &&ModelRecord| model.role == Role::HardLabels;
    // A ticket's own control is the random reinitialisation: the dense network's is meant.
    let on_hard_labels = control(chosen).filter(is_hard).or_else(|| {
        let distilled = result.models.iter().find(|model| model.method == DISTIL)?;
        control(distilled).filter(is_hard)
    })?;
    Some(result.points_lost(on_hard_labels)? - result.points_lost(chosen)?)
}

fn energy_ratio(result: &ResultRecord) -> Option<f64> {
    let of = |model: &ModelRecord| model.joules_per_prediction.value().map(|joules| joules.0);
    Some(of(result.teacher()?)? / of(result.chosen_model()?)?)
}

/// The claims, each with its interval over seeds.
fn rows(results: &[ResultRecord]) -> Vec<StudyRow> {
    let Some(first) = results.first() else { return Vec::new() };
    let (share, points) = (most_operations(&first.dataset.name), Quality::of(first).points);
    vec![
        row(
            "loss",
            &format!("the chosen student loses at most {MOST_POINTS_LOST} {points} against the teacher"),
            results,
            lost,
            |interval| interval.at_most(MOST_POINTS_LOST),
        ),
        row(
            "operations",
            &format!("it takes at most {share} % of the teacher's operations"),
            results,
            operations_share,
            |interval| interval.at_most(share),
        ),
        row(
            "gain",
            &format!("it is better than the same network (before pruning) on hard labels, {points}"),
            results,
            gained,
            |interval| interval.above(0.0),
        ),
        row(
            "energy",
            "a prediction of the teacher takes more than 1 times its energy",
            results,
            energy_ratio,
            |interval| interval.above(1.0),
        ),
    ]
}

/// What is not claimed but worth knowing, seed by seed.
fn by_seed(results: &[ResultRecord]) -> Vec<Series> {
    type Number = fn(&ResultRecord) -> Option<f64>;
    let Some(Quality { name, unit, .. }) = results.first().map(Quality::of) else { return Vec::new() };
    let numbers: [(&str, &str, Number); 6] = [
        (&format!("{name} of the teacher"), unit, |result| quality(result.teacher()?)),
        (&format!("{name} of the chosen student"), unit, |result| quality(result.chosen_model()?)),
        ("nonzero MACs of the chosen student", "", |result| {
            result.chosen_model()?.macs_nonzero.map(|macs| macs as f64)
        }),
        ("operations of the chosen student", "% of the teacher's", operations_share),
        ("predictions that repay the compressing", "", |result| {
            result.chosen_model()?.break_even_predictions.value()
        }),
        ("CPU time of the whole run", "s", |result| {
            Some(result.stages.iter().map(|stage| stage.cpu_seconds.0).sum())
        }),
    ];
    let series = |(name, unit, number): (&str, &str, Number)| {
        let known: Vec<(f64, f64)> =
            results.iter().filter_map(|result| Some((result.seed as f64, number(result)?))).collect();
        let (seeds, values) = known.into_iter().unzip();
        Series {
            name: name.to_owned(),
            seed: None,
            x: Axis::new("seed", "", seeds),
            y: Axis::new(name, unit, values),
            extra: serde_json::Map::default(),
        }
    };
    numbers.into_iter().map(series).collect()
}

fn operations(model: &ModelRecord) -> Option<f64> {
    model.operations().map(|operations| operations as f64)
}

fn row(
    id: &str,
    what: &str,
    results: &[ResultRecord],
    number: impl Fn(&ResultRecord) -> Option<f64>,
    holds: impl Fn(&Interval) -> Holds,
) -> StudyRow {
    let numbers: Vec<f64> = results.iter().filter_map(number).collect();
    let interval = Interval::of(&numbers);
    StudyRow {
        id: id.to_owned(),
        what: what.to_owned(),
        paper: None,
        ours: interval.as_ref().map(|interval| interval.mean),
        low: interval.as_ref().map(|interval| interval.low),
        high: interval.as_ref().map(|interval| interval.high),
        seeds: numbers.len() as u64,
        holds: interval.as_ref().map_or(Holds::NotShown, holds),
        note: None,
        extra: serde_json::Map::default(),
    }
}

/// Test quality against MACs, students and controls of one seed.
fn curves(result: &ResultRecord) -> Vec<Series> {
    let curve = |role: Role, name: &str| {
        let models = result.models.iter().filter(|model| model.role == role);
        let points = models.filter_map(|model| Some((model.macs? as f64, quality(model)?)));
        let (macs, qualities) = points.unzip();
        Series {
            name: name.to_owned(),
            seed: Some(result.seed),
            x: Axis::new("MACs", "", macs),
            y: Axis::new(Quality::of(result).name, Quality::of(result).unit, qualities),
            extra: serde_json::Map::default(),
        }
    };
    vec![curve(Role::Student, "students"), curve(Role::HardLabels, "hard labels")]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A real record of every method.
    fn digits() -> ResultRecord {
        ResultRecord::from_json(include_str!("../../../results/compress-digits/seed-1.json")).unwrap()
    }

    #[test]
    fn the_gain_is_over_the_dense_network_on_hard_labels_for_a_ticket_too() {
        let mut record = digits();
        for (chosen, control) in [("ticket", "hard labels 128-64"), ("student 16", "hard labels 16")] {
            record.chosen = Some(chosen.into());
            let accuracy = |name: &str| record.model(name).unwrap().test_accuracy.unwrap();
            let expected = 100.0 * (accuracy(chosen) - accuracy(control));
            assert!((gained(&record).unwrap() - expected).abs() < 1e-9, "{chosen}");
        }
    }

    #[test]
    fn a_study_of_numbers_speaks_of_their_deviation() {
        let mut record = digits();
        (record.dataset.classes, record.dataset.target_deviation) = (None, Some(4.0));
        for model in &mut record.models {
            let wrong = 1.0 - model.test_accuracy.take().unwrap();
            (model.test_errors, model.test_rmse) = (None, Some(wrong));
        }
        let study = of_results(&[record.clone()], vec!["seed-1.json".into()]).unwrap();
        for id in ["loss", "gain"] {
            let row = study.rows.iter().find(|row| row.id == id).unwrap();
            assert!(row.what.contains("percent of the target's standard deviation"), "{}", row.what);
        }
        // A hundredth of a unit is a quarter of a percent of the deviation.
        record.chosen = Some("student 16".into());
        let of = |name: &str| record.model(name).unwrap().test_rmse.unwrap();
        let expected = 25.0 * (of("hard labels 16") - of("student 16"));
        assert!((gained(&record).unwrap() - expected).abs() < 1e-9);
        assert_eq!(study.series[0].name, "test RMSE of the teacher");
        assert_eq!(study.series[0].y.values, [of("teacher")]);
    }
}
