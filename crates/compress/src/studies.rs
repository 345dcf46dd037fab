//! The papers' experiments, as specs of what this crate does, with the papers' numbers.

pub mod frankle2019;
