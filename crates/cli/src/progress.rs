//! One line of progress with the time left, on a terminal; elsewhere a line a stage.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use lessen_compress::Progress;
use lessen_units::Seconds;

use crate::output::Output;

/// Tells a person how a run goes on.
pub(crate) struct Line<'a> {
    output: &'a Output,
    bar: ProgressBar,
    stage: Mutex<(usize, Instant)>,
}

/// Bar positions a stage is divided into.
const RESOLUTION: u64 = 1000;

impl<'a> Line<'a> {
    pub(crate) fn new(output: &'a Output) -> Self {
        Self::with_template(
            output,
            "{prefix:18} {bar:24} {percent:>3}%  {elapsed} gone, {left} left  {wide_msg}",
        )
    }

    /// What is said stands below the line, and may be several lines itself.
    pub(crate) fn with_lines_below(output: &'a Output) -> Self {
        Self::with_template(output, "{prefix:18} {bar:24} {percent:>3}%  {elapsed} gone, {left} left\n{msg}")
    }

    fn with_template(output: &'a Output, template: &str) -> Self {
        let bar = if output.draws_progress() {
            ProgressBar::with_draw_target(Some(RESOLUTION), ProgressDrawTarget::stderr())
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.with_key("left", write_time_left).progress_chars("=> "));
        }
        Self { output, bar, stage: Mutex::new((1, Instant::now())) }
    }
}

/// Nothing done yet says nothing about how long the rest takes.
fn write_time_left(state: &ProgressState, into: &mut dyn std::fmt::Write) {
    let _ =
        if state.pos() == 0 { into.write_str("?") } else { write!(into, "{}", HumanDuration(state.eta())) };
}

impl Progress for Line<'_> {
    fn begin(&self, stage: &str, parts: usize) {
        if let Ok(mut current) = self.stage.lock() {
            *current = (parts.max(1), Instant::now());
        }
        self.bar.reset();
        self.bar.set_prefix(stage.to_owned());
        self.bar.set_message("");
        self.bar.enable_steady_tick(Duration::from_millis(250));
    }

    fn advance(&self, done: f64, say: &str) {
        let parts = self.stage.lock().map_or(1, |stage| stage.0);
        self.bar.set_position((done / parts as f64 * RESOLUTION as f64) as u64);
        self.bar.set_message(say.to_owned());
    }

    fn end(&self, stage: &str, seconds: Seconds, found: usize) {
        let parts = self.stage.lock().map_or(1, |stage| stage.0);
        let found = match found {
            0 => String::new(),
            found if found == parts => "  (found, done by an earlier run)".to_owned(),
            found => format!("  ({found} of {parts} found, done by an earlier run)"),
        };
        let line = format!("{stage:18} {:8.1} s{found}", seconds.0);
        self.bar.disable_steady_tick();
        self.bar.suspend(|| self.output.talk(&line));
    }

    fn note(&self, text: &str) {
        self.bar.suspend(|| self.output.talk(&format!("note: {text}")));
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
