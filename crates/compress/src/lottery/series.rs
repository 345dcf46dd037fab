//! The curves of a search: quality and early stop against density, learning by level, and what lies between copies.

use lessen_records::study::{Axis, Series};

use super::connectivity::Line;
use super::found::{Moment, Outcome, Sort, mean};
use super::search::Found;

/// Points of a learning curve, at most.
const POINTS: usize = 100;

/// All curves; those against density by replicate, learning curves in the mean over replicates.
pub(crate) fn of(outcome: &Outcome<'_>, lines: &[Line]) -> Vec<Series> {
    let mut series = Vec::new();
    for sort in Sort::ALL {
        for replicate in 1..=outcome.spec.replicates {
            series.extend(against_density(outcome, sort, replicate));
        }
    }
    series.extend(learning(outcome));
    series.extend(lines.iter().map(|line| between(outcome, line)));
    series
}

/// What is shown of a network: its name, its unit, and where it is found.
type Number = (&'static str, &'static str, fn(&Found) -> f64);

fn numbers(outcome: &Outcome<'_>) -> [Number; 3] {
    let (early, last, unit) = if outcome.classes {
        ("test accuracy at early stop", "test accuracy after the last step", "%")
    } else {
        ("test RMSE at early stop", "test RMSE after the last step", "")
    };
    [
        (early, unit, |found| Moment::Early.of(found).test.quality),
        (last, unit, |found| Moment::Last.of(found).test.quality),
        ("step of early stop", "", |found| Moment::Early.of(found).step as f64),
    ]
}

fn against_density(outcome: &Outcome<'_>, sort: Sort, replicate: u32) -> Vec<Series> {
    let levels = outcome.levels(sort);
    if levels.is_empty() {
        return Vec::new();
    }
    let curve = |(name, unit, number): Number| {
        let point = |&(level, density): &(usize, f64)| {
            let of_it = outcome.of(sort, level).filter(|(task, _)| task.replicate == replicate);
            let numbers: Vec<f64> = of_it.map(|(_, found)| number(found)).collect();
            Some((density, mean(&numbers)?))
        };
        let (densities, values) = levels.iter().filter_map(point).unzip();
        Series {
            name: sort.name().to_owned(),
            seed: Some(u64::from(replicate)),
            x: Axis::new("density", "", densities),
            y: Axis::new(name, unit, values),
            extra: serde_json::Map::default(),
        }
    };
    numbers(outcome).into_iter().map(curve).collect()
}

/// Quality on the validation rows while tickets are trained, a curve a level.
fn learning(outcome: &Outcome<'_>) -> Vec<Series> {
    let (name, unit) = if outcome.classes { ("validation accuracy", "%") } else { ("validation RMSE", "") };
    let curve = |level: usize| {
        let all: Vec<&Found> = outcome.of(Sort::Ticket, level).map(|(_, found)| found).collect();
        let looks = all.iter().map(|found| found.training.looks.len()).min().unwrap_or(0);
        let every = looks.div_ceil(POINTS).max(1);
        let places: Vec<usize> = (0..looks).filter(|place| (place + 1) % every == 0).collect();
        let step = |place: &usize| all[0].training.looks[*place].step as f64;
        let quality = |place: &usize| {
            let qualities: Vec<f64> = all.iter().map(|found| found.training.looks[*place].quality).collect();
            mean(&qualities).unwrap_or(f64::NAN)
        };
        Series {
            name: format!("learning, level {level}"),
            seed: None,
            x: Axis::new("step", "", places.iter().map(step).collect()),
            y: Axis::new(name, unit, places.iter().map(quality).collect()),
            extra: [("density".to_owned(), outcome.density(level).into())].into_iter().collect(),
        }
    };
    (0..=outcome.spec.pruning.rounds).map(curve).collect()
}

fn between(outcome: &Outcome<'_>, line: &Line) -> Series {
    let (name, unit) = if outcome.classes { ("test error", "%") } else { ("test RMSE", "") };
    let (shares, errors) = line.points.iter().copied().unzip();
    Series {
        name: format!("between copies, level {}", line.level),
        seed: Some(u64::from(line.replicate)),
        x: Axis::new("share of the second copy", "", shares),
        y: Axis::new(name, unit, errors),
        extra: [("density".to_owned(), outcome.density(line.level).into())].into_iter().collect(),
    }
}
