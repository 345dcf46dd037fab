use proptest::prelude::*;

use super::*;
use lessen_data::Column;

fn numeric(name: &str, values: &[f32]) -> Column {
    Column::Numeric { name: name.into(), values: values.to_vec() }
}

fn nominal(name: &str, codes: &[Option<u32>]) -> Column {
    Column::Nominal {
        name: name.into(),
        levels: ["a", "b", "c"].map(String::from).to_vec(),
        codes: codes.to_vec(),
    }
}

fn quietly(table: &Table, spec: &MungeSpec, seed: u64) -> Munged {
    munge(table, spec, seed, &|_| {})
}

/// With probability 1 and no spread to speak of, MUNGE is a plain swap with the neighbour: nothing is left to chance.
fn swaps(rows: usize, neighbours: Neighbours) -> MungeSpec {
    MungeSpec { rows, swap_probability: 1.0, spread: f32::INFINITY, neighbours }
}

fn numbers(table: &Table, column: usize) -> Vec<f32> {
    match &table.columns()[column] {
        Column::Numeric { values, .. } => values.clone(),
        Column::Nominal { .. } => panic!("expected numbers"),
    }
}

fn codes(table: &Table, column: usize) -> Vec<Option<u32>> {
    match &table.columns()[column] {
        Column::Nominal { codes, .. } => codes.clone(),
        Column::Numeric { .. } => panic!("expected codes"),
    }
}

#[test]
fn live_and_static_neighbours_by_hand() {
    // Points 0, 1, 3, 7 on a line (scaled by 1/7).
    let table = Table::new(vec![numeric("x", &[0.0, 1.0, 3.0, 7.0])]).unwrap();
    // Static pairs: 0-1, 1-0, 2-1, 3-2. Swaps: 0,1 -> (1 0 3 7); 1,0 -> (0 1 3 7); 2,1 -> (0 3 1 7); 3,2 -> (0 3 7 1).
    assert_eq!(numbers(&quietly(&table, &swaps(4, Neighbours::Static), 1).table, 0), [0.0, 3.0, 7.0, 1.0]);
    // Live: row 0 (0) nearest 1: (1 0 3 7). Row 1 (0) nearest row 0 (1): (0 1 3 7). Row 2 (3) nearest row 1 (1):
    // (0 3 1 7). Row 3 (7) nearest is now row 1 (3), not row 2 (1): (0 7 1 3).
    let live = numbers(&quietly(&table, &swaps(4, Neighbours::Live), 1).table, 0);
    for (found, expected) in live.iter().zip([0.0, 7.0, 1.0, 3.0]) {
        assert!((found - expected).abs() < 1e-5, "{live:?}");
    }
}

#[test]
fn nominal_and_missing_cells_count_in_the_distance_and_swap() {
    // Row 0 is nearer to row 2 (number off by 0.5, squared 0.25) than to row 1 (same number, another level: 1).
    let table = Table::new(vec![
        numeric("x", &[0.0, 0.0, 0.5, 1.0]),
        nominal("n", &[Some(0), Some(1), Some(0), Some(2)]),
    ])
    .unwrap();
    let cloud = Cloud::new(&table);
    assert_eq!(cloud.nearest_to_each(), [Some(2), Some(0), Some(0), Some(2)]);

    // Both missing: distance 0; one missing: 1. Row 3 is at 2 from rows 0 and 1, at 1 from row 2.
    let table = Table::new(vec![
        numeric("x", &[f32::NAN, 0.0, f32::NAN, 1.0]),
        nominal("n", &[None, None, Some(0), Some(0)]),
    ])
    .unwrap();
    let cloud = Cloud::new(&table);
    assert_eq!(cloud.nearest_to_each(), [Some(1), Some(0), Some(0), Some(2)]);
    // Rows 0 and 1 swap twice: as before. Row 2 swaps with row 0, then row 3 with row 2.
    let munged = quietly(&table, &swaps(4, Neighbours::Static), 1).table;
    let values = numbers(&munged, 0);
    assert!(values[0].is_nan() && values[3].is_nan());
    assert_eq!(values[1..3], [0.0, 1.0]);
    assert_eq!(codes(&munged, 1), [Some(0), None, Some(0), None]);
}

#[test]
fn draws_follow_the_old_values_of_the_pair() {
    // Two rows at 0 and 1: each new value is drawn around the other's old value, with deviation 1 / s. Row 1's turn
    // follows row 0's, so both have been drawn twice: the mean of each comes back to its own start.
    let table = Table::new(vec![numeric("x", &[0.0, 1.0])]).unwrap();
    let spec = MungeSpec { rows: 40_000, swap_probability: 1.0, spread: 10.0, neighbours: Neighbours::Live };
    let values = numbers(&quietly(&table, &spec, 3).table, 0);
    let mean = |values: Vec<f32>| values.iter().sum::<f32>() / values.len() as f32;
    let first = mean(values.iter().step_by(2).copied().collect());
    let second = mean(values.iter().skip(1).step_by(2).copied().collect());
    // Standard error of each mean: about sqrt(2) * 0.1 / sqrt(20,000) = 0.001.
    assert!(first.abs() < 0.006 && (second - 1.0).abs() < 0.006, "{first} {second}");
    // The variance of a value drawn twice is 2 / s^2, as the second difference is 1 in the mean (plus a little).
    let variance = values.iter().step_by(2).map(|value| (value - first).powi(2)).sum::<f32>() / 20_000.0;
    assert!((variance - 0.02).abs() < 0.002, "{variance}");
}

#[test]
fn no_swap_copies_and_copies_are_counted() {
    let table = Table::new(vec![numeric("x", &[1.0, 2.0, 4.0])]).unwrap();
    let spec = MungeSpec { rows: 7, swap_probability: 0.0, ..MungeSpec::default() };
    let munged = quietly(&table, &spec, 1);
    assert_eq!(munged.copies, 7);
    assert_eq!(numbers(&munged.table, 0), [1.0, 2.0, 4.0, 1.0, 2.0, 4.0, 1.0]);
}

#[test]
fn tables_without_neighbours_are_copied_or_empty() {
    let one = Table::new(vec![numeric("x", &[5.0])]).unwrap();
    for neighbours in [Neighbours::Live, Neighbours::Static] {
        assert_eq!(numbers(&quietly(&one, &swaps(3, neighbours), 1).table, 0), [5.0; 3]);
    }
    let none = Table::new(vec![numeric("x", &[])]).unwrap();
    assert_eq!(quietly(&none, &swaps(3, Neighbours::Live), 1).table.rows(), 0);
}

proptest! {
    #[test]
    fn nominal_cells_are_only_ever_rearranged_within_a_copy(
        cells in proptest::collection::vec((0u32..3, 0.0f32..1.0), 2..30), seed: u64,
    ) {
        let rows = cells.len();
        let table = Table::new(vec![
            nominal("n", &cells.iter().map(|cell| Some(cell.0)).collect::<Vec<_>>()),
            numeric("x", &cells.iter().map(|cell| cell.1).collect::<Vec<_>>()),
        ]).unwrap();
        for neighbours in [Neighbours::Live, Neighbours::Static] {
            let munged = quietly(&table, &MungeSpec { rows, neighbours, ..MungeSpec::default() }, seed).table;
            let (mut before, mut after) = (codes(&table, 0), codes(&munged, 0));
            before.sort_unstable();
            after.sort_unstable();
            prop_assert_eq!(before, after);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bits_on_any_number_of_threads(
        values in proptest::collection::vec(-5.0f32..5.0, 2..20), seed: u64,
    ) {
        let table = Table::new(vec![numeric("x", &values)]).unwrap();
        let spec = MungeSpec { rows: 3 * values.len() + 1, ..MungeSpec::default() };
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let munged = pool.install(|| quietly(&table, &spec, seed));
            numbers(&munged.table, 0).iter().map(|value| value.to_bits()).collect::<Vec<_>>()
        };
        prop_assert_eq!(on(1), on(2));
    }
}
