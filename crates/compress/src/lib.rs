//! The compression methods: data and a teacher in, a small network out, every stage metered.
//!
//! [`mimic`] is the main job: a library of learners becomes an ensemble ([`select`]), [`munge`] makes new rows, the
//! ensemble labels them ([`TransferSet`]), small networks learn from that ([`students`]), all are measured
//! the same way, and [`choose`] says which to ship. [`Stages`] gives each part its name, its receipt and its
//! resumption.
//!
//! Nothing here prints: what is worth saying goes to a [`Progress`].

mod assessment;
pub mod choose;
mod error;
mod kept;
mod made;
mod measure;
mod metric;
pub mod munge;
mod plan;
mod run;
pub mod select;
mod shipped;
mod stages;
pub mod students;
pub mod study;
mod transfer;

pub use error::{CompressError, ReadBackError};
pub use made::TEACHER;
pub use metric::{Metric, arg_max};
pub use plan::{HIDDEN, MimicOptions, MimicSpec};
pub use run::{Teacher, mimic, transfer_set};
pub use stages::{Done, Keep, Part, Progress, Stages};
pub use transfer::TransferSet;
