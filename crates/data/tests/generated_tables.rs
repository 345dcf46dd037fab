//! Three tables made from a fixed stream: kinds of column side by side, many missing cells, a rare class.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod own;

use lessen_data::{Column, Encoding, Features, random};
use own::{Folder, columns, target};
use rand::{Rng, RngExt};

/// A file of `rows`, each made by `row` from the stream.
fn table(header: &str, rows: usize, mut row: impl FnMut(&mut dyn Rng, usize) -> String) -> Folder {
    let mut random = random::stream(1, "test table");
    let mut text = format!("{header}\n");
    for place in 0..rows {
        text += &row(&mut random, place);
        text.push('\n');
    }
    Folder::new(&[("table.csv", text.as_bytes())])
}

/// Numbers, levels, truth values and text labels.
fn mixed() -> Folder {
    table("id;size;colour;sold;kind", 300, |random, row| {
        let size: f32 = random.random_range(0.0..10.0);
        let colour = ["red", "green", "blue"][random.random_range(0..3)];
        let sold = random.random_bool(0.5);
        format!("{};{size};{colour};{sold};{}", row + 1, if size < 4.0 { "small one" } else { "large one" })
    })
}

/// Numbers and levels of which three in ten are missing.
fn gaps() -> Folder {
    table("a,b,c,y", 1000, |random, row| {
        let mut cell = |value: String| if random.random_bool(0.3) { "NA".into() } else { value };
        let cells =
            [cell((row % 13).to_string()), cell(format!("{}.5", row % 7)), cell(format!("l{}", row % 5))];
        format!("{},{}", cells.join(","), row % 2)
    })
}

/// Two hundred numbers, and a class that three rows in a hundred have.
fn rare() -> Folder {
    let names: Vec<String> = (0..200).map(|column| format!("x{column}")).collect();
    table(&format!("{},y", names.join(",")), 1000, |random, row| {
        let cells: Vec<String> = (0..200).map(|_| random.random_range(-1.0f32..1.0).to_string()).collect();
        format!("{},{}", cells.join(","), if row % 100 < 3 { "rare" } else { "usual" })
    })
}

#[test]
fn kinds_of_column_stand_side_by_side() {
    let opened = mixed().open("table.csv", &target("kind")).unwrap();
    let expected = ["`table.csv` has semicolons between its cells", "`id` is left out: it numbers the rows"];
    assert_eq!(opened.notes, expected);
    let dataset = opened.dataset;
    assert_eq!(dataset.classes().unwrap().0, ["large one", "small one"]);
    let Column::Numeric { values, .. } = &columns(&dataset)[0] else { panic!("levels, expected numbers") };
    for (value, label) in values.iter().zip(dataset.classes().unwrap().1) {
        assert_eq!(*value < 4.0, *label == 1);
    }
    let encoding = Encoding::fit(&dataset.features, &dataset.split(1).unwrap().train);
    assert_eq!(encoding.width(), 1 + 3 + 2);
}

#[test]
fn missing_cells_are_counted_where_they_are() {
    let dataset = gaps().open("table.csv", &target("y")).unwrap().dataset;
    for (column, name) in columns(&dataset).iter().zip(["a", "b", "c"]) {
        assert_eq!(column.name(), name);
        let missing = match column {
            Column::Numeric { values, .. } => values.iter().filter(|value| value.is_nan()).count(),
            Column::Nominal { codes, .. } => codes.iter().filter(|code| code.is_none()).count(),
        };
        // 300 expected, with a standard deviation of 14.5.
        assert!((240..=360).contains(&missing), "{missing} of column {name}");
    }
    let encoding = Encoding::fit(&dataset.features, &dataset.split(1).unwrap().train);
    assert_eq!(encoding.width(), 2 + 2 + 5, "each number with its indicator, five levels");
    let encoded = encoding.encode(&dataset.features, &(0..1000).collect::<Vec<_>>()).unwrap();
    assert!(encoded.values.iter().all(|value| value.is_finite()));
}

#[test]
fn a_rare_class_is_in_every_part() {
    let dataset = rare().open("table.csv", &target("y")).unwrap().dataset;
    assert!(matches!(&dataset.features, Features::Table(table) if table.columns().len() == 200));
    let split = dataset.split(1).unwrap();
    let labels = dataset.classes().unwrap().1;
    let rare = |part: &[u32]| part.iter().filter(|&&row| labels[row as usize] == 0).count();
    assert_eq!([rare(&split.train), rare(&split.validation), rare(&split.test)], [18, 6, 6]);
}
