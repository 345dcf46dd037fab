//! Parquet files: written by the crate that reads them, in each way of packing.
#![cfg(feature = "parquet")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod own;

use std::sync::Arc;

use lessen_data::Task;
use lessen_data::files::{self, FileOptions};
use lessen_data::{Encoding, Features};
use own::{Folder, columns, shown, target, task};
use parquet::basic::{Compression, GzipLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

const SCHEMA: &str = "message m {
    optional double size; required int32 count; optional binary colour (UTF8); optional boolean sold;
    required int64 label; required binary kind (UTF8);
}";

/// Six rows; `kinds` are the cells of the last column.
fn file(packing: Compression, kinds: [&str; 6]) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(packing).build());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let text = |text: &str| ByteArray::from(text);
    macro_rules! column {
        ($kind:ty, $values:expr, $there:expr) => {{
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<$kind>().write_batch($values, $there, None).unwrap();
            column.close().unwrap();
        }};
    }
    column!(DoubleType, &[1.5, -2.0, 3.0, 0.25], Some(&[1, 0, 1, 1, 0, 1]));
    column!(Int32Type, &[5, 6, 5, 7, 5, 6], None);
    column!(ByteArrayType, &["red", "blue", "red", "red"].map(text), Some(&[1, 1, 1, 0, 1, 0]));
    column!(BoolType, &[true, false, true, true, false], Some(&[1, 1, 1, 0, 1, 1]));
    column!(Int64Type, &[0, 1, 0, 1, 1, 0], None);
    column!(ByteArrayType, &kinds.map(text), None);
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

const KINDS: [&str; 6] = ["p", "q", "p", "q", "p", "r"];

#[test]
fn flat_columns_are_read_however_they_are_packed() {
    for packing in [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP(GzipLevel::default())] {
        let folder = Folder::new(&[("a.parquet", &file(packing, KINDS))]);
        let opened = folder.open("a.parquet", &target("kind")).unwrap();
        let expected = [
            "size: 1.5 - -2 3 - 0.25",
            "count: 5 6 5 7 5 6",
            "colour (text): red blue red - red -",
            "sold (text): true false true - true false",
            "label: 0 1 0 1 1 0",
            "classes: p q p q p r of p q r",
        ];
        assert_eq!(shown(&opened.dataset), expected, "{packing:?}");
        let told = folder.open("a.parquet", &FileOptions::default()).unwrap();
        assert_eq!(shown(&told.dataset)[5], "classes: 0 1 0 1 1 0 of 0 1");
        let value = folder.open("a.parquet", &task("count", Task::Regression)).unwrap();
        assert_eq!(shown(&value.dataset)[5], "values of count: [5.0, 6.0, 5.0, 7.0, 5.0, 6.0]");
    }
}

#[test]
fn rows_and_test_parts_are_found_by_name() {
    let folder = Folder::new(&[
        ("train.parquet", &file(Compression::SNAPPY, KINDS)),
        ("test.parquet", &file(Compression::SNAPPY, ["q", "q", "p", "p", "p", "p"])),
    ]);
    let dataset = folder.open(".", &target("kind")).unwrap().dataset;
    assert_eq!(dataset.given_test, Some((6..12).collect()));
    assert_eq!(columns(&dataset).len(), 5);
    let encoding = Encoding::fit(&dataset.features, &[0, 1, 2]);
    let Features::Table(table) = files::read_rows_for(&encoding, &folder.path("test.parquet")).unwrap()
    else {
        panic!()
    };
    assert_eq!(table.rows(), 6);
    let names: Vec<&str> = table.columns().iter().map(|column| column.name()).collect();
    assert_eq!(names, ["size", "count", "colour", "sold", "label"]);
}

#[test]
fn what_does_not_serve_is_named() {
    let folder =
        Folder::new(&[("a.parquet", &file(Compression::SNAPPY, KINDS)), ("b.parquet", b"PAR1 and no more")]);
    let error = |name: &str, options: &FileOptions| folder.error(name, options).0;
    assert_eq!(
        error("a.parquet", &target("size")),
        "`a.parquet`, row 2, column `size`: the label is missing"
    );
    assert_eq!(error("a.parquet", &target("kinds")), "`a.parquet` has no column `kinds`");
    assert_eq!(
        error("a.parquet", &task("kind", Task::Regression)),
        "`a.parquet`, row 1, column `kind`: `p`, expected a number"
    );
    assert!(error("b.parquet", &target("y")).starts_with("`b.parquet`: the Parquet file cannot be read ("));
}

proptest! {
    #[test]
    fn a_damaged_file_is_a_data_set_or_an_error(place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = file(Compression::SNAPPY, KINDS);
        let place = place.index(bytes.len());
        if cut { bytes.truncate(place) } else { bytes[place] = byte }
        let folder = Folder::new(&[("a.parquet", &bytes)]);
        let _ = folder.open("a.parquet", &target("kind"));
    }
}
