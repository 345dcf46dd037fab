//! What others published, recomputed: their methods as functions, and their printed numbers beside ours.
//!
//! [`green_algorithms_energy`] is the energy of a job after Lannelongue et al., [`software_carbon_intensity`] and
//! [`embodied_share`] are ISO/IEC 21031:2024. A [`study`] sets what a paper prints beside what its inputs give, a number
//! a row: a row holds where ours rounds to what is printed, and one that does not says why.
//!
//! The inputs are tables of their own (`tables/published/`), and always the built-in ones: a user's tables change
//! estimates, not what somebody printed.
//!
//! # Example
//! ```
//! use lessen_footprint::published;
//! use lessen_records::study::Holds;
//!
//! let study = published::study("strubell2019").unwrap();
//! let search = study.rows.iter().find(|row| row.id == "table-3/nas-gpu/lb-co2e").unwrap();
//! assert_eq!((search.paper, search.holds), (Some(626_155.0), Holds::Yes));
//! ```

mod green_algorithms;
mod printed;
mod sci;
mod strubell2019;
mod training_reports;

use lessen_records::study::{Holds, StudyRow};
use lessen_records::{Schema, Study};
use serde_json::{Map, Value};

use crate::tables::{Table, TableError};
use printed::Printed;

pub use green_algorithms::{Draw, Job, green_algorithms_energy};
pub use sci::{embodied_share, software_carbon_intensity};

/// The studies that [`study`] knows.
pub const NAMES: [&str; 4] = [strubell2019::NAME, green_algorithms::NAME, sci::NAME, training_reports::NAME];

/// The study of that name: published numbers beside ours. `None` for a name that is none of [`NAMES`].
pub fn study(name: &str) -> Option<Study> {
    match name {
        strubell2019::NAME => Some(strubell2019::study()),
        green_algorithms::NAME => Some(green_algorithms::study()),
        sci::NAME => Some(sci::study()),
        training_reports::NAME => Some(training_reports::study()),
        _ => None,
    }
}

/// A table that is read from this crate's `tables/published/`.
type BuiltIn<R> = std::sync::LazyLock<Result<Table<R>, TableError>>;

/// A [`BuiltIn`] from the file of that name.
macro_rules! built_in {
    ($file:literal) => {
        std::sync::LazyLock::new(|| {
            crate::tables::Table::read(
                $file,
                include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tables/published/", $file)),
            )
        })
    };
}
use built_in;

/// The rows of a table that comes with the program.
fn rows<R: crate::tables::Row>(table: &'static BuiltIn<R>) -> &'static [R] {
    match &**table {
        Ok(table) => table.rows(),
        // Compiled in and read by the tests: no input of a user's leads here.
        Err(error) => unreachable!("a built-in table is broken: {error}"),
    }
}

/// A printed number beside ours: it holds where ours rounds to it, and is not shown where there is none of ours.
fn claim(id: String, what: String, printed: Printed, ours: Option<f64>, note: String) -> StudyRow {
    let holds = match ours {
        Some(ours) if printed.agrees(ours) => Holds::Yes,
        Some(_) => Holds::No,
        None => Holds::NotShown,
    };
    StudyRow {
        id,
        what,
        paper: Some(printed.value),
        ours,
        low: None,
        high: None,
        seeds: 0,
        holds,
        note: Some(note),
        extra: Map::default(),
    }
}

fn study_of(name: &str, spec: Value, rows: Vec<StudyRow>) -> Study {
    Study {
        schema: Schema::default(),
        name: name.to_owned(),
        spec,
        rows,
        series: Vec::new(),
        results: Vec::new(),
        tickets: Vec::new(),
        extra: Map::default(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use lessen_records::Record as _;

    use super::*;

    #[test]
    fn every_study_is_known_by_its_name_and_can_be_written_and_read() {
        for name in NAMES {
            let study = study(name).unwrap();
            assert_eq!(study.name, name);
            assert_eq!(Study::from_json(&study.to_json().unwrap()).unwrap(), study);
            let ids: BTreeSet<_> = study.rows.iter().map(|row| &row.id).collect();
            assert_eq!(ids.len(), study.rows.len(), "ids of {name}");
            assert!(study.rows.iter().all(|row| row.note.as_ref().is_some_and(|note| !note.is_empty())));
        }
        assert_eq!(study("hinton2014"), None);
    }
}
