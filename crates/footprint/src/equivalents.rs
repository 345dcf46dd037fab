//! Everyday things that emit or use as much.

use lessen_records::estimate::EquivalentRecord;
use lessen_units::{Figure, GramsCo2e, KilowattHours, Kind};
use serde_json::Map;

use crate::tables::{Amount, Tables};

/// The everyday thing that an emission, or an energy, is most nearly one of; `None` where neither is known.
pub fn nearest_equivalent(
    emitted: &Figure<GramsCo2e>,
    bought: &Figure<KilowattHours>,
    tables: &Tables,
) -> Option<EquivalentRecord> {
    equivalents(emitted, bought, tables).into_iter().next()
}

/// How many of each everyday thing an emission, or an energy, is: those nearest to one first, and a part of one behind as
/// many times one, which is easier to imagine. None where neither is known.
pub(crate) fn equivalents(
    emitted: &Figure<GramsCo2e>,
    bought: &Figure<KilowattHours>,
    tables: &Tables,
) -> Vec<EquivalentRecord> {
    let rows = tables.equivalents.rows().iter();
    let records = rows.map(|row| {
        let one = |raw: f64| Figure::exact(raw, Kind::Estimated, row.source.clone());
        let amount = match row.amount() {
            Amount::Emitted(mass) => emitted.ratio(&one(mass.0)),
            Amount::Used(energy) => bought.ratio(&one(energy.0)),
        };
        EquivalentRecord {
            key: row.key.clone(),
            phrase: row.phrase.clone(),
            amount,
            source: format!("{}, {}", row.source, row.year),
            extra: Map::default(),
        }
    });
    let mut records: Vec<EquivalentRecord> = records.filter(|record| distance(record).is_finite()).collect();
    records.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
    records
}

/// How far from one: the logarithm, twice that of a part.
fn distance(record: &EquivalentRecord) -> f64 {
    let Some(amount) = record.amount.value().filter(|amount| *amount > 0.0) else { return f64::INFINITY };
    let size = amount.log10();
    if size < 0.0 { -2.0 * size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lessen_units::KilogramsCo2e;

    #[test]
    fn the_nearest_to_one_comes_first() {
        let tables = Tables::built_in();
        let emitted = Figure::exact(GramsCo2e::from(KilogramsCo2e(1000.0)), Kind::Declared, "");
        let bought = Figure::exact(KilowattHours(2500.0), Kind::Declared, "");
        // 1984 lb are 899.9 kg.
        let nearest = nearest_equivalent(&emitted, &bought, tables).unwrap();
        assert_eq!(nearest.key, "flight-ny-sf");
        assert!((nearest.amount.value().unwrap() - 1.1112).abs() < 1e-4);
        assert_eq!(equivalents(&emitted, &bought, tables).len(), tables.equivalents.rows().len());
        let unknown = (Figure::unavailable("no sensor"), Figure::unavailable("no sensor"));
        assert_eq!(nearest_equivalent(&unknown.0, &unknown.1, tables), None);
    }
}
