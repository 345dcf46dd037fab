//! What cannot be estimated.

use lessen_units::Watts;

use crate::device::UnknownDevice;
use crate::place::PlaceError;

/// A setting of an estimate, so that a command line can name its flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The accelerator.
    Gpu,
    /// The processor.
    Cpu,
    /// How many devices.
    Count,
    /// Power of all devices.
    Watts,
    /// Wall time.
    Hours,
    /// Arithmetic.
    Flops,
    /// Parameters of a language model.
    Parameters,
    /// Its tokens.
    Tokens,
    /// Trainings in all.
    Experiments,
    /// Share of the peak.
    Utilization,
    /// Peak of a device.
    Peak,
    /// Power usage effectiveness.
    Pue,
    /// Where the electricity is from.
    Region,
    /// The price of electricity.
    ElectricityPrice,
    /// The rent of a device.
    CloudPrice,
    /// The price of a device.
    OwnPrice,
    /// Years that an own device is used for.
    OwnYears,
}

/// What cannot be estimated, and why.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EstimateError {
    /// Neither time nor work was said.
    #[error("nothing to estimate: neither hours nor arithmetic were said")]
    NoWork,
    /// A number that cannot be.
    #[error("expected {expected}, found {found}")]
    Number {
        /// Whose.
        setting: Setting,
        /// What could be.
        expected: &'static str,
        /// What was said.
        found: f64,
    },
    /// A device that is not in the tables.
    #[error(transparent)]
    Device(#[from] UnknownDevice),
    /// A place that is not in the tables.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Watts that the devices cannot draw.
    #[error(
        "{} W for {count} x {device} contradict its rating: expected {:.0} to {:.0} W for all of them together", said.0, low.0, high.0
    )]
    WattsAgainstDevice {
        /// What was said.
        said: Watts,
        /// The device.
        device: String,
        /// How many.
        count: u32,
        /// The least that is believed.
        low: Watts,
        /// The most that is believed.
        high: Watts,
    },
    /// More arithmetic than the devices can do in the time.
    #[error(
        "so much arithmetic in so few hours would take at least {times:.2} times the peak of the devices"
    )]
    FasterThanPeak {
        /// Times the peak.
        times: f64,
    },
}

impl EstimateError {
    /// The setting that it is about; `None` where it is about none in particular.
    pub fn setting(&self) -> Option<Setting> {
        match self {
            Self::NoWork => None,
            Self::Number { setting, .. } => Some(*setting),
            Self::Device(unknown) if unknown.kind == "processor" => Some(Setting::Cpu),
            Self::Device(_) => Some(Setting::Gpu),
            Self::Place(_) => Some(Setting::Region),
            Self::WattsAgainstDevice { .. } => Some(Setting::Watts),
            Self::FasterThanPeak { .. } => Some(Setting::Hours),
        }
    }

    /// What to do about it; `None` where there is nothing to say.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoWork => Some(
                "say the time with --hours, or the work with --flops, --parameters and --tokens, or --model, --examples and --epochs",
            ),
            Self::Number { .. } => None,
            Self::Device(_) => Some(
                "docs/tables.md lists the devices; without one say --watts (power) and, for work, --peak-tflops",
            ),
            Self::Place(error) => Some(error.hint()),
            Self::WattsAgainstDevice { .. } => Some(
                "--watts is the power of all devices together; leave the device out where the table is wrong about it",
            ),
            Self::FasterThanPeak { .. } => Some(
                "--hours is the wall time of one experiment on --count devices; --precision and --peak-tflops choose the peak",
            ),
        }
    }
}
