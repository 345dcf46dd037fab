//! Sensors under `/sys/class/hwmon`: AMD graphics boards, and the processors of some servers.
//!
//! Only chips are read of which it is known what they measure: a sensor that is called `power1` may be that of a fan.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lessen_units::{Joules, Watts};

use super::files::{folders, number, number_or_refusal, text_if_any};
use super::nvidia::Visible;
use super::{Device, Part, Refusal, Rung, Sample, Source};
use crate::moment::Moment;

/// Power is averaged over some tens of milliseconds; it is read as often as that of other boards.
const POWER_INTERVAL: Duration = Duration::from_millis(100);

/// Firmware adds energy up at least this often.
const ENERGY_REFRESH: Duration = Duration::from_millis(10);

/// Sensors of one kind of device.
#[derive(Debug)]
pub(crate) struct Hwmon {
    devices: Vec<Device>,
    gauges: Vec<Gauge>,
}

#[derive(Debug)]
enum Gauge {
    /// Microjoules. The counter has 64 bits and never goes round.
    Energy(PathBuf),
    /// Microwatts.
    Power(PathBuf),
}

/// The sensors of processors: the name of the chip and what the label begins with. The first that a machine has is
/// taken: those of NVIDIA Grace hold each other (the socket holds the cores).
const PROCESSORS: [(&str, &str); 4] = [
    ("amd_energy", "Esocket"),
    ("power_meter", "Grace Power Socket"),
    ("power_meter", "CPU Power Socket"),
    ("apm_xgene", "CPU power"),
];

impl Hwmon {
    /// Sensors of processors under `sys`.
    pub(crate) fn processors(sys: &Path) -> Result<Self, Refusal> {
        let chips = chips(sys);
        for (name, label) in PROCESSORS {
            let of_kind = chips.iter().filter(|chip| chip.name == name);
            let gauges: Vec<(String, Gauge)> = of_kind.flat_map(|chip| chip.labelled(label)).collect();
            if !gauges.is_empty() {
                return Self::open(gauges, Part::Processor);
            }
        }
        Err(Refusal::absent("no hwmon sensor of a processor"))
    }

    /// AMD's graphics boards under `sys` that the command may use; they are counted in the order of the bus, as ROCm does.
    pub(crate) fn amd_boards(sys: &Path, visible: &Visible) -> Result<Self, Refusal> {
        let chips = chips(sys).into_iter().filter(|chip| chip.name == "amdgpu" && chip.is_board());
        let mut chips: Vec<Chip> = chips.collect();
        chips.sort_by_cached_key(Chip::place_on_the_bus);
        if chips.is_empty() {
            return Err(Refusal::absent("no AMD graphics board"));
        }
        let ids: Vec<Option<String>> = chips.iter().map(Chip::unique_id).collect();
        let mut places = visible.amd_boards(&ids);
        places.sort_unstable();
        let gauge = |place: usize| (format!("gpu amd {place}"), chips[place].board_gauge());
        let gauges: Vec<(String, Gauge)> = places.into_iter().map(gauge).collect();
        if gauges.is_empty() {
            return Err(Refusal::absent("ROCR_VISIBLE_DEVICES or HIP_VISIBLE_DEVICES hides AMD's boards"));
        }
        Self::open(gauges, Part::Accelerator)
    }

    fn open(gauges: Vec<(String, Gauge)>, part: Part) -> Result<Self, Refusal> {
        for (_, gauge) in &gauges {
            let (Gauge::Energy(path) | Gauge::Power(path)) = gauge;
            number_or_refusal(path)?;
        }
        let device = |name: &String, gauge: &Gauge| {
            let (rung, refresh, why) = match gauge {
                Gauge::Energy(_) => (Rung::Counter, ENERGY_REFRESH, None),
                Gauge::Power(_) => (Rung::IntegratedPower, POWER_INTERVAL, Some("it has no energy counter")),
            };
            Device { name: name.clone(), part, rung, refresh, why: why.map(str::to_owned) }
        };
        Ok(Self {
            devices: gauges.iter().map(|(name, gauge)| device(name, gauge)).collect(),
            gauges: gauges.into_iter().map(|(_, gauge)| gauge).collect(),
        })
    }
}

impl Source for Hwmon {
    fn name(&self) -> &str {
        "hwmon"
    }

    fn devices(&self) -> &[Device] {
        &self.devices
    }

    fn interval(&self) -> Option<Duration> {
        self.gauges.iter().any(|gauge| matches!(gauge, Gauge::Power(_))).then_some(POWER_INTERVAL)
    }

    fn read(&mut self, _: Moment, into: &mut [Result<Sample, String>]) {
        for (gauge, place) in self.gauges.iter().zip(into) {
            *place = match gauge {
                Gauge::Energy(path) => number(path).map(|count| Sample::Counted {
                    count,
                    unit: Joules::from_microjoules(1),
                    range: None,
                }),
                Gauge::Power(path) => number(path).map(|power| Sample::Drawn(Watts::from_microwatts(power))),
            };
        }
    }
}

struct Chip {
    folder: PathBuf,
    name: String,
}

fn chips(sys: &Path) -> Vec<Chip> {
    let named = |folder: PathBuf| Some(Chip { name: text_if_any(&folder.join("name"))?, folder });
    folders(&sys.join("class/hwmon")).into_iter().filter_map(|(_, folder)| named(folder)).collect()
}

impl Chip {
    /// Its sensors whose label begins so.
    fn labelled(&self, label: &str) -> Vec<(String, Gauge)> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let files = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut found: Vec<(String, Gauge)> = files
            .filter_map(|file| {
                let stem = file.strip_suffix("_label").or_else(|| file.strip_suffix("_oem_info"))?;
                let text = text_if_any(&self.folder.join(&file)).filter(|text| text.starts_with(label))?;
                Some((format!("cpu {text}"), self.gauge(stem)))
            })
            .collect();
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        found
    }

    /// The sensor `energy3` or `power1`.
    fn gauge(&self, stem: &str) -> Gauge {
        let file = |suffix: &str| self.folder.join(format!("{stem}_{suffix}"));
        if stem.starts_with("energy") {
            return Gauge::Energy(file("input"));
        }
        let average = file("average");
        Gauge::Power(if average.exists() { average } else { file("input") })
    }

    /// A board of its own and not graphics in a processor, whose power is that of the processor's package. Only boards
    /// have a limit of power that can be set, but for one console, whose label differs.
    fn is_board(&self) -> bool {
        let label = text_if_any(&self.folder.join("power1_label"));
        self.folder.join("power1_cap").exists() && label.as_deref() != Some("slowPPT")
    }

    /// The device's address, such as `0000:03:00.0`; none in a tree without devices.
    fn place_on_the_bus(&self) -> Option<String> {
        let device = fs::canonicalize(self.folder.join("device")).ok()?;
        Some(device.file_name()?.to_string_lossy().into_owned())
    }

    /// What ROCm calls a board by.
    fn unique_id(&self) -> Option<String> {
        text_if_any(&self.folder.join("device/unique_id"))
    }

    fn board_gauge(&self) -> Gauge {
        let stem = if self.folder.join("energy1_input").exists() { "energy1" } else { "power1" };
        self.gauge(stem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let sys = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let path = sys.path().join("class/hwmon").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        }
        sys
    }

    fn read(mut hwmon: Hwmon) -> Vec<(String, Rung, Sample)> {
        let mut samples = vec![Err(String::new()); hwmon.devices.len()];
        hwmon.read(Moment::now(), &mut samples);
        let devices = hwmon.devices.into_iter();
        devices.zip(samples).map(|(device, sample)| (device.name, device.rung, sample.unwrap())).collect()
    }

    fn energy(microjoules: u64) -> Sample {
        Sample::Counted { count: microjoules, unit: Joules(1e-6), range: None }
    }

    #[test]
    fn amd_boards_are_read_and_graphics_in_a_processor_are_not() {
        let sys = tree(&[
            ("hwmon2/name", "amdgpu"),
            ("hwmon2/power1_cap", "300000000"),
            ("hwmon2/power1_average", "35000000"),
            ("hwmon2/power1_input", "99000000"),
            ("hwmon10/name", "amdgpu"),
            ("hwmon10/power1_cap", "300000000"),
            ("hwmon10/energy1_input", "123456"),
            ("hwmon10/power1_average", "1"),
            ("hwmon11/name", "amdgpu"),
            ("hwmon11/power1_cap", "300000000"),
            ("hwmon11/power1_input", "12000000"),
            ("hwmon1/name", "amdgpu"),
            ("hwmon1/power1_average", "5000000"),
            ("hwmon3/name", "amdgpu"),
            ("hwmon3/power1_cap", "15000000"),
            ("hwmon3/power1_label", "slowPPT"),
            ("hwmon3/power1_average", "5000000"),
            ("hwmon0/name", "nvme"),
            ("hwmon0/power1_average", "5000000"),
        ]);
        let found = read(Hwmon::amd_boards(sys.path(), &Visible::default()).unwrap());
        let expected = [
            ("gpu amd 0", Rung::IntegratedPower, Sample::Drawn(Watts(35.0))),
            ("gpu amd 1", Rung::Counter, energy(123_456)),
            ("gpu amd 2", Rung::IntegratedPower, Sample::Drawn(Watts(12.0))),
        ];
        assert_eq!(found, expected.map(|(name, rung, sample)| (name.to_owned(), rung, sample)));
        let hiding = |names: &str| Visible { hip: Some(names.to_owned()), ..Visible::default() };
        let shown = read(Hwmon::amd_boards(sys.path(), &hiding("2,1")).unwrap());
        let names: Vec<&str> = shown.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["gpu amd 1", "gpu amd 2"]);
        assert!(!Hwmon::amd_boards(sys.path(), &hiding("")).unwrap_err().there);
    }

    #[test]
    fn processors_of_servers_are_read_by_what_their_sensor_is_called() {
        let grace = [
            ("hwmon1/name", "power_meter"),
            ("hwmon1/power1_oem_info", "Module Power Socket 0"),
            ("hwmon1/power1_average", "500000000"),
            ("hwmon2/name", "power_meter"),
            ("hwmon2/power1_oem_info", "Grace Power Socket 0"),
            ("hwmon2/power1_average", "200000000"),
            ("hwmon3/name", "power_meter"),
            ("hwmon3/power1_oem_info", "CPU Power Socket 0"),
            ("hwmon3/power1_average", "150000000"),
        ];
        let epyc = [
            ("hwmon0/name", "amd_energy"),
            ("hwmon0/energy1_label", "Ecore000"),
            ("hwmon0/energy1_input", "5"),
            ("hwmon0/energy65_label", "Esocket0"),
            ("hwmon0/energy65_input", "700"),
            ("hwmon0/energy66_label", "Esocket1"),
            ("hwmon0/energy66_input", "900"),
        ];
        let drawn = |watts| Sample::Drawn(Watts(watts));
        for (files, expected) in [
            (&grace[..], vec![("cpu Grace Power Socket 0", Rung::IntegratedPower, drawn(200.0))]),
            (&grace[6..], vec![("cpu CPU Power Socket 0", Rung::IntegratedPower, drawn(150.0))]),
            (
                &epyc,
                vec![
                    ("cpu Esocket0", Rung::Counter, energy(700)),
                    ("cpu Esocket1", Rung::Counter, energy(900)),
                ],
            ),
        ] {
            let sys = tree(files);
            let found = read(Hwmon::processors(sys.path()).unwrap());
            let expected: Vec<_> =
                expected.into_iter().map(|(name, rung, sample)| (name.to_owned(), rung, sample)).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn nothing_or_nothing_legible_is_a_reason() {
        let sys = tree(&[("hwmon0/name", "coretemp"), ("hwmon1/name", "power_meter")]);
        assert!(!Hwmon::processors(sys.path()).unwrap_err().there);
        assert!(!Hwmon::amd_boards(sys.path(), &Visible::default()).unwrap_err().there);
        let sys =
            tree(&[("hwmon0/name", "amdgpu"), ("hwmon0/power1_cap", "1"), ("hwmon0/power1_average", "")]);
        let refusal = Hwmon::amd_boards(sys.path(), &Visible::default()).unwrap_err();
        assert!(refusal.there && refusal.why.ends_with("holds ``, expected a number"), "{refusal:?}");
        let sys = tree(&[("hwmon0/name", "amdgpu"), ("hwmon0/power1_cap", "1")]);
        assert!(
            Hwmon::amd_boards(sys.path(), &Visible::default())
                .unwrap_err()
                .why
                .ends_with("power1_input` is missing")
        );
    }
}
