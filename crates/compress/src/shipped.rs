//! Networks as they are shipped: written into files, read back, and found to be what was trained.

use std::path::Path;

use lessen_data::Dataset;
use lessen_engine::Plan;
use lessen_model::{Format, Network, predict_rows};
use lessen_records::OutputFolder;

use crate::error::{CompressError, ReadBackError};

/// A network that was written to files and read back from the smallest of them: what is measured from here on.
pub(crate) struct Shipped {
    /// The network of the file, without the units that have no part in it.
    pub(crate) network: Network,
    /// Weights left over prunable weights, dead units' counted.
    pub(crate) density: f64,
    /// Its file in the run's folder: the compact one where it was pruned, otherwise ONNX.
    pub(crate) file: String,
    /// That file's size.
    pub(crate) bytes: u64,
    /// The ONNX file of a network that has a compact one.
    pub(crate) other_files: Vec<String>,
}

/// Folding the scaling into the first layer and adding up in another order changes the last bits of an answer, no more: the
/// largest difference of a probability seen over digits, letter and MNIST is below a tenth of this. Values above 1 may
/// differ by as much relatively to the largest.
pub(crate) const TOLERANCE: f32 = 1e-4;

/// Writes `<name>.onnx` and, where the network was pruned, `<name>.lsm` into the run's folder: without dead units, with the
/// scaling folded into the first layer where that is exact. Reads each back and compares its answers for `rows` with
/// those of `network`.
pub(crate) fn ship(
    network: &Network,
    name: &str,
    folder: &OutputFolder,
    dataset: &Dataset,
    rows: &[u32],
) -> Result<Shipped, CompressError> {
    let trained = predict_rows(&Plan::new(name, network.clone())?, &dataset.features, rows)?;
    let alive = network.without_dead_units();
    let folded = alive.with_scaling_folded().unwrap_or(alive);
    let write = |format: Format| -> Result<Written, CompressError> {
        let file = format!("{}.{}", name.replace(' ', "-"), format.extension());
        let bytes = format.write(&folded);
        folder.write(&file, &bytes)?;
        let path = folder.path().join(&file);
        let network = read(&path)?;
        let plan = Plan::new(name, network.clone())?;
        let shipped = predict_rows(&plan, &dataset.features, rows)?;
        check(&path, &trained, &shipped)?;
        Ok(Written { network, file, bytes: bytes.len() as u64 })
    };
    let onnx = write(Format::Onnx)?;
    let was_pruned = network.dense().any(|dense| dense.weights.mask().is_some());
    let (smallest, other_files) =
        if was_pruned { (write(Format::Compact)?, vec![onnx.file]) } else { (onnx, Vec::new()) };
    let Written { network: shipped, file, bytes } = smallest;
    Ok(Shipped { network: shipped, density: network.density(), file, bytes, other_files })
}

struct Written {
    network: Network,
    file: String,
    bytes: u64,
}

fn check(path: &Path, trained: &[f32], shipped: &[f32]) -> Result<(), CompressError> {
    let difference = trained.iter().zip(shipped).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let largest = trained.iter().copied().map(f32::abs).fold(1.0, f32::max);
    let tolerance = TOLERANCE * largest;
    // `fold` with `max` passes over NaN.
    if shipped.iter().any(|answer| answer.is_nan()) || difference > tolerance {
        let source = ReadBackError::Differs { difference, tolerance };
        return Err(CompressError::ReadBack { path: path.to_owned(), source });
    }
    Ok(())
}

fn read(path: &Path) -> Result<Network, CompressError> {
    let failed = |source| lessen_records::RecordError::File { action: "read", path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(failed)?;
    lessen_model::read(&bytes).map_err(|error| CompressError::ReadBack {
        path: path.to_owned(),
        source: ReadBackError::Model(error),
    })
}

/// Bytes of all files in a folder, its folders included; `None` where it cannot be read.
pub fn folder_bytes(folder: &Path) -> Option<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).ok()? {
        let entry = entry.ok()?;
        let about = entry.metadata().ok()?;
        bytes += if about.is_dir() { folder_bytes(&entry.path())? } else { about.len() };
    }
    Some(bytes)
}
