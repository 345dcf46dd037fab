use std::sync::Arc;

use lessen_data::random;
use lessen_model::{Batch, Predictor, predict_rows};
use rand::RngExt;

use super::*;
use crate::svm::SvmKernel;
use crate::testing::{column, digits, examples, line};
use crate::{
    BayesKind, BayesSpec, BoostingSpec, Examples, FeatureShare, ForestSpec, Learner, NeighboursSpec, NetSpec,
    SvmSpec, Weighting,
};

const NAME: &str = "folder/member.lsn";

fn bayes() -> Learner {
    Learner::Bayes(BayesSpec { kind: BayesKind::Gaussian })
}

fn forest() -> Learner {
    let (features, bootstrap, random_thresholds) = (FeatureShare::All, true, false);
    Learner::Forest(ForestSpec {
        trees: 2,
        max_depth: None,
        min_leaf: 1,
        features,
        bootstrap,
        random_thresholds,
        rows_limit: None,
    })
}

fn neighbours() -> Learner {
    Learner::Neighbours(NeighboursSpec { k: 3, weighting: Weighting::Distance })
}

/// Six rows of one feature and two classes.
fn six() -> Examples {
    examples(line(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]), &[0, 0, 1, 0, 1, 1], 2)
}

fn small(learner: &Learner) -> Learned {
    learner.fit(&six(), 0).unwrap()
}

fn ensemble(name: &str, members: &[(Learner, u32)]) -> Ensemble {
    let members = members.iter().map(|(learner, weight)| (Arc::new(small(learner)), *weight)).collect();
    Ensemble::new(name, members).unwrap()
}

/// A body under the header that it should have.
fn sealed(body: &[u8]) -> Vec<u8> {
    [&MAGIC[..], &VERSION.to_le_bytes(), &Sha256::digest(body), body].concat()
}

#[test]
fn every_kind_says_the_same_after_loading() {
    let digits = digits();
    let some: Vec<usize> = (0..digits.training.rows()).step_by(6).collect();
    let training = digits.training.select(&some);
    let learners = [
        Learner::Forest(ForestSpec {
            trees: 3,
            max_depth: None,
            min_leaf: 1,
            features: FeatureShare::Sqrt,
            bootstrap: true,
            random_thresholds: false,
            rows_limit: None,
        }),
        Learner::Boosting(BoostingSpec {
            rounds: 3,
            max_depth: 3,
            learning_rate: 0.1,
            min_leaf: 1,
            l2: 1.0,
            row_share: 1.0,
            feature_share: 1.0,
            rows_limit: None,
        }),
        neighbours(),
        bayes(),
        Learner::Bayes(BayesSpec { kind: BayesKind::Histogram { bins: 4 } }),
        Learner::Svm(SvmSpec { kernel: SvmKernel::Rbf { gamma: 1.0 }, c: 1.0, rows_limit: 100 }),
        Learner::Net(NetSpec {
            hidden: vec![8],
            epochs: 2,
            batch: 32,
            rate: 0.01,
            weight_decay: 0.0,
            smoothing: 0.0,
        }),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("member.lsn");
    for learner in learners {
        let learned = learner.fit(&training, 1).unwrap();
        learned.save(&path).unwrap();
        let loaded = Learned::load(&path).unwrap();
        assert_eq!((loaded.name(), loaded.kind()), (learned.name(), learned.kind()));
        assert_eq!(loaded.cost(), learned.cost(), "{}", learned.name());
        assert_eq!(digits.predictions(&loaded), digits.predictions(&learned), "{}", learned.name());
        assert_eq!(loaded.to_bytes().unwrap(), fs::read(&path).unwrap(), "{}", learned.name());
    }
}

#[test]
fn each_damage_of_a_bit_and_each_cut_is_found() {
    for learner in [bayes(), neighbours()] {
        let bytes = small(&learner).to_bytes().unwrap();
        assert!(Learned::from_bytes(NAME, &bytes).is_ok());
        for bit in 0..8 * bytes.len() {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let error = Learned::from_bytes(NAME, &damaged).unwrap_err();
            let is_named = match bit / 8 {
                0..4 => matches!(error, SavedError::Magic { .. }),
                4..8 => matches!(error, SavedError::Version { .. }),
                _ => matches!(error, SavedError::Digest { .. }),
            };
            assert!(is_named && error.to_string().contains(NAME), "bit {bit}: {error}");
        }
        for length in 0..bytes.len() {
            assert!(Learned::from_bytes(NAME, &bytes[..length]).is_err(), "{length} bytes");
        }
        assert!(Learned::from_bytes(NAME, &[&bytes[..], &[0]].concat()).is_err());
    }
}

#[test]
fn errors_say_what_was_found_and_what_was_expected() {
    let bytes = small(&bayes()).to_bytes().unwrap();
    let newer = [&MAGIC[..], &2u32.to_le_bytes(), &bytes[8..]].concat();
    let cases: [(&[u8], &str); 5] = [
        (b"PK", "begins with [80, 75], expected [76, 83, 78, 76] (`LSNL`)"),
        (&bytes[..20], "is cut short: 20 bytes, expected at least 40"),
        (&newer, "has version 2 of the format, expected 1"),
        (&sealed(b"\x05abc"), "does not decode: "),
        (&sealed(&[&bytes[HEADER..], b"x"].concat()), "1 bytes after the member, expected none"),
    ];
    for (bytes, expected) in cases {
        let error = Learned::from_bytes(NAME, bytes).unwrap_err().to_string();
        assert!(error.starts_with("`folder/member.lsn` ") && error.contains(expected), "{error}");
    }
}

/// Under a digest that is right, damage is refused or gives a member that predicts: no panic.
#[test]
fn hostile_content_does_no_harm() {
    let mut random = random::stream(1, "damage");
    let features = column(&[0.5, 3.5, -1e9]);
    let histogram = Learner::Bayes(BayesSpec { kind: BayesKind::Histogram { bins: 3 } });
    for learner in [bayes(), histogram, neighbours()] {
        let bytes = small(&learner).to_bytes().unwrap();
        let mut taken = 0;
        for _ in 0..3000 {
            let mut body = bytes[HEADER..].to_vec();
            let place = random.random_range(0..body.len());
            body[place] = random.random();
            if let Ok(learned) = Learned::from_bytes(NAME, &sealed(&body)) {
                taken += 1;
                let mut room = vec![0.0; 3 * learned.outputs()];
                learned.predict(&Batch::new(&features, &[0, 1, 2]), &mut room).unwrap();
                learned.cost();
            }
        }
        assert!((100..3000).contains(&taken), "{}: {taken}", learner.name());
    }
}

#[test]
fn an_ensemble_says_the_same_after_loading_and_leaves_nothing_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("new/teacher");
    let first = ensemble("first", &[(bayes(), 1), (forest(), 2), (bayes(), 3)]);
    first.save(&place).unwrap();
    let of_first = members(&place);
    let second = ensemble("second", &[(neighbours(), 5), (bayes(), 2)]);
    fs::write(place.join("member-2.lsn"), "not ours, by its name").unwrap();
    second.save(&place).unwrap();
    let of_second = members(&place);
    assert_eq!((of_first.len(), of_second.len()), (2, 2));
    assert_eq!(of_second.iter().filter(|name| of_first.contains(name)).count(), 1, "the one that both have");
    assert!(place.join("member-2.lsn").exists(), "what is not ours stays");

    let loaded = Ensemble::load(&place).unwrap();
    assert_eq!((loaded.name(), loaded.members()[0].1, loaded.members()[1].1), ("second", 5, 2));
    let features = column(&[-1.0, 0.4, 2.6, 9.0]);
    let predictions = |ensemble: &Ensemble| predict_rows(ensemble, &features, &[0, 1, 2, 3]).unwrap();
    assert_eq!(predictions(&loaded), predictions(&second));
    assert_eq!(loaded.digests().unwrap(), second.digests().unwrap());
}

/// The members' files in a folder.
fn members(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| name.starts_with("member-") && name.len() == "member-0123456789abcdef.lsn".len())
        .collect()
}

#[test]
fn saving_again_writes_no_member_and_a_teacher_may_be_saved_onto_itself() {
    let folder = tempfile::tempdir().unwrap();
    let teacher = ensemble("teacher", &[(bayes(), 1), (neighbours(), 2)]);
    teacher.save(folder.path()).unwrap();
    let when = |name: &String| fs::metadata(folder.path().join(name)).unwrap().modified().unwrap();
    let before: Vec<_> = members(folder.path()).iter().map(when).collect();
    Ensemble::load(folder.path()).unwrap().save(folder.path()).unwrap();
    assert_eq!(before, members(folder.path()).iter().map(when).collect::<Vec<_>>());
}

#[test]
fn digests_name_members_and_weights() {
    let digests = |members: &[(Learner, u32)]| ensemble("any", members).digests().unwrap();
    let both = digests(&[(bayes(), 1), (neighbours(), 2)]);
    assert_eq!(both, digests(&[(bayes(), 1), (neighbours(), 2)]));
    let other_weight = digests(&[(bayes(), 2), (neighbours(), 2)]);
    assert_eq!(both[1], other_weight[1]);
    assert!(both[0] != other_weight[0] && both[0] != both[1]);
    assert!(both.iter().all(|digest| digest.len() == 64));
}

#[test]
fn hostile_lists_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("teacher");
    ensemble("two", &[(bayes(), 1), (neighbours(), 1)]).save(&place).unwrap();
    let list = fs::read_to_string(place.join("ensemble.json")).unwrap();
    let files: serde_json::Value = serde_json::from_str(&list).unwrap();
    let file = |place: usize| files["members"][place]["file"].as_str().unwrap().to_owned();
    let (first, second) = (file(0), file(1));
    fs::copy(place.join(&first), folder.path().join(&first)).unwrap();
    fs::copy(place.join(&first), place.join("other.lsn")).unwrap();
    let three = examples(line(&[0.0, 1.0, 2.0]), &[0, 1, 2], 3);
    let of_three = "member-0123456789abcdef.lsn";
    bayes().fit(&three, 0).unwrap().save(&place.join(of_three)).unwrap();

    let replaced = |from: &str, to: &str| {
        assert!(list.contains(from), "{from}");
        list.replacen(from, to, 1)
    };
    let renamed = |file: &str| replaced(&first, file);
    let holds = format!("`{second}` holds `k-nearest 3, by distance` (nearest neighbours)");
    let cases = [
        (renamed(&format!("../{first}")), "it names the file `../member-"),
        (renamed(&format!("/{first}")), "it names the file"),
        (renamed(&format!("./{first}")), "it names the file"),
        (renamed("other.lsn"), "it names the file"),
        (renamed("member-0.lsn"), "it names the file"),
        (renamed("member-+0.lsn"), "it names the file"),
        (renamed(""), "it names the file"),
        (renamed("member-00000000000000gg.lsn"), "it names the file"),
        (renamed("member-0000000000000000.lsn"), "cannot read"),
        (renamed(&second), holds.as_str()),
        (renamed(of_three), "members that differ in their classes"),
        (replaced("\"weight\": 1", "\"weight\": 0"), "a weight of 0"),
        (replaced("\"weight\": 1", "\"weight\": -1"), "does not decode"),
        (r#"{"name": "none", "members": []}"#.to_owned(), "no member"),
        ("{".to_owned(), "does not decode"),
    ];
    for (list, expected) in cases {
        fs::write(place.join("ensemble.json"), &list).unwrap();
        let error = Ensemble::load(&place).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}, expected {expected}");
    }
    assert!(matches!(Ensemble::load(folder.path()), Err(SavedError::Unreadable { .. })));
}

#[test]
fn weights_may_be_large() {
    let folder = tempfile::tempdir().unwrap();
    ensemble("heavy", &[(bayes(), u32::MAX), (neighbours(), u32::MAX)]).save(folder.path()).unwrap();
    let loaded = Ensemble::load(folder.path()).unwrap();
    let row = predict_rows(&loaded, &column(&[1.0]), &[0]).unwrap();
    assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{row:?}");
}
