//! A person's own files.

use std::fmt::Write as _;
use std::path::Path;

use lessen_records::{Record, ResultRecord};

use crate::{lessen, names, shared_data};

/// Whole numbers below `below` from a fixed stream.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        self.below(1 << 20) as f64 / f64::from(1 << 20)
    }
}

/// Mixed columns with text labels: two numbers, a colour, a size with missing cells, and `kind`, which depends on them.
pub(crate) fn write_table(folder: &Path, name: &str, rows: usize) {
    let mut numbers = Numbers(7);
    let mut text = "length,width,colour,size,kind\n".to_owned();
    for _ in 0..rows {
        let (length, width) = (10.0 * numbers.share(), 5.0 * numbers.share());
        let colour = ["red", "green", "blue, light"][numbers.below(3) as usize];
        let size = ["small", "large", ""][numbers.below(3) as usize];
        let noise = numbers.share();
        let kind = match length + width + if colour == "red" { 3.0 } else { 0.0 } + noise {
            sum if sum < 6.0 => "common newt",
            sum if sum < 10.0 => "great crested",
            _ => "fire salamander",
        };
        let _ = writeln!(text, "{length:.3},{width:.3},\"{colour}\",{size},{kind}");
    }
    std::fs::write(folder.join(name), text).unwrap();
}

fn compressed(folder: &Path, arguments: &[&str]) -> ResultRecord {
    let ran = lessen(folder, &[&["compress"], arguments, &["--json", "--methods", "mimic"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    ResultRecord::from_json(&ran.out).unwrap()
}

#[test]
fn mixed_columns_with_text_labels() {
    let folder = tempfile::tempdir().unwrap();
    write_table(folder.path(), "newts.csv", 300);
    let record = compressed(folder.path(), &["newts.csv", "--target", "kind"]);
    assert_eq!((record.dataset.classes, record.dataset.features), (Some(3), 4));
    assert!(record.teacher().unwrap().test_accuracy > Some(0.75), "{:?}", record.teacher());
    assert!(record.chosen.is_some());
    let predicted = lessen(folder.path(), &["predict", "lessen-newts/student-16.onnx", "newts.csv"]);
    assert_eq!(predicted.code, Some(0), "{}", predicted.err);
    assert!(predicted.out.starts_with("row,predicted,p(common newt),p(fire salamander),p(great crested)\n"));
    assert_eq!(predicted.out.lines().count(), 301);
}

#[test]
fn thirty_percent_of_the_cells_missing() {
    let folder = tempfile::tempdir().unwrap();
    let mut numbers = Numbers(11);
    let mut text = "a;b;c;d;e;answer\n".to_owned();
    for _ in 0..400 {
        let cells: Vec<f64> = (0..5).map(|_| numbers.share()).collect();
        let answer = if cells.iter().sum::<f64>() > 2.5 { "yes" } else { "no" };
        for cell in cells {
            let is_missing = numbers.below(10) < 3;
            let _ = if is_missing { write!(text, "NA;") } else { write!(text, "{cell:.4};") };
        }
        let _ = writeln!(text, "{answer}");
    }
    std::fs::write(folder.path().join("holes.csv"), text).unwrap();
    let record = compressed(folder.path(), &["holes.csv", "--target", "answer"]);
    let teacher = record.teacher().unwrap().test_accuracy.unwrap();
    assert!(teacher > 0.65, "{teacher}");
    assert_eq!(record.dataset.features, 5);
}

#[test]
fn two_hundred_numbers_and_a_minority_of_three_percent() {
    let folder = tempfile::tempdir().unwrap();
    let mut numbers = Numbers(13);
    let names: Vec<String> = (0..200).map(|column| format!("x{column}")).collect();
    let mut text = format!("{},rare\n", names.join(","));
    for row in 0..600 {
        let is_rare = row % 33 == 0;
        for column in 0..200 {
            let shift = if is_rare && column < 20 { 0.5 } else { 0.0 };
            let _ = write!(text, "{:.3},", numbers.share() + shift);
        }
        let _ = writeln!(text, "{}", if is_rare { "yes" } else { "no" });
    }
    std::fs::write(folder.path().join("rare.csv"), text).unwrap();
    let record = compressed(folder.path(), &["rare.csv", "--target", "rare"]);
    assert_eq!((record.dataset.classes, record.dataset.features), (Some(2), 200));
    // Always "no" is right 96.9 % of the time.
    assert!(record.teacher().unwrap().test_accuracy > Some(0.97), "{:?}", record.teacher());
}

#[test]
fn a_number_is_predicted_with_its_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut numbers = Numbers(17);
    let mut text = "size\trooms\tplace\tprice\n".to_owned();
    for _ in 0..400 {
        let (size, rooms) = (20.0 + 100.0 * numbers.share(), numbers.below(6));
        let place = ["city", "country"][numbers.below(2) as usize];
        let price = 1000.0 * size + if place == "city" { 50_000.0 } else { 0.0 } + 5000.0 * numbers.share();
        let _ = writeln!(text, "{size:.1}\t{rooms}\t{place}\t{price:.0}");
    }
    std::fs::write(folder.path().join("homes.tsv"), text).unwrap();
    let ran = lessen(folder.path(), &["compress", "homes.tsv", "--target", "price"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("RMSE") && ran.out.contains("root mean squared error"), "{}", ran.out);
    let text = std::fs::read_to_string(folder.path().join("lessen-homes/result.json")).unwrap();
    let record = ResultRecord::from_json(&text).unwrap();
    assert_eq!((record.dataset.classes, record.dataset.target.as_deref()), (None, Some("price")));
    let deviation = record.dataset.target_deviation.unwrap();
    for model in [record.teacher().unwrap(), record.chosen_model().unwrap()] {
        assert!(
            model.test_rmse.unwrap() < 0.3 * deviation,
            "{}: {:?} of {deviation}",
            model.name,
            model.test_rmse
        );
    }
    let chosen = record.chosen_model().unwrap().file.clone().unwrap();
    let model = format!("lessen-homes/{chosen}");
    let predicted = lessen(folder.path(), &["predict", &model, "homes.tsv"]);
    assert_eq!(predicted.code, Some(0), "{}", predicted.err);
    assert!(predicted.out.starts_with("row,price\n0,"), "{}", predicted.out);
}

#[test]
fn letter_and_adult_need_no_option_but_the_target() {
    let Some(data) = shared_data() else {
        eprintln!("skipped: no `../shared/data`");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("taken")).unwrap();
    std::fs::write(folder.path().join("taken/letter.txt"), "dear").unwrap();
    for (file, target) in [("uci-letter/letter-recognition.data.gz", "1"), ("uci-adult/adult.data.gz", "15")]
    {
        let path = data.join(file);
        // The output folder is looked at last: the rows have been read and divided by then.
        let ran = lessen(
            folder.path(),
            &["compress", path.to_str().unwrap(), "--target", target, "--out", "taken"],
        );
        assert_eq!(ran.code, Some(2), "{}", ran.err);
        assert!(ran.err.contains("taken") && ran.err.contains("--force"), "{}", ran.err);
        assert_eq!(names(folder.path()), ["taken"]);
    }
}
