//! Bad input: exit code 2, a message that names it, nothing written.

use crate::{lessen, names};

#[track_caller]
fn refused(arguments: &[&str], expected: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rows.csv"), "a,b\n1,2\n").unwrap();
    std::fs::write(folder.path().join("bad.onnx"), [0x08, 0x07, 0xff]).unwrap();
    std::fs::create_dir(folder.path().join("taken")).unwrap();
    std::fs::write(folder.path().join("taken/letter.txt"), "dear").unwrap();
    let ran = lessen(folder.path(), arguments);
    assert_eq!(ran.code, Some(2), "{arguments:?}\n{}", ran.err);
    for expected in expected {
        assert!(ran.err.contains(expected), "{arguments:?}: expected {expected:?} in\n{}", ran.err);
    }
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    assert_eq!(names(folder.path()), ["bad.onnx", "rows.csv", "taken"], "{arguments:?} wrote something");
    assert_eq!(names(&folder.path().join("taken")), ["letter.txt"], "{arguments:?} wrote something");
}

#[test]
fn unknown_data_sets_suggest_a_name() {
    refused(&["compress", "digit"], &["no data set `digit`", "hint: ", "`digits`"]);
    refused(&["mimic", "mnst"], &["no data set `mnst`", "`mnist`"]);
    refused(&["data", "check", "lettr"], &["no data set `lettr`", "`letter`"]);
}

#[test]
fn a_named_set_that_is_nowhere_says_where_it_was_looked_for() {
    refused(&["compress", "mnist"], &["mnist", "--data-dir", "LESSEN_DATA"]);
    refused(&["compress", "mnist", "--data-dir", "taken"], &["taken"]);
}

#[test]
fn a_wrong_file_under_a_known_name_is_not_taken_for_the_set() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("d/uci-letter")).unwrap();
    std::fs::write(folder.path().join("d/uci-letter/letter-recognition.data.gz"), "A,1,2\n").unwrap();
    let ran = lessen(folder.path(), &["compress", "letter", "--data-dir", "d"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("letter-recognition.data.gz") && ran.err.contains("SHA-256"), "{}", ran.err);
    assert_eq!(names(folder.path()), ["d"]);
    let ran = lessen(folder.path(), &["data", "check", "letter", "--data-dir", "d"]);
    assert_eq!(ran.code, Some(1), "what was checked does not hold");
    assert!(ran.out.contains("wrong"), "{}", ran.out);
}

#[test]
fn numbers_out_of_range_name_their_flag() {
    for (flag, bad) in [
        ("--max-drop", "-1"),
        ("--max-drop", "nan"),
        ("--max-drop", "101"),
        ("--seed", "-1"),
        ("--seed", "1e400"),
        ("--threads", "0"),
        ("--threads", "1025"),
        ("--seeds", "0"),
        ("--seeds", "10001"),
    ] {
        let argument = format!("{flag}={bad}");
        refused(&["compress", &argument], &[flag, bad]);
    }
    for (flag, bad) in [
        ("--rows", "0"),
        ("--rows", "100000001"),
        ("--hidden", "8,0"),
        ("--hidden", "8,65537"),
        ("--hidden", "8,8"),
        ("--hidden", "x"),
        ("--metric", "beauty"),
        ("--neighbours", "far"),
        ("--swap-probability", "1.5"),
        ("--spread", "0"),
    ] {
        let argument = format!("{flag}={bad}");
        refused(&["mimic", "digits", &argument], &[flag]);
    }
}

#[test]
fn bounds_and_doubles_are_told() {
    refused(&["mimic", "digits", "--hidden", "8,16,8"], &["--hidden", "8 is there twice"]);
    refused(&["mimic", "digits", "--hidden", "8,65537"], &["`65537`", "from 1 to 65536"]);
    refused(&["mimic", "digits", "--rows", "100000001"], &["from 1 to 100000000"]);
    refused(&["compress", "--threads", "1025"], &["from 1 to 1024"]);
    refused(&["compress", "--seeds", "10001"], &["from 1 to 10000"]);
}

/// A table of a hundred rows: `age`, `size`, and `kind`, which is a or b; line 52 as given.
fn table(header: &str, line_52: &str) -> Vec<u8> {
    let mut text = format!("{header}\n");
    for row in 0..100 {
        match row {
            50 => text += line_52,
            _ => text += &format!("{},0.{}{}", row * 7 % 90, row * 13 % 10, row * 29 % 97),
        }
        if row != 50 || !line_52.contains(',') {
            text += if row % 2 == 0 { ",a" } else { ",b" };
        }
        text.push('\n');
    }
    text.into_bytes()
}

/// The bytes of an IDX file: magic number, dimensions, and as many zeros as said.
fn idx(magic: u32, dimensions: &[u32], body: usize) -> Vec<u8> {
    let numbers = [&[magic], dimensions].concat();
    numbers.iter().flat_map(|number| number.to_be_bytes()).chain(vec![0; body]).collect()
}

#[test]
fn own_files_that_cannot_be_used_are_refused_by_file_row_and_column() {
    const HEADER: &str = "age,size,kind";
    let with = |line: &str| table(HEADER, line);
    let cases: [(&str, Vec<u8>, &str, &[&str]); 16] = [
        ("t.csv", with("1,2,a"), "kin", &["`t.csv` has no column `kin`", "hint: did you mean `kind`?"]),
        ("t.csv", Vec::new(), "kind", &["`t.csv`: there is nothing in it"]),
        ("t.csv", b"age,size,kind\n".to_vec(), "kind", &["`t.csv`: there are no rows"]),
        ("t.csv", with("1,a"), "kind", &["`t.csv`, line 52: 2 cells, expected 3"]),
        ("t.csv", with("1,2,"), "kind", &["`t.csv`, line 52, column `kind`: the label is missing"]),
        (
            "t.csv",
            with("abc,2,a"),
            "kind",
            &["`t.csv`, line 52, column `age`: `abc`, expected a number, as in 99 of 100 cells", "hint: "],
        ),
        (
            "t.csv",
            with("NaN,2,a"),
            "kind",
            &["`t.csv`, line 52, column `age`: `NaN`, expected a finite number"],
        ),
        ("t.csv", with("1,-inf,a"), "kind", &["`t.csv`, line 52, column `size`: `-inf`, expected a finite"]),
        (
            "t.csv",
            with("1,1e400,a"),
            "kind",
            &["`t.csv`, line 52, column `size`: `1e400`, expected a finite"],
        ),
        ("t.csv", with("1,2,z"), "kind", &["class `z` has 1 rows, expected at least 5"]),
        (
            "t.csv",
            b"x,kind\n1,a\n2,a\n3,a\n1,a\n".to_vec(),
            "kind",
            &["there is one class, expected two or more"],
        ),
        ("t.csv", table("age,age,kind", "1,2,a"), "kind", &["`t.csv`: several columns are called `age`"]),
        (
            "t.csv",
            b"x,kind\n1,\xe9\n".to_vec(),
            "kind",
            &["`t.csv`, line 2, column `kind`", "not UTF-8", "hint: "],
        ),
        ("t.npy", b"NUMPY, no".to_vec(), "y", &["`t.npy`"]),
        ("t.npz", b"PK, no".to_vec(), "y", &["`t.npz`"]),
        ("t.parquet", b"PAR1".to_vec(), "y", &["`t.parquet`"]),
    ];
    for (name, bytes, target, expected) in cases {
        refused_file(&[(name, &bytes)], &[name, "--target", target], expected);
    }
    refused_file(
        &[("t.csv", &with("1,2,a"))],
        &["t.csv"],
        &["which column of `t.csv`", "hint: say `--target"],
    );
    let images = |count, body| idx(0x803, &[count, 2, 2], body);
    for (images, labels, expected) in [
        (idx(0x1234_5678, &[9, 2, 2], 36), idx(0x801, &[9], 9), "expected 00 00 of an IDX file"),
        (images(9, 30), idx(0x801, &[9], 9), "30 elements after the header, expected 36"),
        (images(9, 36), idx(0x801, &[8], 8), "8 labels, expected 9"),
    ] {
        let files = [("train-images-idx3-ubyte", images.as_slice()), ("train-labels-idx1-ubyte", &labels)];
        refused_file(&files, &["."], &["-idx", expected]);
    }
}

#[test]
fn files_that_are_not_there_and_options_that_do_not_fit_are_named() {
    refused(&["compress", "nowhere.csv", "--target", "b"], &["`nowhere.csv`", "No such file"]);
    refused(&["compress", "digits", "--target", "b"], &["`--target`", "`digits`"]);
    refused(&["mimic", "rows.csv", "--target", "b", "--test", "nowhere.csv"], &["`nowhere.csv`"]);
    refused(&["compress", "--budget", "10"], &["--budget", "`10m`"]);
    refused(&["compress", "--methods", "mimik"], &["--methods", "mimic"]);
    refused(&["compress", "taken", "--target", "b"], &["taken"]);
    if cfg!(unix) {
        refused(&["compress", "/dev/zero", "--target", "b"], &["`/dev/zero`", "device or pipe"]);
    }
}

/// Refuses to compress files of these names and contents, with exit code 2, and writes nothing.
#[track_caller]
fn refused_file(files: &[(&str, &[u8])], arguments: &[&str], expected: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let before = names(folder.path());
    let ran = lessen(folder.path(), &[&["compress"], arguments].concat());
    assert_eq!(ran.code, Some(2), "{arguments:?}\n{}", ran.err);
    for expected in expected {
        assert!(ran.err.contains(expected), "{arguments:?}: expected {expected:?} in\n{}", ran.err);
    }
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    assert_eq!(names(folder.path()), before, "{arguments:?} wrote something");
}

#[test]
fn a_transfer_set_that_could_not_be_written_is_refused_before_the_work() {
    for (file, expected) in [
        ("taken", "is a folder"),
        ("rows.csv", "hint: `--force` replaces it"),
        ("nowhere/set.csv", "No such file"),
        ("rows.csv/set.csv", "cannot write"),
        ("..", "is a folder"),
    ] {
        refused(&["mimic", "digits", "--transfer-only", file], &["`--transfer-only`", file, expected]);
    }
    refused(&["mimic", "digits", "--force", "--transfer-only", "taken"], &["is a folder"]);
    if cfg!(target_os = "linux") {
        refused(&["mimic", "digits", "--transfer-only", "/proc/set.csv"], &["cannot write `/proc/set.csv`"]);
    }
}

#[test]
fn seeds_past_the_largest_are_refused() {
    let largest = format!("--seed={}", u64::MAX);
    refused(&["compress", &largest, "--seeds", "2"], &["--seeds 2", "past the largest seed"]);
}

#[test]
fn folders_that_hold_something_else_are_left_alone() {
    refused(&["compress", "--out", "taken"], &["taken", "hint: ", "--force"]);
    refused(&["compress", "--out", "rows.csv"], &["rows.csv"]);
}

#[test]
fn verbs_and_flags_that_are_not_there_are_usage_errors() {
    refused(&["compres"], &["compress"]);
    refused(&["prune", "digits"], &["unrecognized subcommand"]);
    refused(&["compress", "--bugdet", "10m"], &["--bugdet", "--budget"]);
    refused(&[], &["Usage"]);
}

#[test]
fn models_and_rows_that_cannot_be_read_are_named() {
    refused(&["predict", "none.onnx", "digits"], &["none.onnx", "No such file"]);
    refused(&["predict", "bad.onnx", "digits"], &["bad.onnx"]);
    refused(&["predict", "rows.csv", "digits"], &["rows.csv"]);
    refused(&["predict", "taken", "digits"], &["`taken` is a folder, expected a regular file"]);
    if cfg!(unix) {
        refused(&["predict", "/dev/zero", "digits"], &["`/dev/zero` is a device or pipe"]);
    }
}

#[test]
fn a_model_past_two_gibibytes_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    // A hole: no space is taken on the disk.
    let file = std::fs::File::create(folder.path().join("huge.onnx")).unwrap();
    file.set_len((2 << 30) + 1).unwrap();
    let ran = lessen(folder.path(), &["predict", "huge.onnx", "digits"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("`huge.onnx` has 2147483649 bytes, expected at most 2147483648"), "{}", ran.err);
}

#[test]
fn a_teacher_folder_that_is_none_is_refused_before_anything_is_written() {
    refused(&["mimic", "digits", "--teacher", "nowhere"], &["nowhere"]);
    refused(&["mimic", "digits", "--teacher", "taken"], &["taken"]);
}
