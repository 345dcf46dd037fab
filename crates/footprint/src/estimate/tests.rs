use lessen_units::{FlopsPerSecond, UsdPerKilowattHour};
use proptest::prelude::*;

use super::*;
use crate::intensity::Intensity;
use crate::site::SiteSpec;

fn spec() -> EstimateSpec {
    EstimateSpec::default()
}

fn at(region: &str) -> SiteSpec {
    SiteSpec { region: Some(region.to_owned()), ..SiteSpec::default() }
}

fn bounds<Q: Quantity>(figure: &Figure<Q>) -> [f64; 3] {
    [figure.low(), figure.value(), figure.high()].map(|bound| bound.unwrap().raw())
}

fn bert() -> EstimateSpec {
    EstimateSpec {
        device: Some(DeviceName::Gpu("v100".to_owned())),
        count: 64,
        hours: Some(Hours(79.2)),
        watts: Some(Watts(12_041.51)),
        site: SiteSpec {
            pue: Some(1.58),
            intensity: Some(Intensity::parse("0.954lb/kWh").unwrap()),
            ..SiteSpec::default()
        },
        ..spec()
    }
}

#[test]
fn bert_of_strubell_to_the_printed_digit() {
    let found = estimate(&bert(), Tables::built_in()).unwrap();
    let kwh = bounds(&found.kwh_with_pue);
    assert_eq!(kwh.map(f64::round), [1507.0; 3]);
    let pounds = found.carbon.kg_co2e.map(lessen_units::GramsCo2e::from).map(lessen_units::PoundsCo2e::from);
    assert_eq!(bounds(&pounds).map(f64::round), [1438.0; 3]);
    assert_eq!(bounds(&found.device_hours), [5068.8; 3]);
    // The tables hold dearer prices of the V100 of later years as well; the least is the paper's.
    let flight = found.equivalents.iter().find(|row| row.key == "flight-ny-sf").unwrap();
    assert!((flight.amount.value().unwrap() - 1437.51 / 1984.0).abs() < 1e-4);
    assert!(found.notes.is_empty(), "everything was said: {:?}", found.notes);
}

#[test]
fn time_follows_from_work() {
    // 6 * 7e9 * 2e12 = 8.4e22 FLOP at 8 * 312e12 * 0.4 FLOP/s: 8.4e22 / 9.984e14 = 8.413e7 s = 23,371 h.
    let llama = EstimateSpec {
        device: Some(DeviceName::Gpu("a100-sxm4-80gb".to_owned())),
        count: 8,
        arithmetic: Some(Arithmetic::Tokens { parameters: 7e9, tokens: 2e12 }),
        utilization: Some(0.4),
        ..spec()
    };
    let found = estimate(&llama, Tables::built_in()).unwrap();
    assert!((found.hours.value().unwrap().0 - 23_370.73).abs() < 0.01, "{:?}", found.hours);
    assert!((found.device_hours.value().unwrap().0 - 186_965.81).abs() < 0.1);
    // Without a utilization: that of published runs, with its band.
    let unsaid = EstimateSpec { utilization: None, ..llama.clone() };
    let [low, value, high] = bounds(&estimate(&unsaid, Tables::built_in()).unwrap().hours);
    assert!(low < value && value < high);
    // Ten experiments cost ten times as much.
    let ten = estimate(&EstimateSpec { experiments: 10, ..llama }, Tables::built_in()).unwrap();
    assert!((ten.joules.value().unwrap().0 / found.joules.value().unwrap().0 - 10.0).abs() < 1e-9);
}

#[test]
fn cost_of_a_counted_model() {
    // Schwartz et al. 2019: E * D * H. 1000 FLOP * 3 * 100 examples * 5 epochs at 1e9 FLOP/s * 0.5: 3 ms; 4 experiments.
    let counted = EstimateSpec {
        arithmetic: Some(Arithmetic::Counted { flops_per_example: 1000, examples: 100, epochs: 5 }),
        peak: Some(FlopsPerSecond(1e9)),
        utilization: Some(0.5),
        watts: Some(Watts(100.0)),
        experiments: 4,
        ..spec()
    };
    let found = estimate(&counted, Tables::built_in()).unwrap();
    let work = found.work.unwrap();
    assert_eq!(work.flops.value(), Some(Flops(1.5e6)));
    assert_eq!((work.flops_per_example, work.examples), (Some(1000), Some(500)));
    assert!((found.joules.value().unwrap().0 - 100.0 * 3e-3 * 4.0).abs() < 1e-12);
    // Without a device or watts the arithmetic is known, and the energy is not a zero.
    let bare = EstimateSpec { watts: None, peak: None, utilization: None, ..counted };
    let found = estimate(&bare, Tables::built_in()).unwrap();
    assert_eq!(found.work.unwrap().flops.value(), Some(Flops(1.5e6)));
    assert_eq!(found.joules.value(), None);
    assert!(found.equivalents.is_empty());
}

#[test]
fn hours_and_work_together_tell_what_was_reached() {
    let both = EstimateSpec {
        arithmetic: Some(Arithmetic::Flops(Flops(3.12e14 * 3600.0))),
        device: Some(DeviceName::Gpu("a100-sxm4-80gb".to_owned())),
        hours: Some(Hours(2.0)),
        ..spec()
    };
    let found = estimate(&both, Tables::built_in()).unwrap();
    assert!((found.work.unwrap().utilization.unwrap().value().unwrap() - 0.5).abs() < 1e-12);
    let error = estimate(&EstimateSpec { hours: Some(Hours(0.5)), ..both }, Tables::built_in()).unwrap_err();
    assert_eq!(error, EstimateError::FasterThanPeak { times: 2.0 });
}

#[test]
fn nonsense_is_refused_with_the_setting() {
    let base = || EstimateSpec { hours: Some(Hours(1.0)), ..spec() };
    let gpu = |name: &str| Some(DeviceName::Gpu(name.to_owned()));
    for (spec, setting) in [
        (EstimateSpec { hours: Some(Hours(-1.0)), ..base() }, Some(Setting::Hours)),
        (EstimateSpec { hours: Some(Hours(f64::NAN)), ..base() }, Some(Setting::Hours)),
        (EstimateSpec { hours: Some(Hours(f64::INFINITY)), ..base() }, Some(Setting::Hours)),
        (
            EstimateSpec { site: SiteSpec { pue: Some(0.9), ..SiteSpec::default() }, ..base() },
            Some(Setting::Pue),
        ),
        (EstimateSpec { utilization: Some(1.5), ..base() }, Some(Setting::Utilization)),
        (EstimateSpec { count: 0, ..base() }, Some(Setting::Count)),
        (EstimateSpec { experiments: 0, ..base() }, Some(Setting::Experiments)),
        (EstimateSpec { watts: Some(Watts(0.0)), ..base() }, Some(Setting::Watts)),
        (EstimateSpec { device: gpu("v1000"), ..base() }, Some(Setting::Gpu)),
        (EstimateSpec { device: Some(DeviceName::Cpu("z80".to_owned())), ..base() }, Some(Setting::Cpu)),
        (EstimateSpec { site: at("Atlantis"), ..base() }, Some(Setting::Region)),
        (
            EstimateSpec {
                site: SiteSpec { usd_per_kwh: Some(UsdPerKilowattHour(-0.1)), ..SiteSpec::default() },
                ..base()
            },
            Some(Setting::ElectricityPrice),
        ),
        (
            EstimateSpec { device: gpu("v100"), count: 64, watts: Some(Watts(300.0)), ..base() },
            Some(Setting::Watts),
        ),
        (EstimateSpec { device: gpu("v100"), watts: Some(Watts(12_000.0)), ..base() }, Some(Setting::Watts)),
        (spec(), None),
    ] {
        let error = estimate(&spec, Tables::built_in()).unwrap_err();
        assert_eq!(error.setting(), setting, "{error}");
    }
}

#[test]
fn what_nobody_said_is_said() {
    let found = estimate(
        &EstimateSpec { hours: Some(Hours(1.0)), device: Some(DeviceName::Gpu("t4".to_owned())), ..spec() },
        Tables::built_in(),
    );
    let notes = found.unwrap().notes;
    assert!(notes[0].starts_with("No region was said"), "{notes:?}");
    assert_eq!(notes[1], "Not said, and so taken from the tables with a band: power, PUE.");
    let aws = EstimateSpec {
        hours: Some(Hours(1.0)),
        watts: Some(Watts(100.0)),
        site: at("aws:eu-west-1"),
        ..spec()
    };
    let found = estimate(&aws, Tables::built_in()).unwrap();
    assert!(found.notes.is_empty(), "{:?}", found.notes);
    assert!((found.pue.value().unwrap() - 1.11).abs() < 1e-12);
    // An intensity that was said goes before the region's; PUE and price stay the region's.
    let clean = EstimateSpec {
        site: SiteSpec { intensity: Some(Intensity::parse("20 g/kWh").unwrap()), ..aws.site.clone() },
        ..aws
    };
    let mixed = estimate(&clean, Tables::built_in()).unwrap();
    assert_eq!((mixed.carbon.g_per_kwh, &mixed.pue), (Some(20.0), &found.pue));
    assert_eq!(mixed.cost.usd_per_kwh, found.cost.usd_per_kwh);
}

#[test]
fn elsewhere_is_ordered_and_agrees_with_there() {
    let tables = Tables::built_in();
    let run = EstimateSpec { hours: Some(Hours(10.0)), watts: Some(Watts(1000.0)), ..spec() };
    let places: Vec<Place<'_>> = Place::all(tables).collect();
    let all = elsewhere(&run, &places, tables).unwrap();
    assert_eq!(all.len(), places.len());
    assert!(all.windows(2).all(|pair| pair[0].kg_co2e.value() <= pair[1].kg_co2e.value()));
    for record in all.iter().step_by(25) {
        let there = EstimateSpec { site: at(&record.region), ..run.clone() };
        assert_eq!(record.kg_co2e, estimate(&there, tables).unwrap().carbon.kg_co2e, "{}", record.region);
    }
}

#[test]
fn owning_is_worked_out_where_a_price_is_said() {
    let own = EstimateSpec {
        own_price: Some(Usd(10_000.0)),
        own_years: Some(4.0),
        site: SiteSpec { usd_per_kwh: Some(UsdPerKilowattHour(0.1)), ..bert().site },
        usd_per_device_hour: Some((UsdPerHour(1.0), UsdPerHour(3.0))),
        ..bert()
    };
    let own = estimate(&own, Tables::built_in()).unwrap().cost.own.unwrap();
    assert_eq!(own.purchase_usd.value(), Some(Usd(640_000.0)));
    // 5068.8 of 35,040 h of one device, and 1506.83 kWh.
    assert!((own.run_usd.value().unwrap().0 - (10_000.0 * 5068.8 / 35_040.0 + 150.683)).abs() < 0.01);
    // 188.15 W * 1.58 at 0.10 USD/kWh: 0.0297 USD an hour.
    let [low, _, high] = bounds(&own.break_even_hours);
    assert!(
        (low - 10_000.0 / 2.97027).abs() < 0.1 && (high - 10_000.0 / 0.97027).abs() < 0.5,
        "{low} {high}"
    );
}

proptest! {
    #[test]
    fn bands_hold_what_may_be(
        hours in 1e-3..1e6f64, count in 1u32..10_000, draw in 0.0..=1.0f64, building in 0.0..=1.0f64, grams in 0.0..=1.0f64,
    ) {
        // A truth within the bands of everything that was not said lies within the band of the result.
        let tables = Tables::built_in();
        let run = EstimateSpec {
            hours: Some(Hours(hours)),
            count,
            device: Some(DeviceName::Gpu("a100".to_owned())),
            ..spec()
        };
        let found = estimate(&run, tables).unwrap();
        let within = |figure: [f64; 3], place: f64| figure[0] + (figure[2] - figure[0]) * place;
        let watts = within(bounds(&found.hardware.watts), draw);
        let pue = within(bounds(&found.pue), building);
        let intensity = within(bounds(&found.g_per_kwh), grams);
        let kwh = watts * hours / 1000.0 * pue;
        let [low, _, high] = bounds(&found.kwh_with_pue);
        prop_assert!(low * (1.0 - 1e-12) <= kwh && kwh <= high * (1.0 + 1e-12));
        let [low, _, high] = bounds(&found.carbon.kg_co2e);
        let kg = kwh * intensity / 1000.0;
        prop_assert!(low * (1.0 - 1e-12) <= kg && kg <= high * (1.0 + 1e-12));
        let [low, _, high] = bounds(&found.cost.electricity_usd);
        prop_assert!(low <= high && low > 0.0);
    }
}
