use lessen_records::study::Holds;
use proptest::prelude::*;

use super::*;

fn exact<Q: lessen_units::Quantity>(value: Q) -> Figure<Q> {
    Figure::exact(value, Kind::Declared, "a test")
}

fn job() -> Job {
    Job {
        time: exact(Hours(10.0)),
        cores: Draw { count: 4.0, watts_each: exact(Watts(10.0)), usage: 0.5 },
        gpus: Draw { count: 2.0, watts_each: exact(Watts(300.0)), usage: 0.8 },
        memory_gb: 40.0,
        pue: exact(1.5),
        repeats: 3.0,
    }
}

#[test]
fn the_worked_vectors_come_out() {
    let rows = study().rows;
    assert_eq!(rows.len(), 6);
    for row in &rows {
        assert_eq!(row.holds, Holds::Yes, "{row:?}");
    }
    let notes: Vec<_> = rows.iter().filter_map(|row| row.note.as_deref()).collect();
    assert_eq!(notes[0], "12 h × (12 cores × 12 W + 64 GB of memory) × PUE 1.67");
    assert_eq!(notes[5], "79.2 h × (64 GPUs × 188.1486 W) × PUE 1.58 × 432.72712098 g/kWh");
}

#[test]
fn every_factor_is_in_the_energy() {
    // (4 * 10 W * 0.5 + 2 * 300 W * 0.8 + 40 * 0.3725 W) * 10 h * 1.5 * 3 / 1000 = 514.9 W * 45 h / 1000
    let found = green_algorithms_energy(&job(), Tables::built_in()).value().unwrap();
    assert!((found.0 - 23.1705).abs() < 1e-9, "{found:?}");
}

#[test]
fn devices_that_are_not_known_draw_what_the_table_says() {
    let tables = Tables::built_in();
    let unknown = Job {
        cores: Draw::any_cores(2.0, tables),
        gpus: Draw::any_gpus(1.0, tables),
        memory_gb: 0.0,
        pue: exact(1.0),
        repeats: 1.0,
        ..job()
    };
    assert_eq!(green_algorithms_energy(&unknown, tables).value(), Some(KilowattHours(2.24)));
    let nothing = Job { cores: Draw::none(), gpus: Draw::none(), ..unknown };
    assert_eq!(green_algorithms_energy(&nothing, tables).value(), Some(KilowattHours(0.0)));
}

#[test]
fn what_cannot_be_is_unavailable() {
    let with_cores = |count, usage| Job { cores: Draw { count, usage, ..job().cores }, ..job() };
    for (job, why) in [
        (with_cores(-1.0, 1.0), "the number of cores is -1, expected 0 or more"),
        (with_cores(f64::NAN, 1.0), "the number of cores is NaN, expected 0 or more"),
        (with_cores(1.0, 1.1), "the usage of cores is 1.1, expected 0 to 1"),
        (
            Job { gpus: Draw { usage: -0.1, ..job().gpus }, ..job() },
            "the usage of GPUs is -0.1, expected 0 to 1",
        ),
        (Job { memory_gb: -1.0, ..job() }, "memory, in GB, is -1, expected 0 or more"),
        (Job { repeats: f64::INFINITY, ..job() }, "the number of runs is inf, expected 0 or more"),
        (Job { pue: exact(0.9), ..job() }, "PUE is 0.9, expected 1 or more"),
        (Job { time: exact(Hours(-1.0)), ..job() }, "the time, in hours, is -1, expected 0 or more"),
        (Job { time: Figure::unavailable("no clock"), ..job() }, "no clock"),
    ] {
        let found = green_algorithms_energy(&job, Tables::built_in());
        assert_eq!((found.value(), found.how()), (None, why));
    }
}

/// A figure between bounds, and a number within them.
fn doubtful(least: f64, most: f64) -> impl Strategy<Value = ([f64; 3], f64)> {
    (prop::array::uniform3(least..most), 0.0..=1.0_f64).prop_map(|(mut bounds, place)| {
        bounds.sort_by(f64::total_cmp);
        let [low, _, high] = bounds;
        (bounds, low + (high - low) * place)
    })
}

fn figure<Q: lessen_units::Quantity>([low, value, high]: [f64; 3]) -> Figure<Q> {
    let [low, value, high] = [low, value, high].map(Q::from_raw);
    Figure::band(value, low, high, Kind::Estimated, "a test")
}

proptest! {
    /// Whatever the doubtful inputs truly are within their bands, the energy lies within its own.
    #[test]
    fn the_band_holds_every_energy(
        (hours, true_hours) in doubtful(0.0, 1e4),
        (watts, true_watts) in doubtful(0.0, 1e3),
        (pue, true_pue) in doubtful(1.0, 3.0),
    ) {
        let with = |time, watts_each, pue| {
            let gpus = Draw { watts_each, ..job().gpus };
            green_algorithms_energy(&Job { time, gpus, pue, ..job() }, Tables::built_in())
        };
        let found = with(figure(hours), figure(watts), figure(pue));
        let truth = with(exact(Hours(true_hours)), exact(Watts(true_watts)), exact(true_pue)).value().unwrap();
        let (low, high) = (found.low().unwrap(), found.high().unwrap());
        prop_assert!(low.0 * (1.0 - 1e-9) <= truth.0 && truth.0 <= high.0 * (1.0 + 1e-9), "{truth:?} in {found:?}");
    }
}
