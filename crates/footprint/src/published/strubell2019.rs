//! Strubell, Ganesh & McCallum 2019, "Energy and Policy Considerations for Deep Learning in NLP" (ACL; arXiv
//! 1906.02243), Tables 1, 3 and 4.
//!
//! Equation 1, energy in kilowatt-hours of `t` hours: 1.58 t (p_c + p_r + g p_g) / 1000, where the paper prints only the
//! sum of the watts of processors, memory and GPUs. Equation 2, pounds of CO2 equivalent: 0.954 times that. Clouds'
//! cost is hours times devices times what Google asked for a device, preemptible and on demand.
//!
//! A TPU is priced by the board, four chips or eight cores, and Table 3 multiplies that price by its count as if it were
//! one of boards; so does this. The paper's text (section 2.1) calls the 16 of BERT and the 32 of GPT-2 chips, and the
//! one of the search a core: read so, the dollars of these rows are four and eight times too high.
//!
//! That a printed number follows from its inputs does not make them right: Patterson et al. 2021 (arXiv 2104.10350)
//! correct those of the search.

mod tables;

use lessen_records::Study;
use lessen_records::study::StudyRow;
use lessen_units::{
    Figure, GramsCo2e, GramsPerKilowattHour, Hours, Joules, KilowattHours, Kind, PoundsCo2e, Usd, UsdPerHour,
    UsdPerKilowattHour, Watts,
};

use super::study_of;
use crate::tables::{DefaultValue, PriceUnit, Tables};
use crate::{Intensity, carbon};
use tables::{Compared, Costed, Subject as _, Training};

pub(super) const NAME: &str = "strubell2019";

/// The rows of the three tables, as they are printed and as their inputs give them.
pub(super) fn study() -> Study {
    let paper = Paper::of(Tables::built_in());
    let mut rows = Vec::new();
    rows.extend(tables::compared().iter().filter_map(|compared| paper.compared(compared)));
    rows.extend(tables::trainings().iter().flat_map(|training| paper.trained(training)));
    rows.extend(tables::costed().iter().flat_map(|costed| paper.costed(costed)));
    let spec = serde_json::json!({
        "paper": "Strubell, Ganesh, McCallum 2019, ACL (arXiv 1906.02243), Tables 1, 3 and 4",
        "pue": paper.pue,
        "g_co2e_per_kwh": paper.intensity.g_per_kwh.value(),
        "usd_per_kwh": paper.usd_per_kwh,
    });
    study_of(NAME, spec, rows)
}

/// What all tables share.
struct Paper {
    pue: f64,
    intensity: Intensity,
    usd_per_kwh: UsdPerKilowattHour,
}

impl Paper {
    fn of(tables: &Tables) -> Self {
        let factor = |key: &str| tables.defaults.get(key);
        // A factor that is not there leaves every number NaN, and no row holds.
        let number = |key| factor(key).map_or(f64::NAN, |row| row.value);
        Self {
            pue: number("pue-strubell2019"),
            intensity: intensity(factor("intensity-strubell2019")),
            usd_per_kwh: UsdPerKilowattHour(number("electricity-strubell2019")),
        }
    }

    /// Equation 1.
    fn bought(&self, watts: Watts, hours: Hours) -> KilowattHours {
        watts * hours * self.pue
    }

    /// Equation 2; the PUE is in the energy.
    fn pounds(&self, bought: KilowattHours) -> Option<PoundsCo2e> {
        let bought = Figure::exact(Joules::from(bought), Kind::Estimated, NAME);
        carbon(&bought, 1.0, &self.intensity).value().map(PoundsCo2e::from)
    }

    /// Equation 1 for the devices of Table 4, whose hours are those of all of them.
    fn spent(&self, row: &Costed) -> KilowattHours {
        self.bought(Watts(row.watts_per_device), row.hours())
    }

    /// A row of Table 1; `None` where it follows from a row that is not there.
    fn compared(&self, row: &Compared) -> Option<StudyRow> {
        let bought = match row.follows_from.split_once('/')? {
            ("table-3", key) => {
                let training = tables::trainings().iter().find(|training| training.key == key)?;
                self.bought(Watts(training.watts?), training.hours())
            }
            (_, key) => self.spent(tables::costed().iter().find(|costed| costed.key == key)?),
        };
        let inputs = format!("{} kWh of {} × {}", brief(bought.0), row.follows_from, self.pounds_per_kwh());
        let ours = self.pounds(bought).map(|pounds| pounds.0);
        Some(row.claim("lb-co2e", "emissions, lb CO2e", row.printed_lb_co2e, ours, inputs))
    }

    /// What Table 3 prints of a training.
    fn trained(&self, row: &Training) -> Vec<StudyRow> {
        let printed = [search(row), self.energy_at_printed_hours(row), self.energy(row), self.emissions(row)];
        let words = format!("{} × {}", row.devices, row.hours_in_words());
        let costs =
            rents(&row.price_item).zip([row.printed_usd_low, row.printed_usd_high]).map(|(rent, printed)| {
                let (ours, inputs) = rent.of(row.hours() * f64::from(row.devices), &words);
                row.claim(rent.quantity, rent.what, printed, ours, inputs)
            });
        printed.into_iter().flatten().chain(costs).collect()
    }

    fn energy(&self, row: &Training) -> Option<StudyRow> {
        let bought = self.bought(Watts(row.watts?), row.hours());
        let inputs = self.bought_in_words(row.watts?, &row.hours_in_words());
        Some(row.claim("kwh", "energy, kWh with PUE", row.printed_kwh?, Some(bought.0), inputs))
    }

    /// Where the printed hours are not those that the other columns follow from: what would.
    fn energy_at_printed_hours(&self, row: &Training) -> Option<StudyRow> {
        row.corrected_hours?;
        let hours = row.printed_hours.value;
        let bought = self.bought(Watts(row.watts?), Hours(hours));
        let inputs = self.bought_in_words(row.watts?, &format!("{hours} h"));
        let what = format!("energy in the {hours} h that are printed, kWh with PUE");
        Some(row.claim("kwh-at-printed-hours", &what, row.printed_kwh?, Some(bought.0), inputs))
    }

    fn emissions(&self, row: &Training) -> Option<StudyRow> {
        let ours = self.pounds(self.bought(Watts(row.watts?), row.hours())).map(|pounds| pounds.0);
        let bought = self.bought_in_words(row.watts?, &row.hours_in_words());
        let inputs = format!("{bought} × {}", self.pounds_per_kwh());
        Some(row.claim("lb-co2e", "emissions, lb CO2e", row.printed_lb_co2e?, ours, inputs))
    }

    /// What Table 4 prints of a number of jobs.
    fn costed(&self, row: &Costed) -> Vec<StudyRow> {
        let hours = row.hours_per_job.map(|hours_per_job| {
            let inputs = format!("{} jobs × {hours_per_job} h", row.jobs);
            let ours = f64::from(row.jobs) * hours_per_job;
            row.claim("hours", "hours of all devices, h", row.printed_hours, Some(ours), inputs)
        });
        let words = format!("{} h", row.hours().0);
        let costs =
            rents(&row.price_item).zip([row.printed_usd_low, row.printed_usd_high]).map(|(rent, printed)| {
                let (ours, inputs) = rent.of(row.hours(), &words);
                row.claim(rent.quantity, rent.what, printed, ours, inputs)
            });
        let Usd(electricity) = self.spent(row) * self.usd_per_kwh;
        let bought = self.bought_in_words(row.watts_per_device, &words);
        let inputs = format!("{bought} × {} USD/kWh; the watts are derived from Table 1", self.usd_per_kwh.0);
        let printed = row.printed_electricity_usd;
        let electricity =
            row.claim("electricity-usd", "electricity, USD", printed, Some(electricity), inputs);
        hours.into_iter().chain(costs).chain([electricity]).collect()
    }

    fn bought_in_words(&self, watts: f64, hours: &str) -> String {
        format!("{watts} W × {hours} × PUE {} / 1000", self.pue)
    }

    /// The factor of equation 2.
    fn pounds_per_kwh(&self) -> String {
        let grams = self.intensity.g_per_kwh.value().map_or(f64::NAN, |intensity| intensity.0);
        format!("{} lb/kWh", brief(PoundsCo2e::from(GramsCo2e(grams)).0))
    }
}

/// The hours of an architecture search.
fn search(row: &Training) -> Option<StudyRow> {
    let search = row.search()?;
    let ours = Some(search.hours.0);
    Some(row.claim("hours", "hours of the search, h", row.printed_hours, ours, search.in_words))
}

/// The paper's pounds a kilowatt-hour.
fn intensity(row: Option<&DefaultValue>) -> Intensity {
    let (g_per_kwh, year, source) = match row {
        Some(row) => {
            let grams = GramsPerKilowattHour::from_pounds_per_kilowatt_hour(row.value);
            let figure = Figure::exact(grams, Kind::Declared, row.source.clone());
            (figure, Some(row.year), row.source.clone())
        }
        None => (Figure::unavailable("the factor is not in the table"), None, String::new()),
    };
    Intensity { g_per_kwh, region: "USA".to_owned(), year, scope: None, source }
}

/// One of the two prices of a device: of what is rented as one, a TPU board of four chips included.
struct Rent {
    quantity: &'static str,
    what: &'static str,
    price: Option<UsdPerHour>,
    /// What the price is of, where that is not one device.
    of_several: &'static str,
}

impl Rent {
    /// Dollars for the hours of all devices, and what they are made of.
    fn of(&self, device_hours: Hours, in_words: &str) -> (Option<f64>, String) {
        match self.price {
            Some(price) => {
                (Some((device_hours * price).0), format!("{in_words} × {} USD/h{}", price.0, self.of_several))
            }
            None => (None, format!("{in_words}, no price")),
        }
    }
}

/// Preemptible and on demand.
fn rents(item: &str) -> impl Iterator<Item = Rent> {
    let row = Tables::built_in().prices.get(item);
    let of_several = match row.map(|row| row.unit) {
        Some(PriceUnit::FourDeviceHours) => " of a board of four chips",
        _ => "",
    };
    let rent =
        |quantity, what, usd: Option<f64>| Rent { quantity, what, price: usd.map(UsdPerHour), of_several };
    let low = rent("usd-low", "cloud, preemptible, USD", row.and_then(|row| row.usd_low));
    let high = rent("usd-high", "cloud, on demand, USD", row.and_then(|row| row.usd_high));
    [low, high].into_iter()
}

/// At most four decimals, for notes.
fn brief(number: f64) -> String {
    ((number * 1e4).round() / 1e4).to_string()
}

#[cfg(test)]
mod tests;
