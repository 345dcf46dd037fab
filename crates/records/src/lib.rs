//! What lessen writes: records, their files and the folders that hold them.
//!
//! A [`ResultRecord`] is what one run made, a [`Study`] a set of results against a paper, an [`EstimateRecord`] what a
//! run would cost, a [`Receipt`] what
//! one run cost, a [`BenchRecord`] models side by side, a [`CountRecord`] what computing models takes. All are [`Record`]s: JSON that begins with its [`Schema`], read with errors that name the
//! place, and with fields of later versions kept. [`write_whole`] makes a file appear whole or not at all;
//! an [`OutputFolder`] is claimed before long work and keeps finished stages under names made of their
//! content ([`content_name`]), so that the same command run again finds them. [`Machine`] says where numbers
//! were taken. A [`Ledger`] keeps the receipts of all runs; [`export`] and [`codecarbon`] carry them to other programs
//! and from CodeCarbon.
//!
//! # Example
//! ```
//! use lessen_records::{OutputFolder, RecordError, content_name};
//!
//! # let place = std::env::temp_dir().join(format!("lessen-records-example-{}", std::process::id()));
//! let folder = OutputFolder::open(&place, "compress", false)?;
//! let name = content_name("teacher", &serde_json::json!({"data": "digits", "seed": 0}))?;
//! let place = format!("stages/{name}");
//! if folder.find(&place).is_none() {
//!     folder.keep(&place, |path| {
//!         std::fs::write(path.join("teacher.onnx"), b"long work").map_err(|source| RecordError::File {
//!             action: "write",
//!             path: path.to_owned(),
//!             source,
//!         })
//!     })?;
//! }
//! assert!(folder.find(&place).is_some_and(|path| path.join("teacher.onnx").exists()));
//! # std::fs::remove_dir_all(&place).ok();
//! # Ok::<(), RecordError>(())
//! ```

pub mod bench;
pub mod codecarbon;
pub mod content;
pub mod count;
mod error;
pub mod estimate;
#[cfg(test)]
mod example;
pub mod export;
pub mod file;
pub mod folder;
pub mod instant;
pub mod ledger;
mod machine;
pub mod receipt;
pub mod regions;
pub mod result;
mod schema;
pub mod study;

pub use bench::BenchRecord;
pub use content::{canonical_json, content_name};
pub use count::CountRecord;
pub use error::RecordError;
pub use estimate::EstimateRecord;
pub use file::{write_copy, write_whole};
pub use folder::{OutputFolder, STAGES};
pub use instant::now;
pub use ledger::{Ledger, LedgerError};
pub use machine::Machine;
pub use receipt::Receipt;
pub use regions::{RegionRecord, RegionsRecord};
pub use result::{DatasetRecord, Latency, ModelRecord, ResultRecord, Role, StageRecord};
pub use schema::{Record, Schema};
pub use study::Study;
