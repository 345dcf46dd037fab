//! Rows as they came, who may see which, and how they become numbers.
//!
//! [`Features`] are raw cells or pixels: what MUNGE works on and what is stored. A [`Dataset`] adds the
//! [`Target`]; a [`Split`] says which rows train, validate and test. An [`Encoding`], fitted on training rows
//! only, turns raw rows into the feature-major [`Encoded`] matrix that networks and learners compute in.
//! Every random choice in lessen draws from [`random::stream`].

mod dataset;
mod encoding;
mod error;
mod features;
pub mod random;
mod split;

pub use dataset::{Dataset, Target};
pub use encoding::{ColumnEncoding, Encoded, Encoding};
pub use error::DataError;
pub use features::{Column, Features, Images, Table};
pub use split::Split;

/// Lanes that a feature-major matrix is padded to: one AVX-512 register of `f32`.
pub const LANES: usize = 16;

/// `rows` rounded up to whole registers.
pub fn padded(rows: usize) -> usize {
    rows.next_multiple_of(LANES)
}
