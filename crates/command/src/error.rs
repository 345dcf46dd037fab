//! What can go wrong with a command.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

/// A command that could not be started; [`SpawnError::hint`] is advice for a line of its own, and
/// [`SpawnError::exit_code`] what a shell would have answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// There is no argument at all.
    #[error("no command to run: expected a program and its arguments")]
    Empty,
    /// No such file, on the search path or at the place that was named.
    #[error("cannot run `{}`: {}", program.display(), if program.as_encoded_bytes().contains(&b'/') { "no such file" } else { "not found on PATH" })]
    NotFound {
        /// As it was typed.
        program: OsString,
        /// The program on PATH that was probably meant.
        nearest: Option<String>,
    },
    /// The file is there, but not what its first line wants to be run by (or a library that it needs to start).
    #[error("cannot run `{}`: the interpreter that it names is not there", file.display())]
    NoInterpreter {
        /// The file that was found.
        file: PathBuf,
    },
    /// The file is there and may not be executed.
    #[error("cannot run `{}`: {}", file.display(), if file.is_dir() { "it is a folder" } else { "it may not be executed" })]
    NotExecutable {
        /// The file that was found, or the program as it was typed.
        file: PathBuf,
    },
    /// The system refused for another reason.
    #[error("cannot run `{}`", program.display())]
    Refused {
        /// As it was typed.
        program: OsString,
        /// What the system said.
        source: io::Error,
    },
    /// The signals that are for the command could not be listened to.
    #[error("cannot listen to signals")]
    Signals {
        /// What the system said.
        source: io::Error,
    },
}

impl SpawnError {
    /// What a shell answers: 127 for a command that is not there, 126 for one that is and cannot be run.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Empty | Self::NotFound { .. } | Self::NoInterpreter { .. } => 127,
            Self::NotExecutable { .. } | Self::Refused { .. } | Self::Signals { .. } => 126,
        }
    }

    /// What would mend it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Empty => Some("put the command behind `--`".to_owned()),
            Self::NotFound { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
            Self::NotFound { program, .. } if program.as_encoded_bytes().contains(&b' ') => Some(
                "the command has a space in it: give its arguments one by one, or run `sh -c '…'`".to_owned(),
            ),
            Self::NoInterpreter { file } => Some(format!("look at the first line of `{}`", file.display())),
            Self::NotExecutable { file } if !file.is_dir() => Some(format!("`chmod +x {}`", file.display())),
            Self::Refused { source, .. } if source.kind() == io::ErrorKind::ArgumentListTooLong => {
                Some("arguments and environment together are longer than the system allows".to_owned())
            }
            _ => None,
        }
    }
}

/// A command that was started and whose end could not be seen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// Somebody else in this process waited for it.
    #[error("the end of process {pid} was taken by another part of this program")]
    Lost {
        /// The command's process.
        pid: i32,
    },
    /// The system refused to wait.
    #[error("cannot wait for process {pid}")]
    Refused {
        /// The command's process.
        pid: i32,
        /// What the system said.
        source: io::Error,
    },
}
