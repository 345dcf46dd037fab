//! What the service answers.

use lessen_units::GramsPerKilowattHour;
use serde_json::{Map, Value};

use crate::instant;
use crate::intensity::{Hourly, Intensity};
use crate::tables::MOST_G_PER_KWH;
use crate::tables::{Scope, Tables};

/// The intensity of a zone's latest hour.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveIntensity {
    /// The zone, as the service calls it.
    pub zone: String,
    /// Grams of CO2 equivalent a kilowatt-hour.
    pub g_per_kwh: GramsPerKilowattHour,
    /// The hour, as RFC 3339, in UTC.
    pub at: String,
    /// The year of that.
    pub year: u16,
    /// What is counted; `None` where the service does not say.
    pub scope: Option<Scope>,
    /// Whether the service estimated it for want of measurements; `None` where it does not say.
    pub estimated: Option<bool>,
}

impl LiveIntensity {
    /// The intensity that [`carbon`](crate::carbon()) takes. Its band says how far two accounts of one grid lie apart
    /// (`intensity-band` in the table of defaults).
    pub fn intensity(&self, tables: &Tables) -> Intensity {
        let how = match self.estimated {
            Some(true) => ", estimated",
            Some(false) => ", measured",
            None => "",
        };
        let hours = Hourly {
            g_per_kwh: self.g_per_kwh,
            region: self.zone.clone(),
            year: self.year,
            scope: self.scope,
            source: format!("Electricity Maps, {}{how}", self.at),
        };
        Intensity::of_hours(hours, tables)
    }
}

/// An answer that does not say an intensity.
#[derive(Debug)]
pub(super) struct Unfit {
    /// What was expected.
    pub(super) expected: String,
    /// What was there, in full: it may be long, and hold anything.
    pub(super) found: String,
}

/// Reads the answer for a zone.
pub(super) fn read(body: &[u8], zone: &str) -> Result<LiveIntensity, Unfit> {
    let fields: Map<String, Value> = serde_json::from_slice(body).map_err(|_| Unfit {
        expected: "a JSON object".to_owned(),
        found: String::from_utf8_lossy(body).into_owned(),
    })?;
    let asked =
        |value: &Value| value.as_str().filter(|found| found.eq_ignore_ascii_case(zone)).map(str::to_owned);
    let zone = field(&fields, "zone", "the one that was asked for", asked)?;
    let intensity = |value: &Value| value.as_f64().filter(|grams| (0.0..=MOST_G_PER_KWH).contains(grams));
    let bounds = format!("a number between 0 and {MOST_G_PER_KWH}");
    let g_per_kwh = GramsPerKilowattHour(field(&fields, "carbonIntensity", &bounds, intensity)?);
    let hour = |value: &Value| value.as_str().and_then(instant::parse);
    let at = field(&fields, "datetime", instant::EXPECTED, hour)?;
    let scope = match fields.get("emissionFactorType").and_then(Value::as_str) {
        Some("lifecycle") => Some(Scope::Lifecycle),
        Some("direct") => Some(Scope::Direct),
        _ => None,
    };
    let estimated = fields.get("isEstimated").and_then(Value::as_bool);
    Ok(LiveIntensity { zone, g_per_kwh, at: instant::text(at), year: instant::year(at), scope, estimated })
}

/// A field that must be there, and fit.
fn field<T>(
    fields: &Map<String, Value>,
    name: &str,
    expected: &str,
    fit: impl Fn(&Value) -> Option<T>,
) -> Result<T, Unfit> {
    let value = fields.get(name);
    value.and_then(fit).ok_or_else(|| Unfit {
        expected: format!("`{name}`, {expected}"),
        found: value.map_or_else(|| "an answer without it".to_owned(), written),
    })
}

/// A value as JSON writes it, a text without its quotes.
fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
