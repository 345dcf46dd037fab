//! What devices and electricity cost.

use serde::Deserialize;

use super::Confidence;
use super::reading::{Row, Unfit, date, said, within};

/// What is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PriceKind {
    /// The time of a device in a cloud.
    Device,
    /// Electricity.
    Electricity,
}

/// What a price is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum PriceUnit {
    /// An hour of one device.
    #[serde(rename = "usd_per_device_hour")]
    DeviceHour,
    /// An hour of four devices that are rented together, such as the chips of a TPU board.
    #[serde(rename = "usd_per_4_device_hours")]
    FourDeviceHours,
    /// A kilowatt-hour.
    #[serde(rename = "usd_per_kwh")]
    KilowattHour,
}

/// A price, or a range of prices.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// `FAMILY-device-hour`, with a `-PROVIDER` where it is one provider's; `electricity-COUNTRY-CONSUMER`, with a
    /// `-YEAR` where there are several.
    pub item: String,
    /// What is paid for.
    pub kind: PriceKind,
    /// What the price is of.
    pub unit: PriceUnit,
    /// The least, in US dollars: preemptible, for a device. `None` where it is unknown.
    #[serde(default)]
    pub usd_low: Option<f64>,
    /// The most, in US dollars: on demand, for a device. `None` where it is unknown.
    #[serde(default)]
    pub usd_high: Option<f64>,
    /// The year, month or day: `2019`, `2026-03`.
    pub date: String,
    /// Who published it.
    pub source: String,
    /// Where it was seen.
    #[serde(default)]
    pub confidence: Confidence,
    /// What is to be minded.
    #[serde(default)]
    pub note: String,
}

impl Price {
    /// The family of devices and the provider, if it is one's, of a device's price.
    pub fn device(&self) -> Option<(&str, Option<&str>)> {
        let (family, rest) = self.item.split_once("-device-hour")?;
        Some((family, rest.strip_prefix('-')))
    }

    /// The country and the consumer (`industrial`, `business`, `household`, …) of a price of electricity.
    pub fn electricity(&self) -> Option<(&str, &str)> {
        let mut words = self.item.strip_prefix("electricity-")?.split('-');
        Some((words.next()?, words.next().unwrap_or_default()))
    }

    /// The least and the most in US dollars of one device and hour, or of one kilowatt-hour.
    pub fn bounds(&self) -> Option<(f64, f64)> {
        let parts = if self.unit == PriceUnit::FourDeviceHours { 4.0 } else { 1.0 };
        let low = self.usd_low.or(self.usd_high)? / parts;
        let high = self.usd_high.or(self.usd_low)? / parts;
        Some((low, high))
    }
}

impl Row for Price {
    const FILE: &'static str = "prices.csv";

    fn key(&self) -> String {
        self.item.clone()
    }

    fn check(&self) -> Result<(), Unfit> {
        let unfit = |column, expected: &str, found: &str| {
            Err(Unfit { column, expected: expected.to_owned(), found: format!("`{found}`") })
        };
        let Some((low, high)) = self.bounds() else {
            return unfit("usd_high", "a price in it or in `usd_low`", "");
        };
        match self.kind {
            PriceKind::Device => {
                within("usd_low", low, 1e-3, 1e3)?;
                within("usd_high", high, low, 1e3)?;
                if self.device().is_none_or(|(family, _)| family.is_empty()) {
                    return unfit("item", "FAMILY-device-hour or FAMILY-device-hour-PROVIDER", &self.item);
                }
                if self.unit == PriceUnit::KilowattHour {
                    return unfit("unit", "usd_per_device_hour or usd_per_4_device_hours", "usd_per_kwh");
                }
            }
            PriceKind::Electricity => {
                within("usd_low", low, 1e-3, 5.0)?;
                within("usd_high", high, low, 5.0)?;
                if self.electricity().is_none_or(|(country, _)| country.is_empty()) {
                    return unfit("item", "electricity-COUNTRY-CONSUMER", &self.item);
                }
                if self.unit != PriceUnit::KilowattHour {
                    return unfit("unit", "usd_per_kwh", "one of a device");
                }
            }
        }
        date("date", &self.date)?;
        said("source", &self.source)
    }
}
