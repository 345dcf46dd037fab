//! The sections of published trainings.

use lessen_units::Flops;

use super::footnotes::{Footnotes, Marks};
use super::numbers::{UNKNOWN, known, plain, prefixed, scientific};
use super::page::Head::{Number, Text};
use super::page::{Section, code, heading, needed, optional, table, text, text_if_known};
use super::with_confidence;
use crate::tables::{ComputeKind, EnergyScope, PowerKind, Row as _, Tables, TrainingCompute, TrainingReport};

pub(super) const COMPUTE: Section = Section {
    title: "Arithmetic of trainings",
    file: TrainingCompute::FILE,
    about: "a row is the arithmetic of one published training. `key` is its key. A PFS-day is a day at 10^15 operations a \
            second, 8.64e19 operations. k, M, B and T are thousands, millions, 10^9 and 10^12.",
    columns: &[
        needed("key", "short: `gpt-3`"),
        needed("system", "the system's name"),
        needed("date", "year and month of publication: `2020-05`"),
        needed("flop", "floating-point operations of the whole training, two a multiply-accumulate"),
        needed("pfs_days", "the same in PFS-days"),
        needed(
            "kind",
            "`published` where its developer or a paper about it says so, `estimated` where others worked it out",
        ),
        optional("parameters", "how many"),
        optional("alt_flop", "another account of the same run, in floating-point operations"),
        optional("alt_source", "whose that is"),
        needed("source", "who published it"),
        optional("confidence", "where it was seen, see [words](#words); empty: `read`"),
        optional("note", "what is to be minded"),
    ],
};

pub(super) fn compute(tables: &Tables) -> String {
    let mut rows: Vec<&TrainingCompute> = tables.training_compute.rows().iter().collect();
    rows.sort_by(|a, b| a.date.cmp(&b.date));
    let shown = || rows.iter();
    // Another account's source is said beside it.
    let sources =
        Footnotes::of(Marks::Numbers, shown().flat_map(|run| [run.source.as_str(), run.alt_source.as_str()]));
    let notes = Footnotes::of(Marks::Letters, shown().map(|run| run.note.as_str()));
    let heads = [
        Text("System"),
        Text("Key"),
        Text("Date"),
        Number("FLOP"),
        Number("PFS-days"),
        Text("Kind"),
        Number("Parameters"),
        Text("Source"),
        Text("Another account (FLOP)"),
        Text("Note"),
    ];
    let rows_of_page = shown().map(|run| {
        let operations = |count: Flops| scientific(count.0);
        let another = run.alt_flop.map(|count| {
            let source = if run.alt_source.is_empty() {
                String::new()
            } else {
                format!(", {}", sources.cell(&run.alt_source))
            };
            operations(Flops(count)) + &source
        });
        [
            text(&run.system),
            code(&run.key),
            text(&run.date),
            operations(Flops(run.flop)),
            plain(run.pfs_days),
            ComputeKind::name(run.kind).to_owned(),
            known(run.parameters, prefixed),
            with_confidence(sources.cell(&run.source), run.confidence),
            another.unwrap_or(UNKNOWN.to_owned()),
            notes.cell(&run.note),
        ]
    });
    COMPUTE.opening()
        + &table(heads, rows_of_page)
        + &Section::closing(&sources, Some(&notes), shown().map(|run| run.source.as_str()))
}

pub(super) const REPORTS: Section = Section {
    title: "Reports of trainings",
    file: TrainingReport::FILE,
    about: "a row is what the makers of a model, or a paper about it, reported of its training. `key` is its key. Its \
            columns stand in two tables below: the runs, and what was reported of them. k, M, B and T are thousands, \
            millions, 10^9 and 10^12. The reports count different things, so that two rows compare only where the second \
            table says the same of both; an emission of 0 is what was reported.",
    columns: &[
        needed("key", "short: `llama-2-7b`"),
        needed("model", "the model's name"),
        needed("year", "the year of the report"),
        optional("parameters", "parameters in all"),
        optional("active_parameters", "parameters that a token meets"),
        optional("tokens", "tokens that it was trained on"),
        needed("hardware", "as reported, for people"),
        optional("accelerator", "key or family in the table of accelerators"),
        optional("devices", "how many of them"),
        optional("device_hours", "hours of all of them together"),
        optional(
            "power",
            "`measured` while it ran or on the same system, `assumed` where the makers' peak was taken",
        ),
        optional("reported_kwh", "energy, in kilowatt-hours"),
        optional(
            "energy_scope",
            "`with PUE` where the building is in the energy, `without PUE` where it is not",
        ),
        optional("reported_tco2e", "emissions, in metric tons of CO2 equivalent"),
        optional("pue", "energy of the building over that of the computers"),
        optional(
            "g_per_kwh",
            "the intensity that was reckoned with, in grams of CO2 equivalent a kilowatt-hour",
        ),
        optional("scope_note", "what the numbers count"),
        needed("source", "the report"),
        optional("confidence", "where it was seen, see [words](#words); empty: `read`"),
        optional("note", "what is to be minded"),
    ],
};

pub(super) fn reports(tables: &Tables) -> String {
    let mut rows: Vec<&TrainingReport> = tables.training_reports.rows().iter().collect();
    rows.sort_by_key(|report| report.year);
    let shown = || rows.iter().copied();
    let sources = Footnotes::of(Marks::Numbers, shown().map(|report| report.source.as_str()));
    let notes = Footnotes::of(
        Marks::Letters,
        shown().flat_map(|report| [report.scope_note.as_str(), report.note.as_str()]),
    );
    REPORTS.opening()
        + &heading("The runs")
        + &runs(shown())
        + &heading("What was reported of them")
        + &reported(shown(), &sources, &notes)
        + &Section::closing(&sources, Some(&notes), shown().map(|report| report.source.as_str()))
}

fn runs<'t>(reports: impl Iterator<Item = &'t TrainingReport>) -> String {
    let heads = [
        Text("Model"),
        Text("Key"),
        Number("Year"),
        Number("Parameters"),
        Number("Active"),
        Number("Tokens"),
        Text("Hardware"),
        Text("Accelerator"),
        Number("Devices"),
        Number("Device-hours"),
    ];
    let rows = reports.map(|report| {
        [
            text(&report.model),
            code(&report.key),
            report.year.to_string(),
            known(report.parameters, prefixed),
            known(report.active_parameters, prefixed),
            known(report.tokens, prefixed),
            text(&report.hardware),
            report.accelerator.as_deref().map_or(UNKNOWN.to_owned(), code),
            known(report.devices.map(f64::from), plain),
            known(report.device_hours, plain),
        ]
    });
    table(heads, rows)
}

fn reported<'t>(
    reports: impl Iterator<Item = &'t TrainingReport>,
    sources: &Footnotes,
    notes: &Footnotes,
) -> String {
    let heads = [
        Text("Model"),
        Number("Energy (kWh)"),
        Text("Building"),
        Text("Power"),
        Number("Emissions (t CO2e)"),
        Number("PUE"),
        Number("g CO2e/kWh"),
        Text("What is counted"),
        Text("Source"),
        Text("Note"),
    ];
    let rows = reports.map(|report| {
        [
            text(&report.model),
            known(report.reported_kwh, plain),
            text_if_known(report.energy_scope.map_or("", EnergyScope::name)),
            text_if_known(report.power.map_or("", PowerKind::name)),
            known(report.reported_tco2e, plain),
            known(report.pue, plain),
            known(report.g_per_kwh, plain),
            notes.cell(&report.scope_note),
            with_confidence(sources.cell(&report.source), report.confidence),
            notes.cell(&report.note),
        ]
    });
    table(heads, rows)
}
