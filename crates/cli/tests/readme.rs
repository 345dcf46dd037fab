//! The README's tables are those of the studies in `results/`.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::Path;

use lessen_records::{Record, Study};
use lessen_report::table::study_markdown;

#[test]
fn tables_are_made_from_the_studies() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    for name in ["compress-digits", "compress-letter"] {
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
