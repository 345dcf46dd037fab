//! What model cards and papers report of their trainings, beside what we would have estimated.
//!
//! Each report is estimated from three sides: its energy and its emissions from its device-hours, and its device-hours from its parameters and tokens.
//! What our estimates learn from the reports (the draw of machines, the share of the peak) is learnt from all
//! others: no report helps to estimate itself.

use lessen_records::Study;
use lessen_records::study::{Holds, StudyRow};
use lessen_units::{
    Figure, FlopsPerSecond, GramsPerKilowattHour, Hours, KilowattHours, Kind, Quantity, Seconds, TonnesCo2e,
    Watts,
};
use serde_json::{Map, Value, json};

use super::study_of;
use crate::device::{Device, Precision};
use crate::intensity::Intensity;
use crate::published_runs::{draw_of, draw_over_tdp_of, six_n_d, utilization_among, utilization_of};
use crate::tables::{DefaultValue, EnergyScope, PowerKind, Row as _, Tables, TrainingReport};

/// The study's name.
pub(super) const NAME: &str = "training-reports";

/// The share of reports that should lie in our bands.
const MOST_OF_THEM: f64 = 0.9;

pub(super) fn study() -> Study {
    let tables = Tables::built_in();
    let reports = tables.training_reports.rows();
    let rows_of = |side: fn(&TrainingReport, &Tables) -> Option<StudyRow>| {
        reports.iter().filter_map(|report| side(report, tables)).collect::<Vec<StudyRow>>()
    };
    let sides = [
        ("kwh", "energy by device-hours", rows_of(energy)),
        ("co2e", "emissions by device-hours", rows_of(emissions)),
        ("hours", "device-hours by 6ND", rows_of(hours)),
    ];
    let summaries = sides.iter().map(|(id, what, rows)| summary(id, what, rows)).collect::<Vec<StudyRow>>();
    let rows = summaries.into_iter().chain(sides.into_iter().flat_map(|(_, _, rows)| rows)).collect();
    study_of(NAME, json!({"reports": reports.len(), "left_out_for_each": "itself"}), rows)
}

/// How many of the reports lie in our bands.
fn summary(id: &str, what: &str, rows: &[StudyRow]) -> StudyRow {
    let within = rows.iter().filter(|row| row.holds == Holds::Yes).count();
    let mut ratios: Vec<f64> = rows.iter().filter_map(|row| Some(row.ours? / row.paper?)).collect();
    ratios.sort_by(f64::total_cmp);
    let at = |place: usize| ratios.get(place).copied().unwrap_or(f64::NAN);
    let share = within as f64 / rows.len() as f64;
    StudyRow {
        id: format!("within-the-band/{id}"),
        what: format!("in our band, at least 0.9: {what}"),
        paper: None,
        ours: Some(share),
        low: None,
        high: None,
        seeds: 0,
        holds: if share >= MOST_OF_THEM { Holds::Yes } else { Holds::No },
        note: Some(format!(
            "{within} of {} reports; ours over theirs: median {:.2}, from {:.2} to {:.2}",
            rows.len(),
            at(ratios.len() / 2),
            at(0),
            at(ratios.len().saturating_sub(1)),
        )),
        extra: Map::default(),
    }
}

/// Energy from device-hours, in the scope in which it was reported.
fn energy(report: &TrainingReport, tables: &Tables) -> Option<StudyRow> {
    let reported = report.reported_kwh?;
    let computers = computers(report, tables)?;
    let (ours, building) = match report.energy_scope {
        Some(EnergyScope::WithoutPue) => (computers, None),
        _ => (with_building(&computers, report, tables), Some(pue_reason(report))),
    };
    let reasons = [power_reason(report, tables), building];
    Some(row(report, "kwh", "kWh", reported, &ours, reasons))
}

/// Emissions from device-hours, with the reported intensity where there is one.
fn emissions(report: &TrainingReport, tables: &Tables) -> Option<StudyRow> {
    // A report of 0 t from contracts for clean electricity cannot be compared with a grid's.
    let reported = report.reported_tco2e.filter(|tonnes| *tonnes > 0.0)?;
    let energy = with_building(&computers(report, tables)?, report, tables);
    let intensity = match report.g_per_kwh {
        Some(grams) => Intensity::said(GramsPerKilowattHour(grams)),
        None => Intensity::world_average(tables),
    };
    let ours = (&energy * &intensity.g_per_kwh).map(TonnesCo2e::from);
    let grid = match report.g_per_kwh {
        Some(_) => None,
        None => Some("no intensity is given: ours is the world's average".to_owned()),
    };
    let reasons = [power_reason(report, tables), Some(pue_reason(report)), grid];
    Some(row(report, "co2e", "t CO2e", reported, &ours, reasons))
}

/// Device-hours from 6ND, the table's peak and the share of it that other runs reached.
fn hours(report: &TrainingReport, tables: &Tables) -> Option<StudyRow> {
    let reported = report.device_hours?;
    let device = device(report, tables)?;
    let work = six_n_d(report.active_parameters?, report.tokens?, tables);
    let reached = utilization_among(tables, |other| other.key != report.key);
    let rate: Figure<FlopsPerSecond> =
        device.peak(Precision::Half).combine(&reached, |peak, share| peak * share);
    let time: Figure<Seconds> = &Figure::exact(work, Kind::Estimated, "6ND") / &rate;
    let ours = time.map(Hours::from);
    ours.value()?;
    let theirs = utilization_of(report, tables)?;
    let reason = format!(
        "this run reached {:.0} % of the peak, the middle one of the others {:.0} %",
        theirs * 100.0,
        reached.value()? * 100.0
    );
    Some(row(report, "hours", "device-hours", reported, &ours, [Some(reason), None]))
}

/// Energy of the computers, by device-hours and the power of the tables.
fn computers(report: &TrainingReport, tables: &Tables) -> Option<Figure<KilowattHours>> {
    let hours = Hours(report.device_hours?);
    let drawn = draw_over_tdp_of(tables, |other| other.key != report.key);
    let watts: Figure<Watts> =
        device(report, tables)?.rated_watts().combine(&drawn, |rated, drawn| rated * drawn);
    let energy = watts.map(|watts| watts * hours);
    energy.value().map(|_| energy)
}

fn with_building(
    computers: &Figure<KilowattHours>,
    report: &TrainingReport,
    tables: &Tables,
) -> Figure<KilowattHours> {
    let pue = match report.pue {
        Some(said) => Figure::exact(said, Kind::Declared, "PUE as reported"),
        None => tables.defaults.get("pue").map_or(Figure::unavailable("no PUE"), DefaultValue::figure),
    };
    computers.combine(&pue, |energy, pue| energy * pue)
}

fn device<'t>(report: &TrainingReport, tables: &'t Tables) -> Option<Device<'t>> {
    Device::accelerator(report.accelerator.as_deref()?, tables).ok()
}

fn pue_reason(report: &TrainingReport) -> String {
    match report.pue {
        Some(pue) => format!("PUE {pue} as reported"),
        None => "no PUE is given: ours is the default".to_owned(),
    }
}

fn power_reason(report: &TrainingReport, tables: &Tables) -> Option<String> {
    let others = draw_over_tdp_of(tables, |other| other.key != report.key).value()?;
    Some(match (report.power, draw_of(report, tables)) {
        (Some(PowerKind::Measured), Some(drawn)) => {
            format!(
                "their machines drew {drawn:.2} of the devices' rated power, the middle one of the others {others:.2}"
            )
        }
        (Some(PowerKind::Assumed), _) => {
            format!(
                "they take the devices' peak power, ours is {others:.2} of it as in runs that were measured"
            )
        }
        _ => format!("ours takes {others:.2} of the devices' rated power"),
    })
}

/// Theirs and ours, whether theirs lies in our band, and why they differ.
fn row<Q: Quantity, const N: usize>(
    report: &TrainingReport,
    id: &str,
    unit: &str,
    theirs: f64,
    ours: &Figure<Q>,
    reasons: [Option<String>; N],
) -> StudyRow {
    let [low, value, high] = [ours.low(), ours.value(), ours.high()].map(|bound| bound.map(Quantity::raw));
    let within = low.is_some_and(|low| low <= theirs) && high.is_some_and(|high| theirs <= high);
    let ratio = value.map_or(f64::NAN, |value| value / theirs);
    let said = [&report.scope_note, &report.note].map(|note| (!note.is_empty()).then(|| note.clone()));
    let reasons: Vec<String> = reasons.into_iter().chain(said).flatten().collect();
    StudyRow {
        id: format!("{}/{id}", report.key()),
        what: format!("{}, {unit}", report.model),
        paper: Some(theirs),
        ours: value,
        low,
        high,
        seeds: 0,
        holds: if within { Holds::Yes } else { Holds::No },
        note: Some(format!("ours is {ratio:.2} times theirs: {}", reasons.join("; "))),
        extra: Map::from_iter([("ratio".to_owned(), Value::from(ratio))]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row_of(id: &str) -> StudyRow {
        study().rows.into_iter().find(|row| row.id == id).unwrap_or_else(|| panic!("no row {id}"))
    }

    #[test]
    fn llama_2_by_hand() {
        // 6 * 7e9 * 2e12 FLOP at 312e12 FLOP/s and a utilization u: 74,786 / u hours.
        let tables = Tables::built_in();
        let others = utilization_among(tables, |other| other.key != "llama-2-7b");
        let row = row_of("llama-2-7b/hours");
        assert!((row.ours.unwrap() * others.value().unwrap() - 74_786.3).abs() < 0.1, "{row:?}");
        assert_eq!((row.paper, row.holds), (Some(184_320.0), Holds::Yes));
    }

    #[test]
    fn no_report_helps_to_estimate_itself() {
        let tables = Tables::built_in();
        // PaLM has the largest draw: without it the band ends below.
        let all = draw_over_tdp_of(tables, |_| true).high().unwrap();
        let palm = tables.training_reports.rows().iter().filter_map(|report| {
            Some((
                report.key.as_str(),
                draw_of(report, tables).filter(|_| report.power == Some(PowerKind::Measured))?,
            ))
        });
        let (key, most) = palm.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert!((most - all).abs() < 1e-12);
        assert!(draw_over_tdp_of(tables, |other| other.key != key).high().unwrap() < all);
    }

    #[test]
    fn rows_say_why_they_differ() {
        let study = study();
        assert!(study.rows.len() > 40, "{}", study.rows.len());
        for row in &study.rows {
            let note = row.note.as_deref().unwrap_or_default();
            assert!(note.len() > 20, "{}: {note}", row.id);
            assert!(row.ours.is_some_and(f64::is_finite), "{}", row.id);
            let within = row.paper.is_none_or(|paper| row.low <= Some(paper) && Some(paper) <= row.high);
            if row.paper.is_some() {
                assert_eq!(row.holds == Holds::Yes, within, "{}", row.id);
            }
        }
    }
}
