//! Text files, IDX files and folders of one's own.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests are tests")]

mod own;
mod packed;

use std::path::{Path, PathBuf};

use lessen_data::Task;
use lessen_data::files::{self, FileOptions};
use lessen_data::{Encoding, Features, Target, named};
use own::{Folder, cells, columns, shown, target, task};
use packed::gzip;

const PETS: &str = "weight,colour,kind\n4.5,red,cat\n30,,dog\nNA,red,cat\n";

#[test]
fn the_layout_of_a_text_file_is_found_out() {
    let expected = ["weight: 4.5 30 -", "colour (text): red - red", "classes: cat dog cat of cat dog"];
    let with = |between: &str| PETS.replace(',', between).into_bytes();
    let commas = Vec::new();
    let cases: [(&str, Vec<u8>, Vec<&str>); 8] = [
        ("a.csv", PETS.into(), commas.clone()),
        ("a.csv", with(";"), vec!["`a.csv` has semicolons between its cells"]),
        ("a.tsv", with("\t"), vec!["`a.tsv` has tabs between its cells"]),
        ("a.data", with("|"), vec!["`a.data` has vertical bars between its cells"]),
        ("a.csv", PETS.replace('\n', "\r\n").into(), commas.clone()),
        ("a.csv", format!("\u{feff}{PETS}").into(), commas.clone()),
        ("a.csv.gz", gzip(PETS.as_bytes()), commas.clone()),
        (
            "a.csv",
            format!("#made by hand\n{PETS}").into(),
            vec!["`a.csv`: lines that begin with `#` are passed over"],
        ),
    ];
    for (name, bytes, notes) in cases {
        let opened = Folder::new(&[(name, &bytes)]).open(name, &target("kind")).unwrap();
        assert_eq!(shown(&opened.dataset), expected, "{}", String::from_utf8_lossy(&bytes));
        assert_eq!(opened.notes, notes);
        assert_eq!(opened.dataset.name, "a");
    }
}

#[test]
fn a_header_is_told_from_data() {
    let cases = [
        ("a,b,y\n1,x,u\n1,x,v\n3,z,v\n", true, "text above numbers"),
        ("T,2,8\nT,5,12\nD,4,11\n", false, "a number above numbers"),
        ("39, State, x\n50, Self, y\n39, State, y\n", false, "white space around it"),
        ("y,z\np,n\ne,x\np,x\n", true, "text that comes not again"),
        ("p,x\np,n\ne,x\np,x\n", false, "text that comes again"),
        ("0,1,2,y\n5,6,7,u\n6,6,6,v\n5,1,1,u\n", true, "numbers that count the columns"),
        ("1,2,3\n5,6,7\n6,6,6\n5,1,1\n", true, "from one"),
        ("1,5,3\n5,6,7\n6,6,6\n5,1,1\n", false, "numbers that do not"),
        ("age,2,sex\n5,6,u\n6,6,v\n5,1,u\n", true, "a number that is a name"),
        (",b,y\n0,x,u\n1,x,v\n2,z,v\n", true, "a name left empty"),
        ("?,2,u\n4,5,v\n4,6,v\n5,5,u\n", false, "a missing cell above numbers"),
    ];
    for (text, expected, why) in cases {
        let opened = Folder::new(&[("a.csv", text.as_bytes())]).open("a.csv", &target("2"));
        // What teaches nothing is left out: here it is the notes that count.
        let notes = opened.map_or_else(|error| panic!("{why}: {error}"), |opened| opened.notes);
        let no_header =
            notes.iter().any(|note| note.starts_with("`a.csv` has no header: its columns are called"));
        assert_eq!(!no_header, expected, "{why}: {text:?}");
    }
}

#[test]
fn missing_cells_have_several_marks() {
    let text = "a,b,y\n1,u,p\n,u,p\n?,?,p\nNA,NA,p\nN/A,N/A,q\nna,na,q\nnull,null,q\nNULL,NULL,q\nNone,None,q\n2,v,q\n";
    let opened = Folder::new(&[("a.csv", text.as_bytes())]).open("a.csv", &target("y")).unwrap();
    let columns = columns(&opened.dataset);
    assert_eq!(cells(&columns[0]).concat(), "1--------2");
    assert_eq!(cells(&columns[1]).concat(), "uu-------v");
}

#[test]
fn the_target_is_named_or_placed_or_tells() {
    let folder = Folder::new(&[
        ("a.csv", b"age,Income,2\n1,x,5\n2,y,5\n7,x,6\n7,x,5\n"),
        ("told.csv", b"age,Label\n1,x\n2,y\n7,x\n"),
        ("twice.csv", b"y,Label\n1,x\n2,y\n7,x\n"),
    ]);
    let classes = |name: &str, options: &FileOptions| {
        shown(&folder.open(name, options).unwrap().dataset).pop().unwrap()
    };
    assert_eq!(classes("a.csv", &target("Income")), "classes: x y x x of x y");
    assert_eq!(classes("a.csv", &target("2")), "classes: 5 5 6 5 of 5 6", "a name goes before a place");
    assert_eq!(classes("a.csv", &target("1")), "classes: 1 2 7 7 of 1 2 7");
    let told = folder.open("told.csv", &FileOptions::default()).unwrap();
    assert_eq!(told.notes, ["`Label` is what is predicted: its name says so"]);
    assert_eq!(
        folder.error("a.csv", &target("incone")),
        ("`a.csv` has no column `incone`".into(), "did you mean `Income`?".into())
    );
    assert_eq!(
        folder.error("a.csv", &target("9")),
        ("`a.csv` has no column `9`".into(), "there are 3 columns, counted from 1".into())
    );
    for name in ["a.csv", "twice.csv"] {
        let (error, hint) = folder.error(name, &FileOptions::default());
        assert_eq!(error, format!("which column of `{name}` is to be predicted?"));
        assert!(hint.starts_with("say `--target COLUMN`; the columns are `"), "{hint}");
    }
}

#[test]
fn a_target_is_a_class_or_a_number() {
    // One row a number of the target; the feature is not left out.
    let table = |cells: &dyn Fn(usize) -> String, rows: usize| {
        let rows: String = (0..rows).map(|row| format!("{},{}\n", row % 7 / 2, cells(row))).collect();
        Folder::new(&[("a.csv", format!("x,t\n{rows}").as_bytes())])
    };
    let few = table(&|row| format!("{}.0", row % 20), 40);
    let opened = few.open("a.csv", &target("t")).unwrap();
    assert_eq!(opened.notes, ["`t` has 20 different whole numbers: each is a class"]);
    assert_eq!(opened.dataset.classes().unwrap().0[..3], ["0", "1", "2"]);
    let as_values = few.open("a.csv", &task("t", Task::Regression)).unwrap().dataset;
    let Target::Values { name, values } = &as_values.target else { panic!("classes, expected values") };
    assert_eq!((name.as_str(), values[39]), ("t", 19.0));
    assert_ne!(as_values.sha256, opened.dataset.sha256, "the task is part of the content");

    let many = table(&|row| (row * 3).to_string(), 1234);
    let opened = many.open("a.csv", &target("t")).unwrap();
    assert_eq!(opened.notes, ["`t` has 1234 different numbers: predicted as a value"]);
    assert!(matches!(opened.dataset.target, Target::Values { .. }));
    assert_eq!(
        many.error("a.csv", &task("t", Task::Classification)).0,
        "`a.csv`: column `t` has 1234 different values, expected at most 1000 classes"
    );
    let fractions = table(&|row| format!("{}", row as f32 / 2.0), 5).open("a.csv", &target("t")).unwrap();
    assert!(matches!(fractions.dataset.target, Target::Values { .. }), "few, but not whole");
    let truths = table(&|row| (row % 2 == 0).to_string(), 4).open("a.csv", &target("t")).unwrap();
    assert_eq!(truths.dataset.classes().unwrap().0, ["false", "true"]);

    let text = table(&|row| if row == 2 { "tall".into() } else { row.to_string() }, 30);
    let expected = "`a.csv`, line 4, column `t`: `tall`, expected a number";
    assert_eq!(text.error("a.csv", &task("t", Task::Regression)).0, expected);
    assert_eq!(text.error("a.csv", &target("t")).0, format!("{expected}, as in 29 of 30 cells"));
    assert_eq!(
        text.open("a.csv", &task("t", Task::Classification)).unwrap().dataset.classes().unwrap().0.len(),
        30
    );
}

#[test]
fn a_test_part_is_matched_by_name_or_by_place() {
    let train = b"a,b,y\n1,u,p\n5,v,q\n2,u,p\n";
    let folder = Folder::new(&[
        ("train.csv", train),
        ("named.csv", b"y;extra;b;a\nq;0;w;9\np;0;u;8\n"),
        ("placed.csv", b"9,w,q\n8,u,p\n"),
        ("short.csv", b"a,y\n1,p\n2,q\n"),
        ("narrow.csv", b"1,p\n2,q\n"),
        ("class.csv", b"a,b,y\n1,u,p\n2,u,r\n"),
        ("text.csv", b"a,b,y\nx,u,p\n"),
    ]);
    let with = |test: &str| FileOptions { test: Some(folder.path(test)), ..target("y") };
    for test in ["named.csv", "placed.csv"] {
        let dataset = folder.open("train.csv", &with(test)).unwrap().dataset;
        let expected = ["a: 1 5 2 9 8", "b (text): u v u w u", "classes: p q p q p of p q"];
        assert_eq!(shown(&dataset), expected, "{test}");
        assert_eq!(dataset.given_test, Some(vec![3, 4]), "{test}");
    }
    let error = |test: &str| folder.error("train.csv", &with(test)).0;
    assert_eq!(error("short.csv"), "`short.csv` has no column `b`");
    assert_eq!(error("narrow.csv"), "`narrow.csv`: 2 columns, expected 3");
    assert_eq!(error("class.csv"), "`class.csv`, row 2, column `y`: class `r`, which no training row has");
    assert_eq!(error("none.csv"), "cannot read `none.csv`");

    // A column that is constant in training is left out, whatever the test part holds.
    let folder = Folder::new(&[("train.csv", b"a,b,y\n1,1,p\n1,3,q\n"), ("test.csv", b"a,b,y\n2,1,p\n")]);
    let test = FileOptions { test: Some(folder.path("test.csv")), ..target("y") };
    let opened = folder.open("train.csv", &test).unwrap();
    assert_eq!(opened.notes, ["`a` is left out: it is the same in every row"]);
}

#[test]
fn columns_that_teach_nothing_are_left_out() {
    let text = ",a,empty,name,y\n0,1,,Ann,p\n1,5,,Bea,q\n2,1,,Cem,p\n3,1,,Ann,q\n4,2,,Eve,q\n";
    let folder = Folder::new(&[("a.csv", text.as_bytes()), ("id.csv", b"id,y\n7,p\n8,q\n9,q\n")]);
    let opened = folder.open("a.csv", &target("y")).unwrap();
    assert_eq!(shown(&opened.dataset)[0], "a: 1 5 1 1 2");
    assert_eq!(columns(&opened.dataset).len(), 1);
    let expected = [
        "`column_1` is left out: it numbers the rows",
        "`empty` is left out: it has no value in any row",
        "`name` is left out: more than half of its rows have a text of their own",
    ];
    assert_eq!(opened.notes, expected);
    assert_eq!(
        folder.error("id.csv", &target("y")).0,
        "data set `id`: no column is left to learn from: `id` is left out: it numbers the rows"
    );
}

#[test]
fn bad_text_is_named_with_its_place() {
    let column = |bad: &str, at: usize| {
        let rows = (2..=40)
            .map(|line| format!("{},{}\n", if line == at { bad.into() } else { line.to_string() }, line % 2));
        format!("age,y\n{}", rows.collect::<String>()).into_bytes()
    };
    let missing =
        "a missing cell is left empty, or written `?` or `NA` or `N/A` or `na` or `null` or `NULL` or `None`";
    let numbers = format!("{missing}; quotation marks do not make numbers text");
    let not_finite = |cell: &str| {
        format!(
            "`a.csv`, line 17, column `age`: `{cell}`, expected a finite number or a mark for a missing one"
        )
    };
    let cases: Vec<(Vec<u8>, String, &str)> = vec![
        (b"".into(), "`a.csv`: there is nothing in it".into(), ""),
        (b"\n\n".into(), "`a.csv`: there is nothing in it, expected a table".into(), ""),
        (b"a,y\n".into(), "`a.csv`: there are no rows".into(), ""),
        (b"a,y\n1,2\n3,4,5\n".into(), "`a.csv`, line 3: 3 cells, expected 2".into(), ""),
        (
            b"y\n1\n2\n".into(),
            "`a.csv`: there is no column beside the target".into(),
            "commas, semicolons, tabs and vertical bars are looked for between cells",
        ),
        (b"a,a,y\n1,2,p\n2,2,q\n".into(), "`a.csv`: several columns are called `a`".into(), ""),
        (b"a,y\n1,p\n2,?\n".into(), "`a.csv`, line 3, column `y`: the label is missing".into(), ""),
        (
            b"a,y\n1,p\n2,\xe4\n".into(),
            "`a.csv`, line 3, column `y`: the text is not UTF-8".into(),
            "save the file as UTF-8; `iconv -f LATIN1 -t UTF-8` turns one into the other",
        ),
        (
            b"\xff\xfea\0".into(),
            "`a.csv`, line 1: the text is UTF-16, expected UTF-8".into(),
            "save the file as UTF-8",
        ),
        (
            b"a,y\n1,\0\n".into(),
            "`a.csv`, line 2: a zero byte, expected text".into(),
            "save the file as UTF-8; `iconv -f LATIN1 -t UTF-8` turns one into the other",
        ),
        (
            column("abc", 17),
            "`a.csv`, line 17, column `age`: `abc`, expected a number, as in 38 of 39 cells".into(),
            &numbers,
        ),
        (
            column("\"7 years\"", 17),
            "`a.csv`, line 17, column `age`: `7 years`, expected a number, as in 38 of 39 cells".into(),
            &numbers,
        ),
        (column("NaN", 17), not_finite("NaN"), missing),
        (column("-inf", 17), not_finite("-inf"), missing),
        (column("1e400", 17), not_finite("1e400"), missing),
        (
            b"a,y\n1,2\n5,inf\n4,3\n".into(),
            "`a.csv`, line 3, column `y`: `inf`, expected a finite number or a mark for a missing one".into(),
            missing,
        ),
    ];
    for (bytes, error, hint) in cases {
        let found = Folder::new(&[("a.csv", &bytes)]).error("a.csv", &target("y"));
        assert_eq!(found, (error, hint.to_owned()), "{}", String::from_utf8_lossy(&bytes));
    }
    let rows: String = (0..30).map(|row| format!("{row},5;{}\n", row % 2)).collect();
    let folder = Folder::new(&[("a.csv", format!("a;y\n{rows}").as_bytes())]);
    let expected = "`a.csv`, line 2, column `a`: `0,5`, expected a number with a point before its decimals";
    assert_eq!(
        folder.error("a.csv", &target("y")),
        (expected.into(), "write the file with decimal points".into())
    );
    // Below nine in ten the column is one of text.
    let rows: String = (0..40)
        .map(|row| format!("{},{}\n", if row % 8 == 0 { "x".into() } else { (row % 4).to_string() }, row % 2))
        .collect();
    let opened =
        Folder::new(&[("a.csv", format!("a,y\n{rows}").as_bytes())]).open("a.csv", &target("y")).unwrap();
    assert!(shown(&opened.dataset)[0].starts_with("a (text): x 1 2"));
}

#[test]
fn classes_that_cannot_be_divided_are_refused_by_the_split() {
    let folder = Folder::new(&[
        ("one.csv", b"a,y\n1,p\n5,p\n2,p\n"),
        ("few.csv", b"a,y\n1,p\n2,p\n1,p\n2,p\n1,p\n7,q\n"),
    ]);
    let error =
        |name: &str| folder.open(name, &target("y")).unwrap().dataset.split(1).unwrap_err().to_string();
    assert_eq!(error("one.csv"), "data set `one`: there is one class, expected two or more");
    assert_eq!(error("few.csv"), "data set `few`: class `q` has 1 rows, expected at least 5");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_unopened() {
    for path in ["/dev/zero", "/dev/null"] {
        let error = files::open(Path::new(path), &FileOptions::default()).unwrap_err();
        assert_eq!(error.to_string(), format!("`{path}`: a device or pipe, expected a file"));
    }
    let error = files::open(Path::new("/nowhere/a.csv"), &FileOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read `/nowhere/a.csv`");
}

#[test]
fn own_files_are_told_from_names() {
    for (text, expected) in [
        ("digits", false),
        ("adult", false),
        ("rows.csv", true),
        ("a/b", true),
        ("rows.CSV.gz", true),
        (".", true),
        ("minst", false),
    ] {
        assert_eq!(files::is_own(text), expected, "{text}");
    }
}

/// IDX of `count` images of 2 x 3, or of as many labels.
fn idx(count: u8, label: bool) -> Vec<u8> {
    let rank = if label { 1 } else { 3 };
    let mut bytes = vec![0, 0, 8, rank, 0, 0, 0, count];
    if label {
        bytes.extend((0..count).map(|image| image % 3));
    } else {
        bytes.extend([0, 0, 0, 2, 0, 0, 0, 3]);
        bytes.extend(0..count * 6);
    }
    bytes
}

#[test]
fn images_are_found_with_their_labels() {
    let files: [(&str, &[u8]); 4] = [
        ("train-images-idx3-ubyte.gz", &gzip(&idx(6, false))),
        ("train-labels-idx1-ubyte", &idx(6, true)),
        ("t10k-images-idx3-ubyte", &idx(3, false)),
        ("t10k-labels-idx1-ubyte", &idx(3, true)),
    ];
    let folder = Folder::new(&files);
    let both = folder.open(".", &FileOptions::default()).unwrap().dataset;
    assert_eq!((both.features.rows(), both.features.count()), (9, 6));
    assert_eq!(both.given_test, Some(vec![6, 7, 8]));
    assert_eq!(both.classes().unwrap().0, ["0", "1", "2"]);
    let one = folder.open("train-images-idx3-ubyte.gz", &FileOptions::default()).unwrap().dataset;
    assert_eq!((one.features.rows(), one.given_test.clone()), (6, None));
    assert_eq!(one.name, "train-images-idx3-ubyte");

    let encoding = Encoding::fit(&one.features, &[0, 1, 2]);
    let rows = files::read_rows_for(&encoding, &folder.path("t10k-images-idx3-ubyte")).unwrap();
    let Features::Images(images) = rows else { panic!("a table, expected images") };
    assert_eq!(images.bytes, (0..18).collect::<Vec<u8>>());

    let broken = Folder::new(&[
        ("images-idx3", &idx(4, false)),
        ("labels-idx1", &idx(3, true)),
        ("alone-images-idx3", &idx(4, false)),
        ("magic-images-idx3", &[0, 0, 9, 3, 0, 0]),
        ("short-images-idx3", &idx(4, false)[..20]),
    ]);
    let error = |name: &str| broken.error(name, &FileOptions::default()).0;
    assert_eq!(error("images-idx3"), "`labels-idx1`, byte 4: 3 labels, expected 4: one an image");
    assert_eq!(error("alone-images-idx3"), "`alone-images-idx3`: there is no file of labels beside it");
    assert_eq!(
        error("magic-images-idx3"),
        "`magic-images-idx3`, byte 2: elements of type 0x09, expected 0x08 (unsigned byte)"
    );
    assert_eq!(error("short-images-idx3"), "`short-images-idx3`: 4 elements after the header, expected 24");
    let told = folder.error("t10k-images-idx3-ubyte", &target("digit"));
    assert_eq!(told.1, "leave `--target` out");
}

#[test]
fn a_folder_is_its_one_table_or_its_pair() {
    let one = Folder::new(&[("README.txt", b"notes"), ("pets.csv", PETS.as_bytes()), (".hidden.csv", b"")]);
    assert_eq!(one.open(".", &target("kind")).unwrap().dataset.features.rows(), 3);
    let pair = Folder::new(&[("train.csv", b"a,y\n1,p\n5,q\n"), ("test.csv", b"a,y\n3,p\n")]);
    assert_eq!(pair.open(".", &target("y")).unwrap().dataset.given_test, Some(vec![2]));

    let many = Folder::new(&[("a.csv", b""), ("b.csv", b"")]);
    let (error, hint) = many.error(".", &target("y"));
    assert!(error.ends_with("the folder has 2 tables, expected one, or one for training and one for tests; it holds `a.csv`, `b.csv`"), "{error}");
    assert_eq!(hint, "name the file that is meant; `--test FILE` names that of the test part");
    let none = Folder::new(&[("picture.png", b"")]);
    let (error, hint) = none.error(".", &target("y"));
    assert!(error.ends_with("the folder has nothing that can be read; it holds `picture.png`"), "{error}");
    assert!(hint.starts_with("expected IDX images with their labels, or a file that ends in .csv"), "{hint}");
}

#[test]
fn rows_for_a_model_are_read_as_its_own_were() {
    let folder = Folder::new(&[
        ("train.csv", b"T;2;8;x\nI;5;12;z\nD;NA;11;x\nD;7;11;z\n"),
        ("same.csv", b"T;3;8;z\nI;None;12;x\n"),
        ("without.csv", b"3;8;z\n4;12;x\n"),
    ]);
    let dataset = folder.open("train.csv", &target("1")).unwrap().dataset;
    let encoding = Encoding::fit(&dataset.features, &[0, 1, 2]);
    let read = |name: &str| match files::read_rows_for(&encoding, &folder.path(name)) {
        Ok(Features::Table(table)) => {
            table.columns().iter().map(|column| cells(column).join(" ")).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(read("same.csv"), ["3 -", "8 12", "z x"], "the target's column is passed over");
    assert_eq!(read("without.csv"), ["3 4", "8 12", "z x"]);
}

#[test]
fn a_digest_names_the_content_and_the_question() {
    let folder = Folder::new(&[
        ("a.csv", b"a,y\n1,p\n5,q\n5,p\n1,q\n"),
        ("b.csv", b"a,y\n1,p\n5,q\n5,p\n1,q\n"),
        ("c.csv", b"a,y\n2,p\n5,q\n5,p\n1,q\n"),
    ]);
    let digest = |name: &str, options: &FileOptions| folder.open(name, options).unwrap().dataset.sha256;
    let a = digest("a.csv", &target("y"));
    assert_eq!(digest("b.csv", &target("2")), a, "neither the file's name nor how the target is told");
    assert_ne!(digest("c.csv", &target("y")), a);
    assert_ne!(digest("a.csv", &target("a")), a);
    let test = FileOptions { test: Some(folder.path("b.csv")), ..target("y") };
    assert_ne!(digest("a.csv", &test), a);
}

/// The data folder beside the repository; none on most machines.
fn shared(file: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(file);
    if !path.exists() {
        eprintln!("skipped: no `{}`", path.display());
    }
    path.exists().then_some(path)
}

#[test]
fn published_files_give_the_rows_of_the_named_sets() {
    for (name, file, options) in [
        ("letter", "uci-letter/letter-recognition.data.gz", target("1")),
        ("adult", "uci-adult/adult.data.gz", target("15")),
    ] {
        let Some(path) = shared(file) else { return };
        let folders = named::Folders::new(path.parent().and_then(Path::parent), |_| None);
        let named = named::load(name, &folders).unwrap();
        let own = files::open(&path, &options).unwrap().dataset;
        let rows = own.features.rows();
        assert_eq!(columns(&own).len(), columns(&named).len());
        for (own, named) in columns(&own).iter().zip(columns(&named)) {
            assert_eq!(cells(own), cells(named)[..rows], "{name}, {}", named.name());
        }
        let text = |dataset: &lessen_data::Dataset| shown(dataset).pop().unwrap();
        let (own_labels, named_labels) = (text(&own), text(&named));
        assert!(named_labels.starts_with(own_labels.split(" of ").next().unwrap()), "{name}");
    }
    // The labels of the test part end in a dot, which the named set takes off.
    let (Some(train), Some(test)) = (shared("uci-adult/adult.data.gz"), shared("uci-adult/adult.test.gz"))
    else {
        return;
    };
    let error = files::open(&train, &FileOptions { test: Some(test.clone()), ..target("15") }).unwrap_err();
    let expected =
        format!("`{}`, row 1, column `column_15`: class `<=50K.`, which no training row has", test.display());
    assert_eq!(error.to_string(), expected);
    let Some(folder) = shared("mnist") else { return };
    let mnist = files::open(&folder, &FileOptions::default()).unwrap().dataset;
    let folders = named::Folders::new(folder.parent(), |_| None);
    let named = named::load("mnist", &folders).unwrap();
    assert_eq!(
        (mnist.features, mnist.target, mnist.given_test),
        (named.features, named.target, named.given_test)
    );
}
