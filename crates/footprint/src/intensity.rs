//! Greenhouse gas that a kilowatt-hour stands for.

use lessen_units::{Figure, GramsPerKilowattHour, Kind};

use crate::percentile::percentile;
use crate::tables::{CloudRegion, Grid, MOST_G_PER_KWH, Row as _, Scope, Tables};

/// The carbon intensity of electricity, and where it is from.
#[derive(Clone, Debug, PartialEq)]
pub struct Intensity {
    /// Grams of CO2 equivalent a kilowatt-hour, with what it may be at least and at most.
    pub g_per_kwh: Figure<GramsPerKilowattHour>,
    /// The grid: `WORLD`, the code of a country or a part of one, a cloud's region; `said` where the user gave a number.
    pub region: String,
    /// The year that was averaged over, or that its hours are of; `None` where the user gave a number.
    pub year: Option<u16>,
    /// What is counted; `None` where that is not known.
    pub scope: Option<Scope>,
    /// Who published it.
    pub source: String,
}

impl Intensity {
    /// The world's average: what is taken where no region is said.
    ///
    /// The band is for a machine that may stand anywhere: from the 5th to the 95th percentile (with interpolation) of the
    /// table's countries and areas, each counted once.
    pub fn world_average(tables: &Tables) -> Self {
        let countries = tables.grids.rows().iter().filter(|grid| grid.is_country());
        let mut values: Vec<f64> = countries.map(|grid| grid.g_co2e_per_kwh).collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = (percentile(&values, 0.05), percentile(&values, 0.95));
        match tables.grids.get("WORLD") {
            Some(world) => Self::new(world, world.g_co2e_per_kwh, (low, high)),
            // A user's table only replaces rows, it takes none away.
            None => unreachable!("the table of grids has no WORLD"),
        }
    }

    /// Of a grid's year. The band says how far two accounts of one grid and year lie apart (`intensity-band` in the
    /// table of defaults).
    pub fn of_grid(grid: &Grid, tables: &Tables) -> Self {
        let value = grid.g_co2e_per_kwh;
        Self::new(grid, value, band(value, tables))
    }

    /// Of a cloud's region: what its provider publishes, or else its grid's. `None` where there is neither.
    pub fn of_cloud(region: &CloudRegion, tables: &Tables) -> Option<Self> {
        let (Some(value), Some(year)) = (region.g_co2e_per_kwh, region.year) else {
            let grid = tables.grids.get(region.grid_code.as_deref()?)?;
            return Some(Self {
                region: format!("{} ({})", region.key(), grid.code),
                ..Self::of_grid(grid, tables)
            });
        };
        let source = region.source.split(';').next().unwrap_or_default().trim().to_owned();
        let key = region.key();
        let how = account(value, &key, Some(year), Some(Scope::Direct), &source);
        let (low, high) = band(value, tables);
        Some(Self {
            g_per_kwh: figure(value, (low, high), how),
            region: key,
            year: Some(year),
            scope: Some(Scope::Direct),
            source,
        })
    }

    /// Of some hours: what a service or a file says of them, with the band of a grid's year ([`Self::of_grid`]).
    pub(crate) fn of_hours(hours: Hourly, tables: &Tables) -> Self {
        let Hourly { g_per_kwh, region, year, scope, source } = hours;
        let how = account(rounded(g_per_kwh.0), &region, Some(year), scope, &source);
        let g_per_kwh = figure(g_per_kwh.0, band(g_per_kwh.0, tables), how);
        Self { g_per_kwh, region, year: Some(year), scope, source }
    }

    /// A number that the user gives, exact.
    pub fn said(g_per_kwh: GramsPerKilowattHour) -> Self {
        Self {
            g_per_kwh: Figure::exact(
                g_per_kwh,
                Kind::Declared,
                format!("{} g/kWh as said", rounded(g_per_kwh.0)),
            ),
            region: "said".to_owned(),
            year: None,
            scope: None,
            source: "the user".to_owned(),
        }
    }

    /// A number with its unit as people write it: `0.954lb/kWh`, `432.7 g/kWh`, `0.43 kg/kWh`, `954 lb/MWh`, `432 kg/MWh`.
    ///
    /// # Errors
    /// A sentence that says what was expected and found.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = |problem: &str| {
            format!("{problem}; expected a number with its unit, such as 432.7g/kWh or 0.954lb/kWh")
        };
        let text = text.trim();
        let split = text.find(|letter: char| letter.is_ascii_alphabetic() && letter != 'e' && letter != 'E');
        let Some((number, unit)) = split.map(|place| text.split_at(place)) else {
            return Err(expected("the unit is missing"));
        };
        let Ok(value) = number.trim().parse::<f64>() else {
            return Err(expected(&format!("`{text}` begins with no number")));
        };
        if !(value >= 0.0 && value.is_finite()) {
            return Err(expected(&format!("{value} is no intensity")));
        }
        let grams = match unit.trim().to_lowercase().replace("co2eq", "").replace("co2e", "").as_str() {
            "g/kwh" | "kg/mwh" => GramsPerKilowattHour(value),
            "kg/kwh" | "t/mwh" => GramsPerKilowattHour::from_kilograms_per_kilowatt_hour(value),
            "lb/kwh" | "lbs/kwh" => GramsPerKilowattHour::from_pounds_per_kilowatt_hour(value),
            "lb/mwh" | "lbs/mwh" => GramsPerKilowattHour::from_pounds_per_megawatt_hour(value),
            _ => return Err(expected(&format!("the unit is `{}`", unit.trim()))),
        };
        if grams.0 > MOST_G_PER_KWH {
            return Err(format!(
                "{} g/kWh is more than any fuel emits (at most {MOST_G_PER_KWH})",
                rounded(grams.0)
            ));
        }
        Ok(Self::said(grams))
    }

    fn new(grid: &Grid, value: f64, bounds: (f64, f64)) -> Self {
        let how = account(value, &grid.code, Some(grid.year), Some(grid.scope), &grid.source);
        Self {
            g_per_kwh: figure(value, bounds, how),
            region: grid.code.clone(),
            year: Some(grid.year),
            scope: Some(grid.scope),
            source: grid.source.clone(),
        }
    }

    /// The scope's name; empty where it is not known.
    pub fn scope_name(&self) -> &'static str {
        self.scope.map_or("", Scope::name)
    }
}

/// What is known of some hours.
pub(crate) struct Hourly {
    /// Their mean.
    pub(crate) g_per_kwh: GramsPerKilowattHour,
    /// Where.
    pub(crate) region: String,
    /// The year that they begin in.
    pub(crate) year: u16,
    /// What is counted.
    pub(crate) scope: Option<Scope>,
    /// Who says so, and which hours they are.
    pub(crate) source: String,
}

fn figure(value: f64, (low, high): (f64, f64), how: String) -> Figure<GramsPerKilowattHour> {
    let [value, low, high] = [value, low, high].map(GramsPerKilowattHour);
    Figure::band(value, low, high, Kind::Estimated, how)
}

fn account(value: f64, region: &str, year: Option<u16>, scope: Option<Scope>, source: &str) -> String {
    let year = year.map(|year| format!(" {year}")).unwrap_or_default();
    let scope = scope.map(|scope| format!("{}, ", scope.name())).unwrap_or_default();
    format!("{value} g/kWh, {region}{year}, {scope}{source}")
}

fn band(value: f64, tables: &Tables) -> (f64, f64) {
    let spread = tables.defaults.get("intensity-band").map(|row| row.figure());
    let bound = |bound: Option<f64>| value * bound.unwrap_or(1.0);
    spread.map_or((value, value), |spread| (bound(spread.low()), bound(spread.high())))
}

/// Four digits after the point at most.
fn rounded(number: f64) -> f64 {
    (number * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_may_be_anywhere() {
        let world = Intensity::world_average(Tables::built_in());
        let bounds = [world.g_per_kwh.low(), world.g_per_kwh.value(), world.g_per_kwh.high()];
        let bounds = bounds.map(|bound| bound.map(|grams| (grams.0 * 100.0).round() / 100.0));
        assert_eq!(
            bounds,
            [Some(34.76), Some(471.08), Some(805.92)],
            "with interpolation, by hand in a spreadsheet"
        );
        let how = "471.08 g/kWh, WORLD 2024, lifecycle, Ember Yearly Electricity Data (2026)";
        assert_eq!(world.g_per_kwh.how(), how);
    }

    #[test]
    fn units_of_intensities_are_read() {
        for (text, grams) in [
            ("0.954lb/kWh", 432.727_120_98),
            ("0.954 lbs/kWh", 432.727_120_98),
            ("954 lb/MWh", 432.727_120_98),
            ("432.7g/kWh", 432.7),
            ("432.7 gCO2e/kWh", 432.7),
            ("0.4kg/kWh", 400.0),
            ("400 kg/MWh", 400.0),
            ("0.4 t/MWh", 400.0),
            ("4e2 g/kWh", 400.0),
            ("0 g/kWh", 0.0),
        ] {
            let found = Intensity::parse(text).unwrap().g_per_kwh.value().unwrap().0;
            assert!((found - grams).abs() < 1e-9, "{text}: {found}");
        }
    }

    #[test]
    fn what_is_no_intensity_is_refused() {
        for (text, part) in [
            ("432", "the unit is missing"),
            ("", "the unit is missing"),
            ("much g/kWh", "`much g/kWh` begins with no number"),
            ("-1 g/kWh", "-1 is no intensity"),
            ("NaN g/kWh", "`NaN g/kWh` begins with no number"),
            ("1e400 g/kWh", "inf is no intensity"),
            ("432 g/J", "the unit is `g/J`"),
            ("954 lb/kWh", "432727.121 g/kWh is more than any fuel emits"),
        ] {
            let error = Intensity::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
