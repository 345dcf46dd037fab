//! The claims of a search, each with its interval over replicates.

use lessen_records::study::{Holds, StudyRow};

use super::Paper;
use super::connectivity::Line;
use super::found::{Moment, Outcome, Sort};
use crate::interval::Interval;

/// Points by which a ticket may be worse than the dense network and still count as no worse.
const NO_WORSE: f64 = 0.1;

/// Percent of the weights at which the paper's LeNet is back at the dense network's accuracy, and where it stops earliest.
const BACK: f64 = 3.58;
const EARLIEST: f64 = 21.07;

/// Points of error on the line between two copies below which they are called stable.
const STABLE: f64 = 2.0;

/// Every claim that the trainings of a search can speak to.
pub(crate) fn of(outcome: &Outcome<'_>, lines: &[Line], paper: &Paper) -> Vec<StudyRow> {
    let rows = Rows { outcome, paper };
    let mut all: Vec<StudyRow> = rows.dense().into_iter().chain([rows.best()]).collect();
    all.extend(outcome.level_of(BACK).map(|level| rows.no_worse(level)));
    for sort in [Sort::Reinit, Sort::Random, Sort::Shuffled] {
        all.extend(outcome.levels(sort).iter().map(|(level, _)| rows.above(sort, *level)));
    }
    if let Some(level) = outcome.level_of(EARLIEST) {
        all.push(rows.earlier(level));
        all.extend(rows.reinit_later(level));
    }
    let mut levels: Vec<usize> = lines.iter().map(|line| line.level).collect();
    levels.sort_unstable();
    levels.dedup();
    all.extend(levels.into_iter().map(|level| rows.stable(lines, level)));
    all
}

struct Rows<'a> {
    outcome: &'a Outcome<'a>,
    paper: &'a Paper,
}

impl Rows<'_> {
    /// What a difference of quality is told in.
    fn unit(&self) -> &'static str {
        if self.outcome.classes { "points" } else { "of RMSE" }
    }

    fn percent(&self, level: usize) -> String {
        format!("{:.2}", 100.0 * self.outcome.density(level))
    }

    /// Test quality at early stop of a sort and level, by replicate.
    fn quality(&self, sort: Sort, level: usize) -> Vec<f64> {
        self.outcome.per_replicate(sort, level, |found| Moment::Early.of(found).test.quality)
    }

    /// How much better the ticket of a level is than another network, by replicate.
    fn lead(&self, level: usize, other: (Sort, usize)) -> Vec<f64> {
        let (ticket, other) = (self.quality(Sort::Ticket, level), self.quality(other.0, other.1));
        ticket.iter().zip(&other).map(|(a, b)| self.outcome.sign() * (a - b)).collect()
    }

    /// Steps to early stop, by replicate.
    fn steps(&self, sort: Sort, level: usize) -> Vec<f64> {
        self.outcome.per_replicate(sort, level, |found| Moment::Early.of(found).step as f64)
    }

    /// Of a dense network nothing is claimed where no paper says what it should be.
    fn dense(&self) -> Option<StudyRow> {
        let (expected, within) = self.paper.dense?;
        let what = format!("dense network: test accuracy at early stop, %, is {expected} ± {within}");
        Some(self.row("dense", &what, &self.quality(Sort::Ticket, 0), |interval| {
            interval.within(expected - within, expected + within)
        }))
    }

    fn best(&self) -> StudyRow {
        let level = self.outcome.best_level();
        let what =
            format!("{} %: ticket, best on validation, above dense, {}", self.percent(level), self.unit());
        self.row("best-ticket", &what, &self.lead(level, (Sort::Ticket, 0)), |interval| interval.above(0.0))
    }

    fn no_worse(&self, level: usize) -> StudyRow {
        let what = format!("{} %: ticket not {NO_WORSE} below dense, {}", self.percent(level), self.unit());
        let lead = self.lead(level, (Sort::Ticket, 0));
        self.row("back-to-dense", &what, &lead, |interval| interval.above(-NO_WORSE))
    }

    fn above(&self, sort: Sort, level: usize) -> StudyRow {
        let (percent, name) = (self.percent(level), sort.name());
        let id = format!("{}-{percent}", name.replace(' ', "-"));
        let what = format!("{percent} %: ticket above {name}, {}", self.unit());
        self.row(&id, &what, &self.lead(level, (sort, level)), |interval| interval.above(0.0))
    }

    /// Early stop of a ticket against that of the dense network, replicate by replicate.
    fn earlier(&self, level: usize) -> StudyRow {
        let (ticket, dense) = (self.steps(Sort::Ticket, level), self.steps(Sort::Ticket, 0));
        let earlier: Vec<f64> = ticket.iter().zip(&dense).map(|(a, b)| 100.0 * (1.0 - a / b)).collect();
        let what = format!("{} %: ticket stops earlier than dense, % of steps", self.percent(level));
        self.row("early-stop", &what, &earlier, |interval| interval.above(0.0))
    }

    /// Early stop of newly drawn weights under a ticket's mask against that of the ticket.
    fn reinit_later(&self, level: usize) -> Option<StudyRow> {
        let (ticket, reinit) = (self.steps(Sort::Ticket, level), self.steps(Sort::Reinit, level));
        if reinit.is_empty() {
            return None;
        }
        let times: Vec<f64> = ticket.iter().zip(&reinit).map(|(a, b)| b / a).collect();
        let what =
            format!("{} %: random reinit stops later than ticket, times its steps", self.percent(level));
        Some(self.row("reinit-early-stop", &what, &times, |interval| interval.above(1.0)))
    }

    fn stable(&self, lines: &[Line], level: usize) -> StudyRow {
        let rises: Vec<f64> =
            lines.iter().filter(|line| line.level == level).map(Line::instability).collect();
        let (percent, unit) = (self.percent(level), self.unit());
        let what = format!("{percent} %: error between two copies rises by at most {STABLE} {unit}");
        self.row(&format!("connected-{percent}"), &what, &rises, |interval| interval.at_most(STABLE))
    }

    fn row(&self, id: &str, what: &str, numbers: &[f64], holds: impl Fn(&Interval) -> Holds) -> StudyRow {
        let interval = Interval::of(numbers);
        let paper = self.paper.numbers.iter().find(|(of, _)| *of == id).map(|(_, number)| *number);
        StudyRow {
            id: id.to_owned(),
            what: what.to_owned(),
            paper,
            ours: super::found::mean(numbers),
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
            seeds: numbers.len() as u64,
            holds: interval.as_ref().map_or(Holds::NotShown, holds),
            note: None,
            extra: serde_json::Map::default(),
        }
    }
}

impl Outcome<'_> {
    /// The level with this share of the weights, in percent, or one that is nearly it.
    pub(crate) fn level_of(&self, percent: f64) -> Option<usize> {
        let off = |density: f64| (100.0 * density / percent - 1.0).abs();
        let levels = self.levels(Sort::Ticket).into_iter().filter(|(level, _)| *level > 0);
        let nearest = levels.min_by(|a, b| off(a.1).total_cmp(&off(b.1)))?;
        (off(nearest.1) < 0.1).then_some(nearest.0)
    }
}
