//! Places and what their electricity emits, for a terminal.

use lessen_records::{RegionRecord, RegionsRecord};
use lessen_units::Quantity as _;

use crate::estimate::own_tables_sentence;
use crate::grid::Grid;
use crate::readable::{NOTHING, shortened, significant};
use crate::table::WIDTH;

/// A line a place: code, grams of CO2 equivalent a kilowatt-hour, year, scope, PUE, name, source.
pub fn text(record: &RegionsRecord) -> String {
    let rows = record.regions.iter().map(|region| {
        vec![
            region.region.clone(),
            region.g_per_kwh.value().map_or_else(|| NOTHING.to_owned(), |grams| significant(grams.raw(), 4)),
            region.year.map_or_else(|| NOTHING.to_owned(), |year| year.to_string()),
            region.scope.clone(),
            region.pue.map_or_else(|| NOTHING.to_owned(), |pue| significant(pue, 3)),
            shortened(&region.name, 26),
            shortened(&source(region), 34),
        ]
    });
    let header = vec![vec!["region", "g/kWh", "year", "scope", "PUE", "name", "source"]];
    let mut text = Grid::new(header, rows).with_words(&[3, 5, 6]).text(WIDTH);
    text += "yearly averages where the electricity is made; sources and notes in full with --json, and in docs/tables.md\n";
    if !record.own_tables.is_empty() {
        text += &(own_tables_sentence(&record.own_tables) + "\n");
    }
    text
}

/// A cloud's region with an intensity of its grid says so.
fn source(region: &RegionRecord) -> String {
    match &region.note {
        note if region.pue.is_some() && !note.is_empty() => format!("{note}: {}", region.source),
        _ => region.source.clone(),
    }
}
