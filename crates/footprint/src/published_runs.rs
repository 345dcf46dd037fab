//! What published trainings teach: how much power whole machines draw, and how much of the peak is reached.

use lessen_units::{Figure, Flops, FlopsPerSecond, Hours, KilowattHours, Kind, Seconds};

use crate::percentile::percentile;
use crate::tables::{Accelerator, EnergyScope, PowerKind, Tables, TrainingReport};

/// Power of whole machines while they train, over the thermal design power of their devices.
///
/// The middle value and the range of the reports whose power was measured. Unavailable where there is none.
pub fn draw_over_tdp(tables: &Tables) -> Figure<f64> {
    draw_over_tdp_of(tables, |_| true)
}

/// [`draw_over_tdp`] of some reports only.
pub(crate) fn draw_over_tdp_of(tables: &Tables, of: impl Fn(&TrainingReport) -> bool) -> Figure<f64> {
    let reports = tables.training_reports.rows().iter().filter(|report| of(report));
    let measured = reports.filter(|report| report.power == Some(PowerKind::Measured));
    let ratios = measured.filter_map(|report| draw_of(report, tables)).collect();
    middle(ratios, "the draw of whole machines over the power of their devices in published runs")
}

/// Share of the devices' peak that a training reaches (6ND over peak and time; half precision where devices have it).
///
/// The middle value and the range of the reports that give parameters, tokens and time. Unavailable where there is none.
pub fn utilization(tables: &Tables) -> Figure<f64> {
    utilization_among(tables, |_| true)
}

/// [`utilization`] of some reports only.
pub(crate) fn utilization_among(tables: &Tables, of: impl Fn(&TrainingReport) -> bool) -> Figure<f64> {
    let reports = tables.training_reports.rows().iter().filter(|report| of(report));
    let shares = reports.filter_map(|report| utilization_of(report, tables)).collect();
    middle(shares, "the share of the peak that published trainings of language models reached")
}

/// Watts of one report's device, without the building, over its thermal design power.
pub(crate) fn draw_of(report: &TrainingReport, tables: &Tables) -> Option<f64> {
    let building = match report.energy_scope? {
        EnergyScope::WithPue => report.pue?,
        EnergyScope::WithoutPue => 1.0,
    };
    let watts = KilowattHours(report.reported_kwh?) / Hours(report.device_hours?) / building;
    Some(watts.0 / middle_of(report, tables, |device| device.watts)?)
}

/// Share of the peak that one report's run reached.
pub(crate) fn utilization_of(report: &TrainingReport, tables: &Tables) -> Option<f64> {
    let work = six_n_d(report.active_parameters?, report.tokens?, tables);
    let teraflops =
        middle_of(report, tables, |device| device.peak_tflops_bf16_dense.or(device.peak_tflops_fp32))?;
    let at_peak: Seconds = work / FlopsPerSecond::from_teraflops(teraflops);
    Some(at_peak.0 / Seconds::from(Hours(report.device_hours?)).0)
}

/// Operations of a language model's training (Kaplan et al. 2020): 6 for each parameter and token.
pub(crate) fn six_n_d(parameters: f64, tokens: f64, tables: &Tables) -> Flops {
    let factor = tables.defaults.get("flops-per-parameter-and-token").map_or(f64::NAN, |row| row.value);
    Flops(factor * parameters * tokens)
}

/// Half-way between the least and the most of a column over the devices that a report's name means.
fn middle_of(
    report: &TrainingReport,
    tables: &Tables,
    column: impl Fn(&Accelerator) -> Option<f64>,
) -> Option<f64> {
    let name = report.accelerator.as_deref()?;
    let devices = tables.accelerators.rows().iter().filter(|device| device.is_called(name));
    let values: Vec<f64> = devices.filter_map(column).collect();
    let low = values.iter().copied().reduce(f64::min)?;
    let high = values.iter().copied().reduce(f64::max)?;
    Some(f64::midpoint(low, high))
}

/// The median with the least and the most.
fn middle(mut values: Vec<f64>, of_what: &str) -> Figure<f64> {
    values.sort_by(f64::total_cmp);
    let (Some(low), Some(high)) = (values.first().copied(), values.last().copied()) else {
        return Figure::unavailable(format!("no report gives {of_what}"));
    };
    let median = percentile(&values, 0.5);
    let how = format!("{median:.2} ({low:.2} to {high:.2}), {of_what} ({} reports)", values.len());
    Figure::band(median, low, high, Kind::Estimated, how)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(key: &str) -> TrainingReport {
        Tables::built_in().training_reports.get(key).unwrap().clone()
    }

    #[test]
    fn ratios_of_reports_worked_by_hand() {
        let tables = Tables::built_in();
        let close = |found: Option<f64>, expected: f64| (found.unwrap() - expected).abs() < 1e-4;
        // 1507 kWh / 1.58 / 5068.8 h = 188.17 W; a V100 has 250 or 300 W.
        assert!(close(draw_of(&of("strubell-bert-base"), tables), 188.172 / 275.0));
        // 89,671.68 kWh / 320,256 h = 280 W of 400 W; the building is not in it.
        assert!(close(draw_of(&of("starcoder"), tables), 0.7));
        // 6 * 65.2e9 * 1.4e12 FLOP / (1,022,362 h * 3600 s * 312e12 FLOP/s)
        assert!(close(utilization_of(&of("llama-65b"), tables), 0.47695));
        // 17e9 of 109e9 parameters are active: 6 * 17e9 * 40e12 / (5e6 * 3600 * 989e12, or 989.4e12)
        let scout = utilization_of(&of("llama-4-scout"), tables).unwrap();
        assert!((0.2285..0.2295).contains(&scout), "{scout}");
        assert_eq!(draw_of(&of("llama-2-7b"), tables), None, "no energy was reported");
    }

    #[test]
    fn medians_lie_between_the_ends() {
        for figure in [draw_over_tdp(Tables::built_in()), utilization(Tables::built_in())] {
            let (Some(low), Some(value), Some(high)) = (figure.low(), figure.value(), figure.high()) else {
                panic!("{figure:?}");
            };
            assert!(0.0 < low && low < value && value < high && high < 3.0, "{figure:?}");
        }
        assert_eq!(middle(vec![3.0, 1.0], "x").value(), Some(2.0));
        assert_eq!(middle(vec![3.0, 1.0, 1.5], "x").value(), Some(1.5));
        assert_eq!(middle(Vec::new(), "x").value(), None);
    }
}
