//! Named sets: the one that is built in, the others where a data folder is at hand, and what is said where not.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests are tests")]

use std::fs;
use std::path::{Path, PathBuf};

use lessen_data::named::{self, FileState, Folders, Found};
use lessen_data::{Column, DataError, Dataset, Features, Split};

/// The data folder beside the repository; none on most machines.
fn shared() -> Option<Folders> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    folder.is_dir().then(|| Folders::new(Some(&folder), |_| None))
}

/// The set from the shared folder, or a message that it is not there.
fn load(name: &str) -> Option<Dataset> {
    let Some(folders) = shared() else {
        eprintln!("skipped: no data folder with `{name}`");
        return None;
    };
    Some(named::load(name, &folders).unwrap())
}

fn class_counts(dataset: &Dataset, rows: impl Iterator<Item = u32>) -> Vec<usize> {
    let (names, labels) = dataset.classes().unwrap();
    let mut counts = vec![0; names.len()];
    for row in rows {
        counts[labels[row as usize] as usize] += 1;
    }
    counts
}

fn columns(dataset: &Dataset) -> &[Column] {
    match &dataset.features {
        Features::Table(table) => table.columns(),
        _ => panic!("no columns, expected a table"),
    }
}

#[test]
fn digits_are_what_their_readme_says() {
    let digits = lessen_data::digits().unwrap();
    let Features::Images(images) = &digits.features else { panic!("a table, expected images") };
    assert_eq!((images.channels, images.height, images.width, images.rows()), (1, 8, 8, 1797));
    assert_eq!(images.bytes.iter().max(), Some(&16));
    assert_eq!(class_counts(&digits, 0..1797), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    assert_eq!(digits.given_test, None);
    let Split { train, validation, test } = digits.split(1).unwrap();
    assert_eq!((train.len(), validation.len(), test.len()), (1079, 359, 359));
}

#[test]
fn mnist_and_fashion_mnist_are_what_they_were_published_as() {
    for (name, train) in [
        ("mnist", [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
        ("fashion-mnist", [6000; 10]),
    ] {
        let Some(set) = load(name) else { return };
        let Features::Images(images) = &set.features else { panic!("a table, expected images") };
        assert_eq!((images.channels, images.height, images.width, images.rows()), (1, 28, 28, 70_000));
        assert_eq!(class_counts(&set, 0..60_000), train);
        assert_eq!(set.given_test, Some((60_000..70_000).collect()));
        let Split { train, validation, test } = set.split(1).unwrap();
        assert_eq!((train.len(), validation.len(), test.len()), (55_000, 5_000, 10_000));
    }
}

#[test]
fn letter_is_what_it_was_published_as() {
    let Some(set) = load("letter") else { return };
    assert_eq!((set.features.rows(), columns(&set).len()), (20_000, 16));
    for column in columns(&set) {
        let Column::Numeric { name, values } = column else { panic!("levels, expected numbers") };
        assert!(values.iter().all(|value| (0.0..=15.0).contains(value)), "{name}");
    }
    let (names, labels) = set.classes().unwrap();
    assert_eq!(names.concat(), "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    assert_eq!(labels[..3], [19, 8, 3], "the file begins with T, I, D");
    let counts = class_counts(&set, 0..20_000);
    assert_eq!((counts.iter().min(), counts.iter().max()), (Some(&734), Some(&813)));
    assert_eq!(set.given_test, None);
}

#[test]
fn adult_is_what_it_was_published_as() {
    let Some(set) = load("adult") else { return };
    let numeric = |column: &&Column| matches!(column, Column::Numeric { .. });
    assert_eq!((set.features.rows(), columns(&set).len()), (48_842, 14));
    assert_eq!(columns(&set).iter().filter(numeric).count(), 6);
    assert_eq!(set.classes().unwrap().0, ["<=50K", ">50K"]);
    assert_eq!(class_counts(&set, 0..32_561), [24_720, 7_841]);
    assert_eq!(class_counts(&set, 32_561..48_842), [12_435, 3_846]);
    assert_eq!(set.given_test, Some((32_561..48_842).collect()));
    let missing = |rows: std::ops::Range<usize>| {
        let has_gap = |row: &usize| {
            columns(&set).iter().any(|column| match column {
                Column::Numeric { values, .. } => values[*row].is_nan(),
                Column::Nominal { codes, .. } => codes[*row].is_none(),
            })
        };
        rows.filter(has_gap).count()
    };
    assert_eq!((missing(0..32_561), missing(32_561..48_842)), (2_399, 1_221));
}

#[test]
fn covtype_is_the_random_sample() {
    let Some(set) = load("covtype") else { return };
    assert_eq!((set.features.rows(), columns(&set).len()), (20_000, 54));
    assert!(columns(&set).iter().all(|column| matches!(column, Column::Numeric { .. })));
    assert_eq!(columns(&set)[53].name(), "Soil_Type40");
    assert_eq!(set.classes().unwrap().0.concat(), "1234567");
    assert_eq!(class_counts(&set, 0..20_000), [7232, 9728, 1275, 92, 339, 592, 742]);
    assert_eq!(set.given_test, None);
}

#[test]
fn the_table_of_sets_agrees_with_the_sets() {
    for set in named::sets() {
        let dataset = if set.is_built_in() { lessen_data::digits().ok() } else { load(set.name) };
        let Some(dataset) = dataset else { continue };
        assert_eq!(dataset.name, set.name);
        assert_eq!(dataset.features.rows(), set.rows, "{}", set.name);
        assert_eq!(dataset.features.count(), set.features, "{}", set.name);
        assert_eq!(dataset.given_test.as_ref().map_or(0, Vec::len), set.given_test, "{}", set.name);
        let (names, labels) = dataset.classes().unwrap();
        assert_eq!((names.len(), labels.len()), (set.classes, set.rows), "{}", set.name);
    }
}

#[test]
fn an_unknown_name_gets_a_hint() {
    let error = named::load("minst", &Folders::default()).unwrap_err();
    assert_eq!(error.to_string(), "no data set `minst`: there is none of that name");
    let known = "the names are `digits`, `mnist`, `fashion-mnist`, `letter`, `adult`, `covtype`";
    assert_eq!(error.hint(), Some(format!("did you mean `mnist`? {known}").as_str()));
    assert_eq!(named::load("iris", &Folders::default()).unwrap_err().hint(), Some(known));
    assert!(named::check("iris", &Folders::default()).is_err());
}

#[test]
fn a_set_that_is_nowhere_says_what_to_put_where() {
    let error = named::load("letter", &Folders::default()).unwrap_err();
    let problem = "none of the data folders has `uci-letter/letter-recognition.data.gz`";
    assert_eq!(error.to_string(), format!("no data set `letter`: {problem}"));
    let advice = "name the folder that holds the files with `--data-dir` or `LESSEN_DATA`";
    assert_eq!(error.hint(), Some(format!("looked in no folder; {advice}").as_str()));

    let folders =
        Folders::new(Some(Path::new("nowhere")), |name| (name == "LESSEN_DATA").then(|| "none".into()));
    let error = named::load("letter", &folders).unwrap_err();
    assert_eq!(error.hint(), Some(format!("looked in `nowhere`, `none`; {advice}").as_str()));
    let state = FileState::Missing;
    let path = PathBuf::from("nowhere/uci-letter/letter-recognition.data.gz");
    assert_eq!(named::check("letter", &folders).unwrap(), [named::FileCheck { path, state }]);
}

#[test]
fn a_set_is_taken_from_the_first_folder_that_has_all_of_it() {
    let (part, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let files = named::sets().iter().find(|set| set.name == "adult").unwrap().files;
    for (folder, files) in [(part.path(), &files[..1]), (whole.path(), files)] {
        fs::create_dir(folder.join("uci-adult")).unwrap();
        for file in files {
            fs::write(folder.join(file.path), "something else").unwrap();
        }
    }
    let found = |folders: &Folders| {
        let status = named::status(folders).into_iter().find(|status| status.set.name == "adult").unwrap();
        status.found
    };
    let part_alone = Folders::new(Some(part.path()), |_| None);
    assert_eq!(found(&part_alone), Found::Nowhere);
    let error = named::load("adult", &part_alone).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no data set `adult`: none of the data folders has `uci-adult/adult.test.gz`",
        "only what lacks is named"
    );

    let both = Folders::new(Some(part.path()), |name| (name == "LESSEN_DATA").then(|| whole.path().into()));
    assert_eq!(found(&both), Found::In(whole.path().to_owned()));
    let error = named::load("adult", &both).unwrap_err();
    assert!(
        matches!(&error, DataError::WrongDigest { path, .. } if path.starts_with(whole.path())),
        "{error}"
    );
    assert!(error.hint().is_some());
}

#[test]
fn a_check_tells_files_apart() {
    let folder = tempfile::tempdir().unwrap();
    let folders = Folders::new(Some(folder.path()), |_| None);
    let files = named::sets().iter().find(|set| set.name == "mnist").unwrap().files;
    fs::create_dir(folder.path().join("mnist")).unwrap();
    fs::write(folder.path().join(files[0].path), "abc").unwrap();
    fs::create_dir(folder.path().join(files[1].path)).unwrap();
    let states: Vec<FileState> =
        named::check("mnist", &folders).unwrap().into_iter().map(|check| check.state).collect();
    // SHA-256 of `abc` is the example of FIPS 180-4.
    let found = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".into();
    assert_eq!(states[0], FileState::WrongDigest { expected: files[0].sha256.into(), found });
    assert!(matches!(states[1], FileState::Unreadable { .. }), "{:?}", states[1]);
    assert_eq!(states[2..], [FileState::Missing, FileState::Missing]);

    let built_in = named::check("digits", &folders).unwrap();
    assert_eq!(built_in.len(), 2);
    assert!(built_in.iter().all(|check| check.state == FileState::Ok));
    assert_eq!(named::status(&folders)[0].found, Found::BuiltIn);
}
