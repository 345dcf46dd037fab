//! What a stage has done so far, so that it need not begin anew where it was stopped.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use lessen_model::{Format, Network};
use lessen_records::{StageRecord, write_whole};

use crate::error::CompressError;

/// Between two savings of one stage: what a kill may lose.
const INTERVAL: Duration = Duration::from_secs(10);

/// The unfinished state of a stage, saved now and then. What the stage had used by then is saved with it, so that the
/// receipt of a stage that took several sittings is that of all of them.
pub struct Partial<'a> {
    path: PathBuf,
    /// As an earlier sitting left it.
    found: Option<Vec<u8>>,
    /// All that the stage has used, earlier sittings included.
    spent: Box<dyn Fn() -> StageRecord + Send + Sync + 'a>,
    saved: Mutex<Instant>,
    interval: Duration,
}

impl<'a> Partial<'a> {
    /// A stage's that begins now, or goes on. `spent` gives what this sitting has used.
    pub(super) fn open(path: PathBuf, spent: impl Fn() -> StageRecord + Send + Sync + 'a) -> Self {
        // What cannot be read is as good as not there: the stage then begins anew.
        let found = std::fs::read(&path).ok().and_then(|bytes| divide(&bytes));
        let (earlier, found) = found.unzip();
        let spent = Box::new(move || {
            let now = spent();
            match &earlier {
                Some(earlier) => together(earlier, now),
                None => now,
            }
        });
        Self { path, found, spent, saved: Mutex::new(Instant::now()), interval: INTERVAL }
    }

    /// One that belongs to no stage and is always due.
    #[cfg(test)]
    pub(crate) fn for_tests(path: &std::path::Path) -> Self {
        let spent = || {
            super::receipt(
                "test",
                Default::default(),
                Default::default(),
                lessen_units::Figure::unavailable("a test"),
            )
        };
        Self { interval: Duration::ZERO, ..Self::open(path.to_owned(), spent) }
    }

    /// What an earlier sitting saved last.
    pub fn found(&self) -> Option<&[u8]> {
        self.found.as_deref()
    }

    /// Whether it is time to save again.
    pub fn is_due(&self) -> bool {
        self.saved.lock().is_ok_and(|saved| saved.elapsed() >= self.interval)
    }

    /// Saves the state.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn save(&self, state: &[u8]) -> Result<(), CompressError> {
        let receipt = serde_json::to_vec(&(self.spent)())
            .map_err(|error| CompressError::Unwritable { what: "receipt", problem: error.to_string() })?;
        let mut bytes = (receipt.len() as u64).to_le_bytes().to_vec();
        bytes.extend(receipt);
        bytes.extend(state);
        write_whole(&self.path, &bytes)?;
        if let Ok(mut saved) = self.saved.lock() {
            *saved = Instant::now();
        }
        Ok(())
    }

    /// Keeps a network beside the state, for a person to go on from; the file's path.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn keep(&self, network: &Network) -> Result<PathBuf, CompressError> {
        let path = self.path.with_extension(format!("best.{}", Format::Compact.extension()));
        write_whole(&path, &Format::Compact.write(network))?;
        Ok(path)
    }

    /// All that the stage has used.
    pub(super) fn spent(&self) -> StageRecord {
        (self.spent)()
    }

    /// Forgets what was saved, once the stage is kept.
    pub(super) fn forget(&self) {
        // Left behind it would only take room.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The receipt and the state of a file that [`Partial::save`] wrote.
fn divide(bytes: &[u8]) -> Option<(StageRecord, Vec<u8>)> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (receipt, state) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    Some((serde_json::from_slice(receipt).ok()?, state.to_vec()))
}

fn together(earlier: &StageRecord, now: StageRecord) -> StageRecord {
    StageRecord {
        seconds: earlier.seconds + now.seconds,
        cpu_seconds: earlier.cpu_seconds + now.cpu_seconds,
        joules: &earlier.joules + &now.joules,
        kg_co2e: &earlier.kg_co2e + &now.kg_co2e,
        ..now
    }
}
