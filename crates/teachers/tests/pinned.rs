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
        (forest((1, 1), FeatureShare::All, false, false), ["3d0481b6818cd40a", "ffb69e4bccf7174f"]),
        (forest((10, 1), FeatureShare::All, true, false), ["788483287e0a01ec", "b718807198d57d1e"]),
        (forest((10, 1), FeatureShare::Sqrt, true, false), ["a8d0ddb927bd5357", "3e61798782c51079"]),
        (forest((10, 1), FeatureShare::Share(0.5), false, true), ["1985f7b6942ba777", "57f930337915c67c"]),
        (boosting(6, 3, 0.5), ["61f055b390d431cd", "7642ad29a0b4760a"]),
        (boosting(6, 1, 0.5), ["f5fb5016ecce0214", "243d37a549cddaa4"]),
        (bayes(BayesKind::Gaussian), ["a6d6396dea29f21f", "e4d8c8cb763816c6"]),
        (bayes(BayesKind::Histogram { bins: 5 }), ["8d1ded06ba230b51", "c56c8501fdec59e5"]),
    ]
}

/// Those whose products are chains of fused multiply-adds: the same on any processor that has them.
fn fused() -> Vec<(Learner, Pinned)> {
    let svm = |kernel| Learner::Svm(SvmSpec { kernel, c: 10.0, rows_limit: 150 });
    let neighbours = |k, weighting| Learner::Neighbours(NeighboursSpec { k, weighting });
    let polynomial = SvmKernel::Polynomial { degree: 3, gamma: 1.0, coef0: 1.0 };
    vec![
        (neighbours(3, Weighting::Uniform), ["2a4ce177613dc906", "976d301fac3d04bb"]),
        (neighbours(9, Weighting::Distance), ["d0d861d5e280b65f", "c50ce538d5283d21"]),
        (svm(SvmKernel::Rbf { gamma: 2.0 }), ["2019342d8a744608", "deead4d804863e50"]),
        (svm(polynomial), ["9f8894b265eaf4f4", "543bcabaf80e7ae0"]),
        (net(&[]), ["1655986c9d172d6b", "c9960f1664057bff"]),
        (net(&[32, 16]), ["c689ca7efb52ef9b", "ec028b4adf621ba7"]),
    ]
}

#[test]
fn learners_of_classes_say_what_they_always_said() {
    let digits = lessen_data::digits().unwrap();
    let split = digits.split(1).unwrap();
    let encoding = Arc::new(Encoding::fit(&digits.features, &split.train));
    let examples = Examples::new(&digits, encoding, &split.train).unwrap();
    let mut wrong = Vec::new();
    for (learner, expected) in plain().into_iter().chain(if fuses() { fused() } else { vec![] }) {
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
fn fuses() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

#[cfg(not(target_arch = "x86_64"))]
fn fuses() -> bool {
    cfg!(target_arch = "aarch64")
}
