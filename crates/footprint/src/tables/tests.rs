use std::collections::BTreeSet;

use super::*;

#[test]
fn every_built_in_row_keeps_the_rules() {
    // Units within bounds, year, scope, source and unique keys are checked as the tables are read.
    let tables = Tables::built_in();
    tables.check().unwrap_or_else(|error| panic!("{error}"));
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
    match Table::<Grid>::read("grid.csv", format!("{GRID}{rows}").as_bytes()) {
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
    let error = Table::<Grid>::read("grid.csv", b"code,name,grams\nFRA,France,44\n").unwrap_err().to_string();
    assert!(error.starts_with("`grid.csv`, line 2: unknown column `grams`"), "{error}");
    let error = Table::<Grid>::read("grid.csv", b"code,name\nFRA,\xff\n").unwrap_err().to_string();
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
        let error =
            Table::<CloudRegion>::read("c", format!("{cloud}{row}\n").as_bytes()).unwrap_err().to_string();
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
        let error = Table::<Price>::read("p", format!("{price}{row}\n").as_bytes()).unwrap_err().to_string();
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

const FRANCE: &str = "FRA,France,44,2024,lifecycle,me,";

#[test]
fn lines_are_counted_as_editors_count_them() {
    let broken = "DEU,Germany,9999,2024,lifecycle,me,";
    let header = GRID.trim_end();
    for (line, text) in [
        (3, format!("{header}\n{FRANCE}\n{broken}\n")),
        (3, format!("\u{feff}{header}\n{FRANCE}\n{broken}")),
        (3, format!("{header}\r\n{FRANCE}\r\n{broken}\r\n")),
        (3, format!("{header}\r{FRANCE}\r{broken}\r")),
        // Empty lines are no rows, but lines.
        (5, format!("{header}\n\n{FRANCE}\n\n{broken}\n")),
        (6, format!("\r\n{header}\r\n\r\n{FRANCE}\r\n\r\n{broken}\r\n")),
        // A quoted note of three lines; the broken row begins on the one after them.
        (5, format!("{header}\n{FRANCE}\"a\n\nb\"\n{broken}\n")),
        // A row of several lines is named by its first.
        (2, format!("{header}\n{broken}\"a\nb\"\n")),
    ] {
        match Table::<Grid>::read("grid.csv", text.as_bytes()) {
            Err(TableError::Unfit { line: found, unfit, .. }) => {
                assert_eq!((found, unfit.column), (line, "g_co2e_per_kwh"), "{text:?}");
            }
            other => panic!("{text:?}: {other:?}"),
        }
    }
    // What the CSV reader itself finds, and a key that is there twice, have the same lines.
    for (rows, expected) in [
        (format!("{FRANCE}\r\n\r\nDEU,Germany\r\n"), "`g`, line 4: expected 7 cells, found 2"),
        (
            format!("{FRANCE}\r\nDEU,Germany,x,2024,lifecycle,me,\r\n"),
            "`g`, line 3, column `g_co2e_per_kwh`: ",
        ),
        (format!("{FRANCE}\r\n\r\n{FRANCE}\r\n"), "`g`, line 4: the key `FRA` was used before"),
    ] {
        let error = Table::<Grid>::read("g", format!("{header}\r\n{rows}").as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn byte_order_marks_and_line_ends_are_not_in_the_cells() {
    for text in [
        format!("\u{feff}{GRID}{FRANCE}\"one\r\ntwo\"\r\n"),
        format!("{}{FRANCE}\"one\r\ntwo\"", GRID.replace('\n', "\r\n")),
    ] {
        let table = Table::<Grid>::read("grid.csv", text.as_bytes()).unwrap();
        let france = table.get("FRA").unwrap();
        assert_eq!((france.source.as_str(), france.note.as_str()), ("me", "one\r\ntwo"));
    }
}

#[test]
fn what_is_no_table_says_why_and_what_to_do() {
    for (bytes, message, advice) in [
        (&b""[..], "expected a line of column names and a row at least, found no row", "remove the file"),
        (b"\xef\xbb\xbf\r\n", "found no row", "remove the file"),
        (GRID.as_bytes(), "found no row", "remove the file"),
        (b"code;name\nFRA;France\n", "line 2: unknown column `code;name`, expected one of `code`", "commas"),
        (b"code,name\nFRA,France\n", "line 2: missing column `g_co2e_per_kwh`", "docs/tables.md"),
        (b"code,code\nFRA,France\n", "line 2: duplicate column `code`", "docs/tables.md"),
        (b"code,name\nFRA,C\xf4te\n", "line 2: the text is not UTF-8", "UTF-8"),
        (b"c\xf4de\nFRA\n", "line 1: the text is not UTF-8", "UTF-8"),
        (b"\xff\xfec\0o\0d\0e\0\n\0", "line 1: the text is not UTF-8", "UTF-8"),
        (b"code,name\nFRA,a,b\n", "line 2: expected 2 cells, found 3", "quotation marks"),
    ] {
        let error = Table::<Grid>::read("grid.csv", bytes).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("`grid.csv`") && text.contains(message), "{bytes:?}: {text}");
        assert!(error.hint().is_some_and(|hint| hint.contains(advice)), "{text}: {:?}", error.hint());
    }
}

#[test]
fn an_empty_confidence_is_that_of_what_was_read() {
    let header = "key,phrase,amount,unit,year,source,confidence\n";
    let row = |confidence| format!("{header}tea,a cup of tea,20,g_co2e,2024,me,{confidence}\n");
    let read = |confidence| Table::<Equivalent>::read("e", row(confidence).as_bytes());
    for (word, meant) in
        [("", Confidence::Read), ("read", Confidence::Read), ("derived", Confidence::Derived)]
    {
        assert_eq!(read(word).unwrap().rows()[0].confidence, meant);
    }
    let error = read("guessed").unwrap_err().to_string();
    assert!(error.contains("unknown variant `guessed`, expected one of"), "{error}");
}

#[test]
fn dates_begin_with_a_year() {
    use super::reading::date;
    for (text, fit) in [
        ("2019", true),
        ("2026-03", true),
        ("2025-Q2", true),
        ("2019 or so", false),
        ("20191", false),
        ("+201", false),
        ("1066", false),
        ("", false),
        ("\u{fe0f}9", false),
    ] {
        assert_eq!(date("date", text).is_ok(), fit, "{text}");
    }
}

#[test]
fn only_files_of_a_bounded_size_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grid.csv");
    let error = || Tables::with_own(folder.path()).unwrap_err();

    std::fs::create_dir(&path).unwrap();
    assert!(error().to_string().ends_with("grid.csv`: expected a file, found a folder"), "{}", error());
    std::fs::remove_dir(&path).unwrap();

    // Nothing is written: the file is a hole.
    let file = File::create(&path).unwrap();
    file.set_len(MOST_BYTES + 1).unwrap();
    assert!(
        error().to_string().ends_with("grid.csv` has 16000001 bytes, expected 16000000 at most"),
        "{}",
        error()
    );
    assert!(error().hint().is_some());
    file.set_len(MOST_BYTES).unwrap();
    assert!(!matches!(error(), TableError::TooLarge { .. }), "{}", error());

    #[cfg(unix)]
    {
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert!(error().to_string().ends_with("found a device or a pipe"), "{}", error());
    }
}

#[test]
fn a_slip_in_the_name_of_an_own_table_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let grid = format!("{GRID}LAB,our roof,0,2026,direct,our meter,\n");
    std::fs::write(folder.path().join("grid.csv"), grid).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "not a table").unwrap();
    assert!(Tables::with_own(folder.path()).is_ok());
    std::fs::write(folder.path().join("price.csv"), "item\n").unwrap();
    let error = Tables::with_own(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("price.csv` has the name of no table; did you mean `prices.csv`?"), "{error}");
}
