//! Which columns of a file hold the times and the intensities.

use csv::StringRecord;

use super::error::{HourlyError, excerpt};
use crate::tables::Scope;

/// Headers of times, the likeliest first.
const TIMES: [&str; 6] = ["datetime (utc)", "datetime", "timestamp", "time", "from", "date"];
/// Headers of intensities, the likeliest first; the last two are those of Great Britain's exports.
const INTENSITIES: [&str; 7] =
    ["carbon_intensity", "carbonintensity", "g_per_kwh", "g_co2e_per_kwh", "intensity", "actual", "forecast"];
/// How headers of intensities begin that say unit and scope too, underscores being spaces.
const BEGINNING: &str = "carbon intensity";
/// Units that such a header may name and that are not grams a kilowatt-hour.
const OTHER_UNITS: [&str; 3] = ["kg", "lb", "/mwh"];
/// Headers that a message lists at most.
const MOST_LISTED: usize = 20;

/// The two columns.
pub(super) struct Columns {
    /// Of the times.
    pub(super) time: usize,
    /// Of the intensities.
    pub(super) intensity: usize,
    /// What the intensities count, where their header says so.
    pub(super) scope: Option<Scope>,
}

impl Columns {
    /// Finds both by name; capitals do not matter.
    pub(super) fn find(file: &str, headers: &StringRecord) -> Result<Self, HourlyError> {
        let names: Vec<String> = headers.iter().map(|header| header.trim().to_lowercase()).collect();
        let missing = |what, expected| HourlyError::NoColumn {
            file: file.to_owned(),
            what,
            expected,
            found: headers.iter().take(MOST_LISTED).map(excerpt).collect(),
        };
        let time = first_of(&TIMES, &names)
            .ok_or_else(|| missing("times", format!("one of {}", TIMES.join(", "))))?;
        let intensity = first_of(&INTENSITIES, &names).or_else(|| with_unit(&names)).ok_or_else(|| {
            missing("intensities", format!("one of {}, or `Carbon intensity g…`", INTENSITIES.join(", ")))
        })?;
        Ok(Self { time, intensity, scope: names.get(intensity).and_then(|name| scope(name)) })
    }
}

/// The column with the first of the wanted names that there is.
fn first_of(wanted: &[&str], names: &[String]) -> Option<usize> {
    wanted.iter().find_map(|wanted| names.iter().position(|name| name == wanted))
}

/// The column whose header begins like an intensity, in grams: of the life cycle where there is one, and direct only
/// where there is no other.
fn with_unit(names: &[String]) -> Option<usize> {
    let rank = |name: &str| match scope(name) {
        Some(Scope::Lifecycle) => 0,
        Some(Scope::Consumption) | None => 1,
        Some(Scope::Direct) => 2,
    };
    let begins = |name: &str| name.replace('_', " ").starts_with(BEGINNING);
    let in_grams = |name: &str| !OTHER_UNITS.iter().any(|unit| name.contains(unit));
    let fit = names.iter().enumerate().filter(|(_, name)| begins(name) && in_grams(name));
    fit.min_by_key(|(_, name)| rank(name)).map(|(place, _)| place)
}

/// The scope that a header names: `(Life cycle)`, `(LCA)`, `(direct)`.
fn scope(name: &str) -> Option<Scope> {
    let letters: String = name.chars().filter(|letter| letter.is_alphabetic()).collect();
    if letters.contains("lifecycle") || letters.ends_with("lca") {
        Some(Scope::Lifecycle)
    } else if letters.contains("direct") {
        Some(Scope::Direct)
    } else {
        None
    }
}
