//! What a search found, as the page asks for it: levels, costs, rows, and curves over replicates.

use lessen_records::study::{Series, StudyRow, TicketCost};
use lessen_records::{ResultRecord, Study};

use crate::readable::{NOTHING, percent};

/// The records of a search.
pub(super) struct Search<'a> {
    pub(super) study: &'a Study,
    pub(super) result: &'a ResultRecord,
}

/// What all replicates have at one place of a curve.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) x: f64,
    pub(super) low: f64,
    pub(super) mean: f64,
    pub(super) high: f64,
}

/// The name of the curves of tickets, of which the first is the dense network.
pub(super) const TICKET: &str = "ticket";

/// Densities that differ by less than this share are one.
const SAME: f64 = 1e-9;

impl<'a> Search<'a> {
    /// Rounds of pruning after which the decided ticket was found; 0 where that is the dense network.
    pub(super) fn decided(&self) -> Option<u64> {
        self.study.extra.get("best_level")?.as_u64()
    }

    /// Whether what is predicted are classes.
    pub(super) fn has_classes(&self) -> bool {
        self.result.dataset.classes.is_some()
    }

    /// Share of the weights that is left after so many rounds.
    pub(super) fn density(&self, level: u64) -> Option<f64> {
        if level == 0 {
            return Some(1.0);
        }
        let of_curve = || {
            let (_, curves) = self.by_level("learning").into_iter().find(|(of, _)| *of == level)?;
            curves.first()?.extra.get("density")?.as_f64()
        };
        self.cost(level).map(|cost| cost.density).or_else(of_curve).filter(|density| density.is_finite())
    }

    /// [`Search::density`] in percent, for people.
    pub(super) fn left(&self, level: u64) -> String {
        self.density(level).map_or_else(|| NOTHING.to_owned(), percent)
    }

    /// What finding the ticket of a level took.
    pub(super) fn cost(&self, level: u64) -> Option<&'a TicketCost> {
        self.study.tickets.iter().find(|cost| cost.level == level)
    }

    pub(super) fn row(&self, id: &str) -> Option<&'a StudyRow> {
        self.study.rows.iter().find(|row| row.id == id)
    }

    /// A count among the settings, such as `/pruning/rounds`.
    pub(super) fn count(&self, path: &str) -> Option<u64> {
        self.study.spec.pointer(path)?.as_u64()
    }

    /// The curves named `kind, level N`, by rising level.
    pub(super) fn by_level(&self, kind: &str) -> Vec<(u64, Vec<&'a Series>)> {
        let level = |series: &Series| series.name.strip_prefix(kind)?.strip_prefix(", level ")?.parse().ok();
        let mut levels: Vec<(u64, Vec<&Series>)> = Vec::new();
        for series in &self.study.series {
            let Some(level) = level(series) else { continue };
            match levels.iter_mut().find(|(of, _)| *of == level) {
                Some((_, curves)) => curves.push(series),
                None => levels.push((level, vec![series])),
            }
        }
        levels.sort_by_key(|(level, _)| *level);
        levels
    }
}

/// The least, the mean and the greatest of all curves at each place, by rising place. What is no number is left out.
pub(super) fn spreads<'a>(curves: impl IntoIterator<Item = &'a Series>) -> Vec<Spread> {
    let pairs = |series: &'a Series| series.x.values.iter().copied().zip(series.y.values.iter().copied());
    let mut points: Vec<(f64, f64)> = curves.into_iter().flat_map(pairs).collect();
    points.retain(|(x, y)| x.is_finite() && y.is_finite());
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let same = |a: &(f64, f64), b: &(f64, f64)| (b.0 - a.0).abs() <= SAME * b.0.abs();
    points.chunk_by(same).filter_map(spread).collect()
}

/// Whether replicates differ anywhere.
pub(super) fn differ<'a>(spreads: impl IntoIterator<Item = &'a Spread>) -> bool {
    spreads.into_iter().any(|at| at.low < at.high)
}

fn spread(points: &[(f64, f64)]) -> Option<Spread> {
    let values = || points.iter().map(|(_, y)| *y);
    Some(Spread {
        x: points.first()?.0,
        low: values().fold(f64::INFINITY, f64::min),
        mean: values().sum::<f64>() / points.len() as f64,
        high: values().fold(f64::NEG_INFINITY, f64::max),
    })
}

#[cfg(test)]
mod tests {
    use lessen_records::study::Axis;

    use super::*;

    fn series(points: &[(f64, f64)]) -> Series {
        let (x, y) = points.iter().copied().unzip();
        Series {
            name: String::new(),
            seed: None,
            x: Axis::new("density", "", x),
            y: Axis::new("test accuracy", "%", y),
            extra: Default::default(),
        }
    }

    #[test]
    fn replicates_are_spread_place_by_place() {
        let curves =
            [series(&[(1.0, 96.0), (0.5, 97.0), (0.2, f64::NAN)]), series(&[(1.0, 98.0), (0.1, 90.0)])];
        let spread = |x, low, mean, high| Spread { x, low, mean, high };
        assert_eq!(
            spreads(&curves),
            [spread(0.1, 90.0, 90.0, 90.0), spread(0.5, 97.0, 97.0, 97.0), spread(1.0, 96.0, 97.0, 98.0)]
        );
        assert_eq!(spreads(&[]), []);
    }
}
