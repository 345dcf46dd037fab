//! What the batteries give, under `/sys/class/power_supply`: all of the machine, screen included, while it runs on
//! them. Read only where there is nothing better.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lessen_units::Watts;

use super::files::{folders, number, number_or_refusal, text};
use super::{Device, Part, Refusal, Rung, Sample, Source};
use crate::moment::Moment;

/// Firmware tells the power anew every one to a few seconds.
const REFRESH: Duration = Duration::from_secs(2);

/// The batteries of the machine, as one device: which of them is in use changes.
#[derive(Debug)]
pub(crate) struct Batteries {
    batteries: Vec<Battery>,
    device: [Device; 1],
}

#[derive(Debug)]
struct Battery {
    status: PathBuf,
    gauge: Gauge,
}

#[derive(Debug)]
enum Gauge {
    /// In microwatts.
    Power(PathBuf),
    /// In microamperes and microvolts.
    CurrentAndVoltage(PathBuf, PathBuf),
}

impl Batteries {
    /// Those under `sys` that tell what they give.
    pub(crate) fn find(sys: &Path) -> Result<Self, Refusal> {
        let folder = sys.join("class/power_supply");
        let found = folders(&folder).into_iter().filter(|(name, _)| name.starts_with("BAT"));
        let batteries: Vec<Battery> =
            found.map(|(_, path)| Battery::open(&path)).collect::<Result<_, _>>()?;
        if batteries.is_empty() {
            return Err(Refusal::absent("no battery"));
        }
        let device = Device {
            name: "machine, from its battery".to_owned(),
            part: Part::Machine,
            rung: Rung::IntegratedPower,
            refresh: REFRESH,
            why: None,
        };
        let batteries = Self { batteries, device: [device] };
        batteries.power().map(|_| batteries).map_err(Refusal::broken)
    }

    fn power(&self) -> Result<Watts, String> {
        let mut sum = None;
        for battery in &self.batteries {
            if let Some(watts) = battery.power()? {
                sum = Some(sum.unwrap_or(Watts(0.0)) + watts);
            }
        }
        sum.ok_or_else(|| "no battery is discharging: what comes from the socket is not known".to_owned())
    }
}

impl Battery {
    fn open(folder: &Path) -> Result<Self, Refusal> {
        let power = folder.join("power_now");
        let gauge = if power.exists() {
            Gauge::Power(power)
        } else {
            Gauge::CurrentAndVoltage(folder.join("current_now"), folder.join("voltage_now"))
        };
        match &gauge {
            Gauge::Power(power) => number_or_refusal(power)?,
            Gauge::CurrentAndVoltage(current, voltage) => {
                number_or_refusal(current)?;
                number_or_refusal(voltage)?
            }
        };
        Ok(Self { status: folder.join("status"), gauge })
    }

    /// `None` while it is not discharging.
    fn power(&self) -> Result<Option<Watts>, String> {
        if text(&self.status)? != "Discharging" {
            return Ok(None);
        }
        Ok(Some(match &self.gauge {
            Gauge::Power(power) => Watts::from_microwatts(number(power)?),
            Gauge::CurrentAndVoltage(current, voltage) => {
                Watts::from_microamperes_at_microvolts(number(current)?, number(voltage)?)
            }
        }))
    }
}

impl Source for Batteries {
    fn name(&self) -> &str {
        "battery"
    }

    fn devices(&self) -> &[Device] {
        &self.device
    }

    fn interval(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }

    fn read(&mut self, _: Moment, into: &mut [Result<Sample, String>]) {
        if let [place] = into {
            *place = self.power().map(Sample::Drawn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let sys = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let path = sys.path().join("class/power_supply").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        }
        sys
    }

    #[test]
    fn what_discharges_is_added_up() {
        for (files, expected) in [
            (&[("BAT0/status", "Discharging"), ("BAT0/power_now", "9500000")][..], Ok(9.5)),
            (
                &[
                    ("BAT0/status", "Discharging"),
                    ("BAT0/current_now", "1500000"),
                    ("BAT0/voltage_now", "12000000"),
                ],
                Ok(18.0),
            ),
            (
                &[
                    ("BAT0/status", "Discharging"),
                    ("BAT0/power_now", "5000000"),
                    ("BAT1/status", "Discharging"),
                    ("BAT1/power_now", "1000000"),
                    ("BAT2/status", "Full"),
                    ("BAT2/power_now", "7000000"),
                ],
                Ok(6.0),
            ),
            (
                &[("BAT0/status", "Charging"), ("BAT0/power_now", "30000000")],
                Err("no battery is discharging: what comes from the socket is not known"),
            ),
            (&[("AC/online", "1")], Err("no battery")),
            (&[("BAT0/status", "Discharging")], Err("current_now` is missing")),
            (&[("BAT0/power_now", "1")], Err("status` is missing")),
            (
                &[("BAT0/status", "Discharging"), ("BAT0/power_now", "-5")],
                Err("holds `-5`, expected a number"),
            ),
        ] {
            let sys = tree(files);
            match (Batteries::find(sys.path()), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found.power(), Ok(Watts(expected))),
                (Err(found), Err(expected)) => assert!(found.why.contains(expected), "{found:?}"),
                (found, expected) => panic!("{files:?}: {found:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn a_plug_put_in_on_the_way_is_a_reason() {
        let sys = tree(&[("BAT0/status", "Discharging"), ("BAT0/power_now", "9500000")]);
        let mut batteries = Batteries::find(sys.path()).unwrap();
        fs::write(sys.path().join("class/power_supply/BAT0/status"), "Charging").unwrap();
        let mut samples = [Ok(Sample::Drawn(Watts(0.0)))];
        batteries.read(Moment::now(), &mut samples);
        assert!(samples[0].as_ref().unwrap_err().starts_with("no battery is discharging"));
    }
}
