//! The only place that prints: data to stdout, talk to stderr.

use std::io::{self, IsTerminal, Write};

use crate::args::Common;

/// What the user wants to hear, decided once.
pub(crate) struct Output {
    json: bool,
    quiet: bool,
}

impl Output {
    pub(crate) fn new(common: &Common) -> Self {
        Self { json: common.json, quiet: common.quiet }
    }

    /// Whether stdout is for one JSON document.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    /// Whether progress may be drawn: on a terminal, for one who wants to hear.
    pub(crate) fn draws_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Data.
    pub(crate) fn data(&self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            stdout.write_all(b"\n")?;
        }
        stdout.flush()
    }

    /// Talk. That nobody listens to stderr is no reason to stop working.
    pub(crate) fn talk(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
    }

    /// An error: said to quiet users too.
    pub(crate) fn failure(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}
