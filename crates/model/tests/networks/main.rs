//! Networks as files: what is written, byte by byte; what is read back; what another runtime computes of it.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may panic as the tests do")]

mod compact;
mod dead;
mod examples;
mod folding;
mod foreign;
mod hostile;
mod read;
mod reference;
mod round_trip;
mod runtime;
mod wire;
mod written;
