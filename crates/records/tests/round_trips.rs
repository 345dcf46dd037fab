//! Every record: written, read back, read with fields of a later version, refused where it is wrong.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeMap;

use lessen_records::receipt::{Carbon, Component, Cost, Energy, Overhead, State};
use lessen_records::study::{Axis, Holds, Series, StudyRow};
use lessen_records::*;
use lessen_units::{Figure, Joules, KilogramsCo2e, KilowattHours, Microseconds, Quantity, Seconds, Usd};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn estimated<Q: Quantity>(value: f64) -> Figure<Q> {
    let [value, low, high] = [value, value * 0.5, value * 2.0].map(Q::from_raw);
    Figure::band(value, low, high, lessen_units::Kind::Estimated, "a model")
}

fn machine() -> Machine {
    Machine {
        cpu: Some("Some CPU".to_owned()),
        cores: Some(2),
        threads: None,
        memory_bytes: Some(25_276_502_016),
        os: None,
        isa: "avx2".to_owned(),
        lessen_version: "0.1.0".to_owned(),
        extra: Map::new(),
    }
}

fn stage() -> StageRecord {
    StageRecord {
        name: "transfer set".to_owned(),
        seconds: Seconds(1.25),
        cpu_seconds: Seconds(2.0),
        joules: estimated(4.5),
        kg_co2e: estimated::<KilogramsCo2e>(6e-7),
        extra: Map::new(),
    }
}

fn model(name: &str, role: Role) -> ModelRecord {
    ModelRecord {
        name: name.to_owned(),
        role,
        method: "mimic".to_owned(),
        control: Some("ensemble".to_owned()),
        validation_accuracy: Some(0.975),
        test_accuracy: Some(0.1 + 0.2),
        test_errors: Some(9),
        validation_rmse: None,
        test_rmse: None,
        parameters: Some(u64::MAX),
        nonzero: None,
        density: Some(1.0),
        macs: Some(4_810),
        macs_nonzero: Some(0),
        comparisons: None,
        file_bytes: Some(20_000),
        latency_us: Latency {
            batch_1: estimated::<Microseconds>(3.5),
            batch_256: Figure::unavailable("not timed"),
            row_on_all_threads: estimated::<Microseconds>(0.25),
            extra: Map::new(),
        },
        joules_per_prediction: estimated::<Joules>(1.5e-6),
        made_with_joules: estimated(80.0),
        to_repay_joules: estimated(200.0),
        break_even_predictions: Figure::unavailable("nothing is saved"),
        file: None,
        other_files: vec!["student-64.onnx".to_owned()],
        extra: Map::new(),
    }
}

fn result() -> ResultRecord {
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
            sha256: "ab".repeat(32),
            extra: Map::new(),
        },
        machine: machine(),
        seed: u64::MAX,
        spec: json!({"max_drop": 1.0, "hidden": [64, 32], "name": null}),
        stages: vec![stage()],
        models: vec![model("ensemble", Role::Teacher), model("student-64", Role::Other("ticket".to_owned()))],
        chosen: Some("student-64".to_owned()),
        chosen_within_drop: Some(false),
        cut: vec!["forests have 60 trees".to_owned()],
        series: study().series,
        extra: Map::new(),
    }
}

fn study() -> Study {
    let row = |id: &str, holds| StudyRow {
        id: id.to_owned(),
        what: "test errors of the distilled network".to_owned(),
        paper: Some(74.0),
        ours: Some(80.5),
        low: Some(78.0),
        high: None,
        seeds: 5,
        holds,
        note: None,
        extra: Map::new(),
    };
    let axis = |unit: &str| Axis {
        name: "rows".to_owned(),
        unit: unit.to_owned(),
        values: vec![1.0, 2.5e-300],
        extra: Map::new(),
    };
    Study {
        schema: Schema::default(),
        name: "hinton2014".to_owned(),
        spec: json!({"short": true}),
        rows: vec![row("a", Holds::Yes), row("b", Holds::No), row("c", Holds::NotShown)],
        series: vec![Series {
            name: "t = 20".to_owned(),
            seed: None,
            x: axis("ms"),
            y: axis(""),
            extra: Map::new(),
        }],
        results: vec!["seed-1/result.json".to_owned()],
        tickets: Vec::new(),
        extra: Map::new(),
    }
}

fn receipt() -> Receipt {
    Receipt {
        schema: Schema::default(),
        id: "0123".to_owned(),
        name: "nightly".to_owned(),
        tags: BTreeMap::from([("team".to_owned(), "a".to_owned())]),
        command: vec!["python".to_owned(), "train.py".to_owned()],
        started: "2026-11-24T14:00:00Z".to_owned(),
        seconds: Seconds(60.5),
        exit_code: None,
        state: State::Interrupted,
        cpu_seconds: Some(Seconds(118.0)),
        peak_rss_bytes: None,
        energy: Energy {
            joules: estimated(250.0),
            kwh_with_pue: estimated::<KilowattHours>(1e-4),
            complete: false,
            machine_joules: estimated(500.0),
            measured_share: Some(0.0),
            components: vec![Component {
                device: "cpu package 0".to_owned(),
                source: "model".to_owned(),
                joules: Figure::unavailable("no counter"),
                machine_joules: Figure::unavailable("no counter"),
                in_sum: true,
                why: Some("permission denied".to_owned()),
                extra: Map::new(),
            }],
            extra: Map::new(),
        },
        pue: 1.2,
        carbon: Carbon {
            kg_co2e: estimated(5e-5),
            g_per_kwh: Some(471.08),
            region: "WORLD".to_owned(),
            year: Some(2024),
            scope: "lifecycle".to_owned(),
            source: "Ember".to_owned(),
            extra: Map::new(),
        },
        cost: Cost {
            electricity_usd: estimated::<Usd>(1e-5),
            cloud_usd: Figure::unavailable("no price given"),
            extra: Map::new(),
        },
        overhead: Overhead { cpu_seconds: Some(Seconds(0.01)), share: Some(0.0002), extra: Map::new() },
        stages: vec![stage()],
        machine: machine(),
        equivalent: None,
        notes: vec!["CPU time of the tree from wait4".to_owned()],
        extra: Map::new(),
    }
}

fn check_round_trip<R: Record + PartialEq + std::fmt::Debug>(record: &R, schema: &str) {
    let text = record.to_json().unwrap();
    assert!(text.starts_with(&format!("{{\n  \"schema\": \"{schema}\",\n")), "{text}");
    assert_eq!(&R::from_json(&text).unwrap(), record);

    // A later version adds a field to every object; reading and writing again loses none of them.
    let mut value: Value = serde_json::from_str(&text).unwrap();
    let added = add_to_records(&mut value);
    assert!(added > 1, "the test reaches the inner objects");
    let reread = R::from_json(&value.to_string()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&reread.to_json().unwrap()).unwrap(), value);
}

/// Adds a field to each object but figures, maps of the user's and the spec; counts them.
fn add_to_records(value: &mut Value) -> usize {
    match value {
        Value::Array(items) => items.iter_mut().map(add_to_records).sum(),
        Value::Object(members) if members.contains_key("kind") => 0,
        Value::Object(members) => {
            let inner = members.iter_mut().filter(|(name, _)| !["tags", "spec"].contains(&name.as_str()));
            let added: usize = inner.map(|(_, member)| add_to_records(member)).sum();
            members.insert("of_later".to_owned(), json!({"n": [1, 2.5, u64::MAX], "none": null}));
            added + 1
        }
        _ => 0,
    }
}

#[test]
fn every_record_survives_a_round_trip_with_fields_of_later_versions() {
    check_round_trip(&result(), "lessen.result/1");
    check_round_trip(&study(), "lessen.study/1");
    check_round_trip(&receipt(), "lessen.receipt/1");
}

#[test]
fn the_names_of_the_fields_are_those_of_the_design() {
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let result = serde_json::to_value(result()).unwrap();
    let study = serde_json::to_value(study()).unwrap();
    let receipt = serde_json::to_value(receipt()).unwrap();
    for (value, expected) in [
        (&result, "chosen chosen_within_drop cut dataset machine models schema seed series spec stages"),
        (&result["dataset"], "classes features name sha256 target target_deviation test train validation"),
        (&result["stages"][0], "cpu_seconds joules kg_co2e name seconds"),
        (
            &result["models"][0],
            "break_even_predictions comparisons control density file file_bytes joules_per_prediction latency_us \
             macs macs_nonzero made_with_joules method name nonzero other_files parameters role test_accuracy test_errors \
             test_rmse to_repay_joules validation_accuracy validation_rmse",
        ),
        (&result["models"][0]["latency_us"], "batch_1 batch_256 row_on_all_threads"),
        (&study, "name results rows schema series spec"),
        (&study["rows"][0], "high holds id low ours paper seeds what"),
        (&study["series"][0], "name seed x y"),
        (&study["series"][0]["x"], "name unit values"),
        (
            &receipt,
            "carbon command cost cpu_seconds energy equivalent exit_code id machine name notes overhead peak_rss_bytes pue schema \
             seconds stages started state tags",
        ),
        (&receipt["energy"], "complete components joules kwh_with_pue machine_joules measured_share"),
        (&receipt["energy"]["components"][0], "device in_sum joules machine_joules source why"),
        (&receipt["carbon"], "g_per_kwh kg_co2e region scope source year"),
        (&receipt["cost"], "cloud_usd electricity_usd"),
        (&receipt["overhead"], "cpu_seconds share"),
    ] {
        assert_eq!(names(value), expected);
    }
    assert_eq!(receipt["state"], "interrupted");
    assert_eq!(result["models"][0]["role"], "teacher");
    let holds: Vec<_> = study["rows"].as_array().unwrap().iter().map(|row| row["holds"].clone()).collect();
    assert_eq!(holds, [json!(true), json!(false), json!("not shown")]);
}

#[test]
fn operations_are_multiplications_that_count_and_comparisons() {
    for (macs, macs_nonzero, comparisons, expected) in [
        (None, None, None, None),
        (Some(10), None, None, Some(10)),
        (Some(10), Some(4), Some(3), Some(7)),
        (Some(10), Some(0), None, Some(0)),
        (None, None, Some(3), Some(3)),
        (Some(u64::MAX), None, Some(1), Some(u64::MAX)),
    ] {
        let model = ModelRecord { macs, macs_nonzero, comparisons, ..model("any", Role::Student) };
        assert_eq!(model.operations(), expected, "{macs:?} {macs_nonzero:?} {comparisons:?}");
    }
}

#[test]
fn what_is_no_record_is_refused_with_the_place() {
    let good = result().to_json().unwrap();
    let missing = good.replacen("\"seed\":", "\"sead\":", 1);
    let typed = good.replacen("\"test\": 360", "\"test\": \"many\"", 1);
    let line = 1 + good.lines().position(|line| line.contains("\"test\": 360")).unwrap();
    let cases = [
        ("", "not a `lessen.result` record: line 1, column 0: EOF while parsing a value".to_owned()),
        (
            "[1, 2]",
            "not a `lessen.result` record: line 1, column 2: invalid type: integer `1`, expected a string"
                .to_owned(),
        ),
        ("{}", "no `schema`, expected `lessen.result/1`".to_owned()),
        (
            r#"{"schema": "lessen.study/1"}"#,
            "schema is `lessen.study/1`, expected `lessen.result/1`".to_owned(),
        ),
        (
            r#"{"schema": "lessen.result/0"}"#,
            "schema is `lessen.result/0`, expected `lessen.result/1`".to_owned(),
        ),
        (
            r#"{"schema": "lessen.result"}"#,
            "schema is `lessen.result`, expected `lessen.result/1`".to_owned(),
        ),
        (
            r#"{"schema": "lessen.result/2", "models": "of a form yet unknown"}"#,
            "schema is `lessen.result/2`, newer than `lessen.result/1`, the newest that can be read"
                .to_owned(),
        ),
        (
            r#"{"schema": "lessen.result/1"}"#,
            "not a `lessen.result` record: line 1, column 29: missing field `dataset`".to_owned(),
        ),
        (
            &missing,
            format!(
                "not a `lessen.result` record: line {}, column 1: missing field `seed`",
                good.lines().count()
            ),
        ),
        (
            &typed,
            format!(
                "not a `lessen.result` record: line {line}, column 18: invalid type: string \"many\", expected u64"
            ),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(ResultRecord::from_json(text).unwrap_err().to_string(), expected, "{text}");
    }
}

#[test]
fn fields_that_contradict_each_other_are_refused_on_both_ways() {
    let mut unknown = result();
    unknown.chosen = Some("nobody".to_owned());
    let mut twice = result();
    twice.models[1].name = "ensemble".to_owned();
    twice.chosen = None;
    let mut share = result();
    share.models[0].test_accuracy = Some(97.5);
    let mut errors = result();
    errors.models[0].test_errors = Some(361);
    for (record, problem) in [
        (unknown, "`chosen` is `nobody`, which is none of `models`"),
        (twice, "two models are called `ensemble`"),
        (share, "model `ensemble`: `test_accuracy` is 97.5, expected a share from 0 to 1"),
        (errors, "model `ensemble`: `test_errors` is 361, but there are 360 test rows"),
    ] {
        let text = serde_json::to_string(&record).unwrap();
        let expected = format!("`lessen.result` record: {problem}");
        assert_eq!(ResultRecord::from_json(&text).unwrap_err().to_string(), expected);
        let expected = format!("cannot write `lessen.result` as JSON: {problem}");
        assert_eq!(record.to_json().unwrap_err().to_string(), expected);
    }
    let mut uneven = study();
    uneven.series[0].y.values.pop();
    let expected = "`lessen.study` record: series `t = 20` has 2 values of `x` and 1 of `y`";
    let text = serde_json::to_string(&uneven).unwrap();
    assert_eq!(Study::from_json(&text).unwrap_err().to_string(), expected);
    let mut crossed = study();
    crossed.rows[0].high = Some(1.0);
    let expected = "`lessen.study` record: row `a`: `low` is 78, above `high` 1";
    let text = serde_json::to_string(&crossed).unwrap();
    assert_eq!(Study::from_json(&text).unwrap_err().to_string(), expected);
}

#[test]
fn a_number_that_json_cannot_hold_is_not_written() {
    for bad in [f64::NAN, f64::INFINITY] {
        let mut record = result();
        record.stages[0].seconds = Seconds(bad);
        assert!(matches!(record.to_json(), Err(RecordError::Unwritable { .. })));
        let mut record = study();
        record.series[0].y.values[1] = bad;
        assert!(matches!(record.to_json(), Err(RecordError::Unwritable { .. })));
        let mut record = study();
        record.rows[0].paper = Some(bad);
        assert!(matches!(record.to_json(), Err(RecordError::Unwritable { .. })));
        let mut record = receipt();
        record.pue = bad;
        assert!(matches!(record.to_json(), Err(RecordError::Unwritable { .. })));
    }
}

#[test]
fn holds_takes_nothing_else() {
    for bad in ["null", "1", "\"yes\"", "\"true\"", "{}"] {
        let error = serde_json::from_str::<Holds>(bad).unwrap_err().to_string();
        assert!(error.contains("expected `true`, `false` or `\"not shown\"`"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_damage_to_a_record_makes_reading_panic(place in 0usize..4000, byte: u8, cut: bool) {
        let mut bytes = result().to_json().unwrap().into_bytes();
        let place = place % bytes.len();
        if cut { bytes.truncate(place) } else { bytes[place] = byte }
        let _ = ResultRecord::from_json(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn numbers_come_back_to_the_same_bits(share in 0.0..=1.0f64, seconds in prop::num::f64::NORMAL, seed: u64) {
        let mut record = result();
        record.seed = seed;
        record.models[0].test_accuracy = Some(share);
        record.stages[0].seconds = Seconds(seconds);
        prop_assert_eq!(ResultRecord::from_json(&record.to_json().unwrap()).unwrap(), record);
    }
}
