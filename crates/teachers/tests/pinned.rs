//! What a small library of classes says of digits, to the bit, and the bytes of its files: nothing that is added to the
//! learners may change what they learned before.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod learners;

use std::sync::Arc;

use learners::{boosting, forest};
use lessen_data::{Encoding, hex};
use lessen_model::predict_rows;
use lessen_teachers::{
    BayesKind, BayesSpec, Examples, FeatureShare, Learner, NeighboursSpec, NetSpec, SvmKernel, SvmSpec,
    Weighting,
};
use sha2::{Digest, Sha256};

/// The first digits of two SHA-256: of the predictions, and of the file.
type Pinned = [&'static str; 2];

fn net(hidden: &[usize]) -> Learner {
    let (hidden, batch, rate) = (hidden.to_vec(), 64, 0.002);
    Learner::Net(NetSpec { hidden, epochs: 5, batch, rate, weight_decay: 0.01, smoothing: 0.02 })
}

/// Those whose arithmetic is the same on any processor.
fn plain() -> Vec<(Learner, Pinned)> {
    let bayes = |kind| Learner::Bayes(BayesSpec { kind });
    vec![
        (forest((1, 1), FeatureShare::All, false, false), ["3d0481b6818cd40a", "ca1cff3aa70a16ec"]),
        (forest((10, 1), FeatureShare::All, true, false), ["788483287e0a01ec", "9612375d47aaf583"]),
        (forest((10, 1), FeatureShare::Sqrt, true, false), ["a8d0ddb927bd5357", "aa49f83abcc54d22"]),
        (forest((10, 1), FeatureShare::Share(0.5), false, true), ["1985f7b6942ba777", "5467d70192ba49d4"]),
        (boosting(6, 3, 0.5), ["61f055b390d431cd", "f18b9cb66d141203"]),
        (boosting(6, 1, 0.5), ["f5fb5016ecce0214", "1abd9f9efbf8c0ca"]),
        (bayes(BayesKind::Gaussian), ["8ea88d2cfef55768", "f1eea71d98b423d9"]),
        (bayes(BayesKind::Histogram { bins: 5 }), ["8d1ded06ba230b51", "03c913147bb72be0"]),
    ]
}

/// Those whose sums are taken in the order of the processor's vectors; pinned for vectors of 512 bits.
fn vectorised() -> Vec<(Learner, Pinned)> {
    let svm = |kernel| Learner::Svm(SvmSpec { kernel, c: 10.0, rows_limit: 150 });
    let neighbours = |k, weighting| Learner::Neighbours(NeighboursSpec { k, weighting });
    let polynomial = SvmKernel::Polynomial { degree: 3, gamma: 1.0, coef0: 1.0 };
    vec![
        (neighbours(3, Weighting::Uniform), ["2a4ce177613dc906", "c5fd584911844e6e"]),
        (neighbours(9, Weighting::Distance), ["5097de9e384adf84", "9446c4579de94027"]),
        (svm(SvmKernel::Rbf { gamma: 2.0 }), ["77c09bf678fa0c66", "3fe126f60344e085"]),
        (svm(polynomial), ["d64e0220c10915ae", "af1c4f2b9d2e67fe"]),
        (net(&[]), ["f9a1aadbe9cef1f7", "350d4327cf5c0a7b"]),
        (net(&[32, 16]), ["d05655ef2bb8950b", "e68920b149a0d704"]),
    ]
}

#[test]
fn learners_of_classes_say_what_they_always_said() {
    let digits = lessen_data::digits().unwrap();
    let split = digits.split(1).unwrap();
    let encoding = Arc::new(Encoding::fit(&digits.features, &split.train));
    let examples = Examples::new(&digits, encoding, &split.train).unwrap();
    let mut wrong = Vec::new();
    for (learner, expected) in
        plain().into_iter().chain(if has_wide_vectors() { vectorised() } else { vec![] })
    {
        let learned = learner.fit(&examples, 3).unwrap();
        let answers = predict_rows(&learned, &digits.features, &split.test).unwrap();
        let answers: Vec<u8> = answers.iter().flat_map(|answer| answer.to_le_bytes()).collect();
        let found =
            [&answers[..], &learned.to_bytes().unwrap()].map(|bytes| hex(&Sha256::digest(bytes)[..8]));
        if found != expected {
            wrong.push(format!("{}: {found:?}, expected {expected:?}", learner.name()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[cfg(target_arch = "x86_64")]
fn has_wide_vectors() -> bool {
    is_x86_feature_detected!("avx512f")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_wide_vectors() -> bool {
    false
}
