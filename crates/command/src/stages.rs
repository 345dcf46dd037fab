//! Named parts of a run, which the command itself begins and ends.
//!
//! A [`Listener`] waits at a socket in a folder of its own, whose path the command finds in [`VARIABLE`]. Whatever runs
//! inside says `lessen stage begin NAME` and `lessen stage end` ([`talk`]), or writes one line of JSON to
//! the socket, `{"stage":"begin","name":"NAME"}` or `{"stage":"end"}`, and reads one, `{"ok":true}` or
//! `{"error":"…"}`. Stages nest: there is one stack a run, and `end` ends the innermost.
//!
//! The answer comes after the callback has returned, so a reading that it takes holds for the moment of the change.
//! The end gives the [`Stage`]s: those below each other, with indices of the changes between which they ran.
//!
//! ```
//! use std::sync::mpsc;
//! use lessen_command::stages::{Listener, own, talk};
//!
//! let (sender, changes) = mpsc::channel();
//! let listener = Listener::start(move |change| sender.send(change.clone()).expect("somebody listens"))?;
//! talk::begin(listener.path(), "epoch 1")?;
//! talk::end(listener.path())?;
//! let stages = listener.finish();
//! assert_eq!(stages[1].name, "epoch 1");
//! assert_eq!(changes.iter().count(), 2);
//! let own = own(&stages, |stage| stage.seconds());
//! assert!((own[0] + own[1] - stages[0].seconds()).0.abs() < 1e-9, "they add up to the run");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod listener;
pub mod talk;
mod timeline;

pub use listener::Listener;
pub use timeline::{Change, End, Stage, What, own};

/// The variable that names the socket to the command.
pub const VARIABLE: &str = "LESSEN_STAGES";

/// The longest name of a stage, in bytes.
pub const LONGEST_NAME: usize = 200;
