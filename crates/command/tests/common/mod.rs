//! Runs of the fixture `metered`, each in a process of its own.

#![allow(dead_code, reason = "each test program uses a part")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "only tests use it")]

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGQUIT};
use signal_hook::flag::register_conditional_shutdown;
use tempfile::TempDir;

/// A command under the meter that has not ended yet.
pub(crate) struct Metered {
    folder: TempDir,
    pub(crate) command: Command,
}

/// What was said of it at one reading.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) cpu: f64,
    pub(crate) high: f64,
    pub(crate) peak: Option<f64>,
    pub(crate) seen: u64,
    pub(crate) running: u64,
    pub(crate) how: String,
}

impl Metered {
    pub(crate) fn new(options: &str, argv: &[&str]) -> Self {
        interruptible();
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_metered"));
        command.arg(folder.path().join("report")).args([options, "--"]).args(argv);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own, as a shell makes it. The tests' group may be orphaned where no shell runs them, and the
        // system does not stop processes of such a group.
        command.process_group(0);
        Self { folder, command }
    }

    pub(crate) fn shell(options: &str, script: &str) -> Self {
        Self::new(options, &["sh", "-c", script])
    }

    pub(crate) fn start(&mut self) -> Child {
        self.command.spawn().unwrap()
    }

    pub(crate) fn run(&mut self) -> Output {
        self.command.output().unwrap()
    }

    /// Where the command may leave files.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn report(&self) -> String {
        std::fs::read_to_string(self.file("report"))
            .expect("the meter outlived the command and wrote its report")
    }

    pub(crate) fn lines(&self, name: &str) -> Vec<Line> {
        let report = self.report();
        report.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).map(Line::read).collect()
    }

    /// The last reading.
    pub(crate) fn end(&self) -> Line {
        self.lines("end").pop().unwrap()
    }
}

/// A shell's background jobs, as which these tests may run, ignore Ctrl-C and Ctrl-\, and what they start would too. A signal that
/// is caught is at its default in what is started; here it still ends the tests.
fn interruptible() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let always = Arc::new(AtomicBool::new(true));
        for signal in [SIGINT, SIGQUIT] {
            register_conditional_shutdown(signal, 128 + signal, Arc::clone(&always)).unwrap();
        }
    });
}

impl Line {
    fn read(text: &str) -> Self {
        let field = |name: &str| {
            let begin = text.find(&format!("{name}=")).unwrap() + name.len() + 1;
            text[begin..].split(' ').next().unwrap()
        };
        Self {
            cpu: field("cpu").parse().unwrap(),
            high: field("high").parse().unwrap(),
            peak: field("peak").parse().ok(),
            seen: field("seen").parse().unwrap(),
            running: field("running").parse().unwrap(),
            how: text.split_once("how=").unwrap().1.to_owned(),
        }
    }
}

/// Until something holds; a loaded machine has a minute for it.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "waited a minute: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a program is there; says so where it is not, and the test is skipped.
pub(crate) fn there_is(program: &str) -> bool {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(program).is_file());
    if !found {
        eprintln!("skipped: there is no {program} here");
    }
    found
}
