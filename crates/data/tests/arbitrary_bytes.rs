//! Any bytes: rows or an error, never a panic.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod packed;

use std::path::Path;

use lessen_data::csv_file::{self, CsvFile, CsvOptions, Header, TargetColumn};
use lessen_data::files::{self, FileOptions};
use lessen_data::idx;
use packed::gzip;
use proptest::prelude::*;

/// Bytes, or the same after a beginning that leads the reader further, or that packed.
fn bytes(beginnings: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    let beginning = prop::sample::select(beginnings);
    (beginning, prop::collection::vec(any::<u8>(), 0..200), any::<bool>()).prop_map(
        |(beginning, bytes, packed)| {
            let whole = [beginning, &bytes].concat();
            if packed { gzip(&whole) } else { whole }
        },
    )
}

/// Text that has much of what a CSV reader looks at.
fn text() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b"ab1.-e?\",\n\r |\xff".as_slice()), 0..100)
}

fn read_csv(bytes: &[u8], header: Header, trim: bool) {
    let comment = trim.then_some(b'|');
    let options = CsvOptions { header, trim, comment, ..CsvOptions::new(TargetColumn::Position(1)) };
    if let Ok(rows) = csv_file::read(&[CsvFile { path: Path::new("any"), bytes }], &options) {
        assert_eq!(rows.labels.len(), rows.table.rows());
        assert_eq!(rows.rows_by_file, [rows.labels.len()]);
        assert!(rows.labels.iter().all(|&label| (label as usize) < rows.names.len()));
        assert!(rows.names.is_sorted_by(|a, b| a != b), "no class twice in a row");
    }
}

proptest! {
    #[test]
    fn idx_readers_take_any_bytes(
        bytes in bytes(&[&[], &[0x1f, 0x8b], &[0, 0, 8, 1, 0, 0, 0], &[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]]),
        count in 0usize..200,
    ) {
        if let Ok(images) = idx::images(Path::new("any"), &bytes) {
            prop_assert_eq!(images.rows() * images.pixels(), images.bytes.len());
        }
        if let Ok(labels) = idx::labels(Path::new("any"), &bytes, count) {
            prop_assert_eq!(labels.len(), count);
        }
    }

    #[test]
    fn the_csv_reader_takes_any_bytes(
        bytes in prop_oneof![bytes(&[&[], &[0x1f, 0x8b], b"a,b\n"]), text()],
        trim in any::<bool>(),
    ) {
        read_csv(&bytes, Header::InFile, trim);
        read_csv(&bytes, Header::Absent, trim);
        read_csv(&bytes, Header::Given(vec!["a".into(), "b".into()]), trim);
    }

    /// Whatever the layout that is found out, the rows are a data set that can be divided, or that says why not.
    #[test]
    fn own_files_take_any_text(
        bytes in prop_oneof![
            bytes(&[&[], b"a,b\n", b"a;b\n1;2\n"]),
            prop::collection::vec(prop::sample::select(b"ab12.-e?\",;\t|#\n\n\r \xff".as_slice()), 0..200),
        ],
        test in prop::option::of(text()),
        target in prop::sample::select(["1", "2", "b"].as_slice()),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (path, test_path) = (folder.path().join("a.csv"), folder.path().join("test.csv"));
        std::fs::write(&path, bytes).unwrap();
        if let Some(test) = &test {
            std::fs::write(&test_path, test).unwrap();
        }
        let options = FileOptions { target: Some(target.into()), test: test.map(|_| test_path), task: None };
        if let Ok(opened) = files::open(&path, &options) {
            let rows = opened.dataset.features.rows();
            if let Ok(split) = opened.dataset.split(1) {
                prop_assert_eq!(split.train.len() + split.validation.len() + split.test.len(), rows);
            }
        }
    }

    /// What is written with quotation marks is read as it was, and errors name the line that they are in.
    #[test]
    fn cells_survive_a_round_trip(
        cells in prop::collection::vec(("[a-z]{1,3}", "[a-z,\" \n\r]{0,6}x"), 1..20),
        ragged in any::<bool>(),
    ) {
        let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
        let mut text: String = "y,a\n".into();
        for (label, cell) in &cells {
            text += &format!("{label},{}\n", quoted(cell));
        }
        let line = text.matches('\n').count() + 1;
        if ragged {
            text += "1,2,3\n";
        }
        let options = CsvOptions { trim: false, ..CsvOptions::new(TargetColumn::Name("y".into())) };
        let rows = csv_file::read(&[CsvFile { path: Path::new("any"), bytes: text.as_bytes() }], &options);
        if ragged {
            prop_assert_eq!(rows.unwrap_err().to_string(), format!("`any`, line {line}: 3 cells, expected 2"));
        } else {
            let rows = rows.unwrap();
            let lessen_data::Column::Nominal { levels, codes, .. } = &rows.table.columns()[0] else {
                panic!("numbers, expected levels")
            };
            for (row, (label, cell)) in cells.iter().enumerate() {
                prop_assert_eq!(&levels[codes[row].unwrap() as usize], cell);
                prop_assert_eq!(&rows.names[rows.labels[row] as usize], label);
            }
        }
    }
}
