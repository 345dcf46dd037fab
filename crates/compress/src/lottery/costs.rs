//! What finding each ticket took, beside what it saves.

use lessen_records::result::{NOTHING_SAVED, break_even};
use lessen_records::study::{Effort, TicketCost};
use lessen_units::{Figure, Joules, Seconds};

use super::found::{Outcome, Sort};
use super::plan::{Kind, Task};
use super::search::Found;
use super::spec::Strategy;

/// Level by level, in the mean over replicates; the dense network, level 0, is not found.
pub(crate) fn of(outcome: &Outcome<'_>) -> Vec<TicketCost> {
    (0..=outcome.spec.pruning.rounds).filter_map(|level| of_level(outcome, level)).collect()
}

fn of_level(outcome: &Outcome<'_>, level: usize) -> Option<TicketCost> {
    let dense = effort(outcome, |task| task.kind == Kind::Ticket(0))?;
    let training = effort(outcome, |task| task.kind == Kind::Ticket(level))?;
    let finding = match level {
        0 => Effort { cpu_seconds: Seconds(0.0), joules: Figure::unavailable(NOT_FOUND) },
        _ => effort(outcome, |task| leads_to(task, level, outcome.spec.pruning.strategy))?,
    };
    let break_even_trainings = match break_even(&finding.joules, &dense.joules, &training.joules) {
        _ if level == 0 => Figure::unavailable(NOT_FOUND),
        figure if figure.how() == NOTHING_SAVED => Figure::unavailable(NEVER),
        figure => figure,
    };
    Some(TicketCost {
        level: level as u64,
        density: outcome.of(Sort::Ticket, level).next()?.1.training.density(),
        finding,
        training,
        dense,
        break_even_trainings,
        extra: serde_json::Map::default(),
    })
}

const NOT_FOUND: &str = "the dense network is not found";
const NEVER: &str = "never: training it takes no less energy than training the dense network";

/// Whether the mask of a level stands on a training.
fn leads_to(task: &Task, level: usize, strategy: Strategy) -> bool {
    match (task.kind, strategy) {
        (Kind::Rewind | Kind::Ticket(0), _) => true,
        (Kind::Ticket(before), Strategy::Reset) | (Kind::Continued(before), _) => before < level,
        _ => false,
    }
}

/// What the trainings that are asked for took, all together, divided by the replicates.
fn effort(outcome: &Outcome<'_>, is_asked: impl Fn(&Task) -> bool) -> Option<Effort> {
    let asked: Vec<&Found> = outcome
        .tasks
        .iter()
        .zip(&outcome.found)
        .filter(|(task, _)| is_asked(task))
        .map(|(_, found)| found)
        .collect();
    let replicates = f64::from(outcome.spec.replicates);
    let mut joules: Figure<Joules> = asked.first()?.receipt.joules.clone();
    for found in &asked[1..] {
        joules = &joules + &found.receipt.joules;
    }
    let seconds: f64 = asked.iter().map(|found| found.receipt.cpu_seconds.0).sum();
    Some(Effort {
        cpu_seconds: Seconds(seconds / replicates),
        joules: joules.map(|joules| Joules(joules.0 / replicates)),
    })
}
