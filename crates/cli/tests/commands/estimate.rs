//! `lessen estimate` and `lessen regions`, as a person types them.

use std::path::Path;

use crate::{lessen, names};

fn ran(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let ran = lessen(folder.path(), arguments);
    assert_eq!(ran.code, Some(0), "{arguments:?}\n{}", ran.err);
    assert!(names(folder.path()).is_empty(), "an estimate writes nothing");
    ran.out
}

#[track_caller]
fn refused(arguments: &[&str], parts: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let ran = lessen(folder.path(), arguments);
    assert_eq!(ran.code, Some(2), "{arguments:?}\n{}{}", ran.out, ran.err);
    for part in parts {
        assert!(ran.err.contains(part), "{arguments:?}: expected {part:?} in\n{}", ran.err);
    }
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
}

const BERT: [&str; 13] = [
    "estimate",
    "--gpu",
    "v100",
    "--count",
    "64",
    "--hours",
    "79.2",
    "--watts",
    "12041.51",
    "--pue",
    "1.58",
    "--intensity",
    "0.954lb/kWh",
];

fn with<'a>(base: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [base, more].concat()
}

#[test]
fn bert_of_strubell_2019() {
    insta::assert_snapshot!(ran(&with(
        &BERT,
        &["--cloud-price", "0.74..2.48", "--electricity-price", "0.12", "--own-price", "10000"]
    )));
}

#[test]
fn work_without_a_place() {
    insta::assert_snapshot!(ran(&[
        "estimate",
        "--parameters",
        "7B",
        "--tokens",
        "2T",
        "--gpu",
        "a100-sxm4-80gb",
        "--count",
        "8"
    ]));
}

#[test]
fn the_record_is_one_document() {
    let json = ran(&with(&BERT, &["--json"]));
    let record: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(record["schema"], "lessen.estimate/1");
    assert_eq!(record["kwh_with_pue"]["value"].as_f64().unwrap().round(), 1507.0);
    assert_eq!(record["carbon"]["region"], "said");
    assert!(record["equivalents"].as_array().unwrap().len() > 8);
}

#[test]
fn a_model_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = student(folder.path());
    let base = ["estimate", "--model", path.as_str(), "--examples", "1000", "--epochs", "10"];
    let typed = with(&base, &["--experiments", "4", "--watts", "60", "--peak-tflops", "0.05", "--json"]);
    let ran_here = lessen(folder.path(), &typed);
    assert_eq!(ran_here.code, Some(0), "{}", ran_here.err);
    let record: serde_json::Value = serde_json::from_str(&ran_here.out).unwrap();
    // 64-8-10 on digits: (64 * 8 + 8 * 10) multiply-accumulates are 1184 operations, biases and activations come on top.
    let per_example = record["work"]["flops_per_example"].as_u64().unwrap();
    assert!((1184..1400).contains(&per_example), "{per_example}");
    assert_eq!(record["work"]["examples"], 10_000);
    let flops = record["work"]["flops"]["value"].as_f64().unwrap();
    assert_eq!(flops, per_example as f64 * 3.0 * 10_000.0);
    let text = lessen(folder.path(), &with(&base, &["--experiments", "4"]));
    assert!(text.out.contains("E·D·H") && text.out.contains("4 experiments"), "{}", text.out);
}

/// A small network that lessen made.
fn student(folder: &Path) -> String {
    let typed = ["mimic", "digits", "--hidden", "8", "--rows", "2000", "--out", "made", "--quiet"];
    let made = lessen(folder, &typed);
    assert_eq!(made.code, Some(0), "{}", made.err);
    folder.join("made/student-8.onnx").display().to_string()
}

#[test]
fn places_and_times_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = "datetime,carbon_intensity\n".to_owned();
    for hour in 0..24 {
        // Least from 12 to 15 o'clock.
        let grams = if (12..15).contains(&hour) { 50 } else { 200 + hour };
        file += &format!("2025-06-01T{hour:02}:00:00Z,{grams}\n");
    }
    std::fs::write(folder.path().join("june.csv"), file).unwrap();
    let typed = [
        "estimate",
        "--watts",
        "1000",
        "--hours",
        "3",
        "--pue",
        "1",
        "--region",
        "DEU",
        "--hourly",
        "june.csv",
        "--compare-regions",
        "DEU,FRA,aws:eu-north-1,Poland",
    ];
    let found = lessen(folder.path(), &typed);
    assert_eq!(found.code, Some(0), "{}", found.err);
    insta::assert_snapshot!(found.out);
    let json = lessen(folder.path(), &with(&typed, &["--json"]));
    let record: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(record["when"]["best"]["start"], "2025-06-01T12:00:00Z");
    assert!(
        (record["when"]["best"]["kg_co2e"]["value"].as_f64().unwrap() - 0.15).abs() < 1e-12,
        "3 kWh at 50 g"
    );
    let places: Vec<&str> = record["elsewhere"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| place["region"].as_str().unwrap())
        .collect();
    assert_eq!(places, ["aws:eu-north-1", "FRA", "DEU", "POL"]);
    let clouds = ran(&["estimate", "--watts", "1000", "--hours", "3", "--compare-regions"]);
    assert!(clouds.contains("of 138 places") && clouds.contains("Compare within a scope"), "{clouds}");
}

#[test]
fn published_tables_are_recomputed() {
    insta::assert_snapshot!(ran(&["estimate", "--published", "strubell2019"]));
    for name in ["green-algorithms", "sci"] {
        let text = ran(&["estimate", "--published", name]);
        assert!(text.contains(" yes") && !text.contains(" no\n"), "{text}");
    }
    let folder = tempfile::tempdir().unwrap();
    let typed = ["estimate", "--published", "training-reports", "--out", "study"];
    assert_eq!(lessen(folder.path(), &typed).code, Some(0));
    assert!(names(&folder.path().join("study")).contains(&"study.json".to_owned()));
}

#[test]
fn own_tables_go_before_ours_and_every_output_says_so() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("own")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join("own").join(name), text).unwrap();
    write(
        "grid.csv",
        "code,name,g_co2e_per_kwh,year,scope,source\nFRA,France,21.7,2026,direct,our supplier\n",
    );
    let typed = ["--tables", "own"];
    let base = ["estimate", "--watts", "1000", "--hours", "1", "--pue", "1", "--region", "FRA"];
    let text = lessen(folder.path(), &with(&base, &typed));
    let said = "With tables of your own: grid.csv (1 row, 1 in place of a built-in one).";
    assert!(text.out.contains(said) && text.out.contains("~0.0217 kg"), "{}{}", text.out, text.err);
    let regions = lessen(folder.path(), &with(&["regions", "FRA"], &typed));
    assert!(regions.out.contains(said) && regions.out.contains("our supplier"), "{}", regions.out);
    for verb in [&base[..], &["regions", "FRA"]] {
        let json = lessen(folder.path(), &with(&with(verb, &typed), &["--json"]));
        let record: serde_json::Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!(record["own_tables"][0]["replaced"], 1);
    }
    #[cfg(target_os = "linux")]
    {
        let run = ["run", "--ledger", "ledger.sqlite", "--region", "FRA", "--tables", "own", "--", "true"];
        let metered = lessen(folder.path(), &run);
        assert!(
            metered.err.contains("With tables of your own") && metered.err.contains("our supplier"),
            "{}",
            metered.err
        );
    }
    write("grid.csv", "code,name,g_co2e_per_kwh,year,scope,source\nFRA,France,-1,2026,direct,our supplier\n");
    let broken = lessen(folder.path(), &with(&base, &typed));
    assert_eq!(broken.code, Some(2));
    assert!(broken.err.contains("grid.csv`, line 2, column `g_co2e_per_kwh`"), "{}", broken.err);
    let nowhere = lessen(folder.path(), &with(&base, &["--tables", "nowhere"]));
    assert!(nowhere.code == Some(2) && nowhere.err.contains("nowhere"), "{}", nowhere.err);
}

#[test]
fn nonsense_is_refused_with_the_flag() {
    for (flag, bad) in [
        ("--hours", "-1"),
        ("--hours", "0"),
        ("--hours", "NaN"),
        ("--hours", "1e400"),
        ("--hours", "inf"),
        ("--watts", "-3"),
        ("--watts", "nan"),
        ("--pue", "0.9"),
        ("--pue", "NaN"),
        ("--pue", "1e400"),
        ("--count", "0"),
        ("--count", "-2"),
        ("--count", "1.5"),
        ("--experiments", "0"),
        ("--utilization", "1.5"),
        ("--utilization", "0"),
        ("--flops", "1e400"),
        ("--intensity", "432"),
        ("--intensity", "-1g/kWh"),
        ("--intensity", "NaN g/kWh"),
        ("--electricity-price", "-0.1"),
        ("--cloud-price", "3..2"),
        ("--own-price", "0"),
        ("--peak-tflops", "x"),
        ("--live", "watttime:FR"),
        ("--published", "strubell2018"),
        ("--precision", "double"),
    ] {
        let typed = format!("{flag}={bad}");
        refused(&["estimate", "--hours=1", &typed], &[flag]);
    }
}

#[test]
fn names_that_are_not_there_come_with_the_nearest() {
    let base = ["estimate", "--hours", "1"];
    refused(&with(&base, &["--gpu", "gtx1080to"]), &["`--gpu`", "gtx1080ti", "hint: "]);
    refused(&with(&base, &["--cpu", "epyc-7736"]), &["`--cpu`", "epyc-7763"]);
    refused(
        &with(&base, &["--watts", "1", "--region", "Frnace"]),
        &["`--region`", "France", "lessen regions"],
    );
    refused(&with(&base, &["--watts", "1", "--region", "Georgia"]), &["GEO (Georgia)", "US-GA (Georgia)"]);
    refused(
        &with(&base, &["--watts", "1", "--compare-regions", "FRA,Poladn"]),
        &["`--compare-regions`", "Poland"],
    );
    refused(&["regions", "Atlantis"], &["no region has `Atlantis`"]);
    refused(&with(&base, &["--watts", "1", "--hourly", "nothing.csv"]), &["`--hourly`", "nothing.csv"]);
    refused(&["estimate", "--model", "nothing.onnx", "--examples", "5"], &["nothing.onnx"]);
}

#[test]
fn what_contradicts_itself_is_refused() {
    refused(&["estimate"], &["nothing to estimate", "--hours"]);
    refused(&["estimate", "--gpu", "v100"], &["nothing to estimate"]);
    let watts = ["estimate", "--hours", "1", "--gpu", "v100", "--count", "64", "--watts", "300"];
    refused(&watts, &["`--watts`", "64 x v100", "all devices together"]);
    let fast = ["estimate", "--hours", "1", "--gpu", "t4", "--flops", "1e22"];
    refused(&fast, &["`--hours`", "times the peak"]);
    refused(&["estimate", "--hours", "1", "--gpu", "t4", "--cpu", "epyc-7763"], &["--gpu", "--cpu"]);
    refused(&["estimate", "--parameters", "7e9"], &["--tokens"]);
    refused(&["estimate", "--model", "x.onnx"], &["--examples"]);
    refused(&["estimate", "--published", "sci", "--hours", "1"], &["--published", "--hours"]);
}

#[test]
fn regions_are_listed() {
    let text = ran(&["regions", "aws:eu"]);
    insta::assert_snapshot!(text);
    let all = ran(&["regions", "--json"]);
    let record: serde_json::Value = serde_json::from_str(&all).unwrap();
    assert_eq!(record["schema"], "lessen.regions/1");
    assert!(record["regions"].as_array().unwrap().len() > 400);
}

#[cfg(not(feature = "live"))]
#[test]
fn live_intensities_are_a_feature() {
    refused(
        &["estimate", "--hours", "1", "--watts", "1", "--live", "electricity-maps:FR"],
        &["built without live intensities", "--features live"],
    );
}

#[cfg(feature = "live")]
mod live {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::process::Command;

    /// Answers one call with `body`, from this machine.
    fn service(status: &'static str, body: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut call = [0; 4096];
            let read = stream.read(&mut call).unwrap();
            let call = String::from_utf8_lossy(&call[..read]).to_lowercase();
            assert!(
                call.starts_with("get /carbon-intensity/latest?zone=fr")
                    && call.contains("auth-token: of-mine")
            );
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            )
            .unwrap();
        });
        base
    }

    fn asked(base: &str) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lessen"));
        command.args(["estimate", "--watts", "1000", "--hours", "1", "--pue", "1", "--region", "FRA"]);
        command.args(["--live", "electricity-maps:FR"]);
        command.env("ELECTRICITY_MAPS_TOKEN", "of-mine").env("ELECTRICITY_MAPS_URL", base);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert!(!text.contains("of-mine"), "the token is shown: {text}");
        text
    }

    #[test]
    fn the_intensity_of_now_is_taken() {
        let body = r#"{"zone":"FR","carbonIntensity":33,"datetime":"2026-11-24T10:00:00.000Z",
            "updatedAt":"2026-11-24T10:05:00.000Z","emissionFactorType":"lifecycle","isEstimated":false}"#;
        let text = asked(&service("200 OK", body));
        assert!(text.contains("~0.033 kg") && text.contains("Electricity Maps"), "{text}");
    }

    #[test]
    fn any_failure_falls_back_to_the_table_and_says_so() {
        for (status, body) in [("401 Unauthorized", ""), ("500 Oops", "broken"), ("200 OK", "<html>")] {
            let text = asked(&service(status, body));
            assert!(text.contains("No live intensity, so that of FRA"), "{status}: {text}");
        }
    }
}
