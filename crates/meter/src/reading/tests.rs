use super::*;
use std::time::Duration;

use lessen_units::Watts;

use crate::sources::Device;
use crate::track::Stretch;

fn reading(joules: Figure<Joules>) -> Reading {
    Reading {
        device: "cpu".to_owned(),
        part: Part::Processor,
        source: "powercap".to_owned(),
        rung: Rung::Counter,
        machine: joules.map(|energy| energy * 2.0),
        joules,
        why: None,
    }
}

fn account(readings: Vec<Figure<Joules>>, apart: Vec<Figure<Joules>>) -> Account {
    Account {
        seconds: Seconds(1.0),
        readings: readings.into_iter().map(reading).collect(),
        apart: apart.into_iter().map(reading).collect(),
    }
}

fn measured(joules: f64) -> Figure<Joules> {
    Figure::exact(Joules(joules), Kind::Measured, "powercap")
}

fn modelled(joules: f64) -> Figure<Joules> {
    Figure::band(Joules(joules), Joules(joules / 2.0), Joules(joules * 2.0), Kind::Estimated, "a model")
}

#[test]
fn a_total_is_of_what_is_known_and_says_whether_that_is_all() {
    let total = account(vec![measured(30.0), modelled(10.0)], vec![modelled(100.0)]).total();
    assert_eq!(total.joules.value(), Some(Joules(40.0)), "what is apart is not in it");
    assert_eq!((total.joules.low(), total.joules.high()), (Some(Joules(35.0)), Some(Joules(50.0))));
    assert_eq!((total.joules.kind(), total.complete), (Some(Kind::Estimated), true));
    assert_eq!(total.measured_share, Some(0.75));

    let with_gap = account(vec![measured(30.0), Figure::unavailable("no sensor")], Vec::new());
    let total = with_gap.total();
    assert_eq!((total.joules.value(), total.complete), (Some(Joules(30.0)), false));
    assert_eq!(with_gap.machine().joules.value(), Some(Joules(60.0)));

    for nothing in
        [account(Vec::new(), Vec::new()), account(vec![Figure::unavailable("no sensor")], Vec::new())]
    {
        let total = nothing.total();
        assert_eq!((total.joules.value(), total.complete, total.measured_share), (None, false, None));
    }
}

fn since(rung: Rung, stretch: Stretch) -> Since {
    let device = Device {
        name: "cpu package-0".to_owned(),
        part: Part::Processor,
        rung,
        refresh: Duration::from_millis(100),
        why: None,
    };
    Since { source: "powercap".to_owned(), device, stretch, why: "gone".to_owned() }
}

fn stretch(joules: f64, read: f64, missed: f64, peak: f64) -> Stretch {
    let breaks = u64::from(missed > 0.0);
    Stretch {
        joules: Joules(joules),
        read: Seconds(read),
        missed: Seconds(missed),
        breaks,
        peak: Watts(peak),
    }
}

fn numbers(figure: &Figure<Joules>) -> (f64, f64, f64) {
    let round = |joules: Option<Joules>| (joules.unwrap().0 * 1e6).round() / 1e6;
    (round(figure.low()), round(figure.value()), round(figure.high()))
}

#[test]
fn a_window_that_was_read_is_measured_to_the_age_of_its_values() {
    // 100 W; a value may be 0.1 s old at either end.
    let figure = since(Rung::Counter, stretch(1000.0, 10.0, 0.0, 120.0)).figure().unwrap();
    assert_eq!(numbers(&figure), (990.0, 1000.0, 1010.0));
    assert_eq!((figure.kind(), figure.how()), (Some(Kind::Measured), "powercap"));
    let figure = since(Rung::IntegratedPower, stretch(1000.0, 10.0, 0.0, 120.0)).figure().unwrap();
    assert_eq!(numbers(&figure), (1000.0, 1000.0, 1000.0));
    let figure = since(Rung::Declared, stretch(0.0, 10.0, 0.0, 0.0)).figure().unwrap();
    assert_eq!((numbers(&figure), figure.kind()), ((0.0, 0.0, 0.0), Some(Kind::Declared)));
}

#[test]
fn a_window_with_a_gap_is_an_estimate() {
    // 800 J in 8 s, and 2 s at 0 to 150 W.
    let figure = since(Rung::IntegratedPower, stretch(800.0, 8.0, 2.0, 150.0)).figure().unwrap();
    assert_eq!(numbers(&figure), (800.0, 1000.0, 1100.0));
    assert_eq!(figure.kind(), Some(Kind::Estimated));
    assert_eq!(figure.how(), "powercap, 2.0 s of 10.0 s filled in: gone");
}

#[test]
fn what_says_too_little_is_not_a_figure() {
    for (rung, stretch, expected) in [
        (Rung::Counter, stretch(10.0, 4.0, 6.0, 0.0), "gone"),
        (Rung::Counter, stretch(0.0, 0.0, 6.0, 0.0), "gone"),
        (Rung::Counter, stretch(0.0, 0.0, 0.0, 0.0), "powercap `cpu package-0`: no time passed"),
        (
            Rung::Counter,
            stretch(3.0, 0.15, 0.0, 0.0),
            "powercap `cpu package-0`: 0.150 s are too short: it shows a new value every 0.1 s",
        ),
        (
            Rung::Counter,
            stretch(0.0, 10.0, 0.0, 0.0),
            "powercap `cpu package-0`: it did not move in 10.000 s",
        ),
        (
            Rung::IntegratedPower,
            stretch(0.0, 10.0, 0.0, 0.0),
            "powercap `cpu package-0`: it did not move in 10.000 s",
        ),
    ] {
        assert_eq!(since(rung, stretch).figure().unwrap_err(), expected);
    }
}
