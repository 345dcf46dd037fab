//! Splits: counts by hand, and what holds for every one.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use lessen_data::{Dataset, Features, Images, Split, Target, Unit};
use proptest::prelude::*;

fn names(count: usize) -> Vec<String> {
    (0..count).map(|class| class.to_string()).collect()
}

/// Rows of each class in a part.
fn by_class(rows: &[u32], labels: &[u32], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for &row in rows {
        counts[labels[row as usize] as usize] += 1;
    }
    counts
}

#[test]
fn each_class_is_divided_60_20_20() {
    let labels = [vec![0; 10], vec![1; 20], vec![0; 5], vec![2; 5]].concat();
    let split = Split::stratified("set", &names(3), &labels, None, 1).unwrap();
    assert_eq!(by_class(&split.train, &labels, 3), [9, 12, 3]);
    assert_eq!(by_class(&split.validation, &labels, 3), [3, 4, 1]);
    assert_eq!(by_class(&split.test, &labels, 3), [3, 4, 1]);
    assert_eq!(Split::stratified("set", &names(3), &labels, None, 1).unwrap(), split, "a seed is a split");
    assert_ne!(Split::stratified("set", &names(3), &labels, None, 2).unwrap(), split);
}

#[test]
fn a_given_test_part_is_kept_and_a_twelfth_of_the_others_validates() {
    let labels = [vec![0; 24], vec![1; 48], vec![0; 3], vec![1; 1]].concat();
    let given: Vec<u32> = (72..76).collect();
    let split = Split::stratified("set", &names(2), &labels, Some(&given), 1).unwrap();
    assert_eq!(split.test, given);
    assert_eq!(by_class(&split.validation, &labels, 2), [2, 4]);
    assert_eq!(by_class(&split.train, &labels, 2), [22, 44]);
}

#[test]
fn what_cannot_be_split_is_an_error() {
    type Case<'a> = (Vec<u32>, Option<&'a [u32]>, &'a str);
    let cases: [Case<'_>; 5] = [
        (vec![], None, "data set `set`: there is one class, expected two or more"),
        (vec![1; 50], None, "data set `set`: there is one class, expected two or more"),
        (
            [vec![0; 5], vec![1; 4]].concat(),
            None,
            "data set `set`: class `1` has 4 rows, expected at least 5",
        ),
        // The other class is in the test part alone.
        (
            [vec![0; 5], vec![1; 5]].concat(),
            Some(&[5, 6, 7, 8, 9]),
            "data set `set`: there is one class, expected two or more",
        ),
        (
            [vec![0; 5], vec![1; 5]].concat(),
            Some(&[5]),
            "data set `set`: class `1` has 4 rows, expected at least 5",
        ),
    ];
    for (labels, given_test, expected) in cases {
        let error = Split::stratified("set", &names(2), &labels, given_test, 1).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

proptest! {
    #[test]
    fn parts_are_disjoint_and_complete_and_see_every_class(
        sizes in prop::collection::vec(5usize..40, 2..6),
        seed in any::<u64>(),
        given in any::<bool>(),
    ) {
        let classes = sizes.len();
        let mut labels: Vec<u32> =
            sizes.iter().enumerate().flat_map(|(class, &size)| vec![class as u32; size]).collect();
        let given_test: Vec<u32> = (labels.len() as u32..labels.len() as u32 + 7).collect();
        if given {
            labels.extend([0; 7]);
        }
        let split =
            Split::stratified("set", &names(classes), &labels, given.then_some(&given_test), seed).unwrap();
        let mut all = [&split.train[..], &split.validation, &split.test].concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..labels.len() as u32).collect::<Vec<_>>());
        for part in [&split.train, &split.validation] {
            prop_assert!(part.is_sorted());
            prop_assert!(by_class(part, &labels, classes).iter().all(|&rows| rows > 0));
        }
        if given {
            prop_assert_eq!(split.test, given_test);
        } else {
            // Within one row of a fifth of each class.
            for (rows, size) in by_class(&split.test, &labels, classes).into_iter().zip(sizes) {
                prop_assert!(rows == size / 5 || rows == size.div_ceil(5), "{} of {}", rows, size);
            }
        }
    }
}

#[test]
fn a_number_is_split_60_20_20_in_each_group_of_neighbours() {
    // Rows in no order of their values: row r has value 7r mod 23.
    let values: Vec<f32> = (0..23).map(|row| (row * 7 % 23) as f32).collect();
    let split = Split::by_value("set", &values, None, 1).unwrap();
    let of = |part: &[u32], group: usize| {
        part.iter().filter(|&&row| values[row as usize] as usize / 5 == group).count()
    };
    for group in 0..5 {
        let (train, held_out) = if group < 4 { (3, 1) } else { (1, 1) };
        let found = [&split.train, &split.validation, &split.test].map(|part| of(part, group));
        assert_eq!(found, [train, held_out, held_out], "group {group}");
    }
    assert_eq!(Split::by_value("set", &values, None, 1).unwrap(), split, "a seed is a split");
    assert_ne!(Split::by_value("set", &values, None, 2).unwrap(), split);
    // Of the last two of 22 rows none is held out: 0.4 rows of each part are none.
    let split = Split::by_value("set", &values[..22], None, 1).unwrap();
    assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (14, 4, 4));

    let given: Vec<u32> = (36..40).collect();
    let values: Vec<f32> = (0..40).map(|row| row as f32).collect();
    let split = Split::by_value("set", &values, Some(&given), 1).unwrap();
    assert_eq!(split.test, given);
    let groups: Vec<u32> = split.validation.iter().map(|row| row / 12).collect();
    assert_eq!(groups, [0, 1, 2]);
    assert_eq!(split.train.len(), 33);
}

#[test]
fn numbers_that_cannot_be_split_are_an_error() {
    let ramp: Vec<f32> = (0..24).map(|row| row as f32).collect();
    let given: Vec<u32> = (19..24).collect();
    type Case<'a> = (&'a [f32], Option<&'a [u32]>, &'a str);
    let cases: [Case<'_>; 4] = [
        (&[], None, "0 rows to divide, expected at least 20"),
        (&ramp[..19], None, "19 rows to divide, expected at least 20"),
        (&ramp, Some(&given), "19 rows to divide, expected at least 20"),
        (&[2.5; 30], None, "the target is 2.5 in every row, expected several values"),
    ];
    for (values, given, expected) in cases {
        let error = Split::by_value("set", values, given, 1).unwrap_err();
        assert_eq!(error.to_string(), format!("data set `set`: {expected}"));
    }
}

#[test]
fn the_unit_of_a_target_is_its_mean_and_deviation() {
    let features = Features::Images(Images { channels: 1, height: 1, width: 1, bytes: vec![0; 4] });
    let mut dataset = Dataset {
        name: "set".into(),
        features,
        target: Target::Values { name: "y".into(), values: vec![1.0, 3.0, 100.0, 5.0] },
        given_test: None,
        sha256: [0; 32],
    };
    assert_eq!(dataset.target_unit(&[0, 1]), Unit { centre: 2.0, scale: 1.0 });
    assert_eq!(dataset.target_unit(&[3]), Unit { centre: 5.0, scale: 1.0 });
    assert_eq!(dataset.target_unit(&[]), Unit::NONE);
    dataset.target = Target::Classes { names: vec!["a".into()], labels: vec![0; 4] };
    assert_eq!(dataset.target_unit(&[0, 1]), Unit::NONE);
}
