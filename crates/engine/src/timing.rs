//! How long predictors take.

use std::time::{Duration, Instant};

use lessen_data::Features;
use lessen_model::{Batch, PredictError, Predictor};
use lessen_units::{Figure, Kind, Microseconds};

/// Most calls that are timed: more do not make the median surer than the machine is.
const MOST_CALLS: usize = 10_000;

/// Fewest calls that are timed, however slow they are.
const FEWEST_CALLS: usize = 5;

/// Wall time of one call of `predictor` with `batch` of `rows`, on this thread: the median over as many calls as fit
/// into `budget` (at least 5, after a warm-up of a tenth of it), with a 95 % interval of the median that
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
    let mut next = rows.iter().copied().cycle();
    let mut batch_rows = vec![0; batch];
    let mut into = vec![0.0; batch * predictor.outputs()];
    let mut call = || -> Result<Duration, PredictError> {
        batch_rows.iter_mut().zip(&mut next).for_each(|(into, row)| *into = row);
        let began = Instant::now();
        predictor.predict(&Batch::new(features, &batch_rows), &mut into)?;
        Ok(began.elapsed())
    };
    let warm_up = Instant::now();
    call()?;
    while warm_up.elapsed() < budget / 10 {
        call()?;
    }
    let mut times = Vec::new();
    let began = Instant::now();
    while times.len() < FEWEST_CALLS || (times.len() < MOST_CALLS && began.elapsed() < budget) {
        times.push(call()?.as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    let how = format!(
        "median of {} calls with {batch} rows on one thread, 95 % interval of the median",
        times.len()
    );
    let (low, high) = median_interval(times.len());
    let median = times[times.len() / 2];
    Ok(Figure::band(
        Microseconds(median),
        Microseconds(times[low].min(median)),
        Microseconds(times[high].max(median)),
        Kind::Measured,
        how,
    ))
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
        assert_eq!(median_interval(5), (0, 4));
        assert_eq!(median_interval(1), (0, 0));
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
            assert_eq!(batch.rows(), [2 * call % 3, (2 * call + 1) % 3]);
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
}
