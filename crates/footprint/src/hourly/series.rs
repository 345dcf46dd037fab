//! From the bytes of a file to a checked series.

use std::collections::HashMap;

use time::{Duration, OffsetDateTime};

use super::HourlyIntensity;
use super::columns::Columns;
use super::error::{HourlyError, excerpt};
use crate::instant;
use crate::tables::MOST_G_PER_KWH;

/// Intensities are summed as whole numbers of a millionth of a gram, finer than anybody publishes them: sums are then
/// exact, and windows that are equal on paper are equal here.
pub(super) const GRAINS_PER_GRAM: f64 = 1e6;

/// Longer steps cannot tell the hours of a day apart.
const MOST_STEP: Duration = Duration::DAY;

/// A row of the file.
struct Reading {
    at: OffsetDateTime,
    grains: u64,
    line: u64,
}

/// Reads and checks a series; `file` is its path for messages, `name` what it is called.
pub(super) fn parse(file: &str, name: &str, bytes: &[u8]) -> Result<HourlyIntensity, HourlyError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let headers = reader.headers().map_err(|error| syntax(file, &error))?.clone();
    let columns = Columns::find(file, &headers)?;
    let mut readings = Vec::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| syntax(file, &error))? {
        readings.push(reading(file, &headers, &columns, &record)?);
    }
    // Some services write the newest first.
    readings.sort_by_key(|reading| reading.at);
    let step = even_step(file, &readings)?;
    let Some(first) = readings.first().map(|reading| reading.at) else {
        return Err(HourlyError::TooFew { file: file.to_owned(), found: 0 });
    };
    let mut sum = 0;
    let sums = readings.iter().map(|reading| {
        sum += reading.grains;
        sum
    });
    let sums = std::iter::once(0).chain(sums).collect();
    Ok(HourlyIntensity { name: name.to_owned(), first, step, sums, scope: columns.scope })
}

fn reading(
    file: &str,
    headers: &csv::StringRecord,
    columns: &Columns,
    record: &csv::StringRecord,
) -> Result<Reading, HourlyError> {
    let line = record.position().map_or(0, csv::Position::line);
    let unfit = |column: usize, expected: String| HourlyError::Unfit {
        file: file.to_owned(),
        line,
        column: headers.get(column).unwrap_or_default().to_owned(),
        expected,
        found: excerpt(record.get(column).unwrap_or_default()),
    };
    let cell = |column: usize| record.get(column).unwrap_or_default();
    let at = instant::parse(cell(columns.time))
        .ok_or_else(|| unfit(columns.time, instant::EXPECTED.to_owned()))?;
    let grams = cell(columns.intensity).parse().ok().filter(|grams| (0.0..=MOST_G_PER_KWH).contains(grams));
    let grams: f64 = grams.ok_or_else(|| {
        unfit(columns.intensity, format!("a number of g/kWh between 0 and {MOST_G_PER_KWH}"))
    })?;
    Ok(Reading { at, grains: (grams * GRAINS_PER_GRAM).round() as u64, line })
}

/// The step between all instants, which are sorted.
fn even_step(file: &str, readings: &[Reading]) -> Result<Duration, HourlyError> {
    let mut counts: HashMap<Duration, usize> = HashMap::new();
    for (before, after) in pairs(readings) {
        let step = after.at - before.at;
        if step.is_zero() {
            return Err(HourlyError::Twice {
                file: file.to_owned(),
                line: before.line.max(after.line),
                before: before.line.min(after.line),
                instant: instant::text(after.at),
            });
        }
        *counts.entry(step).or_default() += 1;
    }
    // Of equally common ones the shortest: a gap only lengthens a step.
    let commonest = counts.into_iter().max_by_key(|&(step, count)| (count, std::cmp::Reverse(step)));
    let Some((step, _)) = commonest else {
        return Err(HourlyError::TooFew { file: file.to_owned(), found: readings.len() });
    };
    if let Some((before, after)) = pairs(readings).find(|(before, after)| after.at - before.at != step) {
        return Err(HourlyError::Uneven {
            file: file.to_owned(),
            before: before.line,
            line: after.line,
            expected: step,
            found: after.at - before.at,
        });
    }
    if step > MOST_STEP {
        return Err(HourlyError::Coarse { file: file.to_owned(), most: MOST_STEP, found: step });
    }
    Ok(step)
}

fn pairs(readings: &[Reading]) -> impl Iterator<Item = (&Reading, &Reading)> {
    readings.iter().zip(readings.iter().skip(1))
}

/// What the CSV reader says, with the line in a field of its own.
fn syntax(file: &str, error: &csv::Error) -> HourlyError {
    let line = error.position().map_or(1, csv::Position::line);
    let problem = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("expected {expected_len} cells, found {len}")
        }
        csv::ErrorKind::Utf8 { .. } => "expected UTF-8, found other bytes".to_owned(),
        _ => error.to_string(),
    };
    HourlyError::Syntax { file: file.to_owned(), line, problem }
}
