use std::fs;

use super::*;
use crate::tables::TableError;

/// The page of the built-in tables with these files laid over them.
fn page_with(own: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in own {
        fs::write(folder.path().join(file), text).unwrap();
    }
    reference(&Tables::with_own(folder.path()).unwrap())
}

/// What stands between a section's heading and the next.
fn section<'p>(page: &'p str, title: &str) -> &'p str {
    let (_, after) =
        page.split_once(&format!("\n## {title}\n")).unwrap_or_else(|| panic!("no section {title}"));
    after.split("\n## ").next().unwrap_or_default()
}

const SECTIONS: [&Section; 9] = [
    &places::GRIDS,
    &places::CLOUD_REGIONS,
    &hardware::ACCELERATORS,
    &hardware::PROCESSORS,
    &factors::PRICES,
    &factors::EQUIVALENTS,
    &factors::DEFAULTS,
    &trainings::COMPUTE,
    &trainings::REPORTS,
];

#[test]
fn sections_stand_in_the_order_of_the_files() {
    assert_eq!(SECTIONS.map(|section| section.file), Tables::files());
    let page = reference(Tables::built_in());
    let places = SECTIONS.map(|section| page.find(&format!("\n`{}`: a row is", section.file)));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
}

#[test]
fn links_within_the_page_lead_to_headings() {
    let page = reference(Tables::built_in());
    let anchors: Vec<String> = page
        .lines()
        .filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')))
        .map(|title| title.to_lowercase().replace(' ', "-"))
        .collect();
    let links: Vec<&str> =
        page.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap_or_default()).collect();
    assert!(links.len() > 9, "{links:?}");
    for link in links {
        assert!(anchors.iter().any(|anchor| anchor == link), "{link} leads nowhere: {anchors:?}");
    }
}

#[test]
fn the_example_of_own_rows_is_one() {
    let (_, example) = OWN_ROWS.split_once("```csv\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let page = page_with(&[("grid.csv", example)]);
    assert!(page.contains("- grid.csv: 2 rows, 1 in place of ours\n"));
    assert!(
        page.contains("| the roof of our laboratory | `LAB` | 41 | 2025 | lifecycle | our own meters | – |")
    );
}

/// Each column of a file against what the page says of it: that it is there, and whether it may be left out.
fn check_columns<R: Row + std::fmt::Debug>(section: &Section, bytes: &[u8]) {
    let mut reader = csv::Reader::from_reader(bytes);
    let headers = reader.headers().unwrap().clone();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let described: Vec<&str> = section.columns.iter().map(|column| column.name).collect();
    for name in &headers {
        assert!(described.contains(&name), "{}: the page does not describe the column {name}", section.file);
    }
    for column in section.columns {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for record in [&headers].into_iter().chain(&records) {
            let cells = headers.iter().zip(record).filter(|(name, _)| *name != column.name);
            writer.write_record(cells.map(|(_, cell)| cell)).unwrap();
        }
        let read = Table::<R>::read(section.file, &writer.into_inner().unwrap());
        let missing = format!("missing column `{}`", column.name);
        let refused = matches!(&read, Err(TableError::Syntax { problem, .. }) if *problem == missing);
        assert_eq!(refused, !column.optional, "{}: {}: {:?}", section.file, column.name, read.err());
        // A column that the file does not use yet has to be one that it may have.
        let with = format!("{},{}\n", headers.iter().collect::<Vec<_>>().join(","), column.name);
        let text = format!("{with}{}\n", ",".repeat(headers.len()));
        let error = Table::<R>::read(section.file, text.as_bytes()).unwrap_err().to_string();
        assert!(!error.contains("unknown column"), "{error}");
    }
}

macro_rules! check_columns {
    ($($row:ident, $section:expr, $file:literal;)*) => {$(
        check_columns::<crate::tables::$row>(&$section, include_bytes!(concat!("../../tables/", $file)));
    )*};
}

#[test]
fn the_columns_are_those_of_the_files() {
    check_columns! {
        Grid, places::GRIDS, "grid.csv";
        CloudRegion, places::CLOUD_REGIONS, "cloud_regions.csv";
        Accelerator, hardware::ACCELERATORS, "accelerators.csv";
        Processor, hardware::PROCESSORS, "processors.csv";
        Price, factors::PRICES, "prices.csv";
        Equivalent, factors::EQUIVALENTS, "equivalents.csv";
        DefaultValue, factors::DEFAULTS, "defaults.csv";
        TrainingCompute, trainings::COMPUTE, "training_compute.csv";
        TrainingReport, trainings::REPORTS, "training_reports.csv";
    }
}

/// How many rows the tables of a section have.
fn rows_of(section: &str) -> usize {
    let lines = section.lines().filter(|line| line.starts_with("| ")).count();
    let tables =
        section.lines().filter(|line| line.starts_with("| ---") || line.starts_with("| --:")).count();
    lines - 2 * tables
}

#[test]
fn every_row_is_on_the_page() {
    let tables = Tables::built_in();
    let page = reference(tables);
    for (title, rows) in [
        ("Grids", tables.grids.rows().len()),
        ("Regions of clouds", tables.cloud_regions.rows().len()),
        ("Accelerators", tables.accelerators.rows().len()),
        ("Processors", tables.processors.rows().len()),
        ("Prices", tables.prices.rows().len()),
        ("Equivalents", tables.equivalents.rows().len()),
        ("Defaults", tables.defaults.rows().len()),
        ("Arithmetic of trainings", tables.training_compute.rows().len()),
        // In two tables.
        ("Reports of trainings", 2 * tables.training_reports.rows().len()),
    ] {
        assert_eq!(rows_of(section(&page, title)), rows, "{title}");
    }
}

/// Every row of a table has as many cells as its heads, and none is blank.
fn check_tables(page: &str) {
    let mut cells_of_heads = None;
    for line in page.lines() {
        if !line.starts_with('|') {
            cells_of_heads = None;
            continue;
        }
        let cells: Vec<String> = line
            .replace(r"\\", "x")
            .replace(r"\|", "x")
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect();
        assert_eq!(cells.len(), *cells_of_heads.get_or_insert(cells.len()), "{line}");
        let inner = &cells[1..cells.len() - 1];
        assert!(inner.iter().all(|cell| !cell.is_empty()), "a blank cell: {line}");
    }
}

#[test]
fn tables_are_whole_whatever_is_in_their_cells() {
    check_tables(&reference(Tables::built_in()));
    let hostile = page_with(&[
        (
            "grid.csv",
            "code,name,g_co2e_per_kwh,year,scope,source,note\n\"|x`|\",\"a|b\nc\",1,2020,direct,\"\\|\",\"| --- |\"\n",
        ),
        ("accelerators.csv", "key,name,vendor,year,citation\nk,n,\"|v\n# head\",2020,\"; ;\"\n"),
        ("defaults.csv", "key,value,unit,year,source\nk|,1,\"|`\",2020,<!--\n"),
    ]);
    check_tables(&hostile);
    assert!(!hostile.contains("\n# head") && !hostile.contains(" <!--"), "a cell is more than a cell");
}

#[test]
fn rows_stand_under_their_headings_in_their_units() {
    let page = page_with(&[
        (
            "grid.csv",
            "code,name,g_co2e_per_kwh,year,scope,source\nUS-ZZ,Zzz,12.50,2020,direct,me\nCA-ZZ,\"Zzz, Canada\",0,2021,lifecycle,me\nlab-1,roof,7,2022,direct,me\n",
        ),
        (
            "cloud_regions.csv",
            "provider,region,grid_code,carbon_free_share,pue,pue_year,pue_scope,source\nmine,here,US-ZZ,0.07,1.2,2024,region,me\n",
        ),
        (
            "prices.csv",
            "item,kind,unit,usd_low,usd_high,date,source,confidence\n\
             z-device-hour,device,usd_per_4_device_hours,2,10,2020,me,derived\n\
             y-device-hour,device,usd_per_device_hour,,6.98,2020,me,\n",
        ),
        (
            "equivalents.csv",
            "key,phrase,amount,unit,year,source\nz,a z,2,lb_co2e,2020,me\ny,a y,1500,g_co2e,2020,me\nx,an x,0.25,kwh,2020,me\n",
        ),
        (
            "training_compute.csv",
            "key,system,date,flop,pfs_days,kind,parameters,alt_flop,alt_source,source\n\
             z,Z,2020-05,8.64e19,1,published,1500000000,1e20,others,me\n",
        ),
        (
            "training_reports.csv",
            "key,model,year,hardware,device_hours,reported_tco2e,source\nz,Z,2020,one box,12345,0,me\n",
        ),
    ]);
    for (title, under, row) in [
        ("Grids", "United States, by state", "| Zzz | `US-ZZ` | 12.5 | 2020 | direct | me | – |"),
        ("Grids", "Canada, by province", "| Zzz | `CA-ZZ` | 0 | 2021 | lifecycle | me | – |"),
        ("Grids", "lab, by part", "| roof | `lab-1` | 7 | 2022 | direct | me | – |"),
        (
            "Regions of clouds",
            "mine",
            "| `here` | – | `US-ZZ` | 12.5 | grid | 2020 | direct | 7 % | 1.2 | region | 2024 | me |",
        ),
        ("Prices", "Devices", "| `z-device-hour` | 0.5 | 2.5 | by four devices | 2020 | me, *derived* | – |"),
        ("Prices", "Devices", "| `y-device-hour` | – | 6.98 | by the device | 2020 | me | – |"),
        ("Equivalents", "", "| a z | `z` | 0.9072 | – | 2 `lb_co2e` | 2020 | me | – |"),
        ("Equivalents", "", "| a y | `y` | 1.5 | – | 1500 `g_co2e` | 2020 | me | – |"),
        ("Equivalents", "", "| an x | `x` | – | 0.25 | 0.25 `kwh` | 2020 | me | – |"),
        (
            "Arithmetic of trainings",
            "",
            "| Z | `z` | 2020-05 | 8.64e19 | 1 | published | 1.5 B | me | 1e20, others | – |",
        ),
        ("Reports of trainings", "The runs", "| Z | `z` | 2020 | – | – | – | one box | – | – | 12,345 |"),
        ("Reports of trainings", "What was reported of them", "| Z | – | – | – | 0 | – | – | – | me | – |"),
    ] {
        let mut found = section(&page, title);
        if !under.is_empty() {
            let (_, after) =
                found.split_once(&format!("### {under}\n")).unwrap_or_else(|| panic!("no {under}"));
            found = after.split("\n### ").next().unwrap_or_default();
        }
        assert!(found.lines().any(|line| line == row), "{title}, {under}: expected\n{row}\nin\n{found}");
    }
    assert!(
        page.contains("Rows of these files were laid over ours:\n\n- grid.csv: 3 rows, 0 in place of ours\n")
    );
    assert!(!reference(Tables::built_in()).contains("laid over ours"));
}

#[test]
fn rows_are_sorted_for_people() {
    let page = reference(Tables::built_in());
    let column = |under: &str, place: usize| -> Vec<String> {
        let (_, after) = page.split_once(&format!("### {under}\n")).unwrap();
        let table = after.lines().skip(3).take_while(|line| line.starts_with('|'));
        table.map(|row| row.split(" | ").nth(place).unwrap_or_default().to_lowercase()).collect()
    };
    for (under, place) in [("Countries and areas", 0), ("United States, by state", 0), ("NVIDIA", 2)] {
        let cells = column(under, place);
        assert!(cells.len() > 40 && cells.is_sorted(), "{under}: {cells:?}");
    }
}
