//! What is said of a run.

use lessen_units::{Flops, FlopsPerSecond, Hours, Usd, UsdPerHour, Watts};
use serde_json::{Value, json};

use crate::device::Precision;
use crate::estimate::error::{EstimateError, Setting};
use crate::site::SiteSpec;

/// What is known of a run; what is `None` is taken from the tables.
#[derive(Clone, Debug)]
pub struct EstimateSpec {
    /// What it runs on.
    pub device: Option<DeviceName>,
    /// How many of them; at least 1.
    pub count: u32,
    /// Power of all devices together, the rest of their machines included.
    pub watts: Option<Watts>,
    /// Wall time of one experiment.
    pub hours: Option<Hours>,
    /// Arithmetic of one experiment.
    pub arithmetic: Option<Arithmetic>,
    /// Trainings in all, tuning included; at least 1.
    pub experiments: u64,
    /// Share of the peak that is reached, above 0 and up to 1.
    pub utilization: Option<f64>,
    /// Which peak of the device is reckoned with.
    pub precision: Precision,
    /// Peak of one device, where the tables do not know it.
    pub peak: Option<FlopsPerSecond>,
    /// Where it runs.
    pub site: SiteSpec,
    /// The rent of one device: from preemptible to on demand.
    pub usd_per_device_hour: Option<(UsdPerHour, UsdPerHour)>,
    /// The price of one device with its share of a server, to own it.
    pub own_price: Option<Usd>,
    /// Years that an own device is used for.
    pub own_years: Option<f64>,
}

/// A device by its name in the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceName {
    /// An accelerator, or a family of them.
    Gpu(String),
    /// A processor, or a family: then the count is of vCPUs.
    Cpu(String),
}

/// The arithmetic of one experiment.
#[derive(Clone, Debug, PartialEq)]
pub enum Arithmetic {
    /// As it is.
    Flops(Flops),
    /// A language model: 6 operations for each parameter that a token meets and each token (Kaplan et al. 2020).
    Tokens {
        /// Parameters that a token meets.
        parameters: f64,
        /// Tokens of the training.
        tokens: f64,
    },
    /// A model whose operations were counted: E and D of Cost(R) = E·D·H (Schwartz et al. 2019).
    Counted {
        /// Floating-point operations of one prediction.
        flops_per_example: u64,
        /// Training rows.
        examples: u64,
        /// Passes over them.
        epochs: u64,
    },
}

impl Default for EstimateSpec {
    /// One device, one experiment, nothing said.
    fn default() -> Self {
        Self {
            device: None,
            count: 1,
            watts: None,
            hours: None,
            arithmetic: None,
            experiments: 1,
            utilization: None,
            precision: Precision::Half,
            peak: None,
            site: SiteSpec::default(),
            usd_per_device_hour: None,
            own_price: None,
            own_years: None,
        }
    }
}

impl EstimateSpec {
    /// Numbers that can be, and at least one way to a cost.
    pub(super) fn check(&self) -> Result<(), EstimateError> {
        let above_zero = |setting, value: Option<f64>| match value {
            Some(value) if !(value > 0.0 && value.is_finite()) => {
                Err(EstimateError::Number { setting, expected: "a number above 0", found: value })
            }
            _ => Ok(()),
        };
        above_zero(Setting::Watts, self.watts.map(|watts| watts.0))?;
        above_zero(Setting::Hours, self.hours.map(|hours| hours.0))?;
        above_zero(Setting::Peak, self.peak.map(|peak| peak.0))?;
        above_zero(Setting::Count, Some(f64::from(self.count)))?;
        above_zero(Setting::Experiments, Some(self.experiments as f64))?;
        above_zero(Setting::ElectricityPrice, self.site.usd_per_kwh.map(|price| price.0))?;
        above_zero(Setting::OwnPrice, self.own_price.map(|price| price.0))?;
        above_zero(Setting::OwnYears, self.own_years)?;
        match &self.arithmetic {
            Some(Arithmetic::Flops(flops)) => above_zero(Setting::Flops, Some(flops.0))?,
            Some(Arithmetic::Tokens { parameters, tokens }) => {
                above_zero(Setting::Parameters, Some(*parameters))?;
                above_zero(Setting::Tokens, Some(*tokens))?;
            }
            Some(Arithmetic::Counted { .. }) | None => {}
        }
        if let Some(share) = self.utilization
            && !(share > 0.0 && share <= 1.0)
        {
            let expected = "a share above 0 and up to 1";
            return Err(EstimateError::Number { setting: Setting::Utilization, expected, found: share });
        }
        if let Some(pue) = self.site.pue
            && !(pue >= 1.0 && pue.is_finite())
        {
            let expected = "1 or more: a building uses no less than the computers in it";
            return Err(EstimateError::Number { setting: Setting::Pue, expected, found: pue });
        }
        if let Some((low, high)) = self.usd_per_device_hour
            && !(low.0 >= 0.0 && high >= low && high.0.is_finite())
        {
            let expected = "a price, or LOW..HIGH";
            return Err(EstimateError::Number { setting: Setting::CloudPrice, expected, found: high.0 });
        }
        if self.hours.is_none() && self.arithmetic.is_none() {
            return Err(EstimateError::NoWork);
        }
        Ok(())
    }

    /// For the record: what was said, nothing else.
    pub(super) fn to_json(&self) -> Value {
        let device = self.device.as_ref().map(|device| match device {
            DeviceName::Gpu(name) => json!({"gpu": name}),
            DeviceName::Cpu(name) => json!({"cpu": name}),
        });
        let arithmetic = self.arithmetic.as_ref().map(|arithmetic| match arithmetic {
            Arithmetic::Flops(flops) => json!({"flops": flops.0}),
            Arithmetic::Tokens { parameters, tokens } => json!({"parameters": parameters, "tokens": tokens}),
            Arithmetic::Counted { flops_per_example, examples, epochs } => {
                json!({"flops_per_example": flops_per_example, "examples": examples, "epochs": epochs})
            }
        });
        let intensity = self.site.intensity.as_ref().map(|intensity| {
            json!({"g_per_kwh": intensity.g_per_kwh.value().map(|grams| grams.0), "source": intensity.source})
        });
        json!({
            "device": device,
            "count": self.count,
            "watts": self.watts.map(|watts| watts.0),
            "hours": self.hours.map(|hours| hours.0),
            "arithmetic": arithmetic,
            "experiments": self.experiments,
            "utilization": self.utilization,
            "precision": match self.precision { Precision::Half => "half", Precision::Single => "single" },
            "peak_flops_per_second": self.peak.map(|peak| peak.0),
            "pue": self.site.pue,
            "region": self.site.region,
            "intensity": intensity,
            "usd_per_kwh": self.site.usd_per_kwh.map(|price| price.0),
            "usd_per_device_hour": self.usd_per_device_hour.map(|(low, high)| [low.0, high.0]),
            "own_price_usd": self.own_price.map(|price| price.0),
            "own_years": self.own_years,
        })
    }
}
