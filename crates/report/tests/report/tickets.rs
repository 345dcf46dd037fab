//! The page of a search for tickets.

mod any;

use lessen_records::result::NOTHING_SAVED;
use lessen_records::study::{Axis, Effort, Holds, Series, StudyRow, TicketCost};
use lessen_records::{ResultRecord, Role, Study};
use lessen_report::tickets_page;
use lessen_units::{Figure, Kind, Seconds};
use serde_json::json;

use crate::markup::{check, text};
use crate::page::stage;
use crate::samples::*;

const EARLY: &str = "test accuracy at early stop";
const LAST: &str = "test accuracy after the last step";
const STEP: &str = "step of early stop";

fn series(name: &str, seed: Option<u64>, y: (&str, &str), points: &[(f64, f64)]) -> Series {
    let (across, up) = points.iter().copied().unzip();
    Series {
        name: name.to_owned(),
        seed,
        x: Axis::new("x", "", across),
        y: Axis::new(y.0, y.1, up),
        extra: Default::default(),
    }
}

fn row(id: &str, what: &str, [ours, low, high]: [Option<f64>; 3], holds: Holds) -> StudyRow {
    StudyRow {
        id: id.to_owned(),
        what: what.to_owned(),
        paper: (id == "best-ticket").then_some(0.3),
        ours,
        low,
        high,
        seeds: 2,
        holds,
        note: None,
        extra: Default::default(),
    }
}

fn cost(level: u64, [finding, training]: [f64; 2], break_even_trainings: Figure<f64>) -> TicketCost {
    let effort = |joules: f64| Effort { cpu_seconds: Seconds(joules / 2.0), joules: modelled(joules) };
    TicketCost {
        level,
        density: 0.5f64.powi(level as i32),
        finding: effort(finding),
        training: effort(training),
        dense: effort(10.0),
        break_even_trainings,
        extra: Default::default(),
    }
}

/// Two rounds that leave half and a quarter, in two replicates; validation decided for the second.
fn study() -> Study {
    let of = |name, seed, y, points: &[(f64, f64)]| series(name, Some(seed), y, points);
    let mut series = vec![
        of("ticket", 1, (EARLY, "%"), &[(1.0, 96.0), (0.5, 97.0), (0.25, 95.0)]),
        of("ticket", 2, (EARLY, "%"), &[(1.0, 97.0), (0.5, 98.0), (0.25, 96.5)]),
        of("ticket", 1, (STEP, ""), &[(1.0, 9000.0), (0.5, 6000.0), (0.25, 9500.0)]),
        of("ticket", 1, (LAST, "%"), &[(1.0, 96.0), (0.5, 97.0), (0.25, 95.0)]),
        of("random reinit", 1, (EARLY, "%"), &[(0.5, 96.0)]),
        of("random mask", 1, (EARLY, "%"), &[(0.5, 95.0)]),
        of("random mask", 2, (EARLY, "%"), &[(0.5, 95.5)]),
        of("one-shot", 1, (EARLY, "%"), &[(0.2, 90.0), (0.1, 85.0)]),
        of("between copies, level 1", 1, ("test error", "%"), &[(0.0, 3.0), (0.5, 4.0), (1.0, 3.0)]),
    ];
    series.extend((0..3).map(|level| {
        let points = [(100.0, 90.0), (200.0, 95.0 + level as f64)];
        self::series(&format!("learning, level {level}"), None, ("validation accuracy", "%"), &points)
    }));
    Study {
        schema: Default::default(),
        name: "frankle2019".to_owned(),
        spec: json!({
            "start": { "drawn": { "architecture": "mlp:4-2", "start": { "activation": "relu", "initial": "glorot" } } },
            "recipe": { "optimiser": { "adam": { "rate": 0.0012000000569969416 } }, "batch": 60 },
            "steps": 10_000, "validate_every": 100, "test_every": 500, "replicates": 2,
            "pruning": { "rounds": 2, "rate": 0.5, "output_rate": 0.25, "scope": "layer", "strategy": "reset",
                "rewind": 0, "rewound": "weights" },
            "controls": { "levels": [1], "reinit": 1, "random": 1, "shuffled": 0, "copies": true,
                "one_shot": [0.8, 0.9] },
        }),
        rows: vec![
            row("best-ticket", "25.00 %: ticket above dense", [-0.75, -4.0, 2.5].map(Some), Holds::NotShown),
            row("random-reinit-50.00", "50.00 %: ticket above reinit", [1.5, 0.5, 2.5].map(Some), Holds::Yes),
        ],
        series,
        results: Vec::new(),
        tickets: vec![
            cost(1, [10.0, 12.0], Figure::unavailable(NOTHING_SAVED)),
            cost(2, [22.0, 8.0], Figure::exact(11.0, Kind::Estimated, MODEL)),
        ],
        extra: [("best_level".to_owned(), json!(2))].into_iter().collect(),
    }
}

fn result() -> ResultRecord {
    let mut result = crate::samples::result();
    result.models = vec![model("dense", Role::Trained, 10), model("ticket", Role::Student, 12)];
    result.chosen = Some("ticket".to_owned());
    result.chosen_within_drop = None;
    result.stages = vec![stage("replicate 1, dense", 10.0), stage("replicate 1, level 1", 12.0)];
    result.machine.cpu = None;
    result
}

/// The page, which has to be sound.
fn page(study: &Study, result: &ResultRecord) -> String {
    let page = tickets_page(study, result);
    check(&page).unwrap();
    page
}

#[test]
fn the_page_in_words_up_to_its_models() {
    let words = text(&page(&study(), &result()));
    insta::assert_snapshot!(words.split_once("\nModels\n").unwrap().0);
}

#[test]
fn each_picture_is_there_in_two_sizes_and_says_what_it_shows() {
    let page = page(&study(), &result());
    for title in [
        "Test accuracy at early stop against weights left",
        "Step of early stop against weights left",
        "Test accuracy after the last step against weights left",
        "Validation accuracy while training",
        "Between two copies",
        "Energy of finding and training against weights left",
    ] {
        assert_eq!(page.matches(&format!("<title>{title}</title>")).count(), 2, "{title}");
    }
    assert_eq!(page.matches("<desc>").count(), 12);
    for mark in [
        "ticket, 25.00% left: 95.75% (95% to 96.5%)",
        "random reinit, 50.00% left: 96%",
        "one-shot, 10.00% left: 85%",
        "25.00% left, the decided ticket, step 200: 97%",
        "50.00% left, share 0.5: 4%",
        "finding the ticket, 25.00% left: 22.0 J",
    ] {
        assert_eq!(page.matches(&format!("<title>{mark}</title>")).count(), 2, "{mark}");
    }
    let areas = page.matches("class=\"band ").count();
    assert_eq!(areas, 2, "of tickets at early stop, which alone have replicates");
}

#[test]
fn settings_are_told_in_words() {
    let words = text(&page(&study(), &result()));
    for said in [
        "network | mlp:4-2",
        "weights | drawn after glorot, for relu",
        "training | adam at 0.0012, minibatches of 60",
        "steps | 10,000, validation rows looked at every 100, test rows looked at every 500",
        "pruning | 2 rounds, each takes the smallest 50% of each layer, 25% of the output layer",
        "between rounds | survivors are given back their first values",
        "controls | after rounds 1: 1 of random reinit, 1 of random mask, a copy in another order",
        "one-shot | 80%, 90% of hidden layers taken in one round",
        "rows | 1077 for training, 360 for validation, 360 for the test",
    ] {
        assert!(words.contains(said), "{said} in {words}");
    }
}

#[test]
fn what_the_records_lack_is_left_out_and_not_made_up() {
    let empty = Study {
        spec: json!(null),
        rows: Vec::new(),
        series: vec![series("ticket", Some(1), (EARLY, "%"), &[])],
        tickets: Vec::new(),
        extra: Default::default(),
        ..study()
    };
    let mut result = result();
    (result.models, result.chosen) = (Vec::new(), None);
    let page = page(&empty, &result);
    assert!(!page.contains("<desc>"), "nothing can be drawn");
    let words = text(&page);
    for section in
        ["Claims", "What finding a ticket takes", "Models", "Between two copies", "nan", "controls | "]
    {
        assert!(!words.contains(section), "{section}");
    }
    for said in [
        "A network, pruned in an unknown number of rounds, in an unknown number of replicates.",
        "Which ticket validation decided for is not known.",
        "How it was done",
    ] {
        assert!(words.contains(said), "{said}");
    }
}

#[test]
fn verdicts_follow_what_was_found_to_hold() {
    let said = |ours: Option<f64>, interval: Option<(f64, f64)>, holds| {
        let mut study = study();
        let (low, high) = interval.unzip();
        study.rows = vec![row("best-ticket", "ticket above dense", [ours, low, high], holds)];
        text(&page(&study, &result())).lines().nth(4).unwrap().to_owned()
    };
    for (ours, interval, holds, expected) in [
        (
            Some(0.3),
            Some((0.1, 0.5)),
            Holds::Yes,
            "the ticket is better than the dense network: +0.3 points (+0.1 to +0.5 at 95%, 2 replicates).",
        ),
        (
            Some(-0.3),
            Some((-0.5, -0.1)),
            Holds::No,
            "the ticket is not better than the dense network: -0.3 points (-0.5 to -0.1 at 95%, 2 replicates).",
        ),
        (
            Some(0.3),
            None,
            Holds::NotShown,
            "the ticket differs from the dense network by +0.3 points; without an interval that shows nothing.",
        ),
        (None, None, Holds::NotShown, "the ticket could not be held against the dense network."),
    ] {
        let said = said(ours, interval, holds);
        assert!(said.contains(expected), "{expected} in {said}");
        assert!(said.ends_with("so what the first weights add is not known."), "{said}");
    }
}

#[test]
fn costs_are_repaid_or_never_or_not_known() {
    let said = |change: &dyn Fn(&mut TicketCost)| {
        let mut study = study();
        change(&mut study.tickets[1]);
        text(&page(&study, &result()))
    };
    let never = said(&|cost| cost.break_even_trainings = Figure::unavailable(NOTHING_SAVED));
    assert!(never.contains("that is never repaid, as training the ticket takes no less"), "{never}");
    let unsure = said(&|cost| cost.break_even_trainings = Figure::unavailable("all in <doubt>"));
    assert!(unsure.contains("whether that is ever repaid is not known (all in &lt;doubt&gt;)"), "{unsure}");
    assert!(unsure.contains("\n– all in &lt;doubt&gt;\n"), "{unsure}");
    let unknown = said(&|cost| cost.finding.joules = Figure::unavailable("no sensor"));
    assert!(unknown.contains("What finding it took is not known (no sensor)."), "{unknown}");
}

#[test]
fn the_dense_network_may_be_what_is_decided_for_and_have_a_row_of_its_own() {
    let mut study = study();
    study.extra.insert("best_level".to_owned(), json!(0));
    let mut dense = cost(0, [0.0, 10.0], Figure::unavailable("the dense network is not searched for"));
    dense.finding = Effort { cpu_seconds: Seconds(0.0), joules: Figure::unavailable("not searched for") };
    study.tickets.insert(0, dense);
    let page = page(&study, &result());
    let words = text(&page);
    assert!(words.contains("On the validation rows no ticket was better than the dense network."), "{words}");
    assert!(!words.contains("Finding it took"), "{words}");
    assert!(words.contains("100.00%  | ★ decided | 0 | – | – | 5.00 s | ~10.0 J"), "{words}");
    assert_eq!(page.matches("<title>finding the ticket").count(), 4, "of the two tickets");
}

#[test]
fn of_values_less_error_is_better() {
    let mut study = study();
    for series in &mut study.series {
        series.y.name = series.y.name.replace("accuracy", "RMSE");
        series.y.unit.clear();
    }
    let mut result = result();
    (result.dataset.classes, result.dataset.target) = (None, Some("heat".to_owned()));
    let page = page(&study, &result);
    assert_eq!(page.matches(">Test RMSE at early stop, less is better<").count(), 2);
    let words = text(&page);
    // 97.5 and 95.75 against 96.5.
    assert!(words.contains("are no worse than the dense network at 1 of 2 levels"), "{words}");
    assert!(words.contains("-0.75 of RMSE"), "{words}");
}

#[test]
fn one_replicate_has_neither_areas_nor_means() {
    let mut study = study();
    study.series.retain(|series| series.seed != Some(2));
    study.spec["replicates"] = json!(1);
    let words = text(&page(&study, &result()));
    assert!(words.contains("in 1 replicate."), "{words}");
    assert!(words.contains("On the validation rows of one replicate."), "{words}");
    assert!(!words.contains("shaded areas"), "{words}");
}
