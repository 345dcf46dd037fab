//! The end of the socket that we hold.

use std::env;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use serde::{Deserialize, Serialize};

use super::timeline::{Change, Stage, Timeline, What};
use crate::service::{Door, Heard, Server, Service};

/// One line from a client.
#[derive(Debug, Serialize, Deserialize, PartialEq)]
#[serde(tag = "stage", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Message {
    Begin { name: String },
    End {},
}

/// One line back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Reply {
    Ok(bool),
    Error(String),
}

/// Longer lines are refused: a name in which each byte is escaped, and what is around it.
pub(super) const LONGEST_LINE: usize = 2048;

/// Hears of stages, from its start until it is dropped or finished.
#[derive(Debug)]
pub struct Listener {
    timeline: Arc<Mutex<Timeline>>,
    path: PathBuf,
    /// Dropped before the folder.
    server: Option<Server>,
    _folder: Folder,
}

impl Listener {
    /// Opens the socket. `on_change` is called for each change in a thread of its own, before whoever made the change
    /// gets its answer; it should take no longer than a reading does.
    ///
    /// # Errors
    /// Where no folder for the socket can be made.
    pub fn start(on_change: impl FnMut(&Change) + Send + 'static) -> io::Result<Self> {
        let folder = Folder::make()?;
        let path = folder.path.join("socket");
        let door = Door::Unix(UnixListener::bind(&path)?);
        let timeline = Arc::new(Mutex::new(Timeline::begin_at(Instant::now())));
        let place = folder.path.parent().map(Path::to_owned);
        let hall = Hall { timeline: Arc::clone(&timeline), on_change: Box::new(on_change), place };
        let server = Server::start("lessen-stages", door, hall)?;
        Ok(Self { timeline, path, server: Some(server), _folder: folder })
    }

    /// What the command's variable [`super::VARIABLE`] is to be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run is over: its stages, itself first. What is open ends now.
    pub fn finish(mut self) -> Vec<Stage> {
        let at = Instant::now();
        // No change comes after the end.
        self.server = None;
        let mut timeline = lock(&self.timeline);
        std::mem::replace(&mut *timeline, Timeline::begin_at(at)).finish(at)
    }
}

/// A callback that panics does not make the stages before it untrue.
fn lock(timeline: &Mutex<Timeline>) -> MutexGuard<'_, Timeline> {
    timeline.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Hall {
    timeline: Arc<Mutex<Timeline>>,
    on_change: Box<dyn FnMut(&Change) + Send>,
    /// Where folders of listeners are.
    place: Option<PathBuf>,
}

impl Service for Hall {
    const LONGEST: usize = LONGEST_LINE;

    fn begin(&mut self) {
        if let Some(place) = &self.place {
            sweep(place);
        }
    }

    fn hear(&mut self, request: &[u8], last: bool) -> Heard {
        let at = Instant::now();
        let line = match request.iter().position(|&byte| byte == b'\n') {
            Some(end) => &request[..end],
            None if last => request,
            None => return Heard::More,
        };
        let reply = match self.take(line, at) {
            Ok(()) => Reply::Ok(true),
            Err(why) => Reply::Error(why),
        };
        let mut answer = serde_json::to_vec(&reply).unwrap_or_default();
        answer.push(b'\n');
        Heard::Answer(answer)
    }
}

impl Hall {
    fn take(&mut self, line: &[u8], at: Instant) -> Result<(), String> {
        let message: Message = serde_json::from_slice(line).map_err(|error| {
            format!("expected `{{\"stage\":\"begin\",\"name\":…}}` or `{{\"stage\":\"end\"}}` in one line of at most {LONGEST_LINE} bytes: {error}")
        })?;
        let what = match message {
            Message::Begin { name } => What::Begin(name),
            Message::End {} => What::End,
        };
        let change = lock(&self.timeline).take(what, at)?;
        (self.on_change)(&change);
        Ok(())
    }
}

/// A folder that only this user may enter; gone when this is dropped.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
}

/// The longest path that fits a socket's address with room for its name: 108 bytes on Linux, 104 elsewhere.
const LONGEST_FOLDER: usize = 90;

impl Folder {
    fn make() -> io::Result<Self> {
        let places =
            [env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from), Some(env::temp_dir()), Some("/tmp".into())];
        let mut problem = io::Error::from(io::ErrorKind::NotFound);
        for place in places.into_iter().flatten().filter(|place| place.is_absolute()) {
            // A name that is taken is not ours, whoever made it; the clock gives the next.
            for _ in 0..16 {
                let path = place.join(name());
                if path.as_os_str().len() > LONGEST_FOLDER {
                    break;
                }
                match DirBuilder::new().mode(0o700).create(&path) {
                    Ok(()) => return Ok(Self { path }),
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => {
                        problem = error;
                        break;
                    }
                }
            }
        }
        Err(problem)
    }
}

const NAME: &str = "lessen-";

fn name() -> String {
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{NAME}{}-{:x}", process::id(), clock.as_nanos())
}

/// Who made the folder of that name, where it is one of a listener.
fn owner(name: &str) -> Option<u32> {
    let (pid, clock) = name.strip_prefix(NAME)?.split_once('-')?;
    u64::from_str_radix(clock, 16).ok()?;
    pid.parse().ok()
}

/// Names that are looked at in a folder of temporary files, which may be full of them.
const MOST_NAMES: usize = 20_000;

/// Removes folders of ours that were left by processes that were killed. They hold a socket and nothing else, so what
/// holds more stays.
fn sweep(place: &Path) {
    // Elsewhere nobody could tell who is gone.
    if !Path::new("/proc/self").exists() {
        return;
    }
    let us = rustix::process::geteuid().as_raw();
    for entry in place.read_dir().into_iter().flatten().take(MOST_NAMES).flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(owner) else { continue };
        let is_ours = || entry.metadata().is_ok_and(|about| about.is_dir() && about.uid() == us);
        if !Path::new("/proc").join(pid.to_string()).exists() && is_ours() {
            let _ = fs::remove_file(entry.path().join("socket"));
            let _ = fs::remove_dir(entry.path());
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_dead_left_is_swept_up_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let make = |name: &str, file: Option<&str>| {
            let folder = place.path().join(name);
            fs::create_dir(&folder).unwrap();
            if let Some(file) = file {
                fs::write(folder.join(file), "").unwrap();
            }
        };
        // Numbers of processes end at 4,194,304.
        make("lessen-4999999-18ec", Some("socket"));
        make("lessen-4999998-18ec", None);
        make("lessen-4999997-18ec", Some("letters"));
        make("lessen-4999996-xyz", Some("socket"));
        make("lessen-4999995", None);
        make("other-4999994-18ec", None);
        make(&format!("lessen-{}-18ec", process::id()), Some("socket"));
        fs::write(place.path().join("lessen-4999993-18ec"), "a file").unwrap();
        sweep(place.path());
        let mut left: Vec<_> = place
            .path()
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        let ours = format!("lessen-{}-18ec", process::id());
        let mut expected = vec![
            "lessen-4999993-18ec",
            "lessen-4999995",
            "lessen-4999996-xyz",
            "lessen-4999997-18ec",
            &ours,
            "other-4999994-18ec",
        ];
        expected.sort_unstable();
        if Path::new("/proc/self").exists() {
            assert_eq!(left, expected);
        }
    }
}
