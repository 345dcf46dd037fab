//! Any bytes as a CSV file: a table or an error, never a panic or more memory than they warrant.
#![no_main]

use std::path::Path;

use lessen_data::csv_file::{self, CsvFile, CsvOptions, Header, TargetColumn};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The bits of the first byte choose the options.
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let target = match choice & 3 {
        0 => TargetColumn::Name("y".into()),
        position => TargetColumn::Position(usize::from(position)),
    };
    let header = match choice >> 2 & 3 {
        0 => Header::Given(vec!["x".into(), "y".into()]),
        1 => Header::Absent,
        _ => Header::InFile,
    };
    let options = CsvOptions {
        header,
        delimiter: if choice & 16 == 0 { b',' } else { b';' },
        trim: choice & 32 == 0,
        comment: (choice & 64 != 0).then_some(b'#'),
        ..CsvOptions::new(target)
    };
    if let Ok(rows) = csv_file::read(&[CsvFile { path: Path::new("fuzz"), bytes }], &options) {
        assert_eq!(rows.table.rows(), rows.labels.len());
        assert!(rows.labels.iter().all(|&label| (label as usize) < rows.names.len()));
    }
});
