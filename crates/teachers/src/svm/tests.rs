use std::sync::Arc;

use lessen_data::{Encoding, padded, random};
use rand::RngExt;

use super::sigmoid::Sigmoid;
use super::wire::{CLASSES_LIMIT, Wire, WireError};
use super::*;
use crate::examples::{Labels, Lesson};
use crate::testing::labels;

fn spec(gamma: f32) -> SvmSpec {
    SvmSpec { kernel: SvmKernel::Rbf { gamma }, c: 10.0, rows_limit: 2000 }
}

/// Three vectors of two features, 2 of 3 classes with rows, one pair with three coefficients.
fn tiny() -> Wire {
    let sigmoid = Sigmoid { slope: -1.0, offset: 0.25 };
    let pair = Pair { vectors: vec![0, 1, 2], coefficients: vec![1.0, -0.5, -0.5], bias: 0.5, sigmoid };
    Wire {
        kernel: SvmKernel::Polynomial { degree: 1, gamma: 2.0, coef0: 0.0 },
        classes: 3,
        present: vec![0, 2],
        width: 2,
        vectors: vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0],
        squared_norms: vec![1.0, 1.0, 2.0],
        pairs: vec![pair],
    }
}

fn encoded(rows: &[[f32; 2]]) -> Encoded {
    let lanes = padded(rows.len());
    let mut values = vec![0.0; 2 * lanes];
    for (row, [first, second]) in rows.iter().enumerate() {
        (values[row], values[lanes + row]) = (*first, *second);
    }
    Encoded { width: 2, rows: rows.len(), lanes, values }
}

fn probabilities(svm: &Svm, encoded: &Encoded) -> Vec<f32> {
    let mut into = vec![f32::NAN; encoded.rows * svm.classes];
    svm.probabilities(encoded, &mut into);
    into
}

fn assert_are_probabilities(found: &[f32], classes: usize) {
    for row in found.chunks(classes) {
        let sum: f64 = row.iter().map(|&p| f64::from(p)).sum();
        assert!((sum - 1.0).abs() < 1e-5, "the sum is {sum}");
        assert!(row.iter().all(|p| (0.0..=1.0).contains(p)));
    }
}

/// Training and test rows of the set `digits`.
fn digits() -> (Examples, Examples) {
    let digits = lessen_data::digits().unwrap();
    let split = digits.split(1).unwrap();
    let encoding = Arc::new(Encoding::fit(&digits.features, &split.train));
    let examples = |rows: &[u32]| Examples::new(&digits, encoding.clone(), rows).unwrap();
    (examples(&split.train), examples(&split.test))
}

fn accuracy(svm: &Svm, test: &Examples) -> f64 {
    let answers = probabilities(svm, &test.encoded);
    let rows = answers.chunks(svm.classes).zip(&labels(test).of_rows);
    let right = rows.filter(|(row, label)| row.iter().all(|p| *p <= row[**label as usize])).count();
    right as f64 / test.rows() as f64
}

#[test]
fn a_tiny_machine_predicts_as_by_hand() {
    let svm = Svm::try_from(tiny()).unwrap();
    // Inner products 2, 1, 3: a decision of 2 - 0.5 - 1.5 + 0.5, and 1 / (1 + exp(-0.5 + 0.25)).
    let found = probabilities(&svm, &encoded(&[[2.0, 1.0]]));
    let expected = 1.0 / (1.0 + (-0.25f32).exp());
    assert_are_probabilities(&found, 3);
    assert!((found[0] - expected).abs() < 2e-3 && found[1] < 2e-7, "{found:?}, expected {expected}");
}

#[test]
fn operations_are_those_counted_by_hand() {
    // For any kernel 3 vectors of 2 features, 3 coefficients and a sigmoid: 6 + 3 + 1 MACs and 3 adds; and 3 sweeps
    // of 4 adds over 2 x 2 entries: 48. A polynomial adds a MAC a vector and degree - 1 products; RBF 2 MACs for the
    // row's norm, and a MAC and 3 adds a vector.
    let polynomial = |degree| SvmKernel::Polynomial { degree, gamma: 2.0, coef0: 0.0 };
    let cases = [
        (polynomial(1), 10 + 3, 51),
        (polynomial(4), 10 + 3, 51 + 3 * 3),
        (SvmKernel::Rbf { gamma: 1.0 }, 10 + 2 + 3, 51 + 3 * 3),
    ];
    for (kernel, macs, adds) in cases {
        let svm = Svm::try_from(Wire { kernel, ..tiny() }).unwrap();
        assert_eq!(svm.operations(), Operations { macs, adds, comparisons: 0 }, "{kernel:?}");
    }
}

#[test]
fn as_many_classes_as_the_limit_are_taken() {
    let svm = Svm::try_from(Wire { classes: CLASSES_LIMIT, ..tiny() }).unwrap();
    let found = probabilities(&svm, &encoded(&[[2.0, 1.0]]));
    // Adding up 65,536 classes in single precision loses a little.
    let sum: f64 = found.iter().map(|&p| f64::from(p)).sum();
    assert!(found.len() == CLASSES_LIMIT && (sum - 1.0).abs() < 5e-3, "the sum is {sum}");
}

#[test]
fn digits_are_told_apart_by_either_kernel() {
    let (train, test) = digits();
    let polynomial = SvmKernel::Polynomial { degree: 3, gamma: 1.0, coef0: 1.0 };
    for (spec, floor) in [(spec(2.0), 0.98), (SvmSpec { kernel: polynomial, ..spec(1.0) }, 0.975)] {
        let svm = spec.fit(&train, labels(&train), 1);
        assert_are_probabilities(&probabilities(&svm, &test.encoded), svm.classes);
        let found = accuracy(&svm, &test);
        assert!(found >= floor, "{}: {found}", spec.name());
    }
}

#[test]
fn any_number_of_threads_gives_the_same_machine() {
    let (train, _) = digits();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| SvmSpec { rows_limit: 60, ..spec(2.0) }.fit(&train, labels(&train), 1))
    };
    assert_eq!(with(1), with(2));
}

#[test]
fn a_limit_draws_rows_by_the_seed() {
    let (train, test) = digits();
    let few = SvmSpec { rows_limit: 40, ..spec(2.0) };
    let svm = few.fit(&train, labels(&train), 1);
    assert!(svm.pairs.iter().all(|pair| pair.vectors.len() <= 40));
    assert_ne!(svm, few.fit(&train, labels(&train), 2));
    let found = accuracy(&svm, &test);
    assert!((0.8..0.98).contains(&found), "{found}");
    assert_ne!(few.name(), spec(2.0).name());
}

#[test]
fn classes_without_rows_or_with_one_are_no_harm() {
    let (mut train, _) = digits();
    // Class 3 loses all rows, class 4 all but one.
    let mut seen = 0;
    let mut of_rows = labels(&train).of_rows.clone();
    for label in &mut of_rows {
        seen += usize::from(*label == 4);
        *label = if *label == 3 || (*label == 4 && seen > 1) { 5 } else { *label };
    }
    let rows = of_rows.len();
    train.lesson = Lesson::Labels(Labels { classes: 10, of_rows });
    let svm = spec(2.0).fit(&train, labels(&train), 1);
    assert_eq!((svm.present.len(), svm.pairs.len()), (9, 36));
    let found = probabilities(&svm, &train.encoded);
    assert_are_probabilities(&found, 10);
    assert!(found.chunks(10).all(|row| row[3] > 0.0 && row[3] < 2e-7));
    train.lesson = Lesson::Labels(Labels { classes: 10, of_rows: vec![7; rows] });
    let alone = probabilities(&spec(2.0).fit(&train, labels(&train), 1), &train.encoded);
    assert!(alone.chunks(10).all(|row| row[7] > 0.999));
}

#[test]
fn rows_without_features_get_the_share_of_each_class() {
    let (mut train, _) = digits();
    (train.encoded.width, train.encoded.values) = (0, Vec::new());
    let of_rows = (0..train.rows() as u32).map(|row| u32::from(row % 4 == 0)).collect();
    train.lesson = Lesson::Labels(Labels { classes: 2, of_rows });
    let found = probabilities(&spec(2.0).fit(&train, labels(&train), 1), &train.encoded);
    assert_are_probabilities(&found, 2);
    assert!(found.chunks(2).all(|row| (row[0] - 0.75).abs() < 0.02), "{:?}", &found[..2]);
}

#[test]
fn what_was_saved_predicts_the_same_bits() {
    let (train, test) = digits();
    let svm = spec(2.0).fit(&train, labels(&train), 1);
    let again: Svm = postcard::from_bytes(&postcard::to_stdvec(&svm).unwrap()).unwrap();
    assert_eq!(again, svm);
    assert_eq!(probabilities(&again, &test.encoded), probabilities(&svm, &test.encoded));
}

#[test]
fn numbers_that_are_not_finite_still_give_probabilities() {
    let svm = Svm::try_from(tiny()).unwrap();
    let rows = [[f32::NAN, 1.0], [f32::INFINITY, 0.0], [f32::MAX, f32::MIN], [1e30, -1e30]];
    assert_are_probabilities(&probabilities(&svm, &encoded(&rows)), 3);
    let svm = Svm::try_from(Wire { kernel: SvmKernel::Rbf { gamma: 1.0 }, ..tiny() }).unwrap();
    assert_are_probabilities(&probabilities(&svm, &encoded(&rows)), 3);
    assert!(probabilities(&svm, &encoded(&[])).is_empty());
}

#[test]
fn a_machine_that_saw_no_class_leaves_all_alike() {
    let svm = Svm::try_from(Wire { present: Vec::new(), pairs: Vec::new(), ..tiny() }).unwrap();
    for p in probabilities(&svm, &encoded(&[[2.0, 1.0]])) {
        assert!((p - 1.0 / 3.0).abs() < 1e-6);
    }
}

#[test]
fn machines_that_cannot_be_are_refused() {
    let wrong = |change: &dyn Fn(&mut Wire)| {
        let mut wire = tiny();
        change(&mut wire);
        Svm::try_from(wire).unwrap_err()
    };
    let kernel = SvmKernel::Rbf { gamma: -1.0 };
    assert_eq!(wrong(&|wire| wire.kernel = kernel), WireError::Kernel { kernel });
    for found in [0, CLASSES_LIMIT + 1, usize::MAX] {
        assert_eq!(wrong(&|wire| wire.classes = found), WireError::Classes { found });
    }
    for present in [vec![0, 3], vec![2, 0], vec![1, 1]] {
        assert_eq!(wrong(&|wire| wire.present = present.clone()), WireError::Present { classes: 3 });
    }
    assert_eq!(wrong(&|wire| wire.present = vec![0]), WireError::Pairs { found: 1, present: 1 });
    assert_eq!(wrong(&|wire| wire.pairs.clear()), WireError::Pairs { found: 0, present: 2 });
    for width in [0, 3, usize::MAX] {
        let expected = WireError::Vectors { found: 6, vectors: 3, width };
        assert_eq!(wrong(&|wire| wire.width = width), expected);
    }
    let expected = WireError::Coefficients { pair: 0, vectors: 3, coefficients: 2 };
    assert_eq!(wrong(&|wire| wire.pairs[0].coefficients.truncate(2)), expected);
    let expected = WireError::Vector { pair: 0, found: 3, vectors: 3 };
    assert_eq!(wrong(&|wire| wire.pairs[0].vectors[1] = 3), expected);
    let numbers: [&dyn Fn(&mut Wire) -> &mut f32; 6] = [
        &|wire| &mut wire.vectors[1],
        &|wire| &mut wire.squared_norms[0],
        &|wire| &mut wire.pairs[0].coefficients[2],
        &|wire| &mut wire.pairs[0].bias,
        &|wire| &mut wire.pairs[0].sigmoid.slope,
        &|wire| &mut wire.pairs[0].sigmoid.offset,
    ];
    for number in numbers {
        for to in [f32::NAN, f32::INFINITY] {
            assert_eq!(wrong(&|wire| *number(wire) = to), WireError::NotFinite);
        }
    }
}

/// Bytes that were damaged anywhere are refused or give machines that predict: no panic.
#[test]
fn damaged_bytes_do_no_harm() {
    let bytes = postcard::to_stdvec(&tiny()).unwrap();
    let rows = encoded(&[[2.0, 1.0], [-1e30, 1e-30]]);
    let mut random = random::stream(1, "damage");
    let mut taken = 0;
    for _ in 0..5000 {
        let mut bytes = bytes.clone();
        let place = random.random_range(0..bytes.len());
        bytes[place] = random.random();
        if let Ok(svm) = postcard::from_bytes::<Svm>(&bytes) {
            taken += 1;
            svm.operations();
            if svm.width == 2 && svm.classes < 200 {
                assert_are_probabilities(&probabilities(&svm, &rows), svm.classes);
            }
        }
    }
    assert!(taken > 1000, "most damage is to numbers, which may be any: {taken}");
}
