//! Sources that a thread of its own keeps reading, so that any two moments can be compared.

use std::fmt;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use lessen_units::{Joules, Seconds};

use crate::moment::Moment;
use crate::process::thread_cpu_seconds;
use crate::sources::{Device, Sample, Source};
use crate::track::{Stretch, Track};

/// Reads sources at their intervals and whenever it is asked to. Shared freely between threads.
pub(crate) struct Sampler {
    shared: Arc<Mutex<Shared>>,
    /// Dropping it ends the thread.
    _ended: Sender<()>,
}

/// What every device had added up to at some time, to take the difference from.
#[derive(Clone, Debug)]
pub(crate) struct Mark(Vec<Stretch>);

/// What one device added up to since a mark.
#[derive(Clone, Debug)]
pub(crate) struct Since {
    pub(crate) source: String,
    pub(crate) device: Device,
    pub(crate) stretch: Stretch,
    /// Why it last was not readable, in the words of the source and the device.
    pub(crate) why: String,
}

impl Since {
    /// A reason, with what it is of.
    pub(crate) fn in_words(&self, why: &str) -> String {
        format!("{} `{}`: {why}", self.source, self.device.name)
    }

    /// The energy, where the device was read all the time; else why not.
    pub(crate) fn whole(&self) -> Result<Joules, String> {
        if self.stretch.breaks > 0 || self.stretch.missed > Seconds(0.0) {
            return Err(self.why.clone());
        }
        Ok(self.stretch.joules)
    }
}

struct Shared {
    readers: Vec<Reader>,
    /// CPU time of the thread.
    thread: Seconds,
    /// CPU time of the readings that others asked for.
    asked: Seconds,
}

struct Reader {
    source: Box<dyn Source>,
    samples: Vec<Result<Sample, String>>,
    tracks: Vec<Track>,
    interval: Duration,
    due: Instant,
}

impl Reader {
    fn new(source: Box<dyn Source>, longest: Duration) -> Self {
        let devices = source.devices();
        let interval = source.interval().map_or(longest, |interval| interval.min(longest));
        Self {
            samples: vec![Err("not read yet".to_owned()); devices.len()],
            tracks: devices.iter().map(|device| Track::new(device.part.most_watts())).collect(),
            due: Instant::now(),
            interval,
            source,
        }
    }

    fn read(&mut self, now: Moment) {
        self.due = Instant::now() + self.interval;
        self.source.read(now, &mut self.samples);
        for (track, sample) in self.tracks.iter_mut().zip(&self.samples) {
            track.step(now, sample);
        }
    }

    fn why(&self, device: &Device, track: &Track) -> String {
        format!("{} `{}`: {}", self.source.name(), device.name, track.why())
    }

    fn since<'reader>(&'reader self, marks: &mut impl Iterator<Item = &'reader Stretch>) -> Vec<Since> {
        let devices = self.source.devices().iter().zip(&self.tracks);
        devices
            .map(|(device, track)| Since {
                source: self.source.name().to_owned(),
                device: device.clone(),
                stretch: track.so_far().since(marks.next().copied().unwrap_or_default()),
                why: self.why(device, track),
            })
            .collect()
    }
}

impl Shared {
    fn read_all(&mut self) {
        let before = thread_cpu_seconds();
        // Each at a moment of its own: one that is slow must not age the readings of the others.
        self.readers.iter_mut().for_each(|reader| reader.read(Moment::now()));
        self.asked = self.asked + (thread_cpu_seconds() - before);
    }

    fn read_due(&mut self) {
        let now = Instant::now();
        self.readers
            .iter_mut()
            .filter(|reader| reader.due <= now)
            .for_each(|reader| reader.read(Moment::now()));
    }

    fn next_due(&self) -> Option<Instant> {
        self.readers.iter().map(|reader| reader.due).min()
    }
}

impl Sampler {
    /// Reads at `interval`, or more often where a source wants that.
    pub(crate) fn start(sources: Vec<Box<dyn Source>>, interval: Duration) -> Self {
        let readers: Vec<Reader> = sources.into_iter().map(|source| Reader::new(source, interval)).collect();
        let idle = readers.is_empty();
        let shared = Arc::new(Mutex::new(Shared { readers, thread: Seconds(0.0), asked: Seconds(0.0) }));
        let (sender, ended) = mpsc::channel();
        if !idle {
            let of_thread = Arc::clone(&shared);
            // Without the thread what needs it breaks, and says so.
            let _ = thread::Builder::new()
                .name("lessen-meter".to_owned())
                .spawn(move || keep_reading(&of_thread, &ended));
        }
        Self { shared, _ended: sender }
    }

    /// Reads everything and gives the state to measure from.
    pub(crate) fn mark(&self) -> Mark {
        let mut shared = lock(&self.shared);
        shared.read_all();
        Mark(shared.readers.iter().flat_map(|reader| reader.tracks.iter().map(Track::so_far)).collect())
    }

    /// Reads everything and gives what each device added up to since.
    pub(crate) fn since(&self, mark: &Mark) -> Vec<Since> {
        let mut shared = lock(&self.shared);
        shared.read_all();
        let mut marks = mark.0.iter();
        shared.readers.iter().flat_map(|reader| reader.since(&mut marks)).collect()
    }

    /// CPU time that reading has taken so far.
    pub(crate) fn cpu_seconds(&self) -> Seconds {
        let shared = lock(&self.shared);
        shared.thread + shared.asked
    }
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = lock(&self.shared);
        let names = shared.readers.iter().map(|reader| reader.source.name());
        f.debug_tuple("Sampler").field(&names.collect::<Vec<_>>()).finish()
    }
}

fn keep_reading(shared: &Mutex<Shared>, ended: &Receiver<()>) {
    loop {
        let Some(due) = lock(shared).next_due() else { return };
        let wait = due.saturating_duration_since(Instant::now());
        if ended.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        let mut shared = lock(shared);
        shared.read_due();
        shared.thread = thread_cpu_seconds();
    }
}

/// A thread that panicked while it held the readings has at worst lost one.
fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
