//! The compression methods: data and a teacher in, a small network out, every stage metered.
//!
//! [`compress()`] is the main job: a library of learners becomes an ensemble ([`select`]), [`munge`] makes new rows, the
//! ensemble labels them ([`TransferSet`]), small networks mimic it, a deeper one is distilled, pruned and trained again as
//! a ticket ([`Method`]), all are measured the same way, and [`choose`] says which to ship. [`Stages`] gives each part its name, its receipt and its
//! resumption. [`mod@bench`] sets any models side by side.
//!
//! Nothing here prints: what is worth saying goes to a [`Progress`].

mod architecture;
mod assessment;
pub mod bench;
mod budget;
pub mod choose;
mod course;
mod error;
mod fit;
mod interval;
mod job;
mod judged;
mod kept;
mod lessons;
pub mod lottery;
mod made;
mod magnitude;
mod measure;
mod metric;
pub mod munge;
mod plan;
pub mod select;
mod shipped;
mod stages;
pub mod studies;
pub mod study;
mod train;
mod transfer;
mod truth;

pub use architecture::{Architecture, UnknownArchitecture};
pub use budget::{Budget, Speed};
pub use error::{CompressError, ReadBackError};
pub use fit::{FitSpec, FitStart, fit};
pub use job::{
    DistilSpec, ModelTeacher, PruneSpec, StudentSpec, Teacher, TicketSpec, compress, transfer_set,
};
pub use judged::Judged;
pub use lessons::Weighing;
pub use made::TEACHER;
pub use metric::{Metric, arg_max};
pub use plan::{CompressOptions, CompressSpec, HIDDEN, Method, Planned};
pub use shipped::folder_bytes;
pub use stages::{Done, Keep, Part, Partial, Progress, Stages};
pub use train::{Shape, TrainSpec};
pub use transfer::TransferSet;
pub use truth::Truth;
