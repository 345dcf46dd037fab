//! Bands through sums, differences, products and ratios, and the wire form.

use lessen_units::{
    Figure, Flops, FlopsPerSecond, GramsCo2e, GramsPerKilowattHour, Joules, KilowattHours, Kind, Seconds,
};
use proptest::prelude::*;

fn figure() -> impl Strategy<Value = (Figure<Joules>, f64)> {
    // A figure and a true number somewhere inside of its band.
    (-1e6f64..1e6, 0f64..1e5, 0f64..1e5, 0f64..=1.0).prop_map(|(value, below, above, place)| {
        let (low, high) = (value - below, value + above);
        let truth = (low + place * (high - low)).clamp(low, high);
        (Figure::band(Joules(value), Joules(low), Joules(high), Kind::Estimated, "drawn"), truth)
    })
}

fn holds<Q: lessen_units::Quantity>(figure: &Figure<Q>, truth: f64) -> bool {
    let slack = 1e-9 * truth.abs().max(1.0);
    figure.low().is_some_and(|low| low.raw() <= truth + slack)
        && figure.high().is_some_and(|high| truth - slack <= high.raw())
}

proptest! {
    #[test]
    fn a_band_holds_the_truth_through_arithmetic((a, x) in figure(), (b, y) in figure(), factor in -50f64..50.0) {
        prop_assert!(holds(&(&a + &b), x + y));
        prop_assert!(holds(&(&a - &b), x - y));
        prop_assert!(holds(&(&a * factor), x * factor));
        prop_assert!(holds(&a.combine::<_, f64>(&b, |p, q| p * q), x * y));
        let ratio: Figure<f64> = a.ratio(&b);
        if ratio.value().is_some() {
            prop_assert!(holds(&ratio, x / y));
        }
    }

    #[test]
    fn products_and_quotients_of_quantities_hold_the_truth((a, x) in figure(), (b, y) in figure()) {
        let intensity = b.map(|b| GramsPerKilowattHour(b.0));
        let emitted: Figure<GramsCo2e> = &a.map(|a| KilowattHours(a.0)) * &intensity;
        prop_assert!(holds(&emitted, x * y));
        let (work, rate) = (a.map(|a| Flops(a.0)), b.map(|b| FlopsPerSecond(b.0)));
        let time: Figure<Seconds> = &work / &rate;
        // Unavailable exactly where the divisor's band holds zero.
        let zero = b.low().is_some_and(|low| low.0 <= 0.0) && b.high().is_some_and(|high| high.0 >= 0.0);
        prop_assert_eq!(time.value().is_none(), zero);
        if !zero {
            prop_assert!(holds(&time, x / y));
        }
    }

    #[test]
    fn the_wire_form_returns_the_same_figure((a, _) in figure()) {
        let json = serde_json::to_string(&a).unwrap();
        prop_assert_eq!(serde_json::from_str::<Figure<Joules>>(&json).unwrap(), a);
    }
}

#[test]
fn what_is_unavailable_stays_so_and_is_null_on_the_wire() {
    let none = Figure::<Joules>::unavailable("no sensor");
    let one = Figure::exact(Joules(1.0), Kind::Measured, "a meter");
    assert_eq!((&none + &one).value(), None);
    assert_eq!((&one + &none).how(), "no sensor");
    assert_eq!(
        serde_json::to_string(&none).unwrap(),
        r#"{"value":null,"low":null,"high":null,"kind":"unavailable","how":"no sensor"}"#
    );
    let back: Figure<Joules> = serde_json::from_str(&serde_json::to_string(&none).unwrap()).unwrap();
    assert_eq!(back, none);
}

#[test]
fn numbers_that_are_none_do_not_become_figures() {
    for (value, low, high) in
        [(f64::NAN, 0.0, 1.0), (1.0, 2.0, 3.0), (1.0, 0.0, f64::INFINITY), (3.0, 0.0, 2.0)]
    {
        assert_eq!(Figure::band(Joules(value), Joules(low), Joules(high), Kind::Measured, "x").value(), None);
    }
    assert!(
        serde_json::from_str::<Figure<Joules>>(r#"{"value":1,"low":2,"high":3,"kind":"measured","how":"x"}"#)
            .is_err()
    );
    assert!(
        serde_json::from_str::<Figure<Joules>>(
            r#"{"value":null,"low":2,"high":3,"kind":"measured","how":"x"}"#
        )
        .is_err()
    );
}

#[test]
fn a_ratio_by_something_that_may_be_zero_is_unavailable() {
    let one = Figure::exact(Joules(1.0), Kind::Counted, "x");
    let around_zero = Figure::band(Joules(1.0), Joules(-1.0), Joules(2.0), Kind::Counted, "y");
    assert_eq!(one.ratio::<_, f64>(&around_zero).value(), None);
}

#[test]
fn doubts_of_one_cause_do_not_multiply() {
    let watts_unknown = |joules: f64| {
        Figure::band(Joules(joules), Joules(joules * 0.5), Joules(joules * 3.0), Kind::Estimated, "a model")
    };
    let (teacher, student) = (watts_unknown(10.0), watts_unknown(2.0));
    let alike: Figure<f64> = teacher.combine_alike(&student, |a, b| a / b);
    assert_eq!((alike.low(), alike.value(), alike.high()), (Some(5.0), Some(5.0), Some(5.0)));
    let apart: Figure<f64> = teacher.ratio(&student);
    assert_eq!((apart.low(), apart.value(), apart.high()), (Some(5.0 / 6.0), Some(5.0), Some(30.0)));
    let none = Figure::<Joules>::unavailable("no sensor");
    assert_eq!(teacher.combine_alike::<_, f64>(&none, |a, b| a / b).how(), "no sensor");
}
