//! Tables and sentences from records: pure functions, text in the end.
//!
//! [`table::models`] is what a terminal shows of a result, [`sentences()`] says in two lines what was saved and
//! when that is repaid, [`bench::text`] sets models side by side, [`count::text`] tells what computing them takes, [`page()`] is the whole run as an HTML page,
//! [`tickets_page`] that of a search for lottery tickets, [`table::study_markdown`] and [`table::study_text`] set a
//! study against its paper. [`readable`] writes numbers for people. What is not known is printed as `–`, never as 0;
//! what was estimated and not measured has a `~`.

mod amounts;
pub mod bench;
mod chart;
pub mod count;
pub mod estimate;
mod grid;
mod html;
pub mod ledger;
mod page;
pub mod readable;
pub mod receipt;
pub mod regions;
mod sentences;
pub mod table;
mod tickets;

pub use page::page;
pub use sentences::{sentences, trained};
pub use tickets::tickets_page;
