//! From the rows of CodeCarbon to receipts.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use csv::StringRecord;
use lessen_units::{Bytes, Figure, GramsCo2e, Joules, KilogramsCo2e, KilowattHours, Kind, Quantity, Seconds};
use serde_json::{Map, Value, json};

use super::cells::{Cells, Columns};
use super::{CsvError, DEVICES, ID_PREFIX, KEPT, MAPPED};
use crate::content::content_name;
use crate::instant;
use crate::machine::Machine;
use crate::receipt::{Carbon, Component, Cost, Energy, Overhead, Receipt, State};
use crate::schema::Schema;

/// What to do with rows that have cells missing or too many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BrokenRows {
    /// The file is not read.
    #[default]
    Refuse,
    /// They are left out and counted.
    Skip,
}

const NOT_WRITTEN: &str = "CodeCarbon does not write it";

/// What a file held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Import {
    /// A receipt a run, in the order in which the file first names them.
    pub receipts: Vec<Receipt>,
    /// Rows that were left out because they are broken.
    pub skipped: Vec<SkippedRow>,
    /// Rows that a longer row of the same run stands for: CodeCarbon writes one with everything so far at each flush.
    pub superseded: u64,
}

/// A row that was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkippedRow {
    /// Where it begins, from 1.
    pub line: u64,
    /// How many lines it takes: several where a quotation mark was never closed, so that whole rows may be lost in it.
    pub lines: u64,
    /// Its cells.
    pub cells: usize,
}

/// Reads a file; see [`read`].
///
/// # Errors
/// [`CsvError::File`] where it cannot be opened, otherwise as [`read`].
pub fn read_file(path: &Path, broken: BrokenRows) -> Result<Import, CsvError> {
    let file = File::open(path).map_err(|source| CsvError::File { path: path.to_owned(), source })?;
    read(&path.to_string_lossy(), file, broken)
}

/// Reads CodeCarbon's rows; `file` is the input's name for messages.
///
/// Each run becomes one receipt, called `codecarbon-` with the run's id (and the task's name); where an old file has
/// no ids, with a digest of the row, so that reading it again gives the same. Times without an offset are taken as UTC.
///
/// # Errors
/// Any [`CsvError`], with line and column.
pub fn read(file: &str, input: impl Read, broken: BrokenRows) -> Result<Import, CsvError> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).has_headers(false).trim(csv::Trim::All).from_reader(input);
    let mut row = StringRecord::new();
    let fault = |error, headers: Option<&Columns>| fault(file, headers, error);
    reader.read_record(&mut row).map_err(|error| fault(error, None))?;
    let columns = Columns::new(file, row.clone())?;
    let mut import = Import::default();
    let mut places = HashMap::new();
    while reader.read_record(&mut row).map_err(|error| fault(error, Some(&columns)))? {
        if row.len() != columns.count() {
            let skipped = SkippedRow {
                line: line(&row),
                lines: 1 + row.iter().map(|cell| cell.matches('\n').count() as u64).sum::<u64>(),
                cells: row.len(),
            };
            match broken {
                BrokenRows::Skip => import.skipped.push(skipped),
                BrokenRows::Refuse => return Err(broken_row(file, &columns, skipped)),
            }
        } else if !columns.repeats_header(&row) {
            let receipt = receipt(&columns.of(&row))?;
            enter(receipt, &mut import, &mut places);
        }
    }
    Ok(import)
}

/// Of the rows of one run the longest counts, of equally long ones the last.
fn enter(receipt: Receipt, import: &mut Import, places: &mut HashMap<String, usize>) {
    let Some(&place) = places.get(&receipt.id) else {
        places.insert(receipt.id.clone(), import.receipts.len());
        import.receipts.push(receipt);
        return;
    };
    import.superseded += 1;
    if receipt.seconds >= import.receipts[place].seconds {
        import.receipts[place] = receipt;
    }
}

fn line(row: &StringRecord) -> u64 {
    row.position().map_or(0, csv::Position::line)
}

fn broken_row(file: &str, columns: &Columns, row: SkippedRow) -> CsvError {
    CsvError::BrokenRow { file: file.to_owned(), line: row.line, expected: columns.count(), found: row.cells }
}

fn fault(file: &str, columns: Option<&Columns>, error: csv::Error) -> CsvError {
    let line = error.position().map_or(1, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(source) => CsvError::File { path: file.into(), source },
        csv::ErrorKind::Utf8 { err, .. } => CsvError::NotText {
            file: file.to_owned(),
            line,
            column: columns
                .and_then(|columns| columns.name(err.field()))
                .unwrap_or_else(|| (err.field() + 1).to_string()),
        },
        // A flexible reader of records has no others.
        other => CsvError::File { path: file.into(), source: std::io::Error::other(format!("{other:?}")) },
    }
}

fn receipt(cells: &Cells<'_>) -> Result<Receipt, CsvError> {
    let seconds = cells.needed("duration")?;
    let pue = cells.number("pue")?.unwrap_or(1.0);
    if pue < 1.0 {
        return Err(cells.unfit("pue", "a number, at least 1"));
    }
    let program = match cells.text("codecarbon_version") {
        Some(version) => format!("CodeCarbon {version}"),
        None => "CodeCarbon".to_owned(),
    };
    let [project, task] = ["project_name", "task_name"].map(|column| cells.text(column));
    let tags = [("project", project), ("task", task)];
    let tags = tags.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
    Ok(Receipt {
        schema: Schema::default(),
        id: id(cells),
        name: task.or(project).unwrap_or("codecarbon").to_owned(),
        tags: tags.collect(),
        command: Vec::new(),
        started: started(cells, seconds)?,
        seconds: Seconds(seconds),
        exit_code: None,
        state: State::Done,
        cpu_seconds: None,
        peak_rss_bytes: None,
        energy: energy(cells, pue, seconds, &program)?,
        pue,
        carbon: carbon(cells, program)?,
        cost: Cost {
            electricity_usd: Figure::unavailable(NOT_WRITTEN),
            cloud_usd: Figure::unavailable(NOT_WRITTEN),
            extra: Map::new(),
        },
        overhead: Overhead {
            cpu_seconds: None,
            share: None,
            extra: Map::from_iter([("why".to_owned(), json!(NOT_WRITTEN))]),
        },
        stages: Vec::new(),
        machine: machine(cells)?,
        equivalent: None,
        notes: Vec::new(),
        extra: Map::from_iter([(KEPT.to_owned(), kept(cells))]),
    })
}

fn id(cells: &Cells<'_>) -> String {
    let run = cells.text("run_id").map(str::to_owned);
    let run = run.unwrap_or_else(|| {
        let row: BTreeMap<_, _> = cells.named().collect();
        // A map of texts can be written in any case.
        content_name("row", &row).unwrap_or_default()
    });
    match cells.text("task_name") {
        Some(task) => format!("{ID_PREFIX}{run}-{task}"),
        None => format!("{ID_PREFIX}{run}"),
    }
}

/// CodeCarbon's timestamp is of the end.
fn started(cells: &Cells<'_>, seconds: f64) -> Result<String, CsvError> {
    let end = cells.text("timestamp").and_then(instant::parse_loosely);
    let end = end.ok_or_else(|| cells.unfit("timestamp", "a time such as 2024-01-31T05:00:00"))?;
    let start = instant::after(end, -seconds).and_then(instant::text);
    start.ok_or_else(|| cells.unfit("duration", "a duration that began within the calendar"))
}

fn energy(cells: &Cells<'_>, pue: f64, seconds: f64, program: &str) -> Result<Energy, CsvError> {
    let how = format!("{program} wrote it; measured or modelled is not said");
    let kwh_with_pue = declared::<KilowattHours>(cells, "energy_consumed", &how)?;
    // Its numbers hold the building's share.
    let without = |kwh: &Figure<KilowattHours>| kwh.map(|kwh| Joules::from(kwh / pue));
    let gpus = cells.number("gpu_count")?.unwrap_or_default();
    let mut components = Vec::new();
    for (column, device) in DEVICES {
        let Some(kwh) = cells.number(column)? else { continue };
        let joules = match (device, kwh == 0.0) {
            ("gpu", true) if gpus == 0.0 => continue,
            ("gpu", true) if seconds > 0.0 => {
                Figure::unavailable(format!("{program} wrote 0 for a GPU that was there"))
            }
            _ => without(&Figure::exact(KilowattHours(kwh), Kind::Declared, how.clone())),
        };
        components.push(Component {
            device: device.to_owned(),
            source: "codecarbon".to_owned(),
            joules,
            machine_joules: Figure::unavailable(NOT_WRITTEN),
            in_sum: true,
            why: None,
            extra: Map::new(),
        });
    }
    let complete = kwh_with_pue.value().is_some()
        && components.iter().all(|component| component.joules.value().is_some());
    Ok(Energy {
        joules: without(&kwh_with_pue),
        kwh_with_pue,
        complete,
        machine_joules: Figure::unavailable(NOT_WRITTEN),
        // There is no column that says measured.
        measured_share: None,
        components,
        extra: Map::new(),
    })
}

fn declared<Q: Quantity>(cells: &Cells<'_>, column: &str, how: &str) -> Result<Figure<Q>, CsvError> {
    Ok(match cells.number(column)? {
        Some(number) => Figure::exact(Q::from_raw(number), Kind::Declared, how.to_owned()),
        None => Figure::unavailable(format!("the column `{column}` is empty")),
    })
}

fn carbon(cells: &Cells<'_>, program: String) -> Result<Carbon, CsvError> {
    let kg_co2e = declared::<KilogramsCo2e>(cells, "emissions", &format!("{program} wrote it"))?;
    let energy = cells.number("energy_consumed")?.filter(|kwh| *kwh > 0.0);
    let intensity = kg_co2e.value().zip(energy).map(|(kg, kwh)| GramsCo2e::from(kg).0 / kwh);
    let intensity = intensity.filter(|intensity| intensity.is_finite());
    let source = match intensity {
        Some(_) => program,
        None => format!("{program}; the intensity is not known, as the row has no energy or no emissions"),
    };
    let region = cells.text("cloud_region").or_else(|| cells.text("country_iso_code")).unwrap_or("unknown");
    Ok(Carbon {
        kg_co2e,
        g_per_kwh: intensity,
        region: region.to_owned(),
        year: None,
        scope: String::new(),
        source,
        extra: Map::new(),
    })
}

fn machine(cells: &Cells<'_>) -> Result<Machine, CsvError> {
    let threads = cells.number("cpu_count")?.filter(|count| *count >= 1.0 && *count <= f64::from(u32::MAX));
    let memory = cells.number("ram_total_size")?.map(Bytes::from_gibibytes).filter(|bytes| bytes.0 >= 1.0);
    Ok(Machine {
        cpu: cells.text("cpu_model").map(str::to_owned),
        cores: None,
        threads: threads.map(|count| count as u32),
        memory_bytes: memory.map(|bytes| bytes.0.round() as u64),
        os: cells.text("os").map(str::to_owned),
        isa: "unknown".to_owned(),
        lessen_version: env!("CARGO_PKG_VERSION").to_owned(),
        extra: Map::new(),
    })
}

/// The cells that have no place in a receipt.
fn kept(cells: &Cells<'_>) -> Value {
    let kept = cells.named().filter(|(column, _)| !MAPPED.contains(column));
    kept.map(|(column, cell)| (column.to_owned(), json!(cell))).collect::<Map<_, _>>().into()
}
