use lessen_records::study::Holds;
use proptest::prelude::*;

use super::*;
use crate::tables::Table;

fn grams(value: f64) -> Figure<GramsCo2e> {
    Figure::exact(GramsCo2e(value), Kind::Declared, "a test")
}

fn band<Q: lessen_units::Quantity>([low, value, high]: [f64; 3]) -> Figure<Q> {
    let [low, value, high] = [low, value, high].map(Q::from_raw);
    Figure::band(value, low, high, Kind::Estimated, "a test")
}

#[test]
fn the_worked_vectors_come_out() {
    let rows = study().rows;
    assert_eq!(rows.len(), 3);
    for row in &rows {
        assert_eq!(row.holds, Holds::Yes, "{row:?}");
    }
}

#[test]
fn bands_are_those_of_the_parts() {
    // (2 kWh * 400 g + 100 g) / 10; (1 * 300 + 50) / 10; (3 * 500 + 200) / 10
    let intensity =
        Intensity { g_per_kwh: band([300.0, 400.0, 500.0]), ..Intensity::said(GramsPerKilowattHour(400.0)) };
    let found =
        software_carbon_intensity(&band([1.0, 2.0, 3.0]), &intensity, &band([50.0, 100.0, 200.0]), 10.0);
    assert_eq!(
        [found.low(), found.value(), found.high()],
        [Some(GramsCo2e(35.0)), Some(GramsCo2e(90.0)), Some(GramsCo2e(170.0))]
    );
    // A quarter of the life, half of the cores: an eighth.
    let found = embodied_share(&band([400.0, 800.0, 1600.0]), Hours(25.0), Hours(100.0), 8.0, 16.0);
    assert_eq!(
        [found.low(), found.value(), found.high()],
        [Some(GramsCo2e(50.0)), Some(GramsCo2e(100.0)), Some(GramsCo2e(200.0))]
    );
}

#[test]
fn what_cannot_be_is_unavailable() {
    let energy = Figure::exact(KilowattHours(1.0), Kind::Measured, "a meter");
    let intensity = Intensity::said(GramsPerKilowattHour(400.0));
    for units in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let found = software_carbon_intensity(&energy, &intensity, &grams(1.0), units);
        assert_eq!(found.how(), format!("functional units are {units}, expected more than 0"));
        assert_eq!(found.value(), None);
    }
    let none = Figure::unavailable("no sensor");
    assert_eq!(software_carbon_intensity(&none, &intensity, &grams(1.0), 1.0).how(), "no sensor");
    let none = Figure::unavailable("nobody says");
    assert_eq!(software_carbon_intensity(&energy, &intensity, &none, 1.0).how(), "nobody says");
    assert_eq!(embodied_share(&none, Hours(1.0), Hours(2.0), 1.0, 1.0).how(), "nobody says");
    for (reserved, lifetime, resources_reserved, resources, why) in [
        (1.0, 10.0, 3.0, 2.0, "3 of 2 resources are reserved, expected 0 to all"),
        (1.0, 10.0, 0.0, 0.0, "0 of 0 resources are reserved, expected 0 to all"),
        (1.0, 10.0, f64::NAN, 1.0, "NaN of 1 resources are reserved, expected 0 to all"),
        (1.0, 10.0, -1.0, 1.0, "-1 of 1 resources are reserved, expected 0 to all"),
        (11.0, 10.0, 1.0, 1.0, "11 of 10 hours of life are reserved, expected 0 to all"),
        (1.0, f64::INFINITY, 1.0, 1.0, "1 of inf hours of life are reserved, expected 0 to all"),
        (1.0, f64::NAN, 1.0, 1.0, "1 of NaN hours of life are reserved, expected 0 to all"),
    ] {
        let found =
            embodied_share(&grams(1.0), Hours(reserved), Hours(lifetime), resources_reserved, resources);
        assert_eq!((found.value(), found.how()), (None, why));
    }
}

#[test]
fn a_case_without_its_whole_energy_is_refused() {
    let header = "key,what,embodied_kg_co2e,reserved_hours,lifetime_years,resources_reserved,resources,energy_kwh,\
        g_per_kwh,functional_units,worked_g_co2e,source,note\n";
    for (row, expected) in [
        ("a,b,1,1,4,1,1,1,400,,2,me,x", "column `functional_units`: expected `energy_kwh`, `g_per_kwh` and"),
        (
            "a,b,1,1,4,2,1,,,,2,me,x",
            "column `resources_reserved`: expected a number between 0 and 1, found 2",
        ),
        ("a,b,1,1,4,1,1,,,,two,me,x", "line 2: expected digits as they are printed"),
        ("a,b,1,1,4,1,1,,,,2,me,", "column `note`: expected a text, found nothing"),
    ] {
        let error =
            Table::<Worked>::read("sci.csv", format!("{header}{row}\n").as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// Bounds that hold a value, and another number within them.
fn doubtful(most: f64) -> impl Strategy<Value = ([f64; 3], f64)> {
    (prop::array::uniform3(0.0..most), 0.0..=1.0_f64).prop_map(|(mut bounds, place)| {
        bounds.sort_by(f64::total_cmp);
        let [low, _, high] = bounds;
        (bounds, low + (high - low) * place)
    })
}

proptest! {
    /// Whatever energy, intensity and making truly were within their bands, the result lies within its own.
    #[test]
    fn bands_hold_through_both_functions(
        (energy, true_energy) in doubtful(1e6),
        (intensity, true_intensity) in doubtful(2000.0),
        (making, true_making) in doubtful(1e9),
        life in 1.0..1e5_f64,
        time in 0.0..=1.0_f64,
        resources in 1.0..1e4_f64,
        part in 0.0..=1.0_f64,
        units in 1e-3..1e9_f64,
    ) {
        let of = |energy: [f64; 3], intensity: [f64; 3], making: [f64; 3]| {
            let share = embodied_share(&band(making), Hours(life * time), Hours(life), resources * part, resources);
            let said = Intensity::said(GramsPerKilowattHour(0.0));
            let intensity = Intensity { g_per_kwh: band(intensity), ..said };
            software_carbon_intensity(&band(energy), &intensity, &share, units)
        };
        let found = of(energy, intensity, making);
        let truth = of([true_energy; 3], [true_intensity; 3], [true_making; 3]).value().unwrap();
        let (low, value, high) = (found.low().unwrap(), found.value().unwrap(), found.high().unwrap());
        prop_assert!(low <= value && value <= high, "{found:?}");
        prop_assert!(low.0 * (1.0 - 1e-9) <= truth.0 && truth.0 <= high.0 * (1.0 + 1e-9), "{truth:?} in {found:?}");
    }
}
