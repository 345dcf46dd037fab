//! Records to report on.

use lessen_records::*;
use lessen_units::{Figure, Joules, Kind, Microseconds, Quantity};

pub(crate) const MODEL: &str =
    "modelled: CPU time at 2.282 W a vCPU, AMD EPYC 4th gen, Cloud Carbon Footprint 2026";

/// Doubtful by one common factor, as energies of one meter are.
pub(crate) fn modelled(joules: f64) -> Figure<Joules> {
    Figure::band(Joules(joules), Joules(joules * 0.5), Joules(joules * 2.0), Kind::Estimated, MODEL)
}

pub(crate) fn timed(microseconds: f64) -> Figure<Microseconds> {
    Figure::exact(Microseconds(microseconds), Kind::Measured, "median of 1000 calls")
}

pub(crate) fn none<Q: Quantity>() -> Figure<Q> {
    Figure::unavailable("not applicable")
}

pub(crate) fn latency(
    batch_1: Figure<Microseconds>,
    batch_256: Figure<Microseconds>,
    row_on_all_threads: Figure<Microseconds>,
) -> Latency {
    Latency { batch_1, batch_256, row_on_all_threads, extra: Default::default() }
}

pub(crate) fn model(name: &str, role: Role, test_errors: u64) -> ModelRecord {
    ModelRecord {
        name: name.to_owned(),
        role,
        method: String::new(),
        control: None,
        validation_accuracy: Some(0.975),
        test_accuracy: Some(1.0 - test_errors as f64 / 360.0),
        test_errors: Some(test_errors),
        validation_rmse: None,
        test_rmse: None,
        parameters: None,
        nonzero: None,
        density: None,
        macs: None,
        macs_nonzero: None,
        comparisons: None,
        file_bytes: None,
        latency_us: latency(none(), none(), none()),
        joules_per_prediction: none(),
        made_with_joules: none(),
        to_repay_joules: none(),
        break_even_predictions: none(),
        file: None,
        other_files: Vec::new(),
        extra: Default::default(),
    }
}

/// A teacher, a student that is cheaper, and one of which nothing but errors is known.
pub(crate) fn result() -> ResultRecord {
    let teacher = ModelRecord {
        parameters: Some(1_234_567),
        macs: Some(1_100_000),
        macs_nonzero: Some(1_000_000),
        comparisons: Some(3_000),
        file_bytes: Some(9_876_543),
        latency_us: latency(timed(812.0), timed(98_765.0), timed(60.5)),
        joules_per_prediction: modelled(9e-4),
        made_with_joules: modelled(1234.0),
        ..model("ensemble selection of 12 members", Role::Teacher, 8)
    };
    let student = ModelRecord {
        parameters: Some(4_810),
        macs: Some(4_736),
        macs_nonzero: Some(4_736),
        comparisons: Some(0),
        file_bytes: Some(20_480),
        latency_us: latency(timed(1.25), timed(96.5), timed(0.25)),
        joules_per_prediction: modelled(9e-6),
        made_with_joules: modelled(40.5),
        to_repay_joules: modelled(89.1),
        break_even_predictions: Figure::exact(1e5, Kind::Estimated, MODEL),
        ..model("student-64", Role::Student, 10)
    };
    ResultRecord {
        schema: Schema::default(),
        dataset: DatasetRecord {
            name: "digits".to_owned(),
            train: 1077,
            validation: 360,
            test: 360,
            features: 64,
            classes: Some(10),
            target: None,
            target_deviation: None,
            sha256: String::new(),
            extra: Default::default(),
        },
        machine: Machine::here(),
        seed: 0,
        spec: Default::default(),
        stages: Vec::new(),
        models: vec![teacher, student, model("from elsewhere", Role::Other("?".to_owned()), 0)],
        chosen: Some("student-64".to_owned()),
        chosen_within_drop: Some(true),
        cut: Vec::new(),
        series: Vec::new(),
        extra: Default::default(),
    }
}
