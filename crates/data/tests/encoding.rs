//! Encodings against answers worked out by hand.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use lessen_data::{Column, ColumnEncoding, Encoding, Features, Images, LANES, Table};
use proptest::prelude::*;

const MISSING: f32 = f32::NAN;

fn numeric(name: &str, values: &[f32]) -> Column {
    Column::Numeric { name: name.into(), values: values.into() }
}

fn nominal(name: &str, levels: &[&str], codes: &[Option<u32>]) -> Column {
    let levels = levels.iter().map(|&level| level.to_owned()).collect();
    Column::Nominal { name: name.into(), levels, codes: codes.into() }
}

fn table(columns: Vec<Column>) -> Features {
    Features::Table(Table::new(columns).unwrap())
}

/// Each encoded feature's values of `rows`, fitted on `training`.
fn encode(features: &Features, training: &[u32], rows: &[u32]) -> Vec<Vec<f32>> {
    let encoded = Encoding::fit(features, training).encode(features, rows).unwrap();
    (0..encoded.width).map(|feature| encoded.feature(feature).to_vec()).collect()
}

#[test]
fn numbers_are_centred_and_scaled_by_the_training_rows_alone() {
    // Mean 5; squared distances 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32 over 8 rows: deviation 2. Row 8 is not seen.
    let features = table(vec![numeric("x", &[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0, 105.0])]);
    let training: Vec<u32> = (0..8).collect();
    assert_eq!(encode(&features, &training, &[0, 5, 7, 8]), [[-1.5, 0.0, 2.0, 50.0]]);
}

#[test]
fn a_small_unit_is_no_constant_and_a_constant_stays_zero() {
    let features = table(vec![
        numeric("metres", &[1e-9, 3e-9]),
        numeric("constant", &[0.1, 0.1]),
        numeric("all missing", &[MISSING, MISSING]),
    ]);
    let encoded = encode(&features, &[0, 1], &[0, 1]);
    assert!((encoded[0][0] + 1.0).abs() < 1e-6 && (encoded[0][1] - 1.0).abs() < 1e-6, "{:?}", encoded[0]);
    assert_eq!(encoded[1], [0.0, 0.0]);
    assert_eq!(encoded[2..], [[0.0, 0.0], [1.0, 1.0]], "no number is known, and the indicator says so");
}

#[test]
fn missing_numbers_become_the_mean_and_an_indicator_where_training_had_some() {
    let features = table(vec![
        numeric("gaps", &[1.0, MISSING, 3.0, MISSING]),
        numeric("gap later", &[1.0, 2.0, 3.0, MISSING]),
    ]);
    let encoded = encode(&features, &[0, 1, 2], &[0, 1, 2, 3]);
    assert_eq!(encoded.len(), 3);
    assert_eq!(encoded[0], [-1.0, 0.0, 1.0, 0.0]);
    assert_eq!(encoded[1], [0.0, 1.0, 0.0, 1.0]);
    assert_eq!(encoded[2][1], 0.0);
    assert_eq!(encoded[2][3], 0.0, "a gap that training did not know becomes the mean");
}

#[test]
fn levels_become_one_among_zeros() {
    // `c` is not among the training rows and row 3 is missing: both become zeros.
    let codes = [Some(1), Some(0), Some(2), None];
    let features = table(vec![nominal("colour", &["a", "b", "c"], &codes)]);
    let encoding = Encoding::fit(&features, &[0, 1, 3]);
    assert_eq!(
        encoding.columns(),
        [ColumnEncoding::Nominal { name: "colour".into(), levels: vec!["a".into(), "b".into()] }]
    );
    assert_eq!(encode(&features, &[0, 1, 3], &[0, 1, 2, 3]), [[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]);

    let other_order = table(vec![nominal("colour", &["d", "b", "a"], &[Some(0), Some(1), Some(2)])]);
    let encoded = encoding.encode(&other_order, &[0, 1, 2]).unwrap();
    assert_eq!(encoded.feature(0), [0.0, 0.0, 1.0]);
    assert_eq!(encoded.feature(1), [0.0, 1.0, 0.0]);
}

#[test]
fn pixels_share_one_centre_and_scale_and_a_table_of_them_is_encoded_alike() {
    // Row 0 and 1 train: bytes 0, 4, 4, 8: mean 4, deviation sqrt(32 / 4) = sqrt 8.
    let images =
        Features::Images(Images { channels: 1, height: 1, width: 2, bytes: vec![0, 4, 4, 8, 255, 0] });
    let encoding = Encoding::fit(&images, &[0, 1]);
    let scale = 8f32.sqrt();
    assert_eq!(encoding.columns(), [ColumnEncoding::Pixels { count: 2, shift: 4.0, scale }]);
    let encoded = encoding.encode(&images, &[2, 0]).unwrap();
    // A product with the inverse: a division would take five times as long.
    let inverse = 1.0 / scale;
    assert_eq!(encoded.feature(0), [251.0 * inverse, -4.0 * inverse]);
    assert_eq!(encoded.feature(1), [-4.0 * inverse, 0.0]);
    let as_table = Features::Table(images.table(&[2, 0]));
    assert_eq!(encoding.encode(&as_table, &[0, 1]).unwrap(), encoded);
    assert_eq!(encoding.encode(&as_table.by_row(), &[0, 1]).unwrap(), encoded);
}

#[test]
fn a_table_is_encoded_alike_whichever_of_its_cells_lie_together() {
    let numbers = || vec![numeric("x", &[1.0, MISSING, 5.0]), numeric("y", &[2.0, 3.0, 3.5])];
    let mixed =
        vec![numeric("x", &[1.0, MISSING, 5.0]), nominal("n", &["a", "b"], &[Some(1), None, Some(0)])];
    let pixels = r#"[{"pixels":{"count":2,"shift":1.0,"scale":2.0}}]"#;
    let in_another_order =
        r#"[{"pixels":{"count":1,"shift":1.0,"scale":2.0}},{"nominal":{"name":"n","levels":["b","a"]}}]"#;
    let fitted = |columns: Vec<Column>| {
        let by_column = table(columns);
        let by_row = by_column.by_row().into_owned();
        let encoding = Encoding::fit(&by_column, &[0, 1]);
        assert_eq!(Encoding::fit(&by_row, &[0, 1]), encoding);
        (by_column, by_row, encoding)
    };
    for (columns, other) in [(numbers(), pixels), (mixed, in_another_order)] {
        let (by_column, by_row, encoding) = fitted(columns);
        assert_eq!((by_row.rows(), by_row.count()), (3, 2));
        for encoding in [encoding, serde_json::from_str(other).unwrap()] {
            let (rows, width) = ([2, 0, 1, 0], encoding.width());
            let expected = encoding.encode(&by_column, &rows).unwrap();
            assert_eq!(encoding.encode(&by_row, &rows).unwrap(), expected);
            let mut found = vec![f32::NAN; rows.len() * width];
            encoding.gather_rows(&by_row, &rows, width, &mut found).unwrap();
            assert_eq!(found, expected.row_major());
        }
        assert!(!Encoding::fit(&by_column, &[0]).is_by_row(&by_row));
    }
    let (by_column, by_row, _) = fitted(numbers());
    let pixels: Encoding = serde_json::from_str(pixels).unwrap();
    assert!(pixels.is_by_row(&by_row) && !pixels.is_by_row(&by_column));
}

#[test]
fn pixels_and_other_columns_may_stand_side_by_side() {
    let encoding: Encoding = serde_json::from_str(
        r#"[{"pixels":{"count":2,"shift":1.0,"scale":2.0}},{"nominal":{"name":"n","levels":["a"]}}]"#,
    )
    .unwrap();
    let features = table(vec![numeric("p", &[3.0]), numeric("q", &[5.0]), nominal("n", &["a"], &[Some(0)])]);
    assert_eq!(encoding.encode(&features, &[0]).unwrap().row_major(), [1.0, 2.0, 1.0]);
    assert_eq!(encoding.encode(&features, &[]).unwrap().rows, 0, "no rows are no mismatch");
}

#[test]
fn unscaled_gives_the_scaling_of_each_encoded_feature() {
    let features =
        table(vec![numeric("x", &[0.0, 4.0, MISSING]), nominal("n", &["a", "b"], &[Some(0), Some(1), None])]);
    let rows = [0, 1, 2];
    let encoding = Encoding::fit(&features, &rows);
    let (raw, scaling) = encoding.unscaled();
    assert_eq!(scaling, [(2.0, 2.0), (0.0, 1.0), (0.0, 1.0), (0.0, 1.0)]);
    let (scaled, raw) = (encoding.encode(&features, &rows).unwrap(), raw.encode(&features, &rows).unwrap());
    assert_eq!(raw.feature(0), [0.0, 4.0, 2.0]);
    for (feature, (shift, scale)) in scaling.into_iter().enumerate() {
        let expected: Vec<f32> = raw.feature(feature).iter().map(|value| (value - shift) / scale).collect();
        assert_eq!(scaled.feature(feature), expected);
    }
    let images = Features::Images(Images { channels: 1, height: 1, width: 2, bytes: vec![0, 2] });
    assert_eq!(Encoding::fit(&images, &[0]).unscaled().1, [(1.0, 1.0), (1.0, 1.0)]);
}

#[test]
fn rows_are_gathered_by_row_as_they_are_by_feature() {
    let images = Features::Images(Images { channels: 1, height: 3, width: 7, bytes: (0..210).collect() });
    let cells = table(vec![
        numeric("x", &[1.0, MISSING, 5.0, 2.0, 3.0, 0.0, 9.0, 9.0, 8.0, 7.0]),
        nominal("n", &["a", "b"], &[Some(0), Some(1), None, None, None, None, Some(1), None, None, None]),
    ]);
    for features in [images, cells] {
        let encoding = Encoding::fit(&features, &[0, 1, 2]);
        let (rows, stride) = ([9, 0, 3, 6, 1, 2, 4, 8, 7], 24);
        let mut found = vec![f32::NAN; rows.len() * stride];
        encoding.gather_rows(&features, &rows, stride, &mut found).unwrap();
        let encoded = encoding.encode(&features, &rows).unwrap();
        for (row, found) in found.chunks(stride).enumerate() {
            for (feature, found) in found.iter().enumerate() {
                let is_there = feature < encoding.width();
                let expected = if is_there { encoded.feature(feature)[row] } else { 0.0 };
                assert_eq!(*found, expected, "row {row}, feature {feature}");
            }
        }
        assert!(encoding.gather_rows(&features, &rows, 2, &mut [0.0; 18]).is_err(), "too narrow");
    }
}

#[test]
fn lanes_beyond_the_rows_are_zero_whatever_was_there() {
    let images = Features::Images(Images { channels: 1, height: 1, width: 2, bytes: (10..50).collect() });
    let cells = table(vec![
        numeric("x", &[1.0, MISSING, 5.0]),
        nominal("n", &["a", "b"], &[Some(0), Some(1), Some(1)]),
    ]);
    for features in [images, cells] {
        let rows = [0, 1, 2];
        let encoding = Encoding::fit(&features, &rows);
        let alone = encoding.encode(&features, &rows).unwrap();
        assert_eq!(alone.lanes, LANES);
        let lanes = 2 * LANES;
        let mut into = vec![7.0; encoding.width() * lanes];
        encoding.gather(&features, &rows, lanes, &mut into).unwrap();
        for (feature, values) in into.chunks_exact(lanes).enumerate() {
            assert_eq!(values[..3], alone.feature(feature)[..]);
            assert!(values[3..].iter().all(|&value| value == 0.0));
        }
    }
}

#[test]
fn more_rows_than_a_register_holds_keep_their_places() {
    let images = Features::Images(Images { channels: 1, height: 1, width: 3, bytes: (0..120).collect() });
    let rows: Vec<u32> = (0..40).rev().collect();
    let encoded = Encoding::fit(&images, &rows).unscaled().0.encode(&images, &rows).unwrap();
    let expected: Vec<f32> =
        rows.iter().flat_map(|row| (0..3).map(move |pixel| (row * 3 + pixel) as f32)).collect();
    assert_eq!(encoded.row_major(), expected);
}

#[test]
fn rows_of_another_kind_are_errors() {
    let numbers = || table(vec![numeric("x", &[1.0, 2.0])]);
    let levels = || table(vec![nominal("x", &["a", "b"], &[Some(0), Some(1)])]);
    let images = || Features::Images(Images { channels: 1, height: 1, width: 1, bytes: vec![1, 2] });
    let two = || table(vec![numeric("x", &[1.0]), numeric("y", &[1.0])]);
    let cases = [
        (numbers(), levels(), "column `x` holds levels, expected numbers"),
        (levels(), numbers(), "column `x` holds numbers, expected levels"),
        (numbers(), images(), "images, expected a table"),
        (images(), levels(), "column `x` holds levels, expected numbers"),
        (numbers(), two(), "2 columns, expected 1"),
        (two(), images(), "1 columns, expected 2"),
    ];
    for (fitted, given, expected) in cases {
        let error = Encoding::fit(&fitted, &[0]).encode(&given, &[0]).unwrap_err();
        assert_eq!(error.to_string(), format!("the rows do not fit the encoding: {expected}"));
    }
    let encoding = Encoding::fit(&numbers(), &[0]);
    for (lanes, room) in [(1, 1), (16, 15), (16, 32)] {
        assert!(encoding.gather(&numbers(), &[0, 1], lanes, &mut vec![0.0; room]).is_err(), "{lanes} lanes");
    }
}

#[test]
fn tables_that_contradict_themselves_are_refused() {
    let cases = [
        (vec![numeric("a", &[1.0]), numeric("b", &[])], "column `b` has 0 cells, expected 1"),
        (vec![nominal("a", &["x"], &[Some(1)])], "column `a` has code 1, expected less than 1"),
        (
            vec![numeric("a", &[0.0, f32::NEG_INFINITY])],
            "column `a` is infinite in row 1, expected finite numbers or NaN",
        ),
    ];
    for (columns, expected) in cases {
        let error = Table::new(columns).unwrap_err();
        assert_eq!(error.to_string(), format!("the rows do not fit the encoding: {expected}"));
    }
}

#[test]
fn an_encoding_that_cannot_compute_is_not_read() {
    let numeric = |fill: &str, shift: &str, scale: &str| {
        format!(
            r#"[{{"numeric":{{"name":"x","fill":{fill},"shift":{shift},"scale":{scale},"indicator":false}}}}]"#
        )
    };
    let pixels = |count: &str, shift: &str, scale: &str| {
        format!(r#"[{{"pixels":{{"count":{count},"shift":{shift},"scale":{scale}}}}}]"#)
    };
    let read = |text: &str| serde_json::from_str::<Encoding>(text);
    assert!(read(&numeric("0", "0", "1")).is_ok());
    assert!(read(&pixels("784", "0", "1")).is_ok());
    let refused = [
        numeric("0", "0", "0"),
        numeric("0", "0", "-1"),
        numeric("0", "0", "1e39"),
        numeric("1e39", "0", "1"),
        numeric("0", "-1e39", "1"),
        numeric("0", "null", "1"),
        pixels("1", "0", "0"),
        pixels("1", "1e39", "1"),
        pixels("16777217", "0", "1"),
        pixels("18446744073709551615", "0", "1"),
        format!("[{0},{0}]", r#"{"pixels":{"count":18446744073709551615,"shift":0,"scale":1}}"#),
        r#"[{"pixels":{"count":1,"shift":0,"scale":1,"more":1}}]"#.into(),
        r#"[{"other":{}}]"#.into(),
    ];
    for text in refused {
        assert!(read(&text).is_err(), "{text}");
    }
}

fn any_column() -> impl Strategy<Value = ColumnEncoding> {
    let scale = (f32::MIN_POSITIVE..f32::MAX).boxed();
    let number = (-f32::MAX..f32::MAX).boxed();
    prop_oneof![
        (0usize..100, number.clone(), scale.clone())
            .prop_map(|(count, shift, scale)| ColumnEncoding::Pixels { count, shift, scale }),
        (".*", number.clone(), number, scale, any::<bool>()).prop_map(
            |(name, fill, shift, scale, indicator)| {
                ColumnEncoding::Numeric { name, fill, shift, scale, indicator }
            }
        ),
        (".*", prop::collection::vec(".*", 0..4))
            .prop_map(|(name, levels)| ColumnEncoding::Nominal { name, levels }),
    ]
}

proptest! {
    #[test]
    fn an_encoding_is_read_as_it_was_written(columns in prop::collection::vec(any_column(), 0..6)) {
        let encoding = Encoding::try_from(columns).unwrap();
        let text = serde_json::to_string(&encoding).unwrap();
        let again: Encoding = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(again.fingerprint(), encoding.fingerprint());
        prop_assert_eq!(again, encoding);
    }
}

#[test]
fn of_very_many_levels_the_most_frequent_are_kept() {
    let levels: Vec<String> = (0..400).map(|level| format!("l{level:03}")).collect();
    let names: Vec<&str> = levels.iter().map(String::as_str).collect();
    let kept = |codes: Vec<u32>| {
        let codes: Vec<Option<u32>> = codes.into_iter().map(Some).collect();
        let rows: Vec<u32> = (0..codes.len() as u32).collect();
        let encoding = Encoding::fit(&table(vec![nominal("n", &names, &codes)]), &rows);
        let ColumnEncoding::Nominal { levels, .. } = &encoding.columns()[0] else { panic!("numbers") };
        levels.clone()
    };
    // 256 levels are all kept, those seen once too.
    assert_eq!(kept((0..256).collect()), levels[..256]);
    // One more, and those seen once go.
    assert_eq!(kept((0..257).chain([3, 100]).collect()), ["l003", "l100"]);
    // All 300 twice, the last ten three times: these and the first 246 of the others.
    let twice = (0..300).chain(0..300).chain(290..300).collect();
    assert_eq!(kept(twice), [&levels[..246], &levels[290..300]].concat());
}
