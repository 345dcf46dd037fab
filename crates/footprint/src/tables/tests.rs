use std::collections::BTreeSet;

use super::reading::read;
use super::*;

#[test]
fn every_built_in_row_keeps_the_rules() {
    // Units within bounds, year, scope, source and unique keys are checked as the tables are read.
    let tables = BUILT_IN.as_ref().unwrap_or_else(|error| panic!("{error}"));
    for (file, rows) in [
        ("grid.csv", tables.grids.rows().len()),
        ("cloud_regions.csv", tables.cloud_regions.rows().len()),
        ("accelerators.csv", tables.accelerators.rows().len()),
        ("processors.csv", tables.processors.rows().len()),
        ("prices.csv", tables.prices.rows().len()),
        ("equivalents.csv", tables.equivalents.rows().len()),
        ("defaults.csv", tables.defaults.rows().len()),
        ("training_compute.csv", tables.training_compute.rows().len()),
        ("training_reports.csv", tables.training_reports.rows().len()),
    ] {
        assert!(rows > 5, "{file} has {rows} rows");
    }
}

#[test]
fn names_of_grids_are_told_apart_by_their_kind() {
    // A name may be a country's and a state's (Georgia), never two countries' or two states'.
    let tables = Tables::built_in();
    let kinds: BTreeSet<_> = tables
        .grids
        .rows()
        .iter()
        .map(|grid| (grid.name.to_lowercase(), grid.code.split('-').next().map(str::len)))
        .collect();
    assert_eq!(kinds.len(), tables.grids.rows().len());
}

#[test]
fn what_published_runs_report_agrees_with_itself() {
    // kWh (x PUE) x g/kWh against the reported tonnes: printed rounding, and nothing more, lies between.
    let mut compared = 0;
    for report in Tables::built_in().training_reports.rows() {
        let (Some(kwh), Some(tonnes), Some(grams)) =
            (report.reported_kwh, report.reported_tco2e, report.g_per_kwh)
        else {
            continue;
        };
        let building = match report.energy_scope {
            Some(EnergyScope::WithoutPue) => report.pue.unwrap_or(1.0),
            _ => 1.0,
        };
        let reckoned = kwh * building * grams * 1e-6;
        assert!(
            (reckoned - tonnes).abs() <= 0.03 * tonnes + 0.05,
            "{}: {reckoned} against {tonnes} t",
            report.key
        );
        compared += 1;
    }
    assert!(compared >= 10, "{compared} reports give all three");
}

const GRID: &str = "code,name,g_co2e_per_kwh,year,scope,source,note\n";

fn broken(rows: &str) -> String {
    match read::<Grid>("grid.csv", format!("{GRID}{rows}").as_bytes()) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("`{rows}` was taken"),
    }
}

#[test]
fn a_broken_row_is_named_with_its_place() {
    for (rows, expected) in [
        (
            "FRA,France,44,2024,lifecycle,me,\nFRA,France,45,2024,lifecycle,me,",
            "`grid.csv`, line 3: the key `FRA` was used before, expected one row a key",
        ),
        (
            "FRA,France,4400,2024,lifecycle,me,",
            "`grid.csv`, line 2, column `g_co2e_per_kwh`: expected a number between 0 and 2000, found 4400",
        ),
        (
            "FRA,France,NaN,2024,lifecycle,me,",
            "`grid.csv`, line 2, column `g_co2e_per_kwh`: expected a number between 0 and 2000, found NaN",
        ),
        (
            "FRA,France,-1,2024,lifecycle,me,",
            "`grid.csv`, line 2, column `g_co2e_per_kwh`: expected a number between 0 and 2000, found -1",
        ),
        (
            "FRA,France,44,1024,lifecycle,me,",
            "`grid.csv`, line 2, column `year`: expected a number between 1990 and 2100, found 1024",
        ),
        (
            "FRA,France,44,2024,lifecycle,,",
            "`grid.csv`, line 2, column `source`: expected a text, found nothing",
        ),
        (
            "FRA,France,44,2024,market,me,",
            "`grid.csv`, line 2: unknown variant `market`, expected one of `lifecycle`, `direct`, `consumption`",
        ),
        (
            "FRA,France,much,2024,lifecycle,me,",
            "`grid.csv`, line 2, column `g_co2e_per_kwh`: invalid float literal",
        ),
        ("FRA,France,44,2024", "`grid.csv`, line 2: expected 7 cells, found 4"),
    ] {
        assert_eq!(broken(rows), expected);
    }
    let error = read::<Grid>("grid.csv", b"code,name,grams\nFRA,France,44\n").unwrap_err().to_string();
    assert!(error.starts_with("`grid.csv`, line 2: unknown field `grams`"), "{error}");
    let error = read::<Grid>("grid.csv", b"code,name\nFRA,\xff\n").unwrap_err().to_string();
    assert_eq!(error, "`grid.csv`, line 2: the text is not UTF-8");
}

#[test]
fn rows_of_other_tables_keep_rules_too() {
    let cloud = "provider,region,location,grid_code,g_co2e_per_kwh,year,pue,pue_year,pue_scope,source\n";
    for (row, column) in [
        ("aws,x,,FRA,,,0.9,2024,region,me", "pue"),
        ("aws,x,,,,,1.1,2024,region,me", "grid_code"),
        ("aws,x,,,50,,1.1,2024,region,me", "year"),
    ] {
        let error = read::<CloudRegion>("c", format!("{cloud}{row}\n").as_bytes()).unwrap_err().to_string();
        assert!(error.contains(&format!("column `{column}`")), "{error}");
    }
    let price = "item,kind,unit,usd_low,usd_high,date,source\n";
    for (row, column) in [
        ("v100-device-hour,device,usd_per_device_hour,3,2,2019,me", "usd_high"),
        ("v100-device-hour,device,usd_per_device_hour,,,2019,me", "usd_high"),
        ("v100-device-hour,device,usd_per_kwh,1,2,2019,me", "unit"),
        ("v100,device,usd_per_device_hour,1,2,2019,me", "item"),
        ("electricity-FRA,electricity,usd_per_kwh,9,9,2019,me", "usd_low"),
        ("electricity-FRA,electricity,usd_per_kwh,0.1,0.1,last year,me", "date"),
    ] {
        let error = read::<Price>("p", format!("{price}{row}\n").as_bytes()).unwrap_err().to_string();
        assert!(error.contains(&format!("column `{column}`")), "{row}: {error}");
    }
}

#[test]
fn own_rows_are_laid_over_ours() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let error = Tables::with_own(folder.path()).unwrap_err().to_string();
    assert!(error.contains("holds none of the tables grid.csv, cloud_regions.csv"), "{error}");

    write(
        "grid.csv",
        &format!("{GRID}FRA,France,10,2026,direct,our meter,\nLAB,our roof,0,2026,direct,our meter,\n"),
    );
    let tables = Tables::with_own(folder.path()).unwrap();
    assert_eq!(tables.own, [OwnTable { file: "grid.csv", rows: 2, replaced: 1 }]);
    assert_eq!(tables.grids.get("FRA").map(|grid| grid.g_co2e_per_kwh), Some(10.0));
    assert_eq!(tables.grids.get("LAB").map(|grid| grid.name.as_str()), Some("our roof"));
    assert_eq!(tables.grids.rows().len(), Tables::built_in().grids.rows().len() + 1);

    write(
        "cloud_regions.csv",
        "provider,region,grid_code,pue,pue_year,pue_scope,source\nus,lab,NOWHERE,1.2,2026,region,me\n",
    );
    let error = Tables::with_own(folder.path()).unwrap_err().to_string();
    assert_eq!(
        error,
        "`cloud_regions.csv`, row `us:lab`: `grid_code` is `NOWHERE`, which is no key of `grid.csv`"
    );
    assert!(
        Tables::with_own(&folder.path().join("nothing")).unwrap_err().to_string().contains("cannot be read")
    );
}
