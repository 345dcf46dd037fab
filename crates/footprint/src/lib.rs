//! Readings to emissions.
//!
//! [`carbon`] turns energy into grams of CO2 equivalent with the [`Intensity`] of a grid. Where nobody says
//! which grid, it is the world's average with a band as wide as countries differ: where a machine stands is
//! never guessed.
//!
//! # Example
//! ```
//! use lessen_footprint::{Intensity, carbon};
//! use lessen_units::{Figure, GramsCo2e, Joules, KilowattHours, Kind};
//!
//! let energy = Figure::exact(Joules::from(KilowattHours(1.0)), Kind::Measured, "a meter");
//! let emitted = carbon(&energy, 1.0, &Intensity::world_average());
//! assert_eq!(emitted.value(), Some(GramsCo2e(471.08)));
//! ```

use std::borrow::Cow;

use lessen_units::{Figure, GramsCo2e, Joules, KilowattHours, Kind};

/// Greenhouse gas that a kilowatt-hour of a grid stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Intensity {
    /// Grams of CO2 equivalent a kilowatt-hour, averaged over the year.
    pub g_per_kwh: f64,
    /// What it may be at least, in the same unit.
    pub low: f64,
    /// What it may be at most, in the same unit.
    pub high: f64,
    /// The grid: `WORLD`, or the code of a country or a part of one.
    pub region: Cow<'static, str>,
    /// The year that was averaged over.
    pub year: u16,
    /// What is counted: `lifecycle` (fuel supply and construction too), `direct` (stacks only) or
    /// `consumption` (imports too).
    pub scope: Cow<'static, str>,
    /// Who published it.
    pub source: Cow<'static, str>,
}

impl Intensity {
    /// The world's average: what is taken where no region is said.
    ///
    /// 471.08 g/kWh, lifecycle, 2024, from Ember's Yearly Electricity Data (2026), CC BY 4.0. The band is for a
    /// machine that may stand anywhere: the 5th and the 95th percentile (34.76 and 805.92, with interpolation)
    /// of the same source's values of 212 countries and areas, each counted once.
    pub fn world_average() -> Self {
        Self {
            g_per_kwh: 471.08,
            low: 34.76,
            high: 805.92,
            region: "WORLD".into(),
            year: 2024,
            scope: "lifecycle".into(),
            source: "Ember, Yearly Electricity Data (2026)".into(),
        }
    }

    fn figure(&self) -> Figure<f64> {
        let Self { g_per_kwh, region, year, scope, source, .. } = self;
        let how = format!("{g_per_kwh} g/kWh, {region} {year}, {scope}, {source}");
        Figure::band(self.g_per_kwh, self.low, self.high, Kind::Estimated, how)
    }
}

/// Emissions of the electricity that computers used.
///
/// `pue` is the building's energy over that of the computers in it (power usage effectiveness): 1 for a
/// computer under a desk. The band is that of the energy times that of the intensity. Unavailable where the
/// energy is, and where `pue` is below 1 or no number.
pub fn carbon(energy: &Figure<Joules>, pue: f64, intensity: &Intensity) -> Figure<GramsCo2e> {
    if !(pue >= 1.0 && pue.is_finite()) {
        return Figure::unavailable(format!("PUE is {pue}, expected 1 or more"));
    }
    let bought = energy.map(|energy| KilowattHours::from(energy) * pue);
    bought.combine(&intensity.figure(), |kilowatt_hours, grams| kilowatt_hours * grams)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emissions_are_energy_times_pue_times_intensity() {
        let kilowatt_hour = |value: f64, low: f64, high: f64| {
            let [value, low, high] = [value, low, high].map(|number| Joules::from(KilowattHours(number)));
            Figure::band(value, low, high, Kind::Measured, "a meter")
        };
        let exact = Intensity { low: 471.08, high: 471.08, ..Intensity::world_average() };
        for (energy, pue, intensity, expected) in [
            (kilowatt_hour(1.0, 1.0, 1.0), 1.0, exact, (471.08, 471.08, 471.08)),
            (kilowatt_hour(1.0, 1.0, 1.0), 1.0, Intensity::world_average(), (34.76, 471.08, 805.92)),
            // 2 kWh * 1.5 * 471.08 g; 1 kWh * 1.5 * 34.76 g; 4 kWh * 1.5 * 805.92 g
            (kilowatt_hour(2.0, 1.0, 4.0), 1.5, Intensity::world_average(), (52.14, 1413.24, 4835.52)),
            (kilowatt_hour(0.0, 0.0, 0.0), 1.0, Intensity::world_average(), (0.0, 0.0, 0.0)),
        ] {
            let found = carbon(&energy, pue, &intensity);
            let (Some(low), Some(value), Some(high)) = (found.low(), found.value(), found.high()) else {
                panic!("{found:?}");
            };
            for (found, expected) in [(low, expected.0), (value, expected.1), (high, expected.2)] {
                assert!((found.0 - expected).abs() < 1e-9, "{found:?}, expected {expected}");
            }
        }
    }

    #[test]
    fn the_account_names_the_grid_its_year_scope_and_source() {
        let energy = Figure::exact(Joules(1.0), Kind::Measured, "a meter");
        let found = carbon(&energy, 1.0, &Intensity::world_average());
        assert_eq!(found.kind(), Some(Kind::Estimated));
        let how = "a meter; 471.08 g/kWh, WORLD 2024, lifecycle, Ember, Yearly Electricity Data (2026)";
        assert_eq!(found.how(), how);
    }

    #[test]
    fn what_cannot_be_is_unavailable() {
        let energy = Figure::exact(Joules(1.0), Kind::Measured, "a meter");
        for pue in [0.0, 0.99, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(carbon(&energy, pue, &Intensity::world_average()).value(), None, "{pue}");
        }
        let none = Figure::unavailable("no sensor");
        assert_eq!(carbon(&none, 1.0, &Intensity::world_average()).how(), "no sensor");
        let crossed = Intensity { low: 500.0, ..Intensity::world_average() };
        assert_eq!(carbon(&energy, 1.0, &crossed).value(), None);
    }
}
