use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use lessen_data::{Answer, Column, Dataset, Features, Table, Target};
use lessen_model::{Cost, PredictError, Predictor};

use super::*;
use crate::truth::Truth;

/// Says class 0 for a cell below its border.
struct Border {
    border: f32,
    calls: AtomicU32,
}

impl Predictor for Border {
    fn name(&self) -> &str {
        "border"
    }
    fn outputs(&self) -> usize {
        2
    }
    fn cost(&self) -> Cost {
        Cost::default()
    }
    fn predict(&self, batch: &Batch<'_>, into: &mut [f32]) -> Result<(), PredictError> {
        self.check_room(batch, into)?;
        self.calls.fetch_add(1, Ordering::Relaxed);
        let Features::Table(table) = batch.features() else { panic!("a table") };
        let Column::Numeric { values, .. } = &table.columns()[0] else { panic!("numbers") };
        for (into, &row) in into.chunks_exact_mut(2).zip(batch.rows()) {
            let below = f32::from(u8::from(values[row as usize] < self.border));
            into.copy_from_slice(&[below, 1.0 - below]);
        }
        Ok(())
    }
}

/// Rows 0 to 9; the first five are of class 0.
fn contender(name: &str, border: f32, agrees_with: Option<usize>) -> Contender {
    let column = Column::Numeric { name: "x".into(), values: (0..10).map(|x| x as f32).collect() };
    Contender {
        name: name.into(),
        file: name.into(),
        runtime: "ours".into(),
        predictor: Arc::new(Border { border, calls: AtomicU32::new(0) }),
        own_threads: agrees_with.is_some(),
        network: None,
        file_bytes: Some(border as u64),
        agrees_with,
        features: Arc::new(Features::Table(Table::new(vec![column]).unwrap())),
        rows: Arc::new((0..10).collect()),
        truth: Arc::new(Truth::Classes { labels: (0..10).map(|x| u32::from(x >= 5)).collect(), classes: 2 }),
        deviation: 1.0,
    }
}

struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: usize) {}
    fn advance(&self, _: f64, _: &str) {}
    fn end(&self, _: &str, _: Seconds, _: usize) {}
    fn note(&self, _: &str) {}
}

fn spec() -> BenchSpec {
    BenchSpec { batches: vec![1, 4], cases: 25, budget: Duration::from_millis(30) }
}

#[test]
fn models_are_measured_in_turns_and_set_against_the_first() {
    let contenders = [contender("a", 4.0, None), contender("b", 5.0, None), contender("c", 5.0, Some(1))];
    let models = bench(&contenders, &spec(), &Meter::detect(), &Silent).unwrap();
    assert_eq!(models.iter().map(|model| model.right).collect::<Vec<_>>(), [Some(9), Some(10), Some(10)]);
    for model in &models {
        let how = model.latency[1].us.how();
        assert!(how.contains("7 turns") && how.contains("4 rows a call"), "{how}");
        assert!(model.seconds.how().contains("25 rows at once"), "{}", model.seconds.how());
    }
    assert!(models[0].against_first.is_none());
    let against = models[1].against_first.as_ref().unwrap();
    // One of ten rows more right; bytes 4 against 5.
    assert!((against.points_lost.value().unwrap() + 10.0).abs() < 1e-9);
    assert_eq!((against.file_bytes, against.latency.len()), (Some(0.8), 2));
    assert!(against.latency[0].low() <= against.latency[0].value());
    assert_eq!(models[2].largest_difference, Some(0.0));
}

#[test]
fn a_runtime_that_answers_otherwise_is_no_timing() {
    let contenders = [contender("a", 5.0, None), contender("a", 4.0, Some(0))];
    let refused = bench(&contenders, &spec(), &Meter::detect(), &Silent);
    assert!(matches!(refused, Err(CompressError::Disagrees { difference: 1.0, .. })), "{refused:?}");
    assert_eq!(largest_difference(&[0.5], &[f32::NAN]), f32::INFINITY);
}

#[test]
fn intervals_by_hand() {
    // Wilson, 8 of 10: 0.490 to 0.943 (Brown, Cai & DasGupta 2001, by their formula).
    let judged = Judged::Right((0..10).map(|row| row < 8).collect());
    let figure = accuracy(&judged).unwrap();
    assert!((figure.low().unwrap() - 0.490).abs() < 1e-3 && (figure.high().unwrap() - 0.943).abs() < 1e-3);
    let all = accuracy(&Judged::Right(vec![true; 10])).unwrap();
    assert_eq!((all.value(), all.high()), (Some(1.0), Some(1.0)));
    assert!((all.low().unwrap() - 0.722).abs() < 1e-3, "{all:?}");
    // Squares 1 and 9: mean 5, deviation sqrt 32, standard error 4, of the root 4 / (2 sqrt 5).
    let missed = Judged::Missed { squares: vec![1.0, 9.0], deviation: 1.0 };
    let figure = rmse(&missed).unwrap();
    let half = figure.high().unwrap() - figure.value().unwrap();
    assert!((half - 1.96 * 4.0 / (2.0 * 5f64.sqrt())).abs() < 1e-9);
}

#[test]
fn labels_are_numbered_as_the_models_classes() {
    let column = Column::Numeric { name: "x".into(), values: vec![0.0; 3] };
    let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let dataset = Dataset {
        name: "pets".into(),
        features: Features::Table(Table::new(vec![column]).unwrap()),
        target: Target::Classes { names: names(&["cat", "dog"]), labels: vec![0, 1, 1] },
        given_test: None,
        sha256: [0; 32],
    };
    let known = Answer::Classes(names(&["ant", "dog", "cat"]));
    let truth = truth_of("m", &known, &dataset, &[0, 2]).unwrap();
    assert_eq!(truth, Truth::Classes { labels: vec![2, 1], classes: 3 });
    for (answer, expected) in [
        (Answer::Classes(names(&["cat"])), "a class `dog`, which the model does not know"),
        (Answer::Value("weight".into()), "the model gives a number, `weight`, and the data has 2 classes"),
    ] {
        let refused = truth_of("m", &answer, &dataset, &[0]).unwrap_err().to_string();
        assert!(refused.starts_with("the model `m` does not fit the data `pets`: "), "{refused}");
        assert!(refused.contains(expected), "{refused}");
    }
}
