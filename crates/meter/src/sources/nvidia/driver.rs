//! The driver's library itself. It is looked for when the program runs; nothing of CUDA is needed to build.

use nvml_wrapper::Nvml as Library;
use nvml_wrapper::error::NvmlError;

use super::{Board, Nvml};

/// `NVML_DEVICE_MIG_ENABLE`.
const MIG_ENABLED: u32 = 1;

/// The name that the driver installs, and the one that only its development files have.
const NAMES: [&str; 2] = ["libnvidia-ml.so.1", "libnvidia-ml.so"];

pub(super) struct Driver(Library);

impl Driver {
    /// Loads the library; the reason where there is none or it finds no driver.
    pub(super) fn load() -> Result<Self, String> {
        for name in NAMES {
            match Library::builder().lib_path(name.as_ref()).init() {
                Ok(library) => return Ok(Self(library)),
                Err(NvmlError::LibloadingError(_) | NvmlError::LibraryNotFound) => {}
                Err(other) => return Err(format!("the NVIDIA driver cannot be used: {other}")),
            }
        }
        Err(format!("no NVIDIA driver: `{}` is not there", NAMES[0]))
    }

    fn with<T>(
        &self,
        index: u32,
        ask: impl Fn(&nvml_wrapper::Device<'_>) -> Result<T, NvmlError>,
    ) -> Result<T, String> {
        self.0.device_by_index(index).and_then(|device| ask(&device)).map_err(|error| error.to_string())
    }
}

impl Nvml for Driver {
    fn boards(&self) -> Result<Vec<Board>, String> {
        let count = self.0.device_count().map_err(|error| error.to_string())?;
        let board = |index| {
            self.with(index, |device| {
                // Boards that cannot be divided do not know the question.
                let divided = device.mig_mode().is_ok_and(|mode| mode.current == MIG_ENABLED);
                Ok(Board { index, uuid: device.uuid()?, name: device.name()?, divided })
            })
        };
        (0..count).map(board).collect()
    }

    fn millijoules(&self, index: u32) -> Result<u64, String> {
        self.with(index, |device| device.total_energy_consumption())
    }

    fn milliwatts(&self, index: u32) -> Result<u32, String> {
        self.with(index, |device| device.power_usage())
    }

    fn board_of_part(&self, uuid: &str) -> Option<u32> {
        self.0.device_by_uuid(uuid).ok()?.mig_parent_device().ok()?.index().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_driver_has_a_reason() {
        match Driver::load() {
            Err(why) => assert!(why.contains("NVIDIA driver"), "{why}"),
            Ok(driver) => {
                let boards = driver.boards().unwrap();
                assert!(boards.iter().all(|board| board.uuid.starts_with("GPU-")), "{boards:?}");
            }
        }
    }
}
