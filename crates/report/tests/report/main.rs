//! What is made of records: text for the terminal, Markdown, pages.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod markup;
mod page;
mod result;
mod samples;
mod study;
mod tickets;
