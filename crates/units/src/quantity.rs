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
    /// A stretch of time as clusters and clouds bill it, in hours. That of several devices together is the sum of
    /// theirs (device-hours).
    Hours;
    /// Energy as meters and bills print it, in kilowatt-hours.
    KilowattHours;
    /// The same in watt-hours, for small amounts.
    WattHours;
    /// Mass of greenhouse gas, in grams of CO2 equivalent.
    GramsCo2e;
    /// Mass of greenhouse gas, in kilograms of CO2 equivalent: the unit in which records give it.
    KilogramsCo2e;
    /// Mass of greenhouse gas, in metric tons of CO2 equivalent: the unit in which trainings are reported.
    TonnesCo2e;
    /// Mass of greenhouse gas, in pounds of CO2 equivalent, as US agencies and Strubell et al. 2019 give it.
    PoundsCo2e;
    /// Greenhouse gas of a unit of electricity, in grams of CO2 equivalent a kilowatt-hour.
    GramsPerKilowattHour;
    /// Money, in US dollars.
    Usd;
    /// The price of electricity, in US dollars a kilowatt-hour.
    UsdPerKilowattHour;
    /// The price of a device's time, in US dollars an hour.
    UsdPerHour;
    /// Arithmetic of a training, in floating-point operations: additions and multiplications, two a
    /// multiply-accumulate. The exact count of a prediction is [`Operations`](crate::Operations).
    Flops;
    /// A rate of arithmetic, in floating-point operations a second.
    FlopsPerSecond;
    /// Storage or memory, in bytes.
    Bytes;
}

impl Joules {
    /// Energy from a counter of microjoules, as powercap prints it.
    pub fn from_microjoules(counter: u64) -> Self {
        Self(counter as f64 * 1e-6)
    }

    /// Energy from a counter of millijoules, as NVML gives it.
    pub fn from_millijoules(counter: u64) -> Self {
        Self(counter as f64 * 1e-3)
    }
}

impl Watts {
    /// Power in microwatts, as hwmon prints it.
    pub fn from_microwatts(power: u64) -> Self {
        Self(power as f64 * 1e-6)
    }

    /// Power in milliwatts, as NVML gives it.
    pub fn from_milliwatts(power: u64) -> Self {
        Self(power as f64 * 1e-3)
    }

    /// The power of a current in microamperes at a voltage in microvolts, as batteries print them.
    pub fn from_microamperes_at_microvolts(current: u64, voltage: u64) -> Self {
        Self(current as f64 * 1e-6 * (voltage as f64 * 1e-6))
    }
}

impl Bytes {
    /// The same in gigabytes of 10^9 bytes.
    pub fn gigabytes(self) -> f64 {
        self.0 * 1e-9
    }
}

/// 1 kWh is 3.6 MJ by definition.
const JOULES_PER_KILOWATT_HOUR: f64 = 3.6e6;

impl From<Joules> for KilowattHours {
    fn from(energy: Joules) -> Self {
        Self(energy.0 / JOULES_PER_KILOWATT_HOUR)
    }
}

impl From<KilowattHours> for WattHours {
    fn from(energy: KilowattHours) -> Self {
        Self(energy.0 * 1e3)
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

impl From<GramsCo2e> for TonnesCo2e {
    fn from(mass: GramsCo2e) -> Self {
        Self(mass.0 / 1e6)
    }
}

impl From<KilogramsCo2e> for GramsCo2e {
    fn from(mass: KilogramsCo2e) -> Self {
        Self(mass.0 * 1000.0)
    }
}

/// The international avoirdupois pound is 0.45359237 kg by definition.
const GRAMS_PER_POUND: f64 = 453.592_37;

impl From<PoundsCo2e> for GramsCo2e {
    fn from(mass: PoundsCo2e) -> Self {
        Self(mass.0 * GRAMS_PER_POUND)
    }
}

impl From<GramsCo2e> for PoundsCo2e {
    fn from(mass: GramsCo2e) -> Self {
        Self(mass.0 / GRAMS_PER_POUND)
    }
}

impl GramsPerKilowattHour {
    /// From pounds a kilowatt-hour.
    pub fn from_pounds_per_kilowatt_hour(pounds: f64) -> Self {
        Self(pounds * GRAMS_PER_POUND)
    }

    /// From kilograms a kilowatt-hour, which are tonnes a megawatt-hour.
    pub fn from_kilograms_per_kilowatt_hour(kilograms: f64) -> Self {
        Self(kilograms * 1e3)
    }

    /// From pounds a megawatt-hour, as US agencies print it.
    pub fn from_pounds_per_megawatt_hour(pounds: f64) -> Self {
        Self(pounds * GRAMS_PER_POUND / 1e3)
    }
}

/// Seconds of a day, at 10^15 operations a second.
const FLOPS_PER_PETAFLOPS_DAY: f64 = 86_400.0 * 1e15;

impl Flops {
    /// In days at 10^15 operations a second, as large trainings are compared (OpenAI, AI and Compute, 2018).
    pub fn petaflops_days(self) -> f64 {
        self.0 / FLOPS_PER_PETAFLOPS_DAY
    }
}

impl FlopsPerSecond {
    /// From teraflops a second, as data sheets print it.
    pub fn from_teraflops(teraflops: f64) -> Self {
        Self(teraflops * 1e12)
    }
}

/// A gibibyte is 2^30 bytes.
const BYTES_PER_GIBIBYTE: f64 = 1_073_741_824.0;

impl Bytes {
    /// From gibibytes, which many programs call GB.
    pub fn from_gibibytes(gibibytes: f64) -> Self {
        Self(gibibytes * BYTES_PER_GIBIBYTE)
    }

    /// The same in gibibytes.
    pub fn gibibytes(self) -> f64 {
        self.0 / BYTES_PER_GIBIBYTE
    }
}

const SECONDS_PER_HOUR: f64 = 3600.0;
/// A year of 365 days, as rates of writing hardware off take it.
const HOURS_PER_YEAR: f64 = 8760.0;

impl Hours {
    /// From years of 365 days.
    pub fn from_years(years: f64) -> Self {
        Self(years * HOURS_PER_YEAR)
    }
}

impl From<Hours> for Seconds {
    fn from(time: Hours) -> Self {
        Self(time.0 * SECONDS_PER_HOUR)
    }
}

impl From<Seconds> for Hours {
    fn from(time: Seconds) -> Self {
        Self(time.0 / SECONDS_PER_HOUR)
    }
}

impl From<Microseconds> for Seconds {
    fn from(time: Microseconds) -> Self {
        Self(time.0 * 1e-6)
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

impl Mul<Hours> for Watts {
    type Output = KilowattHours;
    fn mul(self, time: Hours) -> KilowattHours {
        (self * Seconds::from(time)).into()
    }
}

impl Div<Hours> for KilowattHours {
    type Output = Watts;
    fn div(self, time: Hours) -> Watts {
        Joules::from(self) / Seconds::from(time)
    }
}

impl Mul<GramsPerKilowattHour> for KilowattHours {
    type Output = GramsCo2e;
    fn mul(self, intensity: GramsPerKilowattHour) -> GramsCo2e {
        GramsCo2e(self.0 * intensity.0)
    }
}

impl Mul<UsdPerKilowattHour> for KilowattHours {
    type Output = Usd;
    fn mul(self, price: UsdPerKilowattHour) -> Usd {
        Usd(self.0 * price.0)
    }
}

impl Mul<UsdPerHour> for Hours {
    type Output = Usd;
    fn mul(self, price: UsdPerHour) -> Usd {
        Usd(self.0 * price.0)
    }
}

impl Div<FlopsPerSecond> for Flops {
    type Output = Seconds;
    fn div(self, rate: FlopsPerSecond) -> Seconds {
        Seconds(self.0 / rate.0)
    }
}

impl From<u64> for Flops {
    fn from(counted: u64) -> Self {
        Self(counted as f64)
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
        assert_eq!(Bytes::from_gibibytes(23.5), Bytes(25_232_932_864.0));
        assert_eq!(Bytes(25_232_932_864.0).gibibytes(), 23.5);
        assert_eq!(Joules::from(KilowattHours(0.5)), Joules(1.8e6));
        assert_eq!(WattHours::from(KilowattHours(0.25)), WattHours(250.0));
        assert_eq!(Joules::from_microjoules(2_500_000), Joules(2.5));
        assert_eq!(Joules::from_millijoules(2_500), Joules(2.5));
        assert_eq!(Watts::from_microwatts(2_500_000), Watts(2.5));
        assert_eq!(Watts::from_milliwatts(2_500), Watts(2.5));
        assert_eq!(Watts::from_microamperes_at_microvolts(2_000_000, 12_000_000), Watts(24.0));
        assert_eq!(Bytes(2e9).gigabytes(), 2.0);
        assert_eq!(Joules(6.0) / Seconds(3.0), Watts(2.0));
        assert_eq!(KilogramsCo2e::from(GramsCo2e(250.0)), KilogramsCo2e(0.25));
        assert_eq!(GramsCo2e::from(KilogramsCo2e(0.25)), GramsCo2e(250.0));
        assert_eq!(Microseconds::from(Seconds(0.002)), Microseconds(2000.0));
        assert_eq!(Seconds::from(Hours(1.5)), Seconds(5400.0));
        assert_eq!(Hours::from(Seconds(5400.0)), Hours(1.5));
        assert_eq!(Hours::from_years(4.0), Hours(35_040.0));
        assert_eq!(GramsCo2e::from(PoundsCo2e(2.0)), GramsCo2e(907.184_74));
        assert_eq!(PoundsCo2e::from(GramsCo2e(907.184_74)), PoundsCo2e(2.0));
        assert_eq!(
            GramsPerKilowattHour::from_pounds_per_kilowatt_hour(0.954),
            GramsPerKilowattHour(432.727_120_98)
        );
        // eGRID2023 prints 394.769 lb/MWh for California.
        let california = GramsPerKilowattHour::from_pounds_per_megawatt_hour(394.769);
        assert!((california.0 - 179.064_206).abs() < 1e-6, "{california:?}");
        assert_eq!(GramsPerKilowattHour::from_kilograms_per_kilowatt_hour(0.4), GramsPerKilowattHour(400.0));
        assert_eq!(TonnesCo2e::from(GramsCo2e(2.5e6)), TonnesCo2e(2.5));
        assert_eq!(Flops(1.728e20).petaflops_days(), 2.0);
        assert_eq!(FlopsPerSecond::from_teraflops(312.0), FlopsPerSecond(3.12e14));
    }

    #[test]
    fn products_have_the_unit_of_physics() {
        assert_eq!(Watts(500.0) * Hours(3.0), KilowattHours(1.5));
        assert_eq!(KilowattHours(1.5) / Hours(3.0), Watts(500.0));
        assert_eq!(KilowattHours(2.0) * GramsPerKilowattHour(400.0), GramsCo2e(800.0));
        assert_eq!(KilowattHours(2.0) * UsdPerKilowattHour(0.125), Usd(0.25));
        assert_eq!(Hours(4.0) * UsdPerHour(2.5), Usd(10.0));
        assert_eq!(Flops(6e15) / FlopsPerSecond(3e14), Seconds(20.0));
    }
}
