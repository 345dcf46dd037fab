//! Named parts of a run: each metered, each kept, and found again by content when it was done before.
//!
//! One mechanism gives every method a name, a receipt and resumption together; nothing else saves progress.
//! What a stage makes is a [`Keep`]; its key is everything that the outcome depends on, and names the folder it
//! is kept in. A stage that is found is not done again: what it made is loaded, and its old receipt counts.

mod partial;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use lessen_footprint::{Intensity, Tables, carbon};
use lessen_meter::{Meter, Usage, thread_cpu_seconds};
use lessen_records::{OutputFolder, STAGES, StageRecord, content_name, write_whole};
use lessen_units::{Figure, Joules, Seconds};
use serde::Serialize;

pub use self::partial::Partial;
use crate::error::CompressError;

/// What a stage makes, as files in a folder of its own.
pub trait Keep: Sized {
    /// Writes it into an empty folder.
    ///
    /// # Errors
    /// Where a file cannot be written.
    fn save(&self, folder: &Path) -> Result<(), CompressError>;

    /// Reads it back to the same bits.
    ///
    /// # Errors
    /// Where a file is missing or broken.
    fn load(folder: &Path) -> Result<Self, CompressError>;
}

/// Hears how a run goes on; called from any thread.
pub trait Progress: Sync {
    /// A stage of `parts` parts begins.
    fn begin(&self, stage: &str, parts: usize);
    /// `done` parts (or a share of one) are finished; `say` is what was finished last.
    fn advance(&self, done: f64, say: &str);
    /// The stage is over, `found` of its parts had been done by an earlier run.
    fn end(&self, stage: &str, seconds: Seconds, found: usize);
    /// Something that the user should know: what was cut, what was chosen.
    fn note(&self, text: &str);
}

/// A part of a stage: what it is called, what its outcome depends on, and how it is done.
pub struct Part<'a, K, T> {
    /// `student 64`; the receipt's name.
    pub name: String,
    /// Everything that the outcome depends on.
    pub key: K,
    /// Does it, from where an earlier run has saved that it was.
    #[allow(clippy::type_complexity, reason = "said once")]
    pub work: Box<dyn FnOnce(&Partial<'_>) -> Result<T, CompressError> + Send + 'a>,
}

/// What a stage made and what it cost.
pub struct Done<T> {
    /// The outcome.
    pub made: T,
    /// What making it took, when it was made.
    pub receipt: StageRecord,
    /// The stage's content name: the part of later keys that says what they stand on.
    pub content: String,
}

/// The stages of one run, kept in its output folder.
pub struct Stages<'a> {
    folder: &'a OutputFolder,
    meter: &'a Meter,
    progress: &'a dyn Progress,
    receipts: Vec<StageRecord>,
}

/// Part of every key: a change of how stages compute makes old outcomes strangers.
const VERSION: u32 = 1;

const RECEIPT: &str = "receipt.json";

#[derive(Serialize)]
struct VersionedKey<'k, K> {
    version: u32,
    stage: &'k str,
    key: &'k K,
}

impl<'a> Stages<'a> {
    /// Stages that are kept in `folder`.
    pub fn new(folder: &'a OutputFolder, meter: &'a Meter, progress: &'a dyn Progress) -> Self {
        Self { folder, meter, progress, receipts: Vec::new() }
    }

    /// Hears how the run goes on.
    pub fn progress(&self) -> &'a dyn Progress {
        self.progress
    }

    /// What measures here.
    pub fn meter(&self) -> &'a Meter {
        self.meter
    }

    /// The run's folder.
    pub fn folder(&self) -> &'a OutputFolder {
        self.folder
    }

    /// The receipts so far, in the order in which the stages were asked for.
    pub fn into_receipts(self) -> Vec<StageRecord> {
        self.receipts
    }

    /// Does `work` on all threads, or finds that it was done. `key` is everything that the outcome depends on.
    ///
    /// # Errors
    /// What `work` fails with, or where the outcome cannot be kept or loaded.
    pub fn stage<T: Keep>(
        &mut self,
        name: &str,
        key: &impl Serialize,
        work: impl FnOnce(&dyn Progress, &Partial<'_>) -> Result<T, CompressError>,
    ) -> Result<Done<T>, CompressError> {
        self.progress.begin(name, 1);
        let place = Place::of_content(name, key)?;
        let (done, found) =
            self.found_or_done(name, place, Company::Alone, |partial| work(self.progress, partial))?;
        self.progress.end(name, done.receipt.seconds, usize::from(found));
        self.receipts.push(done.receipt.clone());
        Ok(done)
    }

    /// A stage that is measured and leaves nothing to keep: it is done each time.
    ///
    /// # Errors
    /// What `work` fails with.
    pub fn unkept<T>(
        &mut self,
        name: &str,
        work: impl FnOnce(&dyn Progress) -> Result<T, CompressError>,
    ) -> Result<T, CompressError> {
        self.progress.begin(name, 1);
        let window = self.meter.begin();
        let made = work(self.progress)?;
        let usage = window.end();
        self.progress.end(name, usage.seconds, 0);
        self.receipts.push(receipt(name, usage.seconds, usage.cpu_seconds, usage.joules));
        Ok(made)
    }

    /// Does parts side by side, as many at a time as the current pool has threads, each part on one thread: so
    /// its CPU time is its own, and its share of the energy follows from it. Parts are begun in the given order
    /// (put long ones first) and returned in it; each is kept the moment it is finished.
    ///
    /// # Errors
    /// The first part's (in order) that fails; parts that are under way are finished and kept, no more are begun.
    pub fn parts<K: Serialize + Sync + Send, T: Keep + Send>(
        &mut self,
        name: &str,
        parts: Vec<Part<'_, K, T>>,
    ) -> Result<Vec<Done<T>>, CompressError> {
        self.progress.begin(name, parts.len());
        let began = std::time::Instant::now();
        let count = parts.len();
        let queue: Vec<_> = parts.into_iter().map(|part| Mutex::new(Some(part))).collect();
        let slots: Vec<_> = (0..count).map(|_| Mutex::new(None)).collect();
        let (next, finished, found, failed) =
            (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let this = &*self;
        let worker = || {
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                if place >= count || failed.load(Ordering::Relaxed) > 0 {
                    return;
                }
                let Some(part) = queue[place].lock().ok().and_then(|mut part| part.take()) else { return };
                let part_name = part.name.clone();
                let done = this.part(part);
                match &done {
                    Ok((_, was_found)) => found.fetch_add(usize::from(*was_found), Ordering::Relaxed),
                    Err(_) => failed.fetch_add(1, Ordering::Relaxed),
                };
                if let Ok(mut slot) = slots[place].lock() {
                    *slot = Some(done.map(|(done, _)| done));
                }
                let finished = finished.fetch_add(1, Ordering::Relaxed) + 1;
                this.progress.advance(finished as f64, &part_name);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..rayon::current_num_threads().min(count) {
                scope.spawn(|| on_one_thread(worker));
            }
        });
        let mut outcomes = Vec::with_capacity(count);
        for slot in slots {
            match slot.into_inner().ok().flatten() {
                Some(done) => outcomes.push(done?),
                // Not begun, since an earlier one failed: that one's error comes first in order or comes yet.
                None => continue,
            }
        }
        self.receipts.extend(outcomes.iter().map(|done| done.receipt.clone()));
        self.progress.end(name, Seconds::from(began.elapsed()), found.into_inner());
        Ok(outcomes)
    }

    fn part<K: Serialize, T: Keep>(&self, part: Part<'_, K, T>) -> Result<(Done<T>, bool), CompressError> {
        let Part { name, key, work } = part;
        self.found_or_done(&name, Place::of_content(&name, &key)?, Company::Others, work)
    }

    /// Does `work`, or finds that it was done. Its outcome is kept at `path` (names joined by `/`) in the run's folder, by
    /// which it is found again: whoever names places so has seen that what they stand on has not changed.
    ///
    /// # Errors
    /// What `work` fails with, or where the outcome cannot be kept or loaded.
    pub(crate) fn at<T: Keep>(
        &self,
        (name, path): (&str, &str),
        company: Company,
        work: impl FnOnce(&Partial<'_>) -> Result<T, CompressError>,
    ) -> Result<(Done<T>, bool), CompressError> {
        let place = Place { path: path.to_owned(), content: path.to_owned() };
        self.found_or_done(name, place, company, work)
    }

    /// Whether something is kept at `path` that cannot be read.
    pub(crate) fn is_broken<T: Keep>(&self, path: &str) -> Result<bool, CompressError> {
        match self.find::<T>(&Place { path: path.to_owned(), content: path.to_owned() }) {
            Err(CompressError::Kept { .. }) => Ok(true),
            Err(error) => Err(error),
            Ok(_) => Ok(false),
        }
    }

    fn found_or_done<T: Keep>(
        &self,
        name: &str,
        place: Place,
        company: Company,
        work: impl FnOnce(&Partial<'_>) -> Result<T, CompressError>,
    ) -> Result<(Done<T>, bool), CompressError> {
        if let Some(done) = self.find(&place)? {
            return Ok((done, true));
        }
        let window = self.meter.begin();
        let before = thread_cpu_seconds();
        let partial = Partial::open(self.folder.partial(&place.path)?, || {
            let usage: Usage = window.so_far();
            match company {
                Company::Alone => receipt(name, usage.seconds, usage.cpu_seconds, usage.joules),
                Company::Others => {
                    let cpu_seconds = thread_cpu_seconds() - before;
                    receipt(name, usage.seconds, cpu_seconds, usage.share(cpu_seconds))
                }
            }
        });
        let made = work(&partial)?;
        Ok((self.keep(place, made, &partial)?, false))
    }

    fn find<T: Keep>(&self, place: &Place) -> Result<Option<Done<T>>, CompressError> {
        let Some(path) = self.folder.find(&place.path) else { return Ok(None) };
        let kept = |problem: String| CompressError::Kept { path: path.clone(), problem };
        let text = std::fs::read_to_string(path.join(RECEIPT)).map_err(|error| kept(error.to_string()))?;
        let receipt = serde_json::from_str(&text).map_err(|error| kept(error.to_string()))?;
        let made = T::load(&path).map_err(|error| match error {
            CompressError::Kept { path: file, problem } => {
                let file = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                kept(format!("`{file}`: {problem}"))
            }
            error => kept(chain(&error)),
        })?;
        Ok(Some(Done { made, receipt, content: place.content.clone() }))
    }

    fn keep<T: Keep>(
        &self,
        Place { path, content }: Place,
        made: T,
        partial: &Partial<'_>,
    ) -> Result<Done<T>, CompressError> {
        let receipt = partial.spent();
        self.folder.keep(&path, |folder| {
            made.save(folder)?;
            let unwritable = |error: serde_json::Error| CompressError::Unwritable {
                what: "receipt",
                problem: error.to_string(),
            };
            let text = serde_json::to_vec_pretty(&receipt).map_err(unwritable)?;
            write_whole(&folder.join(RECEIPT), &text)?;
            Ok::<(), CompressError>(())
        })?;
        partial.forget();
        Ok(Done { made, receipt, content })
    }
}

/// Where an outcome is kept.
struct Place {
    /// In the run's folder.
    path: String,
    /// The part of later keys that says what they stand on.
    content: String,
}

impl Place {
    fn of_content(name: &str, key: &impl Serialize) -> Result<Self, CompressError> {
        let content = content_name(name, &VersionedKey { version: VERSION, stage: name, key })?;
        Ok(Self { path: format!("{STAGES}/{content}"), content })
    }
}

/// Whether something else is at work in this process meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Company {
    /// All that the process uses is this work's.
    Alone,
    /// What its thread uses is this work's, and a share of the energy that follows from it.
    Others,
}

/// Runs `work` where every parallel iterator has just the thread that it runs on.
pub(crate) fn on_one_thread(work: impl FnOnce() + Send) {
    match rayon::ThreadPoolBuilder::new().num_threads(1).build() {
        Ok(pool) => pool.install(work),
        // No thread to be had for a pool: the work is then done on the global one, only its receipt is less exact.
        Err(_) => work(),
    }
}

fn receipt(name: &str, seconds: Seconds, cpu_seconds: Seconds, joules: Figure<Joules>) -> StageRecord {
    let emitted = carbon(&joules, 1.0, &Intensity::world_average(Tables::built_in()));
    let kg_co2e = emitted.map(Into::into);
    StageRecord {
        name: name.to_owned(),
        seconds,
        cpu_seconds,
        joules,
        kg_co2e,
        extra: serde_json::Map::default(),
    }
}

/// An error with all its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
