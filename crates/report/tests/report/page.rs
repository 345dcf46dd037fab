//! The page of a run.

use lessen_records::study::{Axis, Series};
use lessen_records::*;
use lessen_report::page;
use lessen_units::{Figure, Kind, Quantity, Seconds};
use proptest::prelude::*;

use crate::markup::{check, text};
use crate::samples::*;

fn series(name: &str, points: &[(f64, f64)]) -> Series {
    let axis = |name: &str, unit: &str, values: Vec<f64>| Axis {
        name: name.to_owned(),
        unit: unit.to_owned(),
        values,
        extra: Default::default(),
    };
    let (across, up): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    Series {
        name: name.to_owned(),
        seed: None,
        x: axis("density", "", across),
        y: axis("test accuracy", "%", up),
        extra: Default::default(),
    }
}

pub(crate) fn stage(name: &str, joules: f64) -> StageRecord {
    StageRecord {
        name: name.to_owned(),
        seconds: Seconds(2.0),
        cpu_seconds: Seconds(1.5),
        joules: modelled(joules),
        kg_co2e: none(),
        extra: Default::default(),
    }
}

/// A result with something for each section.
fn full() -> ResultRecord {
    let mut result = result();
    let control = ModelRecord {
        parameters: Some(4_810),
        macs: Some(4_736),
        method: "hard labels".to_owned(),
        ..model("hard labels 64", Role::HardLabels, 20)
    };
    result.models.push(control);
    let student = &mut result.models[1];
    student.method = "mimic".to_owned();
    student.control = Some("hard labels 64".to_owned());
    student.density = Some(1.0);
    student.file = Some("student-64.onnx".to_owned());
    result.series =
        vec![series("pruned", &[(1.0, 97.5), (0.1, 96.0)]), series("pruned, validation", &[(1.0, 99.0)])];
    result.stages =
        vec![stage("library: net", 10.0), stage("library: trees", 20.0), stage("student 64", 40.5)];
    result.spec = serde_json::json!({ "max_drop_points": 1.0 });
    result.cut = vec!["Trained for 10 steps instead of 20.".to_owned()];
    result.machine = Machine {
        cpu: None,
        cores: Some(2),
        threads: None,
        memory_bytes: None,
        os: None,
        isa: "avx2".to_owned(),
        lessen_version: "0.1.0".to_owned(),
        extra: Default::default(),
    };
    result
}

#[test]
fn everything_on_the_page_in_words() {
    let page = page(&full());
    check(&page).unwrap();
    insta::assert_snapshot!(text(&page));
}

#[test]
fn each_picture_is_there_in_two_sizes_and_says_what_it_shows() {
    let page = page(&full());
    for title in [
        "Test accuracy against multiply-accumulates",
        "Students of each size with and without the teacher",
        "Quality against density",
        "Energy by kind of stage",
        "Energy of the teacher and of the chosen model against predictions",
    ] {
        assert_eq!(page.matches(&format!("<title>{title}</title>")).count(), 2, "{title}");
    }
    assert_eq!(page.matches("<desc>").count(), 10);
    // Once in the legend and twice in the picture.
    assert_eq!(page.matches("allowed drop: 1.0 points").count(), 2);
    assert!(page.contains("<title>pruned at density 0.1: 96%</title>"));
    assert!(!page.contains("99%"), "qualities on validation rows are for choosing");
}

#[test]
fn what_a_record_lacks_is_not_drawn_and_said() {
    let mut record = full();
    record.models.retain(|model| model.role == Role::Student);
    record.models[0].control = None;
    record.models[0].macs_nonzero = None;
    record.models[0].macs = None;
    record.series = vec![series("pruned", &[]), series("another", &[(1.0, 1.0)])];
    record.stages.clear();
    let page = page(&record);
    check(&page).unwrap();
    assert!(!page.contains("<desc>"), "nothing can be drawn");
    assert!(!page.contains("Energy by stage"));
    for said in [
        "there is no teacher to compare it with",
        "No picture: of no model both its quality",
        "No picture: of no student there is a network of the same size",
        "No picture: the run&#39;s curves of density have no points",
        "There is no teacher against which energy could be saved.",
    ] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn an_energy_that_is_not_known_is_no_bar_and_no_0() {
    let mut record = full();
    record.stages.push(StageRecord { joules: Figure::unavailable("no <sensor>"), ..stage("measure", 0.0) });
    let page = page(&record);
    check(&page).unwrap();
    let bars = |kind: &str| page.matches(&format!("<title>{kind}")).count();
    assert_eq!((bars("library (2): ~30.0 J"), bars("measure")), (2, 0));
    assert!(page.contains("What all stages took is not known (no &lt;sensor&gt;)"));
}

#[test]
fn a_page_of_many_models_and_stages_is_small() {
    let mut record = full();
    for index in 0..30 {
        let chosen = record.models[1].clone();
        record.models.push(ModelRecord {
            name: format!("student {index}"),
            parameters: Some(100 + index),
            ..chosen
        });
    }
    record.stages.extend((0..100).map(|index| stage(&format!("kind{index}"), 1.0)));
    let page = page(&record);
    check(&page).unwrap();
    assert!(page.len() < 500_000, "{}", page.len());
}

pub(crate) fn hostile_name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("</title><script>alert('1')</script>".to_owned()),
        Just("\"><img src=x onerror=alert(1)>&".to_owned()),
        Just("]]>--><!-- `a` `".to_owned()),
        Just("\u{202e}مرحبا\u{0}\u{1b}[31m\n".to_owned()),
        Just("w".repeat(200)),
        Just(String::new()),
        ".{0,30}",
    ]
}

pub(crate) fn extreme() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        Just(1.0),
        Just(1e308),
        Just(-1e308),
        Just(5e-324),
        Just(1e100),
        -10.0..10.0,
        1e-9..1e9,
    ]
}

pub(crate) fn figures<Q: Quantity + std::fmt::Debug>() -> impl Strategy<Value = Figure<Q>> {
    let known = (extreme(), extreme(), extreme(), hostile_name()).prop_map(|(a, b, c, how)| {
        let mut bounds = [a.abs(), b.abs(), c.abs()];
        bounds.sort_by(f64::total_cmp);
        let [low, value, high] = bounds.map(Q::from_raw);
        Figure::band(value, low, high, Kind::Estimated, how)
    });
    prop_oneof![known, hostile_name().prop_map(Figure::unavailable)]
}

prop_compose! {
    fn models(classes: bool)(
        name in hostile_name(),
        role in prop_oneof![
            Just(Role::Teacher), Just(Role::Student), Just(Role::HardLabels), hostile_name().prop_map(Role::from)
        ],
        method in prop_oneof![Just("mimic".to_owned()), hostile_name()],
        counts in prop::array::uniform5(prop::option::of(any::<u64>())),
        share in prop::option::of(0.0..=1.0),
        error in prop::option::of(extreme()),
        energies in prop::array::uniform3(figures()),
        times in prop::array::uniform3(figures()),
        break_even_predictions in figures(),
        file in prop::option::of(hostile_name()),
    ) -> ModelRecord {
        let [parameters, macs, macs_nonzero, comparisons, file_bytes] = counts;
        let [joules_per_prediction, made_with_joules, to_repay_joules] = energies;
        let [batch_1, batch_256, row_on_all_threads] = times;
        ModelRecord {
            method,
            validation_accuracy: share.filter(|_| classes),
            test_accuracy: share.filter(|_| classes),
            test_errors: parameters.filter(|_| classes),
            validation_rmse: error.filter(|_| !classes),
            test_rmse: error.filter(|_| !classes),
            density: share,
            parameters, macs, macs_nonzero, comparisons, file_bytes,
            latency_us: latency(batch_1, batch_256, row_on_all_threads),
            joules_per_prediction, made_with_joules, to_repay_joules, break_even_predictions, file,
            ..model(&name, role, 0)
        }
    }
}

prop_compose! {
    fn stages()(
        name in hostile_name(), seconds in extreme(), joules in figures(), kg_co2e in figures()
    ) -> StageRecord {
        StageRecord { seconds: Seconds(seconds), joules, kg_co2e, ..stage(&name, 0.0) }
    }
}

prop_compose! {
    fn curves()(
        name in prop_oneof![Just("pruned"), Just("ticket"), Just("random reinit"), Just("ticket, validation")],
        points in prop::collection::vec((extreme(), extreme()), 0..5),
        unit in prop_oneof![Just("%".to_owned()), Just("kWh".to_owned())],
    ) -> Series {
        let mut series = series(name, &points);
        series.y.unit = unit;
        series
    }
}

prop_compose! {
    fn records(classes: bool)(
        name in hostile_name(),
        models in prop::collection::vec(models(classes), 0..6),
        chosen in any::<prop::sample::Index>(),
        within in any::<Option<bool>>(),
        stages in prop::collection::vec(stages(), 0..4),
        series in prop::collection::vec(curves(), 0..4),
        drop in extreme(),
        deviation in prop::option::of(extreme()),
        cut in prop::collection::vec(hostile_name(), 0..2),
    ) -> ResultRecord {
        let mut record = full();
        record.dataset.name = name.clone();
        if !classes {
            record.dataset.classes = None;
            record.dataset.target = Some(name.clone());
            record.dataset.target_deviation = deviation;
        }
        let names: Vec<String> = models.iter().map(|model| model.name.clone()).collect();
        record.models = models;
        for model in &mut record.models {
            model.control = names.last().cloned();
        }
        record.chosen = (!names.is_empty()).then(|| chosen.get(&names).clone());
        record.chosen_within_drop = within;
        record.spec = serde_json::json!({ "max_drop_points": drop, &name: [&name] });
        (record.stages, record.series, record.cut) = (stages, series, cut);
        record
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_record_makes_a_sound_page(record in any::<bool>().prop_flat_map(records)) {
        let page = page(&record);
        prop_assert_eq!(check(&page), Ok(()));
    }
}
