//! Learners of numbers: each kind on functions that are known, as files, on threads, and together.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod learners;

use std::collections::BTreeSet;
use std::sync::Arc;

use learners::{boosting, forest};
use lessen_data::{Column, Dataset, Encoding, Features, Table, Target, Task};
use lessen_model::{Predictor, predict_rows};
use lessen_teachers::{
    BayesKind, BayesSpec, Ensemble, Examples, FeatureShare, Learned, Learner, NeighboursSpec, NetSpec,
    SvmKernel, SvmSpec, Weighting, library,
};

/// Rows that are learned from; as many again are for the test.
const TRAINING: u32 = 300;

/// Two features spread evenly over the unit square (the additive recurrence of the plastic number), and a function of
/// them, far from 0 and in a unit of its own.
fn table(function: impl Fn(f32, f32) -> f32) -> Dataset {
    let along = |step: f64| (1..=2 * TRAINING).map(|row| (f64::from(row) * step).fract() as f32).collect();
    let (x, y): (Vec<f32>, Vec<f32>) = (along(0.754_877_666_246_692_8), along(0.569_840_290_998_053_3));
    let values = x.iter().zip(&y).map(|(&x, &y)| 1e4 + 250.0 * function(x, y)).collect();
    let column = |name: &str, values| Column::Numeric { name: name.into(), values };
    Dataset {
        name: "function".into(),
        features: Features::Table(Table::new(vec![column("x", x), column("y", y)]).unwrap()),
        target: Target::Values { name: "height".into(), values },
        given_test: None,
        sha256: [0; 32],
    }
}

fn smooth() -> Dataset {
    table(|x, y| (3.0 * x).sin() + y * y)
}

fn step() -> Dataset {
    table(|x, y| if x > 0.6 || y < 0.2 { 1.0 } else { -1.0 })
}

fn values(dataset: &Dataset) -> &[f32] {
    let Target::Values { values, .. } = &dataset.target else { panic!("classes") };
    values
}

fn examples(dataset: &Dataset) -> Examples {
    let rows: Vec<u32> = (0..TRAINING).collect();
    let encoding = Arc::new(Encoding::fit(&dataset.features, &rows));
    Examples::new(dataset, encoding, &rows).unwrap()
}

fn answers(predictor: &dyn Predictor, dataset: &Dataset) -> Vec<f32> {
    let test: Vec<u32> = (TRAINING..2 * TRAINING).collect();
    predict_rows(predictor, &dataset.features, &test).unwrap()
}

/// The mean squared error on the test rows, as a share of that of the training rows' mean.
fn error(predictor: &dyn Predictor, dataset: &Dataset) -> f64 {
    let (training, test) = values(dataset).split_at(TRAINING as usize);
    let mean = training.iter().map(|&value| f64::from(value)).sum::<f64>() / training.len() as f64;
    let answers = answers(predictor, dataset);
    let of_model = answers.iter().zip(test).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
    let of_mean = test.iter().map(|&value| (f64::from(value) - mean).powi(2));
    of_model.sum::<f64>() / of_mean.sum::<f64>()
}

fn neighbours(weighting: Weighting) -> Learner {
    Learner::Neighbours(NeighboursSpec { k: 5, weighting })
}

fn net(hidden: &[usize]) -> Learner {
    let (hidden, batch, rate) = (hidden.to_vec(), 32, 0.01);
    Learner::Net(NetSpec { hidden, epochs: 80, batch, rate, weight_decay: 0.001, smoothing: 0.0 })
}

/// One or more of each kind, and the most that is left of the mean's squared error on the smooth and on the step
/// function. A line can do little with either; a sum of stumps nothing about what x and y do together.
fn kinds() -> Vec<(Learner, f64, f64)> {
    vec![
        (forest((1, 2), FeatureShare::All, false, false), 0.05, 0.2),
        (forest((50, 2), FeatureShare::All, true, false), 0.02, 0.2),
        (forest((50, 2), FeatureShare::Sqrt, true, false), 0.05, 0.2),
        (forest((50, 2), FeatureShare::All, false, true), 0.02, 0.2),
        (boosting(60, 4, 1.0), 0.02, 0.2),
        (boosting(60, 1, 1.0), 0.05, 0.4),
        (neighbours(Weighting::Uniform), 0.05, 0.25),
        (neighbours(Weighting::Distance), 0.05, 0.25),
        (net(&[]), 0.8, 0.9),
        (net(&[32, 16]), 0.02, 0.3),
    ]
}

#[test]
fn each_kind_beats_the_mean_on_a_smooth_function_and_on_a_step() {
    let (smooth, step) = (smooth(), step());
    let (of_smooth, of_step) = (examples(&smooth), examples(&step));
    let mut wrong = Vec::new();
    for (learner, most_of_smooth, most_of_step) in kinds() {
        let found = [
            error(&learner.fit(&of_smooth, 1).unwrap(), &smooth),
            error(&learner.fit(&of_step, 1).unwrap(), &step),
        ];
        if !(found[0] < most_of_smooth && found[1] < most_of_step) {
            wrong.push(format!("{}: {found:?}", learner.name_for(Task::Regression)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_same_seed_gives_the_same_bits_on_any_number_of_threads() {
    let smooth = smooth();
    let training = examples(&smooth);
    let fitted = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let bytes =
            |(learner, ..): &(Learner, f64, f64)| learner.fit(&training, 1).unwrap().to_bytes().unwrap();
        pool.install(|| kinds().iter().map(bytes).collect::<Vec<_>>())
    };
    assert_eq!(fitted(1), fitted(3));
}

#[test]
fn what_was_saved_says_the_same_and_costs_the_same() {
    let smooth = smooth();
    let training = examples(&smooth);
    let folder = tempfile::tempdir().unwrap();
    for (place, (learner, ..)) in kinds().into_iter().enumerate() {
        let learned = learner.fit(&training, 1).unwrap();
        assert_eq!((learned.outputs(), learned.kind()), (1, learner.kind_for(Task::Regression)));
        let path = folder.path().join(format!("{place}.lsn"));
        learned.save(&path).unwrap();
        let loaded = Learned::load(&path).unwrap();
        assert_eq!(
            (loaded.name(), loaded.kind(), loaded.cost()),
            (learned.name(), learned.kind(), learned.cost())
        );
        assert_eq!(answers(&loaded, &smooth), answers(&learned, &smooth), "{}", learned.name());
    }
}

#[test]
fn an_ensemble_is_the_weighted_mean_and_is_saved() {
    let smooth = smooth();
    let training = examples(&smooth);
    let kinds = kinds();
    let members: Vec<_> = [0, 6, 7, 8]
        .map(|place: usize| Arc::new(kinds[place].0.fit(&training, 1).unwrap()))
        .into_iter()
        .zip([1, 2, 1, 4])
        .collect();
    let ensemble = Ensemble::new("numbers", members.clone()).unwrap();
    let found = answers(&ensemble, &smooth);
    let of_members: Vec<Vec<f32>> = members.iter().map(|(member, _)| answers(&**member, &smooth)).collect();
    for (row, found) in found.iter().enumerate() {
        let weighed =
            |(answers, (_, weight)): (&Vec<f32>, &(_, u32))| f64::from(answers[row]) * f64::from(*weight);
        let expected = of_members.iter().zip(&members).map(weighed).sum::<f64>() / 8.0;
        assert!((f64::from(*found) - expected).abs() < 0.01, "{found}, expected {expected}");
    }
    assert_eq!(ensemble.cost().shared.len(), 1, "one search for both that look among the same rows");
    let folder = tempfile::tempdir().unwrap();
    ensemble.save(folder.path()).unwrap();
    assert_eq!(answers(&Ensemble::load(folder.path()).unwrap(), &smooth), found);
}

#[test]
fn a_target_that_does_not_vary_is_answered() {
    let flat = table(|_, _| 0.5);
    let training = examples(&flat);
    for (learner, ..) in kinds() {
        let found = answers(&learner.fit(&training, 1).unwrap(), &flat);
        assert!(found.iter().all(|answer| (answer - 10_125.0).abs() < 0.5), "{}: {found:?}", learner.name());
    }
}

#[test]
fn numbers_that_are_not_finite_are_refused_by_name_and_row() {
    let mut broken = smooth();
    let Target::Values { values, .. } = &mut broken.target else { panic!("classes") };
    values[7] = f32::NAN;
    let encoding = Arc::new(Encoding::fit(&broken.features, &[0, 1]));
    let error = Examples::new(&broken, encoding.clone(), &[3, 7]).err().unwrap();
    assert!(error.to_string().contains("`height` is NaN in row 7, expected a finite number"), "{error}");
    assert!(Examples::new(&broken, encoding, &[3, 8]).is_ok(), "rows that nobody asks for do no harm");
}

#[test]
fn learners_of_classes_say_that_they_are() {
    let training = examples(&smooth());
    let kernel = SvmKernel::Rbf { gamma: 1.0 };
    for learner in [
        Learner::Svm(SvmSpec { kernel, c: 1.0, rows_limit: 100 }),
        Learner::Bayes(BayesSpec { kind: BayesKind::Gaussian }),
    ] {
        assert!(learner.supports(Task::Classification) && !learner.supports(Task::Regression));
        let error = learner.fit(&training, 1).unwrap_err();
        assert_eq!(error.source.to_string(), "it tells classes apart, and the target is a number");
    }
}

#[test]
fn a_library_of_numbers_has_twenty_members_of_seven_kinds_that_learn_them() {
    for (rows, width) in [(1_000, 8), (20_000, 8), (60_000, 784)] {
        let plan = library::plan(rows, width, None);
        let names: BTreeSet<String> =
            plan.learners.iter().map(|learner| learner.name_for(Task::Regression)).collect();
        let kinds: BTreeSet<&str> =
            plan.learners.iter().map(|learner| learner.kind_for(Task::Regression)).collect();
        assert!(plan.learners.iter().all(|learner| learner.supports(Task::Regression)));
        assert_eq!(names.len(), plan.learners.len(), "names of {plan:?}");
        assert!(names.len() >= 20 && kinds.len() >= 7, "{} of {kinds:?}", names.len());
        assert!(plan.cut.iter().all(|sentence| !sentence.contains("vector")), "{:?}", plan.cut);
    }
}
