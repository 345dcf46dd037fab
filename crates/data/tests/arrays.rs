//! NPY and NPZ files: round trips through a writer of our own, and what is said of those that are not whole.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod own;

use std::io::Write;
use std::path::Path;

use flate2::{Compression, Crc, write::DeflateEncoder};
use lessen_data::files::{self, FileOptions};
use lessen_data::npy::{Archive, Array, Elements};
use lessen_data::{Encoding, Features, Images, Target};
use own::{Folder, shown, target};
use proptest::prelude::*;

/// An NPY file of version 1.
fn npy(descr: &str, fortran: bool, shape: &[usize], body: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let lengths: String = shape.iter().map(|length| format!("{length}, ")).collect();
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({lengths}), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    [&b"\x93NUMPY\x01\x00"[..], &(header.len() as u16).to_le_bytes(), header.as_bytes(), body].concat()
}

fn doubles(shape: &[usize], values: &[f64]) -> Vec<u8> {
    npy("<f8", false, shape, &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
}

fn bytes(shape: &[usize], values: &[u8]) -> Vec<u8> {
    npy("|u1", false, shape, values)
}

/// A ZIP file of NPY files, stored or deflated.
fn npz(arrays: &[(&str, Vec<u8>)], deflated: bool) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in arrays {
        let name = format!("{name}.npy");
        let mut checksum = Crc::new();
        checksum.update(content);
        let packed = if deflated {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        } else {
            content.clone()
        };
        let start = file.len() as u32;
        let method: u16 = if deflated { 8 } else { 0 };
        let mut common = [20u16.to_le_bytes(), [0; 2], method.to_le_bytes(), [0; 2], [0; 2]].concat();
        for number in [checksum.sum(), packed.len() as u32, content.len() as u32] {
            common.extend(number.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        // NumPy's local headers have an extra field, the directory has none.
        let extra = [1u8, 0, 4, 0, 9, 9, 9, 9];
        file.extend([b"PK\x03\x04", &common[..], &[8, 0], name.as_bytes(), &extra, &packed].concat());
        directory.extend(
            [b"PK\x01\x02", &[20, 0][..], &common, &[0; 12], &start.to_le_bytes(), name.as_bytes()].concat(),
        );
    }
    let count = (arrays.len() as u16).to_le_bytes();
    let (start, length) = ((file.len() as u32).to_le_bytes(), (directory.len() as u32).to_le_bytes());
    file.extend(directory);
    file.extend([b"PK\x05\x06", &[0; 4][..], &count, &count, &length, &start, &[0, 0]].concat());
    file
}

/// Types of whole numbers and how many bytes they have.
const TYPES: [(&str, usize); 12] = [
    ("b1", 1),
    ("i1", 1),
    ("i2", 2),
    ("i4", 4),
    ("i8", 8),
    ("u1", 1),
    ("u2", 2),
    ("u4", 4),
    ("u8", 8),
    ("f2", 2),
    ("f4", 4),
    ("f8", 8),
];

/// A small whole number as an element of a type; the bits of halves are worked out for those below 2048.
fn element(kind: &str, size: usize, value: i64, big_endian: bool) -> Vec<u8> {
    let bits = match kind {
        "f8" => (value as f64).to_bits(),
        "f4" => u64::from((value as f32).to_bits()),
        "f2" if value == 0 => 0,
        "f2" => {
            let exponent = value.unsigned_abs().ilog2();
            let fraction = (value.unsigned_abs() << (10 - exponent)) & 0x3ff;
            u64::from(value < 0) << 15 | u64::from(exponent + 15) << 10 | fraction
        }
        _ => value.cast_unsigned(),
    };
    let mut bytes = bits.to_le_bytes()[..size].to_vec();
    if big_endian {
        bytes.reverse();
    }
    bytes
}

proptest! {
    /// Any type, order and shape: the element at each index is the one that was written there.
    #[test]
    fn arrays_are_read_as_they_were_written(
        (kind, size) in prop::sample::select(TYPES.as_slice()),
        big_endian in any::<bool>(),
        fortran in any::<bool>(),
        shape in prop::collection::vec(1usize..5, 0..5),
        seed in any::<u32>(),
        archived in prop::option::of(any::<bool>()),
    ) {
        let value = |index: &[usize]| {
            let mixed = index.iter().fold(seed, |mixed, &i| mixed.wrapping_mul(31).wrapping_add(i as u32));
            let value = i64::from(mixed % 128);
            match kind.as_bytes()[0] {
                b'b' => value % 2,
                b'u' => value,
                _ => value - 64,
            }
        };
        let count: usize = shape.iter().product();
        // The index that is `place`th where the last dimension runs fastest, or the first.
        let index = |mut place: usize, fortran: bool| {
            let mut index = vec![0; shape.len()];
            let mut turn: Vec<usize> = (0..shape.len()).collect();
            if !fortran {
                turn.reverse();
            }
            for dimension in turn {
                index[dimension] = place % shape[dimension];
                place /= shape[dimension];
            }
            index
        };
        let body: Vec<u8> =
            (0..count).flat_map(|place| element(kind, size, value(&index(place, fortran)), big_endian)).collect();
        let descr = format!("{}{kind}", if big_endian { '>' } else { '<' });
        let file = npy(&descr, fortran, &shape, &body);
        let array = match archived {
            None => Array::read(Path::new("a.npy"), &file).unwrap(),
            Some(deflated) => {
                let zip = npz(&[("other", doubles(&[1], &[7.0])), ("a", file)], deflated);
                let archive = Archive::open(Path::new("a.npz"), &zip).unwrap();
                prop_assert_eq!(archive.names().collect::<Vec<_>>(), ["other", "a"]);
                prop_assert!(archive.array("b").is_none());
                archive.array("a").unwrap().unwrap()
            }
        };
        prop_assert_eq!(&array.shape, &shape);
        prop_assert_eq!(array.elements.len(), count);
        for place in 0..count {
            prop_assert_eq!(array.elements.get(place), Some(value(&index(place, false)) as f64));
        }
    }

    /// A file with a byte changed or cut off is an array or an error.
    #[test]
    fn damaged_files_do_no_harm(deflated in any::<bool>(), place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let array = npy("<i4", true, &[2, 3], &[7; 24]);
        for mut file in [array.clone(), npz(&[("x", array)], deflated)] {
            let place = place.index(file.len());
            if cut { file.truncate(place) } else { file[place] = byte }
            let _ = Array::read(Path::new("a.npy"), &file);
            if let Ok(archive) = Archive::open(Path::new("a.npz"), &file) {
                let names: Vec<String> = archive.names().map(str::to_owned).collect();
                for name in names {
                    let _ = archive.array(&name);
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_arrays_or_errors(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let header = [&b"\x93NUMPY\x01\x00\x80\x00"[..], &bytes].concat();
        let end = [&bytes[..], &b"PK\x05\x06"[..], &bytes].concat();
        for bytes in [&bytes, &header, &end] {
            let _ = Array::read(Path::new("a.npy"), bytes);
            let _ = Archive::open(Path::new("a.npz"), bytes).map(|archive| archive.array("x").is_some());
        }
    }
}

/// `[[1, 2, 8], [3, NaN, 9], [5, 6, 8]]` and its parts.
const MATRIX: [f64; 9] = [1.0, 2.0, 8.0, 3.0, f64::NAN, 9.0, 5.0, 6.0, 8.0];

#[test]
fn labels_of_an_array_are_beside_it_or_in_a_column() {
    let features = doubles(&[3, 2], &[1.0, 2.0, 3.0, f64::NAN, 5.0, 6.0]);
    let labels = npy("<i8", false, &[3, 1], &[4u8, 0, 0, 0, 0, 0, 0, 0].repeat(3));
    let truths = npy("|b1", false, &[3], &[1, 0, 1]);
    let folder = Folder::new(&[
        ("X.npy", &features),
        ("y.npy", &truths),
        ("other.npy", &labels),
        ("all.npy", &doubles(&[3, 3], &MATRIX)),
    ]);
    let rows = ["column_1: 1 3 5", "column_2: 2 - 6"];
    let opened = folder.open("X.npy", &FileOptions::default()).unwrap();
    assert_eq!(shown(&opened.dataset), [&rows[..], &["classes: true false true of false true"]].concat());
    assert_eq!(
        (opened.dataset.name.as_str(), opened.notes),
        ("X", vec!["the labels are those of `y.npy`".to_owned()])
    );
    for path in ["other.npy".to_owned(), folder.path("other.npy").display().to_string()] {
        let dataset = folder.open("X.npy", &target(&path)).unwrap().dataset;
        assert_eq!(shown(&dataset)[2], "classes: 4 4 4 of 4");
    }
    let dataset = folder.open("all.npy", &target("3")).unwrap().dataset;
    assert_eq!(shown(&dataset), [&rows[..], &["classes: 8 9 8 of 8 9"]].concat());
    let (error, hint) = folder.error("all.npy", &FileOptions::default());
    assert_eq!(error, "which column of `all.npy` is to be predicted?");
    assert_eq!(
        hint,
        "say `--target FILE.npy` for a file of labels, or `--target NUMBER` for a column, counted from 1"
    );
    assert_eq!(folder.error("all.npy", &target("4")).0, "`all.npy` has no column `4`");
    assert_eq!(
        folder.error("all.npy", &target("2")).0,
        "`all.npy`, row 2, column `column_2`: the label is missing"
    );

    let encoding = Encoding::fit(&dataset.features, &[0, 1, 2]);
    for name in ["X.npy", "all.npy"] {
        let Features::Table(table) = files::read_rows_for(&encoding, &folder.path(name)).unwrap() else {
            panic!()
        };
        assert_eq!(table.columns().len(), 2, "{name}");
    }
}

#[test]
fn parts_for_training_and_tests_are_found() {
    let x =
        |rows: usize| bytes(&[rows, 2], &(0..2 * rows as u8).map(|value| value * value).collect::<Vec<_>>());
    let y = |rows: usize| bytes(&[rows], &(0..rows as u8).map(|row| row % 2).collect::<Vec<_>>());
    let check = |folder: &Folder, name: &str, options: &FileOptions| {
        let dataset = folder.open(name, options).unwrap().dataset;
        let expected = ["column_1: 0 4 16 0 4", "column_2: 1 9 25 1 9", "classes: 0 1 0 0 1 of 0 1"];
        assert_eq!(shown(&dataset), expected, "{name}");
        assert_eq!(dataset.given_test, Some(vec![3, 4]), "{name}");
    };
    let folder = Folder::new(&[
        ("X_train.npy", &x(3)),
        ("y_train.npy", &y(3)),
        ("X_test.npy", &x(2)),
        ("y_test.npy", &y(2)),
    ]);
    check(&folder, ".", &FileOptions::default());
    let test = FileOptions { test: Some(folder.path("X_test.npy")), ..FileOptions::default() };
    check(&folder, "X_train.npy", &test);
    for deflated in [false, true] {
        let keras =
            npz(&[("x_test", x(2)), ("x_train", x(3)), ("y_train", y(3)), ("y_test", y(2))], deflated);
        check(&Folder::new(&[("keras.npz", &keras)]), "keras.npz", &FileOptions::default());
        let two = Folder::new(&[
            ("train.npz", &npz(&[("X", x(3)), ("Labels", y(3))], deflated)),
            ("test.npz", &npz(&[("X", x(2)), ("Labels", y(2))], deflated)),
        ]);
        check(&two, ".", &FileOptions::default());
    }
    let alone = npz(&[("arr_0", doubles(&[3, 3], &MATRIX))], true);
    let folder = Folder::new(&[("a.npz", &alone)]);
    assert_eq!(shown(&folder.open("a.npz", &target("3")).unwrap().dataset)[2], "classes: 8 9 8 of 8 9");
}

#[test]
fn bytes_of_more_dimensions_are_images() {
    let labels = bytes(&[2], &[0, 1]);
    let open = |shape: &[usize]| {
        let count = shape.iter().product::<usize>() as u8;
        let folder =
            Folder::new(&[("X.npy", &bytes(shape, &(0..count).collect::<Vec<_>>())), ("y.npy", &labels)]);
        folder.open("X.npy", &FileOptions::default()).map(|opened| opened.dataset.features)
    };
    let images =
        |channels, height, width, bytes: Vec<u8>| Features::Images(Images { channels, height, width, bytes });
    assert_eq!(open(&[2, 3, 5]).unwrap(), images(1, 3, 5, (0..30).collect()));
    let apart = vec![0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11, 12, 14, 16, 18, 20, 22, 13, 15, 17, 19, 21, 23];
    assert_eq!(open(&[2, 1, 6, 2]).unwrap(), images(2, 1, 6, apart), "channels last");
    assert_eq!(open(&[2, 2, 1, 6]).unwrap(), images(2, 1, 6, (0..24).collect()), "channels first");
    let error = open(&[2, 5, 1, 6]).unwrap_err();
    assert!(error.to_string().ends_with("shape (2, 5, 1, 6), expected (rows, columns)"), "{error}");
    assert!(error.hint().unwrap().starts_with("images are of type `uint8`"));
}

#[test]
fn bad_arrays_are_named() {
    let whole = doubles(&[2, 2], &[1.0; 4]);
    let with = |x: Vec<u8>, y: Vec<u8>| {
        Folder::new(&[("X.npy", &x), ("y.npy", &y)]).error("X.npy", &FileOptions::default()).0
    };
    let y = |rows: usize| bytes(&[rows], &vec![1; rows]);
    let cases: [(Vec<u8>, Vec<u8>, &str); 14] = [
        (
            b"PK".to_vec(),
            y(2),
            "`X.npy`, byte 0: expected the bytes 93 4e 55 4d 50 59 (NUMPY) of an NPY file",
        ),
        (whole[..9].into(), y(2), "`X.npy`: ends in the header, after 9 bytes"),
        (b"\x93NUMPY\x07\x00".to_vec(), y(2), "`X.npy`, byte 6: version 7, expected 1, 2 or 3"),
        (
            b"\x93NUMPY\x02\x00\xff\xff\xff\xff{".to_vec(),
            y(2),
            "`X.npy`, byte 8: a header of 4294967295 bytes, expected at most 65536",
        ),
        (
            npy("|O", false, &[2, 2], b"\x80"),
            y(2),
            "`X.npy`, header: elements of type `object`, which are pickled; expected numbers or booleans",
        ),
        (
            doubles(&[2, 3], &[1.0; 4]),
            y(2),
            "`X.npy`: 32 bytes after the header, expected 48 for the shape (2, 3)",
        ),
        (
            doubles(&[2, 1], &[1.0; 4]),
            y(2),
            "`X.npy`: 32 bytes after the header, expected 16 for the shape (2, 1)",
        ),
        (
            doubles(&[usize::MAX, 2], &[]),
            y(2),
            "`X.npy`: 0 bytes after the header, expected more than can be for the shape (18446744073709551615, 2)",
        ),
        (doubles(&[0, 2], &[]), y(0), "`X.npy`: shape (0, 2): there are no rows"),
        (doubles(&[4], &[1.0; 4]), y(4), "`X.npy`: shape (4,), expected (rows, columns)"),
        (
            doubles(&[1, 2], &[1.0, f64::INFINITY]),
            y(1),
            "`X.npy`, row 1, column `column_2`: an infinite number, or one too large to compute with",
        ),
        (whole.clone(), bytes(&[2, 3], &[0; 6]), "`y.npy`: labels of shape (2, 3), expected one a row"),
        (
            whole.clone(),
            doubles(&[2], &[1.0, f64::NEG_INFINITY]),
            "`y.npy`, row 2: the label -inf, expected a finite number",
        ),
        (whole.clone(), doubles(&[2], &[f64::NAN, 1.0]), "`y.npy`, row 1: the label is missing"),
    ];
    for (x, y, expected) in cases {
        assert_eq!(with(x, y), expected);
    }
    let lengths = with(whole.clone(), y(3));
    assert!(
        lengths.starts_with("`y.npy`: 3 labels, expected 2 as `") && lengths.ends_with("X.npy` has rows"),
        "{lengths}"
    );

    let archive = |bytes: &[u8]| Folder::new(&[("a.npz", bytes)]).error("a.npz", &FileOptions::default()).0;
    let good = npz(&[("x", whole.clone()), ("y", y(2))], true);
    assert_eq!(archive(b"nothing"), "`a.npz`: no end record of a ZIP file, expected an NPZ file");
    assert_eq!(
        archive(&npz(&[("p", whole.clone()), ("q", y(2))], false)),
        "`a.npz`: no array of features among `p`, `q`"
    );
    let changed = |place: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[place] = byte;
        archive(&bytes)
    };
    let central = good.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    assert_eq!(changed(central + 8, 1), "`a.npz/x.npy`: the entry of the ZIP file is encrypted");
    assert_eq!(
        changed(central + 10, 12),
        "`a.npz/x.npy`: packed by method 12, expected 0 (stored) or 8 (deflated)"
    );
    assert_eq!(
        changed(central + 16, !good[central + 16]),
        "`a.npz/x.npy`: the entry of the ZIP file is damaged: its length or checksum is another"
    );
    assert_eq!(changed(central, b'Q'), "`a.npz`: the ZIP file's directory is damaged");
}

#[test]
fn a_value_is_predicted_from_an_array() {
    let x: Vec<f64> = (0..60).map(|place| f64::from(place * place % 17)).collect();
    let y: Vec<f64> = (0..30).map(|row| f64::from(row) / 4.0).collect();
    let folder =
        Folder::new(&[("features.npy", &doubles(&[30, 2], &x)), ("target.npy", &doubles(&[30], &y))]);
    let opened = folder.open("features.npy", &FileOptions::default()).unwrap();
    assert!(matches!(&opened.dataset.target, Target::Values { name, .. } if name == "target"));
    assert_eq!(opened.dataset.split(1).unwrap().test.len(), 6);
    let Array { elements: Elements::Doubles(read), .. } =
        Array::read(Path::new("t"), &doubles(&[30], &y)).unwrap()
    else {
        panic!()
    };
    assert_eq!(read, y);
}
