//! The README's tables are those of the studies in `results/`.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::Path;

use lessen_footprint::published;
use lessen_records::{Record, Study};
use lessen_report::table::{Notes, study_markdown, study_markdown_with};

#[test]
fn tables_are_made_from_the_studies() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    for name in ["compress-digits", "compress-letter", "frankle2019"] {
        let path = root.join("results").join(name).join("study.json");
        let study = Study::from_json(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let table = study_markdown(&study);
        assert!(
            readme.contains(table.trim()),
            "README.md should hold this table of {}:\n{table}",
            path.display()
        );
    }
}

#[test]
fn studies_of_published_tables_are_what_the_tables_give() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for name in published::NAMES {
        let folder = root.join("results").join(format!("estimate-{name}"));
        let study = published::study(name).unwrap();
        for (file, given) in
            [("study.json", study.to_json().unwrap()), ("study.md", study_markdown_with(&study, Notes::All))]
        {
            let committed = std::fs::read_to_string(folder.join(file)).unwrap_or_default();
            assert!(
                committed == given,
                "results/estimate-{name}/{file} is not what the tables give; renew it with\n\
                 lessen estimate --published {name} --out FOLDER, and take {file} from there"
            );
        }
    }
}

#[test]
fn the_estimate_is_what_the_command_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let typed = readme.lines().find(|line| line.starts_with("lessen estimate ")).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_lessen"));
    let output = command.args(typed.split(' ').skip(1)).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(readme.contains(&printed), "README.md should hold what `{typed}` prints:\n{printed}");
}

/// What the README says of the study of published trainings.
#[test]
fn the_counts_of_training_reports_are_the_studys() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap().replace('\n', " ");
    let study = published::study("training-reports").unwrap();
    let count = |id: &str| {
        let row = study.rows.iter().find(|row| row.id == format!("within-the-band/{id}")).unwrap();
        row.note.as_ref().unwrap().split(" reports").next().unwrap().to_owned()
    };
    let said = format!(
        "energy lies in our band for {}, the emissions for {}, the device-hours (from parameters and tokens alone) for {};",
        count("kwh"),
        count("co2e"),
        count("hours")
    );
    assert!(readme.contains(&said), "README.md should say: {said}");
}
