//! Any bytes as a table of facts: rows that keep the rules or an error, never a panic or more memory than they warrant.
#![no_main]

use lessen_footprint::tables::{
    Accelerator, CloudRegion, DefaultValue, Equivalent, Grid, Price, Processor, Row, Table, TrainingCompute,
    TrainingReport,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The first byte chooses the table.
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    match choice % 9 {
        0 => check::<Grid>(bytes),
        1 => check::<CloudRegion>(bytes),
        2 => check::<Accelerator>(bytes),
        3 => check::<Processor>(bytes),
        4 => check::<Price>(bytes),
        5 => check::<Equivalent>(bytes),
        6 => check::<DefaultValue>(bytes),
        7 => check::<TrainingCompute>(bytes),
        _ => check::<TrainingReport>(bytes),
    }
});

fn check<R: Row>(bytes: &[u8]) {
    let Ok(table) = Table::<R>::read("fuzz", bytes) else { return };
    for row in table.rows() {
        assert!(row.check().is_ok());
        assert!(table.get(&row.key()).is_some_and(|found| std::ptr::eq(found, row)));
    }
}
