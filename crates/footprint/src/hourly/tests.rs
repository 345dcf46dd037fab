use std::fmt::Write as _;

use lessen_units::{Figure, Joules, KilowattHours, Kind, Quantity as _};
use proptest::prelude::*;

use super::*;
use crate::carbon;

fn parse(text: &str) -> Result<HourlyIntensity, HourlyError> {
    series::parse("folder/fr.csv", "fr.csv", text.as_bytes())
}

/// A day with a valley: one row an hour.
const VALLEY: &str = "\
datetime,g_per_kwh
2024-01-31T00:00:00Z,300
2024-01-31T01:00:00Z,200
2024-01-31T02:00:00Z,100
2024-01-31T03:00:00Z,100
2024-01-31T04:00:00Z,400
2024-01-31T05:00:00Z,400
";

#[test]
fn windows_are_those_worked_out_by_hand() {
    let series = parse(VALLEY).unwrap();
    assert_eq!((series.steps(), series.step(), series.length()), (6, Hours(1.0), Hours(6.0)));
    // hours; best: hour and mean; worst: hour and mean; mean of the first
    for (hours, best, worst, first) in [
        // Both 100: the earlier one; both 400: the earlier one.
        (1.0, (2, 100.0), (4, 400.0), 300.0),
        (2.0, (2, 100.0), (4, 400.0), 250.0),
        // (200 + 100 + 100) / 3; (100 + 400 + 400) / 3; (300 + 200 + 100) / 3
        (3.0, (1, 400.0 / 3.0), (3, 300.0), 200.0),
        // (100 + 100 / 2) / 1.5; 400; (300 + 200 / 2) / 1.5
        (1.5, (2, 100.0), (4, 400.0), 400.0 / 1.5),
        // From 01: (200 + 100 + 50) / 2.5, from 02: (100 + 100 + 200) / 2.5; from 03: (100 + 400 + 200) / 2.5
        (2.5, (1, 140.0), (3, 280.0), 220.0),
        (0.25, (2, 100.0), (4, 400.0), 300.0),
        (6.0, (0, 250.0), (0, 250.0), 250.0),
    ] {
        let windows = series.best_window(Hours(hours)).unwrap();
        for (found, (hour, mean)) in
            [(&windows.best, best), (&windows.worst, worst), (&windows.first, (0, first))]
        {
            assert_eq!(found.start, format!("2024-01-31T0{hour}:00:00Z"), "{hours} h: {windows:?}");
            assert!((found.g_per_kwh.0 - mean).abs() < 1e-9, "{hours} h: {found:?}, expected {mean}");
            assert_eq!((found.duration, found.year), (Hours(hours), 2024));
        }
        assert_eq!(windows.mean.g_per_kwh.0, 250.0);
        assert_eq!(windows.mean.duration, Hours(6.0));
    }
}

#[test]
fn windows_that_do_not_fit_are_refused() {
    let series = parse(VALLEY).unwrap();
    for (hours, message) in [
        (6.001, "`fr.csv` is 6 h long, expected at least the window's 6.001 h"),
        (1e300, "`fr.csv` is 6 h long"),
        (f64::INFINITY, "`fr.csv` is 6 h long"),
        (0.0, "expected a window longer than 0 hours, found 0 h"),
        (1e-300, "expected a window longer than 0 hours"),
        (-1.0, "expected a window longer than 0 hours, found -1 h"),
        (f64::NAN, "expected a window longer than 0 hours, found NaN h"),
    ] {
        let error = series.best_window(Hours(hours)).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn exports_are_read_as_they_are() {
    let electricity_maps = "\u{feff}\
Datetime (UTC),Country,Zone name,Zone id,Carbon intensity gCO₂eq/kWh (direct),Carbon intensity gCO₂eq/kWh (Life cycle),Data source
2021-01-01 00:00:00,Sweden,Sweden,SE,2.54,30.02,svk.se
2021-01-01 01:00:00,Sweden,Sweden,SE,2.6,30.32,svk.se
";
    let older = "Datetime (UTC),Carbon Intensity gCO₂eq/kWh (direct),Carbon Intensity gCO₂eq/kWh (LCA)
2021-01-01 00:00,2.54,30.02
2021-01-01 01:00,2.6,30.32
";
    let direct = "Datetime (UTC),Carbon intensity gCO₂eq/kWh (direct)
2021-01-01 00:00,30.02
2021-01-01 01:00,30.32
";
    let britain = "from,to,forecast,actual,index
2021-01-01T00:00Z,2021-01-01T00:30Z,1,30.02,low
2021-01-01T00:30Z,2021-01-01T01:00Z,1,30.32,low
";
    let newest_first = "timestamp,CARBON_INTENSITY
2021-01-01T02:05:00+02:00,30.32
2021-01-01T02:00:00+02:00,30.02
";
    for (text, scope, minutes) in [
        (electricity_maps, Some(Scope::Lifecycle), 60.0),
        (older, Some(Scope::Lifecycle), 60.0),
        (direct, Some(Scope::Direct), 60.0),
        (britain, None, 30.0),
        (newest_first, None, 5.0),
    ] {
        let series = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((series.scope(), series.step()), (scope, Seconds(minutes * 60.0).into()), "{text}");
        let windows = series.best_window(series.step()).unwrap();
        assert_eq!(windows.best.start, "2021-01-01T00:00:00Z", "{text}");
        assert_eq!([windows.best.g_per_kwh.0, windows.worst.g_per_kwh.0], [30.02, 30.32], "{text}");
    }
}

#[test]
fn errors_say_where_and_what() {
    let hours = |rows: &str| format!("datetime,g_per_kwh\n{rows}");
    for (text, message) in [
        (
            String::new(),
            "`folder/fr.csv`, line 1: no column of times: expected one of datetime (utc), datetime, timestamp, time, from, date, found ",
        ),
        ("when,g_per_kwh\n".to_owned(), "found `when`, `g_per_kwh`"),
        (
            "time,Carbon intensity kgCO2/kWh\n".to_owned(),
            "no column of intensities: expected one of carbon_intensity, carbonintensity, g_per_kwh, g_co2e_per_kwh, intensity, actual, forecast, or `Carbon intensity g…`, found `time`, `Carbon intensity kgCO2/kWh`",
        ),
        (hours(""), "`folder/fr.csv`: expected 2 rows or more, found 0"),
        (hours("2024-01-31 00:00,1\n"), "`folder/fr.csv`: expected 2 rows or more, found 1"),
        (
            hours("2024-01-31 00:00,1\nnoon,1\n"),
            "`folder/fr.csv`, line 3, column `datetime`: expected an instant such as 2024-01-31T05:00:00Z or 2024-01-31 05:00, between 1990 and 2100, found `noon`",
        ),
        (
            hours("2024-01-31 00:00,NaN\n"),
            "`folder/fr.csv`, line 2, column `g_per_kwh`: expected a number of g/kWh between 0 and 2000, found `NaN`",
        ),
        (hours("2024-01-31 00:00,-1\n"), "found `-1`"),
        (hours("2024-01-31 00:00,2000.1\n"), "found `2000.1`"),
        (hours("2024-01-31 00:00,inf\n"), "found `inf`"),
        (hours("2024-01-31 00:00,\n"), "found nothing"),
        (hours("2024-01-31 00:00\n"), "`folder/fr.csv`, line 2: expected 2 cells, found 1"),
        (
            hours("2024-01-31 00:00,1\n2024-01-31 01:00,1\n2024-01-31 02:00,1\n2024-01-31 04:00,1\n"),
            "`folder/fr.csv`, between lines 4 and 5: expected a step of 1h, as most are, found 2h",
        ),
        (
            hours("2024-01-31 00:00,1\n2024-01-31 01:30,1\n2024-01-31 02:00,1\n2024-01-31 02:30,1\n"),
            "between lines 2 and 3: expected a step of 30m, as most are, found 1h30m",
        ),
        (
            // Equally many of both: the longer is the gap.
            hours("2024-01-31 00:00,1\n2024-01-31 02:00,1\n2024-01-31 03:00,1\n"),
            "between lines 2 and 3: expected a step of 1h, as most are, found 2h",
        ),
        (
            hours("2024-01-31 00:00,1\n2024-01-31 01:00,1\n2024-01-31T01:00:00+00:00,1\n"),
            "`folder/fr.csv`, line 4: expected one row an instant, found 2024-01-31T01:00:00Z on line 3 too",
        ),
        (
            hours("2024-01-01 00:00,1\n2024-02-01 00:00,1\n"),
            "`folder/fr.csv`: expected a step of 1d or less, found 31d",
        ),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(error.to_string().contains(message), "{error}\nexpected {message}");
        assert!(!error.hint().is_empty());
    }
}

#[test]
fn foreign_text_is_cut_before_it_is_shown() {
    let long = format!("datetime,g_per_kwh\n2024-01-31 00:00,1\u{1b}[2J{}\n", "9".repeat(5000));
    let error = parse(&long).unwrap_err().to_string();
    assert!(error.len() < 300 && error.contains("found `1 [2J999") && !error.contains('\u{1b}'), "{error}");
    let wide = format!("{}\n", vec!["column"; 5000].join(","));
    assert!(parse(&wide).unwrap_err().to_string().len() < 500);
}

#[test]
fn files_are_read_and_errors_name_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("valley.csv");
    std::fs::write(&path, VALLEY).unwrap();
    let series = read(&path).unwrap();
    assert_eq!((series.name(), series.first().as_str()), ("valley.csv", "2024-01-31T00:00:00Z"));

    let error = read(&folder.path().join("none.csv")).unwrap_err();
    assert!(matches!(&error, HourlyError::Unreadable { path, .. } if path.ends_with("none.csv")), "{error}");

    // A hole in a file takes no room on the disk.
    let file = File::create(folder.path().join("large.csv")).unwrap();
    file.set_len(MOST_BYTES + 1).unwrap();
    let error = read(&folder.path().join("large.csv")).unwrap_err().to_string();
    assert!(error.ends_with("large.csv` is too large: expected at most 67108864 bytes"), "{error}");
}

#[test]
fn a_window_gives_carbon_with_the_band_of_a_grid() {
    let series = parse(&VALLEY.replace("g_per_kwh", "Carbon intensity gCO2eq/kWh (direct)")).unwrap();
    let windows = series.best_window(Hours(2.0)).unwrap();
    let intensity = series.intensity(&windows.best, Tables::built_in());
    assert_eq!(
        (intensity.region.as_str(), intensity.year, intensity.scope),
        ("fr.csv", Some(2024), Some(Scope::Direct))
    );
    assert_eq!(intensity.source, "fr.csv, 2 h from 2024-01-31T02:00:00Z");
    let how = "100 g/kWh, fr.csv 2024, direct, fr.csv, 2 h from 2024-01-31T02:00:00Z";
    assert_eq!((intensity.g_per_kwh.how(), intensity.g_per_kwh.kind()), (how, Some(Kind::Estimated)));

    let spread = Tables::built_in().defaults.get("intensity-band").unwrap().figure();
    let energy = Figure::exact(Joules::from(KilowattHours(2.0)), Kind::Measured, "a meter");
    let emitted = carbon(&energy, 1.5, &intensity);
    for (found, factor) in
        [(emitted.value(), Some(1.0)), (emitted.low(), spread.low()), (emitted.high(), spread.high())]
    {
        let (found, expected) = (found.unwrap().raw(), 300.0 * factor.unwrap());
        assert!((found - expected).abs() < 1e-9, "{emitted:?}");
    }
}

/// A file of those intensities, in hundredths of a gram, a step of so many minutes apart.
fn csv_of(hundredths: &[u32], minutes: i64) -> String {
    let mut text = "timestamp,intensity\n".to_owned();
    let mut at = instant::parse("2023-12-30T00:00:00Z").unwrap();
    for value in hundredths {
        writeln!(text, "{},{}.{:02}", instant::text(at), value / 100, value % 100).unwrap();
        at += Duration::minutes(minutes);
    }
    text
}

/// Hundredths of a gram times seconds in a window, second by step.
fn brute(hundredths: &[u32], step: u64, start: usize, mut seconds: u64) -> Option<u64> {
    let mut total = 0;
    for &value in hundredths.get(start..)? {
        let used = seconds.min(step);
        total += u64::from(value) * used;
        seconds -= used;
    }
    (seconds == 0).then_some(total)
}

proptest! {
    #[test]
    fn windows_agree_with_brute_force(
        // Few different values, so that ties are common.
        hundredths in prop::collection::vec(prop_oneof![0_u32..4, 0_u32..=200_000], 2..60),
        minutes in prop::sample::select(vec![5_i64, 15, 30, 60]),
        share in 0.0_f64..1.0,
        whole in any::<bool>(),
    ) {
        let step = minutes as u64 * 60;
        let length = step * hundredths.len() as u64;
        let seconds = ((length as f64 * share) as u64).max(1);
        let seconds = if whole { seconds.div_ceil(step) * step } else { seconds };
        let series = parse(&csv_of(&hundredths, minutes)).unwrap();
        let windows = series.best_window(Seconds(seconds as f64).into()).unwrap();

        let weighed: Vec<(u64, usize)> = (0..hundredths.len())
            .filter_map(|start| Some((brute(&hundredths, step, start, seconds)?, start)))
            .collect();
        let best = weighed.iter().copied().min().unwrap();
        let most = weighed.iter().map(|(weight, _)| *weight).max().unwrap();
        let worst = weighed.iter().copied().find(|(weight, _)| *weight == most).unwrap();
        for (found, (weight, start)) in
            [(&windows.best, best), (&windows.worst, worst), (&windows.first, weighed[0])]
        {
            let at = instant::parse("2023-12-30T00:00:00Z").unwrap() + Duration::minutes(minutes) * start as i32;
            prop_assert_eq!(&found.start, &instant::text(at));
            let mean = weight as f64 / seconds as f64 / 100.0;
            prop_assert!((found.g_per_kwh.0 - mean).abs() <= 1e-12 * mean, "{:?}, expected {}", found, mean);
        }
    }

    #[test]
    fn any_bytes_are_a_series_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = series::parse("any", "any", &bytes);
        let mut headed = b"datetime,g_per_kwh\n".to_vec();
        headed.extend(&bytes);
        let _ = series::parse("any", "any", &headed);
    }

    #[test]
    fn rows_like_ours_are_a_series_or_an_error(
        rows in prop::collection::vec("([-+ 0-9]{1,6})?[0-9]{4}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](:[0-9]{2}(\\.[0-9]{1,12})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?,[-0-9.e]{0,9}", 0..6),
        hours in any::<f64>(),
    ) {
        let text = format!("datetime,g_per_kwh\n{}\n", rows.join("\n"));
        if let Ok(series) = parse(&text) {
            let _ = series.best_window(Hours(hours));
        }
    }

    #[test]
    fn a_series_that_was_cut_or_changed_anywhere_is_a_series_or_an_error(
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = VALLEY.as_bytes().to_vec();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        bytes.truncate(if cut { place + 1 } else { bytes.len() });
        if let Ok(series) = series::parse("any", "any", &bytes) {
            prop_assert!(series.best_window(Hours(1.0)).is_ok());
        }
    }
}
