//! Places and what their electricity emits, for a terminal.

use lessen_records::{RegionRecord, RegionsRecord};
use lessen_units::Quantity as _;

use crate::estimate::own_tables_sentence;
use crate::grid::Grid;
use crate::readable::{NOTHING, one_line, shortened, significant, wrapped};
use crate::table::WIDTH;

/// A line a place: code, grams of CO2 equivalent a kilowatt-hour, year, scope, PUE, number of the source, name; below, the
/// sources in full.
pub fn text(record: &RegionsRecord) -> String {
    let mut sources: Vec<&str> = Vec::new();
    let mut number = |source| match sources.iter().position(|known| *known == source) {
        Some(place) => place + 1,
        None => {
            sources.push(source);
            sources.len()
        }
    };
    let rows: Vec<Vec<String>> =
        record.regions.iter().map(|region| row(region, number(&region.source))).collect();
    let header = vec![vec!["region", "g/kWh", "year", "scope", "PUE", "source", "name"]];
    let mut text = Grid::new(header, rows.into_iter()).with_words(&[3, 6]).text(WIDTH);
    text += "yearly averages where the electricity is made; notes with --json, and in docs/tables.md\n";
    for (place, source) in sources.iter().enumerate() {
        text += &(wrapped(&one_line(&format!("[{}] {source}", place + 1)), WIDTH, "    ") + "\n");
    }
    if !record.own_tables.is_empty() {
        text += &(own_tables_sentence(&record.own_tables) + "\n");
    }
    text
}

fn row(region: &RegionRecord, source: usize) -> Vec<String> {
    // A cloud's region that has the intensity of its grid says so.
    let name = match &region.note {
        note if region.pue.is_some() && !note.is_empty() => format!("{} ({note})", region.name),
        _ => region.name.clone(),
    };
    vec![
        region.region.clone(),
        region.g_per_kwh.value().map_or_else(|| NOTHING.to_owned(), |grams| significant(grams.raw(), 4)),
        region.year.map_or_else(|| NOTHING.to_owned(), |year| year.to_string()),
        region.scope.clone(),
        region.pue.map_or_else(|| NOTHING.to_owned(), |pue| significant(pue, 3)),
        format!("[{source}]"),
        shortened(&name, 50),
    ]
}
