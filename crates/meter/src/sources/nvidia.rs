//! NVIDIA boards, through the driver's library (NVML).
//!
//! Boards since 2017 count their energy; the power of others is read ten times a second. Only the boards that the
//! command may use are read. A board that is divided (MIG) counts as a whole and once: its parts have no sensor.

#[cfg(feature = "nvidia")]
mod driver;
mod visible;

use std::path::Path;
use std::time::Duration;

use lessen_units::{Joules, Watts};

use super::files::{folders, text_if_any};
use super::{Device, Part, Refusal, Rung, Sample, Source};
use crate::moment::Moment;

pub use visible::Visible;

/// Boards show a new value every 20 to 100 ms.
const REFRESH: Duration = Duration::from_millis(100);

/// What is asked of the driver's library. Errors are for people.
pub(crate) trait Nvml: Send {
    /// The boards, in the order of their index.
    fn boards(&self) -> Result<Vec<Board>, String>;
    /// Energy since the driver was loaded.
    fn millijoules(&self, index: u32) -> Result<u64, String>;
    /// Power of all of the board.
    fn milliwatts(&self, index: u32) -> Result<u32, String>;
    /// The index of the board that a part of it belongs to.
    fn board_of_part(&self, uuid: &str) -> Option<u32>;
}

/// A board as the driver names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Board {
    pub(crate) index: u32,
    /// `GPU-…`.
    pub(crate) uuid: String,
    /// `NVIDIA A100-SXM4-80GB`.
    pub(crate) name: String,
    /// Whether it is divided into parts.
    pub(crate) divided: bool,
}

/// The boards of one machine that a command may use.
pub(crate) struct Boards {
    nvml: Box<dyn Nvml>,
    gauges: Vec<Gauge>,
    devices: Vec<Device>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gauge {
    Energy(u32),
    Power(u32),
}

impl Boards {
    /// Those of this machine; `sys` tells whether there are boards without a driver.
    pub(crate) fn find(sys: &Path, visible: &Visible) -> Result<(Self, Vec<Unread>), Refusal> {
        let nvml = load().map_err(|why| Refusal { there: has_board(sys), ..Refusal::absent(why) })?;
        Self::of(nvml, visible)
    }

    /// Those that `nvml` knows of and that are visible; apart from them those that cannot be read.
    fn of(nvml: Box<dyn Nvml>, visible: &Visible) -> Result<(Self, Vec<Unread>), Refusal> {
        let boards = nvml.boards().map_err(Refusal::broken)?;
        if boards.is_empty() {
            return Err(Refusal::absent("the NVIDIA driver knows no board"));
        }
        let chosen = visible.boards(&boards, |uuid| nvml.board_of_part(uuid));
        if chosen.is_empty() {
            return Err(Refusal::absent("no NVIDIA board is visible to the command"));
        }
        let (mut gauges, mut devices, mut unread) = (Vec::new(), Vec::new(), Vec::new());
        for board in boards.iter().filter(|board| chosen.contains(&board.index)) {
            match gauge(nvml.as_ref(), board.index) {
                Ok((gauge, why)) => {
                    gauges.push(gauge);
                    devices.push(device(board, gauge, why));
                }
                Err(why) => unread.push(Unread { device: name(board), why }),
            }
        }
        Ok((Self { nvml, gauges, devices }, unread))
    }
}

/// A board that is there and has no sensor that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    pub(crate) device: String,
    pub(crate) why: String,
}

/// The best way to read a board, and why there is no better one.
fn gauge(nvml: &dyn Nvml, index: u32) -> Result<(Gauge, Option<String>), String> {
    match (nvml.millijoules(index), nvml.milliwatts(index)) {
        (Ok(_), _) => Ok((Gauge::Energy(index), None)),
        (Err(why), Ok(_)) => Ok((Gauge::Power(index), Some(format!("no energy counter: {why}")))),
        (Err(energy), Err(power)) => Err(format!("no energy counter: {energy}; no power: {power}")),
    }
}

fn device(board: &Board, gauge: Gauge, why: Option<String>) -> Device {
    let rung = match gauge {
        Gauge::Energy(_) => Rung::Counter,
        Gauge::Power(_) => Rung::IntegratedPower,
    };
    Device { name: name(board), part: Part::Accelerator, rung, refresh: REFRESH, why }
}

fn name(board: &Board) -> String {
    let divided = if board.divided { ", all parts of it" } else { "" };
    format!("gpu {} ({}{divided})", board.index, board.name)
}

impl Source for Boards {
    fn name(&self) -> &str {
        "nvml"
    }

    fn devices(&self) -> &[Device] {
        &self.devices
    }

    fn interval(&self) -> Option<Duration> {
        self.gauges.iter().any(|gauge| matches!(gauge, Gauge::Power(_))).then_some(REFRESH)
    }

    fn read(&mut self, _: Moment, into: &mut [Result<Sample, String>]) {
        for (gauge, place) in self.gauges.iter().zip(into) {
            *place = match *gauge {
                Gauge::Energy(index) => self.nvml.millijoules(index).map(|count| Sample::Counted {
                    count,
                    unit: Joules::from_millijoules(1),
                    range: None,
                }),
                Gauge::Power(index) => self
                    .nvml
                    .milliwatts(index)
                    .map(|power| Sample::Drawn(Watts::from_milliwatts(u64::from(power)))),
            };
        }
    }
}

#[cfg(feature = "nvidia")]
fn load() -> Result<Box<dyn Nvml>, String> {
    driver::Driver::load().map(|driver| Box::new(driver) as Box<dyn Nvml>)
}

#[cfg(not(feature = "nvidia"))]
fn load() -> Result<Box<dyn Nvml>, String> {
    Err("this program was built without the feature `nvidia`".to_owned())
}

/// Whether the bus shows a display or compute board of NVIDIA.
fn has_board(sys: &Path) -> bool {
    folders(&sys.join("bus/pci/devices")).iter().any(|(_, folder)| {
        let is = |file: &str, starts: &[&str]| {
            text_if_any(&folder.join(file))
                .is_some_and(|text| starts.iter().any(|start| text.starts_with(start)))
        };
        is("vendor", &["0x10de"]) && is("class", &["0x0300", "0x0302"])
    })
}

#[cfg(test)]
mod tests;
