//! One newtype a quantity; arithmetic between them only where physics has it.

use std::iter::Sum;
use std::ops::{Add, Div, Mul, Sub};

use serde::{Deserialize, Serialize};

/// A quantity that is a real number of some unit; what a [`crate::Figure`] can be made of.
pub trait Quantity: Copy + PartialOrd {
    /// The bare number, in the unit that the type is named after.
    fn raw(self) -> f64;
    /// The quantity that a bare number of that unit is.
    fn from_raw(raw: f64) -> Self;
}

/// A dimensionless number: a ratio, a share, a count of predictions.
impl Quantity for f64 {
    fn raw(self) -> f64 {
        self
    }
    fn from_raw(raw: f64) -> Self {
        raw
    }
}

macro_rules! quantities {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl Quantity for $name {
            fn raw(self) -> f64 { self.0 }
            fn from_raw(raw: f64) -> Self { Self(raw) }
        }
        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self { Self(self.0 + other.0) }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self { Self(self.0 - other.0) }
        }
        impl Mul<f64> for $name {
            type Output = Self;
            fn mul(self, factor: f64) -> Self { Self(self.0 * factor) }
        }
        impl Div<f64> for $name {
            type Output = Self;
            fn div(self, divisor: f64) -> Self { Self(self.0 / divisor) }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(parts: I) -> Self { Self(parts.map(|part| part.0).sum()) }
        }
    )*};
}

quantities! {
    /// Energy, in joules.
    Joules;
    /// Power, in watts.
    Watts;
    /// A stretch of time, in seconds.
    Seconds;
    /// A stretch of time, in microseconds: the unit in which records and tables give a latency.
    Microseconds;
    /// Energy as meters and bills print it, in kilowatt-hours.
    KilowattHours;
    /// Mass of greenhouse gas, in grams of CO2 equivalent.
    GramsCo2e;
    /// Mass of greenhouse gas, in kilograms of CO2 equivalent: the unit in which records give it.
    KilogramsCo2e;
    /// Money, in US dollars.
    Usd;
    /// Storage or memory, in bytes.
    Bytes;
}

impl Joules {
    /// Energy from a counter of microjoules, as powercap prints it.
    pub fn from_microjoules(counter: u64) -> Self {
        Self(counter as f64 * 1e-6)
    }
}

/// 1 kWh is 3.6 MJ by definition.
const JOULES_PER_KILOWATT_HOUR: f64 = 3.6e6;

impl From<Joules> for KilowattHours {
    fn from(energy: Joules) -> Self {
        Self(energy.0 / JOULES_PER_KILOWATT_HOUR)
    }
}

impl From<KilowattHours> for Joules {
    fn from(energy: KilowattHours) -> Self {
        Self(energy.0 * JOULES_PER_KILOWATT_HOUR)
    }
}

impl From<GramsCo2e> for KilogramsCo2e {
    fn from(mass: GramsCo2e) -> Self {
        Self(mass.0 / 1000.0)
    }
}

impl From<KilogramsCo2e> for GramsCo2e {
    fn from(mass: KilogramsCo2e) -> Self {
        Self(mass.0 * 1000.0)
    }
}

impl From<Seconds> for Microseconds {
    fn from(time: Seconds) -> Self {
        Self(time.0 * 1e6)
    }
}

impl Mul<Seconds> for Watts {
    type Output = Joules;
    fn mul(self, window: Seconds) -> Joules {
        Joules(self.0 * window.0)
    }
}

impl Div<Seconds> for Joules {
    type Output = Watts;
    fn div(self, window: Seconds) -> Watts {
        Watts(self.0 / window.0)
    }
}

impl From<std::time::Duration> for Seconds {
    fn from(duration: std::time::Duration) -> Self {
        Self(duration.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_agree_with_the_definitions() {
        assert_eq!(KilowattHours::from(Joules(3.6e6)), KilowattHours(1.0));
        assert_eq!(Joules::from(KilowattHours(0.5)), Joules(1.8e6));
        assert_eq!(Joules::from_microjoules(2_500_000), Joules(2.5));
        assert_eq!(Joules(6.0) / Seconds(3.0), Watts(2.0));
        assert_eq!(KilogramsCo2e::from(GramsCo2e(250.0)), KilogramsCo2e(0.25));
        assert_eq!(GramsCo2e::from(KilogramsCo2e(0.25)), GramsCo2e(250.0));
        assert_eq!(Microseconds::from(Seconds(0.002)), Microseconds(2000.0));
    }
}
