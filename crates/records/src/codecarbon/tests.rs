//! Files of several vintages, damaged ones, and the way back.

use lessen_units::{Figure, Joules, KilogramsCo2e, KilowattHours, Kind, Seconds};
use proptest::prelude::*;

use super::*;
use crate::example;
use crate::ledger::{Filter, Ledger};
use crate::receipt::{Receipt, State};

/// As CodeCarbon 3.3.2 writes it: 10 minutes, 0.3 kWh at a PUE of 1.2, of which the devices took 0.25 kWh.
const NEW: &str = "timestamp,project_name,run_id,experiment_id,duration,emissions,emissions_rate,cpu_power,gpu_power,\
ram_power,cpu_energy,gpu_energy,ram_energy,energy_consumed,water_consumed,country_name,country_iso_code,region,\
cloud_provider,cloud_region,os,python_version,codecarbon_version,cpu_count,cpu_model,gpu_count,gpu_model,longitude,\
latitude,ram_total_size,tracking_mode,cpu_utilization_percent,gpu_utilization_percent,ram_utilization_percent,\
ram_used_gb,on_cloud,pue,wue\n\
2024-01-31T05:10:00,bert,run-1,exp-1,600.0,0.12,0.0002,90.0,360.0,20.0,0.06,0.12,0.12,0.3,0.01,Germany,DEU,bavaria,,,\
Linux-6.8,3.11.7,3.3.2,8,\"Some CPU, 3 GHz\",1,1 x A100,11.5,48.1,23.5,machine,54.5,90.0,10.0,2.5,N,1.2,0.0\n";

/// As a 1.x wrote it: no id, no devices.
const OLD: &str = "timestamp,project_name,duration,emissions,energy_consumed,country_name,country_iso_code,region\n\
2021-03-01T12:00:00,old,60.5,0.001,0.0025,Canada,CAN,quebec\n";

/// A per-task file with a run's two tasks.
const TASKS: &str = "task_name,timestamp,project_name,run_id,duration,emissions,energy_consumed\n\
load,2024-01-31T05:10:00,bert,run-1,1,0.001,0.002\n\
train,2024-01-31T05:20:00,bert,run-1,2,0.003,0.004\n";

fn read_text(text: &str) -> Result<Import, CsvError> {
    read("emissions.csv", text.as_bytes(), BrokenRows::Refuse)
}

fn only(text: &str) -> Receipt {
    let mut import = read_text(text).unwrap();
    assert_eq!(import.receipts.len(), 1);
    import.receipts.remove(0)
}

/// A file with the columns that a receipt needs and one more.
fn small(column: &str, rows: &[&str]) -> String {
    format!("timestamp,run_id,duration,emissions,energy_consumed,{column}\n{}\n", rows.join("\n"))
}

#[test]
fn a_row_becomes_a_receipt() {
    let receipt = only(NEW);
    assert_eq!(NEW.lines().next().unwrap(), COLUMNS.join(","));
    assert_eq!((receipt.id.as_str(), receipt.name.as_str()), ("codecarbon-run-1", "bert"));
    assert_eq!(receipt.tags.iter().collect::<Vec<_>>(), [(&"project".to_owned(), &"bert".to_owned())]);
    assert_eq!((receipt.started.as_str(), receipt.seconds), ("2024-01-31T05:00:00Z", Seconds(600.0)));
    assert_eq!((receipt.state, receipt.cpu_seconds, receipt.pue), (State::Done, None, 1.2));
    assert_eq!(receipt.energy.kwh_with_pue.value(), Some(KilowattHours(0.3)));
    assert_eq!(receipt.energy.joules.kind(), Some(Kind::Declared));
    let near =
        |figure: &Figure<Joules>, expected: f64| (figure.value().unwrap().0 / expected - 1.0).abs() < 1e-12;
    // 0.25 kWh without the building are 900 kJ; of the devices 0.05, 0.1 and 0.1 kWh.
    assert!(near(&receipt.energy.joules, 900_000.0));
    let devices: Vec<_> =
        receipt.energy.components.iter().map(|component| component.device.as_str()).collect();
    assert_eq!(devices, ["cpu", "gpu", "memory"]);
    for (component, expected) in receipt.energy.components.iter().zip([180_000.0, 360_000.0, 360_000.0]) {
        assert!(near(&component.joules, expected), "{component:?}");
    }
    assert!(receipt.energy.complete);
    assert_eq!(receipt.carbon.kg_co2e.value(), Some(KilogramsCo2e(0.12)));
    assert!((receipt.carbon.g_per_kwh.unwrap() - 400.0).abs() < 1e-9);
    assert_eq!((receipt.carbon.region.as_str(), receipt.carbon.source.as_str()), ("DEU", "CodeCarbon 3.3.2"));
    assert_eq!(receipt.machine.cpu.as_deref(), Some("Some CPU, 3 GHz"));
    assert_eq!((receipt.machine.threads, receipt.machine.memory_bytes), (Some(8), Some(25_232_932_864)));
    assert_eq!(receipt.extra["codecarbon"]["gpu_model"], "1 x A100");
    assert_eq!(receipt.extra["codecarbon"]["water_consumed"], "0.01");
}

#[test]
fn old_files_and_files_of_tasks_are_read_by_the_names_of_their_columns() {
    let old = only(OLD);
    assert!(old.id.starts_with("codecarbon-row-"), "{}", old.id);
    assert_eq!(old.id, only(OLD).id, "the same at each reading");
    assert_eq!((old.started.as_str(), old.carbon.region.as_str()), ("2021-03-01T11:58:59.5Z", "CAN"));
    assert_eq!(old.energy.joules.value(), Some(Joules(9000.0)));
    assert!(old.energy.components.is_empty());
    let tasks = read_text(TASKS).unwrap().receipts;
    let ids: Vec<_> =
        tasks.iter().map(|receipt| (receipt.id.as_str(), receipt.tags["task"].as_str())).collect();
    assert_eq!(ids, [("codecarbon-run-1-load", "load"), ("codecarbon-run-1-train", "train")]);
    // Any order of columns, a mark at the beginning, spaces, and an index of pandas.
    let shuffled =
        "\u{feff},emissions, duration ,energy_consumed,timestamp,run_id\n0,1,2,3,2024-01-01 00:00:02,x\n";
    assert_eq!(only(shuffled).started, "2024-01-01T00:00:00Z");
}

#[test]
fn what_is_not_known_is_unavailable_and_never_zero() {
    for nothing in ["", "nan", "None"] {
        let receipt = only(&small("pue", &[&format!("2024-01-01T00:00:00,x,1,{nothing},{nothing},")]));
        assert_eq!(receipt.energy.joules.value(), None);
        assert_eq!(receipt.carbon.kg_co2e.value(), None);
        assert!(!receipt.energy.complete);
        assert!(receipt.carbon.source.contains("not known"));
    }
    for (gpus, gpu_energy, devices, complete) in
        [("", "0", 0, true), ("0", "0.0", 0, true), ("2", "0", 1, false), ("2", "0.5", 1, true)]
    {
        let text =
            small("gpu_count,gpu_energy", &[&format!("2024-01-01T00:00:00,x,1,1,1,{gpus},{gpu_energy}")]);
        let energy = only(&text).energy;
        assert_eq!((energy.components.len(), energy.complete), (devices, complete), "{gpus} {gpu_energy}");
        assert!(energy.components.iter().all(|gpu| gpu.joules.value() != Some(Joules(0.0))));
    }
}

#[test]
fn of_rows_that_were_flushed_on_the_way_the_longest_counts() {
    let rows = [
        "2024-01-01T00:00:06,x,6,1,1,",
        "2024-01-01T00:00:06,y,1,1,1,",
        "2024-01-01T00:00:12,x,12,2,2,",
        "2024-01-01T00:00:09,x,9,1.5,1.5,",
    ];
    let import = read_text(&small("pue", &rows)).unwrap();
    let found: Vec<_> =
        import.receipts.iter().map(|receipt| (receipt.id.as_str(), receipt.seconds.0)).collect();
    assert_eq!(found, [("codecarbon-x", 12.0), ("codecarbon-y", 1.0)]);
    assert_eq!(import.superseded, 2);
}

#[test]
fn malformed_files_are_refused_with_line_and_column() {
    let good = "2024-01-01T00:00:00,x,1,1,1,1";
    let header = "`emissions.csv`, line 1";
    let second = |cell: &str| small("pue", &[good, cell]);
    let cases = [
        (String::new(), format!("{header}: no column `timestamp`, `duration`, `emissions`, `energy_consumed`")),
        ("timestamp;duration\n".to_owned(), format!("{header}: no column `timestamp`, `duration`, `emissions`, `energy_consumed`")),
        ("timestamp,duration,emissions\n".to_owned(), format!("{header}: no column `energy_consumed`")),
        (small("run_id", &[]), format!("{header}, column 6: a second column `run_id`")),
        (second("yesterday,x,1,1,1,1"), "`emissions.csv`, line 3, column 1 (`timestamp`): expected a time such as 2024-01-31T05:00:00, found `yesterday`".to_owned()),
        (second("2024-01-01T00:00:00,x,,1,1,1"), "`emissions.csv`, line 3, column 3 (`duration`): expected a number, not below 0, found ``".to_owned()),
        (second("2024-01-01T00:00:00,x,1e30,1,1,1"), "`emissions.csv`, line 3, column 3 (`duration`): expected a duration that began within the calendar, found `1e30`".to_owned()),
        (second("2024-01-01T00:00:00,x,1,-1,1,1"), "`emissions.csv`, line 3, column 4 (`emissions`): expected a number, not below 0, found `-1`".to_owned()),
        (second("2024-01-01T00:00:00,x,1,1,inf,1"), "`emissions.csv`, line 3, column 5 (`energy_consumed`): expected a number, not below 0, found `inf`".to_owned()),
        (second("2024-01-01T00:00:00,x,1,1,1,0.9"), "`emissions.csv`, line 3, column 6 (`pue`): expected a number, at least 1, found `0.9`".to_owned()),
        (second(&format!("2024-01-01T00:00:00,x,1,1,{},1", "9x".repeat(50))), format!("`emissions.csv`, line 3, column 5 (`energy_consumed`): expected a number, not below 0, found `{}…`", "9x".repeat(20))),
        (second("2024-01-01T00:00:00,x,1"), "`emissions.csv`, line 3: expected 6 cells, found 3".to_owned()),
        (second("2024-01-01T00:00:00,x,1,1,1,1,7"), "`emissions.csv`, line 3: expected 6 cells, found 7".to_owned()),
    ];
    for (text, expected) in cases {
        assert_eq!(read_text(&text).unwrap_err().to_string(), expected);
    }
    let mut bytes = second("2024-01-01T00:00:00,x,1,1,1,1").into_bytes();
    let place = bytes.len() - 3;
    bytes[place] = 0xFF;
    let error = read("emissions.csv", bytes.as_slice(), BrokenRows::Skip).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`emissions.csv`, line 3, column `energy_consumed`: expected UTF-8, found other bytes"
    );
    assert!(error.hint().is_some());
    assert!(matches!(
        read_file("/nowhere/emissions.csv".as_ref(), BrokenRows::Skip),
        Err(CsvError::File { .. })
    ));
}

#[test]
fn broken_rows_can_be_left_out_and_are_counted() {
    let rows = [
        "2024-01-01T00:00:00,x,1,1,1,1",
        "2024-01-01T00:0",
        "2024-01-01T00:00:00,y,1,1,1,1",
        "timestamp,run_id,duration,emissions,energy_consumed,pue",
        "2024-01-01T00:00:00,\"never closed,1,1,1,1",
        "2024-01-01T00:00:00,z,1,1,1,1",
    ];
    let import = read("x", small("pue", &rows).as_bytes(), BrokenRows::Skip).unwrap();
    let ids: Vec<_> = import.receipts.iter().map(|receipt| receipt.id.as_str()).collect();
    assert_eq!(ids, ["codecarbon-x", "codecarbon-y"]);
    let skipped: Vec<_> = import.skipped.iter().map(|row| (row.line, row.lines, row.cells)).collect();
    assert_eq!(skipped[0], (3, 1, 1));
    assert_eq!((skipped[1].0, skipped.len()), (6, 2));
    assert!(skipped[1].1 >= 2, "the row after it is lost too, and said: {skipped:?}");
}

#[test]
fn a_file_comes_back_as_it_was() {
    let receipts = read_text(NEW).unwrap().receipts;
    let mut out = Vec::new();
    assert_eq!(write(receipts.iter().cloned().map(Ok), &mut out).unwrap(), 1);
    let text = String::from_utf8(out).unwrap();
    let cells = |text: &str| -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
    };
    let (found, expected) = (cells(&text), cells(NEW));
    assert_eq!(found[0], expected[0]);
    for (column, (found, expected)) in COLUMNS.iter().zip(found[1].iter().zip(&expected[1])) {
        match (found.parse::<f64>(), expected.parse::<f64>()) {
            (Ok(found), Ok(expected)) => {
                assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{column}: {found} {expected}")
            }
            _ => assert_eq!(found, expected, "{column}"),
        }
    }
    let again = read_text(&text).unwrap().receipts.remove(0);
    assert_eq!(again.id, receipts[0].id);
    assert_eq!(again.carbon, receipts[0].carbon);
    assert_eq!(again.energy.kwh_with_pue, receipts[0].energy.kwh_with_pue);
    assert_eq!(again.extra, receipts[0].extra);
    assert_eq!((again.started.as_str(), again.seconds), (receipts[0].started.as_str(), receipts[0].seconds));
}

#[test]
fn a_receipt_of_ours_is_written_with_what_it_knows() {
    let mut receipt = example::receipt("abc");
    receipt.started = "2026-11-24T14:00:00.7Z".to_owned();
    let mut out = Vec::new();
    write([Ok(receipt)], &mut out).unwrap();
    let mut reader = csv::Reader::from_reader(out.as_slice());
    let row = reader.records().next().unwrap().unwrap();
    let cell = |name: &str| row.get(COLUMNS.iter().position(|column| *column == name).unwrap()).unwrap();
    for (column, expected) in [
        ("timestamp", "2026-11-24T14:00:11"),
        ("project_name", "a"),
        ("run_id", "abc"),
        ("duration", "10"),
        ("emissions", "0.00002"),
        ("emissions_rate", "0.000002"),
        ("cpu_power", "6"),
        ("gpu_power", ""),
        ("ram_power", "4"),
        // 60 J times a PUE of 1.5 over 3.6 MJ.
        ("cpu_energy", "0.000025"),
        ("gpu_energy", ""),
        ("energy_consumed", "0.00004"),
        ("country_iso_code", "DEU"),
        ("cpu_count", "2"),
        ("ram_total_size", "23.5"),
        ("pue", "1.5"),
        ("wue", ""),
        ("codecarbon_version", ""),
    ] {
        match (cell(column).parse::<f64>(), expected.parse::<f64>()) {
            (Ok(found), Ok(expected)) => assert!((found / expected - 1.0).abs() < 1e-12, "{column}: {found}"),
            _ => assert_eq!(cell(column), expected, "{column}"),
        }
    }
}

#[test]
fn what_codecarbon_does_not_write_is_not_known() {
    let receipt = only(&small("pue", &["2024-01-31T05:10:00,x,60,0.001,0,1"]));
    let json = serde_json::to_value(&receipt).unwrap();
    for place in ["/carbon/g_per_kwh", "/overhead/cpu_seconds", "/overhead/share"] {
        assert!(json.pointer(place).is_some_and(serde_json::Value::is_null), "{place} in {json:#}");
    }
    assert_eq!(serde_json::from_value::<Receipt>(json).unwrap(), receipt);
}

#[test]
fn a_file_can_be_entered_in_a_ledger_twice() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&folder.path().join("ledger.sqlite")).unwrap();
    for added in [2, 0] {
        let receipts = read_text(TASKS).unwrap().receipts;
        assert_eq!(ledger.import(receipts).unwrap().added, added);
    }
    assert_eq!(ledger.list(&Filter::default()).count(), 2);
    let by_task = ledger.total(Some("task")).unwrap();
    assert_eq!(by_task.len(), 2);
    assert!(ledger.verify().unwrap().is_sound());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_bytes_give_rows_or_an_error(bytes: Vec<u8>, skip: bool) {
        let broken = if skip { BrokenRows::Skip } else { BrokenRows::Refuse };
        let _ = read("x", bytes.as_slice(), broken);
    }

    /// Damage to a good file: an error, or receipts that can be written again.
    #[test]
    fn a_damaged_file_gives_rows_or_an_error(place in 0..2000_usize, byte: u8, cut: bool) {
        let mut bytes = NEW.as_bytes().to_vec();
        let place = place % bytes.len();
        if cut { bytes.truncate(place) } else { bytes[place] = byte }
        if let Ok(import) = read("x", bytes.as_slice(), BrokenRows::Skip) {
            let mut out = Vec::new();
            write(import.receipts.into_iter().map(Ok), &mut out).unwrap();
            prop_assert!(read("x", out.as_slice(), BrokenRows::Refuse).is_ok());
        }
    }

    #[test]
    fn energies_and_times_survive_the_way_there_and_back(
        seconds in 0.001..1e7_f64, kwh in 0.0..1e6_f64, kg in 0.0..1e6_f64, pue in 1.0..3.0_f64,
    ) {
        let row = format!("2024-01-31T05:10:00,x,{seconds},{kg},{kwh},{pue}");
        let receipt = only(&small("pue", &[&row]));
        let mut out = Vec::new();
        write([Ok(receipt.clone())], &mut out).unwrap();
        let again = only(&String::from_utf8(out).unwrap());
        prop_assert_eq!(&again.started, &receipt.started);
        prop_assert_eq!(again.seconds, receipt.seconds);
        prop_assert_eq!(&again.energy.joules, &receipt.energy.joules);
        prop_assert_eq!(again.carbon, receipt.carbon);
    }
}
