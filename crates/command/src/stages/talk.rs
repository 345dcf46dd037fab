//! The end of the socket that the command holds: what `lessen stage` does.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::VARIABLE;
use super::listener::{LONGEST_LINE, Message, Reply};

/// How long an answer may take. The other side takes a reading first, which is a matter of milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a stage could not be begun or ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TalkError {
    /// There is no run around us.
    #[error("`{VARIABLE}` is not set, so no run is there to have stages")]
    NoRun,
    /// There was a run, or its socket cannot be reached from here.
    #[error("nobody listens at `{}`, which `{VARIABLE}` names", path.display())]
    Nobody {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The connection broke, or there was no answer in time.
    #[error("no answer from the run at `{}`", path.display())]
    NoAnswer {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The run will not have it.
    #[error("the run refused: {why}")]
    Refused {
        /// In the run's words.
        why: String,
    },
}

impl TalkError {
    /// What would mend it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoRun => Some("run the command under `lessen run -- …`"),
            Self::Nobody { .. } => {
                Some("the run may be over, or of another user; a daemon that outlives it has no stages")
            }
            _ => None,
        }
    }
}

/// The socket that [`VARIABLE`] names.
///
/// # Errors
/// Where it is not set.
pub fn path_from_environment() -> Result<PathBuf, TalkError> {
    env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from).ok_or(TalkError::NoRun)
}

/// Begins a stage within the innermost that is open.
///
/// # Errors
/// Where nobody listens or answers, or the run refuses: a name that is empty or longer than
/// [`super::LONGEST_NAME`] bytes, too many stages.
pub fn begin(path: &Path, name: &str) -> Result<(), TalkError> {
    say(path, &Message::Begin { name: name.to_owned() })
}

/// Ends the innermost stage that is open.
///
/// # Errors
/// Where nobody listens or answers, or none is open.
pub fn end(path: &Path) -> Result<(), TalkError> {
    say(path, &Message::End {})
}

fn say(path: &Path, message: &Message) -> Result<(), TalkError> {
    let stream =
        UnixStream::connect(path).map_err(|source| TalkError::Nobody { path: path.to_owned(), source })?;
    let reply =
        exchange(stream, message).map_err(|source| TalkError::NoAnswer { path: path.to_owned(), source })?;
    match reply {
        Reply::Ok(_) => Ok(()),
        Reply::Error(why) => Err(TalkError::Refused { why }),
    }
}

fn exchange(mut stream: UnixStream, message: &Message) -> io::Result<Reply> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    // A name that is far too long is refused while it is still being sent, and the refusal is worth reading.
    let sent = stream.write_all(&line);
    let mut reply = String::new();
    BufReader::new(stream.take(2 * LONGEST_LINE as u64)).read_line(&mut reply)?;
    match reply.is_empty() {
        true => Err(sent.err().unwrap_or(io::ErrorKind::UnexpectedEof.into())),
        false => Ok(serde_json::from_str(&reply)?),
    }
}
