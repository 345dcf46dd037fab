//! Networks as they are shipped: written as ONNX, read back, and found to be what was trained.

use std::path::Path;

use lessen_data::Dataset;
use lessen_engine::Plan;
use lessen_model::{Network, onnx, predict_rows};
use lessen_records::OutputFolder;

use crate::error::{CompressError, ReadBackError};

/// A network that was written to a file and read back from it: what is measured from here on.
pub(crate) struct Shipped {
    /// The network of the file.
    pub(crate) network: Network,
    /// Its name in the run's folder.
    pub(crate) file: String,
    /// Its size.
    pub(crate) bytes: u64,
}

/// Folding the scaling into the first layer and adding up in another order changes the last bits of an answer, no more: the
/// largest difference of a probability seen over digits, letter and MNIST is below a tenth of this. Values above 1 may
/// differ by as much relatively to the largest.
const TOLERANCE: f32 = 1e-4;

/// Writes `<name>.onnx` into the run's folder, with the scaling folded into the first layer where that is exact,
/// reads it back and compares its predictions on `rows` with those of `network`.
pub(crate) fn ship(
    network: &Network,
    name: &str,
    folder: &OutputFolder,
    dataset: &Dataset,
    rows: &[u32],
) -> Result<Shipped, CompressError> {
    let file = format!("{}.onnx", name.replace(' ', "-"));
    let bytes = match network.with_scaling_folded() {
        Some(folded) => onnx::write(&folded),
        None => onnx::write(network),
    };
    folder.write(&file, &bytes)?;
    let path = folder.path().join(&file);
    let network_read = read(&path)?;
    let trained = predict_rows(&Plan::new(name, network.clone())?, &dataset.features, rows)?;
    let shipped = predict_rows(&Plan::new(name, network_read.clone())?, &dataset.features, rows)?;
    let difference = trained.iter().zip(&shipped).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let largest = trained.iter().copied().map(f32::abs).fold(1.0, f32::max);
    let tolerance = TOLERANCE * largest;
    if difference.is_nan() || difference > tolerance {
        let source = ReadBackError::Differs { difference, tolerance };
        return Err(CompressError::ReadBack { path, source });
    }
    Ok(Shipped { network: network_read, file, bytes: bytes.len() as u64 })
}

fn read(path: &Path) -> Result<Network, CompressError> {
    let failed = |source| lessen_records::RecordError::File { action: "read", path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(failed)?;
    onnx::read(&bytes).map_err(|error| CompressError::ReadBack {
        path: path.to_owned(),
        source: ReadBackError::Onnx(error),
    })
}

/// Bytes of all files in a folder, its folders included; `None` where it cannot be read.
pub(crate) fn folder_bytes(folder: &Path) -> Option<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).ok()? {
        let entry = entry.ok()?;
        let about = entry.metadata().ok()?;
        bytes += if about.is_dir() { folder_bytes(&entry.path())? } else { about.len() };
    }
    Some(bytes)
}
