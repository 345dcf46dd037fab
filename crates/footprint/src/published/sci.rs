//! Software Carbon Intensity (ISO/IEC 21031:2024; specification of the Green Software Foundation).

use lessen_records::Study;
use lessen_records::study::StudyRow;
use lessen_units::{Figure, GramsCo2e, GramsPerKilowattHour, Hours, KilogramsCo2e, KilowattHours, Kind};
use serde::Deserialize;

use super::{BuiltIn, built_in, claim, printed::Printed, rows, study_of};
use crate::Intensity;
use crate::tables::Confidence;
use crate::tables::reading::{Row, Unfit, said, within, within_if_known};

pub(super) const NAME: &str = "sci";

/// Emissions of one functional unit, such as a request or a prediction: `(E I + M) / R`.
///
/// E is the energy of all that is reserved for the software, used or not; I the intensity of the grid where it runs
/// (the standard admits no certificates and no offsets); M the [`embodied_share`] of its hardware; R how many
/// functional units all of that served. The band is that of the product plus that of M.
///
/// Unavailable where the energy, the intensity or the embodied share is, and where R is not above 0.
pub fn software_carbon_intensity(
    energy: &Figure<KilowattHours>,
    intensity: &Intensity,
    embodied: &Figure<GramsCo2e>,
    functional_units: f64,
) -> Figure<GramsCo2e> {
    if !(functional_units > 0.0 && functional_units.is_finite()) {
        return Figure::unavailable(format!("functional units are {functional_units}, expected more than 0"));
    }
    let operated = energy * &intensity.g_per_kwh;
    (&operated + embodied).map(|grams| grams / functional_units)
}

/// The part of a hardware's making that a use of it answers for: `M = TE (TiR / EL) (RR / ToR)`.
///
/// TE is what making all of it emitted, TiR the time that it is reserved, EL the lifetime that is expected of it, RR the
/// resources reserved (cores, say) and ToR all that there are. The band is that of TE in the same proportion.
///
/// Unavailable where TE is, and where one of the two parts is not between 0 and 1: nobody reserves hardware for longer
/// than it lives, or more of it than there is.
pub fn embodied_share(
    total: &Figure<GramsCo2e>,
    reserved: Hours,
    lifetime: Hours,
    resources_reserved: f64,
    resources: f64,
) -> Figure<GramsCo2e> {
    let part = |what: &str, reserved: f64, all: f64| {
        let fits = all > 0.0 && all.is_finite() && (0.0..=all).contains(&reserved);
        fits.then(|| reserved / all)
            .ok_or_else(|| format!("{reserved} of {all} {what} are reserved, expected 0 to all"))
    };
    let parts = part("hours of life", reserved.0, lifetime.0)
        .and_then(|time| Ok(time * part("resources", resources_reserved, resources)?));
    match parts {
        Ok(share) => total.map(|grams| grams * share),
        Err(why) => Figure::unavailable(why),
    }
}

static WORKED: BuiltIn<Worked> = built_in!("sci.csv");

/// Cases that are worked out by hand or by others, and by the two functions.
pub(super) fn study() -> Study {
    let spec = serde_json::json!({
        "standard": "ISO/IEC 21031:2024, Software Carbon Intensity",
        "vectors": "worked by hand or by others from the method; not the standard's own",
    });
    study_of(NAME, spec, rows(&WORKED).iter().map(Worked::compare).collect())
}

/// A case and what comes out, worked by hand: an embodied share, or with energy the whole of a functional unit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Worked {
    key: String,
    what: String,
    embodied_kg_co2e: f64,
    reserved_hours: f64,
    lifetime_years: f64,
    resources_reserved: f64,
    resources: f64,
    #[serde(default)]
    energy_kwh: Option<f64>,
    #[serde(default)]
    g_per_kwh: Option<f64>,
    #[serde(default)]
    functional_units: Option<f64>,
    worked_g_co2e: Printed,
    source: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the table; checked as it is read")]
    confidence: Confidence,
    /// The arithmetic.
    note: String,
}

impl Worked {
    fn compare(&self) -> StudyRow {
        let share = embodied_share(
            &Figure::exact(KilogramsCo2e(self.embodied_kg_co2e).into(), Kind::Declared, self.source.clone()),
            Hours(self.reserved_hours),
            Hours::from_years(self.lifetime_years),
            self.resources_reserved,
            self.resources,
        );
        let found = match (self.energy_kwh, self.g_per_kwh, self.functional_units) {
            (Some(energy), Some(grams), Some(units)) => {
                let energy = Figure::exact(KilowattHours(energy), Kind::Declared, self.source.clone());
                let intensity = Intensity::said(GramsPerKilowattHour(grams));
                software_carbon_intensity(&energy, &intensity, &share, units)
            }
            _ => share,
        };
        let ours = found.value().map(|grams| grams.0);
        let what = format!("{}, g CO2e", self.what);
        claim(self.key.clone(), what, self.worked_g_co2e, ours, self.note.clone())
    }
}

impl Row for Worked {
    const FILE: &'static str = "sci.csv";

    fn key(&self) -> String {
        self.key.clone()
    }

    fn check(&self) -> Result<(), Unfit> {
        said("key", &self.key)?;
        said("what", &self.what)?;
        within("embodied_kg_co2e", self.embodied_kg_co2e, 0.0, 1e9)?;
        within("lifetime_years", self.lifetime_years, 0.1, 100.0)?;
        within("reserved_hours", self.reserved_hours, 0.0, Hours::from_years(self.lifetime_years).0)?;
        within("resources", self.resources, 1e-9, 1e9)?;
        within("resources_reserved", self.resources_reserved, 0.0, self.resources)?;
        within_if_known("energy_kwh", self.energy_kwh, 0.0, 1e12)?;
        within_if_known("g_per_kwh", self.g_per_kwh, 0.0, 2000.0)?;
        within_if_known("functional_units", self.functional_units, 1e-9, 1e15)?;
        let known = [self.energy_kwh, self.g_per_kwh, self.functional_units].iter().flatten().count();
        if known == 1 || known == 2 {
            return Err(Unfit {
                column: "functional_units",
                expected: "`energy_kwh`, `g_per_kwh` and `functional_units`, or none of them".to_owned(),
                found: format!("{known} of them"),
            });
        }
        said("source", &self.source)?;
        said("note", &self.note)
    }
}

#[cfg(test)]
mod tests;
