//! The page of a search for lottery tickets.

mod against_density;
mod between;
mod claims;
mod costs;
mod found;
mod learning;
mod levels;
mod opening;
mod settings;

use lessen_records::{ResultRecord, Study};

use self::against_density::Look;
use self::found::Search;
use crate::page::{document, models, origin};

/// Everything that a search says, as one HTML page for people: what the ticket is worth and what finding it took, the claims
/// with their intervals, the pictures of Frankle & Carbin 2019, the costs by level, and how it was done.
///
/// The page needs nothing else, as that of a run ([`crate::page()`]). What is not known is `–`; a section for which the records
/// hold nothing is left out.
pub fn tickets_page(study: &Study, result: &ResultRecord) -> String {
    let search = Search { study, result };
    let sections = [
        claims::section(&search),
        against_density::section(&search, Look::Early),
        against_density::section(&search, Look::Step),
        against_density::section(&search, Look::Last),
        learning::section(&search),
        between::section(&search),
        costs::section(&search),
        (!result.models.is_empty()).then(|| models::section(result, "the dense network")),
        Some(origin::section(result, settings::facts(&search))),
    ];
    document(&result.dataset.name, opening::header(&search), sections.into_iter().flatten())
}
