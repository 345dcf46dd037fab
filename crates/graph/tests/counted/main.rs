//! Models that are counted, and files that are refused.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod built;
mod control;
mod corpus;
mod hostile;
mod operators;
mod reference;
