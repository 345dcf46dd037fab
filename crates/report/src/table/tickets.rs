//! What finding each ticket took, beside what it saves.

use lessen_records::Study;
use lessen_records::study::{Effort, Series, TicketCost};
use lessen_units::Figure;

use super::WIDTH;
use crate::grid::Grid;
use crate::readable::{self, NOTHING, figure, joules, with_unit};

/// The levels of a search for tickets for a terminal: what is left, how good it is, and what finding and training it took.
pub fn tickets_text(study: &Study) -> String {
    let header = vec![
        vec!["", "test, early stop", "", "early stop,", "finding", "training it", "", "repaid after"],
        vec!["left", "ticket", "reinit", "steps", "", "CPU time", "energy", "trainings"],
    ];
    Grid::new(header, study.tickets.iter().map(|cost| row(study, cost))).text(WIDTH) + LEGEND
}

/// The same as Markdown.
pub fn tickets_markdown(study: &Study) -> String {
    let header = vec![
        "left",
        "ticket, test",
        "reinit, test",
        "steps to early stop",
        "energy of finding",
        "CPU time of training it",
        "energy of training it",
        "repaid after trainings",
    ];
    Grid::new(vec![header], study.tickets.iter().map(|cost| row(study, cost))).markdown()
}

const LEGEND: &str = "test: in the mean over replicates, at the least validation loss. finding: energy of every training that \
                      the mask stands on.\nrepaid after: trainings of the ticket in the dense network's place.\n";

fn row(study: &Study, cost: &TicketCost) -> Vec<String> {
    let mean = |name: &str, of: &dyn Fn(&Series) -> bool| {
        let at = |series: &Series| {
            let place = series.x.values.iter().position(|density| (density - cost.density).abs() < 1e-9)?;
            series.y.values.get(place).copied()
        };
        let values: Vec<f64> =
            study.series.iter().filter(|series| series.name == name && of(series)).filter_map(at).collect();
        if values.is_empty() {
            return NOTHING.to_owned();
        }
        readable::number(values.iter().sum::<f64>() / values.len() as f64)
    };
    let early = |series: &Series| series.y.name.starts_with("test") && series.y.name.ends_with("early stop");
    let steps = |series: &Series| series.y.name == "step of early stop";
    let Effort { cpu_seconds, joules: energy } = &cost.training;
    vec![
        format!("{:.2} %", 100.0 * cost.density),
        mean("ticket", &early),
        mean("random reinit", &early),
        mean("ticket", &steps),
        figure(&cost.finding.joules, joules),
        with_unit(cpu_seconds.0, "s"),
        figure(energy, joules),
        trainings(&cost.break_even_trainings),
    ]
}

fn trainings(figure: &Figure<f64>) -> String {
    match figure.value() {
        Some(trainings) => readable::number(trainings),
        None if figure.how().starts_with("never") => "never".to_owned(),
        None => NOTHING.to_owned(),
    }
}
