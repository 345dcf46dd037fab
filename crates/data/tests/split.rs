//! Splits: counts by hand, and what holds for every one.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use lessen_data::Split;
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
