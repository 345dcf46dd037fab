//! The CSV reader: what it reads, and what it says to what it does not.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod packed;

use std::path::Path;

use lessen_data::csv_file::{self, CsvFile, CsvOptions, CsvRows, Header, TargetColumn};
use lessen_data::{Column, DataError};
use packed::gzip;

fn target(name: &str) -> CsvOptions {
    CsvOptions::new(TargetColumn::Name(name.into()))
}

fn read(bytes: &[u8], options: &CsvOptions) -> Result<CsvRows, DataError> {
    csv_file::read(&[CsvFile { path: Path::new("a.csv"), bytes }], options)
}

/// A table in a line a column, so that a test can show one.
fn shown(rows: &CsvRows) -> Vec<String> {
    let shown = |column: &Column| match column {
        Column::Numeric { name, values } => format!("{name}: {values:?}"),
        Column::Nominal { name, levels, codes } => {
            let cells: Vec<&str> =
                codes.iter().map(|code| code.map_or("-", |code| levels[code as usize].as_str())).collect();
            format!("{name}: {} of {}", cells.join(" "), levels.join(" "))
        }
    };
    let labels: Vec<&str> = rows.labels.iter().map(|&label| rows.names[label as usize].as_str()).collect();
    let labels = format!("labels: {} of {}", labels.join(" "), rows.names.join(" "));
    rows.table.columns().iter().map(shown).chain([labels]).collect()
}

#[test]
fn columns_are_numbers_or_levels_by_their_cells() {
    let text = "a,b,y,c,d\n1,red, no ,,?\n-2.5e1,?,yes,7,\n\n.5,blue,no,x y,?\n";
    let rows = read(text.as_bytes(), &target("y")).unwrap();
    let expected = [
        "a: [1.0, -25.0, 0.5]",
        "b: red - blue of blue red",
        "c: - 7 x y of 7 x y",
        "d: [NaN, NaN, NaN]",
        "labels: no yes no of no yes",
    ];
    assert_eq!(shown(&rows), expected);
    assert_eq!(rows.rows_by_file, [3]);
    for same in [text.replace('\n', "\r\n"), format!("\u{feff}{text}"), text.trim_end().to_owned()] {
        assert_eq!(shown(&read(same.as_bytes(), &target("y")).unwrap()), expected, "{same:?}");
    }
    assert_eq!(shown(&read(&gzip(text.as_bytes()), &target("y")).unwrap()), expected, "packed");
}

#[test]
fn options_say_what_the_file_does_not() {
    let given = |names: &[&str]| Header::Given(names.iter().map(|&name| name.to_owned()).collect());
    let position = |position| CsvOptions::new(TargetColumn::Position(position));
    let cases: Vec<(&str, CsvOptions, &[&str])> = vec![
        (
            "1,2\n3,4\n",
            CsvOptions { header: Header::Absent, ..position(1) },
            &["column_2: [2.0, 4.0]", "labels: 1 3 of 1 3"],
        ),
        (
            "1,2\n",
            CsvOptions { header: Header::Absent, ..target("column_2") },
            &["column_1: [1.0]", "labels: 2 of 2"],
        ),
        ("1,2\n", CsvOptions { header: given(&["p", "q"]), ..target("p") }, &["q: [2.0]", "labels: 1 of 1"]),
        ("a,,y\n1,2,3\n", target("y"), &["a: [1.0]", "column_2: [2.0]", "labels: 3 of 3"]),
        ("a;y\n1,5;2\n", CsvOptions { delimiter: b';', ..target("y") }, &["a: 1,5 of 1,5", "labels: 2 of 2"]),
        (
            "a,y\nNA,1\n?,2\n",
            CsvOptions { missing: vec!["NA".into()], ..target("y") },
            &["a: - ? of ?", "labels: 1 2 of 1 2"],
        ),
        ("a,y\n 1,x \n", CsvOptions { trim: false, ..target("y") }, &["a:  1 of  1", "labels: x  of x "]),
        (
            "#x\na,y\n#y,z\n1,2\n",
            CsvOptions { comment: Some(b'#'), ..target("y") },
            &["a: [1.0]", "labels: 2 of 2"],
        ),
        ("a,y\n\"x, \"\"y\"\"\nz\",1\n", target("y"), &["a: x, \"y\"\nz of x, \"y\"\nz", "labels: 1 of 1"]),
    ];
    for (text, options, expected) in cases {
        assert_eq!(shown(&read(text.as_bytes(), &options).unwrap()), expected, "{text:?}");
    }
}

#[test]
fn classes_are_sorted_as_numbers_where_all_are() {
    let names = |labels: &[&str]| {
        let text: String = labels.iter().map(|label| format!("1,{label}\n")).collect();
        let options = CsvOptions { header: Header::Absent, ..CsvOptions::new(TargetColumn::Position(2)) };
        read(text.as_bytes(), &options).unwrap().names
    };
    assert_eq!(names(&["10", "9", "-1", "9"]), ["-1", "9", "10"]);
    assert_eq!(names(&["10", "9", "b"]), ["10", "9", "b"]);
    assert_eq!(names(&["nan", "2", "10"]), ["10", "2", "nan"], "not a number to sort by");
    assert_eq!(names(&["1.0", "1"]), ["1", "1.0"], "text makes a class");
}

#[test]
fn several_files_are_one_table() {
    let files = [("a,b,y\n1,p,no\n", "train.csv"), ("a,b,y\nx,o,yes\n2,p,no\n", "test.csv")];
    let files = files.map(|(text, path)| CsvFile { path: Path::new(path), bytes: text.as_bytes() });
    let rows = csv_file::read(&files, &target("y")).unwrap();
    assert_eq!(shown(&rows), ["a: 1 x 2 of 1 2 x", "b: p o p of o p", "labels: no yes no of no yes"]);
    assert_eq!(rows.rows_by_file, [1, 2]);

    let with = |second: &'static str| {
        let files = [files[0], CsvFile { path: Path::new("test.csv"), bytes: second.as_bytes() }];
        csv_file::read(&files, &target("y")).unwrap_err().to_string()
    };
    assert_eq!(with("a,c,y\n1,p,no\n"), "`test.csv`: column `c`, expected `b` as in `train.csv`");
    assert_eq!(with("a,y\n1,no\n"), "`test.csv`: 2 columns, expected 3 as in `train.csv`");
    assert_eq!(with("a,b,y\n"), "`test.csv`: there are no rows");
}

#[test]
fn malformed_files_are_named_with_line_and_column() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "`a.csv`: there is nothing in it, expected a header"),
        (b"a,y\n", "`a.csv`: there are no rows"),
        (b"y\n1\n", "`a.csv`: there is no column beside the target"),
        (b"y,a,y\n1,2,3\n", "`a.csv`: several columns are called `y`"),
        (b"a,y\n1,2\n3\n", "`a.csv`, line 3: 1 cells, expected 2"),
        (b"a,y\r\n\r\n1,2\r\n3,4,5\r\n", "`a.csv`, line 4: 3 cells, expected 2"),
        (b"a,y\n1,2\n3,4,5", "`a.csv`, line 3: 3 cells, expected 2"),
        (b"a,y\n\"x\nz\",2\n3\n", "`a.csv`, line 4: 1 cells, expected 2"),
        (b"a,y\n1,2\n3,\xff\n", "`a.csv`, line 3, column `y`: the text is not UTF-8"),
        (b"a,\xff\n1,2\n", "`a.csv`, line 1, column `column_2`: the text is not UTF-8"),
        (b"a,y\n1,2\n3,?\n", "`a.csv`, line 3, column `y`: the label is missing"),
        (
            b"a,y\n1,2\ninf,2\nnan,3\n",
            "`a.csv`, line 3, column `a`: `inf`, expected a finite number or a mark for a missing one",
        ),
        (
            b"a,y\n1,2\n-NaN,2\n",
            "`a.csv`, line 3, column `a`: `-NaN`, expected a finite number or a mark for a missing one",
        ),
        (
            b"a,y\n1e39,2\n",
            "`a.csv`, line 2, column `a`: `1e39`, expected a finite number or a mark for a missing one",
        ),
    ];
    for (bytes, expected) in cases {
        let found = read(bytes, &target("y")).map_err(|error| error.to_string());
        assert_eq!(found, Err((*expected).to_owned()), "{}", String::from_utf8_lossy(bytes));
    }
    let levels = read(b"a,y\ninf,2\nx,2\n", &target("y")).unwrap();
    assert_eq!(shown(&levels)[0], "a: inf x of inf x", "among levels `inf` is a level");
    assert!(csv_file::read(&[], &target("y")).is_err());
}

#[test]
fn an_unknown_target_gets_a_hint() {
    let missing = |options: &CsvOptions| {
        let error = read(b"age,Income,sex\n1,2,3\n", options).unwrap_err();
        (error.to_string(), error.hint().unwrap_or_default().to_owned())
    };
    assert_eq!(
        missing(&target("incone")),
        ("`a.csv` has no column `incone`".into(), "did you mean `Income`?".into())
    );
    assert_eq!(
        missing(&target("label")),
        ("`a.csv` has no column `label`".into(), "the columns are `age`, `Income`, `sex`".into())
    );
    for position in [0, 4] {
        assert_eq!(
            missing(&CsvOptions::new(TargetColumn::Position(position))),
            (format!("`a.csv` has no column `{position}`"), "there are 3 columns, counted from 1".into())
        );
    }
    let wide: Vec<String> = (0..20).map(|column| format!("c{column}")).collect();
    let error = read(format!("{}\n", wide.join(",")).as_bytes(), &target("label")).unwrap_err();
    assert!(error.hint().unwrap().ends_with("`c9`, …"), "{:?}", error.hint());
}

/// Rows around the sizes at which the reader's own room grows keep their cells and their line numbers.
#[test]
fn growing_room_changes_nothing() {
    for columns in [63, 64, 65, 128, 129, 1000] {
        let names: Vec<String> = (0..columns).map(|column| format!("c{column}")).collect();
        let row: Vec<String> = (0..columns).map(|column| column.to_string()).collect();
        let text = format!("{}\n{}\n{},1\n", names.join(","), row.join(","), row.join(","));
        let error = read(text.as_bytes(), &target("c0")).unwrap_err();
        assert_eq!(error.to_string(), format!("`a.csv`, line 3: {} cells, expected {columns}", columns + 1));
    }
    for length in (1020..1028).chain(8188..8196) {
        let long = "x".repeat(length);
        let text = format!("a,y\n{long},2\n{long},3\n1\n");
        let error = read(text.as_bytes(), &target("y")).unwrap_err();
        assert_eq!(error.to_string(), "`a.csv`, line 4: 1 cells, expected 2", "{length} letters");
        let rows = read(text.trim_end_matches("1\n").as_bytes(), &target("y")).unwrap();
        assert_eq!(shown(&rows)[0], format!("a: {long} {long} of {long}"));
    }
}

#[test]
fn rows_without_end_are_refused() {
    let open_quote = gzip(&[b"a,y\n1,2\n\"".to_vec(), vec![b'x'; 17 << 20]].concat());
    let error = read(&open_quote, &target("y")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`a.csv`, line 3: a row is longer than 16777216 bytes; is a quotation mark open?"
    );
    let error = read(&vec![b','; 1 << 18], &target("y")).unwrap_err();
    assert_eq!(error.to_string(), "`a.csv`, line 1: a row has more than 262144 cells");
}

#[test]
fn damaged_packing_is_an_error() {
    let whole = gzip(b"a,y\n1,2\n");
    let error = read(&whole[..whole.len() - 3], &target("y")).unwrap_err();
    assert!(error.to_string().contains("the gzip stream is damaged"), "{error}");
}
