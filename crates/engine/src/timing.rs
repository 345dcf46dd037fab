//! How long predictors take.

use std::time::{Duration, Instant};

use lessen_data::Features;
use lessen_model::{BLOCK, Batch, PredictError, Predictor, predict_rows};
use lessen_units::{Figure, Kind, Microseconds, Quantity, Seconds};

/// Most calls that are timed: more do not make the median surer than the machine is.
const MOST_CALLS: usize = 10_000;

/// Fewest calls that are timed, however slow they are: between the fastest and the slowest of six the median lies with
/// more than 95 % probability, of five with less.
const FEWEST_CALLS: usize = 6;

/// Wall time of one call of `predictor` with `batch` of `rows`, on this thread: the median over as many calls as fit
/// into `budget` (at least 6, after a warm-up of a tenth of it), with a 95 % interval of the median that
/// assumes nothing about how times are distributed. Each call gets other rows, so that no cache answers for the
/// predictor; where there are fewer than `batch` rows they repeat within a call.
///
/// # Errors
/// Where the predictor fails. Without rows the figure is unavailable.
pub fn latency(
    predictor: &dyn Predictor,
    features: &Features,
    rows: &[u32],
    batch: usize,
    budget: Duration,
) -> Result<Figure<Microseconds>, PredictError> {
    if rows.is_empty() || batch == 0 {
        return Ok(Figure::unavailable("there is no row to predict"));
    }
    let times = repeated(budget, FEWEST_CALLS, calls(predictor, features, rows, batch))?;
    let how = format!("{batch} {} a call on one thread", if batch == 1 { "row" } else { "rows" });
    Ok(median(&times, &how, |time| Microseconds(time.as_secs_f64() * 1e6)))
}

/// Wall time a row where all threads of the current pool predict many rows at once, [`BLOCK`] to a call
/// ([`predict_rows`]); median and interval over passes as for [`latency`]. A pass takes all of `rows`, repeated where
/// they are too few to occupy the threads.
///
/// # Errors
/// Where the predictor fails. Without rows the figure is unavailable.
pub fn seconds_per_row_on_all_threads(
    predictor: &dyn Predictor,
    features: &Features,
    rows: &[u32],
    budget: Duration,
) -> Result<Figure<Seconds>, PredictError> {
    if rows.is_empty() {
        return Ok(Figure::unavailable("there is no row to predict"));
    }
    let threads = rayon::current_num_threads();
    let enough = rows.len().max(BLOCKS_A_THREAD * BLOCK * threads);
    let rows: Vec<u32> = rows.iter().copied().cycle().take(enough).collect();
    let times = repeated(budget, FEWEST_CALLS, || {
        let began = Instant::now();
        predict_rows(predictor, features, &rows)?;
        Ok(began.elapsed())
    })?;
    let count = rows.len();
    let how = format!("{count} rows a pass in blocks of {BLOCK} on {threads} threads");
    Ok(median(&times, &how, |time| Seconds(time.as_secs_f64() / count as f64)))
}

/// Blocks of a pass for each thread, at least: so that one which ends early finds another.
const BLOCKS_A_THREAD: usize = 4;

/// One of several turns of a predictor: what is timed in turns with others shares the ups and downs of the machine with
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Median time of a call.
    pub median: Duration,
    /// Calls that were timed.
    pub calls: usize,
}

/// Turns that the median of the distribution lies between the extremes of with 95 %.
pub const FEWEST_TURNS: usize = FEWEST_CALLS;

/// A turn of `call`, which says how long it took: as many calls as fit into `budget`, at least one, after a warm-up of a
/// tenth of it and at least one call.
///
/// # Errors
/// Where `call` fails.
pub fn turn(
    budget: Duration,
    call: impl FnMut() -> Result<Duration, PredictError>,
) -> Result<Turn, PredictError> {
    let times = repeated(budget, 1, call)?;
    Ok(Turn { median: times[times.len() / 2], calls: times.len() })
}

/// A turn of calls with `batch` of `rows` each, as [`latency`] makes them.
///
/// # Errors
/// Where the predictor fails.
pub fn turn_of_latency(
    predictor: &dyn Predictor,
    features: &Features,
    rows: &[u32],
    batch: usize,
    budget: Duration,
) -> Result<Turn, PredictError> {
    turn(budget, calls(predictor, features, rows, batch))
}

/// The median of turns, between the ends of its 95 % interval.
pub fn of_turns(turns: &[Turn], what: &str) -> Figure<Microseconds> {
    if turns.is_empty() {
        return Figure::unavailable("nothing was timed");
    }
    let mut medians: Vec<Duration> = turns.iter().map(|turn| turn.median).collect();
    medians.sort_unstable();
    let (low, high) = median_interval(medians.len());
    let calls: usize = turns.iter().map(|turn| turn.calls).sum();
    let how = format!(
        "median of {} turns of {calls} calls in all, {what}, 95 % interval of the median",
        turns.len()
    );
    let at = |place: usize| Microseconds(medians[place].as_secs_f64() * 1e6);
    Figure::band(at(medians.len() / 2), at(low), at(high), Kind::Measured, how)
}

/// Calls with the next `batch` of `rows` each; their times.
fn calls<'a>(
    predictor: &'a dyn Predictor,
    features: &'a Features,
    rows: &'a [u32],
    batch: usize,
) -> impl FnMut() -> Result<Duration, PredictError> + 'a {
    let mut next = rows.iter().copied().cycle();
    let mut batch_rows = vec![0; batch];
    let mut into = vec![0.0; batch * predictor.outputs()];
    move || {
        batch_rows.iter_mut().zip(&mut next).for_each(|(into, row)| *into = row);
        let began = Instant::now();
        predictor.predict(&Batch::new(features, &batch_rows), &mut into)?;
        Ok(began.elapsed())
    }
}

/// The times that `call` gives, sorted, from as many calls as fit into `budget`, at least `fewest`, after a warm-up of a
/// tenth of it.
fn repeated(
    budget: Duration,
    fewest: usize,
    mut call: impl FnMut() -> Result<Duration, PredictError>,
) -> Result<Vec<Duration>, PredictError> {
    let warm_up = Instant::now();
    call()?;
    while warm_up.elapsed() < budget / 10 {
        call()?;
    }
    let mut times = Vec::new();
    let began = Instant::now();
    while times.len() < fewest || (times.len() < MOST_CALLS && began.elapsed() < budget) {
        times.push(call()?);
    }
    times.sort_unstable();
    Ok(times)
}

/// The median of sorted times, between the ends of its 95 % interval.
fn median<Q: Quantity>(times: &[Duration], what: &str, quantity: impl Fn(Duration) -> Q) -> Figure<Q> {
    let (low, high) = median_interval(times.len());
    let how = format!("median of {} repeats, {what}, 95 % interval of the median", times.len());
    let at = |place: usize| quantity(times[place]);
    Figure::band(at(times.len() / 2), at(low), at(high), Kind::Measured, how)
}

/// Places (from 0) of the order statistics between which the median of a distribution lies with 95 % probability:
/// the number of draws below the median is binomial with 1/2, here by its normal approximation. All draws where
/// they are too few for that.
fn median_interval(draws: usize) -> (usize, usize) {
    let half_width = 1.96 * (draws as f64).sqrt() / 2.0;
    let middle = draws as f64 / 2.0;
    let low = (middle - half_width).floor().max(1.0) as usize - 1;
    let high = ((middle + half_width).ceil() as usize).min(draws.saturating_sub(1));
    (low, high)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use lessen_data::{Column, Table};
    use lessen_model::Cost;

    use super::*;

    #[test]
    fn the_interval_of_the_median_by_hand() {
        // 100 draws: 50 -+ 9.8, the 40th to the 61st (places from 1), the textbook's answer.
        assert_eq!(median_interval(100), (39, 60));
        assert_eq!(median_interval(6), (0, 5));
        assert_eq!(median_interval(1), (0, 0));
    }

    /// The interval misses where at most `low` draws are below the median, or at most `draws - 1 - high` above it; both
    /// numbers are binomial with 1/2.
    #[test]
    fn the_interval_holds_the_median_with_95_percent_for_every_number_of_draws() {
        for draws in FEWEST_CALLS..500 {
            let (low, high) = median_interval(draws);
            let at_most = |most: usize| {
                let mut ways = 0.5f64.powi(draws as i32);
                let mut sum = ways;
                for below in 1..=most {
                    ways *= (draws + 1 - below) as f64 / below as f64;
                    sum += ways;
                }
                sum
            };
            let missed = at_most(low) + at_most(draws - 1 - high);
            assert!(missed <= 0.05, "{draws} draws: missed with {missed}");
            assert!(low <= draws / 2 && draws / 2 <= high);
        }
    }

    /// Counts its calls and sees which rows it is given.
    struct Spy {
        calls: AtomicU32,
    }

    impl Predictor for Spy {
        fn name(&self) -> &str {
            "spy"
        }
        fn outputs(&self) -> usize {
            1
        }
        fn cost(&self) -> Cost {
            Cost::default()
        }
        fn predict(&self, batch: &Batch<'_>, into: &mut [f32]) -> Result<(), PredictError> {
            self.check_room(batch, into)?;
            let call = self.calls.fetch_add(1, Ordering::Relaxed);
            if batch.len() == 2 {
                assert_eq!(batch.rows(), [2 * call % 3, (2 * call + 1) % 3]);
            }
            Ok(())
        }
    }

    #[test]
    fn each_call_gets_the_next_rows() {
        let column = Column::Numeric { name: "x".into(), values: vec![0.0; 3] };
        let features = Features::Table(Table::new(vec![column]).unwrap());
        let spy = Spy { calls: AtomicU32::new(0) };
        let figure = latency(&spy, &features, &[0, 1, 2], 2, Duration::from_millis(2)).unwrap();
        assert!(figure.value().unwrap().0 >= 0.0);
        assert!(spy.calls.load(Ordering::Relaxed) >= 6);
        assert_eq!(latency(&spy, &features, &[], 2, Duration::ZERO).unwrap().value(), None);
    }

    #[test]
    fn a_turn_has_a_call_however_slow_and_turns_have_a_median() {
        let turn_of = |milliseconds| Turn { median: Duration::from_millis(milliseconds), calls: 2 };
        let mut calls = 0;
        let slow = || {
            calls += 1;
            Ok(Duration::from_secs(calls))
        };
        // The first call warms up.
        assert_eq!(turn(Duration::ZERO, slow).unwrap(), Turn { median: Duration::from_secs(2), calls: 1 });
        let turns = [5, 1, 4, 2, 3, 9, 6].map(turn_of);
        let figure = of_turns(&turns, "1 row");
        let [value, low, high] =
            [figure.value(), figure.low(), figure.high()].map(|us| us.unwrap().0.round());
        assert_eq!([value, low, high], [4000.0, 1000.0, 9000.0]);
        let how = "median of 7 turns of 14 calls in all, 1 row, 95 % interval of the median";
        assert_eq!(figure.how(), how);
        assert_eq!(of_turns(&[], "").value(), None);
    }

    #[test]
    fn all_threads_are_given_all_rows() {
        let column = Column::Numeric { name: "x".into(), values: vec![0.0; 3] };
        let features = Features::Table(Table::new(vec![column]).unwrap());
        let spy = Spy { calls: AtomicU32::new(0) };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let budget = Duration::from_millis(2);
        let figure =
            pool.install(|| seconds_per_row_on_all_threads(&spy, &features, &[0, 1, 2], budget)).unwrap();
        assert!(figure.value().unwrap().0 >= 0.0);
        assert_eq!(figure.kind(), Some(Kind::Measured));
        let how = figure.how();
        assert!(how.contains("2048 rows a pass in blocks of 256 on 2 threads"), "{how}");
        // One pass to warm up and six that are timed, of eight blocks each.
        assert!(spy.calls.load(Ordering::Relaxed) >= 7 * 8);
        let none = seconds_per_row_on_all_threads(&spy, &features, &[], budget).unwrap();
        assert_eq!(none.value(), None);
    }
}
