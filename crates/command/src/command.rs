//! A command before it runs, and how it is started.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::time::Instant;

use crate::error::SpawnError;
use crate::running::{Running, Waker};
use crate::signals::Signals;
use crate::tree::{Tree, Visit};

/// A program with its arguments, and how it is to be run.
#[derive(Clone, Debug)]
pub struct Command {
    argv: Vec<OsString>,
    options: Options,
}

/// How a command is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Variables for the command, beside those that it inherits.
    pub environment: Vec<(OsString, OsString)>,
    /// Whether a control group may be made for the command. Without one CPU time is counted by reaping, which misses
    /// the children of processes that ignore `SIGCHLD`.
    pub control_group: bool,
    /// Whether to wait for what the command left running, too.
    pub wait_all: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { environment: Vec::new(), control_group: true, wait_all: false }
    }
}

/// What is made ready for a command in a thread of its own: a control group, and the way into it, which takes the kernel
/// about 10 ms. Begun as early as possible it costs no time; whatever this process does until [`Command::spawn_with`] is
/// told from what the command does. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Prepared {
    visit: Result<Visit, String>,
    waker: Waker,
}

impl Prepared {
    /// Begins, and returns at once. Without `control_group` there is nothing to make ready.
    pub fn begin(control_group: bool) -> Self {
        let visit = if control_group { Visit::begin() } else { Err("none was to be made".to_owned()) };
        Self { visit, waker: Waker::new() }
    }

    /// Has [`Running::wait`] tick when another thread wants it. There is one before the command, which may name a stage
    /// before [`Command::spawn_with`] has returned.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Waits until all is ready, for a first reading of a meter right before the command is started.
    pub fn wait(&self) {
        if let Ok(visit) = &self.visit {
            visit.arrive();
        }
    }
}

impl Command {
    /// The program is the first of `argv`; it is looked for on `PATH` unless it contains a slash.
    pub fn new(argv: impl IntoIterator<Item = OsString>, options: Options) -> Self {
        Self { argv: argv.into_iter().collect(), options }
    }

    /// Starts it. From here on all children of this process count as the command's, and signals that this process
    /// is sent go to the command: start nothing else before [`Running::wait`] has returned.
    ///
    /// # Errors
    /// Where there is no such program, it cannot be executed, or the system has no room for it.
    pub fn spawn(&self) -> Result<Running, SpawnError> {
        self.spawn_with(Prepared::begin(self.options.control_group))
    }

    /// [`Command::spawn`] with what was begun earlier.
    ///
    /// # Errors
    /// As [`Command::spawn`].
    pub fn spawn_with(&self, prepared: Prepared) -> Result<Running, SpawnError> {
        let (program, arguments) = self.argv.split_first().ok_or(SpawnError::Empty)?;
        // Before there is a child, so that none of its signals is missed, and caught rather than ignored or blocked:
        // a caught signal is back at its default in the child.
        let signals = Signals::listen().map_err(|source| SpawnError::Signals { source })?;
        prepared.wait();
        let mut tree = Tree::prepare(prepared.visit);
        let began = Instant::now();
        let mut started = tree.spawn(|| self.prepared(program, arguments));
        if let (Err(error), Some(file)) = (&started, found(program))
            && error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error())
        {
            // A script without a first line that says what runs it is run by the shell, as shells do.
            let script = [file.into_os_string()];
            let arguments = [&script[..], arguments].concat();
            started = tree.spawn(|| self.prepared(OsStr::new("/bin/sh"), &arguments));
        }
        tree.settle();
        let child = started.map_err(|error| refusal(program, error))?;
        Ok(Running::new(&child, began, tree, signals, self.options.wait_all, prepared.waker))
    }

    fn prepared(&self, program: &OsStr, arguments: &[OsString]) -> process::Command {
        let mut command = process::Command::new(program);
        command.args(arguments).envs(self.options.environment.iter().cloned());
        command
    }
}

/// What stood in the way, in the words of a shell.
fn refusal(program: &OsStr, error: io::Error) -> SpawnError {
    let file = found(program);
    match (error.kind(), file) {
        (io::ErrorKind::NotFound, Some(file)) => SpawnError::NoInterpreter { file },
        (io::ErrorKind::NotFound, None) => {
            SpawnError::NotFound { program: program.to_owned(), nearest: nearest(program) }
        }
        (io::ErrorKind::PermissionDenied, file) => {
            SpawnError::NotExecutable { file: file.unwrap_or_else(|| program.into()) }
        }
        (_, Some(file)) if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
            SpawnError::NotExecutable { file }
        }
        _ => SpawnError::Refused { program: program.to_owned(), source: error },
    }
}

/// The file that a program's name stands for, executable or not.
fn found(program: &OsStr) -> Option<PathBuf> {
    let named = Path::new(program);
    if program.as_encoded_bytes().contains(&b'/') {
        return named.exists().then(|| named.to_owned());
    }
    folders_of_programs().into_iter().map(|folder| folder.join(named)).find(|file| file.is_file())
}

fn folders_of_programs() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

/// The program on PATH whose name is nearest in spelling.
fn nearest(program: &OsStr) -> Option<String> {
    let names: Vec<String> = folders_of_programs()
        .iter()
        .filter_map(|folder| folder.read_dir().ok())
        .flat_map(|entries| entries.filter_map(Result::ok))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    lessen_names::nearest(program.to_str()?, names.iter().map(String::as_str)).map(str::to_owned)
}
