//! Rows as they came, who may see which, and how they become numbers.
//!
//! [`Features`] are raw cells or pixels: what MUNGE works on and what is stored. A [`Dataset`] adds the
//! [`Target`]; a [`Split`] says which rows train, validate and test. An [`Encoding`], fitted on training rows
//! only, turns raw rows into the feature-major [`Encoded`] matrix that networks and learners compute in.
//! Every random choice in lessen draws from [`random::stream`].
//!
//! Rows come from files: [`files`] opens those of one's own and finds out how they are to be read, [`named`] the sets
//! that have a name, checked byte for byte, of which [`digits()`] needs no file. [`idx`] reads images, [`csv_file`]
//! tables, [`npy`] arrays. Readers take a file's bytes, packed or not, and answer any
//! bytes with rows or an error that says where; memory grows with what is in a file, not with what it claims.
//!
//! # Example
//! ```
//! use lessen_data::Encoding;
//!
//! let digits = lessen_data::digits()?;
//! let split = digits.split(1)?;
//! let encoding = Encoding::fit(&digits.features, &split.train);
//! let encoded = encoding.encode(&digits.features, &split.validation)?;
//! assert_eq!((encoded.width, encoded.rows, encoded.lanes), (64, 359, 368));
//! # Ok::<(), lessen_data::DataError>(())
//! ```

pub mod csv_file;
mod dataset;
mod digits;
mod encoding;
mod error;
mod features;
pub mod files;
pub mod idx;
pub mod named;
pub mod npy;
pub mod random;
mod row_major;
mod split;
mod transpose;
mod unit;
mod unpack;

pub use dataset::{Answer, Dataset, Target, Task, hex};
pub use digits::digits;
pub use encoding::{ColumnEncoding, Encoded, Encoding};
pub use error::DataError;
pub use features::{Column, Features, Images, Table};
pub use row_major::RowMajor;
pub use split::Split;
pub use transpose::transpose;
pub use unit::Unit;

/// Lanes that a feature-major matrix is padded to: one AVX-512 register of `f32`.
pub const LANES: usize = 16;

/// `rows` rounded up to whole registers.
pub fn padded(rows: usize) -> usize {
    rows.next_multiple_of(LANES)
}
