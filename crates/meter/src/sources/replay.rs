//! A trace that was recorded before, played back as if the devices were there.
//!
//! CSV with the header `seconds,device,microjoules` (the state of a counter) or `seconds,device,watts`; seconds are
//! those since the recording began, each device's in order. Between two rows a counter goes up evenly, and power
//! along a straight line; what the devices drew before their first row and after their last is not known. A file can say
//! anything: such energy is declared, not measured.

use std::error::Error;
use std::fmt;
use std::io::{self, BufRead, Read};
use std::time::Duration;

use lessen_units::{Joules, Seconds, Watts};

use super::{Device, Part, Rung, Sample, Source};
use crate::moment::Moment;

/// A recorded trace; time begins when it is read for the first time.
#[derive(Clone, Debug)]
pub struct Replay {
    devices: Vec<Device>,
    curves: Vec<Vec<Point>>,
    began: Option<Moment>,
}

/// Energy since the recording began.
#[derive(Clone, Copy, Debug)]
struct Point {
    at: Seconds,
    joules: Joules,
    /// Where the rows are of power.
    watts: Watts,
}

/// A trace that could not be read.
#[derive(Debug)]
pub struct ReplayError {
    /// From 1.
    line: usize,
    problem: String,
    source: Option<io::Error>,
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the trace: {}", self.line, self.problem)
    }
}

impl Error for ReplayError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|error| error as _)
    }
}

/// So that a file of any size takes some tens of megabytes at most: twelve days of one device at a row a second.
const MOST_ROWS: usize = 1 << 20;
const MOST_BYTES_OF_LINE: u64 = 1024;
const MOST_DEVICES: usize = 256;
/// Rows that stand further apart say nothing of the time between them.
const MOST_SECONDS: f64 = 1e9;

#[derive(Clone, Copy, PartialEq)]
enum Column {
    Microjoules,
    Watts,
}

impl Replay {
    /// Reads a trace.
    ///
    /// # Errors
    /// With the number of the line: a header that is none of the two, a row that is not of three fields or not of
    /// numbers, time or a counter that goes back, more than 2^20 rows, what the reader fails with.
    pub fn read(mut trace: impl BufRead) -> Result<Self, ReplayError> {
        let mut replay = Self { devices: Vec::new(), curves: Vec::new(), began: None };
        let mut column = None;
        for line in 1.. {
            let problem = |problem| ReplayError { line, problem, source: None };
            let Some(text) = next_line(&mut trace, line)? else { break };
            let row = text.trim();
            match column {
                None => column = Some(header(row).map_err(problem)?),
                Some(_) if row.is_empty() => {}
                Some(column) if line <= MOST_ROWS => replay.add(row, column).map_err(problem)?,
                Some(_) => return Err(problem(format!("more than {MOST_ROWS} rows"))),
            }
        }
        if replay.devices.is_empty() {
            return Err(ReplayError { line: 1, problem: "no rows".to_owned(), source: None });
        }
        Ok(replay)
    }

    fn add(&mut self, row: &str, column: Column) -> Result<(), String> {
        let fields: Vec<&str> = row.split(',').map(str::trim).collect();
        let [seconds, device, value] = fields[..] else {
            return Err(format!("{} fields, expected 3", fields.len()));
        };
        let at = Seconds(number(seconds, "seconds", MOST_SECONDS)?);
        let curve = self.curve(device)?;
        let last = curve.last().copied();
        if let Some(last) = last.filter(|last| at <= last.at) {
            return Err(format!("`{device}` at {} s after {} s, expected a later time", at.0, last.at.0));
        }
        let point = match column {
            Column::Microjoules => {
                let count =
                    value.parse().map_err(|_| format!("microjoules `{value}`, expected a whole number"))?;
                Point { at, joules: Joules::from_microjoules(count), watts: Watts(0.0) }
            }
            Column::Watts => {
                let watts = Watts(number(value, "watts", Part::Machine.most_watts().0)?);
                // The area under the straight line from the row before.
                let more = last.map_or(Joules(0.0), |last| (last.watts + watts) / 2.0 * (at - last.at));
                Point { at, joules: last.map_or(Joules(0.0), |last| last.joules) + more, watts }
            }
        };
        if last.is_some_and(|last| point.joules < last.joules) {
            return Err(format!("the counter of `{device}` goes back"));
        }
        curve.push(point);
        Ok(())
    }

    fn curve(&mut self, name: &str) -> Result<&mut Vec<Point>, String> {
        let place = match self.devices.iter().position(|device| device.name == name) {
            Some(place) => place,
            None if name.is_empty() => return Err("a device without a name".to_owned()),
            None if self.devices.len() == MOST_DEVICES => {
                return Err(format!("more than {MOST_DEVICES} devices"));
            }
            None => {
                self.devices.push(device(name));
                self.curves.push(Vec::new());
                self.devices.len() - 1
            }
        };
        Ok(&mut self.curves[place])
    }
}

impl Source for Replay {
    fn name(&self) -> &str {
        "replay"
    }

    fn devices(&self) -> &[Device] {
        &self.devices
    }

    fn read(&mut self, now: Moment, into: &mut [Result<Sample, String>]) {
        let began = *self.began.get_or_insert(now);
        let at = Seconds::from(now.since(began));
        for (curve, place) in self.curves.iter().zip(into) {
            *place = state(curve, at);
        }
    }
}

/// What a counter would have shown.
fn state(curve: &[Point], at: Seconds) -> Result<Sample, String> {
    let after = curve.partition_point(|point| point.at <= at);
    let joules = match (after.checked_sub(1).and_then(|before| curve.get(before)), curve.get(after)) {
        (Some(before), Some(after)) => {
            let part = (at - before.at).0 / (after.at - before.at).0;
            let area = if before.watts == Watts(0.0) && after.watts == Watts(0.0) {
                (after.joules - before.joules) * part
            } else {
                let watts = before.watts + (after.watts - before.watts) * part;
                (before.watts + watts) / 2.0 * (at - before.at)
            };
            before.joules + area
        }
        (Some(last), None) if last.at == at => last.joules,
        (Some(last), None) => return Err(format!("the trace ends at {} s", last.at.0)),
        (None, Some(first)) => return Err(format!("the trace begins at {} s", first.at.0)),
        (None, None) => return Err("the trace is empty".to_owned()),
    };
    let unit = Joules::from_microjoules(1);
    Ok(Sample::Counted { count: (joules.0 / unit.0).round() as u64, unit, range: None })
}

fn device(name: &str) -> Device {
    let part = match name {
        name if name.starts_with("gpu") => Part::Accelerator,
        name if name.starts_with("memory") => Part::Memory,
        name if name.starts_with("machine") => Part::Machine,
        _ => Part::Processor,
    };
    Device { name: name.to_owned(), part, rung: Rung::Declared, refresh: Duration::ZERO, why: None }
}

fn header(row: &str) -> Result<Column, String> {
    match row {
        "seconds,device,microjoules" => Ok(Column::Microjoules),
        "seconds,device,watts" => Ok(Column::Watts),
        _ => Err("expected the header `seconds,device,microjoules` or `seconds,device,watts`".to_owned()),
    }
}

fn number(text: &str, what: &str, most: f64) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=most).contains(number));
    number.ok_or_else(|| format!("{what} `{text}`, expected a number from 0 to {most}"))
}

/// `None` at the end.
fn next_line(trace: &mut impl BufRead, line: usize) -> Result<Option<String>, ReplayError> {
    let problem = |problem: String, source| ReplayError { line, problem, source };
    let mut bytes = Vec::new();
    let read = trace.by_ref().take(MOST_BYTES_OF_LINE).read_until(b'\n', &mut bytes);
    let read = read.map_err(|error| problem("cannot be read".to_owned(), Some(error)))?;
    if read as u64 == MOST_BYTES_OF_LINE {
        return Err(problem(format!("longer than {MOST_BYTES_OF_LINE} bytes"), None));
    }
    let text = String::from_utf8(bytes).map_err(|_| problem("is not UTF-8".to_owned(), None))?;
    Ok((read > 0).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: f64) -> Moment {
        let awake = Duration::from_secs_f64(100.0 + seconds);
        Moment { awake, with_sleep: awake }
    }

    fn shown(replay: &mut Replay, seconds: f64) -> Vec<Result<f64, String>> {
        let mut samples = vec![Err(String::new()); replay.devices.len()];
        replay.read(at(seconds), &mut samples);
        let joules = |sample| match sample {
            Sample::Counted { count, unit, .. } => (unit * count as f64).0,
            Sample::Drawn(_) => panic!("a curve of energy"),
        };
        samples.into_iter().map(|sample| sample.map(joules)).collect()
    }

    #[test]
    fn counters_go_up_evenly_between_rows() {
        let text = "seconds,device,microjoules\n0,cpu,1000000\n2, cpu ,5000000\n1,gpu 0,0\n3,gpu 0,100\n";
        let mut replay = Replay::read(text.as_bytes()).unwrap();
        let parts: Vec<Part> = replay.devices().iter().map(|device| device.part).collect();
        assert_eq!(parts, [Part::Processor, Part::Accelerator]);
        assert_eq!(shown(&mut replay, 0.0), [Ok(1.0), Err("the trace begins at 1 s".to_owned())]);
        assert_eq!(shown(&mut replay, 1.0)[0], Ok(3.0));
        assert_eq!(shown(&mut replay, 2.0)[0], Ok(5.0));
        assert_eq!(shown(&mut replay, 2.5)[0], Err("the trace ends at 2 s".to_owned()));
    }

    #[test]
    fn power_is_added_up_along_straight_lines() {
        // 0 W to 100 W in 2 s is 100 J, of which 25 J in the first second; then 100 J a second.
        let text = "seconds,device,watts\n0,cpu,0\n2,cpu,100\n4,cpu,100\n\n";
        let mut replay = Replay::read(text.as_bytes()).unwrap();
        let curve: Vec<f64> =
            [0.0, 1.0, 2.0, 3.0, 4.0].map(|seconds| shown(&mut replay, seconds)[0].clone().unwrap()).to_vec();
        let expected = [0.0, 25.0, 100.0, 200.0, 300.0];
        assert!(
            curve.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-5),
            "{curve:?}"
        );
    }

    #[test]
    fn a_trace_that_is_none_names_its_line() {
        let long = format!("seconds,device,watts\n0,{},1\n", "x".repeat(2000));
        for (text, expected) in [
            ("", "line 1 of the trace: no rows"),
            ("time,device,watts\n", "line 1 of the trace: expected the header"),
            ("seconds,device,watts\n", "line 1 of the trace: no rows"),
            ("seconds,device,watts\n0,cpu\n", "line 2 of the trace: 2 fields, expected 3"),
            (
                "seconds,device,watts\n0,cpu,1\nx,cpu,1\n",
                "line 3 of the trace: seconds `x`, expected a number from 0",
            ),
            ("seconds,device,watts\n0,cpu,NaN\n", "watts `NaN`"),
            ("seconds,device,watts\n0,cpu,-1\n", "watts `-1`"),
            ("seconds,device,watts\n0,,1\n", "a device without a name"),
            ("seconds,device,watts\n1,cpu,1\n1,cpu,1\n", "`cpu` at 1 s after 1 s, expected a later time"),
            ("seconds,device,microjoules\n0,cpu,1.5\n", "microjoules `1.5`, expected a whole number"),
            (
                "seconds,device,microjoules\n0,cpu,5\n1,cpu,4\n",
                "line 3 of the trace: the counter of `cpu` goes back",
            ),
            (&long, "line 2 of the trace: longer than 1024 bytes"),
        ] {
            let error = Replay::read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(Replay::read(&[0xff, 0xfe][..]).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_trace_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), header in 0usize..3) {
            let header = ["seconds,device,watts\n", "seconds,device,microjoules\n", ""][header];
            let _ = Replay::read([header.as_bytes(), bytes.as_slice()].concat().as_slice());
        }

        #[test]
        fn energy_never_goes_down(watts in prop::collection::vec(0.0..1500.0f64, 2..20), times in prop::collection::vec(0.0..1.0f64, 10)) {
            let rows: String = watts.iter().enumerate().map(|(at, watts)| format!("{at},cpu,{watts}\n")).collect();
            let mut replay = Replay::read(format!("seconds,device,watts\n{rows}").as_bytes()).unwrap();
            shown(&mut replay, 0.0).pop();
            let end = (watts.len() - 1) as f64;
            let mut times: Vec<f64> = times.iter().map(|time| time * end).collect();
            times.sort_by(f64::total_cmp);
            let joules: Vec<f64> = times.iter().map(|time| shown(&mut replay, *time)[0].clone().unwrap()).collect();
            prop_assert!(joules.is_sorted(), "{joules:?}");
        }
    }
}
