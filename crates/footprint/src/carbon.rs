//! Energy to emissions.

use lessen_units::{Figure, GramsCo2e, Joules, KilowattHours};

use crate::intensity::Intensity;

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
    &bought * &intensity.g_per_kwh
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Tables;
    use lessen_units::{GramsPerKilowattHour, Kind};

    #[test]
    fn emissions_are_energy_times_pue_times_intensity() {
        let kilowatt_hour = |value: f64, low: f64, high: f64| {
            let [value, low, high] = [value, low, high].map(|number| Joules::from(KilowattHours(number)));
            Figure::band(value, low, high, Kind::Measured, "a meter")
        };
        let world = || Intensity::world_average(Tables::built_in());
        let band = Figure::band(
            GramsPerKilowattHour(400.0),
            GramsPerKilowattHour(100.0),
            GramsPerKilowattHour(600.0),
            Kind::Estimated,
            "a table",
        );
        let wide = Intensity { g_per_kwh: band, ..world() };
        let exact = Intensity::said(GramsPerKilowattHour(471.08));
        for (energy, pue, intensity, expected) in [
            (kilowatt_hour(1.0, 1.0, 1.0), 1.0, &exact, (471.08, 471.08, 471.08)),
            (kilowatt_hour(1.0, 1.0, 1.0), 1.0, &wide, (100.0, 400.0, 600.0)),
            // 2 kWh * 1.5 * 400 g; 1 kWh * 1.5 * 100 g; 4 kWh * 1.5 * 600 g
            (kilowatt_hour(2.0, 1.0, 4.0), 1.5, &wide, (150.0, 1200.0, 3600.0)),
            (kilowatt_hour(0.0, 0.0, 0.0), 1.0, &wide, (0.0, 0.0, 0.0)),
        ] {
            let found = carbon(&energy, pue, intensity);
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
        let found = carbon(&energy, 1.0, &Intensity::world_average(Tables::built_in()));
        assert_eq!(found.kind(), Some(Kind::Estimated));
        let how = "a meter; 471.08 g/kWh, WORLD 2024, lifecycle, Ember Yearly Electricity Data (2026)";
        assert_eq!(found.how(), how);
    }

    #[test]
    fn what_cannot_be_is_unavailable() {
        let energy = Figure::exact(Joules(1.0), Kind::Measured, "a meter");
        let world = Intensity::world_average(Tables::built_in());
        for pue in [0.0, 0.99, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(carbon(&energy, pue, &world).value(), None, "{pue}");
        }
        let none = Figure::unavailable("no sensor");
        assert_eq!(carbon(&none, 1.0, &world).how(), "no sensor");
    }
}
