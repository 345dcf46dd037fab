//! What can be typed after `lessen estimate` and `lessen regions`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::count;
use super::numbers::{above_zero, number};
use super::site::SiteArgs;

/// Devices, examples, epochs, experiments: more is a slip.
const MOST: u64 = 1_000_000_000_000;
/// Devices of one run.
const MOST_DEVICES: u64 = 10_000_000;

/// `lessen estimate`.
#[derive(Debug, Args)]
pub(crate) struct EstimateArgs {
    /// What it runs on.
    #[command(flatten)]
    pub(crate) hardware: HardwareArgs,
    /// How long, or how much.
    #[command(flatten)]
    pub(crate) work: WorkArgs,
    /// Where.
    #[command(flatten)]
    pub(crate) site: SiteArgs,
    /// Where else and when.
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// For how much.
    #[command(flatten)]
    pub(crate) money: MoneyArgs,
    /// A published table to compute again, row by row beside the printed values.
    #[arg(long, value_name = "NAME", value_enum, help_heading = "Published estimates", conflicts_with_all = [
        "gpu", "cpu", "count", "watts", "hours", "flops", "parameters", "model", "region", "intensity", "live", "pue",
        "compare_regions", "hourly", "own_price", "cloud_price", "electricity_price", "experiments", "utilization", "tables",
    ])]
    pub(crate) published: Option<PublishedName>,
}

/// What it runs on.
#[derive(Debug, Args)]
#[command(next_help_heading = "Hardware")]
pub(crate) struct HardwareArgs {
    /// Accelerator by its key or name in docs/tables.md, or a family of them: `a100-sxm4-80gb`, `a100`.
    #[arg(long, value_name = "KEY", conflicts_with = "cpu")]
    pub(crate) gpu: Option<String>,
    /// Processor by its key or name; with a family (`family-epyc-4`), `--count` is of its vCPUs.
    #[arg(long, value_name = "KEY")]
    pub(crate) cpu: Option<String>,
    /// How many of them work side by side [default: 1].
    #[arg(long, value_name = "N", value_parser = count::<std::num::NonZeroU32, MOST_DEVICES>)]
    pub(crate) count: Option<std::num::NonZeroU32>,
    /// Power of all of them together, their machines included, in watts [default: from the table, with a band].
    #[arg(long, value_name = "W", value_parser = above_zero::<f64>)]
    pub(crate) watts: Option<f64>,
    /// Peak of one device, where the tables do not know it, in 10^12 floating-point operations a second.
    #[arg(long, value_name = "T", value_parser = above_zero::<f64>)]
    pub(crate) peak_tflops: Option<f64>,
    /// Which peak of the table is reckoned with.
    #[arg(long, value_enum, default_value_t = PrecisionName::Half)]
    pub(crate) precision: PrecisionName,
}

/// How long, or how much.
#[derive(Debug, Args)]
#[command(next_help_heading = "Time or work of one experiment")]
pub(crate) struct WorkArgs {
    /// Wall time, in hours.
    #[arg(long, value_name = "H", value_parser = above_zero::<f64>)]
    pub(crate) hours: Option<f64>,
    /// Floating-point operations.
    #[arg(long, value_name = "F", value_parser = magnitude, conflicts_with_all = ["parameters", "model"])]
    pub(crate) flops: Option<f64>,
    /// Parameters of a language model (`7e9`, `7B`): 6 operations for each of them and each token.
    #[arg(long, value_name = "P", value_parser = magnitude, requires = "tokens", conflicts_with = "model")]
    pub(crate) parameters: Option<f64>,
    /// Tokens that it is trained on (`2e12`, `2T`).
    #[arg(long, value_name = "T", value_parser = magnitude, requires = "parameters")]
    pub(crate) tokens: Option<f64>,
    /// Model whose arithmetic is counted (E of Cost(R) = E·D·H): ONNX or compact file.
    #[arg(long, value_name = "FILE", requires = "examples")]
    pub(crate) model: Option<PathBuf>,
    /// Training rows.
    #[arg(long, value_name = "N", value_parser = count::<std::num::NonZeroU64, MOST>, requires = "model")]
    pub(crate) examples: Option<std::num::NonZeroU64>,
    /// Passes over them [default: 1].
    #[arg(long, value_name = "K", value_parser = count::<std::num::NonZeroU64, MOST>, requires = "model")]
    pub(crate) epochs: Option<std::num::NonZeroU64>,
    /// Experiments in all, tuning included [default: 1].
    #[arg(long, value_name = "H", value_parser = count::<std::num::NonZeroU64, MOST>)]
    pub(crate) experiments: Option<std::num::NonZeroU64>,
    /// Share of the devices' peak that is reached [default: that of published runs, with a band].
    #[arg(long, value_name = "U", value_parser = share)]
    pub(crate) utilization: Option<f64>,
}

/// Where else and when.
#[derive(Debug, Args)]
#[command(next_help_heading = "Elsewhere and at other times")]
pub(crate) struct PlaceArgs {
    /// Ask a service for the intensity of now: `electricity-maps:ZONE`, with its token in ELECTRICITY_MAPS_TOKEN. Where that
    /// fails, the region's of the tables is taken and said. Needs the feature `live`.
    #[arg(long, value_name = "SERVICE:ZONE", value_parser = live, conflicts_with = "intensity")]
    pub(crate) live: Option<LiveZone>,
    /// Where the same run would emit least: all cloud regions, or those listed.
    #[arg(long, value_name = "LIST", num_args = 0..=1, value_delimiter = ',', default_missing_value = "clouds")]
    pub(crate) compare_regions: Option<Vec<String>>,
    /// When the same run would emit least: CSV of times and intensities. Experiments run one after the other.
    #[arg(long, value_name = "FILE")]
    pub(crate) hourly: Option<PathBuf>,
}

/// For how much.
#[derive(Debug, Args)]
#[command(next_help_heading = "Devices: rent or own (US dollars)")]
pub(crate) struct MoneyArgs {
    /// Rent of one device an hour, or a range from preemptible to on demand: `2.48`, `0.74..2.48` [default: from the table].
    #[arg(long, value_name = "USD", value_parser = price_range)]
    pub(crate) cloud_price: Option<PriceRange>,
    /// Price of one device with its share of a server: what owning would cost instead.
    #[arg(long, value_name = "USD", value_parser = above_zero::<f64>)]
    pub(crate) own_price: Option<f64>,
    /// Years that an own device is used for [default: 3 to 4].
    #[arg(long, value_name = "Y", value_parser = above_zero::<f64>, requires = "own_price")]
    pub(crate) own_years: Option<f64>,
}

/// `lessen regions`.
#[derive(Debug, Args)]
pub(crate) struct RegionsArgs {
    /// Part of a code, a name, a provider, a scope or a source; capitals do not matter [default: all].
    pub(crate) filter: Option<String>,
    /// Folder of tables of your own, laid over the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub(crate) tables: Option<PathBuf>,
}

/// A published table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PublishedName {
    /// Strubell, Ganesh & McCallum 2019: Tables 1, 3 and 4.
    Strubell2019,
    /// The formula of Green Algorithms and its worked examples.
    GreenAlgorithms,
    /// Software Carbon Intensity, ISO/IEC 21031.
    Sci,
    /// What model cards and papers report of their trainings, beside our estimates.
    TrainingReports,
}

impl PublishedName {
    /// The study of that name.
    pub(crate) fn of_study(self) -> &'static str {
        match self {
            Self::Strubell2019 => "strubell2019",
            Self::GreenAlgorithms => "green-algorithms",
            Self::Sci => "sci",
            Self::TrainingReports => "training-reports",
        }
    }
}

/// Which peak of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PrecisionName {
    /// 16 bits, where the device has a peak for it.
    Half,
    /// 32 bits.
    Single,
}

/// A zone of a service for live intensities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveZone {
    /// The zone, such as `FR`.
    pub(crate) zone: String,
}

/// From the least to the most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PriceRange {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

fn share(text: &str) -> Result<f64, String> {
    let number: f64 = number(text)?;
    if number > 0.0 && number <= 1.0 {
        Ok(number)
    } else {
        Err("expected a share above 0 and up to 1".into())
    }
}

/// A number above 0, with `K`, `M`, `B` or `T` for 10^3 to 10^12.
fn magnitude(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let (digits, times) = match text.char_indices().next_back() {
        Some((place, 'k' | 'K')) => (&text[..place], 1e3),
        Some((place, 'm' | 'M')) => (&text[..place], 1e6),
        Some((place, 'b' | 'B')) => (&text[..place], 1e9),
        Some((place, 't' | 'T')) => (&text[..place], 1e12),
        _ => (text, 1.0),
    };
    let number: f64 = digits.parse().map_err(|_| format!("`{text}` is not a number (7e9, 7B)"))?;
    let number = number * times;
    if number > 0.0 && number.is_finite() { Ok(number) } else { Err("expected a number above 0".into()) }
}

fn price_range(text: &str) -> Result<PriceRange, String> {
    let (low, high) = text.split_once("..").unwrap_or((text, text));
    let (low, high) = (above_zero::<f64>(low)?, above_zero::<f64>(high)?);
    if low <= high { Ok(PriceRange { low, high }) } else { Err(format!("{low} is above {high}")) }
}

fn live(text: &str) -> Result<LiveZone, String> {
    match text.split_once(':') {
        Some(("electricity-maps", zone)) if !zone.is_empty() => Ok(LiveZone { zone: zone.to_owned() }),
        _ => Err("expected electricity-maps:ZONE, such as electricity-maps:FR".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_magnitudes() {
        for (text, expected) in
            [("7e9", 7e9), ("7B", 7e9), ("2T", 2e12), ("1.5m", 1.5e6), ("300k", 3e5), (" 42 ", 42.0)]
        {
            assert_eq!(magnitude(text), Ok(expected), "{text}");
        }
        for bad in ["", "B", "-7B", "NaN", "inf", "1e400", "0", "7G", "seven"] {
            assert!(magnitude(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in ["0", "1.01", "nan", "-0.5"] {
            assert!(share(bad).is_err(), "{bad}");
        }
        for bad in ["2..1", "..", "1..", "0..1", "a..b"] {
            assert!(price_range(bad).is_err(), "{bad}");
        }
        assert_eq!(price_range("0.74..2.48"), Ok(PriceRange { low: 0.74, high: 2.48 }));
        assert_eq!(price_range("2"), Ok(PriceRange { low: 2.0, high: 2.0 }));
        for bad in ["FR", "electricity-maps", "electricity-maps:", "watttime:FR"] {
            assert!(live(bad).is_err(), "{bad}");
        }
    }
}
