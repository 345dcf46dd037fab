//! What can be typed after `lessen run`, `stage` and `doctor`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::ledger::tag;
use super::numbers::number;
use super::site::SiteArgs;

/// `lessen run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The run's name in the ledger [default: the command's].
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Tags to sum by: `project=bert`; may be given several times.
    #[arg(long, value_name = "K=V", value_parser = tag)]
    pub(crate) tag: Vec<(String, String)>,
    /// Seconds between two readings of the sensors.
    #[arg(long, value_name = "S", default_value = "1", value_parser = interval)]
    pub(crate) interval: Interval,
    /// File for the receipt, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt: Option<PathBuf>,
    /// Address that serves the running receipt to Prometheus: `127.0.0.1:9464`.
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Go on until processes that the command leaves behind have ended, too.
    #[arg(long)]
    pub(crate) wait_all: bool,
    /// Rent of the machine in US dollars an hour, for the receipt.
    #[arg(long, value_name = "USD", value_parser = super::numbers::above_zero::<f64>)]
    pub(crate) cloud_price: Option<f64>,
    /// Which sensors, and where receipts go.
    #[command(flatten)]
    pub(crate) sensors: SensorArgs,
    /// Where it runs.
    #[command(flatten)]
    pub(crate) site: SiteArgs,
    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

/// Which sensors, and where receipts go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sensors and ledger")]
pub(crate) struct SensorArgs {
    /// Read the platform's counter (psys) too: the packages are in it once more, so it stands apart from the sum.
    #[arg(long)]
    pub(crate) psys: bool,
    /// Replay a recorded trace (CSV: seconds, device, microjoules or watts) in place of sensors.
    #[arg(long, value_name = "FILE")]
    pub(crate) replay: Option<PathBuf>,
    /// The ledger [default: LESSEN_LEDGER, or ledger.sqlite in the user's data folder].
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
}

/// `lessen stage`.
#[derive(Debug, Args)]
pub(crate) struct StageArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: StageVerb,
}

/// What `lessen stage` does.
#[derive(Debug, Subcommand)]
pub(crate) enum StageVerb {
    /// A part of the run begins; parts may nest.
    Begin {
        /// Its name.
        name: String,
    },
    /// The part that began last ends.
    End,
}

/// `lessen doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Seconds of the calibration; 0 leaves it out.
    #[arg(long, value_name = "S", default_value = "3", value_parser = seconds)]
    pub(crate) calibrate: Interval,
}

/// A stretch of time that was typed in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval(pub(crate) Duration);

fn interval(text: &str) -> Result<Interval, String> {
    let number: f64 = number(text)?;
    let expected = "expected seconds from 0.05 to 3600";
    if (0.05..=3600.0).contains(&number) {
        Ok(Interval(Duration::from_secs_f64(number)))
    } else {
        Err(expected.into())
    }
}

fn seconds(text: &str) -> Result<Interval, String> {
    let number: f64 = number(text)?;
    if (0.0..=60.0).contains(&number) {
        Ok(Interval(Duration::from_secs_f64(number)))
    } else {
        Err("expected seconds from 0 to 60".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_seconds() {
        assert_eq!(interval("0.5"), Ok(Interval(Duration::from_millis(500))));
        for bad in ["0", "-1", "nan", "inf", "1e400", "4000", "x", "0.01"] {
            assert!(interval(bad).is_err(), "{bad}");
        }
        assert_eq!(seconds("0"), Ok(Interval(Duration::ZERO)));
        assert!(seconds("-1").is_err() && seconds("61").is_err());
    }
}
