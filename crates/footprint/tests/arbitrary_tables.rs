//! A user's tables are foreign bytes: whatever they are, they are rows or an error, and rows keep the rules.

use lessen_footprint::TableError;
use lessen_footprint::tables::{
    Accelerator, CloudRegion, DefaultValue, Equivalent, Grid, Price, Processor, Row, Table, TrainingCompute,
    TrainingReport,
};
use proptest::prelude::*;

/// What holds of any bytes that are read as a table.
fn check<R: Row>(bytes: &[u8]) -> Result<usize, TableError> {
    let table = Table::<R>::read("proptest", bytes).inspect_err(|error| {
        assert!(error.to_string().starts_with("`proptest`"), "{error}");
        if let TableError::Syntax { line, .. }
        | TableError::Unfit { line, .. }
        | TableError::Twice { line, .. } = error
        {
            let ends = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() as u64;
            assert!((1..=ends + 1).contains(line), "{error}: there are {ends} line ends");
        }
    })?;
    for row in table.rows() {
        assert!(row.check().is_ok(), "{:?}", row.check());
        assert!(table.get(&row.key()).is_some_and(|found| std::ptr::eq(found, row)), "{}", row.key());
    }
    Ok(table.rows().len())
}

fn check_all(bytes: &[u8]) {
    let _ = check::<Grid>(bytes);
    let _ = check::<CloudRegion>(bytes);
    let _ = check::<Accelerator>(bytes);
    let _ = check::<Processor>(bytes);
    let _ = check::<Price>(bytes);
    let _ = check::<Equivalent>(bytes);
    let _ = check::<DefaultValue>(bytes);
    let _ = check::<TrainingCompute>(bytes);
    let _ = check::<TrainingReport>(bytes);
}

/// The first line of each table: what follows is read as rows of it.
const HEADERS: [&str; 9] = [
    "code,name,g_co2e_per_kwh,year,scope,source,note",
    "provider,region,location,grid_code,g_co2e_per_kwh,year,carbon_free_share,pue,pue_year,pue_scope,source",
    "key,name,vendor,watts,peak_tflops_fp32,peak_tflops_bf16_dense,memory_gb,year,embodied_kg_co2e,citation",
    "kind,key,name,vendor,cores,watts,idle_watts_per_vcpu,full_watts_per_vcpu,year,citation",
    "item,kind,unit,usd_low,usd_high,date,source,confidence,note",
    "key,phrase,amount,unit,year,source,confidence,note",
    "key,value,low,high,unit,year,source,confidence,note",
    "key,system,date,flop,pfs_days,kind,parameters,alt_flop,alt_source,source",
    "key,model,year,parameters,active_parameters,hardware,devices,device_hours,pue,g_per_kwh,source",
];

proptest! {
    #[test]
    fn any_bytes_are_rows_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        check_all(&bytes);
    }

    #[test]
    fn any_rows_are_rows_or_an_error(
        header in proptest::sample::select(&HEADERS[..]),
        rows in "([-0-9.eNaif]{0,6}(,|,|[\n\r\"; |é])){0,120}",
    ) {
        check_all(format!("{header}\n{rows}").as_bytes());
    }

    #[test]
    fn numbers_in_every_column_are_rows_or_an_error(
        header in proptest::sample::select(&HEADERS[..]),
        cells in proptest::collection::vec(
            prop_oneof!["[0-9]{1,4}", "-?[0-9]{1,3}e-?[0-9]{1,3}", Just("2024".to_owned()), Just(String::new())],
            12..60,
        ),
    ) {
        let columns = header.split(',').count();
        let rows: Vec<String> = cells.chunks_exact(columns).map(|row| row.join(",")).collect();
        check_all(format!("{header}\n{}\n", rows.join("\n")).as_bytes());
    }

    #[test]
    fn rows_that_keep_the_rules_are_all_read(
        grams in proptest::collection::vec(0.0..2000.0_f64, 1..40),
        year in 1990..=2100_u16,
        end in proptest::sample::select(&["\n", "\r\n", "\r", "\n\n"][..]),
    ) {
        let mut text = format!("\u{feff}code,name,g_co2e_per_kwh,year,scope,source{end}");
        for (index, grams) in grams.iter().enumerate() {
            text += &format!("G{index},\"a, \"\"b\"\"\",{grams},{year},direct,me{end}");
        }
        let table = Table::<Grid>::read("proptest", text.as_bytes()).unwrap();
        let read: Vec<f64> = table.rows().iter().map(|row| row.g_co2e_per_kwh).collect();
        prop_assert_eq!(read, grams);
        prop_assert!(table.rows().iter().all(|row| row.name == "a, \"b\""));
    }
}
