//! One file a verb: what was typed becomes a library call, and its record becomes a screen.

pub(crate) mod compress;
pub(crate) mod data;
pub(crate) mod mimic;
pub(crate) mod predict;
