//! What a model is worth and what it costs, measured the same way for all.

use std::time::{Duration, Instant};

use lessen_data::Dataset;
use lessen_engine::timing;
use lessen_meter::Meter;
use lessen_model::{PredictError, Predictor, predict_rows};
use lessen_records::Latency;
use lessen_units::{Figure, Joules, Microseconds};

use crate::error::CompressError;

/// Wall time that goes into each figure of one model.
const BUDGET: Duration = Duration::from_millis(120);

/// Windows that the energy of a prediction is taken in: the fewest whose extremes hold the median with 95 %.
const WINDOWS: usize = 6;

/// Rows predicted at once for energy: enough to occupy all threads.
const MANY_ROWS: usize = 2048;

/// Wall time of one call at batch 1 and 256 on one thread, and of a row on all threads, on rows of `dataset`.
///
/// # Errors
/// Where the predictor fails.
pub(crate) fn latency(
    predictor: &dyn Predictor,
    dataset: &Dataset,
    rows: &[u32],
) -> Result<Latency, CompressError> {
    let rows = &rows[..rows.len().min(MANY_ROWS)];
    let at = |batch| timing::latency(predictor, &dataset.features, rows, batch, BUDGET);
    let row = timing::seconds_per_row_on_all_threads(predictor, &dataset.features, rows, BUDGET)?;
    Ok(Latency {
        batch_1: at(1)?,
        batch_256: at(256)?,
        row_on_all_threads: row.map(Microseconds::from),
        extra: serde_json::Map::default(),
    })
}

/// Energy of one prediction, in blocks on all threads: the best that the predictor can do here. The median of several
/// windows; the band is that of the meter, widened by how much the windows differ.
///
/// # Errors
/// Where the predictor fails.
pub(crate) fn joules_per_prediction(
    predictor: &dyn Predictor,
    dataset: &Dataset,
    rows: &[u32],
    meter: &Meter,
) -> Result<Figure<Joules>, CompressError> {
    let rows: Vec<u32> = rows.iter().copied().cycle().take(MANY_ROWS).collect();
    predict_rows(predictor, &dataset.features, &rows)?;
    let pass = || {
        let began = Instant::now();
        predict_rows(predictor, &dataset.features, &rows)?;
        Ok(began.elapsed())
    };
    let windows = (0..WINDOWS).map(|_| Ok(window(meter, BUDGET / 2, rows.len(), pass)?.0));
    Ok(median_of_windows(windows.collect::<Result<_, CompressError>>()?))
}

/// Passes of `predictions` each in one window of the meter, until `budget` is over and at least one: energy of one
/// prediction, and the times that `pass` says.
pub(crate) fn window(
    meter: &Meter,
    budget: Duration,
    predictions: usize,
    pass: impl Fn() -> Result<Duration, PredictError>,
) -> Result<(Figure<Joules>, Vec<Duration>), PredictError> {
    let window = meter.begin();
    let began = Instant::now();
    let mut times = Vec::new();
    while times.is_empty() || began.elapsed() < budget {
        times.push(pass()?);
    }
    let joules = window.end().joules;
    let made = (times.len() * predictions) as f64;
    Ok((joules.map(|joules| joules / made), times))
}

/// The window in the middle, its band widened by the ratio of the extreme windows to it.
pub(crate) fn median_of_windows(mut windows: Vec<Figure<Joules>>) -> Figure<Joules> {
    let value = |figure: &Figure<Joules>| figure.value().map_or(f64::INFINITY, |joules| joules.0);
    windows.sort_by(|a, b| value(a).total_cmp(&value(b)));
    let (Some(least), Some(most)) = (windows.first().map(value), windows.last().map(value)) else {
        return Figure::unavailable("nothing was measured");
    };
    let median = windows.swap_remove(windows.len() / 2);
    match &median {
        Figure::Known { value: middle, low, high, kind, how } if most.is_finite() => Figure::band(
            *middle,
            *low * (least / middle.0).min(1.0),
            *high * (most / middle.0).max(1.0),
            *kind,
            how.clone(),
        ),
        _ => median,
    }
}

#[cfg(test)]
mod tests {
    use lessen_units::Kind;

    use super::*;

    #[test]
    fn the_band_holds_the_meter_and_the_spread() {
        let window = |joules: f64| {
            let (low, high) = (Joules(0.5 * joules), Joules(2.0 * joules));
            Figure::band(Joules(joules), low, high, Kind::Estimated, "a model")
        };
        let median = median_of_windows([5.0, 4.0, 3.0, 8.0].map(window).into());
        // In order 3, 4, 5, 8: the middle one is 5, 2.5 to 10 by the meter; times 3/5 and 8/5.
        assert_eq!(median.value(), Some(Joules(5.0)));
        assert!((median.low().unwrap().0 - 1.5).abs() < 1e-12, "{median:?}");
        assert!((median.high().unwrap().0 - 16.0).abs() < 1e-12, "{median:?}");
    }

    #[test]
    fn a_window_without_energy_makes_the_middle_doubtful_at_most() {
        let known = Figure::exact(Joules(1.0), Kind::Measured, "a counter");
        let none = Figure::unavailable("the counter vanished");
        assert_eq!(median_of_windows(vec![none.clone(), none.clone(), known]).value(), None);
        assert_eq!(median_of_windows(Vec::new()).value(), None);
    }
}
