use super::*;
use proptest::prelude::*;

const RANGE: u64 = 262_143_328_850;
const MICROJOULE: Joules = Joules(1e-6);
const MOST: Watts = Watts(1500.0);

fn at(awake_ms: u64) -> Moment {
    slept(awake_ms, 0)
}

fn slept(awake_ms: u64, asleep_ms: u64) -> Moment {
    let awake = Duration::from_millis(awake_ms);
    Moment { awake, with_sleep: awake + Duration::from_millis(asleep_ms) }
}

fn count(microjoules: u64) -> Result<Sample, String> {
    Ok(Sample::Counted { count: microjoules, unit: MICROJOULE, range: Some(RANGE) })
}

fn watts(watts: f64) -> Result<Sample, String> {
    Ok(Sample::Drawn(Watts(watts)))
}

fn tracked(samples: &[(Moment, Result<Sample, String>)]) -> Track {
    let mut track = Track::new(MOST);
    for (now, sample) in samples {
        track.step(*now, sample);
    }
    track
}

fn numbers(track: &Track) -> (f64, f64, f64, u64) {
    let Stretch { joules, read, missed, breaks, .. } = track.so_far();
    ((joules.0 * 1e6).round() / 1e6, read.0, missed.0, breaks)
}

#[test]
fn a_step_is_told_or_refused() {
    let joules = |joules: u64| joules * 1_000_000;
    let ms = Duration::from_millis;
    for (before, after, range, elapsed, expected) in [
        (joules(10), joules(15), Some(RANGE), ms(1000), Ok(5.0)),
        (joules(10), joules(10), Some(RANGE), ms(1000), Ok(0.0)),
        // Round once: 100 J up to the range and 50 J after it.
        (RANGE - joules(100), joules(50), Some(RANGE), ms(2000), Ok(150.0)),
        (RANGE, 0, Some(RANGE), ms(1), Ok(0.0)),
        // Backwards by 1 J: as a wrap it would be 262 kJ in a second.
        (
            joules(10),
            joules(9),
            Some(RANGE),
            ms(1000),
            Err("from 10000000 to 9000000 in 1.000 s, which is no reading"),
        ),
        (joules(10), joules(9), None, ms(1000), Err("from 10000000 to 9000000")),
        (0, joules(1700), Some(RANGE), ms(1000), Err("from 0 to 1700000000 in 1.000 s, which is no reading")),
        (0, joules(1600), Some(RANGE), ms(1000), Ok(1600.0)),
        (
            0,
            joules(5),
            Some(RANGE),
            ms(200_000),
            Err("200 s between two readings, it may have gone round more than once at 262143 J"),
        ),
        (0, joules(5), None, ms(200_000), Ok(5.0)),
        (RANGE + 7, 5, Some(RANGE), ms(1), Err("the counter is beyond its range")),
        (0, 5, Some(u64::MAX), Duration::MAX, Err("more than once")),
    ] {
        match (counted(before, after, MICROJOULE, range, elapsed, MOST), expected) {
            (Ok(found), Ok(expected)) => assert!((found.0 - expected).abs() < 1e-9, "{found:?}"),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, expected) => panic!("{before} to {after}: {found:?}, expected {expected:?}"),
        }
    }
}

#[test]
fn power_is_added_up_by_trapezoids() {
    // 100 W to 200 W in 0.1 s, 200 W to 0 W in 0.2 s: 15 J + 20 J.
    let track = tracked(&[(at(0), watts(100.0)), (at(100), watts(200.0)), (at(300), watts(0.0))]);
    let (joules, read, missed, breaks) = numbers(&track);
    assert!((joules - 35.0).abs() < 1e-9 && (read - 0.3).abs() < 1e-9, "{track:?}");
    assert_eq!((missed, breaks), (0.0, 0));
    assert_eq!(track.so_far().peak, Watts(150.0), "of the first 0.1 s");
}

#[test]
fn power_that_was_not_read_for_long_is_a_break() {
    let track = tracked(&[(at(0), watts(100.0)), (at(6000), watts(100.0)), (at(7000), watts(100.0))]);
    assert_eq!(numbers(&track), (100.0, 1.0, 6.0, 1));
    assert_eq!(track.why(), "6 s between two readings of power");
}

#[test]
fn power_that_no_device_draws_is_no_reading() {
    for wrong in [f64::NAN, f64::INFINITY, -1.0, 1501.0] {
        let track = tracked(&[(at(0), watts(10.0)), (at(1000), watts(wrong))]);
        assert_eq!(numbers(&track), (0.0, 0.0, 1.0, 1), "{wrong}");
        assert!(track.why().ends_with("W is no reading"), "{}", track.why());
    }
}

#[test]
fn what_could_not_be_read_is_missed_until_it_can_be_again() {
    let gone = || Err("gone".to_owned());
    let track = tracked(&[
        (at(0), count(5_000_000)),
        (at(1000), count(7_000_000)),
        (at(2000), gone()),
        (at(3000), gone()),
        // Two seconds of a counter that went on are not known to be its own: it may have begun anew.
        (at(4000), count(90_000_000)),
        (at(5000), count(91_000_000)),
    ]);
    assert_eq!(numbers(&track), (3.0, 2.0, 3.0, 2));
    assert_eq!(track.why(), "gone");
}

#[test]
fn a_sleep_of_the_machine_is_a_break_with_its_length() {
    let track = tracked(&[
        (at(0), count(0)),
        (at(1000), count(10_000_000)),
        // The counter was set back by the firmware while the machine slept for an hour.
        (slept(1500, 3_600_000), count(3_000_000)),
        (slept(2500, 3_600_000), count(13_000_000)),
    ]);
    assert_eq!(numbers(&track), (20.0, 2.0, 0.5, 1));
    assert_eq!(track.why(), "the machine slept for 3600 s");
}

#[test]
fn a_source_that_changes_its_mind_is_a_break() {
    let track = tracked(&[(at(0), count(0)), (at(1000), watts(5.0)), (at(2000), watts(5.0))]);
    assert_eq!(numbers(&track), (5.0, 1.0, 1.0, 1));
}

#[test]
fn a_stretch_is_what_was_added_since() {
    let mut track =
        tracked(&[(at(0), count(0)), (at(1000), count(1_000_000)), (at(2000), Err(String::new()))]);
    let mark = track.so_far();
    track.step(at(3000), &count(0));
    track.step(at(4000), &count(4_000_000));
    let since = track.so_far().since(mark);
    assert_eq!(
        (since.joules, since.read, since.missed, since.breaks),
        (Joules(4.0), Seconds(1.0), Seconds(1.0), 0)
    );
}

proptest! {
    /// However a counter is read, and wherever it goes round, the sum is what was used; time is read or missed.
    #[test]
    fn the_sum_does_not_depend_on_when_it_was_read(
        start in 0..RANGE,
        steps in prop::collection::vec((1u64..60_000, 0u64..1_000_000_000, prop::bool::weighted(0.1)), 1..40),
    ) {
        let (mut time, mut counter, mut used) = (0, start, 0);
        let mut track = Track::new(MOST);
        track.step(at(0), &count(start));
        let mut broken = false;
        for (wait, microjoules, breaks) in steps {
            let microjoules = microjoules.min(wait * 1_000_000);
            time += wait;
            counter = (counter + microjoules) % RANGE;
            if breaks {
                track.step(at(time), &Err("gone".to_owned()));
            } else {
                track.step(at(time), &count(counter));
                used += if broken { 0 } else { microjoules };
            }
            broken = breaks;
        }
        let so_far = track.so_far();
        prop_assert!((so_far.joules.0 - used as f64 * 1e-6).abs() < 1e-3, "{so_far:?} {used}");
        prop_assert!((so_far.read.0 + so_far.missed.0 - time as f64 * 1e-3).abs() < 1e-6);
    }
}
