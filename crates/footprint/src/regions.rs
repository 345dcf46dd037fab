//! The places of the tables as a record.

use lessen_records::{RegionRecord, RegionsRecord, Schema};
use serde_json::Map;

use crate::estimate::own_tables;
use crate::place::Place;
use crate::tables::{CloudRegion, Tables};

/// Places whose code, name, scope, year, source or grid contains the filter; capitals do not matter, and an empty filter
/// means all.
pub fn regions(filter: &str, tables: &Tables) -> RegionsRecord {
    let wanted = filter.trim().to_lowercase();
    let regions = Place::all(tables).map(|place| (place, record(&place, tables)));
    let regions = regions.filter(|(place, record)| {
        let grid = place.country().unwrap_or_default();
        let texts = [record.region.as_str(), &record.name, &record.scope, &record.source, grid];
        texts.iter().any(|text| text.to_lowercase().contains(&wanted))
    });
    RegionsRecord {
        schema: Schema::default(),
        regions: regions.map(|(_, record)| record).collect(),
        own_tables: own_tables(tables),
        extra: Map::default(),
    }
}

fn record(place: &Place<'_>, tables: &Tables) -> RegionRecord {
    let intensity = place.intensity(tables);
    RegionRecord {
        region: place.code(),
        name: place.name().to_owned(),
        scope: intensity.scope_name().to_owned(),
        g_per_kwh: intensity.g_per_kwh,
        year: intensity.year,
        source: intensity.source,
        pue: place.pue().map(|(value, _)| value),
        note: match place {
            Place::Grid(grid) => grid.note.clone(),
            Place::Cloud(region) => of_grid(region),
        },
        extra: Map::default(),
    }
}

/// Says so where a cloud's region has the intensity of its grid.
fn of_grid(region: &CloudRegion) -> String {
    match (region.g_co2e_per_kwh, &region.grid_code) {
        (None, Some(code)) => format!("the grid of {code}"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_finds_by_code_name_scope_and_country() {
        let tables = Tables::built_in();
        let found = |filter: &str| regions(filter, tables).regions;
        assert_eq!(found("").len(), Place::all(tables).count());
        assert!(found("aws:eu-west").iter().all(|record| record.region.starts_with("aws:eu-west")));
        assert!(found("FRANCE").iter().any(|record| record.region == "FRA"));
        assert!(found("egrid").iter().all(|record| record.scope == "direct" && record.year == Some(2023)));
        assert!(found("nothing of the kind").is_empty());
        let paris = &found("aws:eu-west-3")[0];
        assert_eq!((paris.note.as_str(), paris.pue), ("the grid of FRA", Some(1.15)));
    }
}
